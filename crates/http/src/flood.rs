//! Counts requests by address, so that one flood does not keep everybody else out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use counterpart_core::time::Timestamp;

use crate::settings::Flooding;

/// Addresses that are remembered. When there are more, those at rest are forgotten, then all of them.
const ADDRESSES: usize = 65_536;

const SECOND_MS: i64 = 1_000;

/// A bucket for each address: it fills with time and each request takes one out.
#[derive(Debug)]
pub(crate) struct Counters {
    limit: Flooding,
    buckets: Mutex<HashMap<IpAddr, Bucket>>,
}

#[derive(Clone, Copy, Debug)]
struct Bucket {
    /// Thousandths of a request.
    left: i64,
    at: Timestamp,
}

impl Counters {
    pub(crate) fn new(limit: Flooding) -> Self {
        Self { limit, buckets: Mutex::default() }
    }

    /// Whether a request from this address may go on.
    pub(crate) fn admits(&self, address: IpAddr, now: Timestamp) -> bool {
        if self.limit.per_second == 0 || (address.is_loopback() && !self.limit.loopback) {
            return true;
        }
        let full = i64::from(self.limit.burst.max(1)) * SECOND_MS;
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= ADDRESSES {
            buckets.retain(|_, bucket| self.filled(*bucket, now, full) < full);
            if buckets.len() >= ADDRESSES {
                buckets.clear();
            }
        }
        let bucket = buckets.entry(network(address)).or_insert(Bucket { left: full, at: now });
        bucket.left = self.filled(*bucket, now, full);
        bucket.at = now;
        let admits = bucket.left >= SECOND_MS;
        if admits {
            bucket.left -= SECOND_MS;
        }
        admits
    }

    fn filled(&self, bucket: Bucket, now: Timestamp, full: i64) -> i64 {
        // A clock that went back fills nothing.
        let passed = bucket.at.millis_until(now).clamp(0, 3_600 * SECOND_MS);
        (bucket.left + passed * i64::from(self.limit.per_second)).min(full)
    }
}

/// One subscriber has a whole /64 of IPv6 addresses.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) >> 64 << 64).into()),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + millis).unwrap()
    }

    #[test]
    fn a_flood_is_slowed_and_others_are_not() {
        let counters = Counters::new(Flooding { per_second: 10, burst: 3, loopback: false });
        let (flood, other) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let admitted: Vec<bool> = (0..5).map(|_| counters.admits(flood, at(0))).collect();
        assert_eq!(admitted, [true, true, true, false, false]);
        assert!(counters.admits(other, at(0)));
        assert!(counters.admits(flood, at(100)), "a tenth of a second later one more may come");
        assert!(!counters.admits(flood, at(100)));
    }

    #[test]
    fn a_subscriber_is_one_address_and_a_proxy_on_this_machine_is_none() {
        let counters = Counters::new(Flooding { per_second: 1, burst: 1, loopback: false });
        assert!(counters.admits("2001:db8::1".parse().unwrap(), at(0)));
        assert!(!counters.admits("2001:db8::2".parse().unwrap(), at(0)));
        assert!((0..9).all(|_| counters.admits("127.0.0.1".parse().unwrap(), at(0))));
    }
}
