//! A key that an event brings in: of this folder, or of somebody who signs elsewhere.

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use counterpart_core::ids::{OrganisationCode, PersonId, Role};
use counterpart_core::wire::KeyId;

use super::{Members, code};
use crate::act::Acting;
use crate::ending::Fault;
use crate::{Common, key};

/// Somebody whose key comes in with an event, and who signs it.
pub struct Incoming {
    key: KeyId,
    person: PersonId,
    public: String,
}

impl Incoming {
    /// `key`, `person` and `public`, as the data of events have them.
    pub fn members(&self) -> Members {
        Members::new()
            .with("key", code(&self.key))
            .with("person", code(&self.person))
            .with("public", self.public.clone())
    }
}

/// The key that a name means: one of this folder signs with the others; `PERSON:PUBLIC` signs elsewhere. Either is
/// among the signers of `acting` from here on, because nobody comes in who did not prove possession.
///
/// # Errors
///
/// It is neither, or nobody knows whose it is.
pub fn incoming(
    named: &str,
    organisation: OrganisationCode,
    role: Role,
    acting: &mut Acting,
    common: &Common,
) -> Result<Incoming> {
    if let Some((person, public)) = named.split_once(':')
        && named.starts_with("PER-")
    {
        let wrong = || Fault::usage(format!("`{named}` is not PERSON:PUBLIC, the person and the public key in base64"));
        let person: PersonId = person.parse().map_err(|_| wrong())?;
        let bytes: [u8; 32] = STANDARD.decode(public).ok().and_then(|b| b.try_into().ok()).ok_or_else(wrong)?;
        let key = KeyId::of(&bytes);
        let elsewhere = format!("{organisation}:{role}:{person}:{key}");
        if !acting.with.contains(&elsewhere) {
            acting.with.push(elsewhere);
        }
        return Ok(Incoming { key, person, public: public.to_owned() });
    }
    let (secret, holder) = key::load(&acting.place.folder(common)?, named, common)?;
    let holder =
        holder.with_context(|| format!("key `{named}` needs a people.json beside it that says whose it is"))?;
    if !acting.signers.iter().any(|signer| signer == named) {
        acting.signers.push(named.to_owned());
    }
    Ok(Incoming { key: holder.key, person: holder.person, public: key::public_text(&secret) })
}
