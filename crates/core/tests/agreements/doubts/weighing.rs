//! What agreements make of signatures in doubt, once there are several, or other signatures beside them (D1, I28, I29).

use counterpart_core::agreement::{Reach, Track};
use serde_json::json;

use super::{another_owner, chief, contested, delegated, doubts, far, resolves};
use crate::contest::{index, reports, signature, verdict};
use crate::town::*;
use crate::world::{Person, commitment, registrars};

/// Who opened each ground that is open, and whether it stops all.
fn grounds(case: &Case) -> Vec<String> {
    let agreement = case.agreement();
    let one = |ground: &counterpart_core::agreement::Ground| match &ground.reach {
        Reach::Whole => format!("{} all", ground.by),
        Reach::Party(code) => format!("{} {code}", ground.by),
        Reach::Datasets(datasets) => format!("{} {}", ground.by, datasets.len()),
    };
    let mut told: Vec<String> = agreement.grounds().iter().map(one).collect();
    told.sort();
    told
}

/// A new key for an officer whose old one was reported.
fn with_new_key(case: &mut Case, whose: &Person, seed: u8) -> Person {
    let fresh = whose.with_key(seed);
    let by = [officer(whose.organisation, "ADM"), officer(whose.organisation, "CEX")];
    case.world.give_key(&fresh, &by).unwrap();
    fresh
}

#[test]
fn a_doubt_stops_what_it_stops_once_whatever_is_signed_beside_it() {
    for (shape, expected) in [(Shape::pair(), ["HCK all"]), (Shape::three(), ["HCK HCK"])] {
        let mut case = Case::in_force(shape);
        doubts(&mut case, "HCK");
        assert_eq!(grounds(&case), expected);
        case.does("AdviceGiven", case.advice("DPO"), &[officer("CMD", "DPO")]);
        case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
        assert_eq!(grounds(&case), expected);
    }
}

#[test]
fn grounds_of_doubts_widen_and_narrow_with_what_is_left() {
    // Each of three in turn: the first stops alone, with the second nobody is left who gives.
    let mut case = Case::in_force(Shape::three());
    doubts(&mut case, "CMD");
    assert_eq!((grounds(&case), case.letter()), (vec!["CMD CMD".to_owned()], 'V'));
    let second = doubts(&mut case, "HCK");
    assert_eq!((grounds(&case), case.letter()), (vec!["CMD all".to_owned(), "HCK all".to_owned()], 'S'));
    assert_eq!([case.party("CMD"), case.party("HCK"), case.party("ISL")], ['x', 'x', 'x']);
    doubts(&mut case, "ISL");
    assert_eq!(grounds(&case), ["CMD all", "HCK all", "ISL all"]);
    // The ground of the body that answers closes, and no other that came of the same report.
    case.does("ContestResolved", verdict("AFFIRMED", &[&second]), &[officer("HCK", "SIRO")]);
    assert_eq!((grounds(&case), case.letter()), (vec!["CMD all".to_owned(), "ISL all".to_owned()], 'S'));
    let first = signature(&case, "CMD", "SIG");
    case.does("ContestResolved", verdict("AFFIRMED", &[&first]), &[officer("CMD", "SIRO")]);
    assert_eq!((grounds(&case), case.letter()), (vec!["ISL ISL".to_owned()], 'V'));
    assert_eq!(case.rebuilt(u64::MAX), *case.stored());
}

#[test]
fn two_who_publish_stop_together_though_one_alone_could_go_on() {
    // Between two every doubt stops all, even where one would be enough to go on.
    let mut shape = Shape::open()
        .with("/formation", json!("ALL"))
        .with("/continuation", json!({ "min_parties": 1 }))
        .with("/datasets/0/provider", json!("*"));
    let mut other = shape.parties[0].clone();
    other["organisation"] = json!("HCK");
    shape.parties.as_array_mut().unwrap().push(other);
    let mut case = Case::filed(shape);
    for code in ["CMD", "HCK"] {
        case.does("RequestTriaged", accepted(), &[officer(code, "IGL")]);
    }
    let data = case.submission();
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    case.sign_for("CMD");
    case.sign_for("HCK");
    assert_eq!(case.letter(), 'V');
    doubts(&mut case, "HCK");
    assert_eq!((grounds(&case), case.letter()), (vec!["HCK all".to_owned()], 'S'));
}

#[test]
fn a_doubt_about_one_body_is_none_about_another_that_signed_nothing_yet() {
    // Newham stands in Hackney's place and has signed nothing; what Camden signed is in doubt.
    let mut case = Case::in_force(Shape::pair());
    crate::succession::found(&mut case.world);
    let today = case.today();
    let data = crate::succession::succession("REPLACE", &["HCK"], &["NWM"], &today);
    crate::succession::succeeds(&mut case, data, &crate::succession::hands(&["HCK"], &["NWM"])).unwrap();
    doubts(&mut case, "CMD");
    assert_eq!(grounds(&case), ["CMD all"]);
}

#[test]
fn a_party_is_bound_again_once_everything_it_gave_counts() {
    // An approval is in doubt, and the execution is not.
    let mut case = Case::filed(Shape::pair()).submitted();
    case.sign_for("HCK");
    assert_eq!(case.party("HCK"), 'x');
    let approved = signature(&case, "HCK", "IAO");
    let from = index(&case, &approved);
    reports(&mut case, &officer("HCK", "IAO"), Some(from), &far("HCK")).unwrap();
    assert_eq!(case.party("HCK"), 's');
    case.does("AdviceGiven", case.advice("DPO"), &[officer("CMD", "DPO")]);
    assert_eq!(case.party("HCK"), 's', "what others sign does not answer for it");
    case.does("ContestResolved", verdict("AFFIRMED", &[&approved]), &[officer("HCK", "SIRO")]);
    assert_eq!(case.party("HCK"), 'x');
    // Of an emergency the execution alone is asked for.
    let mut case = Case::filed(crate::emergency::shape()).submitted();
    case.does("ApprovalGiven", case.approval(), &[officer("HCK", "SIRO")]);
    case.does("ExecutionSigned", case.execution(), &[officer("HCK", "SIRO")]);
    assert_eq!(case.party("HCK"), 'x');
    let executed = signature(&case, "HCK", "SIRO");
    let from = index(&case, &executed);
    reports(&mut case, &officer("HCK", "SIRO"), Some(from), &chief("HCK")).unwrap();
    assert_eq!(case.party("HCK"), 's');
    case.does("ContestResolved", verdict("AFFIRMED", &[&executed]), &chief("HCK"));
    assert_eq!(case.party("HCK"), 'x');
}

#[test]
fn a_signature_in_the_place_of_one_in_doubt_names_the_version_in_force() {
    let mut case = Case::in_force(Shape::pair());
    doubts(&mut case, "HCK");
    let fresh = with_new_key(&mut case, &officer("HCK", "SIG"), 232);
    let mut other = case.execution();
    other["version_hash"] = json!("ab".repeat(32));
    assert_eq!(case.tries("ExecutionSigned", &other, &[fresh.clone()]), "G08");
    assert_eq!(case.tries("ExecutionSigned", &case.execution(), &[fresh]), "-");
}

/// An amendment with a first day to come, which both have signed.
fn agreed() -> Case {
    let mut case = Case::in_force(Shape::pair());
    let shape = case.shape.clone().with("/term/effective_date", json!("2026-12-20"));
    let (mut data, hash) = case.draft_of(&shape, 2, &["/term/effective_date"]);
    (data["class"], data["renewal"], data["words"]) = (json!("M3"), json!(false), commitment());
    case.does("AmendmentProposed", data, &[officer("HCK", "IGL")]);
    let mut data = case.submission();
    (data["version"], data["version_hash"]) = (json!(2), json!(hash));
    case.does("TermsSubmitted", data, &[officer("CMD", "IGL")]);
    case.hash = hash;
    case.sign_for("HCK");
    case.sign_for("CMD");
    assert!(matches!(case.agreement().track(), Track::Pending { .. }));
    case
}

#[test]
fn an_amendment_that_was_agreed_is_signed_again_where_a_signature_comes_into_doubt() {
    let mut case = agreed();
    let executed = doubts(&mut case, "HCK");
    assert!(matches!(case.agreement().track(), Track::Approving { .. }), "{:?}", case.agreement().track());
    assert_eq!(case.letter(), 'V', "the version in force rests on nothing in doubt");
    let mut late = case.clone();
    late.world.now = instant("2026-12-21T10:00:00.000Z");
    assert_eq!(late.agreement().current().number, 1);
    case.does("ContestResolved", verdict("AFFIRMED", &[&executed]), &[officer("HCK", "SIRO")]);
    assert!(matches!(case.agreement().track(), Track::Pending { .. }));
    case.world.now = instant("2026-12-20T00:00:00.000Z");
    assert_eq!(case.agreement().current().number, 2);
}

/// The chief of Hackney appoints another officer, who signs in their stead, and the chief's key comes into doubt from
/// that appointment on; gives the appointment.
fn appointed_in_doubt(case: &mut Case, role: &'static str, signs: &dyn Fn(&mut Case, &Person)) -> String {
    let whom = newcomer("HCK", role, 238);
    let appointed = case.world.appoint(&officer("HCK", "CEX"), &whom).unwrap();
    case.world.give_key(&whom, &[officer("HCK", "ADM"), officer("HCK", "CEX")]).unwrap();
    signs(case, &whom);
    let other = with_new_key(case, &officer("HCK", "CEX"), 239);
    let from = index(case, &appointed);
    reports(case, &officer("HCK", "CEX"), Some(from), &[other]).unwrap();
    appointed
}

#[test]
fn what_rests_on_an_appointment_counts_again_with_it() {
    // The only advice on an emergency, by an officer whose appointment is in doubt: D2 stops it, and its end is told
    // in the stream of the body and not in the agreement's.
    let mut case = Case::in_force(crate::emergency::shape());
    case.does("AdviceGiven", case.advice("DPO"), &[officer("CMD", "DPO")]);
    let advises = |case: &mut Case, whom: &Person| drop(case.does("AdviceGiven", case.advice("DPO"), &[whom.clone()]));
    let appointed = appointed_in_doubt(&mut case, "DPO", &advises);
    assert!(contested(&case, &appointed));
    case.world.now += 6 * DAY;
    assert_eq!((case.letter(), grounds(&case)), ('S', vec!["HCK all".to_owned()]));
    // The registration of their key is in doubt as well, and told in the stream of that key.
    let key = newcomer("HCK", "DPO", 238).key_id();
    let registered = case.world.replay.state.keys[&key].event.to_string();
    let siro = [officer("HCK", "SIRO")];
    resolves(&mut case, &format!("key:{key}"), "AFFIRMED", &registered, &siro).unwrap();
    assert_eq!(case.letter(), 'S');
    resolves(&mut case, "org:HCK", "AFFIRMED", &appointed, &siro).unwrap();
    assert_eq!((case.letter(), grounds(&case).len()), ('V', 0));
}

#[test]
fn delegations_are_in_doubt_from_the_point_of_suspicion_on_and_what_was_done_before_is_not() {
    let owner = officer("HCK", "IAO");
    let mut case = Case::in_force(Shape::pair());
    let given = delegated(&mut case, &owner);
    let acts = |case: &mut Case| {
        let delegate = Person { role: "IAO", ..officer("HCK", "REQ") };
        let mut written = case.event("NoteRecorded", note(), &[delegate]);
        written.payload["signers"][0]["delegation"] = json!(given);
        case.world.record(&written).unwrap()
    };
    let before = acts(&mut case);
    let mark = case.does("NoteRecorded", note(), &[owner.clone()]);
    let behind = acts(&mut case);
    let from = index(&case, &mark);
    reports(&mut case, &owner, Some(from), &chief("HCK")).unwrap();
    let doubted = |case: &Case| [contested(case, &given), contested(case, &before), contested(case, &behind)];
    assert_eq!(doubted(&case), [true, false, true]);
    // What the same person delegates with a good key afterwards stays so, whatever is reported of others.
    let mut case = Case::in_force(Shape::pair());
    let mark = case.does("NoteRecorded", note(), &[owner.clone()]);
    let from = index(&case, &mark);
    let again = with_new_key(&mut case, &owner, 234);
    reports(&mut case, &owner, Some(from), &chief("HCK")).unwrap();
    let fresh = delegated(&mut case, &again);
    reports(&mut case, &officer("HCK", "LGL"), None, &chief("HCK")).unwrap();
    assert_eq!([contested(&case, &mark), contested(&case, &fresh)], [true, false]);
}

#[test]
fn events_in_doubt_are_told_in_the_order_of_the_log() {
    let mut case = Case::in_force(Shape::pair());
    let lawyer = officer("HCK", "LGL");
    let mut written = Vec::new();
    for id in ["01890000-0000-7000-8000-fffffffffff2", "01890000-0000-7000-8000-fffffffffff1"] {
        let draft = case.event("NoteRecorded", note(), &[lawyer.clone()]).with("id", json!(id));
        written.push(case.world.record(&draft).unwrap());
    }
    let from = index(&case, &written[0]);
    reports(&mut case, &lawyer, Some(from), &chief("HCK")).unwrap();
    let told = |events: &[counterpart_core::ids::EventId]| events.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(told(case.agreement().contested()), written);
    let both = [officer("HCK", "SIRO"), officer("HCK", "CEX")];
    let targets: Vec<&str> = written.iter().rev().map(String::as_str).collect();
    case.does("ContestResolved", verdict("DISOWNED", &targets), &both);
    assert_eq!(told(case.agreement().disowned()), written);
}

#[test]
fn a_disowned_answer_about_a_key_ends_no_key() {
    let mut case = Case::in_force(Shape::pair());
    let adm = officer("HCK", "ADM");
    let siro = with_new_key(&mut case, &officer("HCK", "SIRO"), 240);
    let (owner, _) = another_owner(&mut case);
    let stream = format!("key:{}", owner.key_id());
    let registered = case.world.replay.state.keys[&owner.key_id()].event.to_string();
    let from = index(&case, &registered);
    reports(&mut case, &adm, Some(from), &chief("HCK")).unwrap();
    assert!(contested(&case, &registered));
    let answered = resolves(&mut case, &stream, "AFFIRMED", &registered, &[officer("HCK", "SIRO")]).unwrap();
    // The risk owner's own key comes into doubt, and with it that answer, which is disowned.
    let from = index(&case, &answered);
    reports(&mut case, &officer("HCK", "SIRO"), Some(from), &chief("HCK")).unwrap();
    assert!(contested(&case, &answered));
    resolves(&mut case, &stream, "DISOWNED", &answered, &[siro, officer("HCK", "CEX")]).unwrap();
    assert!(case.world.replay.state.keys[&owner.key_id()].is_active());
    case.does("NoteRecorded", note(), &[owner]);
}

#[test]
fn an_answer_may_name_several_and_none_of_them_is_the_signers_own() {
    // Two notes in doubt, one of them by the risk owner.
    let mut case = Case::in_force(Shape::pair());
    let (siro, lawyer) = (officer("HCK", "SIRO"), officer("HCK", "LGL"));
    let own = case.does("NoteRecorded", note(), &[siro.clone()]);
    let other = case.does("NoteRecorded", note(), &[lawyer.clone()]);
    let fresh = with_new_key(&mut case, &siro, 241);
    for (whose, event) in [(&siro, &own), (&lawyer, &other)] {
        let from = index(&case, event);
        reports(&mut case, whose, Some(from), &chief("HCK")).unwrap();
    }
    for (targets, code) in
        [(vec![&own, &other], "D06"), (vec![&other, &own], "D06"), (vec![&own], "D06"), (vec![&other], "-")]
    {
        let targets: Vec<&str> = targets.into_iter().map(String::as_str).collect();
        assert_eq!(
            case.tries("ContestResolved", &verdict("AFFIRMED", &targets), &[fresh.clone()]),
            code,
            "{targets:?}"
        );
    }
    assert_eq!(case.tries("ContestResolved", &verdict("AFFIRMED", &[&own, &other]), &chief("HCK")), "-");
}

#[test]
fn how_far_a_report_reaches_is_told_before_who_may_report() {
    let mut case = Case::in_force(Shape::pair());
    let lawyer = officer("HCK", "LGL");
    let written = case.does("NoteRecorded", note(), &[lawyer.clone()]);
    let from = index(&case, &written);
    case.world.now += 91 * DAY;
    let [one, two, _] = registrars();
    let stranger = officer("CMD", "CEX");
    for (by, code) in [
        (far("HCK").to_vec(), None),
        (vec![one.clone(), two.clone()], Some("K08")),
        (vec![stranger, one.clone(), two], Some("K08")),
        (vec![officer("HCK", "SIRO"), one.clone(), registrars()[1].clone()], Some("K08")),
        (vec![officer("HCK", "CEX"), one], Some("K08")),
        (chief("HCK").to_vec(), Some("K08")),
    ] {
        let mut case = case.clone();
        assert_eq!(reports(&mut case, &lawyer, Some(from), &by).err().as_deref(), code);
    }
    // A chief's own key is reported with another one.
    let chief_key = officer("HCK", "CEX");
    assert_eq!(reports(&mut case.clone(), &chief_key, None, &[chief_key.clone()]), Err("R01".to_owned()));
    let other = with_new_key(&mut case, &chief_key, 242);
    assert!(reports(&mut case, &chief_key, None, &[other]).is_ok());
}

#[test]
fn an_approval_that_was_given_again_is_not_given_a_third_time() {
    // Two approvals in doubt, of which one was given again.
    let mut case = Case::in_force(Shape::pair().with("/datasets/0/data_class", json!("SC")));
    for role in ["IAO", "SIRO"] {
        let signed = signature(&case, "HCK", role);
        let from = index(&case, &signed);
        reports(&mut case, &officer("HCK", role), Some(from), &far("HCK")).unwrap();
    }
    let owner = with_new_key(&mut case, &officer("HCK", "IAO"), 243);
    let risk = with_new_key(&mut case, &officer("HCK", "SIRO"), 244);
    assert_eq!(case.letter(), 'S');
    case.does("ApprovalGiven", case.approval(), &[owner.clone()]);
    assert_eq!(case.tries("ApprovalGiven", &case.approval(), &[owner]), "T08");
    case.does("ApprovalGiven", case.approval(), &[risk.clone()]);
    assert_eq!((case.letter(), case.tries("ApprovalGiven", &case.approval(), &[risk])), ('V', "T05".to_owned()));
}

#[test]
fn a_delegation_that_is_disowned_is_over() {
    let owner = officer("HCK", "IAO");
    let mut case = Case::in_force(Shape::pair());
    let mark = case.does("NoteRecorded", note(), &[owner.clone()]);
    let given = delegated(&mut case, &owner);
    let acts = |case: &Case| {
        let mut case = case.clone();
        let delegate = Person { role: "IAO", ..officer("HCK", "REQ") };
        let mut written = case.event("NoteRecorded", note(), &[delegate]);
        written.payload["signers"][0]["delegation"] = json!(given);
        case.world.record(&written).err().map(|stopped| stopped.stop.code().to_owned())
    };
    assert_eq!(acts(&case), None);
    let from = index(&case, &mark);
    reports(&mut case, &owner, Some(from), &chief("HCK")).unwrap();
    let both = [officer("HCK", "SIRO"), officer("HCK", "CEX")];
    let mut affirmed = case.clone();
    resolves(&mut affirmed, "org:HCK", "AFFIRMED", &given, &both[..1]).unwrap();
    assert_eq!(acts(&affirmed), None);
    resolves(&mut case, "org:HCK", "DISOWNED", &given, &both).unwrap();
    assert_eq!(acts(&case).as_deref(), Some("R03"));
}

#[test]
fn what_somebody_delegates_under_an_appointment_in_doubt_is_in_doubt() {
    let mut case = Case::in_force(Shape::pair());
    let (owner, appointed) = another_owner(&mut case);
    let given = delegated(&mut case, &owner);
    let from = index(&case, &appointed);
    reports(&mut case, &officer("HCK", "ADM"), Some(from), &chief("HCK")).unwrap();
    assert_eq!([contested(&case, &appointed), contested(&case, &given)], [true, true]);
    let siro = [officer("HCK", "SIRO")];
    resolves(&mut case, "org:HCK", "AFFIRMED", &appointed, &siro).unwrap();
    assert_eq!([contested(&case, &appointed), contested(&case, &given)], [false, true], "the key is in doubt still");
    let registered = case.world.replay.state.keys[&owner.key_id()].event.to_string();
    resolves(&mut case, &format!("key:{}", owner.key_id()), "AFFIRMED", &registered, &siro).unwrap();
    assert!(!contested(&case, &given));
}
