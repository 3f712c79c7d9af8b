//! How often somebody may try something: so many times a minute from one address, and for one account.

use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

type Limiter<K, C> = RateLimiter<K, DashMapStateStore<K>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// Counts attempts to sign in.
#[derive(Debug)]
pub struct SignInLimit<C: Clock = DefaultClock> {
    by_address: Limiter<IpAddr, C>,
    by_account: Limiter<String, C>,
    clock: C,
}

/// Counts what comes from one address, for links that somebody might guess at.
#[derive(Debug)]
pub struct AddressLimit {
    by_address: Limiter<IpAddr, DefaultClock>,
    clock: DefaultClock,
}

/// More keys than this are worth tidying up.
const MANY_KEYS: usize = 10_000;

/// No e-mail address is longer (RFC 5321 §4.5.3.1.3), so nothing longer is kept as a key.
const MAX_ACCOUNT_BYTES: usize = 254;

impl SignInLimit {
    /// A limit of so many attempts per minute.
    pub fn per_minute(attempts: u32) -> Self {
        Self::with_clock(attempts, DefaultClock::default())
    }
}

impl<C: Clock + Clone> SignInLimit<C> {
    fn with_clock(attempts: u32, clock: C) -> Self {
        let quota = Quota::per_minute(NonZeroU32::new(attempts).unwrap_or(NonZeroU32::MIN));
        Self {
            by_address: RateLimiter::dashmap_with_clock(quota, clock.clone()),
            by_account: RateLimiter::dashmap_with_clock(quota, clock.clone()),
            clock,
        }
    }

    /// Counts an attempt. When there were too many, says after how many seconds the next may come.
    pub fn check(&self, address: IpAddr, account: &str) -> Result<(), u64> {
        let account: String = account.trim().to_lowercase().chars().take(MAX_ACCOUNT_BYTES).collect();
        count(&self.by_address, &self.clock, &network_of(address))?;
        count(&self.by_account, &self.clock, &account)
    }
}

impl AddressLimit {
    /// A limit of so many requests per minute.
    pub fn per_minute(requests: u32) -> Self {
        let clock = DefaultClock::default();
        let quota = Quota::per_minute(NonZeroU32::new(requests).unwrap_or(NonZeroU32::MIN));
        Self { by_address: RateLimiter::dashmap_with_clock(quota, clock.clone()), clock }
    }

    /// Counts a request. When there were too many, says after how many seconds the next may come.
    pub fn check(&self, address: IpAddr) -> Result<(), u64> {
        count(&self.by_address, &self.clock, &network_of(address))
    }
}

fn count<K: Hash + Eq + Clone, C: Clock>(limiter: &Limiter<K, C>, clock: &C, key: &K) -> Result<(), u64> {
    if limiter.len() > MANY_KEYS {
        limiter.retain_recent();
    }
    limiter.check_key(key).map_err(|refusal| {
        let wait: Duration = refusal.wait_time_from(clock.now());
        wait.as_secs().max(1)
    })
}

/// One subscriber usually has a whole /64 of IPv6 addresses.
fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() & !u128::from(u64::MAX)).into()),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use governor::clock::FakeRelativeClock;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn too_many_attempts_from_one_address_have_to_wait() {
        let clock = FakeRelativeClock::default();
        let limit = SignInLimit::with_clock(3, clock.clone());
        for account in ["a", "b", "c"] {
            assert_eq!(limit.check(address("192.0.2.1"), account), Ok(()));
        }
        let wait = limit.check(address("192.0.2.1"), "d").unwrap_err();
        assert!((1..=20).contains(&wait), "{wait}");
        assert_eq!(limit.check(address("192.0.2.2"), "e"), Ok(()));
        clock.advance(Duration::from_secs(21));
        assert_eq!(limit.check(address("192.0.2.1"), "f"), Ok(()));
    }

    #[test]
    fn too_many_attempts_for_one_account_have_to_wait_wherever_they_come_from() {
        let limit = SignInLimit::with_clock(2, FakeRelativeClock::default());
        assert_eq!(limit.check(address("192.0.2.1"), "owner@example.com"), Ok(()));
        assert_eq!(limit.check(address("192.0.2.2"), " Owner@Example.com"), Ok(()));
        assert!(limit.check(address("192.0.2.3"), "owner@example.com").is_err());
    }

    #[test]
    fn addresses_of_one_ipv6_subscriber_count_together() {
        let limit = SignInLimit::with_clock(1, FakeRelativeClock::default());
        assert_eq!(limit.check(address("2001:db8::1"), "a"), Ok(()));
        assert!(limit.check(address("2001:db8::2"), "b").is_err());
        assert_eq!(limit.check(address("2001:db8:0:1::1"), "c"), Ok(()));
    }
}
