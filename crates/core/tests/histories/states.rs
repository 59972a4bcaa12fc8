//! I6, I14 to I17, I20 to I22, I42 and I45: where agreements stand, and when they get there.

use counterpart_core::agreement::{Agreement, Change, EndReason, Origin, Outside, PartyState, Stage, StageName, Track};
use counterpart_core::event::data::Data;
use counterpart_core::header::{Formation, SignatureKind};
use counterpart_core::london;
use counterpart_core::time::Timestamp;

use crate::corpus::{each_agreement, each_turn, time_goes_on};

/// The parties of which the formation is asked.
fn counted(agreement: &Agreement) -> impl Iterator<Item = &counterpart_core::agreement::Party> {
    agreement.parties().iter().filter(|party| party.state != PartyState::Succeeded && !party.joins)
}

#[test]
fn i06_nothing_leads_out_of_a_final_stage() {
    let mut met = 0;
    each_turn(|turn| {
        if turn.before.is_some_and(|before| before.name().is_final()) {
            assert_eq!(turn.from(), turn.to(), "{}", turn.place());
            met += 1;
        }
        if turn.after.name().is_final() {
            assert!(time_goes_on(turn.after).is_empty());
        }
    });
    assert!(met > 50, "{met}");
}

#[test]
fn i14_all_have_signed_or_enough_with_every_anchor() {
    let mut formed = [0, 0];
    each_turn(|turn| {
        if turn.from() != 'A' || !matches!(turn.to(), 'P' | 'V') {
            return;
        }
        let header = turn.after.header();
        let bound = counted(turn.after).filter(|party| party.state.is_bound());
        if header.formation == Formation::Accession {
            formed[1] += 1;
            let codes: Vec<_> = bound.map(|party| party.organisation).collect();
            assert!(codes.len() >= usize::from(header.min_parties.unwrap()), "{}", turn.place());
            let anchored = header.anchor_parties.iter().all(|anchor| {
                codes.contains(anchor) || turn.after.party(*anchor).is_some_and(|p| p.state == PartyState::Succeeded)
            });
            assert!(anchored, "{}", turn.place());
        } else {
            formed[0] += 1;
            assert_eq!(bound.count(), counted(turn.after).count(), "{}", turn.place());
        }
    });
    assert!(formed.iter().all(|count| *count > 10), "{formed:?}");
}

#[test]
fn i15_nothing_is_in_force_before_its_first_day_or_its_last_signature() {
    let mut begun = 0;
    let check = |agreement: &Agreement| {
        let Some(step) = agreement.history().iter().find(|step| step.to == StageName::Active) else { return 0 };
        if agreement.import().is_some() {
            return 0;
        }
        let version = agreement.in_force()[0].version;
        let header = &agreement.version(version).unwrap().header;
        assert!(step.at >= london::start_of(header.effective_date));
        assert_eq!(step.at, agreement.in_force()[0].since);
        // Everybody who was needed had signed by then; who joined later, later.
        let needed = if header.formation == Formation::Accession {
            usize::from(header.min_parties.unwrap())
        } else {
            header.parties.iter().filter(|row| !row.required_roles.is_empty()).count()
        };
        let executed = |at: Timestamp| {
            let given = agreement.signatures().iter().filter(|s| s.kind == SignatureKind::Execution && s.at <= at);
            let mut codes: Vec<_> = given.filter(|s| s.version == version).map(|s| s.organisation).collect();
            codes.sort();
            codes.dedup();
            codes.len()
        };
        assert!(executed(step.at) >= needed.min(header.parties.len()) || merged(agreement));
        1
    };
    each_agreement(|_, agreement| begun += check(agreement));
    assert!(begun > 100, "{begun}");
}

/// Whether bodies took the places of others in it, so that executions of one count for two rows.
fn merged(agreement: &Agreement) -> bool {
    agreement.parties().iter().any(|party| party.state == PartyState::Succeeded)
}

#[test]
fn i16_one_version_is_in_force_at_a_time_from_the_first_day_to_the_end() {
    let mut switched = 0;
    each_agreement(|_, agreement| {
        let versions = agreement.in_force();
        let first = agreement.history().iter().find(|step| matches!(step.to, StageName::Active | StageName::Ending));
        for pair in versions.windows(2) {
            assert!(pair[0].since <= pair[1].since && pair[0].version != pair[1].version);
            switched += 1;
        }
        if let Some(begun) = versions.first() {
            assert_eq!(first.map(|step| step.at), Some(begun.since));
        }
        if let Stage::Active(force) | Stage::Suspended(force) = agreement.stage() {
            assert_eq!(versions.last().unwrap().version, force.version);
        }
        if let Stage::Ending(end) | Stage::Closed { end, .. } = agreement.stage() {
            assert!(versions.last().is_none_or(|last| last.since <= end.at));
        }
    });
    assert!(switched > 10, "{switched}");
}

#[test]
fn i17_at_most_one_amendment_is_open_and_none_outlives_the_agreement() {
    let (mut open, mut dropped) = (0, 0);
    each_turn(|turn| {
        let track = |agreement: &Agreement| agreement.stage().force().map(|force| force.amendment);
        let before = turn.before.and_then(track).unwrap_or_default();
        let now = track(turn.after);
        if let (Some(held), Some(next)) = (before.amendment(), now.and_then(Track::amendment)) {
            // Another version only by another draft of the same amendment.
            assert!(held.version == next.version || held.by == next.by, "{}", turn.place());
            open += 1;
        }
        if now.is_none() {
            assert!(turn.after.amendment().is_none() && turn.after.parties().iter().all(|party| !party.joins));
            dropped += usize::from(before.amendment().is_some());
        }
    });
    assert!(open > 50 && dropped > 0, "{open} {dropped}");
}

#[test]
fn i20_between_two_a_notice_ends_it_among_more_only_where_too_few_are_left() {
    let (mut two, mut more, mut ended) = (0, 0, 0);
    each_turn(|turn| {
        for (_, then) in std::iter::once((turn.step.at, turn.after.clone())).chain(time_goes_on(turn.after)) {
            let left = then.parties().iter().any(|party| party.state == PartyState::Left);
            if !left || then.import().is_some() {
                continue;
            }
            let over = matches!(then.name(), StageName::Ending | StageName::Closed);
            if then.is_bilateral() && !merged(&then) {
                two += 1;
                assert!(over || then.stage().force().is_none(), "{}", turn.place());
            } else if over {
                ended += 1;
            } else {
                more += 1;
                let least = then.header().continuation.as_ref().map_or(2, |c| usize::from(c.min_parties));
                let bound = then.parties().iter().filter(|party| party.state.is_bound()).count();
                assert!(then.stage().force().is_none() || bound >= least, "{}", turn.place());
            }
            if let Stage::Ending(end) | Stage::Closed { end, .. } = then.stage()
                && end.reason == EndReason::Continuation
            {
                let least = then.header().continuation.as_ref().map_or(2, |c| usize::from(c.min_parties));
                let bound: Vec<_> = then.parties().iter().filter(|party| party.state.is_bound()).collect();
                let gives = |party: &&&counterpart_core::agreement::Party| {
                    party.row(then.header()).is_some_and(|row| row.capacity.provides())
                };
                let pair = bound.len() > 1 && bound.iter().any(|party| gives(&party));
                let named = then
                    .header()
                    .datasets
                    .iter()
                    .all(|row| matches!(row.provider, counterpart_core::header::OnePartyRef::All(_)));
                assert!(bound.len() < least || !pair || !named, "{}", turn.place());
            }
        }
    });
    assert!(two > 5 && more > 5 && ended > 5, "{two} {more} {ended}");
}

#[test]
fn i21_notice_runs_its_days_unless_the_ground_is_grave() {
    let (mut patient, mut grave) = (0, 0);
    each_turn(|turn| {
        let Data::RevocationNoticed(data) = &turn.event().data else { return };
        let before = turn.before.unwrap();
        let code = turn.event().principal().organisation;
        if data.ground.is_immediate() {
            grave += 1;
            return;
        }
        patient += 1;
        let earliest = london::date_of(turn.step.at).add_days(i64::from(before.header().notice_days));
        assert!(data.takes_effect_on >= earliest, "{}", turn.place());
        let eve = london::start_of(data.takes_effect_on).add_millis(-1);
        // A body that leaves the ledger leaves the agreement then.
        let goes =
            |outside: &Outside| matches!(outside.change, Change::Left { organisation, .. } if organisation == code);
        if eve > turn.step.at && !turn.after.outside().iter().any(goes) {
            assert_ne!(turn.after.at(eve).party(code).unwrap().state, PartyState::Left);
        }
    });
    assert!(patient > 10 && grave > 10, "{patient} {grave}");
}

#[test]
fn i22_what_ended_is_closed_when_nothing_is_owed_and_nothing_held() {
    let (mut closed, mut waits) = (0, 0);
    each_turn(|turn| {
        for then in
            std::iter::once(turn.after.clone()).chain(time_goes_on(turn.after).into_iter().map(|(_, then)| then))
        {
            if then.name() == StageName::Closed {
                assert!(then.duties().is_empty() && then.holds().is_empty(), "{}", turn.place());
                closed += 1;
            }
            if then.name() == StageName::Ending {
                assert!(!then.duties().is_empty() || !then.holds().is_empty() || then.due_at().is_some());
                waits += 1;
            }
        }
    });
    assert!(closed > 20 && waits > 20, "{closed} {waits}");
}

#[test]
fn i42_everything_that_time_brings_about_is_explained() {
    let mut explained = 0;
    each_agreement(|_, agreement| {
        let chain = std::iter::once((agreement.since(), agreement.clone())).chain(time_goes_on(agreement));
        for (at, then) in chain {
            for step in then.history().iter().filter(|step| step.at == at) {
                let Origin::Derived { change, .. } = step.origin else { continue };
                let why = then.why(at);
                assert!(why.iter().any(|cause| cause.at == at && cause.change == Some(change)), "{change} {why:?}");
                assert!(why.iter().all(|cause| !cause.text.is_empty() && cause.at <= at));
                explained += 1;
            }
        }
    });
    assert!(explained > 100, "{explained}");
}

#[test]
fn i45_the_time_to_agreement_is_the_sum_of_what_each_stage_took() {
    let mut measured = 0;
    each_agreement(|_, agreement| {
        let Some(begun) = agreement.first_in_force_at() else {
            let ever = !agreement.in_force().is_empty();
            assert!(!ever || agreement.import().is_some());
            return;
        };
        let mut total = 0;
        let mut since = agreement.filed_at();
        for step in agreement.history() {
            total += since.millis_until(step.at);
            since = step.at;
            if step.to == StageName::Active {
                break;
            }
        }
        assert_eq!(total, agreement.filed_at().millis_until(begun));
        measured += 1;
    });
    assert!(measured > 100, "{measured}");
}
