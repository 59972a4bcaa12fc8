//! A23, and an organisation that leaves the ledger.

use serde_json::json;

use crate::town::*;

#[test]
fn notice_runs_its_days_unless_the_ground_is_grave() {
    let mut case = Case::in_force(Shape::pair());
    let told = case.told("RevocationNoticed", leaving("NO_LONGER_NEEDED", "2026-12-30"), &[officer("HCK", "SIG")]);
    assert_eq!(
        told,
        "Notice is 30 days; the earliest date is 2026-12-31. Immediate effect is only for breach, unlawfulness or an order."
    );
    assert_eq!(case.refused("RevocationNoticed", leaving("UNLAWFUL", "2026-11-30"), &[officer("HCK", "SIG")]), "G37");
    assert_eq!(case.refused("RevocationNoticed", leaving("UNLAWFUL", "2026-12-01"), &[officer("HCK", "IAO")]), "R01");
    let mut grave = case.clone();
    grave.does("RevocationNoticed", leaving("BREACH_BY_OTHER", "2026-12-01"), &[officer("HCK", "SIRO")]);
    assert_eq!((grave.letter(), grave.party("HCK")), ('X', 'o'));
    case.does("RevocationNoticed", leaving("NO_LONGER_NEEDED", "2026-12-31"), &[officer("HCK", "SIG")]);
    assert_eq!((case.letter(), case.party("HCK")), ('V', 'l'));
    assert_eq!(case.refused("RevocationNoticed", leaving("UNLAWFUL", "2026-12-31"), &[officer("HCK", "SIG")]), "G14");
    case.world.now = instant("2026-12-31T00:00:00.000Z");
    assert_eq!((case.letter(), case.party("HCK")), ('X', 'o'));
}

#[test]
fn notice_of_no_days_takes_effect_today() {
    let mut case = Case::in_force(Shape::pair().with("/notice_days", json!(0)));
    case.does("RevocationNoticed", leaving("NO_LONGER_NEEDED", &case.today()), &[officer("CMD", "SIG")]);
    assert_eq!(case.letter(), 'X');
    let steps: Vec<char> = case.agreement().history().iter().map(|step| step.to.letter()).collect();
    assert_eq!(steps, ['F', 'A', 'P', 'V', 'E', 'X'], "the end and the close, in one instant");
}

#[test]
fn one_of_three_leaves_and_the_others_go_on_while_a_pair_is_left() {
    let mut case = Case::in_force(Shape::three());
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("CMD", "SIG")]);
    assert_eq!((case.letter(), case.party("CMD")), ('V', 'o'));
    assert_eq!(case.refused("AgreementSuspended", suspension("SECURITY", "PARTY"), &[officer("CMD", "SIRO")]), "G15");
    assert_eq!(case.refused("AdviceGiven", case.advice("DPO"), &[officer("CMD", "DPO")]), "G15");
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("ISL", "SIG")]);
    assert_eq!(case.letter(), 'X');
    let why = case.agreement().why(crate::world::at(case.world.now));
    assert!(why.iter().any(|cause| cause.text.contains("too few parties")), "{why:?}");
}

#[test]
fn continuation_may_ask_for_more() {
    let shape = Shape::three().with("/continuation", json!({ "min_parties": 3 }));
    let mut case = Case::in_force(shape);
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("CMD", "SIG")]);
    assert_eq!(case.letter(), 'X');
}

#[test]
fn a_suspended_party_may_leave_and_its_notice_runs_while_it_is_suspended() {
    let mut case = Case::in_force(Shape::three());
    case.does("RevocationNoticed", leaving("POLICY", "2026-12-31"), &[officer("ISL", "SIG")]);
    let ground = case.suspend("ISL", "PARTY");
    assert_eq!(case.party("ISL"), 'p');
    let again = leaving("POLICY", "2026-12-31");
    assert_eq!(case.refused("RevocationNoticed", again, &[officer("ISL", "SIG")]), "G14");
    case.does("AgreementResumed", resumption(&ground), &[officer("ISL", "SIRO")]);
    assert_eq!(case.party("ISL"), 'l');
    case.suspend("ISL", "PARTY");
    case.world.now = instant("2026-12-31T00:00:00.000Z");
    assert_eq!((case.letter(), case.party("ISL")), ('V', 'o'));
    assert!(case.agreement().grounds().is_empty());
}

#[test]
fn who_still_provides_alone_gives_notice_before_it_leaves_the_ledger() {
    let mut case = Case::in_force(Shape::pair());
    let leave = |case: &mut Case, code: &str| {
        let data = json!({ "on": "2026-12-01" });
        case.world.draft(&format!("org:{code}"), "OrganisationLeft", data, &[officer(code, "CEX")])
    };
    let draft = leave(&mut case, "HCK");
    let told = case.world.record(&draft).unwrap_err().stop.to_string();
    assert_eq!(told, "HCK still provides data in DSA-2026-000001; give notice first.");
    let mut given = case.clone();
    given.does("RevocationNoticed", leaving("POLICY", "2026-12-31"), &[officer("HCK", "SIG")]);
    let draft = leave(&mut given, "HCK");
    given.world.record(&draft).unwrap();
    assert_eq!((given.letter(), given.party("HCK")), ('X', 'o'));
    let draft = leave(&mut case, "CMD");
    case.world.record(&draft).unwrap();
    assert_eq!((case.letter(), case.party("CMD")), ('X', 'o'));
}

#[test]
fn who_leaves_the_ledger_before_signing_has_declined() {
    let mut case = Case::filed(Shape::pair()).submitted();
    let data = json!({ "on": "2026-12-01" });
    let draft = case.world.draft("org:HCK", "OrganisationLeft", data, &[officer("HCK", "CEX")]);
    case.world.record(&draft).unwrap();
    assert_eq!((case.letter(), case.party("HCK")), ('A', 'd'));
}
