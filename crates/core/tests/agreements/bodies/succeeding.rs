//! What two rows that come to one body keep, and what is to come to a body twice (domain.md 2.8, 2.9; docs/formats.md,
//! "bodies that go").

use serde_json::json;

use super::{founded, heir, of_org, takes};
use crate::succession::{hands, succeeds, succession};
use crate::town::*;

#[test]
fn what_the_predecessor_accepted_its_successor_has_accepted() {
    // Hackney and Islington give; one of them accepted the request, and they become Islington, which accepts once.
    for (accepting, code) in [("HCK", "G02"), ("ISL", "G02"), ("CMD", "-")] {
        let mut case = Case::filed(Shape::three());
        case.does("RequestTriaged", accepted(), &[officer(accepting, "IGL")]);
        takes(&mut case, "MERGE", &["HCK"], "ISL");
        assert_eq!(case.tries("RequestTriaged", &accepted(), &[officer("ISL", "IGL")]), code, "{accepting}");
    }
}

#[test]
fn who_had_left_and_stands_in_anothers_place_is_back() {
    let mut case = Case::in_force(Shape::three());
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("ISL", "SIG")]);
    assert_eq!(case.party("ISL"), 'o');
    takes(&mut case, "MERGE", &["HCK"], "ISL");
    let islington = case.agreement().party("ISL".parse().unwrap()).unwrap().clone();
    assert_eq!((islington.state.letter(), islington.left_at, islington.notice), ('x', None, None));
    // What it receives now it owes from the end, not from the day it had left.
    case.does("DisclosureLogged", crate::sharing::disclosure(&["DS-1"]), &[officer("ISL", "IAO")]);
    let agreement = case.agreement();
    assert!(agreement.duties().iter().all(|duty| agreement.due_on(duty).is_none()), "{:?}", agreement.duties());
}

#[test]
fn a_consent_of_who_is_gone_sets_no_day() {
    let mut case = Case::in_force(Shape::pair());
    let on = |day: &str| json!({ "takes_effect_on": day });
    case.does("TerminationConsented", on("2027-06-01"), &[officer("HCK", "SIG")]);
    assert_eq!(case.tries("TerminationConsented", &on("2027-07-01"), &[officer("CMD", "SIG")]), "G38");
    founded(&mut case);
    takes(&mut case, "REPLACE", &["HCK"], "NWM");
    assert!(case.agreement().consents().is_empty());
    assert_eq!(case.tries("TerminationConsented", &on("2027-07-01"), &[officer("CMD", "SIG")]), "-");
}

#[test]
fn of_two_transfers_the_one_whose_day_comes_first_takes_the_agreement() {
    let mut shape = Shape::pair();
    shape.parties[1]["functions"] = json!(["HOUSING", "PLANNING"]);
    let mut case = Case::in_force(shape);
    founded(&mut case);
    for (function, to, day) in [("HOUSING", "NWM", "2027-01-20"), ("PLANNING", "ISL", "2026-12-20")] {
        let mut data = succession("TRANSFER", &["HCK"], &[to], day);
        data["functions"] = json!([function]);
        let revision = case.world.replay.state.organisations[&"HCK".parse().unwrap()].revision;
        case.world.revisions.insert("org:HCK".to_owned(), revision);
        succeeds(&mut case, data, &hands(&["HCK"], &[to])).unwrap();
    }
    let state = |case: &Case, code: &str| {
        case.agreement().party(code.parse().unwrap()).map_or('-', |party| party.state.letter())
    };
    let all = |case: &Case| [state(case, "HCK"), state(case, "ISL"), state(case, "NWM")];
    assert_eq!(all(&case), ['x', '-', '-']);
    case.world.now = instant("2026-12-20T00:00:00.000Z");
    assert_eq!(all(&case), ['u', 'x', '-']);
    case.world.now = instant("2027-01-20T00:00:00.000Z");
    assert_eq!(all(&case), ['u', 'x', '-'], "it is no longer Hackney's to give");
}

#[test]
fn an_import_that_its_successor_disputes_is_stopped_by_nothing_of_it() {
    let mut case = Case::none(Shape::three());
    let data = crate::importing::import(&case, &[]);
    let event = case.does("AgreementImported", data, &[officer("CMD", "IGL")]);
    for code in ["CMD", "ISL"] {
        case.does("ImportConfirmed", crate::importing::confirmation(&event), &[officer(code, "SIG")]);
    }
    founded(&mut case);
    takes(&mut case, "REPLACE", &["HCK"], "NWM");
    case.world.now += 91 * DAY;
    assert_eq!((case.letter(), case.party("NWM"), case.agreement().grounds().len()), ('V', 'm', 1));
    case.does("ImportDisputed", crate::importing::dispute(&event), &[heir("SIG")]);
    assert_eq!((case.letter(), case.party("NWM"), case.agreement().grounds().len()), ('V', 'k', 0));
}

#[test]
fn two_who_publish_stop_together_where_a_successor_says_nothing() {
    let mut shape = Shape::open()
        .with("/formation", json!("ALL"))
        .with("/continuation", json!({ "min_parties": 1 }))
        .with("/datasets/0/provider", json!("*"));
    let mut other = shape.parties[0].clone();
    other["organisation"] = json!("HCK");
    shape.parties.as_array_mut().unwrap().push(other);
    let mut case = Case::filed(shape);
    for code in ["CMD", "HCK"] {
        case.does("RequestTriaged", accepted(), &[officer(code, "IGL")]);
    }
    let data = case.submission();
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    case.sign_for("CMD");
    case.sign_for("HCK");
    founded(&mut case);
    takes(&mut case, "REPLACE", &["HCK"], "NWM");
    case.world.now += 91 * DAY;
    assert_eq!((case.letter(), case.party("NWM")), ('S', 'x'));
}

#[test]
fn who_is_asked_for_continues_it_while_it_is_bound() {
    // Somebody must run the platform: once it has left, those who share are not enough.
    for (leaving_body, letter) in [("HCK", 'V'), ("ISL", 'X')] {
        let mut shape = Shape::three();
        shape.terms["datasets"] = json!([dataset("HCK", &["CMD"]), dataset("CMD", &["HCK"])]);
        shape.terms["continuation"] = json!({ "min_parties": 2, "required_capacities": ["PLATFORM"] });
        shape.parties = json!([row("CMD", "BOTH"), row("HCK", "BOTH"), row("ISL", "PLATFORM")]);
        if leaving_body == "HCK" {
            shape.terms["datasets"] = json!([dataset("CMD", &["ISL"]), dataset("HCK", &["CMD"])]);
        }
        let mut case = Case::in_force(shape);
        case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer(leaving_body, "SIG")]);
        assert_eq!(case.letter(), letter, "without {leaving_body}");
    }
}

#[test]
fn a_body_that_alone_still_gives_a_dataset_gives_notice_before_it_leaves() {
    let mut shape = Shape::three();
    shape.terms["datasets"] = json!([dataset("*", &["CMD"])]);
    let mut case = Case::in_force(shape);
    let leaves = |case: &Case| {
        let mut case = case.clone();
        let by = [officer("HCK", "CEX")];
        of_org(&mut case, "HCK", "OrganisationLeft", json!({ "on": "2026-12-20" }), &by).map(|_| ())
    };
    assert_eq!(leaves(&case), Ok(()), "Islington gives it too");
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("ISL", "SIG")]);
    assert_eq!((case.letter(), case.party("ISL")), ('V', 'o'));
    assert_eq!(leaves(&case), Err("O07".to_owned()));
}

#[test]
fn who_signs_nothing_and_says_no_is_not_bound_with_the_others() {
    // Islington takes open data, signs nothing, and will not have it; the others form it without.
    let mut shape = Shape::open()
        .with("/formation", json!("ACCESSION"))
        .with("/min_parties", json!(2))
        .with("/continuation", json!({ "min_parties": 2 }))
        .with("/datasets/0/provider", json!("*"));
    let mut other = shape.parties[0].clone();
    other["organisation"] = json!("HCK");
    shape.parties.as_array_mut().unwrap().push(other);
    shape.parties.as_array_mut().unwrap().push(json!({
        "organisation": "ISL", "capacity": "RECIPIENT", "legal_role": "N_A", "regime": "NONE", "functions": ["TRANSPORT"],
    }));
    let mut case = Case::filed(shape);
    for code in ["CMD", "HCK"] {
        case.does("RequestTriaged", accepted(), &[officer(code, "IGL")]);
    }
    let data = case.submission();
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    let mut silent = case.clone();
    case.does("ApprovalDeclined", case.decline("FINAL"), &[officer("ISL", "SIG")]);
    for case in [&mut case, &mut silent] {
        case.sign_for("CMD");
        case.sign_for("HCK");
        assert_eq!(case.letter(), 'V');
    }
    assert_eq!((case.party("ISL"), silent.party("ISL")), ('d', 'x'));
}

#[test]
fn of_two_notices_the_one_of_the_body_itself_runs_on() {
    let mut case = Case::in_force(Shape::three());
    for (code, day) in [("HCK", "2027-06-01"), ("ISL", "2027-05-01")] {
        case.does("RevocationNoticed", leaving("POLICY", day), &[officer(code, "SIG")]);
    }
    takes(&mut case, "MERGE", &["HCK"], "ISL");
    let agreement = case.agreement();
    let notice = agreement.party("ISL".parse().unwrap()).unwrap().notice.as_ref().unwrap();
    assert_eq!((notice.day.to_string().as_str(), case.party("ISL")), ("2027-05-01", 'l'));
    // Who gave notice while it was stopped still leaves under its successor.
    let mut case = Case::in_force(Shape::three());
    case.suspend("HCK", "PARTY");
    case.does("RevocationNoticed", leaving("POLICY", "2027-06-01"), &[officer("HCK", "SIG")]);
    assert_eq!(case.party("HCK"), 'l');
    founded(&mut case);
    takes(&mut case, "REPLACE", &["HCK"], "NWM");
    assert_eq!((case.party("HCK"), case.party("NWM")), ('u', 'l'));
}

#[test]
fn advice_of_the_instant_of_a_succession_is_advice_since_then() {
    let mut case = Case::in_force(Shape::pair());
    founded(&mut case);
    takes(&mut case, "REPLACE", &["HCK"], "NWM");
    case.world.now -= 1_000;
    let advice = case.advice("DPO");
    case.does("AdviceGiven", advice, &[heir("DPO")]);
    let data = json!({ "outcome": "NO_CHANGES", "predecessor": "HCK" });
    assert_eq!(case.tries("SuccessionConfirmed", &data, &[heir("SIRO")]), "-");
}

#[test]
fn a_succession_waits_for_advice_only_where_the_agreement_asks_for_any() {
    let mut case = Case::in_force(Shape::open());
    founded(&mut case);
    takes(&mut case, "REPLACE", &["CMD"], "NWM");
    let data = json!({ "outcome": "NO_CHANGES", "predecessor": "CMD" });
    assert_eq!(case.tries("SuccessionConfirmed", &data, &[heir("SIRO")]), "-");
}

#[test]
fn a_successor_that_said_nothing_is_stopped_still_when_it_confirms_the_import() {
    let mut case = Case::none(Shape::three());
    let data = crate::importing::import(&case, &[]);
    let event = case.does("AgreementImported", data, &[officer("CMD", "IGL")]);
    case.hash = case.agreement().current().hash.to_string();
    let confirmation = crate::importing::confirmation(&event);
    for code in ["CMD", "ISL"] {
        case.does("ImportConfirmed", confirmation.clone(), &[officer(code, "SIG")]);
    }
    founded(&mut case);
    takes(&mut case, "REPLACE", &["HCK"], "NWM");
    let mut early = case.clone();
    early.does("ImportConfirmed", confirmation.clone(), &[heir("SIG")]);
    assert_eq!(early.party("NWM"), 'x');
    case.world.now += 91 * DAY;
    case.does("ImportConfirmed", confirmation, &[heir("SIG")]);
    assert_eq!((case.letter(), case.party("NWM"), case.agreement().grounds().len()), ('V', 'p', 1));
    let sent = crate::sharing::disclosure(&["DS-1"]);
    assert_eq!(case.tries("DisclosureLogged", &sent, &[heir("IAO")]), "G13");
    case.does("AdviceGiven", case.advice("DPO"), &[heir("DPO")]);
    let data = json!({ "outcome": "NO_CHANGES", "predecessor": "HCK" });
    case.does("SuccessionConfirmed", data, &[heir("SIRO")]);
    assert_eq!((case.party("NWM"), case.agreement().grounds().len()), ('x', 0));
}

#[test]
fn what_a_predecessor_asked_its_successor_asked_and_what_was_signed_stays_as_it_was() {
    let mut case = Case::filed(Shape::pair()).submitted();
    case.does("ClarificationRequested", question("CMD"), &[officer("HCK", "IGL")]);
    founded(&mut case);
    takes(&mut case, "REPLACE", &["HCK"], "NWM");
    let agreement = case.agreement();
    let asked = &agreement.questions()[0];
    assert_eq!((asked.by.as_str(), asked.to.as_str()), ("NWM", "CMD"));
    let names = |header: &counterpart_core::header::Header| {
        header.parties.iter().map(|row| row.organisation.to_string()).collect::<Vec<_>>()
    };
    let version = &agreement.versions()[0];
    assert_eq!(
        (names(&version.header), names(version.signed_header())),
        (vec!["CMD".to_owned(), "NWM".to_owned()], vec!["CMD".to_owned(), "HCK".to_owned()])
    );
}

#[test]
fn a_notice_goes_with_the_body_and_ends_nothing_of_its_predecessor() {
    let mut case = Case::in_force(Shape::three());
    case.does("RevocationNoticed", leaving("POLICY", "2027-06-01"), &[officer("HCK", "SIG")]);
    founded(&mut case);
    takes(&mut case, "REPLACE", &["HCK"], "NWM");
    assert_eq!((case.party("HCK"), case.party("NWM")), ('u', 'l'));
    case.world.now = instant("2027-06-01T00:00:00.000Z");
    assert_eq!((case.party("HCK"), case.party("NWM")), ('u', 'o'));
}

#[test]
fn a_dataset_that_still_leaves_the_house_for_one_of_its_recipients_is_shared() {
    // Hackney becomes Islington, which stands before Camden among those who receive.
    let mut shape = Shape::three();
    shape.terms["datasets"] = json!([dataset("HCK", &["ISL", "CMD"])]);
    shape.parties = json!([row("ISL", "RECIPIENT"), row("HCK", "PROVIDER"), row("CMD", "RECIPIENT")]);
    let mut case = Case::in_force(shape);
    takes(&mut case, "MERGE", &["HCK"], "ISL");
    assert_eq!(case.letter(), 'V');
}

#[test]
fn an_anchor_that_has_left_the_agreement_may_leave_the_ledger() {
    let mut shape = crate::joining::open_to_others();
    shape.parties.as_array_mut().unwrap().push(row("ISL", "BOTH"));
    let mut case = crate::joining::submitted(shape);
    for code in ["ISL", "HCK", "CMD"] {
        case.sign_for(code);
    }
    let leaves = |case: &Case| {
        let mut case = case.clone();
        let by = [officer("HCK", "CEX")];
        of_org(&mut case, "HCK", "OrganisationLeft", json!({ "on": "2026-12-20" }), &by).map(|_| ())
    };
    assert_eq!(leaves(&case), Err("O07".to_owned()));
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("HCK", "SIG")]);
    assert_eq!((case.letter(), case.party("HCK")), ('V', 'o'));
    assert_eq!(leaves(&case), Ok(()));
}

#[test]
fn one_who_gives_and_takes_does_not_share_with_itself() {
    let shape = crate::joining::open_to_others().with("/continuation", json!({ "min_parties": 1 }));
    let mut case = crate::joining::formed(shape);
    assert_eq!(case.letter(), 'V');
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("CMD", "SIG")]);
    assert_eq!((case.letter(), case.party("HCK")), ('X', 'x'));
}

#[test]
fn a_transfer_of_a_function_takes_what_serves_none_in_particular() {
    let mut case = Case::none(Shape::pair());
    let mut data = crate::importing::import(&case, &[]);
    data["header"]["parties"][1].as_object_mut().unwrap().remove("functions");
    case.does("AgreementImported", data, &[officer("CMD", "IGL")]);
    founded(&mut case);
    let mut data = succession("TRANSFER", &["HCK"], &["NWM"], &case.today());
    data["functions"] = json!(["PLANNING"]);
    succeeds(&mut case, data, &hands(&["HCK"], &["NWM"])).unwrap();
    assert_eq!((case.party("HCK"), case.party("NWM")), ('u', 'm'));
}

#[test]
fn a_successor_that_alone_gives_and_says_nothing_stops_all() {
    let mut shape = Shape::three();
    shape.terms["datasets"] = json!([dataset("HCK", &["CMD", "ISL"])]);
    let mut case = Case::in_force(shape);
    founded(&mut case);
    takes(&mut case, "REPLACE", &["HCK"], "NWM");
    case.world.now += 91 * DAY;
    assert_eq!((case.letter(), case.party("NWM")), ('S', 'x'));
}
