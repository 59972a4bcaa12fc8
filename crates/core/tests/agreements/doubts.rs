//! Keys in other hands, rule by rule (domain.md 2.12, I28, I29; amendments.md; docs/formats.md, "keys in other
//! hands"): who reports and resolves, what is in doubt, how far a report reaches, and what agreements make of it.

mod resting;
mod versions;
mod weighing;

use counterpart_core::agreement::Standing;
use serde_json::{Value, json};

use crate::contest::{index, reports, signature, verdict};
use crate::town::*;
use crate::world::{Person, World, commitment, registrars};

fn standing(case: &Case, event: &str) -> Standing {
    let agreement = case.agreement();
    agreement.signatures().iter().find(|signature| signature.event.to_string() == event).unwrap().standing
}

fn contested(case: &Case, event: &str) -> bool {
    case.world.replay.state.contests.contest(event.parse().unwrap()).is_some()
}

/// An event in the stream of an organisation or a key.
fn put(world: &mut World, stream: &str, event: &str, data: Value, by: &[Person]) -> Result<String, String> {
    let parsed: counterpart_core::ids::Stream = stream.parse().unwrap();
    let revision = world.replay.state.revision(parsed, None).0;
    world.revisions.insert(stream.to_owned(), revision);
    let draft = world.draft(stream, event, data, by);
    world.record(&draft).map_err(|stopped| stopped.stop.code().to_owned())
}

fn resolves(case: &mut Case, stream: &str, outcome: &str, target: &str, by: &[Person]) -> Result<String, String> {
    put(&mut case.world, stream, "ContestResolved", verdict(outcome, &[target]), by)
}

fn chief(code: &str) -> [Person; 1] {
    [officer(code, "CEX")]
}

/// The chief and two registrars, who reach back as far as they like.
fn far(code: &str) -> [Person; 3] {
    let [one, two, _] = registrars();
    [officer(code, "CEX"), one, two]
}

/// The event that appointed an officer.
fn appointment(case: &Case, who: &Person) -> String {
    let body = &case.world.replay.state.organisations[&who.organisation.parse().unwrap()];
    body.appointments.of(who.id.parse().unwrap()).next().unwrap().event.to_string()
}

/// Hackney's administrator brings in another asset owner, with a key.
fn another_owner(case: &mut Case) -> (Person, String) {
    let owner = newcomer("HCK", "IAO", 233);
    let appointed = case.world.appoint(&officer("HCK", "ADM"), &owner).unwrap();
    case.world.give_key(&owner, &[officer("HCK", "ADM")]).unwrap();
    (owner, appointed)
}

/// The step; in which stage; whose key wrote a note before it; what another officer of that body, or of another, did
/// then; whether the body has built on it.
type Built<'a> = (&'a str, char, &'a str, &'a dyn Fn(&mut Case), bool);

fn sends(case: &mut Case) {
    case.does("DisclosureLogged", crate::sharing::disclosure(&["DS-1"]), &[officer("HCK", "IAO")]);
}

#[test]
fn a_report_reaches_no_further_than_its_body_has_built() {
    let approve = |case: &mut Case| {
        case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
        case.does("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]);
    };
    let rows: [Built<'_>; 14] = [
        ("nothing", 'V', "HCK", &|_| {}, false),
        ("advice and an approval", 'A', "HCK", &approve, false),
        (
            "an execution",
            'A',
            "HCK",
            &|case| {
                approve(case);
                case.does("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]);
            },
            true,
        ),
        ("another body's execution", 'A', "HCK", &|case| case.sign_for("CMD"), false),
        (
            "a review",
            'V',
            "HCK",
            &|case| {
                let data = json!({ "next_review": "2027-06-01", "outcome": "CONTINUE", "words": commitment() });
                case.does("ReviewCompleted", data, &[officer("HCK", "IGL")]);
            },
            true,
        ),
        ("a disclosure", 'V', "HCK", &sends, true),
        ("another body's disclosure", 'V', "CMD", &sends, false),
        (
            "a certificate",
            'E',
            "CMD",
            &|case| {
                let data = crate::sharing::certificate(&["DS-1"], "DESTROYED");
                case.does("DestructionCertified", data, &crate::sharing::both("CMD"));
            },
            true,
        ),
        (
            "a decision on the register",
            'V',
            "CMD",
            &|case| {
                let data = json!({ "decision": "PUBLISH", "withheld": [] });
                case.does("PublicationDecided", data, &[officer("CMD", "IGL")]);
            },
            true,
        ),
        ("a note", 'V', "HCK", &|case| drop(case.does("NoteRecorded", note(), &[officer("HCK", "IGL")])), false),
        ("a suspension", 'V', "HCK", &|case| drop(case.suspend("HCK", "WHOLE")), false),
        (
            "an incident",
            'V',
            "HCK",
            &|case| {
                let data = json!({ "key": false, "words": commitment() });
                case.does("IncidentNoted", data, &[officer("HCK", "DPO")]);
            },
            false,
        ),
        (
            "a notice",
            'V',
            "HCK",
            &|case| {
                let data = leaving("POLICY", "2027-06-01");
                case.does("RevocationNoticed", data, &[officer("HCK", "SIG")]);
            },
            false,
        ),
        (
            "a disclosure under another agreement",
            'V',
            "HCK",
            &|case| {
                let mut other = Case::none_in(case.world.clone(), Shape::pair()).file().signed();
                sends(&mut other);
                case.world = other.world;
            },
            false,
        ),
    ];
    for (name, letter, code, step, builds) in rows {
        let mut case = Case::in_stage(letter, Shape::pair());
        let lawyer = officer(code, "LGL");
        let written = case.does("NoteRecorded", note(), &[lawyer.clone()]);
        step(&mut case);
        let later = case.does("DocumentAttached", crate::sharing::document(), &[lawyer.clone()]);
        let (from, after) = (index(&case, &written), index(&case, &later));
        let mut short = case.clone();
        let expected = if builds { Err("K08".to_owned()) } else { Ok(()) };
        assert_eq!(reports(&mut case, &lawyer, Some(from), &chief(code)).map(|_| ()), expected, "{name}");
        assert_eq!(contested(&case, &written), !builds);
        // What came behind it is within reach, and with the registrars everything is.
        reports(&mut short, &lawyer, Some(after), &chief(code)).unwrap();
        assert_eq!((contested(&short, &written), contested(&short, &later)), (false, true), "{name}");
        reports(&mut short, &lawyer, Some(from), &far(code)).unwrap();
        assert_eq!((contested(&short, &written), contested(&short, &later)), (true, true), "{name}");
    }
}

#[test]
fn a_body_builds_with_other_keys_than_the_one_in_doubt() {
    let mut case = Case::in_force(Shape::pair());
    let owner = officer("HCK", "IAO");
    let written = case.does("NoteRecorded", note(), &[owner.clone()]);
    case.does("DisclosureLogged", crate::sharing::disclosure(&["DS-1"]), &[owner.clone()]);
    let from = index(&case, &written);
    reports(&mut case, &owner, Some(from), &chief("HCK")).unwrap();
    assert!(contested(&case, &written));
}

#[test]
fn a_report_reaches_90_days_of_24_hours_and_from_the_key_to_now() {
    let mut case = Case::in_force(Shape::pair());
    let lawyer = officer("HCK", "LGL");
    let written = case.does("NoteRecorded", note(), &[lawyer.clone()]);
    let from = index(&case, &written);
    let recorded = case.world.replay.state.instants[usize::try_from(from).unwrap()].millis();
    let registered = case.world.replay.state.keys[&lawyer.key_id()].index;
    case.world.now = recorded + 90 * DAY + 1;
    let size = case.world.replay.state.size;
    for (place, by, code) in [
        (from, chief("HCK").to_vec(), "K08"),
        (size + 1, far("HCK").to_vec(), "K08"),
        (registered - 1, far("HCK").to_vec(), "K08"),
    ] {
        assert_eq!(reports(&mut case.clone(), &lawyer, Some(place), &by), Err(code.to_owned()), "{place}");
    }
    reports(&mut case.clone(), &lawyer, Some(registered), &far("HCK")).unwrap();
    reports(&mut case.clone(), &lawyer, Some(size), &chief("HCK")).unwrap();
    case.world.now = recorded + 90 * DAY;
    reports(&mut case, &lawyer, Some(from), &chief("HCK")).unwrap();
    // Again: only to an earlier point.
    for place in [from, from + 1] {
        assert_eq!(reports(&mut case, &lawyer, Some(place), &far("HCK")), Err("K05".to_owned()));
    }
    assert_eq!(reports(&mut case, &lawyer, None, &far("HCK")), Err("K05".to_owned()));
    reports(&mut case, &lawyer, Some(from - 1), &far("HCK")).unwrap();
}

#[test]
fn who_reports_a_key() {
    let lawyer = officer("HCK", "LGL");
    let again = lawyer.with_key(234);
    let [one, two, _] = registrars();
    let (cex, adm) = (officer("HCK", "CEX"), officer("HCK", "ADM"));
    // Hands; whether they stop the key alone; whether they also contest what it signed.
    let rows: [(&str, Vec<Person>, bool, bool); 15] = [
        ("the chief", vec![cex.clone()], true, true),
        ("the holder with another key", vec![again.clone()], true, true),
        ("the holder with the same key", vec![lawyer.clone()], false, false),
        ("an administrator", vec![adm.clone()], true, false),
        ("the risk owner", vec![officer("HCK", "SIRO")], false, false),
        ("a signatory", vec![officer("HCK", "SIG")], false, false),
        ("two registrars", vec![one.clone(), two.clone()], true, false),
        ("one registrar", vec![one.clone()], false, false),
        ("the chief and two registrars", vec![cex.clone(), one.clone(), two.clone()], true, true),
        ("the chief and one registrar", vec![cex.clone(), one.clone()], false, false),
        ("the chief and an administrator", vec![cex.clone(), adm.clone()], false, false),
        ("an administrator and two registrars", vec![adm, one.clone(), two.clone()], false, false),
        ("another body's chief", vec![officer("CMD", "CEX")], false, false),
        (
            "another body's chief and two registrars",
            vec![officer("CMD", "CEX"), one.clone(), two.clone()],
            false,
            false,
        ),
        ("the key itself and two registrars", vec![lawyer.clone(), one, two], false, false),
    ];
    let mut case = Case::in_force(Shape::pair());
    case.world.give_key(&again, &[officer("HCK", "ADM"), cex]).unwrap();
    let written = case.does("NoteRecorded", note(), &[lawyer.clone()]);
    let from = index(&case, &written);
    for (name, by, stops, contests) in rows {
        for (place, may) in [(None, stops), (Some(from), contests)] {
            let expected = if may { Ok(()) } else { Err("R01".to_owned()) };
            let happened = reports(&mut case.clone(), &lawyer, place, &by).map(|_| ());
            assert_eq!(happened, expected, "{name} {place:?}");
        }
    }
    // Nobody reports the key of the chief with that key, though it is the chief.
    let [one, two, _] = registrars();
    let own = [officer("HCK", "CEX"), one, two];
    assert_eq!(reports(&mut case, &officer("HCK", "CEX"), None, &own), Err("R01".to_owned()));
}

#[test]
fn who_answers_for_what_is_contested() {
    let hands = |roles: &[&str]| -> Vec<Person> { roles.iter().map(|role| officer("HCK", role)).collect() };
    // Hands of a body of governance FULL, whether they affirm and whether they disown; the same of a small body.
    let rows: [(&[&str], [bool; 2], [bool; 2]); 12] = [
        (&["SIRO"], [true, false], [false, false]),
        (&["CEX"], [true, false], [true, false]),
        (&["SIG"], [false, false], [false, false]),
        (&["IGL"], [false, false], [false, false]),
        (&["DPO"], [false, false], [false, false]),
        (&["SIRO", "CEX"], [false, true], [false, false]),
        (&["CEX", "SIRO"], [false, true], [false, false]),
        (&["SIG", "CEX"], [false, false], [false, true]),
        (&["CEX", "SIG"], [false, false], [false, true]),
        (&["SIRO", "SIG"], [false, false], [false, false]),
        (&["SIRO", "CEX", "IGL"], [false, false], [false, false]),
        (&["CEX", "SIG", "SIRO"], [false, false], [false, false]),
    ];
    for light in [false, true] {
        let mut case = Case::in_force(Shape::pair());
        if light {
            let by = [officer("HCK", "ADM"), officer("HCK", "CEX")];
            put(&mut case.world, "org:HCK", "OrganisationUpdated", json!({ "governance": "LIGHT" }), &by).unwrap();
        }
        let (adm, lawyer) = (officer("HCK", "ADM"), officer("HCK", "LGL"));
        // One event in each kind of stream: a note, an appointment, a key.
        let written = case.does("NoteRecorded", note(), &[lawyer.clone()]);
        let (owner, appointed) = another_owner(&mut case);
        let registered = case.world.replay.state.keys[&owner.key_id()].event.to_string();
        for (whose, event) in [(&lawyer, &written), (&adm, &appointed)] {
            let from = index(&case, event);
            reports(&mut case, whose, Some(from), &chief("HCK")).unwrap();
        }
        let streams = [case.stream.clone(), "org:HCK".to_owned(), format!("key:{}", owner.key_id())];
        for (stream, target) in streams.iter().zip([&written, &appointed, &registered]) {
            assert!(contested(&case, target), "{stream}");
            for (roles, full, small) in rows {
                let may = if light { small } else { full };
                for (outcome, may) in ["AFFIRMED", "DISOWNED"].into_iter().zip(may) {
                    let happened = resolves(&mut case.clone(), stream, outcome, target, &hands(roles)).map(|_| ());
                    let expected = if may { Ok(()) } else { Err("R01".to_owned()) };
                    assert_eq!(happened, expected, "{stream} {outcome} by {roles:?}, light: {light}");
                }
            }
            let two = [officer("HCK", "CEX"), officer("CMD", "SIRO")];
            assert_eq!(resolves(&mut case.clone(), stream, "DISOWNED", target, &two), Err("R01".to_owned()));
            let other = [officer("CMD", "CEX")];
            assert_eq!(resolves(&mut case.clone(), stream, "AFFIRMED", target, &other), Err("R01".to_owned()));
        }
        // What lies in another stream is nothing here.
        let by = chief("HCK");
        assert_eq!(resolves(&mut case, &streams[1], "AFFIRMED", &written, &by), Err("G34".to_owned()));
        assert_eq!(resolves(&mut case, &streams[0], "AFFIRMED", &appointed, &by), Err("G34".to_owned()));
    }
}

#[test]
fn an_answer_names_contested_events_of_one_body_each_once() {
    let mut case = Case::in_force(Shape::pair());
    let mut events = Vec::new();
    for code in ["HCK", "CMD"] {
        let lawyer = officer(code, "LGL");
        let written = case.does("NoteRecorded", note(), &[lawyer.clone()]);
        let from = index(&case, &written);
        reports(&mut case, &lawyer, Some(from), &chief(code)).unwrap();
        events.push(written);
    }
    let [own, other] = [events[0].as_str(), events[1].as_str()];
    let executed = signature(&case, "HCK", "SIG");
    let siro = [officer("HCK", "SIRO")];
    for targets in [vec![own, other], vec![own, own], vec![own, executed.as_str()], vec![executed.as_str()]] {
        assert_eq!(case.refused("ContestResolved", verdict("AFFIRMED", &targets), &siro), "G34", "{targets:?}");
    }
    case.does("ContestResolved", verdict("AFFIRMED", &[own]), &siro);
    assert_eq!((contested(&case, own), contested(&case, other)), (false, true));
    // A signature that nobody counts needs no incident to be disowned, nor one in an agreement never in force.
    let both = [officer("CMD", "SIRO"), officer("CMD", "CEX")];
    case.does("ContestResolved", verdict("DISOWNED", &[other]), &both);
    let mut case = Case::filed(Shape::pair()).submitted();
    let advised = case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let from = index(&case, &advised);
    reports(&mut case, &officer("HCK", "DPO"), Some(from), &chief("HCK")).unwrap();
    let both = [officer("HCK", "SIRO"), officer("HCK", "CEX")];
    case.does("ContestResolved", verdict("DISOWNED", &[&advised]), &both);
    assert_eq!(standing(&case, &advised), Standing::Disowned);
}

/// An approval under a contested appointment, in force: by the new owner, whose appointment is in doubt.
fn resting(letter: char) -> (Case, Person, String, String) {
    let mut case = Case::filed(Shape::pair()).submitted();
    let (owner, appointed) = another_owner(&mut case);
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let approved = case.does("ApprovalGiven", case.approval(), &[owner.clone()]);
    if letter == 'S' {
        case.does("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]);
        case.sign_for("CMD");
    }
    let from = index(&case, &appointed);
    reports(&mut case, &officer("HCK", "ADM"), Some(from), &chief("HCK")).unwrap();
    assert_eq!((case.letter(), standing(&case, &approved)), (letter, Standing::Contested));
    (case, owner, appointed, approved)
}

#[test]
fn what_is_affirmed_is_contested_again_by_another_doubt_alone() {
    for moves in [false, true] {
        let (mut case, owner, ..) = resting('S');
        let approved = signature(&case, "HCK", "IAO");
        let place = index(&case, &approved);
        case.does("ContestResolved", verdict("AFFIRMED", &[&approved]), &[officer("HCK", "SIRO")]);
        assert_eq!(case.letter(), 'V');
        // Whatever else comes of the same doubt leaves it alone.
        reports(&mut case, &officer("HCK", "ADM"), Some(place - 8), &far("HCK")).unwrap();
        assert_eq!(standing(&case, &approved), Standing::Counts);
        if moves {
            // First the owner's key is reported from behind the approval, then from before it.
            reports(&mut case, &owner, Some(place + 1), &far("HCK")).unwrap();
            assert_eq!((case.letter(), standing(&case, &approved)), ('V', Standing::Counts));
        }
        reports(&mut case, &owner, Some(place), &far("HCK")).unwrap();
        assert_eq!((case.letter(), standing(&case, &approved)), ('S', Standing::Contested), "{moves}");
        case.does("ContestResolved", verdict("AFFIRMED", &[&approved]), &[officer("HCK", "SIRO")]);
        assert_eq!((case.letter(), standing(&case, &approved)), ('V', Standing::Counts));
        // Past it there is nothing new of it.
        reports(&mut case, &owner, Some(place - 1), &far("HCK")).unwrap();
        assert_eq!((case.letter(), standing(&case, &approved)), ('V', Standing::Counts));
        assert_eq!(case.rebuilt(u64::MAX), *case.stored());
    }
}

#[test]
fn what_is_disowned_stays_so_whatever_is_reported_later() {
    let (mut case, owner, _, approved) = resting('A');
    let both = [officer("HCK", "SIRO"), officer("HCK", "CEX")];
    case.does("ContestResolved", verdict("DISOWNED", &[&approved]), &both);
    let place = index(&case, &approved);
    for from in [place + 1, place, place - 1] {
        reports(&mut case, &owner, Some(from), &far("HCK")).unwrap();
        assert_eq!(standing(&case, &approved), Standing::Disowned, "from {from}");
        for outcome in ["AFFIRMED", "DISOWNED"] {
            let by: &[Person] = if outcome == "AFFIRMED" { &both[..1] } else { &both };
            assert_eq!(case.refused("ContestResolved", verdict(outcome, &[&approved]), by), "G34");
        }
    }
}

/// A delegation of Hackney's asset owner, to its requesting officer.
fn delegated(case: &mut Case, owner: &Person) -> String {
    let data = json!({
        "appointment": appointment(case, owner), "functions": [], "person": officer("HCK", "REQ").id,
        "until": "2027-02-01",
    });
    put(&mut case.world, "org:HCK", "RoleDelegated", data, std::slice::from_ref(owner)).unwrap()
}

#[test]
fn delegations_are_in_doubt_while_they_lasted_at_the_point_of_suspicion_or_came_later() {
    let owner = officer("HCK", "IAO");
    let with_key = |case: &mut Case| {
        let again = owner.with_key(234);
        case.world.give_key(&again, &[officer("HCK", "ADM"), officer("HCK", "CEX")]).unwrap();
        again
    };
    let ends = |case: &mut Case, delegation: &str| {
        let data = json!({ "delegation": delegation });
        put(&mut case.world, "org:HCK", "DelegationRevoked", data, &[owner.clone()]).unwrap();
    };
    // Before the point and over, before it and alive, behind it, behind the report.
    for (when, expected) in [("over", false), ("alive", true), ("behind", true), ("after", false), ("no point", false)]
    {
        let mut case = Case::in_force(Shape::pair());
        let mut given = String::new();
        if matches!(when, "over" | "alive" | "no point") {
            given = delegated(&mut case, &owner);
        }
        if when == "over" {
            ends(&mut case, &given);
        }
        let mark = case.does("NoteRecorded", note(), &[owner.clone()]);
        let from = if when == "no point" { None } else { Some(index(&case, &mark)) };
        if when == "behind" {
            given = delegated(&mut case, &owner);
        }
        let again = with_key(&mut case);
        reports(&mut case, &owner, from, &chief("HCK")).unwrap();
        if when == "after" {
            given = delegated(&mut case, &again);
        }
        assert_eq!(contested(&case, &given), expected, "{when}");
        let delegate = Person { role: "IAO", ..officer("HCK", "REQ") };
        let mut written = case.event("NoteRecorded", note(), &[delegate]);
        written.payload["signers"][0]["delegation"] = json!(given);
        let may = when == "after" || when == "no point";
        assert_eq!(case.world.record(&written).is_ok(), may, "{when}");
    }
}

#[test]
fn what_rests_on_a_contested_appointment_passes_on_and_a_disowned_one_ends_it() {
    let mut case = Case::in_force(Shape::pair());
    let (owner, appointed) = another_owner(&mut case);
    let given = delegated(&mut case, &owner);
    let delegate = Person { role: "IAO", ..officer("HCK", "REQ") };
    let mut written = case.event("NoteRecorded", note(), &[delegate.clone()]);
    written.payload["signers"][0]["delegation"] = json!(given);
    let written = case.world.record(&written).unwrap();
    let from = index(&case, &appointed);
    reports(&mut case, &officer("HCK", "ADM"), Some(from), &chief("HCK")).unwrap();
    assert!(contested(&case, &given) && contested(&case, &written));
    let acts = |case: &mut Case| {
        let mut written = case.event("NoteRecorded", note(), &[delegate.clone()]);
        written.payload["signers"][0]["delegation"] = json!(given);
        case.world.record(&written).map(|_| ()).map_err(|stopped| stopped.stop.code().to_owned())
    };
    assert_eq!(acts(&mut case), Err("R03".to_owned()));
    let both = [officer("HCK", "SIRO"), officer("HCK", "CEX")];
    let mut ended = case.clone();
    resolves(&mut ended, "org:HCK", "DISOWNED", &appointed, &both).unwrap();
    let body = &ended.world.replay.state.organisations[&"HCK".parse().unwrap()];
    assert!(body.appointment_by(appointed.parse().unwrap()).unwrap().ended_at.is_some());
    assert!(body.delegation(given.parse().unwrap()).unwrap().ended_at.is_some());
    assert_eq!(acts(&mut ended), Err("R03".to_owned()));
    assert!(contested(&ended, &given) && contested(&ended, &written), "each is resolved by itself");
    // Affirmed, everything under it counts again, once the key of the holder is vouched for as well.
    resolves(&mut case, "org:HCK", "AFFIRMED", &appointed, &both[..1]).unwrap();
    assert!(contested(&case, &given) && contested(&case, &written));
    let registered = case.world.replay.state.keys[&owner.key_id()].event.to_string();
    resolves(&mut case, &format!("key:{}", owner.key_id()), "AFFIRMED", &registered, &both[..1]).unwrap();
    assert!(!contested(&case, &given) && !contested(&case, &written));
    assert_eq!(acts(&mut case), Ok(()));
}

#[test]
fn a_disowned_key_signs_no_more_and_other_acts_of_a_key_keep_their_effect() {
    let both = [officer("HCK", "SIRO"), officer("HCK", "CEX")];
    let mut case = Case::in_force(Shape::pair());
    let (owner, appointed) = another_owner(&mut case);
    let from = index(&case, &appointed);
    let adm = officer("HCK", "ADM");
    // The administrator's key also ended that of a lawyer.
    let lawyer = officer("HCK", "LGL");
    let stream = format!("key:{}", lawyer.key_id());
    let data = json!({ "key": lawyer.key_id().to_string(), "reason": "LOST" });
    let revoked = put(&mut case.world, &stream, "KeyRevoked", data, std::slice::from_ref(&adm)).unwrap();
    reports(&mut case, &adm, Some(from), &chief("HCK")).unwrap();
    let registered = case.world.replay.state.keys[&owner.key_id()].event.to_string();
    assert_eq!(case.refused("NoteRecorded", note(), &[owner.clone()]), "K05");
    resolves(&mut case, &format!("key:{}", owner.key_id()), "DISOWNED", &registered, &both).unwrap();
    assert_eq!(case.refused("NoteRecorded", note(), &[owner.clone()]), "K04");
    resolves(&mut case, &stream, "DISOWNED", &revoked, &both).unwrap();
    assert_eq!(case.refused("NoteRecorded", note(), &[lawyer]), "K04");
    // A key that the same body registered otherwise is another matter.
    case.does("NoteRecorded", note(), &[officer("HCK", "IGL")]);
}

#[test]
fn registrars_vouch_for_hands_that_are_contested() {
    let mut case = Case::in_force(Shape::pair());
    let [one, two, _] = registrars();
    let adm = officer("HCK", "ADM");
    let (sig, cex) = (officer("HCK", "SIG"), officer("HCK", "CEX"));
    // Everything that the chief ever did is in doubt, and with it every officer of weight.
    let first = index(&case, &appointment(&case, &sig));
    let by = [one.clone(), two.clone(), adm.clone()];
    assert_eq!(reports(&mut case, &cex, Some(first), &by), Err("R01".to_owned()));
    let again = cex.with_key(235);
    let lost = [one.clone(), two.clone(), sig.clone()];
    case.world.give_key(&again, &lost).unwrap();
    reports(&mut case, &cex, Some(first), &[again.clone(), one.clone(), two.clone()]).unwrap();
    assert!(contested(&case, &appointment(&case, &sig)));
    // With the appointment the registration of the key is in doubt.
    assert_eq!(case.refused("NoteRecorded", note(), &[sig.clone()]), "K05");
    let chief = json!({ "appointment": appointment(&case, &cex) });
    let ends = |case: &mut Case, by: &[Person]| {
        put(&mut case.world, "org:HCK", "RoleHolderRevoked", chief.clone(), by).map(|_| ())
    };
    assert_eq!(ends(&mut case, &[one.clone(), sig.clone()]), Err("K05".to_owned()));
    assert_eq!(ends(&mut case, &[one, two, sig]), Ok(()));
}

#[test]
fn a_post_whose_only_holder_s_appointment_is_contested_is_vacant() {
    let mut case = Case::filed(Shape::pair()).submitted();
    let adm = officer("HCK", "ADM");
    let old = json!({ "appointment": appointment(&case, &officer("HCK", "IAO")) });
    put(&mut case.world, "org:HCK", "RoleHolderRevoked", old, std::slice::from_ref(&adm)).unwrap();
    let (_, appointed) = another_owner(&mut case);
    let executes = |case: &mut Case| case.refused("ExecutionSigned", case.execution(), &[officer("HCK", "SIG")]);
    assert_eq!(executes(&mut case), "G18");
    let from = index(&case, &appointed);
    reports(&mut case, &adm, Some(from), &chief("HCK")).unwrap();
    assert_eq!(executes(&mut case), "R11");
    resolves(&mut case, "org:HCK", "AFFIRMED", &appointed, &[officer("HCK", "SIRO")]).unwrap();
    assert_eq!(executes(&mut case), "G18");
}

/// Three that join one by one, of whom so many are needed.
fn joined(least: u64, first_day: &str) -> Case {
    let mut shape = crate::joining::open_to_others()
        .with("/min_parties", json!(least))
        .with("/term/effective_date", json!(first_day));
    shape.parties.as_array_mut().unwrap().push(crate::town::row("ISL", "RECIPIENT"));
    let mut case = Case::filed(shape);
    for code in BOROUGHS {
        case.does("RequestTriaged", accepted(), &[officer(code, "IGL")]);
    }
    let data = case.submission();
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    for code in BOROUGHS {
        case.sign_for(code);
    }
    case
}

/// The signatory's key of a body comes into doubt from its execution on; gives that.
fn doubts(case: &mut Case, code: &str) -> String {
    crate::contest::doubts(case, code, "SIG");
    signature(case, code, "SIG")
}

#[test]
fn a_party_stops_alone_where_neither_formation_nor_continuation_fails() {
    for (name, mut case, who, whole) in [
        ("three of whom two go on", Case::in_force(Shape::three()), "HCK", false),
        ("two are enough to form it", joined(2, "2026-12-01"), "ISL", false),
        ("three are needed to form it", joined(3, "2026-12-01"), "ISL", true),
        ("the anchor", joined(2, "2026-12-01"), "HCK", true),
        ("the lead of two", Case::in_force(Shape::pair()), "CMD", true),
        ("who publishes alone", Case::in_force(Shape::open()), "CMD", true),
    ] {
        let executed = doubts(&mut case, who);
        let expected = if whole { ('S', 'x') } else { ('V', 'p') };
        assert_eq!((case.letter(), case.party(who)), expected, "{name}");
        case.does("ContestResolved", verdict("AFFIRMED", &[&executed]), &[officer(who, "SIRO")]);
        assert_eq!((case.letter(), case.party(who)), ('V', 'x'), "{name}");
        assert!(case.agreement().grounds().is_empty(), "{name}");
    }
    // One after the other: with the second there is no pair left; with its answer the first stops alone again.
    let mut case = Case::in_force(Shape::three());
    doubts(&mut case, "HCK");
    assert_eq!((case.letter(), case.party("HCK"), case.party("ISL")), ('V', 'p', 'x'));
    let second = doubts(&mut case, "ISL");
    assert_eq!(case.letter(), 'S');
    case.does("ContestResolved", verdict("AFFIRMED", &[&second]), &[officer("ISL", "SIRO")]);
    assert_eq!((case.letter(), case.party("HCK"), case.party("ISL")), ('V', 'p', 'x'));
    assert_eq!(case.agreement().grounds().len(), 1);
    assert_eq!(case.rebuilt(u64::MAX), *case.stored());
}

#[test]
fn before_it_is_in_force_it_goes_back_to_signing_only_where_too_few_are_left() {
    let mut case = joined(2, "2026-12-20");
    assert_eq!(case.letter(), 'P');
    let executed = doubts(&mut case, "ISL");
    assert_eq!((case.letter(), case.party("ISL")), ('P', 's'), "the two others formed it");
    case.does("ContestResolved", verdict("AFFIRMED", &[&executed]), &[officer("ISL", "SIRO")]);
    assert_eq!((case.letter(), case.party("ISL")), ('P', 'x'));
    let executed = doubts(&mut case, "HCK");
    assert_eq!((case.letter(), case.party("HCK")), ('A', 's'), "the anchor is needed");
    case.world.now = instant("2026-12-21T12:00:00.000Z");
    assert_eq!(case.letter(), 'A', "its first day does not make it whole");
    case.does("ContestResolved", verdict("AFFIRMED", &[&executed]), &[officer("HCK", "SIRO")]);
    assert_eq!((case.letter(), case.party("HCK")), ('V', 'x'));

    // Who said no for good is not brought back by an answer about others.
    let mut case = crate::joining::submitted(crate::joining::open_to_others());
    case.sign_for("HCK");
    case.does("ApprovalDeclined", case.decline("FINAL"), &[officer("HCK", "SIG")]);
    assert_eq!((case.letter(), case.party("HCK")), ('A', 'd'));
    let own = doubts(&mut case, "HCK");
    assert_eq!(case.party("HCK"), 'd');
    case.does("ContestResolved", verdict("AFFIRMED", &[&own]), &[officer("HCK", "SIRO")]);
    assert_eq!(case.party("HCK"), 'd');
    case.sign_for("CMD");
    let executed = doubts(&mut case, "CMD");
    assert_eq!((case.party("CMD"), case.party("HCK")), ('s', 'd'));
    case.does("ContestResolved", verdict("AFFIRMED", &[&executed]), &[officer("CMD", "SIRO")]);
    assert_eq!((case.letter(), case.party("CMD"), case.party("HCK")), ('A', 'x', 'd'));
    // Disowned it stays so, and is given again with another key.
    let mut case = Case::in_stage('P', Shape::pair());
    let executed = doubts(&mut case, "HCK");
    let both = [officer("HCK", "SIRO"), officer("HCK", "CEX")];
    case.does("ContestResolved", verdict("DISOWNED", &[&executed]), &both);
    assert_eq!((case.letter(), case.party("HCK")), ('A', 's'));
    let fresh = officer("HCK", "SIG").with_key(232);
    case.world.give_key(&fresh, &[officer("HCK", "ADM"), officer("HCK", "CEX")]).unwrap();
    case.does("ExecutionSigned", case.execution(), &[fresh]);
    assert_eq!((case.letter(), case.party("HCK")), ('P', 'x'));
}

#[test]
fn a_contested_consent_or_advice_counts_for_nothing() {
    let end = |case: &Case| json!({ "takes_effect_on": case.today() });
    let mut case = Case::in_force(Shape::pair());
    let data = end(&case);
    let consent = case.does("TerminationConsented", data.clone(), &[officer("HCK", "SIG")]);
    let from = index(&case, &consent);
    reports(&mut case, &officer("HCK", "SIG"), Some(from), &chief("HCK")).unwrap();
    case.does("TerminationConsented", data.clone(), &[officer("CMD", "SIG")]);
    assert_eq!(case.letter(), 'V');
    let mut again = case.clone();
    case.does("ContestResolved", verdict("AFFIRMED", &[&consent]), &[officer("HCK", "SIRO")]);
    assert_eq!(case.letter(), 'X');
    // Given again with a good key it counts, and the one in doubt is no second one.
    let fresh = officer("HCK", "SIG").with_key(232);
    again.world.give_key(&fresh, &[officer("HCK", "ADM"), officer("HCK", "CEX")]).unwrap();
    again.does("TerminationConsented", data, &[fresh]);
    assert_eq!((again.letter(), again.agreement().consents().len()), ('X', 2));

    let mut case = Case::filed(Shape::pair()).submitted();
    let advised = case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    let from = index(&case, &advised);
    reports(&mut case, &officer("HCK", "DPO"), Some(from), &chief("HCK")).unwrap();
    assert_eq!(case.refused("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]), "G19");
    case.does("ContestResolved", verdict("AFFIRMED", &[&advised]), &[officer("HCK", "SIRO")]);
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "IAO")]);
}

#[test]
fn what_changes_nothing_for_an_agreement_leaves_nothing_in_it() {
    let mut case = Case::in_force(Shape::pair());
    doubts(&mut case, "HCK");
    let before = case.agreement().outside().len();
    // A key that signed nothing here, and one that signed behind its point alone.
    reports(&mut case, &officer("ISL", "SIG"), None, &chief("ISL")).unwrap();
    let lawyer = officer("ISL", "LGL");
    let registered = case.world.replay.state.keys[&lawyer.key_id()].index;
    reports(&mut case, &lawyer, Some(registered), &chief("ISL")).unwrap();
    assert_eq!(case.agreement().outside().len(), before);
    assert_eq!(case.letter(), 'S');
}
