//! What time alone brings about: one millisecond before, at, and after.

use serde_json::json;

use crate::town::*;
use crate::world::at;

/// The letter one millisecond before an instant, at it, and after it.
fn around(case: &Case, instant_text: &str) -> [char; 3] {
    let middle = instant(instant_text);
    [-1, 0, 1].map(|step| case.at(at(middle + step)).name().letter())
}

#[test]
fn an_agreement_begins_at_the_midnight_of_its_first_day() {
    // Winter, the day of each clock change, the day after each, and summer.
    for (day, begins) in [
        ("2026-12-20", "2026-12-20T00:00:00.000Z"),
        ("2027-03-28", "2027-03-28T00:00:00.000Z"),
        ("2027-03-29", "2027-03-28T23:00:00.000Z"),
        ("2027-07-01", "2027-06-30T23:00:00.000Z"),
        ("2027-10-31", "2027-10-30T23:00:00.000Z"),
        ("2027-11-01", "2027-11-01T00:00:00.000Z"),
    ] {
        let case = Case::filed(Shape::pair().with("/term/effective_date", json!(day))).signed();
        assert_eq!(around(&case, begins), ['P', 'V', 'V'], "{day}");
        assert_eq!(case.agreement().due_at(), Some(at(instant(begins))), "{day}");
    }
}

#[test]
fn a_past_first_day_does_not_back_date() {
    let case = Case::filed(Shape::pair().with("/term/effective_date", json!("2026-11-01"))).signed();
    let last = case.agreement().signatures().last().unwrap().at;
    assert_eq!(case.agreement().first_in_force_at(), Some(last));
}

#[test]
fn an_agreement_ends_at_the_midnight_after_its_last_day() {
    for (day, ends) in [
        ("2027-03-27", "2027-03-28T00:00:00.000Z"),
        ("2027-03-28", "2027-03-28T23:00:00.000Z"),
        ("2027-10-30", "2027-10-30T23:00:00.000Z"),
        ("2027-10-31", "2027-11-01T00:00:00.000Z"),
    ] {
        let case = Case::in_force(Shape::pair().with("/term/end_date", json!(day)));
        // Nothing was ever disclosed, so it closes in the instant in which it ends.
        assert_eq!(around(&case, ends), ['V', 'X', 'X'], "{day}");
        let mut suspended = case.clone();
        suspended.suspend("HCK", "WHOLE");
        assert_eq!(around(&suspended, ends), ['S', 'X', 'X'], "{day}");
    }
}

#[test]
fn a_notice_takes_effect_at_its_midnight() {
    let mut case = Case::in_force(Shape::pair());
    case.does("RevocationNoticed", leaving("POLICY", "2027-03-29"), &[officer("HCK", "SIG")]);
    assert_eq!(around(&case, "2027-03-28T23:00:00.000Z"), ['V', 'X', 'X']);
}

#[test]
fn a_quiet_request_lapses_after_ninety_days_counted_from_what_moved_it() {
    let mut case = Case::filed(Shape::pair());
    let filed = case.agreement().filed_at();
    case.world.now += 10 * DAY;
    // A note moves nothing, and neither does a triage: state, version and questions stay as they were.
    case.does("NoteRecorded", note(), &[officer("HCK", "LGL")]);
    case.does("RequestTriaged", accepted(), &[officer("HCK", "IGL")]);
    let lapses = filed.add_days(90);
    assert_eq!(around(&case, &lapses.to_string()), ['F', 'L', 'L']);
    let mut returned = Case::filed(Shape::pair());
    returned.world.now += 10 * DAY;
    let back = json!({ "missing": [], "outcome": "RETURNED" });
    let moved = at(returned.world.now);
    returned.does("RequestTriaged", back, &[officer("HCK", "IGL")]);
    assert_eq!(around(&returned, &moved.add_days(90).to_string()), ['C', 'L', 'L']);
}

#[test]
fn signing_closes_at_the_midnight_after_its_last_day() {
    let mut case = Case::filed(Shape::pair()).triaged();
    case.world.now = instant("2027-01-04T12:00:00.000Z");
    let mut data = case.submission();
    data["approve_by"] = json!("2027-03-28");
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    assert_eq!(around(&case, "2027-03-28T23:00:00.000Z"), ['A', 'L', 'L']);
    case.world.now = instant("2027-03-28T22:59:59.999Z");
    let mut last = case.clone();
    last.does("AdviceGiven", last.advice("DPO"), &[officer("HCK", "DPO")]);
    case.world.now += 1;
    let told = case.told("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    assert_eq!(
        told,
        "Request DSA-2026-000001 was lapsed on 2027-03-29 and cannot be reopened. File a new request; its terms can be copied."
    );
}

#[test]
fn what_is_due_comes_before_an_event_of_the_same_instant() {
    let shape = Shape::pair().with("/term/effective_date", json!("2027-03-29"));
    let mut case = Case::filed(shape).signed();
    case.world.now = instant("2027-03-28T22:59:59.999Z");
    let mut before = case.clone();
    before.does("RequestWithdrawn", json!({}), &[officer("CMD", "SIG")]);
    assert_eq!(before.letter(), 'W');
    case.world.now += 1;
    assert_eq!(case.refused("RequestWithdrawn", json!({}), &[officer("CMD", "SIG")]), "T16");
}

#[test]
fn notice_and_term_of_one_instant_come_in_the_order_of_the_table() {
    let shape = Shape::three().with("/term/end_date", json!("2026-12-31"));
    let mut case = Case::in_force(shape);
    case.does("RevocationNoticed", leaving("POLICY", "2027-01-01"), &[officer("HCK", "SIG")]);
    let then = case.at(at(instant("2027-01-01T00:00:00.000Z")));
    assert_eq!(then.party("HCK".parse().unwrap()).unwrap().state.letter(), 'o');
    let last = then.history().iter().rev().take(2).map(|step| step.to.letter()).collect::<String>();
    assert_eq!(last, "XE");
    let why = then.why(at(instant("2027-01-01T00:00:00.000Z")));
    assert!(why.iter().any(|cause| cause.change == Some(counterpart_core::agreement::Derived::TermEnded)), "{why:?}");
}

#[test]
fn looking_ahead_changes_nothing() {
    let case = Case::in_stage('P', Shape::pair());
    let before = case.stored().into_owned();
    let _ = case.at(at(instant("2030-01-01T00:00:00.000Z")));
    assert_eq!(*case.stored(), before);
}

#[test]
fn who_gives_and_takes_keeps_an_agreement_alive_in_both_capacities() {
    // Hackney does both, Camden takes: a provider and a recipient are there, and nobody who hosts.
    let asked = |capacities: serde_json::Value| {
        Shape::pair()
            .with("/continuation", json!({ "min_parties": 2, "required_capacities": capacities }))
            .with("/datasets/0/recipients", json!(["CMD"]))
    };
    let mixed = |mut shape: Shape| {
        shape.parties = json!([row("CMD", "RECIPIENT"), row("HCK", "BOTH")]);
        shape
    };
    for capacities in [json!(["PROVIDER"]), json!(["RECIPIENT", "PROVIDER"]), json!(["BOTH"])] {
        let case = Case::filed(mixed(asked(capacities.clone()))).signed();
        assert_eq!(case.letter(), 'V', "{capacities}");
    }
    let case = Case::filed(mixed(asked(json!(["PLATFORM"])))).signed();
    assert_eq!(case.letter(), 'X', "nobody hosts, and nothing was ever sent");
    // Giving alone is not doing both.
    let case = Case::filed(asked(json!(["BOTH"]))).signed();
    assert_eq!(case.letter(), 'X');
}
