//! What every cache does.
//!
//! Source: `framework/cryptographic-materials-cache.md`, "Behaviors".

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use super::{CacheClock, CacheEntry, CacheIdentifier, Evictions, MonotonicClock, StormTracking};

/// Keeps entries by name. Open for your own; several materials managers may share one.
///
/// Whatever leaves a cache must be wiped at once ([`CacheEntry::wipe`]), and must wipe itself
/// when the cache is dropped. An entry that is wiped is as good as none, wherever it still lies.
///
/// # Example
/// A cache that keeps a single entry.
///
/// ```
/// use std::sync::{Arc, Mutex, PoisonError};
/// use std::time::Duration;
/// use waxseal_materials::*;
///
/// #[derive(Debug, Default)]
/// struct One {
///     held: Mutex<Option<(CacheIdentifier, Arc<CacheEntry>)>>,
///     clock: MonotonicClock,
/// }
///
/// impl One {
///     /// Puts something else there, or nothing, and wipes what was there.
///     fn replace(&self, new: Option<(CacheIdentifier, Arc<CacheEntry>)>) {
///         let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
///         if let Some((_, old)) = std::mem::replace(&mut *held, new) {
///             old.wipe();
///         }
///     }
/// }
///
/// impl CryptographicMaterialsCache for One {
///     fn get_cache_entry(&self, id: &CacheIdentifier) -> Option<Arc<CacheEntry>> {
///         let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).clone();
///         let (_, entry) = held.filter(|(held, _)| held == id)?;
///         (!entry.is_expired(self.now())).then_some(entry)
///     }
///
///     fn put_cache_entry(&self, id: CacheIdentifier, entry: Arc<CacheEntry>) {
///         self.replace(Some((id, entry)));
///     }
///
///     fn delete_cache_entry(&self, id: &CacheIdentifier) {
///         if self.get_cache_entry(id).is_some() {
///             self.replace(None);
///         }
///     }
///
///     fn now(&self) -> Duration {
///         self.clock.now()
///     }
/// }
/// # impl Drop for One { fn drop(&mut self) { self.replace(None); } }
/// # fn main() -> Result<(), MaterialsError> {
/// # let crypto = waxseal_native::provider();
/// # let keyring = RawAesKeyring::new(crypto, "my app", "key 1", [7; 32].into())?;
///
/// let limits = CacheLimits::new(Duration::from_secs(60));
/// let cmm = CachingCryptographicMaterialsManager::with_keyring(crypto, keyring, Arc::new(One::default()), limits)?;
/// # Ok(())
/// # }
/// ```
pub trait CryptographicMaterialsCache: Send + Sync + Debug {
    /// The entry of this name, unless it has expired by [`CryptographicMaterialsCache::now`].
    fn get_cache_entry(&self, id: &CacheIdentifier) -> Option<Arc<CacheEntry>>;

    /// Keeps an entry, in place of the one of this name. A cache may refuse.
    fn put_cache_entry(&self, id: CacheIdentifier, entry: Arc<CacheEntry>);

    /// Forgets and wipes the entry of this name, if there is one.
    fn delete_cache_entry(&self, id: &CacheIdentifier);

    /// The time, by the clock that entries' times are of.
    fn now(&self) -> Duration;

    /// A future that is ready after so long, as of [`CacheClock::sleep`]. `None` by default.
    fn sleep(&self, time: Duration) -> Option<std::pin::Pin<Box<dyn Future<Output = ()> + Send>>> {
        let _ = time;
        None
    }

    /// How calls are made for entries of this cache. Each manager asks once, when it is made.
    fn storm_tracking(&self) -> StormTracking {
        StormTracking::default()
    }

    /// A number that changes before an entry is deleted: no call that began earlier puts the entry
    /// back, and none is shared with requests that come later. 0 by default: such a cache can have
    /// an entry again after it was deleted, of a call that was under way.
    fn deletions(&self, id: &CacheIdentifier) -> u64 {
        let _ = id;
        0
    }

    /// Whether it keeps anything at all. If not, nothing is shared: every message has materials
    /// of its own.
    fn keeps_entries(&self) -> bool {
        true
    }

    /// What left this cache, if it counts that.
    fn evictions(&self) -> Evictions {
        Evictions::default()
    }
}

/// A cache that keeps nothing: every message has materials of its own, as without one.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullCryptographicMaterialsCache {
    clock: MonotonicClock,
}

impl NullCryptographicMaterialsCache {
    /// A cache that keeps nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl CryptographicMaterialsCache for NullCryptographicMaterialsCache {
    fn get_cache_entry(&self, _: &CacheIdentifier) -> Option<Arc<CacheEntry>> {
        None
    }

    fn put_cache_entry(&self, _: CacheIdentifier, entry: Arc<CacheEntry>) {
        entry.wipe();
    }

    fn delete_cache_entry(&self, _: &CacheIdentifier) {}

    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn keeps_entries(&self) -> bool {
        false
    }
}
