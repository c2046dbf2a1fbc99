//! What a cache holds.
//!
//! Source: `framework/cryptographic-materials-cache.md`, "Cache Entry".

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::lock;
use super::request::{Ask, MadeFor};
use super::usage::{Reservation, Usage, UsageLimits};
use crate::{DecryptionMaterials, EncryptionMaterials};

/// Materials in a cache. A clone shares them.
#[derive(Clone)]
#[non_exhaustive]
pub enum CachedMaterials {
    /// What messages are encrypted with.
    Encryption(Arc<EncryptionMaterials>),
    /// What messages are decrypted with.
    Decryption(Arc<DecryptionMaterials>),
    /// Another part's, such as a branch key. Its secrets must wipe themselves when dropped.
    Other(Arc<dyn Any + Send + Sync>),
}

/// Materials, when they came and until when they count, and what they were used for.
///
/// A cache and whoever found the entry there share it. [`CacheEntry::wipe`] takes the materials
/// away from all of them at once; a message that is being encrypted or decrypted has its own
/// hold on its data key, and the key's bytes are overwritten when the last such hold is gone.
pub struct CacheEntry {
    materials: Mutex<Option<CachedMaterials>>,
    creation_time: Duration,
    expiry_time: Duration,
    usage: Usage,
    made_for: MadeFor,
}

impl CacheEntry {
    /// An entry of these materials, not used yet. Times are of the cache's clock.
    #[must_use]
    pub fn new(materials: CachedMaterials, creation_time: Duration, expiry_time: Duration) -> Self {
        Self::made_for(materials, creation_time, expiry_time, MadeFor::default())
    }

    pub(super) fn made_for(
        materials: CachedMaterials,
        creation_time: Duration,
        expiry_time: Duration,
        made_for: MadeFor,
    ) -> Self {
        let materials = Mutex::new(Some(materials));
        Self { materials, creation_time, expiry_time, usage: Usage::new(), made_for }
    }

    /// The materials; `None` once they were wiped.
    #[must_use]
    pub fn materials(&self) -> Option<CachedMaterials> {
        lock(&self.materials).clone()
    }

    /// Drops the entry's hold on the materials, for everyone who shares the entry. Whether they
    /// were still there.
    pub fn wipe(&self) -> bool {
        let materials = lock(&self.materials).take();
        materials.is_some()
    }

    /// When it was made, by the cache's clock.
    #[must_use]
    pub fn creation_time(&self) -> Duration {
        self.creation_time
    }

    /// From when on it counts no more, by the cache's clock.
    #[must_use]
    pub fn expiry_time(&self) -> Duration {
        self.expiry_time
    }

    /// Whether it counts no more.
    #[must_use]
    pub fn is_expired(&self, now: Duration) -> bool {
        now >= self.expiry_time
    }

    /// Messages that these materials were given out for to encrypt.
    #[must_use]
    pub fn messages(&self) -> u64 {
        self.usage.messages()
    }

    /// Bytes of plaintext that those messages have at most.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.usage.bytes()
    }

    pub(super) fn is_for(&self, ask: &Ask) -> bool {
        self.made_for.is_for(ask)
    }

    pub(super) fn reserve(&self, bytes: u64, limits: UsageLimits) -> Reservation {
        self.usage.reserve(bytes, limits)
    }
}

impl fmt::Debug for CacheEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheEntry")
            .field("materials", &lock(&self.materials))
            .field("creation_time", &self.creation_time)
            .field("expiry_time", &self.expiry_time)
            .field("usage", &self.usage)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CachedMaterials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Encryption(materials) => materials.fmt(f),
            Self::Decryption(materials) => materials.fmt(f),
            Self::Other(_) => f.write_str("Other"),
        }
    }
}
