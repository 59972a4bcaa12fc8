//! Keys of notes: how they are written, what they sign, how their types are told apart.

use std::fmt;

use ed25519_dalek::Signer as _;

use super::NoteSignature;
use crate::ed25519::{KeyError, PUBLIC_KEY_LEN, PublicKey, SIGNATURE_LEN, SigningKey};
use crate::{Hash, cosignature, text};

/// Says of one key whether it made a signature. New signature types implement it.
pub trait Verifier {
    /// The key name on signature lines.
    fn name(&self) -> &str;

    /// The key id on signature lines.
    fn key_id(&self) -> KeyId;

    /// Whether `signature`, the bytes after the key id, holds for the `text` of a note.
    fn check(&self, text: &str, signature: &[u8]) -> Check;
}

/// What a [`Verifier`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Check {
    /// The key made the signature for this text.
    Holds,
    /// It did not.
    Fails,
    /// The key is of a type that cannot be checked here.
    UnknownType,
}

/// The first four bytes of a hash over name, type and public key.
///
/// It tells keys apart; it does not authenticate them. `Display` is 8 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; KeyId::LEN]);

impl KeyId {
    /// Bytes of a key id.
    pub const LEN: usize = 4;

    /// A key id from its bytes.
    pub const fn from_bytes(bytes: [u8; Self::LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn to_bytes(self) -> [u8; Self::LEN] {
        self.0
    }

    /// SHA-256(name ‖ 0x0A ‖ type ‖ public key), the first four bytes (C2SP signed-note).
    pub fn derive(name: &str, kind: SignatureType, public: &[u8]) -> Self {
        let input = [name.as_bytes(), b"\n", &[kind.code()], public].concat();
        let [a, b, c, d, ..] = Hash::of(&input).to_bytes();
        Self([a, b, c, d])
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::hex(&self.0))
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

/// How a key signs. Types that this version does not check are kept, so that a policy or a
/// note that names them can still be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SignatureType {
    /// 0x01: Ed25519 over the text of the note.
    Ed25519,
    /// 0x04: Ed25519 `cosignature/v1`, with the time at which a witness saw the checkpoint.
    CosignatureV1,
    /// Any other type byte, for example 0x06 for ML-DSA-44 cosignatures.
    Other(u8),
}

impl SignatureType {
    /// The type byte.
    pub const fn code(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::CosignatureV1 => 0x04,
            Self::Other(code) => code,
        }
    }

    /// The type with this byte.
    pub const fn from_code(code: u8) -> Self {
        match code {
            0x01 => Self::Ed25519,
            0x04 => Self::CosignatureV1,
            other => Self::Other(other),
        }
    }
}

/// A verifier key: name, key id, type and public key, written as one word (a "vkey").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    key_id: KeyId,
    key: Key,
}

/// The public part, by type.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    Ed25519(PublicKey),
    CosignatureV1(PublicKey),
    Other(u8, Vec<u8>),
}

/// A text is not a verifier key, or holds an unsuitable one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VerifierKeyError {
    /// Not `name+id+base64`.
    #[error("a verifier key has the form name+8 hexadecimal digits+base64")]
    Shape,
    /// The name cannot stand on a signature line.
    #[error("`{0}` cannot be a key name: it is empty or has a space, a plus sign or a control character")]
    Name(String),
    /// An Ed25519 key is 32 bytes.
    #[error("an Ed25519 public key has 32 bytes, not {0}")]
    Length(usize),
    /// The key id is not the one of this name and key.
    #[error("the verifier key says key id {found}, but its name and key make {expected}")]
    KeyId {
        /// The id it says.
        found: KeyId,
        /// The id it should say.
        expected: KeyId,
    },
    /// The public key is not fit to be trusted.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl VerifierKey {
    /// The verifier key of `public` under `name`. A `kind` that is not checked here keeps its
    /// bytes and verifies nothing.
    ///
    /// # Errors
    ///
    /// The name cannot be a key name, or the public key is unsuitable.
    pub fn new(name: &str, kind: SignatureType, public: &[u8]) -> Result<Self, VerifierKeyError> {
        if !is_key_name(name) {
            return Err(VerifierKeyError::Name(name.to_owned()));
        }
        let key = match kind {
            SignatureType::Ed25519 => Key::Ed25519(register(public)?),
            SignatureType::CosignatureV1 => Key::CosignatureV1(register(public)?),
            SignatureType::Other(code) => Key::Other(code, public.to_vec()),
        };
        Ok(Self { name: name.to_owned(), key_id: KeyId::derive(name, kind, public), key })
    }

    /// Reads `name+id+base64(type ‖ public key)`.
    ///
    /// # Errors
    ///
    /// The text has another shape, the key is unsuitable, or the key id belongs to another
    /// key. The id of a type that is not known here is taken as it stands: some types derive
    /// it in ways of their own.
    pub fn parse(vkey: &str) -> Result<Self, VerifierKeyError> {
        let mut parts = vkey.splitn(3, '+');
        let (Some(name), Some(id), Some(key), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(VerifierKeyError::Shape);
        };
        let mut found = [0; KeyId::LEN];
        text::unhex(id, &mut found).ok_or(VerifierKeyError::Shape)?;
        let found = KeyId(found);
        let key = text::unbase64(key).ok_or(VerifierKeyError::Shape)?;
        let (code, public) = key.split_first().ok_or(VerifierKeyError::Shape)?;
        let mut parsed = Self::new(name, SignatureType::from_code(*code), public)?;
        let expected = parsed.key_id;
        match parsed.key {
            Key::Other(..) => parsed.key_id = found,
            Key::Ed25519(_) | Key::CosignatureV1(_) if found != expected => {
                return Err(VerifierKeyError::KeyId { found, expected });
            }
            Key::Ed25519(_) | Key::CosignatureV1(_) => {}
        }
        Ok(parsed)
    }

    /// The key name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key id.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The signature type.
    pub fn kind(&self) -> SignatureType {
        match self.key {
            Key::Ed25519(_) => SignatureType::Ed25519,
            Key::CosignatureV1(_) => SignatureType::CosignatureV1,
            Key::Other(code, _) => SignatureType::Other(code),
        }
    }

    /// The bytes of the public key, without the type byte.
    pub fn public_bytes(&self) -> &[u8] {
        match &self.key {
            Key::Ed25519(public) | Key::CosignatureV1(public) => public.as_bytes(),
            Key::Other(_, public) => public,
        }
    }

    /// The Ed25519 key, if the type is one that signs with Ed25519.
    pub fn ed25519(&self) -> Option<&PublicKey> {
        match &self.key {
            Key::Ed25519(public) | Key::CosignatureV1(public) => Some(public),
            Key::Other(..) => None,
        }
    }
}

/// An Ed25519 key of a verifier key enters the record like any other.
fn register(public: &[u8]) -> Result<PublicKey, VerifierKeyError> {
    let bytes = <&[u8; PUBLIC_KEY_LEN]>::try_from(public).map_err(|_| VerifierKeyError::Length(public.len()))?;
    Ok(PublicKey::register(bytes)?)
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = [&[self.kind().code()], self.public_bytes()].concat();
        write!(f, "{}+{}+{}", self.name, self.key_id, text::base64(&key))
    }
}

impl std::str::FromStr for VerifierKey {
    type Err = VerifierKeyError;

    fn from_str(vkey: &str) -> Result<Self, VerifierKeyError> {
        Self::parse(vkey)
    }
}

impl Verifier for VerifierKey {
    fn name(&self) -> &str {
        &self.name
    }

    fn key_id(&self) -> KeyId {
        self.key_id
    }

    fn check(&self, text: &str, signature: &[u8]) -> Check {
        let holds = match &self.key {
            Key::Ed25519(public) => <&[u8; SIGNATURE_LEN]>::try_from(signature)
                .is_ok_and(|signature| public.verify(text.as_bytes(), signature)),
            Key::CosignatureV1(public) => cosignature::verify(public, text, signature).is_some(),
            Key::Other(..) => return Check::UnknownType,
        };
        if holds { Check::Holds } else { Check::Fails }
    }
}

impl<V: Verifier + ?Sized> Verifier for &V {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn key_id(&self) -> KeyId {
        (**self).key_id()
    }

    fn check(&self, text: &str, signature: &[u8]) -> Check {
        (**self).check(text, signature)
    }
}

/// Signs notes with a key of type 0x01, as a log signs its checkpoints.
///
/// Witnesses sign with [`cosignature::Cosigner`]; the types keep the two apart.
#[derive(Clone)]
pub struct NoteSigner {
    name: String,
    key_id: KeyId,
    key: SigningKey,
}

impl NoteSigner {
    /// A signer with this key under `name`.
    ///
    /// # Errors
    ///
    /// The name cannot be a key name.
    pub fn new(name: &str, key: SigningKey) -> Result<Self, VerifierKeyError> {
        let public = key.verifying_key().to_bytes();
        let vkey = VerifierKey::new(name, SignatureType::Ed25519, &public)?;
        Ok(Self { name: vkey.name, key_id: vkey.key_id, key })
    }

    /// Signs `text`. The caller answers for what the text says: a log never signs two
    /// checkpoints that contradict each other.
    pub fn sign(&self, text: &str) -> NoteSignature {
        NoteSignature { name: self.name.clone(), key_id: self.key_id, bytes: self.key.sign(text.as_bytes()).to_vec() }
    }

    /// The key name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The key id.
    pub fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// What others verify with.
    pub fn vkey(&self) -> VerifierKey {
        VerifierKey { name: self.name.clone(), key_id: self.key_id, key: Key::Ed25519(PublicKey::from(&self.key)) }
    }
}

impl fmt::Debug for NoteSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The private key is never printed.
        write!(f, "NoteSigner({})", self.vkey())
    }
}

/// Whether `name` may name a key: not empty, no Unicode space, no plus sign, nothing that a
/// note may not hold.
pub fn is_key_name(name: &str) -> bool {
    text::is_note_line(name) && !name.contains(|c: char| c.is_whitespace() || c == '+')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn vkey(kind: SignatureType) -> VerifierKey {
        let public = SigningKey::from_bytes(&[1; 32]).verifying_key().to_bytes();
        VerifierKey::new("ada.example", kind, &public).unwrap()
    }

    #[test]
    fn verifier_key_reads_back_what_it_prints() {
        for kind in [SignatureType::Ed25519, SignatureType::CosignatureV1, SignatureType::Other(0x06)] {
            let key = vkey(kind);
            assert_eq!(VerifierKey::parse(&key.to_string()).unwrap(), key);
            assert_eq!(SignatureType::from_code(kind.code()), kind);
        }
    }

    #[test]
    fn malformed_verifier_keys_are_refused() {
        let good = vkey(SignatureType::Ed25519).to_string();
        let refused = |vkey: &str| VerifierKey::parse(vkey).unwrap_err();
        for wrong in [
            "",
            "ada.example",
            "ada.example+00000000",
            "ada.example+00000000+",
            "ada.example+0000000+AQ==",
            "ada.example+0000000G+AQ==",
            "ada.example+00000000+A",
            &format!("{good} "),
            &format!("{good}\n"),
            &good.to_uppercase(),
        ] {
            assert_eq!(refused(wrong), VerifierKeyError::Shape, "{wrong:?}");
        }
        let spaced = good.replace("ada", "a da");
        assert_eq!(refused(&spaced), VerifierKeyError::Name("a da.example".to_owned()));
        assert_eq!(refused("a+00000000+AQ=="), VerifierKeyError::Length(0));
        let expected = vkey(SignatureType::Ed25519).key_id();
        let found = KeyId([0; 4]);
        let other_id = good.replace(&expected.to_string(), "00000000");
        assert_eq!(refused(&other_id), VerifierKeyError::KeyId { found, expected });
    }

    #[test]
    fn weak_key_is_no_verifier_key() {
        // The neutral point: y = 1.
        let mut public = [0; 32];
        public[0] = 1;
        assert_eq!(
            VerifierKey::new("ada.example", SignatureType::Ed25519, &public),
            Err(VerifierKeyError::Key(KeyError::Weak))
        );
    }

    #[test]
    fn key_of_a_type_unknown_here_is_kept_with_its_own_id_and_verifies_nothing() {
        // ECDSA keys hash something else into their id.
        let key = VerifierKey::parse("witness.example+01020304+Av8=").unwrap();
        assert_eq!(key.key_id(), KeyId::from_bytes([1, 2, 3, 4]));
        assert_eq!(key.kind(), SignatureType::Other(0x02));
        assert_eq!((key.public_bytes(), key.ed25519()), (&[0xff][..], None));
        assert_eq!(key.check("text\n", &[0; 64]), Check::UnknownType);
        assert_eq!(key.to_string(), "witness.example+01020304+Av8=");
    }

    #[test]
    fn same_key_under_another_type_has_another_id() {
        let (log, witness) = (SignatureType::Ed25519, SignatureType::CosignatureV1);
        assert_ne!(vkey(log).key_id(), vkey(witness).key_id());
    }

    #[test]
    fn private_key_is_not_printed() {
        let signer = NoteSigner::new("ada.example", SigningKey::from_bytes(&[1; 32])).unwrap();
        assert_eq!(format!("{signer:?}"), format!("NoteSigner({})", signer.vkey()));
    }
}
