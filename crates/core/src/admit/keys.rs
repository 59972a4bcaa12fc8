//! K: may these keys speak now.

use crate::contest;
use crate::event::data::{Data, PublicKeyBytes};
use crate::event::{Event, Signer};
use crate::ids::OrganisationCode;
use crate::keys::{Key, KeyStage};
use crate::london;
use crate::refusal::Refusal;
use crate::state::State;
use crate::time::Timestamp;
use crate::wire::KeyId;

/// How far ahead a signer's clock may be: 5 minutes.
const CLOCK_AHEAD_MAX: i64 = 5 * 60 * 1000;

/// A key that enters the ledger with an event, and must sign it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The key id that the event gives.
    pub key: KeyId,
    /// The key.
    pub public: PublicKeyBytes,
}

/// The keys that an event carries and that must sign it.
pub fn carried(event: &Event) -> Vec<Carried> {
    if let Data::LedgerGenesis(data) = &event.data {
        data.registrar_keys.iter().map(|k| Carried { key: k.key, public: k.public }).collect()
    } else if let Data::OrganisationRegistered(data) = &event.data {
        vec![Carried { key: data.chief.key, public: data.chief.public }]
    } else if let Data::KeyRegistered(data) = &event.data {
        vec![Carried { key: data.key, public: data.public }]
    } else if let Data::RegistrarChanged(data) = &event.data {
        data.add.iter().map(|k| Carried { key: k.key, public: k.public }).collect()
    } else if let Data::KeyRotated(data) = &event.data {
        vec![Carried { key: data.key, public: data.public }]
    } else {
        Vec::new()
    }
}

/// Whether a key that an event carries may enter: canonical, not weak, torsion-free, and named by its own hash (K06).
///
/// # Errors
///
/// [`Refusal::KeyUnsuitable`].
pub fn suitable(event: &Event, carried: &Carried) -> Result<(), Refusal> {
    let unsuitable = |problem: String| Refusal::KeyUnsuitable { problem };
    if carried.public.key_id() != carried.key {
        return Err(unsuitable(format!("the key id {} is not that of the key", carried.key)));
    }
    event.parsed(&carried.public).map(drop).map_err(|error| unsuitable(error.to_string()))
}

/// All K checks of an event.
pub(super) fn check(state: &State, event: &Event, at: Timestamp) -> Result<(), Refusal> {
    let carried = carried(event);
    for new in &carried {
        suitable(event, new)?;
        if !event.signers.iter().any(|signer| signer.key == new.key) {
            return Err(Refusal::KeyUnsuitable { problem: format!("key {} did not sign", new.key) });
        }
        if state.keys.contains_key(&new.key) {
            return Err(Refusal::KeyKnown { key: new.key });
        }
    }
    for signer in &event.signers {
        if carried.iter().any(|new| new.key == signer.key) {
            check_carried(event, signer)?;
        } else {
            check_registered(state, event, signer)?;
        }
    }
    if let Data::KeyCompromised(data) = &event.data {
        contest::check_suspect(state, event, data, at)?;
    }
    if let Data::KeyRevoked(data) = &event.data {
        // A key that was replaced can still be lost (domain.md 2.11).
        match check_stage(state, data.key) {
            Ok(()) | Err(Refusal::KeyReplaced { .. }) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    if let Data::KeyRotated(data) = &event.data {
        check_stage(state, data.replaces)?;
    }
    let ahead = at.millis_until(event.signed_at);
    if ahead > CLOCK_AHEAD_MAX {
        return Err(Refusal::ClockAhead { minutes: ahead / 60_000 });
    }
    if at > event.valid_until {
        return Err(Refusal::NoLongerValid { until: event.valid_until });
    }
    Ok(())
}

/// A carried key speaks for the person and organisation that the data name.
fn check_carried(event: &Event, signer: &Signer) -> Result<(), Refusal> {
    let fits = if let Data::LedgerGenesis(data) = &event.data {
        data.registrar_keys.iter().any(|k| {
            k.key == signer.key && k.person == signer.person && signer.organisation == data.registrar.organisation
        })
    } else if let Data::OrganisationRegistered(data) = &event.data {
        signer.person == data.chief.person && signer.organisation == data.code
    } else if let Data::RegistrarChanged(data) = &event.data {
        data.add.iter().any(|k| k.key == signer.key && k.person == signer.person)
            && signer.organisation == OrganisationCode::REGISTRAR
    } else if let Data::KeyRegistered(data) = &event.data {
        signer.person == data.person && signer.organisation == data.organisation
    } else {
        // The new key of a rotation speaks for whom the old one spoke for: checked with the roles.
        matches!(event.data, Data::KeyRotated(_))
    };
    if fits { Ok(()) } else { Err(Refusal::KeyOfAnother { key: signer.key, organisation: signer.organisation }) }
}

fn check_registered(state: &State, event: &Event, signer: &Signer) -> Result<(), Refusal> {
    let key = state.keys.get(&signer.key).ok_or(Refusal::KeyUnknown { key: signer.key })?;
    check_signs(key)?;
    if key.contested && !contest::vouched(state, event) {
        return Err(Refusal::KeyContested { key: signer.key });
    }
    if key.organisation == signer.organisation && key.person == signer.person {
        Ok(())
    } else {
        Err(Refusal::KeyOfAnother { key: signer.key, organisation: signer.organisation })
    }
}

/// Whether a key is known and signs now.
///
/// # Errors
///
/// K01, K03 or K04.
pub fn check_stage(state: &State, id: KeyId) -> Result<(), Refusal> {
    state.keys.get(&id).ok_or(Refusal::KeyUnknown { key: id }).and_then(check_signs)
}

fn check_signs(key: &Key) -> Result<(), Refusal> {
    match key.stage {
        KeyStage::Active => Ok(()),
        KeyStage::Retired { at, .. } => Err(Refusal::KeyReplaced { on: london::date_of(at) }),
        KeyStage::Compromised { .. } => Err(Refusal::KeyCompromised),
        KeyStage::Revoked { at } => Err(Refusal::KeyRevoked { on: london::date_of(at) }),
    }
}
