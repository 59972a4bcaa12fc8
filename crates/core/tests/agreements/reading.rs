//! What readers ask: who must act next, why, and an agreement rebuilt from its own entries.

use counterpart_core::agreement::Agreement;
use counterpart_core::event::{self, Event};
use counterpart_core::time::Timestamp;
use serde_json::json;

use crate::town::*;
use crate::world::at;

fn next(case: &Case) -> Vec<String> {
    let waited = case.agreement().who_must_act_next();
    waited.iter().map(|next| format!("{} {} {}", next.organisation, next.role, next.task)).collect()
}

#[test]
fn somebody_is_waited_for_until_only_time_is() {
    let case = Case::filed(Shape::pair());
    assert_eq!(next(&case), ["HCK IGL TRIAGE"]);
    let case = case.triaged();
    assert_eq!(next(&case), ["CMD IGL SUBMIT"]);
    let mut case = Case::filed(Shape::pair()).submitted();
    assert_eq!(next(&case), ["CMD DPO ADVISE", "HCK DPO ADVISE"]);
    case.does("AdviceGiven", case.advice("DPO"), &[officer("HCK", "DPO")]);
    assert_eq!(next(&case), ["CMD DPO ADVISE", "HCK IAO APPROVE"]);
    case.sign_for("HCK");
    assert_eq!(next(&case), ["CMD DPO ADVISE"]);
    case.sign_for("CMD");
    assert!(next(&case).is_empty());
    case.suspend("HCK", "WHOLE");
    assert_eq!(next(&case), ["HCK SIRO RESUME"]);
    assert_eq!(next(&Case::in_stage('C', Shape::pair())), ["CMD IGL ANSWER"]);
    for letter in ['P', 'X', 'R', 'W', 'L'] {
        assert!(next(&Case::in_stage(letter, Shape::pair())).is_empty(), "{letter}");
    }
}

#[test]
fn every_stage_is_explained_and_dated() {
    for letter in ['F', 'C', 'A', 'P', 'V', 'S', 'X', 'R', 'W', 'L'] {
        let case = Case::in_stage(letter, Shape::pair());
        let now = at(case.world.now);
        let why = case.stored().why(now);
        let agreement = case.agreement();
        let stages = agreement.history().last().unwrap();
        assert_eq!(stages.to.letter(), letter);
        assert!(why.iter().any(|cause| cause.at == stages.at), "{letter}: {why:?}");
        assert!(why.iter().all(|cause| cause.at <= now && (cause.event.is_some() || cause.change.is_some())));
        assert!(why.windows(2).all(|pair| pair[0].at <= pair[1].at));
        let dwell: i64 = agreement.history().windows(2).map(|pair| pair[0].at.millis_until(pair[1].at)).sum();
        assert_eq!(dwell, agreement.filed_at().millis_until(stages.at));
    }
}

#[test]
fn a_suspension_says_who_stopped_it_and_on_what_ground() {
    let case = Case::in_stage('S', Shape::pair());
    let why = case.agreement().why(at(case.world.now));
    let texts: Vec<&str> = why.iter().map(|cause| cause.text.as_str()).collect();
    let says = |said: &str| texts.iter().any(|text| text.ends_with(said));
    assert!(says(": HCK suspended the whole agreement (SECURITY), and that ground is open."), "{texts:?}");
    assert!(says(": CMD was bound to version 1 by its authorised signatory."), "{texts:?}");
}

#[test]
fn an_agreement_is_rebuilt_from_its_own_entries() {
    let mut drafts = Vec::new();
    let mut step = |case: &mut Case, event_type: &str, data, who| {
        let draft = case.event(event_type, data, &[who]);
        drafts.push((draft.envelope(), at(case.world.now)));
        case.world.record(&draft).unwrap();
    };
    let mut case = Case::none(Shape::three());
    let request = case.request().payload["data"].clone();
    let hash = case.hash.clone();
    step(&mut case, "RequestFiled", request, officer("CMD", "REQ"));
    step(&mut case, "RequestTriaged", accepted(), officer("HCK", "IGL"));
    step(&mut case, "RequestTriaged", accepted(), officer("ISL", "IGL"));
    let data = case.submission();
    step(&mut case, "TermsSubmitted", data, officer("CMD", "IGL"));
    let advice = json!({ "kind": "DPO", "version_hash": hash, "words": crate::world::commitment() });
    step(&mut case, "AdviceGiven", advice, officer("ISL", "DPO"));
    let events: Vec<(Event, Timestamp)> =
        drafts.iter().map(|(envelope, at)| (event::parse(envelope).unwrap(), *at)).collect();
    let windows = case.world.replay.state.windows();
    let reference = case.agreement().reference();
    let again = Agreement::replayed(
        (0..).zip(&events).map(|(index, (event, at))| (index, event, *at)),
        &[],
        99,
        reference,
        windows,
    )
    .unwrap();
    assert_eq!(again, *case.stored());
    let earlier = Agreement::replayed(
        (0..).zip(&events).map(|(index, (event, at))| (index, event, *at)),
        &[],
        2,
        reference,
        windows,
    )
    .unwrap();
    assert_eq!((earlier.name().letter(), earlier.revision()), ('F', 2));
}

#[test]
fn replaying_the_same_entries_comes_to_the_same_agreements() {
    let one = Case::in_stage('S', Shape::pair());
    let two = Case::in_stage('S', Shape::pair());
    assert_eq!(one.agreement(), two.agreement());
}
