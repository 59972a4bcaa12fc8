//! A08 to A11: submission, advice, approval, execution, formation.

use serde_json::json;

use crate::town::*;
use crate::world::commitment;

#[test]
fn the_lead_submits_what_every_provider_accepted() {
    let mut case = Case::filed(Shape::pair());
    let data = case.submission();
    assert_eq!(case.refused("TermsSubmitted", data.clone(), &[officer("HCK", "IGL")]), "R01");
    let told = case.told("TermsSubmitted", data.clone(), &[officer("CMD", "IGL")]);
    assert_eq!(told, "HCK has not yet accepted the request for assessment.");
    let mut case = case.triaged();
    let mut other = data.clone();
    other["version"] = json!(2);
    assert_eq!(case.refused("TermsSubmitted", other, &[officer("CMD", "IGL")]), "G08");
    let mut other = data.clone();
    other["version_hash"] = json!("0".repeat(64));
    assert_eq!(case.refused("TermsSubmitted", other, &[officer("CMD", "IGL")]), "G08");
    let mut late = data.clone();
    late["approve_by"] = json!("2027-03-02");
    assert_eq!(case.refused("TermsSubmitted", late.clone(), &[officer("CMD", "IGL")]), "G38");
    late["approve_by"] = json!("2026-11-30");
    assert_eq!(case.refused("TermsSubmitted", late.clone(), &[officer("CMD", "IGL")]), "G20");
    late["approve_by"] = json!("2027-03-01");
    case.does("TermsSubmitted", late, &[officer("CMD", "IGL")]);
    assert_eq!((case.letter(), case.party("CMD"), case.party("HCK")), ('A', 's', 's'));
    assert_eq!(case.refused("TermsSubmitted", data, &[officer("CMD", "IGL")]), "T09");
}

#[test]
fn advice_comes_before_approval_and_approval_before_execution() {
    let mut case = Case::filed(Shape::pair()).submitted();
    let told = case.told("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]);
    assert_eq!(told, "The DPO's advice must be recorded before this approval.");
    let told = case.told("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]);
    assert_eq!(told, "HCK still needs: advice of DPO, approval by IAO.");
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    assert_eq!(case.refused("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]), "G18");
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]);
    case.does("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]);
    assert_eq!((case.letter(), case.party("HCK"), case.party("CMD")), ('A', 'x', 's'));
    assert_eq!(case.refused("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]), "G11");
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]), "G11");
    case.sign_for("CMD");
    assert_eq!((case.letter(), case.party("CMD")), ('V', 'x'));
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("CMD", "IAO")]), "T05");
}

#[test]
fn each_signature_has_its_own_hands() {
    let mut case = Case::filed(Shape::pair()).submitted();
    assert_eq!(case.refused("AdviceGiven", case.advice("DPO"), &[officer("HCK", "LGL")]), "R01");
    assert_eq!(case.refused("AdviceGiven", case.advice("DPO"), &[officer("ISL", "DPO")]), "R01");
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("HCK", "DPO")]), "R01");
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("ISL", "IAO")]), "R01");
    assert_eq!(case.refused("ExecutionSigned", case.execution(), &[officer("HCK", "SIRO")]), "R01");
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("HCK", "IAO"), officer("HCK", "SIRO")]), "R01");
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    // The risk owner approves, but this agreement does not ask for it.
    let told = case.told("ApprovalGiven", case.approval(), &[officer("HCK", "SIRO")]);
    assert_eq!(told, "HCK still needs: approval by IAO, execution by SIG.");
}

#[test]
fn who_signs_another_version_is_told_both() {
    let mut case = Case::filed(Shape::pair()).submitted();
    let data = json!({ "kind": "DPO", "version_hash": "1".repeat(64), "words": commitment() });
    let told = case.told("AdviceGiven", data, &[officer("HCK", "DPO")]);
    let mine = &case.hash[..8];
    assert_eq!(
        told,
        format!("You are signing version 1 (11111111) but the terms are now {mine}. Read the changes and sign again.")
    );
}

#[test]
fn asset_owners_share_the_datasets_out_among_them() {
    let shape = Shape::pair().with("/datasets", json!([dataset("HCK", &["CMD"]), dataset("HCK", &["CMD"])]));
    let mut case = Case::filed(shape).submitted();
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let of = |datasets: &[&str], hash: &str| json!({ "datasets": datasets, "version_hash": hash });
    let hash = case.hash.clone();
    assert_eq!(case.refused("ApprovalGiven", of(&["DS-3"], &hash), &[officer("HCK", "IAO")]), "G18");
    case.does("ApprovalGiven", of(&["DS-1"], &hash), &[officer("HCK", "IAO")]);
    assert_eq!(case.refused("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]), "G18");
    let second = newcomer("HCK", "IAO", 130);
    case.world.appoint(&officer("HCK", "ADM"), &second).unwrap();
    case.world.give_key(&second, &[officer("HCK", "ADM")]).unwrap();
    case.does("ApprovalGiven", of(&["DS-2"], &hash), &[second]);
    case.does("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]);
    assert_eq!(case.party("HCK"), 'x');
}

#[test]
fn an_asset_owner_approves_for_the_datasets_of_their_own_body_alone() {
    // Of the three datasets Camden has a part in the second and the third, Hackney in the first and the third.
    let sets = json!([dataset("HCK", &["ISL"]), dataset("ISL", &["CMD"]), dataset("HCK", &["CMD"])]);
    let mut case = Case::filed(Shape::three().with("/datasets", sets)).submitted();
    let hash = case.hash.clone();
    let of = |datasets: &[&str]| json!({ "datasets": datasets, "version_hash": hash });
    for (code, own) in [("HCK", ["DS-1", "DS-3"]), ("CMD", ["DS-2", "DS-3"]), ("ISL", ["DS-1", "DS-2"])] {
        case.does("AdviceGiven", case.advice("DPO"), &[officer(code, "DPO")]);
        let all = ["DS-1", "DS-2", "DS-3"];
        let another = all.into_iter().find(|dataset| !own.contains(dataset)).unwrap();
        let tries = |datasets: &[&str]| case.tries("ApprovalGiven", &of(datasets), &[officer(code, "IAO")]);
        for own in own {
            assert_eq!(tries(&[own]), "-", "{own} of {code}");
            assert_eq!(tries(&[own, another]), "G18", "{own} and {another} by {code}");
        }
        assert_eq!((tries(&own), tries(&[another]), tries(&all)), ("-".to_owned(), "G18".to_owned(), "G18".to_owned()));
    }
}

#[test]
fn a_vacant_post_stops_the_execution_alone() {
    let mut case = Case::filed(Shape::pair()).submitted();
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]);
    let held = case.world.replay.state.organisations[&"HCK".parse().unwrap()].clone();
    let iao = held.appointments.iter().find(|a| a.role.as_str() == "IAO").unwrap();
    let end = json!({ "appointment": iao.event.to_string() });
    let ended = case.world.draft("org:HCK", "RoleHolderRevoked", end, &[officer("HCK", "ADM")]);
    case.world.record(&ended).unwrap();
    let told = case.told("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]);
    assert_eq!(told, "HCK has no serving IAO; appoint one before signing.");
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]), "R02");
    case.world.appoint(&officer("HCK", "ADM"), &newcomer("HCK", "IAO", 130)).unwrap();
    // The approval of the one who left still counts: the version is the same.
    case.does("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]);
}

#[test]
fn a_delegate_signs_within_the_scope_of_the_delegation() {
    let mut shape = Shape::pair();
    shape.parties[1]["functions"] = json!(["HOUSING"]);
    let mut case = Case::filed(shape).submitted();
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let held = case.world.replay.state.organisations[&"HCK".parse().unwrap()].clone();
    let appointment = held.appointments.iter().find(|a| a.role.as_str() == "IAO").unwrap().event.to_string();
    let mut delegate = officer("HCK", "LGL");
    for (functions, until) in [(json!(["PLANNING"]), "2026-12-10"), (json!(["HOUSING"]), "2026-12-11")] {
        let data = json!({ "appointment": appointment, "functions": functions, "person": delegate.id, "until": until });
        let delegated = case.world.draft("org:HCK", "RoleDelegated", data, &[officer("HCK", "IAO")]);
        let delegation = case.world.record(&delegated).unwrap();
        delegate.role = "IAO";
        let mut draft = case.event("ApprovalGiven", case.approval(), &[delegate.clone()]);
        draft.payload["signers"][0]["delegation"] = json!(delegation);
        if until == "2026-12-10" {
            assert_eq!(case.world.refusal(&draft), "R03");
            let data = json!({ "delegation": delegation });
            let ended = case.world.draft("org:HCK", "DelegationRevoked", data, &[officer("HCK", "IAO")]);
            case.world.record(&ended).unwrap();
        } else {
            case.world.record(&draft).unwrap();
        }
    }
    assert_eq!(case.agreement().missing_signatures("HCK".parse().unwrap()).len(), 1);
}

#[test]
fn all_means_every_party() {
    let mut case = Case::filed(Shape::three()).submitted();
    case.sign_for("HCK");
    case.sign_for("CMD");
    assert_eq!(case.letter(), 'A');
    case.sign_for("ISL");
    assert_eq!(case.letter(), 'V');
    let bound = case.agreement().parties().iter().filter(|party| party.state.letter() == 'x').count();
    assert_eq!(bound, 3);
}

#[test]
fn one_alone_publishes_open_data() {
    let mut case = Case::filed(Shape::open()).triaged();
    case.does("TermsSubmitted", case.submission(), &[officer("CMD", "IGL")]);
    case.does("ApprovalGiven", case.approval(), &[officer("CMD", "IAO")]);
    case.does("ApprovalGiven", case.approval(), &[officer("CMD", "OPN")]);
    case.does("ExecutionSigned", case.execution(), &[officer("CMD", "SIG")]);
    assert_eq!(case.letter(), 'V');
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("CMD", "SIG")]);
    assert_eq!(case.letter(), 'X');
}

#[test]
fn advice_on_a_draft_counts_for_the_version_that_is_frozen() {
    let mut case = Case::filed(Shape::pair());
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    assert_eq!(case.party("HCK"), 's');
    let mut case = case.submitted();
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]);
}

#[test]
fn every_class_asks_for_its_own_signatures() {
    // The shape of each agreement, and what Hackney, the provider, owes.
    let flagged = |flag: &str| Shape::pair().with("/datasets/0/flags", json!([flag]));
    let rows = [
        (Shape::pair(), "ADVICE DPO, APPROVAL IAO, EXECUTION SIG"),
        (Shape::pair().with("/datasets/0/data_class", json!("AN")), "ADVICE DPO, APPROVAL IAO, EXECUTION SIG"),
        (
            Shape::pair().with("/datasets/0/data_class", json!("SC")),
            "ADVICE DPO, APPROVAL IAO, APPROVAL SIRO, EXECUTION SIG",
        ),
        (flagged("CO"), "ADVICE DPO, APPROVAL IAO, APPROVAL SIRO, EXECUTION SIG"),
        (flagged("ADULT_SC"), "ADVICE DPO, APPROVAL CG, APPROVAL IAO, EXECUTION SIG"),
        (flagged("LARGE_SCALE"), "ADVICE DPO, ADVICE LGL, APPROVAL IAO, APPROVAL SIRO, EXECUTION SIG"),
        (
            Shape::pair().with("/agreement_type", json!("NPR")).with("/datasets/0/data_class", json!("NP-R")),
            "APPROVAL IAO, EXECUTION SIG",
        ),
    ];
    for (shape, owed) in rows {
        let mut case = Case::filed(shape).submitted();
        let missing = case.agreement().missing_signatures("HCK".parse().unwrap());
        let text: Vec<String> = missing.iter().map(|r| format!("{} {}", r.kind, r.role)).collect();
        assert_eq!(text.join(", "), owed);
        case.sign_for("HCK");
        case.sign_for("CMD");
        assert_eq!(case.letter(), 'V');
    }
}

#[test]
fn signing_may_close_today_and_no_earlier() {
    let case = Case::filed(Shape::pair()).triaged();
    let by = [officer("CMD", "IGL")];
    for (day, code) in [("2026-11-30", "G20"), ("2026-12-01", "-"), ("2026-12-02", "-")] {
        let mut data = case.submission();
        data["approve_by"] = json!(day);
        assert_eq!(case.tries("TermsSubmitted", &data, &by), code, "{day}");
    }
}

/// What a party owes still.
fn owed(case: &Case, code: &str) -> Vec<String> {
    let missing = case.agreement().missing_signatures(code.parse().unwrap());
    missing.iter().map(|required| format!("{} {}", required.kind, required.role)).collect()
}

#[test]
fn asset_owners_share_the_datasets_out_until_each_has_one_who_approves() {
    // Hackney gives the first of two datasets and takes the second.
    let second = newcomer("HCK", "IAO", 234);
    let mut two = Case::filed(Shape::three()).submitted();
    two.world.appoint(&officer("HCK", "ADM"), &second).unwrap();
    two.world.give_key(&second, &[officer("HCK", "ADM")]).unwrap();
    two.does("AdviceGiven", two.advice("DPO"), &[officer("HCK", "DPO")]);
    let one = {
        let mut case = Case::filed(Shape::pair()).submitted();
        case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
        case
    };
    let approves = |case: &Case, approvals: &[&[&str]]| {
        let mut case = case.clone();
        for (datasets, who) in approvals.iter().zip([officer("HCK", "IAO"), second.clone()]) {
            let data = json!({ "datasets": datasets, "version_hash": case.hash });
            case.does("ApprovalGiven", data, &[who]);
        }
        !owed(&case, "HCK").contains(&"APPROVAL IAO".to_owned())
    };
    for (case, approvals, whole) in [
        (&one, &[&["DS-1"][..]][..], true),
        (&one, &[&[]], true),
        (&two, &[&["DS-1"]], false),
        (&two, &[&["DS-2"]], false),
        (&two, &[&["DS-1", "DS-2"]], true),
        (&two, &[&["DS-1"], &["DS-2"]], true),
        (&two, &[&["DS-1"], &["DS-1"]], false),
        (&two, &[&["DS-1"], &[]], true),
        (&two, &[&[], &["DS-1"]], true),
    ] {
        assert_eq!(approves(case, approvals), whole, "{approvals:?}");
    }
}

#[test]
fn an_approval_is_no_execution_though_one_role_gives_both() {
    let mut case = Case::filed(crate::emergency::shape()).submitted();
    assert_eq!(owed(&case, "HCK"), ["APPROVAL SIRO", "EXECUTION SIRO"]);
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "SIRO")]);
    assert_eq!(owed(&case, "HCK"), ["EXECUTION SIRO"]);
    case.does("ExecutionSigned", case.execution(), &[officer("HCK", "SIRO")]);
    assert!(owed(&case, "HCK").is_empty());
}
