//! Table 2.8: what time and bodies outside bring about, from each state of an agreement.

use counterpart_core::agreement::{Derived, Origin};
use serde_json::json;

use super::{Happened, cells};
use crate::town::*;
use crate::world::at;

const TABLE: &str = include_str!("../../data/domain-transitions.csv");

/// An agreement in a state in which this change will come, and the instant at which it does; none where nothing
/// can bring it about there.
fn awaiting(change: &str, state: char) -> Option<(Case, i64)> {
    let later = || Shape::pair().with("/term/effective_date", json!("2026-12-20"));
    let suspended = |mut case: Case| {
        if state == 'S' {
            case.suspend("CMD", "WHOLE");
        }
        case
    };
    let start = instant("2026-12-01T00:00:00.000Z");
    Some(match (change, state) {
        ("EmergencyAdviceOverdue", 'V') => {
            let case = Case::in_force(crate::emergency::shape());
            let due = case.agreement().first_in_force_at().unwrap().millis() + 5 * DAY;
            (case, due)
        }
        ("NoticeElapsed", 'V' | 'S') => {
            let mut case = suspended(Case::in_force(Shape::pair()));
            case.does("RevocationNoticed", leaving("POLICY", "2027-01-10"), &[officer("HCK", "SIG")]);
            (case, instant("2027-01-10T00:00:00.000Z"))
        }
        ("ContinuationFailed", 'V' | 'S') => {
            let mut case = suspended(Case::in_force(Shape::three().with("/continuation", json!({ "min_parties": 3 }))));
            case.does("RevocationNoticed", leaving("POLICY", "2027-01-10"), &[officer("HCK", "SIG")]);
            (case, instant("2027-01-10T00:00:00.000Z"))
        }
        ("TermEnded", 'V' | 'S') => (suspended(Case::in_force(Shape::pair())), instant("2028-04-30T23:00:00.000Z")),
        ("ActivationDue", 'P') => (Case::filed(later()).signed(), instant("2026-12-20T00:00:00.000Z")),
        ("ApprovalWindowClosed", 'F' | 'C' | 'G') => {
            let case = Case::in_stage(state, Shape::pair());
            let due = case.agreement().due_at().unwrap().millis();
            (case, due)
        }
        ("ApprovalWindowClosed", 'A') => {
            let case = Case::in_stage('A', Shape::pair());
            (case, start + 61 * DAY)
        }
        ("NoDutiesOutstanding", 'E') => {
            let mut case = Case::in_stage('E', Shape::pair());
            let certificate = crate::sharing::certificate(&[], "DESTROYED");
            case.does("DestructionCertified", certificate, &crate::sharing::both("CMD"));
            let due = case.agreement().since().millis();
            (case, due)
        }
        _ => return None,
    })
}

#[test]
fn i05_every_derived_change_comes_from_the_states_that_are_printed_and_leads_where_is_printed() {
    let mut counted = 0;
    for cell in cells(TABLE).into_iter().filter(|cell| cell.derived) {
        let state = cell.state.chars().next().unwrap();
        let Some((case, due)) = awaiting(&cell.event, state) else { continue };
        counted += 1;
        let then = case.at(at(due));
        let step = then
            .history()
            .iter()
            .find(|step| matches!(step.origin, Origin::Derived { change, .. } if change.as_str() == cell.event));
        let step = step.unwrap_or_else(|| panic!("{} does not come in {state}: {:?}", cell.event, then.history()));
        assert_eq!((step.at.millis(), step.from.letter()), (due, state), "{}", cell.event);
        // What follows from the newest event alone comes with it.
        if cell.event != "NoDutiesOutstanding" {
            assert_ne!(case.at(at(due - 1)).history().last(), Some(step));
        }
        cell.holds(&Happened::Moved(step.to.letter().to_string()), &[]);
    }
    assert_eq!(counted, 13);
}

#[test]
fn i05_no_derived_change_comes_where_none_is_printed() {
    // Whatever an agreement of each state waits for, until long after everything is over.
    let mut seen = 0;
    for state in ['F', 'C', 'G', 'A', 'P', 'V', 'S', 'E', 'X', 'R', 'W', 'L'] {
        let mut shapes = vec![Shape::pair()];
        if matches!(state, 'F' | 'A' | 'P' | 'V') {
            shapes.push(Shape::three());
        }
        for shape in shapes {
            let case = Case::in_stage(state, shape);
            let then = case.at(at(instant("2032-01-01T00:00:00.000Z")));
            for step in then.history() {
                let Origin::Derived { change, .. } = step.origin else { continue };
                let printed = cells(TABLE).into_iter().find(|cell| {
                    cell.derived && cell.event == change.as_str() && cell.state == step.from.letter().to_string()
                });
                if let Some(cell) = printed {
                    cell.holds(&Happened::Moved(step.to.letter().to_string()), &[]);
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 15, "{seen}");
}

#[test]
fn i05_what_others_bring_about_leads_where_is_printed() {
    let to = |change: &str, from: char, happened: Happened| {
        let found = cells(TABLE).into_iter().find(|c| c.event == change && c.state == from.to_string()).unwrap();
        found.holds(&happened, &[]);
    };
    let moved = |letter: char| Happened::Moved(letter.to_string());
    // D1, from each state that knows it: an execution or approval comes into doubt.
    for state in ['A', 'P', 'V', 'S'] {
        let mut case = Case::in_stage(state, Shape::pair());
        if state == 'A' {
            case.sign_for("HCK");
        }
        crate::contest::doubts(&mut case, "HCK", "SIG");
        let now = case.letter();
        let grounds =
            case.agreement().grounds().iter().filter(|g| g.derived == Some(Derived::ContestedQuorumLost)).count();
        assert_eq!(grounds, usize::from(matches!(state, 'V' | 'S')));
        to("ContestedQuorumLost", state, if now == state { Happened::Stayed } else { moved(now) });
    }
    // D3 among three: the party leaves, the others go on.
    for state in ['V', 'S'] {
        let mut case = Case::in_force(Shape::three());
        if state == 'S' {
            case.suspend("CMD", "WHOLE");
        }
        case.does("RevocationNoticed", leaving("POLICY", "2027-01-10"), &[officer("ISL", "SIG")]);
        let then = case.at(at(instant("2027-01-10T00:00:00.000Z")));
        assert_eq!(then.party("ISL".parse().unwrap()).unwrap().state.letter(), 'o');
        assert_eq!(then.name().letter(), state);
        to("NoticeElapsed", state, Happened::Stayed);
    }
    // D6 in V and S; D7 in both, alone and for the whole.
    for state in ['V', 'S'] {
        let mut case = Case::in_stage(state, Shape::pair());
        let shape = case.shape.clone().with("/term/effective_date", json!("2027-03-01"));
        let (mut data, hash) = case.draft_of(&shape, 2, &["/term/effective_date"]);
        data["class"] = json!("M3");
        data["renewal"] = json!(false);
        data["words"] = crate::world::commitment();
        case.does("AmendmentProposed", data, &[officer("CMD", "IGL")]);
        let mut data = case.submission();
        data["version"] = json!(2);
        data["version_hash"] = json!(hash);
        case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
        case.hash = hash;
        case.sign_for("CMD");
        case.sign_for("HCK");
        let then = case.at(at(instant("2027-03-01T00:00:00.000Z")));
        assert_eq!((then.current().number, then.name().letter()), (2, state));
        to("AmendmentEffective", state, Happened::Stayed);
    }
    for (state, shape) in [('V', Shape::pair()), ('S', Shape::pair()), ('V', Shape::three())] {
        let mut case = Case::in_stage(state, shape);
        replace_hackney(&mut case);
        let before = case.agreement().grounds().len();
        case.world.now += 91 * DAY;
        let now = case.letter();
        let stopped = case.agreement().grounds().len() == before + 1;
        assert!(stopped || case.party("NWM") == 'p');
        to("SuccessionUnconfirmed", state, if now == state { Happened::Stayed } else { moved(now) });
    }
    // D10 from every state that knows it.
    for state in ['F', 'C', 'G', 'A', 'P', 'V', 'S'] {
        let mut case = Case::in_stage(state, Shape::pair());
        let today = case.today();
        let data = crate::succession::succession("MERGE", &["HCK"], &["CMD"], &today);
        crate::succession::succeeds(&mut case, data, &crate::succession::hands(&["HCK"], &["CMD"])).unwrap();
        let first = case.agreement().history().iter().rev().find(|step| step.from.letter() == state).copied().unwrap();
        to("PartiesCollapsed", state, moved(first.to.letter()));
    }
}

/// Newham takes Hackney's place today.
fn replace_hackney(case: &mut Case) {
    crate::succession::found(&mut case.world);
    let today = case.today();
    let data = crate::succession::succession("REPLACE", &["HCK"], &["NWM"], &today);
    crate::succession::succeeds(case, data, &crate::succession::hands(&["HCK"], &["NWM"])).unwrap();
}
