//! Caching of materials: one call to a key service for many messages.
//!
//! The way of a request, from the outside in:
//!
//! 1. [`CachingCryptographicMaterialsManager`] (`cmm.rs`) lets pass what must not be cached, and
//!    computes the entry's identifier (`identifier.rs`).
//! 2. A [`CryptographicMaterialsCache`] holds entries: [`LocalCryptographicMaterialsCache`]
//!    (`local.rs`), [`NullCryptographicMaterialsCache`], or one of yours.
//! 3. A [`CacheEntry`] (`entry.rs`) holds the keys, and counts what they are used for
//!    (`usage.rs`).
//! 4. What is not there is asked for once, however many tasks want it (`in_flight.rs`). The call
//!    and its answer are in `landing.rs`, what those get who wait in `waiting.rs`; how long all
//!    that may take says [`StormTracking`] (`storm_tracking.rs`).
//!
//! Source: `framework/caching-cmm.md`, `cryptographic-materials-cache.md`,
//! `local-cryptographic-materials-cache.md`, `storm-tracking-cryptographic-materials-cache.md`.

mod again;
mod cache;
mod clock;
mod cmm;
mod deletions;
mod entry;
mod expiries;
mod identifier;
mod in_flight;
mod landing;
mod limits;
mod local;
mod metrics;
mod request;
mod storm_tracking;
mod usage;
mod waiting;

pub use cache::{CryptographicMaterialsCache, NullCryptographicMaterialsCache};
pub use clock::{CacheClock, MonotonicClock};
pub use cmm::CachingCryptographicMaterialsManager;
pub use entry::{CacheEntry, CachedMaterials};
pub use identifier::CacheIdentifier;
pub use limits::CacheLimits;
pub use local::LocalCryptographicMaterialsCache;
pub use metrics::{BypassReason, Bypasses, CachingMetrics, Evictions};
pub use storm_tracking::StormTracking;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What these locks guard is right after each statement, so a panic elsewhere spoils nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
