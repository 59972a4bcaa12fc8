//! A37 to A39: agreements made before the ledger.

use serde_json::{Value, json};

use crate::sharing::{both, certificate, disclosure};
use crate::town::*;
use crate::world::{Person, at, commitment};

/// Camden imports what it knows of an agreement with Hackney.
pub fn import(case: &Case, gaps: &[&str]) -> Value {
    let whole = case.shape.header(&case.world.replay.state);
    let mut header = serde_json::to_value(&whole).unwrap();
    for member in ["code_lists", "policies"].iter().chain(gaps) {
        header.as_object_mut().unwrap().remove(*member);
    }
    json!({ "gaps": gaps, "header": header, "signed_elsewhere_on": "2024-05-01", "source": commitment(), "status": "ACTIVE" })
}

pub fn imported(shape: Shape, gaps: &[&str]) -> (Case, String) {
    let mut case = Case::none(shape);
    let data = import(&case, gaps);
    let event = case.does("AgreementImported", data, &[officer("CMD", "IGL")]);
    case.hash = case.agreement().current().hash.to_string();
    (case, event)
}

/// An import of an agreement that had ended before.
pub fn ended(shape: Shape) -> (Case, String) {
    let mut case = Case::none(shape);
    let mut data = import(&case, &[]);
    data["status"] = json!("ENDED");
    let event = case.does("AgreementImported", data, &[officer("CMD", "IGL")]);
    (case, event)
}

/// An import in a stage, which Hackney has not confirmed.
pub fn in_stage(letter: char) -> Case {
    if matches!(letter, 'V' | 'S') {
        let (mut case, event) = imported(if letter == 'V' { Shape::pair() } else { Shape::three() }, &[]);
        if letter == 'S' {
            confirms(&mut case, &event, "CMD");
            case.suspend("CMD", "WHOLE");
        }
        assert_eq!(case.letter(), letter);
        return case;
    }
    let (mut case, _) = ended(Shape::pair());
    if letter == 'X' {
        case.does("DestructionCertified", certificate(&[], "DESTROYED"), &both("CMD"));
    }
    assert_eq!(case.letter(), letter);
    case
}

pub fn confirmation(import: &str) -> Value {
    json!({ "document": commitment(), "import": import })
}

pub fn dispute(import: &str) -> Value {
    json!({ "import": import, "words": commitment() })
}

pub fn confirms(case: &mut Case, import: &str, code: &str) {
    case.does("ImportConfirmed", confirmation(import), &[officer(code, "SIG")]);
}

#[test]
fn an_import_binds_each_party_when_it_confirms_and_shares_nothing_before() {
    let mut none = Case::none(Shape::pair());
    let data = import(&none, &[]);
    assert_eq!(none.refused("AgreementImported", data.clone(), &[officer("HCK", "IGL")]), "R01");
    assert_eq!(none.refused("AgreementImported", data, &[officer("CMD", "REQ")]), "R01");
    let (mut case, event) = imported(Shape::pair(), &[]);
    assert_eq!((case.letter(), case.party("CMD"), case.party("HCK")), ('V', 'm', 'm'));
    assert_eq!(case.agreement().confirmed(), (0, 2));
    let next: Vec<String> = case
        .agreement()
        .who_must_act_next()
        .iter()
        .map(|n| format!("{} {} {}", n.organisation, n.role, n.task))
        .collect();
    assert_eq!(next, ["CMD SIG CONFIRM", "HCK SIG CONFIRM"]);
    let told = case.told("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    assert!(told.starts_with("HCK has not confirmed this import"), "{told}");
    assert_eq!(case.refused("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]), "G45");
    assert_eq!(case.refused("ImportConfirmed", confirmation(&event), &[officer("HCK", "SIRO")]), "R01");
    let other = "01890000-0000-7000-8000-ffffffffffff";
    assert_eq!(case.refused("ImportConfirmed", confirmation(other), &[officer("HCK", "SIG")]), "G28");
    confirms(&mut case, &event, "HCK");
    assert_eq!(case.refused("ImportConfirmed", confirmation(&event), &[officer("HCK", "SIG")]), "G11");
    assert_eq!(case.refused("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]), "G45");
    let review = json!({ "next_review": "2027-12-01", "outcome": "CONTINUE", "words": commitment() });
    let told = case.told("ReviewCompleted", review, &[officer("CMD", "IGL")]);
    assert_eq!(told, "CMD is imported and not confirmed in this agreement and cannot review it.");
    for (event_type, data, who) in from_imported(&case) {
        assert_eq!(case.refused(event_type, data, &[who]), "G10", "{event_type}");
    }
    confirms(&mut case, &event, "CMD");
    case.does("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    assert!(case.agreement().party("HCK".parse().unwrap()).unwrap().imported);
}

/// What Camden, whose row is imported, may not do yet.
fn from_imported(case: &Case) -> Vec<(&'static str, Value, Person)> {
    let (mut amendment, _) = case.counter(2);
    amendment["class"] = json!("M3");
    amendment["renewal"] = json!(false);
    amendment["words"] = commitment();
    vec![
        ("AgreementSuspended", suspension("SECURITY", "WHOLE"), officer("CMD", "SIRO")),
        ("RevocationNoticed", leaving("UNLAWFUL", "2026-12-05"), officer("CMD", "SIG")),
        ("TerminationConsented", json!({ "takes_effect_on": "2026-12-05" }), officer("CMD", "SIG")),
        ("AmendmentProposed", amendment, officer("CMD", "IGL")),
        ("AdviceGiven", case.advice("DPO"), officer("CMD", "DPO")),
    ]
}

#[test]
fn only_its_term_ends_an_import_that_is_not_confirmed() {
    let (mut case, event) = imported(Shape::pair(), &[]);
    confirms(&mut case, &event, "HCK");
    case.does("TerminationConsented", json!({ "takes_effect_on": "2026-12-05" }), &[officer("HCK", "SIG")]);
    case.does("RevocationNoticed", leaving("UNLAWFUL", "2026-12-05"), &[officer("HCK", "SIG")]);
    assert_eq!(case.at(at(case.world.now + 30 * DAY)).name().letter(), 'V');
    assert_eq!(case.at(at(case.world.now + 600 * DAY)).name().letter(), 'E', "its end date");
    case.world.now += 30 * DAY;
    let now = at(case.world.now);
    confirms(&mut case, &event, "CMD");
    assert_eq!((case.letter(), case.party("HCK")), ('E', 'o'));
    assert_eq!(case.agreement().history().last().unwrap().at, now, "the notice takes effect now, not in the past");
    case.does("DestructionCertified", certificate(&["DS-1"], "DESTROYED"), &both("CMD"));
    assert_eq!(case.letter(), 'X');
}

#[test]
fn an_ended_import_stays_open_until_every_recipient_certifies() {
    let mut case = Case::none(Shape::three());
    let mut data = import(&case, &["datasets"]);
    data["status"] = json!("ENDED");
    let event = case.does("AgreementImported", data, &[officer("CMD", "IGL")]);
    assert_eq!((case.letter(), case.agreement().duties().len()), ('E', 3));
    assert_eq!(case.refused("DestructionCertified", certificate(&["DS-1"], "DESTROYED"), &both("CMD")), "T20");
    case.does("DestructionCertified", certificate(&[], "DESTROYED"), &both("CMD"));
    case.does("ImportDisputed", dispute(&event), &[officer("ISL", "IGL")]);
    assert_eq!((case.letter(), case.party("ISL")), ('E', 'k'));
    assert_eq!(case.refused("DestructionCertified", certificate(&[], "DESTROYED"), &both("ISL")), "G10");
    case.does("DestructionCertified", certificate(&[], "DESTROYED"), &both("HCK"));
    assert_eq!(case.letter(), 'X');
    case.does("ImportConfirmed", confirmation(&event), &[officer("CMD", "SIG")]);
}

#[test]
fn the_only_other_party_undoes_an_import_by_disputing_it() {
    let (case, event) = imported(Shape::pair(), &[]);
    let mut other = case.clone();
    assert_eq!(other.refused("ImportDisputed", dispute(&event), &[officer("HCK", "DPO")]), "R01");
    other.does("ImportDisputed", dispute(&event), &[officer("HCK", "IGL")]);
    assert_eq!((other.letter(), other.party("HCK")), ('W', 'k'));
    let mut own = case.clone();
    own.does("ImportDisputed", dispute(&event), &[officer("CMD", "SIRO")]);
    assert_eq!((own.letter(), own.party("CMD")), ('V', 'k'));
    confirms(&mut own, &event, "HCK");
    assert_eq!(own.letter(), 'X', "a party that disputes counts as none, so nobody is left to share with");
    let (mut three, event) = imported(Shape::three(), &[]);
    three.does("ImportDisputed", dispute(&event), &[officer("HCK", "SIG")]);
    assert_eq!(three.letter(), 'V');
    assert_eq!(three.refused("ImportDisputed", dispute(&event), &[officer("HCK", "SIG")]), "G10");
}

#[test]
fn a_rule_that_needs_a_gap_says_which() {
    let (mut case, event) = imported(Shape::pair(), &["agreement_type", "datasets", "effective_date"]);
    confirms(&mut case, &event, "HCK");
    confirms(&mut case, &event, "CMD");
    let told = case.told("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    assert_eq!(
        told,
        "This agreement was imported without datasets; propose an amendment with full terms, or file it anew."
    );
    let review = json!({ "next_review": "2027-06-01", "outcome": "CONTINUE", "words": commitment() });
    assert_eq!(case.refused("ReviewCompleted", review.clone(), &[officer("CMD", "IGL")]), "G45");
    assert_eq!(case.refused("AgreementSuspended", of_datasets(&["DS-1"]), &[officer("CMD", "SIRO")]), "G45");
    let ground = case.suspend("CMD", "WHOLE");
    case.does("AgreementResumed", resumption(&ground), &[officer("CMD", "SIRO")]);
    // An amendment with full terms, executed by all, makes it an ordinary one.
    let shape = case.shape.clone().with("/term/end_date", json!("2028-03-31"));
    let (mut data, hash) = case.draft_of(&shape, 2, &["/term/end_date"]);
    data["words"] = commitment();
    data["renewal"] = json!(false);
    data["class"] = json!("M2");
    assert_eq!(case.refused("AmendmentProposed", data.clone(), &[officer("HCK", "IGL")]), "G45");
    data["class"] = json!("M3");
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    let mut submission = case.submission();
    submission["version"] = json!(2);
    submission["version_hash"] = json!(hash);
    case.does("TermsSubmitted", submission, &[officer("CMD", "IGL")]);
    case.hash = hash;
    case.sign_for("HCK");
    case.sign_for("CMD");
    assert_eq!(case.agreement().current().number, 2);
    case.does("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    case.does("ReviewCompleted", review, &[officer("CMD", "IGL")]);
}

#[test]
fn gaps_are_what_is_missing_and_the_rest_holds_together() {
    let mut case = Case::none(Shape::pair());
    let good = import(&case, &["datasets", "formation"]);
    let bad = |change: &dyn Fn(&mut Value)| {
        let mut data = good.clone();
        change(&mut data);
        data
    };
    for data in [
        bad(&|data| data["gaps"] = json!(["datasets"])),
        bad(&|data| data["gaps"] = json!(["formation", "datasets"])),
        bad(&|data| data["gaps"] = json!(["datasets", "formation", "sharing_mode"])),
        bad(&|data| data["header"]["parties"] = json!([data["header"]["parties"][1], data["header"]["parties"][1]])),
        bad(&|data| data["header"]["parties"] = json!([data["header"]["parties"][1]])),
    ] {
        assert_eq!(case.refused("AgreementImported", data, &[officer("CMD", "IGL")]), "E08");
    }
    let mut numbered = import(&case, &[]);
    numbered["header"]["datasets"][0]["recipients"] = json!([3]);
    assert_eq!(case.refused("AgreementImported", numbered, &[officer("CMD", "IGL")]), "E08");
    let mut stranger = good.clone();
    stranger["header"]["parties"][1]["organisation"] = json!("BRK");
    assert_eq!(case.refused("AgreementImported", stranger, &[officer("CMD", "IGL")]), "O01");
    // 24 months from registration on 1 December 2026, the last day included.
    case.world.now = instant("2028-12-01T23:59:59.000Z");
    let mut late = case.clone();
    late.world.now += 1_000;
    let told = late.told("AgreementImported", good.clone(), &[officer("CMD", "IGL")]);
    assert!(told.starts_with("Agreements made before the ledger could be imported until 2028-12-01."), "{told}");
    case.does("AgreementImported", good.clone(), &[officer("CMD", "IGL")]);
    assert_eq!(case.refused("AgreementImported", good, &[officer("CMD", "IGL")]), "T02");
    assert_eq!(case.refused("RequestTriaged", accepted(), &[officer("HCK", "IGL")]), "T06", "its term is over");
}

#[test]
fn an_import_that_does_not_say_what_is_shared_goes_on_by_capacities() {
    // The capacities of three, who confirm; who leaves; and whether the others go on.
    for (capacities, leaves, expected) in [
        (["PROVIDER", "RECIPIENT", "RECIPIENT"], &[][..], 'V'),
        (["RECIPIENT", "RECIPIENT", "RECIPIENT"], &[], 'X'),
        (["PROVIDER", "PROVIDER", "PROVIDER"], &[], 'X'),
        (["PROVIDER", "RECIPIENT", "RECIPIENT"], &["HCK"], 'V'),
        (["RECIPIENT", "PROVIDER", "RECIPIENT"], &["HCK"], 'E'),
        (["BOTH", "PROVIDER", "RECIPIENT"], &["HCK"], 'V'),
        (["BOTH", "RECIPIENT", "RECIPIENT"], &["HCK"], 'V'),
        // One who gives and takes does not share with itself.
        (["BOTH", "RECIPIENT", "RECIPIENT"], &["HCK", "ISL"], 'E'),
    ] {
        let mut shape = Shape::three();
        shape.terms["continuation"] = json!({ "min_parties": 1 });
        let mut case = Case::none(shape);
        let mut data = import(&case, &["datasets"]);
        for (row, capacity) in data["header"]["parties"].as_array_mut().unwrap().iter_mut().zip(capacities) {
            row["capacity"] = json!(capacity);
        }
        let event = case.does("AgreementImported", data, &[officer("CMD", "IGL")]);
        for code in BOROUGHS {
            confirms(&mut case, &event, code);
        }
        for code in leaves {
            case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer(code, "SIG")]);
        }
        let ended = case.letter() != 'V';
        assert_eq!(ended, expected != 'V', "{capacities:?} without {leaves:?}: {}", case.letter());
    }
}
