//! Which keys and signatures are accepted: the verdict that history depends on.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use counterpart_tlog::ed25519::{KeyError, PublicKey, SigningKey};
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::{EdwardsPoint, Scalar};
use serde_json::Value;
use sha2::{Digest as _, Sha512};

/// Bytes from hexadecimal digits.
fn bytes<const N: usize>(digits: &Value) -> [u8; N] {
    let bytes = hex::decode(digits.as_str().unwrap()).unwrap();
    bytes.try_into().unwrap()
}

#[test]
fn own_edge_cases_get_their_verdicts() {
    let cases = include_str!("../testdata/ed25519-cases.json");
    let cases: Vec<Value> = serde_json::from_str(cases).unwrap();
    assert_eq!(cases.len(), 25);
    for case in &cases {
        let name = &case["name"];
        let key = bytes::<32>(&case["key"]);
        let registered = PublicKey::register(&key);
        let expected = match case["key_is"].as_str().unwrap() {
            "registrable" => None,
            "not canonical" => Some(KeyError::NotCanonical),
            "weak" => Some(KeyError::Weak),
            "mixed order" => Some(KeyError::MixedOrder),
            "not a point" => Some(KeyError::NotAPoint),
            other => panic!("{other}"),
        };
        assert_eq!(registered.err(), expected, "{name}");
        let message = case["message"].as_str().unwrap().as_bytes();
        let signature = bytes(&case["signature"]);
        let verifies = PublicKey::lenient(&key).is_ok_and(|key| key.verify(message, &signature));
        assert_eq!(Value::from(verifies), case["verifies"], "{name}");
    }
}

#[test]
fn key_of_a_signer_is_registrable_and_named_by_its_hash() {
    // RFC 8032 §7.1, test 1.
    let seed = bytes(&Value::from("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"));
    let public = PublicKey::from(&SigningKey::from_bytes(&seed));
    assert_eq!(hex::encode(public.as_bytes()), "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
    assert_eq!(PublicKey::register(public.as_bytes()), Ok(public));
    assert_eq!(public.keyid(), "21fe31dfa154a261626bf854046fd2271b7bed4b6abe45aa58877ef47f9721b9");
    let signature = bytes(&Value::from(
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555\
         fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ));
    assert!(public.verify(b"", &signature));
    assert!(!public.verify(b"x", &signature));
}

/// Public vectors, which lie beside a checkout of this project; where they do not, that is said aloud, and the cases
/// above stand alone.
fn public_vectors(name: &str) -> Option<Value> {
    let path = format!("{}/../../../shared/data/vectors/{name}", env!("CARGO_MANIFEST_DIR"));
    let chosen = std::env::var("COUNTERPART_VECTORS").map(|folder| format!("{folder}/{name}"));
    let Ok(vectors) = std::fs::read(chosen.unwrap_or(path)) else {
        eprintln!("WARNING: {name} is not here (COUNTERPART_VECTORS=FOLDER names its folder); it was NOT asked");
        return None;
    };
    Some(serde_json::from_slice(&vectors).unwrap())
}

/// The C2SP/CCTV vectors pin the verdict, so that no upgrade changes what history says.
#[test]
fn of_914_public_edge_cases_43_are_accepted() {
    let Some(vectors) = public_vectors("cctv_ed25519.json") else { return };
    let vectors = vectors.as_array().unwrap();
    assert_eq!(vectors.len(), 914);
    let accepted = vectors.iter().filter(|vector| {
        let message = vector["msg"].as_str().unwrap().as_bytes();
        PublicKey::lenient(&bytes(&vector["key"])).is_ok_and(|key| key.verify(message, &bytes(&vector["sig"])))
    });
    let accepted: Vec<_> = accepted.collect();
    assert_eq!(accepted.len(), 43);
    // All but one are by keys that would not have been registered.
    let registrable = accepted.iter().filter(|vector| PublicKey::register(&bytes(&vector["key"])).is_ok());
    assert_eq!(registrable.count(), 1);
}

/// The vectors of Wycheproof: what is valid is accepted, and nothing else is.
#[test]
fn wycheproof_agrees_with_every_verdict() {
    let Some(vectors) = public_vectors("wycheproof_ed25519.json") else { return };
    let (mut valid, mut invalid) = (0, 0);
    for group in vectors["testGroups"].as_array().unwrap() {
        let key = PublicKey::register(&bytes(&group["publicKey"]["pk"])).unwrap();
        for case in group["tests"].as_array().unwrap() {
            let message = hex::decode(case["msg"].as_str().unwrap()).unwrap();
            let signature: Result<[u8; 64], _> = hex::decode(case["sig"].as_str().unwrap()).unwrap().try_into();
            let verifies = signature.is_ok_and(|signature| key.verify(&message, &signature));
            assert_eq!(verifies, case["result"] == "valid", "{case}");
            *(if verifies { &mut valid } else { &mut invalid }) += 1;
        }
    }
    assert!(valid > 50 && invalid > 50, "{valid} valid and {invalid} invalid");
}

/// What the contract says of a signature, written down with points and scalars alone: S below the order of the group,
/// neither A nor R of small order, and R the one spelling of [S]B - [k]A.
fn stated(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let (commitment, s): ([u8; 32], [u8; 32]) =
        (signature[..32].try_into().unwrap(), signature[32..].try_into().unwrap());
    let Some(s) = Option::<Scalar>::from(Scalar::from_canonical_bytes(s)) else { return false };
    let points = (CompressedEdwardsY(*key).decompress(), CompressedEdwardsY(commitment).decompress());
    let (Some(a), Some(r)) = points else { return false };
    let hash = Sha512::new().chain_update(commitment).chain_update(key).chain_update(message).finalize();
    let k = Scalar::from_bytes_mod_order_wide(&hash.into());
    let sum = EdwardsPoint::mul_base(&s) - a * k;
    !a.is_small_order() && !r.is_small_order() && sum.compress().to_bytes() == commitment
}

/// Our verdict, and what the contract says.
fn both(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> (bool, bool) {
    let ours = PublicKey::lenient(key).is_ok_and(|key| key.verify(message, signature));
    (ours, stated(key, message, signature))
}

/// Every vector that there is.
#[test]
fn the_verdict_is_the_stated_one_for_every_vector() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../testdata/ed25519-cases.json")).unwrap();
    for case in &cases {
        let message = case["message"].as_str().unwrap().as_bytes();
        let (ours, stated) = both(&bytes(&case["key"]), message, &bytes(&case["signature"]));
        assert_eq!((ours, stated), (case["verifies"] == true, case["verifies"] == true), "{}", case["name"]);
    }
    let Some(vectors) = public_vectors("cctv_ed25519.json") else { return };
    for vector in vectors.as_array().unwrap() {
        let message = vector["msg"].as_str().unwrap().as_bytes();
        let (ours, stated) = both(&bytes(&vector["key"]), message, &bytes(&vector["sig"]));
        assert_eq!(ours, stated, "{vector}");
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(
        std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(400)
    ))]

    /// The differential test: keys and commitments with and without a component of small order, signatures that hold,
    /// nearly hold or are spelt otherwise.
    #[test]
    fn the_verdict_and_the_stated_one_never_differ(
        seeds in proptest::array::uniform3(proptest::array::uniform32(0_u8..)),
        message in proptest::collection::vec(0_u8.., 0..200),
        torsion in (0_usize..8, 0_usize..8),
        // 0 to 2 leave the parts as they are; then a small key, a small commitment, S + order, one bit, another message.
        spoilt in 0_u8..10,
        bit in 0_usize..512,
    ) {
        let scalar = |seed: &[u8; 32]| Scalar::from_bytes_mod_order(*seed);
        let (a, r) = (scalar(&seeds[0]), scalar(&seeds[1]));
        let small = |n: usize| EIGHT_TORSION[n];
        let key = if spoilt == 3 { small(torsion.0) } else { EdwardsPoint::mul_base(&a) + small(torsion.0) };
        let commitment = if spoilt == 4 { small(torsion.1) } else { EdwardsPoint::mul_base(&r) + small(torsion.1) };
        let (key, commitment) = (key.compress().to_bytes(), commitment.compress().to_bytes());
        let hash = Sha512::new().chain_update(commitment).chain_update(key).chain_update(&message).finalize();
        let k = Scalar::from_bytes_mod_order_wide(&hash.into());
        let a = if spoilt == 3 { Scalar::ZERO } else { a };
        let r = if spoilt == 4 { Scalar::ZERO } else { r };
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&commitment);
        signature[32..].copy_from_slice((r + k * a).as_bytes());
        match spoilt {
            // The order of the group, added to S: the same number, spelt otherwise.
            5 => {
                let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
                let mut carry = 0_u16;
                for (byte, add) in signature[32..].iter_mut().zip(order) {
                    carry += u16::from(*byte) + u16::from(add);
                    *byte = carry.to_le_bytes()[0];
                    carry >>= 8;
                }
            }
            6 => signature[bit / 8] ^= 1 << (bit % 8),
            7 => signature = [seeds[1], seeds[2]].concat().try_into().unwrap(),
            _ => {}
        }
        let (ours, stated) = both(&key, &message, &signature);
        proptest::prop_assert_eq!(ours, stated);
        let honest = spoilt < 3 && torsion == (0, 0);
        proptest::prop_assert!(ours || !honest, "an honest signature holds");
        if spoilt == 8 {
            let (ours, stated) = both(&key, &[message, vec![1]].concat(), &signature);
            proptest::prop_assert!(!ours && !stated);
        }
    }
}
