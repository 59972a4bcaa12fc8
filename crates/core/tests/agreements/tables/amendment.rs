//! Table 2.10: what each event finds on the amendment track.

use counterpart_core::agreement::{Stage, Track};
use serde_json::{Value, json};

use super::{Cell, Happened, cells};
use crate::sharing::disclosure;
use crate::town::*;
use crate::world::{Person, at, commitment};

const TABLE: &str = include_str!("../../data/amendment-transitions.csv");

/// Readings of `docs/formats.md`: the decision of the agreement's table comes before that of the track.
const SETTLED: [(&str, &str, &str); 0] = [];

fn track(case: &Case) -> &'static str {
    let agreement = case.agreement();
    let (Stage::Active(force) | Stage::Suspended(force)) = agreement.stage() else { return "T0" };
    match force.amendment {
        Track::None => "T0",
        Track::Proposed { .. } => "T1",
        Track::Approving { .. } => "T2",
        Track::Pending { .. } => "T3",
    }
}

/// Other terms: shorter notice, or a first day that lies ahead.
fn proposal(case: &Case, number: u32, later: bool) -> (Value, String) {
    let (pointer, value) =
        if later { ("/term/effective_date", json!("2027-03-01")) } else { ("/notice_days", json!(10 + number)) };
    let (mut data, hash) = case.draft_of(&case.shape.clone().with(pointer, value), number, &[pointer]);
    data["class"] = json!("M3");
    data["renewal"] = json!(false);
    data["words"] = commitment();
    (data, hash)
}

/// An agreement of two or three on a stage of the track.
fn on(state: &str, shape: Shape, later: bool) -> Case {
    let mut case = Case::in_force(shape);
    if state == "T0" {
        return case;
    }
    let (data, hash) = proposal(&case, 2, later);
    case.does("AmendmentProposed", data, &[officer("CMD", "IGL")]);
    if state != "T1" {
        let mut data = case.submission();
        data["version"] = json!(2);
        data["version_hash"] = json!(hash);
        case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    }
    case.hash = hash;
    if state == "T3" {
        for code in case.organisations() {
            case.sign_for(&code);
        }
    }
    assert_eq!(track(&case), state);
    case
}

fn ahead(state: &str) -> Case {
    on(state, Shape::pair(), state == "T3")
}

/// The event in good hands, as a case finds it.
fn attempt(case: &mut Case, event: &str) -> (&'static str, Value, Vec<Person>) {
    let counter = |case: &Case| {
        let (mut data, hash) = proposal(case, 3, false);
        data.as_object_mut().unwrap().retain(|name, _| name != "class" && name != "renewal");
        (data, hash)
    };
    let hck = |role: &str| vec![officer("HCK", role)];
    let signed = case.agreement().signatures().iter().rfind(|s| s.organisation.as_str() == "HCK").map(|s| s.event);
    let signed = signed.map(|event| event.to_string());
    match event {
        "AmendmentProposed" => ("AmendmentProposed", proposal(case, 3, false).0, hck("IGL")),
        "CounterProposalMade" => ("CounterProposalMade", counter(case).0, hck("IGL")),
        "CounterProposalAccepted" | "CounterProposalRejected" => {
            let (data, hash) = counter(case);
            if track(case) == "T1" {
                case.does("CounterProposalMade", data, &hck("IGL"));
            }
            let kind =
                if event == "CounterProposalAccepted" { "CounterProposalAccepted" } else { "CounterProposalRejected" };
            (kind, json!({ "version_hash": hash }), vec![officer("CMD", "IGL")])
        }
        "ClarificationRequested" => ("ClarificationRequested", question("CMD"), hck("IGL")),
        "ClarificationProvided" => {
            let open = matches!(track(case), "T1" | "T2");
            let asked = if open {
                case.does("ClarificationRequested", question("CMD"), &hck("IGL"))
            } else {
                "01890000-0000-7000-8000-ffffffffffff".to_owned()
            };
            ("ClarificationProvided", answer(&asked), vec![officer("CMD", "IGL")])
        }
        "TermsSubmitted" => {
            let mut data = case.submission();
            data["version"] = json!(2);
            data["version_hash"] = json!(case.hash);
            ("TermsSubmitted", data, vec![officer("CMD", "IGL")])
        }
        "AdviceGiven" => ("AdviceGiven", case.advice("DPO"), hck("DPO")),
        "ApprovalGiven" => {
            if track(case) == "T2" {
                case.does("AdviceGiven", case.advice("DPO"), &hck("DPO"));
            }
            ("ApprovalGiven", case.approval(), hck("IAO"))
        }
        "ExecutionSigned" => {
            if track(case) == "T2" {
                case.does("AdviceGiven", case.advice("DPO"), &hck("DPO"));
                case.does("ApprovalGiven", case.approval(), &hck("IAO"));
            }
            ("ExecutionSigned", case.execution(), hck("SIG"))
        }
        "ApprovalDeclined RETURN" => ("ApprovalDeclined", case.decline("RETURN"), hck("SIG")),
        "ApprovalDeclined FINAL" => ("ApprovalDeclined", case.decline("FINAL"), hck("SIG")),
        "ApprovalWithdrawn" => {
            if track(case) == "T2" {
                let target = case.does("AdviceGiven", case.advice("DPO"), &hck("DPO"));
                let data = json!({ "target": target, "words": commitment() });
                return ("ApprovalWithdrawn", data, hck("DPO"));
            }
            ("ApprovalWithdrawn", json!({ "target": signed, "words": commitment() }), hck("SIG"))
        }
        "AmendmentAbandoned" => ("AmendmentAbandoned", json!({}), vec![officer("CMD", "IGL")]),
        "AgreementSuspended" => ("AgreementSuspended", suspension("SECURITY", "WHOLE"), hck("SIRO")),
        "AgreementResumed" => {
            let ground = case.suspend("HCK", "WHOLE");
            ("AgreementResumed", resumption(&ground), hck("SIRO"))
        }
        "RevocationNoticed" => ("RevocationNoticed", leaving("POLICY", "2027-06-01"), vec![officer("ISL", "SIG")]),
        "the agreement ends" => ("RevocationNoticed", leaving("UNLAWFUL", &case.today()), hck("SIG")),
        "ReviewCompleted" => {
            let data = json!({ "next_review": "2027-06-01", "outcome": "CONTINUE", "words": commitment() });
            ("ReviewCompleted", data, vec![officer("CMD", "IGL")])
        }
        "NoteRecorded" => ("NoteRecorded", note(), hck("LGL")),
        "IncidentNoted" => ("IncidentNoted", json!({ "key": false, "words": commitment() }), hck("DPO")),
        "DisclosureLogged" => ("DisclosureLogged", disclosure(&["DS-1"]), hck("IAO")),
        "PublicationDecided" => {
            ("PublicationDecided", json!({ "decision": "PUBLISH", "withheld": [] }), vec![officer("CMD", "IGL")])
        }
        "DocumentAttached" => ("DocumentAttached", crate::sharing::document(), hck("LGL")),
        other => panic!("{other} is not tried"),
    }
}

fn tried(case: &mut Case, event: &str) -> Happened {
    let (kind, data, by) = attempt(case, event);
    let before = track(case);
    let draft = case.event(kind, data, &by);
    match case.world.record(&draft) {
        Ok(_) => Happened::between(before, track(case)),
        Err(stopped) => Happened::Refused(stopped.stop.code().to_owned()),
    }
}

fn cell(event: &str, state: &str) -> Cell {
    cells(TABLE).into_iter().find(|cell| cell.event == event && cell.state == state).unwrap()
}

#[test]
fn i05_every_cell_of_the_amendment_track_does_what_is_printed() {
    let (mut seen, mut wrong) = (0, Vec::new());
    for cell in cells(TABLE) {
        seen += 1;
        if cell.event == "AmendmentEffective" {
            // Only what everybody has agreed to and waits for its day takes effect by itself.
            let case = ahead(&cell.state);
            let day = at(instant("2027-03-01T00:00:00.000Z"));
            let now = case.at(day).current().number;
            let expected = if cell.state == "T3" { 2 } else { 1 };
            assert_eq!(now, expected, "{}", cell.state);
            continue;
        }
        let leaves = cell.event == "RevocationNoticed";
        let mut case = if leaves { on(&cell.state, Shape::three(), cell.state == "T3") } else { ahead(&cell.state) };
        let happened = tried(&mut case, &cell.event);
        wrong.extend(cell.wrong(&happened, &SETTLED));
    }
    super::all_right(&wrong);
    assert_eq!(seen, 100);
}

#[test]
fn the_other_outcomes_of_the_amendment_track_are_reached_too() {
    // The last execution of an amendment: at once, or on its day.
    for (later, to) in [(false, "T0"), (true, "T3")] {
        let mut case = on("T2", Shape::pair(), later);
        case.sign_for("CMD");
        let happened = tried(&mut case, "ExecutionSigned");
        assert_eq!(happened, Happened::Moved(to.to_owned()));
        cell("ExecutionSigned", "T2").holds(&happened, &SETTLED);
    }
    // Nothing is asked and nothing waits.
    for (event, state) in [("CounterProposalAccepted", "T1"), ("CounterProposalRejected", "T1")] {
        let mut case = ahead(state);
        let (_, hash) = proposal(&case, 3, false);
        let kind =
            if event == "CounterProposalAccepted" { "CounterProposalAccepted" } else { "CounterProposalRejected" };
        let code = case.refused(kind, json!({ "version_hash": hash }), &[officer("CMD", "IGL")]);
        cell(event, state).holds(&Happened::Refused(code), &SETTLED);
    }
    for state in ["T1", "T2"] {
        let mut case = ahead(state);
        let answered = answer("01890000-0000-7000-8000-ffffffffffff");
        let code = case.refused("ClarificationProvided", answered, &[officer("CMD", "IGL")]);
        cell("ClarificationProvided", state).holds(&Happened::Refused(code), &SETTLED);
    }
    // Where the rule is to leave behind who does not adopt, a refusal for good changes nothing for the others, and
    // a late adopter may still sign.
    let mut case = crate::joining::formed(crate::joining::open_to_others());
    case.does("PartyInvited", crate::joining::invitation(&case, "ISL"), &[officer("CMD", "IGL")]);
    case.sign_for("ISL");
    let mut shape = case.shape.clone().with("/term/effective_date", json!("2027-03-01"));
    shape.parties.as_array_mut().unwrap().push(row("ISL", "RECIPIENT"));
    let (mut data, hash) = case.draft_of(&shape, 2, &["/term/effective_date"]);
    data["class"] = json!("M3");
    data["renewal"] = json!(false);
    data["words"] = commitment();
    case.does("AmendmentProposed", data, &[officer("CMD", "IGL")]);
    let mut data = case.submission();
    data["version"] = json!(2);
    data["version_hash"] = json!(hash);
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    case.hash = hash;
    let mut declined = case.clone();
    let happened = tried(&mut declined, "ApprovalDeclined FINAL");
    assert_eq!(happened, Happened::Stayed);
    cell("ApprovalDeclined FINAL", "T2").holds(&happened, &SETTLED);
    for role in ["DPO", "IAO"] {
        let data = if role == "DPO" { case.advice("DPO") } else { case.approval() };
        let kind = if role == "DPO" { "AdviceGiven" } else { "ApprovalGiven" };
        case.does(kind, data, &[officer("HCK", role)]);
    }
    case.sign_for("CMD");
    case.sign_for("ISL");
    assert_eq!(track(&case), "T3");
    let late = case.execution();
    case.does("ExecutionSigned", late, &[officer("HCK", "SIG")]);
    assert_eq!(track(&case), "T3");
}
