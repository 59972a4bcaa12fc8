//! Names that stand in clear in the log: organisations, persons, roles, streams, events.
//!
//! Each is a closed grammar, so that no free text can hide in it (wire.md 1, rule 3).

mod forms;

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserialize, Deserializer};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::packed::{Packed, Packing, Unpacking};
use crate::wire::KeyId;

pub(crate) use forms::hashed_at_once;
use forms::string_serde;

/// The text is not of the grammar that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct NotAnId {
    /// What was given, shortened.
    pub text: String,
    /// What was asked for, in plain words.
    pub expected: &'static str,
}

impl NotAnId {
    fn new(text: &str, expected: &'static str) -> Self {
        Self { text: text.chars().take(60).collect(), expected }
    }
}

/// The code of an organisation: 2 to 8 upper-case letters and digits, a letter first, for example `CMD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrganisationCode {
    // Padded with zeros, which sort before every letter: the derived order is the order of the text.
    bytes: [u8; 8],
}

hashed_at_once!(OrganisationCode, |code| &code.bytes);

impl OrganisationCode {
    /// The registrar's organisation: a body for registering only, never a party (wire.md 3).
    pub const REGISTRAR: Self = Self { bytes: *b"REG\0\0\0\0\0" };

    /// The code as text.
    pub fn as_str(&self) -> &str {
        let end = self.bytes.iter().position(|b| *b == 0).unwrap_or(self.bytes.len());
        std::str::from_utf8(self.bytes.get(..end).unwrap_or_default()).unwrap_or_default()
    }
}

impl FromStr for OrganisationCode {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let wrong = || NotAnId::new(text, "an organisation code of 2 to 8 capital letters and digits");
        if text.len() < 2 || !text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()) {
            return Err(wrong());
        }
        if !text.starts_with(|c: char| c.is_ascii_uppercase()) {
            return Err(wrong());
        }
        let mut bytes = [0; 8];
        bytes.get_mut(..text.len()).ok_or_else(wrong)?.copy_from_slice(text.as_bytes());
        Ok(Self { bytes })
    }
}

impl fmt::Display for OrganisationCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

string_serde!(text OrganisationCode, "OrganisationCode", "^[A-Z][A-Z0-9]{1,7}$");

/// A person, by the random name that one organisation made for them: `PER-` and 12 Crockford base32 characters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId(u64);

const CROCKFORD: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl PersonId {
    /// Makes a name from 60 random bits; the upper four are ignored.
    pub fn from_random(bits: u64) -> Self {
        Self(bits & ((1 << 60) - 1))
    }

    const fn packed(self) -> [u8; 8] {
        self.0.to_be_bytes()
    }

    fn unpacked(bytes: [u8; 8]) -> Option<Self> {
        let bits = u64::from_be_bytes(bytes);
        (bits < 1 << 60).then_some(Self(bits))
    }
}

impl FromStr for PersonId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let wrong = || NotAnId::new(text, "a person id of the form PER- and 12 base32 characters");
        let digits = text.strip_prefix("PER-").ok_or_else(wrong)?;
        if digits.len() != 12 {
            return Err(wrong());
        }
        let mut value = 0u64;
        for byte in digits.bytes() {
            let digit = CROCKFORD.iter().position(|c| *c == byte).ok_or_else(wrong)?;
            value = (value << 5) | digit as u64;
        }
        Ok(Self(value))
    }
}

impl fmt::Display for PersonId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PER-")?;
        for place in (0..12).rev() {
            let digit = usize::try_from((self.0 >> (place * 5)) & 31).unwrap_or_default();
            let byte = CROCKFORD.get(digit).copied().unwrap_or(b'0');
            fmt::Write::write_char(formatter, char::from(byte))?;
        }
        Ok(())
    }
}

impl Packed for PersonId {
    fn pack(&self, to: &mut Packing<'_>) {
        to.raw(&self.packed());
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        Self::unpacked(from.raw()?)
    }
}

string_serde!(packed PersonId, "PersonId", "^PER-[0-9A-HJKMNP-TV-Z]{12}$");

/// The name of an event, made by the client: a `UUIDv7` in lower case. It is the idempotency key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventId(Uuid);

hashed_at_once!(EventId, |id| id.as_bytes());

impl EventId {
    /// The 16 bytes of the UUID.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    fn packed(self) -> [u8; 16] {
        *self.as_bytes()
    }

    pub(crate) fn unpacked(bytes: [u8; 16]) -> Option<Self> {
        let uuid = Uuid::from_bytes(bytes);
        (uuid.get_version_num() == 7 && uuid.get_variant() == uuid::Variant::RFC4122).then_some(Self(uuid))
    }
}

impl From<Uuid> for EventId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

fn uuid_v7(text: &str) -> Option<Uuid> {
    let uuid = Uuid::try_parse(text).ok()?;
    let mut buffer = Uuid::encode_buffer();
    let canonical = &*uuid.hyphenated().encode_lower(&mut buffer);
    (canonical == text && uuid.get_version_num() == 7 && uuid.get_variant() == uuid::Variant::RFC4122).then_some(uuid)
}

const UUID_V7: &str = "^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$";

impl FromStr for EventId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        uuid_v7(text).map(Self).ok_or_else(|| NotAnId::new(text, "a UUIDv7 in lower case"))
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(formatter)
    }
}

string_serde!(packed EventId, "EventId", UUID_V7);

/// The name of an agreement, chosen by whoever files it: a `UUIDv7` in lower case.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AgreementId(Uuid);

hashed_at_once!(AgreementId, |id| id.as_bytes());

impl AgreementId {
    /// The 16 bytes of the UUID.
    pub fn as_bytes(&self) -> &[u8; 16] {
        self.0.as_bytes()
    }

    fn packed(self) -> [u8; 16] {
        *self.as_bytes()
    }

    pub(crate) fn unpacked(bytes: [u8; 16]) -> Option<Self> {
        let uuid = Uuid::from_bytes(bytes);
        (uuid.get_version_num() == 7 && uuid.get_variant() == uuid::Variant::RFC4122).then_some(Self(uuid))
    }
}

impl From<Uuid> for AgreementId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl FromStr for AgreementId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        uuid_v7(text).map(Self).ok_or_else(|| NotAnId::new(text, "a UUIDv7 in lower case"))
    }
}

impl fmt::Display for AgreementId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(formatter)
    }
}

impl Packed for AgreementId {
    fn pack(&self, to: &mut Packing<'_>) {
        to.raw(self.as_bytes());
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        Self::unpacked(from.raw()?)
    }
}

string_serde!(packed AgreementId, "AgreementId", UUID_V7);

/// The stream that an event belongs to (wire.md 2.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// The ledger itself.
    Sys,
    /// One organisation.
    Organisation(OrganisationCode),
    /// One key.
    Key(KeyId),
    /// One agreement.
    Agreement(AgreementId),
    /// One template.
    Template(AgreementId),
    /// One programme.
    Programme(AgreementId),
}

impl FromStr for Stream {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let wrong = || NotAnId::new(text, "a stream: sys, org:CODE, key:KEYID, agr:UUID, tpl:UUID or prg:UUID");
        if text == "sys" {
            return Ok(Self::Sys);
        }
        let (kind, key) = text.split_once(':').ok_or_else(wrong)?;
        match kind {
            "org" => Ok(Self::Organisation(key.parse()?)),
            "key" => key.parse().map(Self::Key).map_err(|_| wrong()),
            "agr" => Ok(Self::Agreement(key.parse()?)),
            "tpl" => Ok(Self::Template(key.parse()?)),
            "prg" => Ok(Self::Programme(key.parse()?)),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for Stream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sys => formatter.write_str("sys"),
            Self::Organisation(code) => write!(formatter, "org:{code}"),
            Self::Key(key) => write!(formatter, "key:{key}"),
            Self::Agreement(id) => write!(formatter, "agr:{id}"),
            Self::Template(id) => write!(formatter, "tpl:{id}"),
            Self::Programme(id) => write!(formatter, "prg:{id}"),
        }
    }
}

string_serde!(
    Stream,
    "Stream",
    "^(sys|org:[A-Z][A-Z0-9]{1,7}|key:[0-9a-f]{64}|(agr|tpl|prg):[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})$"
);

/// A code of a code list: 1 to 40 capital letters, digits, `_` and `-`, a letter first.
///
/// Which codes a list holds is reference data, dated; the grammar is for ever.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(Box<str>);

impl Code {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Code {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let rest = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        if text.len() <= 40 && text.starts_with(|c: char| c.is_ascii_uppercase()) && text.bytes().all(rest) {
            Ok(Self(text.into()))
        } else {
            Err(NotAnId::new(text, "a code of 1 to 40 capital letters, digits, hyphens and underscores"))
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

string_serde!(text Code, "Code", "^[A-Z][A-Z0-9_-]{0,39}$");

/// A dataset of an agreement, by its position in the schedule: `DS-1` to `DS-200`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatasetId(u8);

impl DatasetId {
    /// The most datasets one agreement may have.
    pub const MAX: usize = 200;

    /// The dataset at a position counted from 0, if there may be one.
    pub fn from_position(position: usize) -> Option<Self> {
        (position < Self::MAX).then(|| u8::try_from(position + 1).ok().map(Self)).flatten()
    }

    /// The position in the schedule, from 0.
    pub fn position(self) -> usize {
        usize::from(self.0) - 1
    }
}

impl FromStr for DatasetId {
    type Err = NotAnId;

    fn from_str(text: &str) -> Result<Self, NotAnId> {
        let wrong = || NotAnId::new(text, "a dataset from DS-1 to DS-200");
        let digits = text.strip_prefix("DS-").ok_or_else(wrong)?;
        if digits.starts_with('0') || digits.starts_with('+') {
            return Err(wrong());
        }
        let number: u8 = digits.parse().map_err(|_| wrong())?;
        if number == 0 || usize::from(number) > Self::MAX {
            return Err(wrong());
        }
        Ok(Self(number))
    }
}

impl fmt::Display for DatasetId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "DS-{}", self.0)
    }
}

impl Packed for DatasetId {
    fn pack(&self, to: &mut Packing<'_>) {
        to.byte(self.0);
    }

    fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        let number = from.byte()?;
        (1..=Self::MAX).contains(&usize::from(number)).then_some(Self(number))
    }
}

string_serde!(DatasetId, "DatasetId", "^DS-([1-9][0-9]?|1[0-9][0-9]|200)$");

macro_rules! codes {
    (ranked $(#[$outer:meta])* $name:ident { $($rest:tt)+ }) => {
        $crate::ids::codes! { @list $(#[$outer])* #[derive(PartialOrd, Ord)] $name { $($rest)+ } }
    };
    (@list $(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$outer])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[schemars(inline)]
        pub enum $name {
            $($(#[$inner])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every code of the list, in order.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The code as it stands in the log.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl $crate::packed::Packed for $name {
            fn pack(&self, to: &mut $crate::packed::Packing<'_>) {
                to.byte(*self as u8);
            }

            fn unpack(from: &mut $crate::packed::Unpacking<'_>) -> Option<Self> {
                Self::ALL.get(usize::from(from.byte()?)).copied()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::ids::NotAnId;

            fn from_str(text: &str) -> Result<Self, $crate::ids::NotAnId> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    _ => Err($crate::ids::NotAnId {
                        text: text.chars().take(60).collect(),
                        expected: concat!("a code of ", stringify!($name)),
                    }),
                }
            }
        }
    };
    ($(#[$outer:meta])* $name:ident { $($rest:tt)+ }) => {
        $crate::ids::codes! { @list $(#[$outer])* $name { $($rest)+ } }

        // A sorted list in the log is sorted as it is printed, whatever order a program declares.
        impl Ord for $name {
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                self.as_str().cmp(other.as_str())
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }
    };
}
pub(crate) use codes;

codes! {
    /// A role in the standard directory (domain.md 3.1). Local job titles are disclosures.
    Role {
        /// Requesting officer.
        Req = "REQ",
        /// Information governance lead.
        Igl = "IGL",
        /// Data protection officer: advises, never decides.
        Dpo = "DPO",
        /// Senior information risk owner.
        Siro = "SIRO",
        /// Caldicott Guardian.
        Cg = "CG",
        /// Information asset owner.
        Iao = "IAO",
        /// Authorised signatory: binds the organisation.
        Sig = "SIG",
        /// Legal adviser.
        Lgl = "LGL",
        /// Security lead.
        Sec = "SEC",
        /// Law-enforcement authoriser.
        Leo = "LEO",
        /// Open data publisher.
        Opn = "OPN",
        /// Data lead.
        Dat = "DAT",
        /// Head of paid service: root of the organisation's authority.
        Cex = "CEX",
        /// Ledger administrator.
        Adm = "ADM",
        /// Template steward.
        Tps = "TPS",
        /// Programme lead.
        Prg = "PRG",
        /// Board chair.
        Brd = "BRD",
        /// Registrar: registers, never decides an agreement.
        Reg = "REG",
        /// Auditor.
        Aud = "AUD",
        /// Witness.
        Wit = "WIT",
    }
}

impl Role {
    /// What the role is called in plain English, for messages.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Req => "requesting officer",
            Self::Igl => "information governance lead",
            Self::Dpo => "data protection officer",
            Self::Siro => "senior information risk owner",
            Self::Cg => "Caldicott Guardian",
            Self::Iao => "information asset owner",
            Self::Sig => "authorised signatory",
            Self::Lgl => "legal adviser",
            Self::Sec => "security lead",
            Self::Leo => "law-enforcement authoriser",
            Self::Opn => "open data publisher",
            Self::Dat => "data lead",
            Self::Cex => "head of paid service",
            Self::Adm => "ledger administrator",
            Self::Tps => "template steward",
            Self::Prg => "programme lead",
            Self::Brd => "board chair",
            Self::Reg => "registrar",
            Self::Aud => "auditor",
            Self::Wit => "witness",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn organisation_codes_read_back_as_written() {
        for text in ["CMD", "MOPAC", "QMUL", "AB", "A1234567"] {
            assert_eq!(text.parse::<OrganisationCode>().map(|c| c.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "A", "cmd", "1AB", "ABCDEFGHI", "CM D", "CMÉ"] {
            assert!(text.parse::<OrganisationCode>().is_err(), "{text}");
        }
    }

    #[test]
    fn codes_sort_as_they_are_printed() {
        let mut roles = Role::ALL.to_vec();
        roles.sort();
        assert!(roles.is_sorted_by_key(|role| role.as_str()), "{roles:?}");
        assert_ne!(roles, Role::ALL, "the order of declaration is another");
        // The classes of data are the exception: their order decides approval routes.
        assert!(crate::header::DataClass::ALL.is_sorted());
    }

    #[test]
    fn person_ids_read_back_as_written() {
        for text in ["PER-000000000000", "PER-7ZZZZZZZZZZZ", "PER-0123456789AB"] {
            assert_eq!(text.parse::<PersonId>().map(|p| p.to_string()), Ok(text.to_owned()));
        }
        for text in ["PER-00000000000", "PER-00000000000I", "per-000000000000", "PER-00000000000u"] {
            assert!(text.parse::<PersonId>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_lower_case_version_seven_names_an_event() {
        assert!("01890000-0000-7000-8000-000000000000".parse::<EventId>().is_ok());
        for text in [
            "01890000-0000-4000-8000-000000000000",
            "0189000A-0000-7000-8000-000000000000",
            "01890000000070008000000000000000",
            "01890000-0000-7000-0000-000000000000",
        ] {
            assert!(text.parse::<EventId>().is_err(), "{text}");
        }
    }

    #[test]
    fn datasets_run_from_one_to_two_hundred() {
        for text in ["DS-1", "DS-99", "DS-200"] {
            assert_eq!(text.parse::<DatasetId>().map(|d| d.to_string()), Ok(text.to_owned()));
        }
        for text in ["DS-0", "DS-01", "DS-201", "DS-256", "DS-+1", "1"] {
            assert!(text.parse::<DatasetId>().is_err(), "{text}");
        }
    }

    #[test]
    fn streams_read_back_as_written() {
        for text in ["sys", "org:CMD", "agr:01890000-0000-7000-8000-000000000000"] {
            assert_eq!(text.parse::<Stream>().map(|s| s.to_string()), Ok(text.to_owned()));
        }
        for text in ["SYS", "org:", "agr:DSA-2026-000001", "sys:", "x:y"] {
            assert!(text.parse::<Stream>().is_err(), "{text}");
        }
    }
}
