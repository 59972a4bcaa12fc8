//! One private key in a file: Ed25519, PKCS#8 in PEM (RFC 8410, RFC 5958).
//!
//! Written is version 1, without the public key: OpenSSL before 3.5 and Python's `cryptography` refuse version 2.
//! Both are read. Under a passphrase it is PBES2 with scrypt and AES-256-CBC (RFC 8018, RFC 7914), which
//! `openssl pkey` opens.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use counterpart_tlog::ed25519::SigningKey;
use ed25519_dalek::pkcs8::KeypairBytes;
use pkcs8::pkcs5::pbes2;
use pkcs8::{EncodePrivateKey, EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument};
use zeroize::Zeroizing;

use crate::passphrase::Passphrase;
use crate::shell;

/// scrypt with N = 2^14, r = 8, p = 5: one of the settings that OWASP lists, and the largest memory (16 MiB) that
/// OpenSSL gives it by default.
const SCRYPT: (u8, u32, u32) = (14, 8, 5);

const PLAIN: &str = "PRIVATE KEY";
const SEALED: &str = "ENCRYPTED PRIVATE KEY";

/// The text of a key file.
///
/// # Errors
///
/// Never for a key; the encoders ask for the possibility.
pub fn to_pem(key: &SigningKey, passphrase: Option<&str>) -> Result<Zeroizing<String>> {
    let bytes = KeypairBytes { secret_key: key.to_bytes(), public_key: None };
    let plain = bytes.to_pkcs8_der().map_err(|error| anyhow!("the key cannot be written: {error}"))?;
    let Some(passphrase) = passphrase else {
        return plain.to_pem(PLAIN, LineEnding::LF).map_err(|error| anyhow!("the key cannot be written: {error}"));
    };
    let sealed = seal(&plain, passphrase).map_err(|error| anyhow!("the key cannot be sealed: {error}"))?;
    sealed.to_pem(SEALED, LineEnding::LF).map_err(|error| anyhow!("the key cannot be written: {error}"))
}

fn seal(plain: &SecretDocument, passphrase: &str) -> pkcs8::Result<SecretDocument> {
    let (log_n, r, p) = SCRYPT;
    let cost = pkcs8::pkcs5::scrypt::Params::new(log_n, r, p).map_err(|_| pkcs8::Error::ParametersMalformed)?;
    let parameters =
        pbes2::Parameters::generate_scrypt_aes256cbc(cost, &shell::entropy::<16>(), shell::entropy::<16>())?;
    PrivateKeyInfoRef::try_from(plain.as_bytes())?.encrypt_with_params(parameters, passphrase)
}

/// Reads the text of a key file, and asks for the passphrase if it is sealed.
///
/// # Errors
///
/// It is no PEM, no Ed25519 key, or the passphrase is another.
pub fn from_pem(text: &[u8], name: &str, passphrase: Passphrase<'_>) -> Result<SigningKey> {
    let text = std::str::from_utf8(text).map_err(|_| anyhow!("{name} is not a PEM file"))?;
    let (label, document) = SecretDocument::from_pem(text.trim_start())
        .map_err(|_| anyhow!("{name} is not a private key in PEM; make one with `counterpart key new`"))?;
    let plain = match label {
        PLAIN => document,
        SEALED => {
            let sealed = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes())
                .map_err(|error| anyhow!("{name} is not a sealed PKCS#8 key: {error}"))?;
            sealed
                .decrypt(passphrase.open(name)?.as_bytes())
                .map_err(|_| anyhow!("{name} cannot be opened with this passphrase"))?
        }
        other => bail!("{name} holds `{other}`; an Ed25519 private key in PKCS#8 is needed"),
    };
    let bytes = PrivateKeyInfoRef::try_from(plain.as_bytes())
        .and_then(KeypairBytes::try_from)
        .map_err(|_| anyhow!("{name} holds no Ed25519 key; make one with `counterpart key new`"))?;
    let key = SigningKey::from_bytes(&bytes.secret_key);
    if bytes.public_key.as_ref().is_some_and(|public| public.to_bytes() != key.verifying_key().to_bytes()) {
        bail!("{name} holds a private key and the public key of another; it is damaged or was tampered with");
    }
    Ok(key)
}

/// Reads a key file. Others may be able to neither read nor write it.
///
/// # Errors
///
/// It is wider than mode 0600, or as for [`from_pem`].
pub fn load(path: &Path, passphrase: Passphrase<'_>) -> Result<SigningKey> {
    from_pem(&shell::read_secret(path)?, &format!("`{}`", path.display()), passphrase)
}

/// Makes a key and writes it to a new file of mode 0600.
///
/// # Errors
///
/// The file exists or cannot be written.
pub fn make(path: &Path, passphrase: Option<&str>) -> Result<SigningKey> {
    let key = SigningKey::from_bytes(&Zeroizing::new(shell::entropy::<32>()));
    shell::write_new(path, to_pem(&key, passphrase)?.as_bytes(), true)?;
    Ok(key)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[7; 32])
    }

    fn reading(text: &str) -> Result<SigningKey> {
        from_pem(text.as_bytes(), "the key", Passphrase::new(None))
    }

    #[test]
    fn a_key_is_written_as_version_one_and_read_again() {
        let pem = to_pem(&key(), None).unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        // RFC 8410, section 10.3: 48 bytes, version 0, no public key.
        assert_eq!(body.len(), 64);
        assert!(body.starts_with("MC4CAQAwBQYDK2VwBCIEI"), "{body}");
        assert_eq!(reading(&pem).unwrap().to_bytes(), key().to_bytes());
    }

    #[test]
    fn version_two_is_read_and_its_public_key_must_fit() {
        let two = KeypairBytes::from_bytes(&key().to_keypair_bytes());
        assert_eq!(reading(&two.to_pkcs8_pem(LineEnding::LF).unwrap()).unwrap().to_bytes(), key().to_bytes());
        let mut other = key().to_keypair_bytes();
        other
            .iter_mut()
            .skip(32)
            .zip(SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes())
            .for_each(|(to, from)| *to = from);
        let stranger = KeypairBytes::from_bytes(&other).to_pkcs8_pem(LineEnding::LF).unwrap();
        assert!(reading(&stranger).unwrap_err().to_string().contains("public key of another"));
    }

    #[test]
    fn a_sealed_key_opens_with_its_passphrase_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            shell::write_new(&path, text.as_bytes(), true).unwrap();
            path
        };
        let pem = to_pem(&key(), Some("correct horse")).unwrap();
        assert!(pem.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----"));
        let (right, wrong) = (file("right", "correct horse\n"), file("wrong", "incorrect horse"));
        let open = |path: &Path| from_pem(pem.as_bytes(), "the key", Passphrase::new(Some(path)));
        assert_eq!(open(&right).unwrap().to_bytes(), key().to_bytes());
        assert!(open(&wrong).unwrap_err().to_string().contains("this passphrase"));
    }

    #[test]
    fn what_is_no_key_is_said_to_be_none() {
        for text in [
            "",
            "hello",
            "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n",
        ] {
            assert!(reading(text).is_err(), "{text}");
        }
    }
}
