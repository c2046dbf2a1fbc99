//! How many calls to a key service there may be, and for how long.
//!
//! Source: `framework/storm-tracking-cryptographic-materials-cache.md`, "Initialization".

use std::num::NonZeroUsize;
use std::time::Duration;

use super::CacheEntry;
use crate::MaterialsError;

/// How many calls to a key service a caching materials manager makes at a time, and when an entry
/// is renewed.
///
/// Waiting ends by itself only if the cache's clock can sleep ([`CacheClock::sleep`]). Without
/// such a clock, which is the default, put your runtime's own time limit around the call: giving
/// up is always safe. With the crate `waxseal`'s feature `tokio`, its `TokioClock` is one.
///
/// [`CacheClock::sleep`]: super::CacheClock::sleep
///
/// Source: `framework/storm-tracking-cryptographic-materials-cache.md`, "Initialization".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StormTracking {
    /// For so long before an entry expires, one task at a time tries to renew it, while the others
    /// go on using it. 10 seconds by default; never more than a quarter of the entry's life.
    pub grace_period: Duration,
    /// After so long a call counts as lost: the next task that wants the entry calls again. So
    /// does a task that waits for another's call, and one that renews an entry goes on with the
    /// old one, if the clock can sleep. More than the longest time that a call should take; 1
    /// second by default.
    pub grace_interval: Duration,
    /// Entries at most that calls are in flight for; others wait their turn. 20 by default.
    pub fan_out: NonZeroUsize,
    /// After so long a call leaves its place to others; and, if the clock can sleep, a task that
    /// waits, for its own call too, gives up with an error. One that gets nothing of an answer,
    /// since others used it up, waits anew. 10 seconds by default.
    pub in_flight_ttl: Duration,
}

impl Default for StormTracking {
    fn default() -> Self {
        Self {
            grace_period: Duration::from_secs(10),
            grace_interval: Duration::from_secs(1),
            fan_out: NonZeroUsize::new(20).unwrap_or(NonZeroUsize::MIN),
            in_flight_ttl: Duration::from_secs(10),
        }
    }
}

impl StormTracking {
    /// The page's "Consistency".
    pub(super) fn check(&self) -> Result<(), MaterialsError> {
        let wrong = if self.grace_interval.is_zero() {
            "a grace interval of zero"
        } else if self.grace_interval > self.in_flight_ttl {
            "a grace interval above the in-flight TTL"
        } else if self.in_flight_ttl > self.grace_period {
            "an in-flight TTL above the grace period"
        } else {
            return Ok(());
        };
        Err(MaterialsError::CacheLimits(wrong))
    }

    /// Whether an entry should be renewed though it still counts, for a manager that lets it
    /// become so old.
    pub(super) fn is_near_expiry(&self, entry: &CacheEntry, max_age: Duration, now: Duration) -> bool {
        let created = entry.creation_time();
        let expiry = entry.expiry_time().min(created.saturating_add(max_age));
        let grace = self.grace_period.min(expiry.saturating_sub(created) / 4);
        now >= expiry.saturating_sub(grace)
    }
}
