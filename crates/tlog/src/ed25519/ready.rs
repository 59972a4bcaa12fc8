//! A key that has signed before: multiples of it are kept, so that its next signature costs less.
//!
//! ```text
//! strict verdict   S < order, A and R not of small order, R the one spelling of [S]B - [k]A
//! here             the same R, with S and k cut into eight pieces of 32 bits:
//!                  [S]B - [k]A = Σ [S_i]([2^32i]B) + Σ [k_i]([2^32i](-A))       32 doublings, not 256
//! ```
//!
//! The sum is exact, whatever A is: nothing is reduced, no two signatures are taken together, no cofactor is
//! cleared. And only a yes is taken from here: a no is asked again of `verify_strict`, which says it.

use std::sync::LazyLock;

use curve25519_dalek::EdwardsPoint;
use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::CompressedEdwardsY;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity as _;
use sha2::{Digest as _, Sha512};

use super::{PublicKey, SIGNATURE_LEN};

/// Pieces of a scalar.
const PIECES: usize = 8;

/// Places of a piece's digits: one more than it has bits, for the carry.
const PLACES: usize = 33;

/// Bits of a digit of k. A table has half the odd multiples below 2 to this power: 10 KiB a key.
const KEY_WIDTH: u32 = 5;

/// Bits of a digit of S, whose table there is once.
const BASE_WIDTH: u32 = 7;

/// The odd multiples P, 3P, 5P, … of a point and of each of its shifts by 32 bits.
struct Multiples(Vec<Vec<EdwardsPoint>>);

impl Multiples {
    fn of(point: EdwardsPoint, width: u32) -> Self {
        let shifts = std::iter::successors(Some(point), |shift| Some((0..32).fold(*shift, |point, _| point + point)));
        let odd = |shift: EdwardsPoint| {
            let twice = shift + shift;
            std::iter::successors(Some(shift), |multiple| Some(multiple + twice)).take(1 << (width - 2)).collect()
        };
        Self(shifts.take(PIECES).map(odd).collect())
    }
}

/// Multiples of the base point.
static BASE: LazyLock<Multiples> = LazyLock::new(|| Multiples::of(ED25519_BASEPOINT_POINT, BASE_WIDTH));

/// The digits of a piece, each 0 or odd: Σ `digits[n]` 2^n.
type Digits = [i8; PLACES];

/// A public key with the multiples that make its verdicts cheap.
pub struct ReadyKey {
    key: PublicKey,
    negated: Multiples,
}

impl ReadyKey {
    /// Prepares a key; that costs as much as two or three verifications.
    pub fn new(key: PublicKey) -> Self {
        // INVARIANT: a key is made of bytes that decode; without multiples every verdict would be asked of it.
        let point = CompressedEdwardsY(*key.as_bytes()).decompress().filter(|point| !point.is_small_order());
        let negated = point.map_or_else(|| Multiples(Vec::new()), |point| Multiples::of(-point, KEY_WIDTH));
        Self { key, negated }
    }

    /// The key itself.
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// The verdict of [`PublicKey::verify`].
    pub fn verify(&self, message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
        self.holds(message, signature) || self.key.verify(message, signature)
    }

    /// Whether the signature certainly holds; no answer otherwise.
    fn holds(&self, message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
        let Some((r, s)) = signature.split_first_chunk::<32>() else { return false };
        let s = <[u8; 32]>::try_from(s).ok().and_then(|s| Option::<Scalar>::from(Scalar::from_canonical_bytes(s)));
        let Some(s) = s.filter(|_| !self.negated.0.is_empty()) else { return false };
        let hash = Sha512::new().chain_update(r).chain_update(self.key.as_bytes()).chain_update(message).finalize();
        let k = Scalar::from_bytes_mod_order_wide(&hash.into());
        let sum = sum(&[(&k, &self.negated, KEY_WIDTH), (&s, &BASE, BASE_WIDTH)]);
        sum.compress().as_bytes() == r && !sum.is_small_order()
    }
}

/// The sum of the products of these scalars and points.
fn sum(products: &[(&Scalar, &Multiples, u32)]) -> EdwardsPoint {
    let mut rows: Vec<(Digits, &[EdwardsPoint])> = Vec::with_capacity(PIECES * products.len());
    for (scalar, multiples, width) in products {
        let (pieces, _) = scalar.as_bytes().as_chunks::<4>();
        let digits = pieces.iter().map(|piece| digits(u32::from_le_bytes(*piece), *width));
        rows.extend(digits.zip(multiples.0.iter().map(Vec::as_slice)));
    }
    let mut sum = EdwardsPoint::identity();
    for place in (0..PLACES).rev() {
        sum += sum;
        for (digits, odd) in &rows {
            let digit = digits.get(place).copied().unwrap_or_default();
            match odd.get(usize::from(digit.unsigned_abs() / 2)) {
                Some(multiple) if digit > 0 => sum += multiple,
                Some(multiple) if digit < 0 => sum -= multiple,
                Some(_) | None => {}
            }
        }
    }
    sum
}

/// A piece as digits that are 0 or odd and lie between plus and minus 2^(width-1) (non-adjacent form).
fn digits(piece: u32, width: u32) -> Digits {
    let mut digits = [0; PLACES];
    let (mut rest, mut place) = (u64::from(piece), 0_usize);
    while rest != 0 {
        let zeros = rest.trailing_zeros();
        rest >>= zeros;
        place += zeros as usize;
        let low = rest & ((1 << width) - 1);
        let half = 1 << (width - 1);
        let negative = low >= half;
        let magnitude = if negative { (1 << width) - low } else { low };
        rest = if negative { rest + magnitude } else { rest - magnitude };
        if let (Some(digit), Ok(magnitude)) = (digits.get_mut(place), i8::try_from(magnitude)) {
            *digit = if negative { -magnitude } else { magnitude };
        }
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(digits: &Digits) -> i64 {
        digits.iter().rev().fold(0, |value, digit| 2 * value + i64::from(*digit))
    }

    #[test]
    fn digits_of_every_kind_of_piece_come_to_it() {
        let mut piece = 1_u32;
        for n in 0..20_000_u32 {
            piece = piece.wrapping_mul(0x9E37_79B1).wrapping_add(n);
            for piece in [piece, !piece, n, !n, 1 << (n % 32), (1 << (n % 32)) - 1] {
                for width in [KEY_WIDTH, BASE_WIDTH] {
                    let digits = digits(piece, width);
                    assert_eq!(value(&digits), i64::from(piece), "{piece} {width}");
                    let small = |digit: &i8| {
                        *digit == 0 || (digit % 2 != 0 && i32::from(digit.unsigned_abs()) < 1 << (width - 1))
                    };
                    assert!(digits.iter().all(small), "{piece} {width} {digits:?}");
                }
            }
        }
    }

    #[test]
    fn the_sum_is_the_one_that_the_library_computes() {
        let key = PublicKey::from(&super::super::SigningKey::from_bytes(&[3; 32]));
        let ready = ReadyKey::new(key);
        let point = CompressedEdwardsY(*key.as_bytes()).decompress().unwrap_or_default();
        for seed in 0..200_u8 {
            let scalar = |salt: u8| Scalar::from_bytes_mod_order_wide(&Sha512::digest([seed, salt]).into());
            let (k, s) = if seed == 0 { (Scalar::ZERO, Scalar::ZERO - Scalar::ONE) } else { (scalar(1), scalar(2)) };
            let own = sum(&[(&k, &ready.negated, KEY_WIDTH), (&s, &BASE, BASE_WIDTH)]);
            let theirs = EdwardsPoint::vartime_double_scalar_mul_basepoint(&k, &-point, &s);
            assert_eq!(own, theirs, "{seed}");
        }
    }
}
