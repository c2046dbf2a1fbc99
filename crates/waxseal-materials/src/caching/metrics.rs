//! What a cache did.

use std::sync::atomic::{AtomicU64, Ordering};

/// Requests by how they were answered, since the manager was made, and what its cache evicted.
///
/// A clone of a manager counts together with it. Each number is read for itself: under load they
/// may be some requests apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CachingMetrics {
    /// Answered from the cache.
    pub hits: u64,
    /// Made a call to the underlying manager, to fill the cache.
    pub misses: u64,
    /// Waited for a call that another request had begun. One that then finds the new entry used
    /// up waits or misses again.
    pub in_flight_waits: u64,
    /// Of the misses: those near an entry's expiry, while others went on using it.
    pub refreshes: u64,
    /// Of the refreshes: those that failed and left the old entry in use.
    pub refresh_failures: u64,
    /// Entries that were given up because a limit of messages or bytes was reached.
    pub exhausted: u64,
    /// Answered by the underlying manager, past the cache.
    pub bypasses: Bypasses,
    /// What left the cache. Managers that share one see the same figures.
    pub evictions: Evictions,
}

/// Requests that went past the cache, by reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bypasses {
    /// See [`BypassReason::UnknownLength`].
    pub unknown_length: u64,
    /// See [`BypassReason::IdentityKdf`].
    pub identity_kdf: u64,
    /// See [`BypassReason::BeyondLimits`].
    pub beyond_limits: u64,
    /// See [`BypassReason::Unlike`].
    pub unlike: u64,
    /// See [`BypassReason::NoCache`].
    pub no_cache: u64,
    /// See [`BypassReason::Late`].
    pub late: u64,
}

impl Bypasses {
    /// All of them.
    #[must_use]
    pub fn total(&self) -> u64 {
        [self.unknown_length, self.identity_kdf, self.beyond_limits, self.unlike, self.no_cache, self.late]
            .into_iter()
            .fold(0, u64::saturating_add)
    }
}

/// Why a request goes past the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BypassReason {
    /// The length of the plaintext is not known, so that bytes can't be counted. Say it:
    /// `plaintext_len_bound`.
    UnknownLength,
    /// The suite derives no key from the data key, so a data key is for one message only.
    IdentityKdf,
    /// The message alone is longer than `max_bytes`, or `max_messages` is 1.
    BeyondLimits,
    /// The entry, or the call in flight for it, was made for another commitment policy, other
    /// required keys, or other reproduced pairs, of which the identifier says nothing.
    Unlike,
    /// The cache keeps nothing.
    NoCache,
    /// Twice the answer of a call had expired when the task took it: `max_age` is shorter than
    /// the task takes.
    Late,
}

impl BypassReason {
    /// The name in events.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::UnknownLength => "unknown length",
            Self::IdentityKdf => "identity KDF",
            Self::BeyondLimits => "beyond limits",
            Self::Unlike => "unlike",
            Self::NoCache => "no cache",
            Self::Late => "late",
        }
    }
}

/// Entries that left a cache, by cause. The keys of each were wiped as [`CacheEntry`] says.
///
/// [`CacheEntry`]: super::CacheEntry
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Evictions {
    /// The least recently used, when there was no more room.
    pub capacity: u64,
    /// Their time was over.
    pub expired: u64,
    /// A newer entry of the same name came.
    pub replaced: u64,
    /// They were deleted.
    pub deleted: u64,
}

/// One number that only grows.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The running figures behind [`CachingMetrics`].
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) hits: Counter,
    pub(super) misses: Counter,
    pub(super) in_flight_waits: Counter,
    pub(super) refreshes: Counter,
    pub(super) refresh_failures: Counter,
    pub(super) exhausted: Counter,
    unknown_length: Counter,
    identity_kdf: Counter,
    beyond_limits: Counter,
    unlike: Counter,
    no_cache: Counter,
    late: Counter,
}

impl Counters {
    pub(super) fn bypass(&self, reason: BypassReason) {
        match reason {
            BypassReason::UnknownLength => self.unknown_length.count(),
            BypassReason::IdentityKdf => self.identity_kdf.count(),
            BypassReason::BeyondLimits => self.beyond_limits.count(),
            BypassReason::Unlike => self.unlike.count(),
            BypassReason::NoCache => self.no_cache.count(),
            BypassReason::Late => self.late.count(),
        }
    }

    pub(super) fn snapshot(&self, evictions: Evictions) -> CachingMetrics {
        CachingMetrics {
            hits: self.hits.get(),
            misses: self.misses.get(),
            in_flight_waits: self.in_flight_waits.get(),
            refreshes: self.refreshes.get(),
            refresh_failures: self.refresh_failures.get(),
            exhausted: self.exhausted.get(),
            bypasses: Bypasses {
                unknown_length: self.unknown_length.get(),
                identity_kdf: self.identity_kdf.get(),
                beyond_limits: self.beyond_limits.get(),
                unlike: self.unlike.get(),
                no_cache: self.no_cache.get(),
                late: self.late.get(),
            },
            evictions,
        }
    }
}
