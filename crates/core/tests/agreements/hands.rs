//! Who may sign each event of an agreement (domain.md 2.4, amendments.md): every office of the party is tried, a hand
//! too many, a hand too few, and the same office of a body that is no party.

mod besides;

use crate::table::{attempt, prepare};
use crate::town::*;
use crate::world::Person;

const OFFICES: [&str; 14] =
    ["CEX", "ADM", "REQ", "IGL", "DPO", "SIRO", "CG", "IAO", "SIG", "LGL", "SEC", "OPN", "LEO", "DAT"];

/// An event, the stage in which it is tried, and the offices of which one signs it, first if there are several.
const HANDS: [(&str, char, &str); 38] = [
    ("RequestFiled", 'N', "REQ IGL"),
    ("RequestTriaged", 'F', "IGL"),
    ("ClarificationRequested", 'F', "IGL DPO CG SIRO IAO LGL SEC"),
    ("ClarificationProvided", 'C', "IGL REQ"),
    ("CounterProposalMade", 'F', "IGL"),
    ("CounterProposalAccepted", 'G', "IGL"),
    ("CounterProposalRejected", 'G', "IGL"),
    ("TermsSubmitted", 'F', "IGL"),
    // Its `kind` is the signer's office.
    ("AdviceGiven", 'A', "DPO"),
    ("ApprovalGiven", 'A', "IAO SIRO CG LEO SEC OPN"),
    ("ExecutionSigned", 'A', "SIG"),
    // Whoever the version asks for at this party.
    ("ApprovalDeclined", 'A', "DPO IAO SIG"),
    // Its target is the execution.
    ("ApprovalWithdrawn", 'A', "SIG"),
    ("RequestRefused", 'F', "SIRO SIG"),
    // The requesting officer filed it.
    ("RequestWithdrawn", 'F', "IGL SIG REQ"),
    ("AgreementSuspended", 'V', "SIRO CG SIG"),
    ("AgreementResumed", 'S', "SIRO"),
    ("RevocationNoticed", 'V', "SIG SIRO"),
    ("RevocationRescinded", 'V', "SIG SIRO"),
    ("TerminationConsented", 'V', "SIG"),
    ("AmendmentProposed", 'V', "IGL"),
    ("ReviewCompleted", 'V', "IGL"),
    ("PublicationDecided", 'V', "IGL"),
    ("PartyInvited", 'F', "IGL"),
    ("AccessionRequested", 'F', "IGL"),
    ("LeadChanged", 'V', "IGL"),
    // Its target was signed by the requesting officer.
    ("Corrected", 'V', "REQ"),
    ("DisclosureLogged", 'V', "IAO DAT"),
    ("IncidentNoted", 'V', "IGL DPO SIRO SEC"),
    ("DestructionCertified", 'E', "IAO"),
    ("RetentionHoldPlaced", 'V', "LGL SIG"),
    ("DocumentAttached", 'V', "IGL DPO LGL SIG"),
    ("NoteRecorded", 'V', "CEX ADM REQ IGL DPO SIRO CG IAO SIG LGL SEC OPN LEO DAT"),
    ("AgreementImported", 'N', "IGL"),
    ("ImportConfirmed", 'V', "SIG"),
    ("ImportDisputed", 'V', "SIG SIRO IGL"),
    ("EmergencySharingRecorded", 'N', "SIRO CG DPO"),
    ("ContestResolved", 'V', "SIRO CEX"),
];

fn case_of(event: &str, stage: char) -> Case {
    match event {
        "EmergencySharingRecorded" => Case::none(crate::emergency::shape()),
        "ImportConfirmed" | "ImportDisputed" => crate::importing::in_stage(stage),
        _ => {
            let mut case = Case::in_stage(stage, Shape::pair());
            prepare(&mut case, event, stage);
            case
        }
    }
}

/// The code with which these hands are refused, if they are.
fn refusal(case: &Case, event: &str, data: &serde_json::Value, signers: &[Person]) -> Option<String> {
    // One key is no second hand: such an envelope is none.
    if signers
        .iter()
        .enumerate()
        .any(|(place, one)| signers[..place].iter().any(|other| other.key_id() == one.key_id()))
    {
        return Some("R".to_owned());
    }
    let mut case = case.clone();
    let draft = case.event(event, data.clone(), signers);
    case.world.record(&draft).err().map(|stopped| stopped.stop.code().to_owned())
}

/// Whether they are refused for who they are, whatever else is wrong.
fn is_refused(case: &Case, event: &str, data: &serde_json::Value, signers: &[Person]) -> bool {
    refusal(case, event, data, signers).is_some_and(|code| code.starts_with('R'))
}

#[test]
fn each_event_is_signed_by_the_offices_that_are_printed_and_no_other() {
    let mut wrong = Vec::new();
    for (event, stage, offices) in HANDS {
        let mut case = case_of(event, stage);
        let (data, signers) = attempt(&mut case, event).unwrap();
        let first = signers[0].organisation;
        for role in OFFICES {
            let mut hands = signers.clone();
            hands[0] = officer(first, role);
            let may = offices.split(' ').any(|office| office == role);
            if is_refused(&case, event, &data, &hands) == may {
                wrong.push(format!("{event}: {role} of {first}, and {offices} sign it"));
            }
        }
        for spare in [officer(first, "LEO"), officer("ISL", "SIRO")] {
            let mut hands = signers.clone();
            hands.push(spare.clone());
            if !is_refused(&case, event, &data, &hands) {
                wrong.push(format!("{event}: {} of {} besides", spare.role, spare.organisation));
            }
        }
        for left_out in 1..signers.len() {
            let mut hands = signers.clone();
            hands.remove(left_out);
            // Taking back a notice between two wants the other's consent, and says so itself (G24).
            if refusal(&case, event, &data, &hands).is_none() {
                wrong.push(format!("{event}: without its hand {left_out}"));
            }
            // The same office of another body is no second hand.
            hands.insert(left_out, officer("ISL", signers[left_out].role));
            if !is_refused(&case, event, &data, &hands) {
                wrong.push(format!("{event}: with another body's hand {left_out}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Who is no party has no say in any stage, and is told so before what the stage says.
#[test]
fn a_stranger_is_refused_in_every_stage_whatever_the_stage_says() {
    let mut wrong = Vec::new();
    for letter in "FCGAPVSEXRWL".chars() {
        let case = Case::in_stage(letter, Shape::pair());
        for (event, _, offices) in HANDS {
            // These begin an agreement, or are how a stranger comes in; a contested event of nobody is told by G34.
            let first = ["RequestFiled", "AgreementImported", "EmergencySharingRecorded"].contains(&event);
            if first || event == "AccessionRequested" || event == "ContestResolved" {
                continue;
            }
            let (data, signers) = attempt(&mut case.clone(), event).unwrap();
            let mut roles: Vec<&str> = offices.split(' ').collect();
            roles.push(signers[0].role);
            for role in roles {
                let mut hands = vec![officer("ISL", role)];
                hands.extend(signers[1..].iter().filter(|other| other.organisation != "ISL").cloned());
                let refused = refusal(&case, event, &data, &hands);
                if !refused.as_deref().is_some_and(|code| code.starts_with('R')) {
                    wrong.push(format!("{event} in {letter} by {role}: {refused:?}"));
                }
            }
        }
        for event in ["AmendmentAbandoned", "IncidentUpdated", "RetentionHoldReleased"] {
            let (data, signers) = attempt(&mut case.clone(), event).unwrap();
            let refused = refusal(&case, event, &data, &[officer("ISL", signers[0].role)]);
            if !refused.as_deref().is_some_and(|code| code.starts_with('R')) {
                wrong.push(format!("{event} in {letter}: {refused:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Who holds an office for the second time holds it.
#[test]
fn an_office_that_was_given_anew_is_held() {
    let mut case = Case::in_force(Shape::pair());
    let lawyer = officer("HCK", "LGL");
    let held = case.world.replay.state.organisations[&"HCK".parse().unwrap()].clone();
    let first = held.appointments.iter().find(|a| a.role.as_str() == "LGL").unwrap().event.to_string();
    let data = serde_json::json!({ "appointment": first });
    let end = case.world.draft("org:HCK", "RoleHolderRevoked", data, &[officer("HCK", "ADM")]);
    case.world.record(&end).unwrap();
    assert_eq!(case.tries("NoteRecorded", &note(), &[lawyer.clone()]), "R02");
    // Whole, or for some functions alone: one of those that the row names is enough.
    for (functions, code) in [
        (&[][..], "-"),
        (&["HOUSING"], "-"),
        (&["PLANNING"], "R01"),
        (&["HOUSING", "PLANNING"], "-"),
        (&["PLANNING", "TRANSPORT"], "R01"),
    ] {
        let mut case = case.clone();
        let by = [officer("HCK", "ADM")];
        let mut draft = case.world.appointment(&by, &lawyer);
        draft.payload["data"]["functions"] = serde_json::json!(functions);
        case.world.record(&draft).unwrap();
        assert_eq!(case.tries("NoteRecorded", &note(), &[lawyer.clone()]), code, "{functions:?}");
    }
}
