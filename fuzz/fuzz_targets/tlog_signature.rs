//! The verdict on a signature: that of the library, and that of the conditions which the contract states.
#![no_main]

use counterpart_tlog::ed25519::PublicKey;
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::{EdwardsPoint, Scalar};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest as _, Sha512};

/// The order of the group, little endian: 2^252 + 27742317777372353535851937790883648493.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

/// The number that is hashed from commitment, key and message.
fn challenge(commitment: &[u8; 32], key: &[u8; 32], message: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(commitment).chain_update(key).chain_update(message).finalize();
    Scalar::from_bytes_mod_order_wide(&hash.into())
}

/// S below the order of the group, neither A nor R of small order, and R the one spelling of [S]B - [k]A.
fn stated(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let (Some(commitment), Some(s)) = (signature.first_chunk::<32>(), signature.last_chunk::<32>()) else {
        return false;
    };
    let Some(s) = Option::<Scalar>::from(Scalar::from_canonical_bytes(*s)) else { return false };
    let points = (CompressedEdwardsY(*key).decompress(), CompressedEdwardsY(*commitment).decompress());
    let (Some(a), Some(r)) = points else { return false };
    let sum = EdwardsPoint::mul_base(&s) - a * challenge(commitment, key, message);
    !a.is_small_order() && !r.is_small_order() && sum.compress().to_bytes() == *commitment
}

fn agree(key: &[u8; 32], message: &[u8], signature: &[u8; 64]) -> bool {
    let ours = PublicKey::lenient(key).is_ok_and(|key| key.verify(message, signature));
    assert_eq!(ours, stated(key, message, signature), "key {key:x?}, message {message:x?}, signature {signature:x?}");
    ours
}

/// A point of a secret, or of none, beside one of the eight points of small order.
fn point(secret: &Scalar, torsion: u8, bare: bool) -> [u8; 32] {
    let small = EIGHT_TORSION[usize::from(torsion % 8)];
    let point = if bare { small } else { EdwardsPoint::mul_base(secret) + small };
    point.compress().to_bytes()
}

fuzz_target!(|bytes: &[u8]| {
    // How it is made, which points of small order are in it, and 96 bytes of key and signature.
    let Some(([how, small_a, small_r, rest @ ..], message)) = bytes.split_first_chunk::<99>() else { return };
    let (first, second) = rest.split_at(32);
    let (Ok(first), Ok(second)) = (<[u8; 32]>::try_from(first), <[u8; 64]>::try_from(second)) else { return };
    if how & 1 == 0 {
        agree(&first, message, &second);
        return;
    }
    // What nearly holds: S is right for some key and commitment of any order, in one spelling or the other.
    let (secret, nonce) = (Scalar::from_bytes_mod_order(first), Scalar::from_bytes_mod_order_wide(&second));
    let (bare_a, bare_r) = (how & 2 != 0, how & 4 != 0);
    let (key, commitment) = (point(&secret, *small_a, bare_a), point(&nonce, *small_r, bare_r));
    let (a, r) = (if bare_a { Scalar::ZERO } else { secret }, if bare_r { Scalar::ZERO } else { nonce });
    let mut s = (r + challenge(&commitment, &key, message) * a).to_bytes();
    if how & 8 != 0 {
        let mut carry = 0_u16;
        for (byte, add) in s.iter_mut().zip(ORDER) {
            carry += u16::from(*byte) + u16::from(add);
            *byte = carry.to_le_bytes()[0];
            carry >>= 8;
        }
    }
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&commitment);
    signature[32..].copy_from_slice(&s);
    let holds = agree(&key, message, &signature);
    let honest = how & 14 == 0 && small_a % 8 == 0 && small_r % 8 == 0;
    let trivial = secret == Scalar::ZERO || nonce == Scalar::ZERO;
    assert!(holds || !honest || trivial, "an honest signature holds");
    // One bit of it is another.
    let bit = usize::from(*small_a) | usize::from(how >> 4) << 8;
    if let Some(byte) = signature.get_mut(bit / 8 % 64) {
        *byte ^= 1 << (bit % 8);
    }
    assert!(!agree(&key, message, &signature), "a changed signature does not hold");
});
