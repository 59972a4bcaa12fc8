//! Table 2.9: Islington, in each state that a party may have, and what each event finds there.

use serde_json::{Value, json};

use super::{Happened, cells};
use crate::joining::{accession, amended, invitation, open_to_others};
use crate::sharing::{both, certificate, disclosure};
use crate::succession::{found, hands, succeeds, succession};
use crate::town::*;
use crate::world::{Person, commitment};

const TABLE: &str = include_str!("../../data/party-transitions.csv");

/// Events of signing, which are tried while a version is signed; the others while the agreement is in force.
const SIGNING: [&str; 6] = [
    "AdviceGiven",
    "ApprovalGiven",
    "ExecutionSigned",
    "ApprovalDeclined FINAL",
    "ApprovalDeclined RETURN",
    "ApprovalWithdrawn",
];

/// Cells in which a rule that comes earlier answers, always with this code (wire.md 2.3; `docs/formats.md`): whose
/// ground or signature it is comes before the state of the party.
const SETTLED: [(&str, &str, &str); 2] = [
    // A ground is closed by the party that opened it (amendments.md, A17), and only who is stopped has one of its own.
    ("AgreementResumed PARTY", "iqsxdonumk", "R01"),
    // The row is about the time before the agreement is in force; then an amendment's signature alone is taken back.
    ("ApprovalWithdrawn", "xp", "G25"),
];

/// The terms once Newham stands in them.
fn with_newham(shape: &mut Shape) {
    shape.terms["lawful_basis"]["NWM"] = json!(["E"]);
    let power = json!({ "code": "CA89-47", "holder": "NWM", "use": ["DISCLOSE", "RECEIVE"] });
    shape.terms["gateways"].as_array_mut().unwrap().push(power);
}

fn isl(role: &str) -> Vec<Person> {
    vec![officer("ISL", role)]
}

/// An agreement that others may join, while it is signed or in force, with an amendment being signed or not.
fn joined(state: char, in_force: bool) -> Case {
    let mut case =
        if in_force { crate::joining::formed(open_to_others()) } else { crate::joining::submitted(open_to_others()) };
    if state == 'q' {
        case.does("AccessionRequested", accession(&case, "ISL"), &isl("IGL"));
        return case;
    }
    case.does("PartyInvited", invitation(&case, "ISL"), &[officer("CMD", "IGL")]);
    match state {
        's' => {
            case.does("AdviceGiven", case.advice("DPO"), &isl("DPO"));
        }
        'd' => {
            case.does("ApprovalDeclined", case.decline("FINAL"), &isl("SIG"));
        }
        'i' => {}
        _ => case.sign_for("ISL"),
    }
    if in_force && matches!(state, 'o' | 'n') {
        // It leaves, or is left behind, with data of the others.
        case.does("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    }
    match state {
        'p' => {
            case.suspend("ISL", "PARTY");
        }
        'l' => {
            case.does("RevocationNoticed", leaving("POLICY", "2027-01-10"), &isl("SIG"));
        }
        'o' => {
            case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &isl("SIG"));
        }
        'n' => {
            amended(&mut case, "/notice_days", json!(10));
            case.sign_for("HCK");
            case.sign_for("CMD");
        }
        'u' => {
            found(&mut case.world);
            let mut data = succession("TRANSFER", &["ISL"], &["NWM"], &case.today());
            data["functions"] = json!(["HOUSING"]);
            succeeds(&mut case, data, &hands(&["ISL"], &["NWM"])).unwrap();
        }
        _ => {}
    }
    case
}

/// An import with Islington, which says nothing of it or disputes it, so far along that the event could pass.
fn imported(state: char, event: &str) -> Case {
    let shape = if matches!(event, "PartyInvited" | "AccessionRequested") {
        let mut shape = open_to_others();
        shape.parties.as_array_mut().unwrap().push(row("ISL", "RECIPIENT"));
        shape
    } else {
        Shape::three()
    };
    let (mut case, import) = if event == "DestructionCertified" && state == 'k' {
        crate::importing::ended(shape)
    } else {
        crate::importing::imported(shape, &[])
    };
    if state == 'k' {
        case.does("ImportDisputed", crate::importing::dispute(&import), &isl("IGL"));
    }
    if SIGNING.contains(&event) {
        for code in ["CMD", "HCK"] {
            case.does("ImportConfirmed", crate::importing::confirmation(&import), &[officer(code, "SIG")]);
        }
        let shape = case.shape.clone().with("/notice_days", json!(12));
        being_signed(&mut case, &shape, 2);
    }
    if event == "AgreementResumed PARTY" {
        case.does("ImportConfirmed", crate::importing::confirmation(&import), &[officer("CMD", "SIG")]);
    }
    case
}

/// The others propose an amendment and freeze it.
fn being_signed(case: &mut Case, shape: &Shape, number: u32) {
    let (mut data, hash) = case.draft_of(shape, number, &["/notice_days"]);
    data["class"] = json!("M3");
    data["renewal"] = json!(false);
    data["words"] = commitment();
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    let mut data = case.submission();
    data["version"] = json!(number);
    data["version_hash"] = json!(hash);
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    case.hash = hash;
}

/// Islington in a state, in a setting in which the agreement itself lets the event pass.
fn islington(state: char, event: &str) -> Case {
    if matches!(state, 'm' | 'k') {
        return imported(state, event);
    }
    let signing = SIGNING.contains(&event) || event == "TermsSubmitted";
    let mut case = joined(state, !(signing && matches!(state, 'i' | 'q' | 's' | 'd')));
    if event == "AgreementResumed PARTY" && state == 'l' {
        // With a ground of its own.
        case = joined('p', true);
        case.does("RevocationNoticed", leaving("POLICY", "2027-01-10"), &isl("SIG"));
    }
    if signing && event != "TermsSubmitted" && "xploun".contains(state) {
        let mut shape = case.shape.clone().with("/notice_days", json!(12));
        shape.parties.as_array_mut().unwrap().push(row(if state == 'u' { "NWM" } else { "ISL" }, "RECIPIENT"));
        with_newham(&mut shape);
        being_signed(&mut case, &shape, if state == 'n' { 3 } else { 2 });
        if matches!(event, "ApprovalGiven" | "ExecutionSigned") && matches!(state, 'x' | 'p') {
            case.does("AdviceGiven", case.advice("DPO"), &isl("DPO"));
            if event == "ExecutionSigned" {
                case.does("ApprovalGiven", case.approval(), &isl("IAO"));
            }
        }
    }
    if event == "DestructionCertified" && "iqsdulx".contains(state) {
        let mut sent = disclosure(&["DS-1"]);
        sent["recipients"] = if "lx".contains(state) { json!(["CMD", "ISL"]) } else { json!(["CMD"]) };
        case.does("DisclosureLogged", sent, &[officer("HCK", "IAO")]);
        for code in ["CMD", "HCK"] {
            if case.letter() == 'V' {
                case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer(code, "SIG")]);
            }
        }
        assert_eq!(case.letter(), 'E');
    }
    assert_eq!(case.party("ISL"), state, "{event}");
    case
}

/// The event in the hands of Islington, or of whoever does this to Islington.
fn attempt(case: &mut Case, event: &str, state: char) -> (&'static str, Value, Vec<Person>) {
    let none = "01890000-0000-7000-8000-ffffffffffff".to_owned();
    let signed = case.agreement().signatures().iter().rfind(|s| s.organisation.as_str() == "ISL").map(|s| s.event);
    let target = signed.map_or(none.clone(), |event| event.to_string());
    let notice = case.agreement().party("ISL".parse().unwrap()).unwrap().notice.clone();
    let ground = case.agreement().grounds().first().map(|ground| ground.event.to_string());
    let import = case.agreement().import().map_or(none.clone(), |import| import.event.to_string());
    match event {
        "PartyInvited" => ("PartyInvited", invitation(case, "ISL"), vec![officer("CMD", "IGL")]),
        "AccessionRequested" => ("AccessionRequested", accession(case, "ISL"), isl("IGL")),
        "AdviceGiven" => ("AdviceGiven", case.advice("DPO"), isl("DPO")),
        "ApprovalGiven" => {
            if matches!(state, 'i' | 's') {
                // Advice comes first; it is what makes the party a signing one.
                case.does("AdviceGiven", case.advice("DPO"), &isl("DPO"));
            }
            ("ApprovalGiven", case.approval(), isl("IAO"))
        }
        "ExecutionSigned" => {
            if state == 's' {
                case.does("ApprovalGiven", case.approval(), &isl("IAO"));
            }
            ("ExecutionSigned", case.execution(), isl("SIG"))
        }
        "ApprovalDeclined FINAL" => ("ApprovalDeclined", case.decline("FINAL"), isl("SIG")),
        "ApprovalDeclined RETURN" => ("ApprovalDeclined", case.decline("RETURN"), isl("SIG")),
        "ApprovalWithdrawn" => ("ApprovalWithdrawn", json!({ "target": target, "words": commitment() }), isl("SIG")),
        "AgreementSuspended PARTY" => ("AgreementSuspended", suspension("SECURITY", "PARTY"), isl("SIRO")),
        "AgreementResumed PARTY" => {
            let ground = ground.unwrap_or_else(|| case.suspend("CMD", "PARTY"));
            ("AgreementResumed", resumption(&ground), isl("SIRO"))
        }
        "RevocationNoticed" => ("RevocationNoticed", leaving("POLICY", "2027-06-01"), isl("SIG")),
        "RevocationRescinded" => {
            let target = notice.map_or(none, |notice| notice.event.to_string());
            ("RevocationRescinded", json!({ "target": target }), isl("SIG"))
        }
        "DestructionCertified" => ("DestructionCertified", certificate(&[], "DESTROYED"), both("ISL").to_vec()),
        "ImportConfirmed" => ("ImportConfirmed", crate::importing::confirmation(&import), isl("SIG")),
        "ImportDisputed" => ("ImportDisputed", crate::importing::dispute(&import), isl("SIG")),
        other => panic!("{other} is not tried"),
    }
}

/// What happens to Islington when the others freeze a version, whose draft it may have declined before.
fn frozen(state: char) -> Option<Happened> {
    let mut case = match state {
        'i' | 's' => {
            let mut case = Case::filed(open_to_others());
            case.does("PartyInvited", invitation(&case, "ISL"), &[officer("CMD", "IGL")]);
            if state == 's' {
                case.does("AdviceGiven", case.advice("DPO"), &isl("DPO"));
            }
            case
        }
        'q' | 'd' => {
            let mut case = joined(state, false);
            case.does("ApprovalDeclined", case.decline("RETURN"), &[officer("HCK", "SIG")]);
            case
        }
        _ => return None,
    };
    for code in ["CMD", "HCK"] {
        let waits = case.agreement().party(code.parse().unwrap()).unwrap().accepted.is_none();
        if waits {
            case.does("RequestTriaged", accepted(), &[officer(code, "IGL")]);
        }
    }
    let before = case.party("ISL").to_string();
    let data = case.submission();
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    Some(Happened::between(&before, &case.party("ISL").to_string()))
}

/// What an amendment of the others makes of Islington: while it is submitted, and when it takes effect.
fn adopted_by_others(state: char, effective: bool) -> Happened {
    let mut case = islington(state, "");
    let before = case.party("ISL").to_string();
    if state == 'n' || matches!(state, 'm' | 'k') {
        // It has seen an amendment already, or there are no words to amend.
        return Happened::Stayed;
    }
    let joins = if state == 'u' { "NWM" } else { "ISL" };
    let mut shape = case.shape.clone().with("/notice_days", json!(12));
    if "xplu".contains(state) {
        shape.parties.as_array_mut().unwrap().push(row(joins, "RECIPIENT"));
        with_newham(&mut shape);
    }
    being_signed(&mut case, &shape, 2);
    if effective {
        case.sign_for("HCK");
        case.sign_for("CMD");
        assert_eq!(case.agreement().current().number, 2, "{state}");
    }
    Happened::between(&before, &case.party("ISL").to_string())
}

/// What a derived change, or an event of another stream, makes of Islington.
fn outside(state: char, event: &str) -> Happened {
    let mut case = islington(state, event);
    let before = case.party("ISL").to_string();
    match event {
        "NoticeElapsed" => {
            if state == 'p' {
                case.does("RevocationNoticed", leaving("POLICY", "2027-01-10"), &isl("SIG"));
            }
            case.world.now = instant("2027-01-10T00:00:00.000Z");
        }
        "OrganisationLeft" => {
            let draft = case.world.draft("org:ISL", "OrganisationLeft", json!({ "on": case.today() }), &isl("CEX"));
            case.world.record(&draft).unwrap();
        }
        "OrganisationSucceeded" | "SuccessionUnconfirmed" => {
            if state != 'u' {
                found(&mut case.world);
                let data = succession("REPLACE", &["ISL"], &["NWM"], &case.today());
                succeeds(&mut case, data, &hands(&["ISL"], &["NWM"])).unwrap();
            }
            if event == "SuccessionUnconfirmed" {
                // It is about the row of the successor, where there is one.
                let whose = if state == 'u' { "ISL" } else { "NWM" };
                let row = |case: &Case| {
                    let agreement = case.agreement();
                    agreement.party(whose.parse().unwrap()).map_or('-', |party| party.state.letter()).to_string()
                };
                let before = row(&case);
                // A notice of before would have run out by then.
                if state == 'l' {
                    return before_and_after_of_notice();
                }
                case.world.now += 91 * DAY;
                return Happened::between(&before, &row(&case));
            }
        }
        other => panic!("{other} is not tried"),
    }
    Happened::between(&before, &case.party("ISL").to_string())
}

/// A successor whose predecessor gave notice that still runs is stopped all the same when it does not confirm.
fn before_and_after_of_notice() -> Happened {
    let mut case = joined('x', true);
    case.does("RevocationNoticed", leaving("POLICY", "2027-09-01"), &isl("SIG"));
    found(&mut case.world);
    let data = succession("REPLACE", &["ISL"], &["NWM"], &case.today());
    succeeds(&mut case, data, &hands(&["ISL"], &["NWM"])).unwrap();
    let before = case.party("NWM").to_string();
    assert_eq!(before, "l");
    case.world.now += 91 * DAY;
    let stopped = case.agreement().grounds().len() == 1;
    assert!(stopped, "sharing with it stops");
    Happened::between(&before, &case.party("NWM").to_string())
}

#[test]
fn i05_every_cell_of_a_party_does_what_is_printed() {
    let (mut seen, mut settled, mut wrong) = (0, 0, Vec::new());
    for cell in cells(TABLE) {
        seen += 1;
        settled += usize::from(cell.settled(&SETTLED).is_some());
        let state = cell.state.chars().next().unwrap();
        let happened = match cell.event.as_str() {
            "TermsSubmitted" => frozen(state).unwrap_or_else(|| adopted_by_others(state, false)),
            "AmendmentEffective LEAVE" => adopted_by_others(state, true),
            "NoticeElapsed" | "OrganisationLeft" | "OrganisationSucceeded" | "SuccessionUnconfirmed" => {
                outside(state, &cell.event)
            }
            event => {
                let mut case = islington(state, event);
                let (kind, data, by) = attempt(&mut case, event, state);
                let draft = case.event(kind, data, &by);
                let letter = |case: &Case| case.party("ISL").to_string();
                let before = if event == "ApprovalGiven" { state.to_string() } else { letter(&case) };
                match case.world.record(&draft) {
                    Ok(_) => Happened::between(&before, &letter(&case)),
                    Err(stopped) => Happened::Refused(stopped.stop.code().to_owned()),
                }
            }
        };
        wrong.extend(cell.wrong(&happened, &SETTLED));
    }
    super::all_right(&wrong);
    assert_eq!((seen, settled), (252, SETTLED.iter().map(|(_, states, _)| states.len()).sum()));
}

#[test]
fn the_other_outcomes_of_a_party_are_reached_too() {
    let cell = |event: &str, state: &str| {
        cells(TABLE).into_iter().find(|cell| cell.event == event && cell.state == state).unwrap()
    };
    // Bound, and no amendment: another signature is refused.
    for (event, kind) in [("AdviceGiven", "AdviceGiven"), ("ApprovalGiven", "ApprovalGiven")] {
        let mut case = joined('x', false);
        let data = if kind == "AdviceGiven" { case.advice("DPO") } else { case.approval() };
        let role = if kind == "AdviceGiven" { "DPO" } else { "IAO" };
        let code = case.refused(kind, data, &isl(role));
        cell(event, "x").holds(&Happened::Refused(code), &[]);
    }
    // Before the agreement is in force an execution is taken back.
    let mut case = joined('x', false);
    let (kind, data, by) = attempt(&mut case, "ApprovalWithdrawn", 'x');
    case.does(kind, data, &by);
    cell("ApprovalWithdrawn", "x").holds(&Happened::Moved(case.party("ISL").to_string()), &[]);
    assert_eq!(case.party("ISL"), 's');
    // At once.
    for state in ['x', 'p'] {
        let mut case = joined(state, true);
        case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &isl("SIG"));
        assert_eq!(case.party("ISL"), 'o');
        cell("RevocationNoticed", &state.to_string()).holds(&Happened::Moved("o".to_owned()), &[]);
    }
    // Of two grounds one is left; with a notice running the party goes on leaving.
    let mut case = joined('p', true);
    let second = case.suspend("ISL", "PARTY");
    case.does("AgreementResumed", resumption(&second), &isl("SIRO"));
    assert_eq!(case.party("ISL"), 'p');
}
