//! A26 to A31 and A33: data are sent, destroyed, held; incidents; documents.

use serde_json::{Value, json};

use crate::town::*;
use crate::world::{commitment, registrars};

pub fn disclosure(datasets: &[&str]) -> Value {
    json!({ "band": "UNDER_1000", "datasets": datasets, "from": "2026-12-01", "method": "SFTP", "to": "2026-12-31" })
}

fn to(recipients: &[&str]) -> Value {
    let mut data = disclosure(&["DS-1"]);
    data["recipients"] = json!(recipients);
    data
}

pub fn certificate(datasets: &[&str], outcome: &str) -> Value {
    json!({ "datasets": datasets, "on": "2026-12-01", "outcome": outcome, "words": commitment() })
}

pub fn both(code: &str) -> [crate::world::Person; 2] {
    [officer(code, "IAO"), officer(code, "SEC")]
}

fn owed(case: &Case) -> Vec<String> {
    let agreement = case.agreement();
    let one = |duty: &counterpart_core::agreement::Duty| {
        let due = agreement.due_on(duty).map_or("not yet".to_owned(), |day| day.to_string());
        format!("{} {} {due}", duty.organisation, duty.dataset.unwrap())
    };
    agreement.duties().iter().map(one).collect()
}

#[test]
fn the_provider_logs_what_it_sent_and_the_recipient_owes_its_destruction() {
    let mut case = Case::in_force(Shape::pair());
    let sent = disclosure(&["DS-1"]);
    assert_eq!(case.refused("DisclosureLogged", sent.clone(), &[officer("HCK", "SIG")]), "R01");
    assert_eq!(case.refused("DisclosureLogged", sent.clone(), &[officer("CMD", "IAO")]), "R01");
    assert_eq!(case.refused("DisclosureLogged", disclosure(&["DS-2"]), &[officer("HCK", "IAO")]), "G39");
    assert_eq!(case.refused("DisclosureLogged", to(&["ISL"]), &[officer("HCK", "IAO")]), "G39");
    assert_eq!(case.refused("DisclosureLogged", to(&["HCK"]), &[officer("HCK", "IAO")]), "G39");
    case.does("DisclosureLogged", sent.clone(), &[officer("HCK", "IAO")]);
    assert_eq!(owed(&case), ["CMD DS-1 not yet"]);
    assert!(!case.agreement().sent()[0].too_often);
    case.does("DisclosureLogged", sent, &[officer("HCK", "IAO")]);
    assert!(case.agreement().sent()[0].too_often, "G41: monthly was agreed");
    assert_eq!(owed(&case).len(), 1, "a duty once");
    let told = case.told("DestructionCertified", certificate(&["DS-1"], "DESTROYED"), &both("CMD"));
    assert!(told.starts_with("CMD has no destruction duty now: the agreement is in force"), "{told}");
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("HCK", "SIG")]);
    assert_eq!((case.letter(), owed(&case)), ('E', vec!["CMD DS-1 2026-12-31".to_owned()]));
    assert_eq!(case.refused("DestructionCertified", certificate(&["DS-1"], "DESTROYED"), &both("HCK")), "T20");
    assert_eq!(
        case.refused("DestructionCertified", certificate(&["DS-1"], "DESTROYED"), &[officer("CMD", "IAO")]),
        "R01"
    );
    let mut kept = certificate(&[], "RETAINED_UNDER_LAW");
    assert_eq!(case.refused("DestructionCertified", kept.clone(), &both("CMD")), "G43");
    kept["recheck"] = json!("2027-12-01");
    let mut supplied = certificate(&["DS-1"], "DESTROYED");
    supplied["certificate"] = commitment();
    let mut other = case.clone();
    other.does("DestructionCertified", supplied, &[officer("CMD", "IAO")]);
    assert_eq!(other.letter(), 'X');
    case.does("DestructionCertified", kept, &both("CMD"));
    assert_eq!(case.letter(), 'X');
    assert_eq!(case.refused("DestructionCertified", certificate(&[], "DESTROYED"), &both("CMD")), "T18");
}

#[test]
fn nothing_is_sent_to_or_by_a_party_whose_sharing_is_stopped() {
    let mut case = Case::in_force(Shape::three());
    let ground = case.suspend("ISL", "PARTY");
    let told = case.told("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    assert_eq!(told, "ISL may not receive DS-1 on 2026-12-01: it is suspended in this agreement.");
    assert_eq!(case.refused("DisclosureLogged", disclosure(&["DS-2"]), &[officer("ISL", "IAO")]), "G13");
    case.does("DisclosureLogged", to(&["CMD"]), &[officer("HCK", "DAT")]);
    case.does("AgreementResumed", resumption(&ground), &[officer("ISL", "SIRO")]);
    case.does("AgreementSuspended", of_datasets(&["DS-1"]), &[officer("CMD", "SIRO")]);
    assert_eq!(case.refused("DisclosureLogged", to(&["CMD"]), &[officer("HCK", "DAT")]), "G39");
    case.does("DisclosureLogged", disclosure(&["DS-2"]), &[officer("ISL", "IAO")]);
    assert_eq!(owed(&case), ["CMD DS-1 not yet", "CMD DS-2 not yet", "HCK DS-2 not yet"]);
    // Whoever leaves certifies at once, though the others go on.
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("CMD", "SIG")]);
    assert_eq!(owed(&case)[0], "CMD DS-1 2026-12-31");
    case.does("DestructionCertified", certificate(&["DS-2"], "RETURNED"), &both("CMD"));
    assert_eq!(owed(&case), ["CMD DS-1 2026-12-31", "HCK DS-2 not yet"]);
    assert_eq!(case.refused("DestructionCertified", certificate(&["DS-2"], "RETURNED"), &both("CMD")), "T20");
    assert_eq!(case.refused("DisclosureLogged", to(&["CMD"]), &[officer("HCK", "DAT")]), "G39");
}

#[test]
fn a_one_off_is_sent_once_and_may_be_destroyed_at_once() {
    let shape = Shape::pair()
        .with("/sharing_mode", json!("ONE_OFF"))
        .with("/datasets/0/frequency", json!("ONCE"))
        .with("/term/end_date", json!("2027-10-31"))
        .with("/term/review_date", json!("2027-10-01"));
    let mut case = Case::in_force(shape);
    assert_eq!(case.refused("DestructionCertified", certificate(&["DS-1"], "DESTROYED"), &both("CMD")), "T20");
    case.does("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    let told = case.told("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    assert_eq!(told, "This is a one-off agreement and DS-1 was already sent on 2026-12-01.");
    case.does("DestructionCertified", certificate(&["DS-1"], "DESTROYED"), &both("CMD"));
    assert_eq!((case.letter(), owed(&case).len()), ('V', 0));
}

#[test]
fn open_data_may_be_logged_and_nobody_owes_anything() {
    let mut case = Case::in_force(Shape::open());
    case.does("DisclosureLogged", disclosure(&["DS-1"]), &[officer("CMD", "DAT")]);
    assert!(case.agreement().duties().is_empty());
}

#[test]
fn a_hold_stops_destruction_and_the_end_until_it_is_released() {
    let mut case = Case::in_force(Shape::pair());
    let hold = json!({ "datasets": ["DS-1"], "reason": "LITIGATION" });
    assert_eq!(case.refused("RetentionHoldPlaced", hold.clone(), &[officer("HCK", "DPO")]), "R01");
    let placed = case.does("RetentionHoldPlaced", hold, &[officer("HCK", "LGL")]);
    case.does("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("HCK", "SIG")]);
    let told = case.told("DestructionCertified", certificate(&["DS-1"], "DESTROYED"), &both("CMD"));
    assert_eq!(told, "A legal hold placed on 2026-12-01 stops destruction of DS-1.");
    let release = json!({ "hold": placed });
    assert_eq!(case.refused("RetentionHoldReleased", release.clone(), &[officer("CMD", "LGL")]), "R01");
    case.world.now += 40 * DAY;
    case.does("RetentionHoldReleased", release.clone(), &[officer("HCK", "SIG")]);
    assert_eq!(owed(&case), ["CMD DS-1 2027-02-09"], "30 days from the release");
    assert_eq!(case.refused("RetentionHoldReleased", release, &[officer("HCK", "SIG")]), "G31");
    let mut twice = case.clone();
    let second =
        twice.does("RetentionHoldPlaced", json!({ "datasets": [], "reason": "POLICE" }), &[officer("CMD", "SIG")]);
    assert_eq!(twice.refused("DestructionCertified", certificate(&[], "DESTROYED"), &both("CMD")), "G42");
    twice.does("RetentionHoldReleased", json!({ "hold": second }), &[officer("CMD", "LGL")]);
    case.does("DestructionCertified", certificate(&["DS-1"], "DESTROYED"), &both("CMD"));
    assert_eq!(case.letter(), 'X');
    // A hold alone keeps an ended agreement open, and its release closes it.
    let mut idle = Case::in_force(Shape::pair());
    let kept =
        idle.does("RetentionHoldPlaced", json!({ "datasets": [], "reason": "INQUIRY" }), &[officer("CMD", "SIG")]);
    idle.does("RevocationNoticed", leaving("UNLAWFUL", &idle.today()), &[officer("HCK", "SIG")]);
    assert_eq!(idle.letter(), 'E');
    idle.does("RetentionHoldReleased", json!({ "hold": kept }), &[officer("CMD", "LGL")]);
    assert_eq!(idle.letter(), 'X');
}

#[test]
fn nothing_resumes_while_an_incident_is_critical() {
    let mut case = Case::in_force(Shape::pair());
    let ground = case.suspend("HCK", "WHOLE");
    let noted = json!({ "key": false, "words": commitment() });
    assert_eq!(case.refused("IncidentNoted", noted.clone(), &[officer("CMD", "SIG")]), "R01");
    let incident = case.does("IncidentNoted", noted, &[officer("CMD", "DPO")]);
    let status =
        |status: &str, incident: &str| json!({ "incident": incident, "status": status, "words": commitment() });
    assert_eq!(case.refused("IncidentUpdated", status("CLOSED", &ground), &[officer("HCK", "IGL")]), "G28");
    case.does("IncidentUpdated", status("CRITICAL_OPEN", &incident), &[officer("HCK", "SEC")]);
    let told = case.told("AgreementResumed", resumption(&ground), &[officer("HCK", "SIRO")]);
    assert_eq!(told, format!("Incident {incident} is still critical. Contain it before resuming."));
    case.does("IncidentUpdated", status("CONTAINED", &incident), &[officer("CMD", "IGL")]);
    case.does("AgreementResumed", resumption(&ground), &[officer("HCK", "SIRO")]);
    case.does("IncidentUpdated", status("CLOSED", &incident), &[officer("CMD", "SIRO")]);
    assert_eq!(case.refused("IncidentUpdated", status("OPEN", &incident), &[officer("CMD", "IGL")]), "G28");
    assert_eq!(case.letter(), 'V');
}

#[test]
fn a_body_that_left_the_ledger_still_certifies_and_warns() {
    let mut case = Case::in_force(Shape::pair());
    case.does("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    let draft =
        case.world.draft("org:CMD", "OrganisationLeft", json!({ "on": case.today() }), &[officer("CMD", "CEX")]);
    case.world.record(&draft).unwrap();
    assert_eq!((case.letter(), case.party("CMD")), ('E', 'o'));
    assert_eq!(case.refused("NoteRecorded", note(), &[officer("CMD", "LGL")]), "O03");
    case.does("IncidentNoted", json!({ "key": false, "words": commitment() }), &[officer("CMD", "DPO")]);
    assert_eq!(
        case.refused(
            "DestructionCertified",
            certificate(&[], "DESTROYED"),
            &[officer("CMD", "SEC"), officer("CMD", "IAO")]
        ),
        "R01"
    );
    case.does("DestructionCertified", certificate(&[], "DESTROYED"), &both("CMD"));
    assert_eq!(case.letter(), 'X');
}

#[test]
fn a_suspended_body_may_hold_warn_and_certify() {
    let mut case = Case::in_force(Shape::pair());
    case.does("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("HCK", "SIG")]);
    let [one, two, _] = registrars();
    let until = json!({ "reason": "SECURITY", "until": "2026-12-05" });
    let draft = case.world.draft("org:CMD", "OrganisationSuspended", until, &[one, two]);
    case.world.record(&draft).unwrap();
    case.does("IncidentNoted", json!({ "key": true, "words": commitment() }), &[officer("CMD", "SEC")]);
    let held =
        case.does("RetentionHoldPlaced", json!({ "datasets": [], "reason": "POLICE" }), &[officer("CMD", "SIG")]);
    case.does("RetentionHoldReleased", json!({ "hold": held }), &[officer("CMD", "SIG")]);
    assert_eq!(case.refused("DocumentAttached", document(), &[officer("CMD", "IGL")]), "O05");
    case.does("DestructionCertified", certificate(&["DS-1"], "ANONYMISED"), &both("CMD"));
    assert_eq!(case.letter(), 'X');
}

pub fn document() -> Value {
    json!({ "file": commitment(), "kind": "DPIA" })
}

#[test]
fn two_hundred_documents_and_no_more() {
    let mut case = Case::filed(Shape::pair());
    assert_eq!(case.refused("DocumentAttached", document(), &[officer("HCK", "IAO")]), "R01");
    for at in 0..200 {
        case.world.now += if at == 150 { DAY } else { 0 };
        case.does("DocumentAttached", document(), &[officer("HCK", "DPO")]);
    }
    let told = case.told("DocumentAttached", document(), &[officer("CMD", "LGL")]);
    assert_eq!(told, "This agreement has reached its limit of 200 documents. Attach it to another record.");
}

#[test]
fn a_hold_stops_the_datasets_that_it_names() {
    let shape = Shape::pair().with("/datasets", json!([dataset("HCK", &["CMD"]), dataset("HCK", &["CMD"])]));
    let mut case = Case::in_force(shape);
    case.does("DisclosureLogged", disclosure(&["DS-1", "DS-2"]), &[officer("HCK", "IAO")]);
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("HCK", "SIG")]);
    let hold = json!({ "datasets": ["DS-1"], "reason": "POLICE" });
    let hold = case.does("RetentionHoldPlaced", hold, &[officer("CMD", "LGL")]);
    for (datasets, code) in [
        (&["DS-1"][..], Some("G42")),
        (&[], Some("G42")),
        (&["DS-1", "DS-2"], Some("G42")),
        (&["DS-2"], None),
        (&["DS-3"], Some("T20")),
    ] {
        let mut case = case.clone();
        let draft = case.event("DestructionCertified", certificate(datasets, "DESTROYED"), &both("CMD"));
        let happened = case.world.record(&draft).err().map(|stopped| stopped.stop.code().to_owned());
        assert_eq!(happened.as_deref(), code, "{datasets:?}");
    }
    case.does("DestructionCertified", certificate(&["DS-2"], "DESTROYED"), &both("CMD"));
    assert_eq!(owed(&case), ["CMD DS-1 2026-12-31"]);
    // Released days later, there are as many days again for what was held, and for nothing else.
    case.world.now += 10 * DAY;
    case.does("RetentionHoldReleased", json!({ "hold": hold }), &[officer("CMD", "SIG")]);
    assert_eq!(owed(&case), ["CMD DS-1 2027-01-10"]);
}

#[test]
fn data_go_to_those_whom_the_dataset_names_and_never_to_the_sender() {
    let mut shape = Shape::three();
    shape.terms["datasets"] = json!([dataset("HCK", &["CMD"]), dataset("ISL", &["CMD", "HCK"])]);
    let case = Case::in_force(shape);
    let by = [officer("HCK", "IAO")];
    for (recipients, code) in
        [(&["CMD"][..], "-"), (&["ISL"], "G39"), (&["CMD", "ISL"], "G39"), (&["HCK"], "G39"), (&["BRK"], "G39")]
    {
        assert_eq!(case.tries("DisclosureLogged", &to(recipients), &by), code, "{recipients:?}");
    }
    // Everybody gives and everybody takes: the sender does not take from itself.
    let mut shape = Shape::three();
    shape.terms["datasets"] = json!([dataset("*", &[])]);
    shape.terms["datasets"][0]["recipients"] = json!("*");
    let case = Case::in_force(shape);
    for (recipients, code) in [(&["CMD", "ISL"][..], "-"), (&["HCK"], "G39"), (&["CMD", "HCK"], "G39")] {
        assert_eq!(case.tries("DisclosureLogged", &to(recipients), &by), code, "{recipients:?}");
    }
}

#[test]
fn a_certificate_names_what_its_body_owes_and_nothing_else() {
    let case = Case::in_stage('E', Shape::pair());
    for (datasets, code) in [(&["DS-1"][..], "-"), (&[], "-"), (&["DS-2"], "T20"), (&["DS-1", "DS-2"], "T20")] {
        let tried = case.tries("DestructionCertified", &certificate(datasets, "DESTROYED"), &both("CMD"));
        assert_eq!(tried, code, "{datasets:?}");
    }
}

#[test]
fn data_that_come_sooner_than_was_agreed_are_told() {
    // The rhythm, and after how many days it is soon enough.
    for (frequency, days) in [("ANNUAL", 365), ("QUARTERLY", 90), ("MONTHLY", 28), ("WEEKLY", 7), ("DAILY", 1)] {
        for (after, soon) in [(days - 1, true), (days, false)] {
            let mut case = Case::in_force(Shape::pair().with("/datasets/0/frequency", json!(frequency)));
            case.does("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
            case.world.now += after * DAY;
            case.does("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
            assert_eq!(case.agreement().sent()[0].too_often, soon, "{frequency} after {after} days");
        }
    }
}

#[test]
fn behind_a_hold_there_are_as_many_days_as_the_dataset_has() {
    let mut case = Case::in_force(Shape::pair().with("/destruction_due_days", json!(10)));
    case.does("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("HCK", "SIG")]);
    assert_eq!(owed(&case), ["CMD DS-1 2026-12-11"]);
    let hold = json!({ "datasets": ["DS-1"], "reason": "LITIGATION" });
    let hold = case.does("RetentionHoldPlaced", hold, &[officer("CMD", "LGL")]);
    case.world.now = instant("2026-12-21T10:00:00.000Z");
    case.does("RetentionHoldReleased", json!({ "hold": hold }), &[officer("CMD", "LGL")]);
    assert_eq!(owed(&case), ["CMD DS-1 2026-12-31"]);
}

#[test]
fn a_certificate_minds_the_holds_on_what_its_body_owes_and_looks_again_on_a_later_day() {
    let mut shape = Shape::three();
    shape.terms["datasets"] = json!([dataset("HCK", &["CMD"]), dataset("ISL", &["HCK"])]);
    let mut case = Case::in_force(shape);
    case.does("DisclosureLogged", disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
    case.does("DisclosureLogged", disclosure(&["DS-2"]), &[officer("ISL", "IAO")]);
    // Without Hackney nobody is left who shares.
    case.does("RevocationNoticed", leaving("UNLAWFUL", &case.today()), &[officer("HCK", "SIG")]);
    assert_eq!(case.letter(), 'E');
    case.does("RetentionHoldPlaced", json!({ "datasets": ["DS-2"], "reason": "POLICE" }), &[officer("HCK", "LGL")]);
    assert_eq!(case.tries("DestructionCertified", &certificate(&[], "DESTROYED"), &both("CMD")), "-");
    assert_eq!(case.tries("DestructionCertified", &certificate(&[], "DESTROYED"), &both("HCK")), "G42");
    // What a law keeps is looked at again, and not today.
    for (recheck, code) in [("2026-11-30", "G43"), ("2026-12-01", "G43"), ("2026-12-02", "-")] {
        let mut kept = certificate(&[], "RETAINED_UNDER_LAW");
        kept["recheck"] = json!(recheck);
        assert_eq!(case.tries("DestructionCertified", &kept, &both("HCK")), code, "{recheck}");
    }
}

#[test]
fn who_only_asks_to_join_notes_no_incident() {
    let mut case = crate::joining::formed(crate::joining::open_to_others());
    let noted = json!({ "key": false, "words": commitment() });
    let incident = case.does("IncidentNoted", noted.clone(), &[officer("HCK", "DPO")]);
    let asks = crate::joining::accession(&case, "ISL");
    case.does("AccessionRequested", asks, &[officer("ISL", "IGL")]);
    let updated = json!({ "incident": incident, "status": "CONTAINED", "words": commitment() });
    for (event, data) in [("IncidentNoted", &noted), ("IncidentUpdated", &updated)] {
        assert_eq!(case.tries(event, data, &[officer("ISL", "DPO")]), "G22", "{event}");
        assert_eq!(case.tries(event, data, &[officer("HCK", "DPO")]), "-", "{event}");
    }
}
