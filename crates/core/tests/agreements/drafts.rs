//! What a header must hold together, whichever event carries it (E08; domain.md 2.3; wire.md 4, 5.1), and what is
//! known of an agreement that was made elsewhere.

use counterpart_core::admit;
use counterpart_core::commitment::Commitment;
use counterpart_core::derive;
use counterpart_core::event;
use counterpart_core::header::{Header, HeaderMember};
use counterpart_core::json::to_jcs;
use counterpart_core::message::{Message, Severity};
use counterpart_core::refusal::Refusal;
use serde_json::{Value, json};

use crate::table::attempt;
use crate::town::*;
use crate::world::{Person, commitment};

/// A change of a header.
type Change = fn(&mut Value);

fn list<'a>(header: &'a mut Value, name: &str) -> &'a mut Vec<Value> {
    header[name].as_array_mut().unwrap()
}

/// A second dataset like the first, but for one member.
fn second(header: &mut Value, member: &str, value: Value) {
    let mut other = header["datasets"][0].clone();
    other["ids"] = json!(["DS-2"]);
    other[member] = value;
    list(header, "datasets").push(other);
}

/// What is wrong with a header, and how it comes to be so.
const WRONG: [(&str, Change); 7] = [
    ("a party twice, in the end", |header| {
        let last = header["parties"][1].clone();
        list(header, "parties").push(last);
    }),
    ("a recipient that is not there", |header| second(header, "recipients", json!([3]))),
    ("the second of two recipients that is not there", |header| second(header, "recipients", json!([1, 3]))),
    ("a recipient before the first", |header| second(header, "recipients", json!([0]))),
    ("a provider that is not there", |header| second(header, "provider", json!(3))),
    ("a provider before the first", |header| second(header, "provider", json!(0))),
    ("nobody who signs", |header| {
        for row in list(header, "parties") {
            row["required_roles"] = json!([]);
        }
    }),
];

/// An event that carries a header, where it is tried, and whether it is a first one.
const CARRIERS: [(&str, char, bool); 6] = [
    ("RequestFiled", 'N', true),
    ("EmergencySharingRecorded", 'N', true),
    ("AgreementImported", 'N', true),
    ("CounterProposalMade", 'F', false),
    ("ClarificationProvided", 'C', false),
    ("AmendmentProposed", 'V', false),
];

fn carried(event: &str, letter: char) -> (Case, Value, Vec<Person>) {
    let mut case = match event {
        "EmergencySharingRecorded" => Case::none(crate::emergency::shape()),
        _ => Case::in_stage(letter, Shape::pair()),
    };
    let (mut data, by) = attempt(&mut case, event).unwrap();
    if event == "ClarificationProvided" {
        let (draft, _) = case.counter(2);
        data["header"] = draft["header"].clone();
        data["terms"] = draft["terms"].clone();
    }
    (case, data, by)
}

#[test]
fn a_header_holds_together_whichever_event_carries_it() {
    for (event, letter, first) in CARRIERS {
        let (case, good, by) = carried(event, letter);
        assert_eq!(case.tries(event, &good, &by), "-", "{event}");
        for (what, change) in WRONG {
            let mut data = good.clone();
            change(&mut data["header"]);
            // Who signed an agreement elsewhere is not asked here.
            let silent = event == "AgreementImported" && what == "nobody who signs";
            assert_eq!(case.tries(event, &data, &by), if silent { "-" } else { "E08" }, "{event}: {what}");
        }
        if event == "AgreementImported" {
            continue;
        }
        // A first draft changes nothing; a later one says what it changes.
        let mut data = good.clone();
        if first {
            data["header"]["changes"] = json!(["/purpose"]);
        } else {
            data["header"].as_object_mut().unwrap().remove("changes");
        }
        assert_eq!(case.tries(event, &data, &by), "E08", "{event}: its changes");
    }
}

#[test]
fn what_does_not_hold_together_is_said_before_v_and_g() {
    // V-08 of the lead, V-104 of the ground, G38 of the day.
    let mut case = Case::none(crate::emergency::shape());
    let siro = [officer("HCK", "SIRO")];
    let mut late = crate::emergency::record(&case, 4 * 86_400_000);
    late["header"]["lead_party"] = json!("ISL");
    assert_eq!(case.refused("EmergencySharingRecorded", late.clone(), &siro), "V-08");
    late["ground"] = json!("SAFEGUARDING");
    assert_eq!(case.refused("EmergencySharingRecorded", late.clone(), &siro), "E08");
    late["header"].as_object_mut().unwrap().remove("emergency_ground");
    assert_eq!(case.refused("EmergencySharingRecorded", late, &siro), "E08");
    let mut first = case.request().payload["data"].clone();
    first["header"]["lead_party"] = json!("ISL");
    assert_eq!(case.refused("RequestFiled", first.clone(), &[officer("CMD", "REQ")]), "V-08");
    first["header"]["changes"] = json!(["/purpose"]);
    assert_eq!(case.refused("RequestFiled", first, &[officer("CMD", "REQ")]), "E08");
    // G13 of the party that proposes.
    let (mut case, mut data, by) = carried("AmendmentProposed", 'V');
    case.suspend("HCK", "PARTY");
    assert_eq!(case.refused("AmendmentProposed", data.clone(), &by), "G13");
    let mut silent = data.clone();
    silent["header"].as_object_mut().unwrap().remove("changes");
    assert_eq!(case.refused("AmendmentProposed", silent, &by), "E08");
    data["header"]["parties"][1]["organisation"] = json!("ISL");
    assert_eq!(case.refused("AmendmentProposed", data, &by), "E08", "Hackney stays and is not in it");
    // G21: nobody joins an agreement of fixed parties.
    let mut case = Case::in_force(Shape::pair());
    let mut joiner = crate::joining::invitation(&case, "ISL");
    let lead = [officer("CMD", "IGL")];
    assert_eq!(case.refused("PartyInvited", joiner.clone(), &lead), "G21");
    joiner["row"]["required_roles"] = json!([]);
    assert_eq!(case.refused("PartyInvited", joiner, &lead), "E08");
}

/// What the door found is told in the order of the contract: E07, E08, V.
#[test]
fn what_the_door_says_of_words_waits_for_what_a_header_holds_together() {
    let case = Case::none(crate::emergency::shape());
    let mut data = crate::emergency::record(&case, 3_600_000);
    let words = Refusal::Messages(vec![Message {
        code: "V-123".to_owned(),
        severity: Severity::Error,
        path: "/words".to_owned(),
        message: "The reasons have 3 characters.".to_owned(),
        help: "Say more.".to_owned(),
    }]);
    let closed = Refusal::Disclosures { problem: "a salt is used twice".to_owned() };
    let told = |data: &Value, found: &Refusal| {
        let mut case = case.clone();
        let draft = case.event("EmergencySharingRecorded", data.clone(), &[officer("HCK", "SIRO")]);
        let at = crate::world::at(case.world.now);
        let event = event::parse(&draft.envelope()).unwrap();
        admit::at_door(&case.world.replay.state, &event, at, found).code().to_owned()
    };
    assert_eq!((told(&data, &closed), told(&data, &words)), ("E07".to_owned(), "V-123".to_owned()));
    data["ground"] = json!("SAFEGUARDING");
    assert_eq!((told(&data, &closed), told(&data, &words)), ("E07".to_owned(), "E08".to_owned()));
}

#[test]
fn who_files_is_a_party_and_files_for_itself() {
    let mut case = Case::none(Shape::pair());
    let good = case.request().payload["data"].clone();
    let mut of_other = good.clone();
    of_other["requesting_organisation"] = json!("ISL");
    for (data, code, role, expected) in [
        (&good, "CMD", "REQ", "-"),
        (&good, "CMD", "IGL", "-"),
        (&good, "CMD", "SIG", "R01"),
        (&good, "HCK", "REQ", "R01"),
        (&good, "ISL", "REQ", "R01"),
        (&of_other, "CMD", "REQ", "R01"),
        (&of_other, "ISL", "REQ", "R01"),
        (&of_other, "ISL", "IGL", "R01"),
    ] {
        assert_eq!(case.tries("RequestFiled", data, &[officer(code, role)]), expected, "{role} of {code}");
    }
    assert_eq!(case.tries("RequestFiled", &good, &[officer("CMD", "REQ"), officer("CMD", "IGL")]), "R01");
}

#[test]
fn each_member_of_an_import_is_known_or_a_gap_where_a_header_always_has_it() {
    let case = Case::none(Shape::pair());
    let by = [officer("CMD", "IGL")];
    let whole = crate::importing::import(&case, &[]);
    assert_eq!(case.tries("AgreementImported", &whole, &by), "-");
    for member in HeaderMember::ALL {
        let name = member.as_str();
        let named = crate::importing::import(&case, &[name]);
        assert_eq!(case.tries("AgreementImported", &named, &by), "-", "{name} is a gap");
        let mut silent = named.clone();
        silent["gaps"] = json!([]);
        let optional = matches!(name, "dpia" | "end_date" | "review_date");
        let expected = if optional { "-" } else { "E08" };
        assert_eq!(case.tries("AgreementImported", &silent, &by), expected, "{name} is left out");
        let mut both = whole.clone();
        both["gaps"] = json!([name]);
        assert_eq!(case.tries("AgreementImported", &both, &by), "E08", "{name} is known and a gap");
        let mut twice = named;
        twice["gaps"] = json!([name, name]);
        assert_ne!(case.tries("AgreementImported", &twice, &by), "-", "{name} is a gap twice");
    }
}

/// An agreement whose header asks for what no policy asks for; filed and submitted.
fn filed_with(shape: Shape, change: &dyn Fn(&mut Value)) -> Case {
    let mut case = Case::none(shape);
    let mut data = case.request().payload["data"].clone();
    change(&mut data["header"]);
    let header: Header = serde_json::from_value(data["header"].clone()).unwrap();
    let mark: Commitment = serde_json::from_value(commitment()).unwrap();
    let jcs = to_jcs(&header).unwrap();
    case.hash = derive::version_hash(&jcs, case.stream.parse().unwrap(), mark, 1).to_string();
    case.filed = case.does("RequestFiled", data, &[officer("CMD", "REQ")]);
    case.submitted()
}

#[test]
fn whoever_the_version_names_signs_it_and_nobody_else() {
    let role = |kind: &str, role: &str| json!({ "kind": kind, "role": role });
    // An approval by a role that hardly ever approves.
    let case = filed_with(Shape::pair(), &|header| {
        header["parties"][1]["required_roles"] = json!([role("APPROVAL", "LGL"), role("EXECUTION", "SIG")]);
    });
    let approval = case.approval();
    for (office, expected) in [("LGL", "-"), ("SIG", "R01"), ("DPO", "R01"), ("IAO", "G18"), ("SIRO", "G18")] {
        assert_eq!(case.tries("ApprovalGiven", &approval, &[officer("HCK", office)]), expected, "{office}");
    }
    // Camden's version asks its lawyers for nothing.
    assert_eq!(case.tries("ApprovalGiven", &approval, &[officer("CMD", "LGL")]), "R01");
    // Who is asked for nothing has nothing to sign.
    let case = filed_with(Shape::pair(), &|header| header["parties"][1]["required_roles"] = json!([]));
    assert_eq!(case.tries("ExecutionSigned", &case.execution(), &[officer("HCK", "SIG")]), "G18");
    // Who only executes is bound again once that is affirmed.
    let mut case = filed_with(Shape::pair(), &|header| {
        header["parties"][1]["required_roles"] = json!([role("EXECUTION", "SIG")]);
    });
    case.sign_for("HCK");
    assert_eq!(case.party("HCK"), 'x');
    crate::contest::doubts(&mut case, "HCK", "SIG");
    assert_eq!(case.party("HCK"), 's');
    let executed = crate::contest::signature(&case, "HCK", "SIG");
    let affirmed = crate::contest::verdict("AFFIRMED", &[&executed]);
    case.does("ContestResolved", affirmed, &[officer("HCK", "SIRO")]);
    assert_eq!(case.party("HCK"), 'x');
    // Two who execute: each may, and nobody else.
    let case = filed_with(Shape::pair(), &|header| {
        header["parties"][1]["required_roles"] = json!([role("EXECUTION", "CEX"), role("EXECUTION", "SIG")]);
    });
    for (office, expected) in [("CEX", "-"), ("SIG", "-"), ("SIRO", "R01"), ("IGL", "R01")] {
        assert_eq!(case.tries("ExecutionSigned", &case.execution(), &[officer("HCK", office)]), expected, "{office}");
    }
}

#[test]
fn an_emergency_waits_for_no_advice_that_its_version_names() {
    let role = |kind: &str, role: &str| json!({ "kind": kind, "role": role });
    for (shape, code) in [(crate::emergency::shape(), "-"), (Shape::pair(), "G18")] {
        let office = if code == "-" { "SIRO" } else { "SIG" };
        let case = filed_with(shape, &|header| {
            header["parties"][1]["required_roles"] = json!([role("ADVICE", "DPO"), role("EXECUTION", office)]);
        });
        assert_eq!(case.tries("ExecutionSigned", &case.execution(), &[officer("HCK", office)]), code);
    }
}

#[test]
fn an_older_draft_is_told_by_its_own_number() {
    let mut case = Case::filed(Shape::pair()).submitted();
    let first = case.approval();
    case.signs_anew();
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let told = case.told("ApprovalGiven", first.clone(), &[officer("HCK", "IAO")]);
    assert!(told.starts_with("You are signing version 1 ("), "{told}");
    let unknown = json!({ "datasets": [], "version_hash": "ab".repeat(32) });
    let told = case.told("ApprovalGiven", unknown.clone(), &[officer("HCK", "IAO")]);
    assert!(told.starts_with("You are signing version 2 (abababab)"), "{told}");
    // While an amendment is signed its own version is the one that is meant.
    let mut case = Case::in_force(Shape::pair());
    let first = case.approval();
    let (mut data, hash) = case.counter(2);
    for (member, value) in [("class", json!("M3")), ("renewal", json!(false)), ("words", commitment())] {
        data[member] = value;
    }
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    let mut data = case.submission();
    (data["version"], data["version_hash"]) = (json!(2), json!(hash));
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    let told = case.told("ApprovalGiven", first, &[officer("HCK", "IAO")]);
    assert!(told.starts_with("You are signing version 1 ("), "{told}");
    let told = case.told("ApprovalGiven", unknown, &[officer("HCK", "IAO")]);
    assert!(told.starts_with("You are signing version 2 (abababab)"), "{told}");
}

#[test]
fn terms_come_with_an_answer_only_where_questions_hold_the_agreement() {
    for (letter, known, unknown) in [('A', "T09", "T11"), ('V', "T11", "T11"), ('C', "-", "G03")] {
        let mut case = Case::in_stage(letter, Shape::pair());
        let asked = if letter == 'A' {
            case.does("ClarificationRequested", question("CMD"), &[officer("HCK", "IGL")])
        } else {
            case.agreement().open_questions().next().map_or_else(|| case.filed.clone(), |open| open.event.to_string())
        };
        let (draft, _) = case.counter(2);
        let with_terms = |question: &str| {
            let mut data = answer(question);
            data["header"] = draft["header"].clone();
            data["terms"] = draft["terms"].clone();
            data
        };
        let by = [officer("CMD", "IGL")];
        assert_eq!(case.tries("ClarificationProvided", &with_terms(&asked), &by), known, "{letter}");
        let other = case.tries("ClarificationProvided", &with_terms(&case.filed), &by);
        if letter != 'C' {
            assert_eq!(other, unknown, "{letter}");
        }
    }
}
