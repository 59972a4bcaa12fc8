//! I7, I23 to I25, I33 and I44: data flow, holds, one-off and emergency sharing, lineage.

use std::collections::HashMap;

use counterpart_core::agreement::{Agreement, PartyState, Reach, StageName, Standing};
use counterpart_core::event::data::{Data, DestructionOutcome, DisclosureLogged};
use counterpart_core::header::{AgreementType, OnePartyRef, PartyRefs, SharingMode, SignatureKind};
use counterpart_core::ids::{DatasetId, OrganisationCode, Role};

use crate::corpus::{each_turn, histories, time_goes_on};
use crate::history::{DAY, Verdict};

/// Whom a dataset goes from and to, as the version in force says with successors in their places.
fn ends(agreement: &Agreement, set: DatasetId) -> Option<(Vec<OrganisationCode>, Vec<OrganisationCode>)> {
    let header = agreement.header();
    let row = header.datasets.iter().find(|row| row.ids.contains(&set))?;
    let numbered = |number: u8| header.parties[usize::from(number) - 1].organisation;
    let all = |able: &dyn Fn(counterpart_core::header::Capacity) -> bool| {
        let rows =
            agreement.parties().iter().filter_map(|party| party.row(header).map(|row| (party.organisation, row)));
        rows.filter(|(_, row)| able(row.capacity)).map(|(code, _)| code).collect::<Vec<_>>()
    };
    let from = match row.provider {
        OnePartyRef::Number(number) => vec![numbered(number)],
        OnePartyRef::All(_) => all(&counterpart_core::header::Capacity::provides),
    };
    let to = match &row.recipients {
        PartyRefs::Numbers(numbers) => numbers.iter().map(|number| numbered(*number)).collect(),
        PartyRefs::All(_) => all(&counterpart_core::header::Capacity::receives),
    };
    Some((from, to))
}

/// Whether data may flow so, told anew from the state of the agreement alone.
fn may_flow(agreement: &Agreement, by: OrganisationCode, data: &DisclosureLogged) -> bool {
    let flows = |code: OrganisationCode| {
        let state = agreement.party(code).map(|party| party.state);
        matches!(state, Some(PartyState::Executed | PartyState::Leaving))
    };
    let stopped = |set: &DatasetId| {
        let of = |reach: &Reach| if let Reach::Datasets(sets) = reach { sets.contains(set) } else { false };
        agreement.grounds().iter().any(|ground| of(&ground.reach))
    };
    let open = agreement.header().agreement_type == AgreementType::Open;
    agreement.name() == StageName::Active
        && flows(by)
        && data.datasets.iter().all(|set| {
            let Some((from, to)) = ends(agreement, *set) else { return false };
            let others = || to.iter().copied().filter(|code| *code != by).collect();
            let named: Vec<_> = data.recipients.clone().unwrap_or_else(others);
            from.contains(&by)
                && !stopped(set)
                && (open || !named.is_empty())
                && named.iter().all(|code| to.contains(code) && *code != by && flows(*code))
        })
}

#[test]
fn i07_data_flow_in_force_between_bound_parties_and_only_what_was_agreed() {
    let (mut flowed, mut stopped) = (0, 0);
    for told in histories() {
        for step in &told.steps {
            let (Some(event), Some(before)) = (&step.event, &step.before) else { continue };
            let Data::DisclosureLogged(data) = &event.data else { continue };
            let by = event.principal().organisation;
            let may = may_flow(before, by, data);
            match &step.verdict {
                Verdict::Recorded(_) => {
                    assert!(may, "{} {by} {data:?}", step.at);
                    assert_eq!(before.name(), StageName::Active);
                    let state = before.party(by).unwrap().state;
                    assert!(matches!(state, PartyState::Executed | PartyState::Leaving));
                    flowed += 1;
                }
                // Hands, keys, gaps of imports and limits are other rules.
                Verdict::Refused(code) if code.starts_with('T') || code == "G39" || code == "G13" || code == "G15" => {
                    assert!(!may, "{code} {by} {data:?}");
                    stopped += 1;
                }
                Verdict::Refused(_) => {}
            }
        }
    }
    assert!(flowed > 30 && stopped > 10, "{flowed} {stopped}");
}

#[test]
fn i23_nothing_under_a_hold_is_destroyed() {
    let (mut certified, mut held) = (0, 0);
    for told in histories() {
        for step in &told.steps {
            let (Some(event), Some(before)) = (&step.event, &step.before) else { continue };
            let Data::DestructionCertified(data) = &event.data else { continue };
            if data.outcome == DestructionOutcome::RetainedUnderLaw {
                continue;
            }
            match &step.verdict {
                Verdict::Recorded(_) => {
                    // What is certified: what the party owes, and of that what is named.
                    let own = before.duties().iter().filter(|duty| duty.organisation == event.principal().organisation);
                    let named = |set: &DatasetId| data.datasets.is_empty() || data.datasets.contains(set);
                    let mut sets = own.filter_map(|duty| duty.dataset).filter(named);
                    let covered = sets.any(|set| {
                        before.holds().iter().any(|hold| hold.datasets.is_empty() || hold.datasets.contains(&set))
                    });
                    assert!(!covered, "{} {data:?} {:?}", step.at, before.holds());
                    certified += 1;
                }
                Verdict::Refused(code) => held += usize::from(code == "G42"),
            }
        }
    }
    assert!(certified > 10 && held > 0, "{certified} {held}");
}

#[test]
fn i24_a_one_off_is_sent_once() {
    let mut sent = HashMap::new();
    let mut again = 0;
    for (number, told) in histories().iter().enumerate() {
        for step in &told.steps {
            let (Some(event), Some(before)) = (&step.event, &step.before) else { continue };
            let Data::DisclosureLogged(data) = &event.data else { continue };
            if before.header().sharing_mode != SharingMode::OneOff {
                continue;
            }
            match &step.verdict {
                Verdict::Recorded(_) => {
                    for set in &data.datasets {
                        *sent.entry((number, before.id(), *set)).or_insert(0) += 1;
                    }
                }
                Verdict::Refused(code) => again += usize::from(code == "G40"),
            }
        }
    }
    assert!(sent.values().all(|count| *count == 1) && sent.len() > 3, "{sent:?}");
    assert!(again > 0, "nobody tried again");
}

#[test]
fn i25_an_emergency_lasts_30_days_is_not_amended_and_waits_five_days_for_advice() {
    let (mut lasted, mut overdue) = (0, 0);
    each_turn(|turn| {
        if turn.after.header().agreement_type != AgreementType::Emg {
            return;
        }
        assert!(!matches!(turn.event().data, Data::AmendmentProposed(_)), "{}", turn.place());
        let Some(begun) = turn.after.in_force().first().map(|version| version.since) else { return };
        for (at, then) in std::iter::once((turn.step.at, turn.after.clone())).chain(time_goes_on(turn.after)) {
            let waited = begun.millis_until(at);
            if then.stage().force().is_some() {
                assert!(waited <= 31 * DAY, "{}", turn.place());
                lasted += 1;
            }
            let advised = then.parties().iter().filter(|party| party.state.is_bound()).all(|party| {
                then.signatures().iter().any(|signature| {
                    signature.organisation == party.organisation
                        && signature.role == Role::Dpo
                        && signature.kind == SignatureKind::Advice
                        && signature.standing == Standing::Counts
                })
            });
            if waited >= 5 * DAY && !advised {
                assert_ne!(then.name(), StageName::Active, "{}", turn.place());
                overdue += 1;
            }
        }
    });
    assert!(lasted > 20 && overdue > 5, "{lasted} {overdue}");
}

#[test]
fn i33_nobody_shares_with_themself() {
    let mut looked = 0;
    each_turn(|turn| {
        if let Data::DisclosureLogged(data) = &turn.event().data {
            let by = turn.event().principal().organisation;
            assert!(data.recipients.iter().flatten().all(|code| *code != by), "{}", turn.place());
        }
        let header = turn.after.header();
        if turn.to() != 'V' || header.agreement_type == AgreementType::Open || turn.after.import().is_some() {
            return;
        }
        // Where bodies became one, some dataset still goes to somebody else.
        let other = header.datasets.iter().flat_map(|row| row.ids.iter()).any(|set| {
            let (from, to) = ends(turn.after, *set).unwrap();
            from.iter().any(|giver| to.iter().any(|taker| taker != giver))
        });
        assert!(other, "{}", turn.place());
        looked += 1;
    });
    assert!(looked > 500, "{looked}");
}

#[test]
fn i44_an_agreement_copies_only_from_one_that_was_there_before() {
    let (mut copied, mut unknown) = (0, 0);
    for told in histories() {
        let mut there = Vec::new();
        for step in &told.steps {
            let Some(event) = &step.event else { continue };
            let counterpart_core::ids::Stream::Agreement(id) = event.stream else { continue };
            let from = event.data.header().and_then(|header| header.derived_from.as_ref());
            if matches!(step.verdict, Verdict::Recorded(_)) {
                if let Some(from) = from {
                    assert!(there.contains(&from.agreement) && from.agreement != id);
                    copied += 1;
                }
                there.push(id);
            } else if step.verdict == Verdict::Refused("V-10".to_owned()) {
                unknown += 1;
            }
        }
    }
    assert!(copied > 3, "{copied} {unknown}");
}
