//! The cache in memory.
//!
//! Source: `framework/local-cryptographic-materials-cache.md`,
//! `synchronized-local-cryptographic-materials-cache.md`.

use std::fmt;
use std::future::Future;
use std::panic::catch_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use moka::notification::RemovalCause;
use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;

use super::clock::NeverBack;
use super::deletions::Deletions;
use super::expiries::{Expiries, Held};
use super::metrics::Counter;
use super::{
    CacheClock, CacheEntry, CacheIdentifier, CryptographicMaterialsCache, Evictions, MonotonicClock,
    StormTracking,
};
use crate::MaterialsError;

/// A cache in memory that drops the least recently used entry when it is full. Any number of
/// threads and of materials managers may share it.
///
/// # When keys are wiped
///
/// The cache lets go of a data key, and of a signing key, at once
///
/// - when its entry is replaced, deleted, or dropped for want of room: before the call returns
///   that does it;
/// - when its last message or byte is given out: with that message;
/// - when the cache is dropped.
///
/// An expired entry is never given out. It is wiped by the next look into this cache, for whatever
/// entry, and by [`LocalCryptographicMaterialsCache::purge`]: a program that may be idle for
/// long calls that now and then.
///
/// A message that is being encrypted or decrypted, and a task that waits for a call in flight,
/// hold the key for themselves. The bytes are overwritten when the last of them lets go.
///
/// ```
/// use std::time::Duration;
/// use std::sync::Arc;
/// use waxseal_materials::{
///     CacheLimits, CachingCryptographicMaterialsManager, LocalCryptographicMaterialsCache, RawAesKeyring,
/// };
///
/// # fn main() -> Result<(), waxseal_materials::MaterialsError> {
/// let crypto = waxseal_native::provider();
/// let cache = Arc::new(LocalCryptographicMaterialsCache::new(1000));
/// let mut limits = CacheLimits::new(Duration::from_secs(300));
/// limits.max_messages = 10_000;
/// # let keyring = RawAesKeyring::new(crypto, "my app", "key 1", [7; 32].into())?;
/// let cmm = CachingCryptographicMaterialsManager::with_keyring(crypto, keyring, cache.clone(), limits)?;
/// // In a task or thread of yours, every minute:
/// cache.purge();
/// # Ok(())
/// # }
/// ```
pub struct LocalCryptographicMaterialsCache {
    entries: Cache<CacheIdentifier, Held>,
    ledger: Arc<Ledger>,
    clock: NeverBack,
    storm_tracking: StormTracking,
    deletions: Deletions,
}

/// What is told when an entry leaves.
#[derive(Debug, Default)]
struct Ledger {
    expiries: Expiries,
    capacity: Counter,
    expired: Counter,
    replaced: Counter,
    deleted: Counter,
}

impl LocalCryptographicMaterialsCache {
    /// A cache of at most so many entries; zero is allowed.
    #[must_use]
    pub fn new(entry_capacity: usize) -> Self {
        let ledger = Arc::new(Ledger::default());
        let leaving = Arc::clone(&ledger);
        let entries = Cache::builder()
            .max_capacity(entry_capacity as u64)
            .eviction_policy(EvictionPolicy::lru())
            .eviction_listener(move |_, held: Held, cause| leaving.left(&held, cause))
            .build();
        Self {
            entries,
            ledger,
            clock: NeverBack::new(MonotonicClock::default()),
            storm_tracking: StormTracking::default(),
            deletions: Deletions::default(),
        }
    }

    /// The same by another clock. For a cache that is not used yet. Where the clock goes back, the
    /// cache's time stands still until it has caught up.
    #[must_use]
    pub fn with_clock(mut self, clock: impl CacheClock + 'static) -> Self {
        self.clock = NeverBack::new(clock);
        self
    }

    /// The same with other rules for calls in flight, for managers that are made with it later.
    ///
    /// # Errors
    /// [`MaterialsError::CacheLimits`] for times that don't fit each other.
    pub fn with_storm_tracking(mut self, options: StormTracking) -> Result<Self, MaterialsError> {
        options.check()?;
        self.storm_tracking = options;
        Ok(self)
    }

    /// Wipes every expired entry now. Cheap when there is none.
    pub fn purge(&self) {
        let now = self.now();
        if self.ledger.expiries.is_due(now) {
            self.purge_due(now);
        }
    }

    /// Forgets and wipes all entries. Calls that are under way bring none back.
    pub fn clear(&self) {
        self.deletions.count_all();
        for (id, held) in self.ledger.expiries.take_all() {
            held.entry.wipe();
            self.ledger.deleted.count();
            event("deleted");
            self.remove(&id, &held);
        }
        self.entries.run_pending_tasks();
    }

    /// Entries in the cache, also expired ones that no call has removed yet.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.entries.run_pending_tasks();
        self.entries.entry_count()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    #[cold]
    fn purge_due(&self, now: Duration) {
        for (id, held) in self.ledger.expiries.take_due(now) {
            held.entry.wipe();
            self.ledger.expired.count();
            event("expired");
            self.remove(&id, &held);
        }
    }

    /// Puts an entry into the map whose expiry is noted.
    fn place(&self, id: CacheIdentifier, held: &Held) {
        self.entries.insert(id, held.clone());
        if !self.ledger.expiries.holds(held) {
            // A purge between the two did not find it in the map.
            self.remove(&id, held);
        }
        // Evicts now what is above the capacity, rather than some time later.
        self.entries.run_pending_tasks();
    }

    /// Takes an entry out of the map, unless another has its name by now.
    fn remove(&self, id: &CacheIdentifier, held: &Held) {
        self.entries.entry(*id).and_compute_with(|there| match there {
            Some(there) if there.value().ticket == held.ticket => Op::Remove,
            _ => Op::Nop,
        });
    }
}

impl CryptographicMaterialsCache for LocalCryptographicMaterialsCache {
    fn get_cache_entry(&self, id: &CacheIdentifier) -> Option<Arc<CacheEntry>> {
        let now = self.now();
        if self.ledger.expiries.is_due(now) {
            self.purge_due(now);
        }
        let held = self.entries.get(id)?;
        (!held.entry.is_expired(now)).then_some(held.entry)
    }

    fn put_cache_entry(&self, id: CacheIdentifier, entry: Arc<CacheEntry>) {
        // Such a map drops what it is given without telling anybody.
        if self.entries.policy().max_capacity() == Some(0) {
            entry.wipe();
            return;
        }
        self.place(id, &self.ledger.expiries.insert(id, entry));
    }

    fn delete_cache_entry(&self, id: &CacheIdentifier) {
        self.deletions.count(id.as_ref());
        self.entries.invalidate(id);
    }

    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn sleep(&self, time: Duration) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
        self.clock.sleep(time)
    }

    fn storm_tracking(&self) -> StormTracking {
        self.storm_tracking
    }

    fn deletions(&self, id: &CacheIdentifier) -> u64 {
        self.deletions.of(id.as_ref())
    }

    fn evictions(&self) -> Evictions {
        Evictions {
            capacity: self.ledger.capacity.get(),
            expired: self.ledger.expired.get(),
            replaced: self.ledger.replaced.get(),
            deleted: self.ledger.deleted.get(),
        }
    }
}

impl Ledger {
    /// Called by the map on the thread that removes an entry, before it goes on.
    fn left(&self, held: &Held, cause: RemovalCause) {
        held.entry.wipe();
        if !self.expiries.remove(held) {
            return; // It expired or was cleared away, and was counted then.
        }
        let (counter, name) = match cause {
            RemovalCause::Size => (&self.capacity, "capacity"),
            RemovalCause::Replaced => (&self.replaced, "replaced"),
            RemovalCause::Explicit | RemovalCause::Expired => (&self.deleted, "deleted"),
        };
        counter.count();
        event(name);
    }
}

/// The map calls its listener, which wipes, no more after a panic: a subscriber's must not get there.
fn event(cause: &'static str) {
    let _ = catch_unwind(|| tracing::debug!(target: "waxseal::cache", cause, "evicted"));
}

impl Drop for LocalCryptographicMaterialsCache {
    /// The map frees what it holds some time later.
    fn drop(&mut self) {
        for (_, held) in self.ledger.expiries.take_all() {
            held.entry.wipe();
        }
    }
}

impl fmt::Debug for LocalCryptographicMaterialsCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalCryptographicMaterialsCache")
            .field("entries", &self.entries.entry_count())
            .field("clock", &self.clock)
            .field("storm_tracking", &self.storm_tracking)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::CachedMaterials;
    use super::*;

    #[test]
    fn what_is_purged_before_it_is_quite_there_leaves_nothing() {
        let cache = LocalCryptographicMaterialsCache::new(10);
        let id = CacheIdentifier::from([7; 48]);
        let (materials, now) = (CachedMaterials::Other(Arc::new(())), cache.now());
        let entry = Arc::new(CacheEntry::new(materials, now, now));
        let held = cache.ledger.expiries.insert(id, Arc::clone(&entry));
        cache.purge();
        cache.place(id, &held);
        assert!(entry.materials().is_none() && cache.is_empty());
        assert_eq!(cache.evictions().expired, 1);
    }
}
