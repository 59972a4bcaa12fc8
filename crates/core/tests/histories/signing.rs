//! I8 to I13, I18 and I19: who signs what, and what counts.

use std::collections::{BTreeMap, HashMap, HashSet};

use counterpart_core::agreement::{PartyState, StageName, Standing};
use counterpart_core::event::EventType;
use counterpart_core::event::data::{AmendmentClass, Data, DeclineKind};
use counterpart_core::header::{
    AgreementType, DataClass, GatewayUse, LegalRole, OnePartyRef, PartyRefs, Regime, SignatureKind,
};
use counterpart_core::ids::{OrganisationCode, PersonId, Role, Stream};

use crate::corpus::{Told, Turn, each_turn, entries};

#[test]
fn i08_personal_data_are_shared_on_a_basis_and_with_powers_to_give_and_to_receive() {
    let mut looked = 0;
    each_turn(|turn| {
        let formed = matches!(turn.to(), 'P' | 'V') && !matches!(turn.from(), 'P' | 'V' | 'S');
        let header = turn.after.current().signed_header();
        if !formed || turn.after.import().is_some() || header.class() < DataClass::Pseudonymised {
            return;
        }
        looked += 1;
        for row in &header.parties {
            if !matches!(row.legal_role, LegalRole::Controller | LegalRole::JointController) {
                continue;
            }
            let basis = if row.regime == Regime::Part3 { row.part3.is_some() } else { !row.article6.is_empty() };
            assert!(basis, "{} {}", row.organisation, turn.place());
        }
        let has = |number: usize, wanted: GatewayUse| {
            let row = &header.parties[number - 1];
            row.gateways.iter().any(|gateway| gateway.uses.contains(&wanted))
        };
        for set in &header.datasets {
            if let OnePartyRef::Number(giver) = set.provider {
                assert!(has(usize::from(giver), GatewayUse::Disclose), "{}", turn.place());
            }
            if let PartyRefs::Numbers(takers) = &set.recipients {
                assert!(takers.iter().all(|taker| has(usize::from(*taker), GatewayUse::Receive)), "{}", turn.place());
            }
        }
    });
    assert!(looked > 50, "{looked}");
}

#[test]
fn i09_a_party_is_bound_when_everything_that_is_asked_of_it_is_signed_on_the_frozen_version() {
    let mut bound = 0;
    each_turn(|turn| {
        let Data::ExecutionSigned(data) = &turn.event().data else { return };
        let code = turn.event().principal().organisation;
        let was = turn.before.unwrap().party(code).unwrap().state;
        let party = turn.after.party(code).unwrap();
        if !matches!(was, PartyState::Invited | PartyState::Signing) || party.state != PartyState::Executed {
            return;
        }
        bound += 1;
        let version = turn.after.versions().iter().find(|version| version.hash == data.version_hash).unwrap();
        for required in &party.row(&version.header).unwrap().required_roles {
            let given = turn.after.signatures().iter().any(|signature| {
                signature.organisation == code
                    && signature.version == version.number
                    && signature.kind == required.kind
                    && signature.role == required.role
                    && signature.standing == Standing::Counts
            });
            assert!(given, "{} {} of {}", required.kind, required.role, turn.place());
        }
    });
    assert!(bound > 100, "{bound}");
    // Nothing else binds a party that signs.
    each_turn(|turn| {
        let Some(before) = turn.before else { return };
        let signs = |state| matches!(state, PartyState::Invited | PartyState::Signing | PartyState::Requested);
        for party in turn.after.parties().iter().filter(|party| party.state == PartyState::Executed) {
            let was = before.party(party.organisation).map(|party| party.state);
            let owes = party.row(turn.after.header()).is_some_and(|row| !row.required_roles.is_empty());
            let joins = before.party(party.organisation).is_some_and(|party| party.joins);
            if was.is_some_and(signs) && owes && !joins {
                let kind = turn.event().event_type();
                let may = matches!(
                    kind,
                    EventType::ExecutionSigned | EventType::ContestResolved | EventType::OrganisationSucceeded
                );
                assert!(may, "{}", turn.place());
            }
        }
    });
}

/// The names that each human had when an event was recorded, as far as bodies had declared it.
struct Humans {
    /// By the index of the declaration.
    same: BTreeMap<u64, (PersonId, PersonId)>,
    /// Bodies that were governed lightly at some time.
    light: HashSet<OrganisationCode>,
}

impl Humans {
    fn of(told: &Told) -> Self {
        let mut posts = HashMap::new();
        let mut same = BTreeMap::new();
        let mut light = HashSet::new();
        for (index, read) in entries(told) {
            if let Data::RoleHolderAppointed(data) = &read.event.data {
                posts.insert(read.event.id, data.person);
                if let Some(other) = data.same_person.and_then(|event| posts.get(&event)) {
                    same.insert(index, (*other, data.person));
                }
            }
            if let (Data::OrganisationUpdated(data), Stream::Organisation(code)) = (&read.event.data, read.event.stream)
                && data.governance.is_some()
            {
                light.insert(code);
            }
            if let Data::OrganisationRegistered(data) = &read.event.data {
                posts.insert(read.event.id, data.chief.person);
            }
        }
        Self { same, light }
    }

    /// Every name of a human before an index.
    fn names(&self, person: PersonId, before: u64) -> Vec<PersonId> {
        let mut names = vec![person];
        loop {
            let known = names.len();
            for (one, other) in self.same.range(..before).map(|(_, pair)| *pair) {
                if names.contains(&one) != names.contains(&other) {
                    names.push(if names.contains(&one) { other } else { one });
                }
            }
            if names.len() == known {
                return names;
            }
        }
    }
}

/// Shows every signature when it is given, with all names of the human who gives it.
fn each_signature(
    mut look: impl FnMut(&Turn<'_>, &counterpart_core::agreement::Signature, &[PersonId], bool),
) -> usize {
    let mut humans: HashMap<usize, Humans> = HashMap::new();
    let mut count = 0;
    each_turn(|turn| {
        let Some(signature) = turn.signature() else { return };
        let place = std::ptr::from_ref(turn.told).addr();
        let humans = humans.entry(place).or_insert_with(|| Humans::of(turn.told));
        let index = turn.told.ledger.state().events.get(&turn.event().id).unwrap().index;
        look(turn, signature, &humans.names(signature.person, index), humans.light.contains(&signature.organisation));
        count += 1;
    });
    count
}

#[test]
fn i10_one_person_takes_one_decision_for_a_party_and_version_and_no_adviser_decides() {
    let mut pairs = 0;
    let count = each_signature(|turn, signature, names, light| {
        let emergency = turn.after.header().agreement_type == AgreementType::Emg;
        for other in turn.after.signatures() {
            let same = names.contains(&other.person) && other.event != signature.event;
            let here = other.organisation == signature.organisation && other.version == signature.version;
            if !same || !here || other.standing != Standing::Counts || light {
                continue;
            }
            pairs += 1;
            let decides = |kind: SignatureKind| kind != SignatureKind::Advice;
            if decides(signature.kind) && decides(other.kind) && signature.role != other.role {
                let pair = [signature.role, other.role];
                assert!(pair.contains(&Role::Siro) && pair.contains(&Role::Sig), "{pair:?} {}", turn.place());
            }
            if signature.kind != other.kind
                && (signature.kind == SignatureKind::Advice || other.kind == SignatureKind::Advice)
            {
                assert!(![signature.role, other.role].contains(&Role::Dpo), "{}", turn.place());
            }
            if signature.role == other.role && decides(signature.kind) && decides(other.kind) {
                let again = signature.kind == other.kind;
                assert!(again || emergency, "{}", turn.place());
            }
        }
    });
    assert!(count > 1_000 && pairs > 0, "{count} {pairs}");
}

#[test]
fn i11_who_filed_it_triages_advises_approves_and_executes_nothing() {
    let mut refused = 0;
    each_signature(|turn, _, names, _| {
        assert!(turn.after.import().is_some() || !names.contains(&turn.after.filer()), "{}", turn.place());
    });
    each_turn(|turn| {
        if let Data::RequestTriaged(_) = &turn.event().data {
            assert!(turn.event().signers.iter().all(|signer| signer.person != turn.after.filer()));
        }
    });
    for told in crate::corpus::histories() {
        refused +=
            told.steps.iter().filter(|step| step.verdict == crate::history::Verdict::Refused("D01".to_owned())).count();
    }
    assert!(refused > 0, "nobody tried");
}

#[test]
fn i12_nobody_decides_for_two_parties() {
    let count = each_signature(|turn, signature, names, _| {
        for other in turn.after.signatures() {
            let decide = signature.kind != SignatureKind::Advice || other.kind != SignatureKind::Advice;
            if names.contains(&other.person) && decide {
                let place = turn.place();
                let succeeded = turn.after.party(other.organisation).is_some_and(|p| p.state == PartyState::Succeeded);
                assert!(other.organisation == signature.organisation || succeeded, "{place}");
            }
        }
    });
    assert!(count > 1_000, "{count}");
}

#[test]
fn i13_what_names_another_version_never_counts() {
    let (mut named, mut returned, mut stale) = (0, 0, 0);
    each_turn(|turn| {
        let hash = match &turn.event().data {
            Data::AdviceGiven(data) => Some(data.version_hash),
            Data::ApprovalGiven(data) => Some(data.version_hash),
            Data::ExecutionSigned(data) => Some(data.version_hash),
            _ => None,
        };
        if let (Some(hash), Some(signature)) = (hash, turn.signature()) {
            named += 1;
            let version = turn.after.version(signature.version).unwrap();
            assert_eq!(version.hash, hash);
            let before = turn.before.unwrap();
            let party = before.party(signature.organisation).unwrap();
            let now = [before.to_sign(party), Some(before.current().number), before.amendment().map(|a| a.version)];
            assert!(now.contains(&Some(version.number)), "{}", turn.place());
        }
        if let Data::ApprovalDeclined(data) = &turn.event().data
            && data.kind == DeclineKind::Return
            && turn.to() == 'F'
        {
            returned += 1;
            let version = turn.before.unwrap().current().number;
            let counts =
                turn.after.signatures().iter().filter(|s| s.version == version && s.standing.may_count()).count();
            assert_eq!(counts, 0, "{}", turn.place());
        }
    });
    for told in crate::corpus::histories() {
        stale +=
            told.steps.iter().filter(|step| step.verdict == crate::history::Verdict::Refused("G08".to_owned())).count();
    }
    assert!(named > 1_000 && returned > 2 && stale > 5, "{named} {returned} {stale}");
}

#[test]
fn i18_an_amendment_has_at_least_the_class_of_what_it_changes() {
    let mut looked = 0;
    each_turn(|turn| {
        let Data::AmendmentProposed(data) = &turn.event().data else { return };
        looked += 1;
        let old = turn.before.unwrap().header();
        let before = turn.before.unwrap();
        let others = data.header.parties.iter().any(|row| before.party(row.organisation).is_none());
        for path in data.header.changes.iter().flatten() {
            let least = match path.as_str() {
                "/term/end_date" | "/term/review_date" => AmendmentClass::Renewal,
                "/datasets/0/method" => AmendmentClass::Operational,
                "/datasets/0/frequency" => {
                    let often = |header: &counterpart_core::header::Header| {
                        ["ONCE", "ANNUAL", "QUARTERLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "LIVE", "AD_HOC"]
                            .iter()
                            .position(|name| header.datasets.first().is_some_and(|row| *name == row.frequency.as_str()))
                    };
                    if often(&data.header) <= often(old) {
                        AmendmentClass::Operational
                    } else {
                        AmendmentClass::Material
                    }
                }
                _ => AmendmentClass::Material,
            };
            let least = if others { AmendmentClass::Material } else { least };
            assert!(data.class == AmendmentClass::Material || data.class == least, "{path:?} {}", turn.place());
        }
    });
    assert!(looked > 30, "{looked}");
}

#[test]
fn i19_nobody_signs_for_a_party_that_is_gone() {
    let mut tried = 0;
    each_turn(|turn| {
        let Some(before) = turn.before else { return };
        let Some(signature) = turn.signature() else { return };
        let state = before.party(signature.organisation).unwrap().state;
        let gone =
            [PartyState::Left, PartyState::Declined, PartyState::NotAdopted, PartyState::Succeeded].contains(&state);
        assert!(!gone, "{}", turn.place());
    });
    for told in crate::corpus::histories() {
        for step in &told.steps {
            let (Some(event), Some(before)) = (&step.event, &step.before) else { continue };
            let signs = matches!(event.data, Data::AdviceGiven(_) | Data::ApprovalGiven(_) | Data::ExecutionSigned(_));
            let party = before.party(event.principal().organisation);
            let gone = party.is_some_and(|party| {
                matches!(
                    party.state,
                    PartyState::Left | PartyState::Declined | PartyState::NotAdopted | PartyState::Succeeded
                )
            });
            tried += usize::from(signs && gone && before.name() != StageName::Closed);
        }
    }
    assert!(tried > 3, "{tried}");
}
