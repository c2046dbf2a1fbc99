//! A call in flight: its turn, the call, and what becomes of the answer.

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use futures_util::future::{Either, select};

use super::cmm::{Fit, Inner};
use super::in_flight::{Call, Moment, Pass};
use super::request::{Ask, MadeFor, uses_data_key_itself};
use super::usage::Reservation;
use super::{CacheEntry, CacheIdentifier, CachedMaterials};
use crate::MaterialsError;

/// How a call ended, for everyone who waited.
#[derive(Clone)]
pub(super) enum Landed {
    /// With materials that messages share. The entry counts their use.
    Shared(Arc<CacheEntry>, CachedMaterials),
    /// With materials for one message, the first that takes them.
    Alone(Arc<Mutex<Option<CachedMaterials>>>),
    Failed(Arc<MaterialsError>),
    /// Another call brought the entry: it is in the cache.
    Overtaken,
}

/// What a call is made for.
#[derive(Clone, Copy)]
pub(super) enum Purpose {
    Miss,
    /// To renew an entry that is near its expiry.
    Refresh,
}

impl Inner {
    /// The call in its turn, until it is answered or another brought the entry. One that panics
    /// has failed for all who wait: nobody would wake them otherwise.
    pub(super) fn fly(self: &Arc<Self>, ask: &Ask, purpose: Purpose, pass: Pass) -> Call {
        let (inner, ask) = (Arc::clone(self), ask.clone());
        Box::pin(async move {
            pass.wait_for_slot().await;
            let at = inner.moment(&ask.id);
            pass.start(at);
            let call = AssertUnwindSafe(inner.call(&ask, purpose, at, &pass)).catch_unwind();
            match select(pin!(call), pin!(pass.overtaken())).await {
                Either::Left((landed, _)) => landed.unwrap_or_else(|_| panicked()),
                Either::Right(_) => Landed::Overtaken,
            }
        })
    }

    /// Calls, unless the entry came while this waited for its turn.
    async fn call(&self, ask: &Ask, purpose: Purpose, at: Moment, pass: &Pass) -> Landed {
        if self.is_there(ask, at) {
            return Landed::Overtaken;
        }
        self.count_call(ask, purpose);
        let answer = ask.request.clone().without_length().ask(&*self.underlying).await;
        match answer.and_then(CachedMaterials::checked) {
            Err(error) => Landed::Failed(Arc::new(error)),
            Ok(materials) if materials.are_for_one_message() => {
                Landed::Alone(Arc::new(Mutex::new(Some(materials))))
            }
            Ok(materials) => {
                let entry = self.entry(materials.clone(), MadeFor::of(ask));
                if self.is_more_than_used(&entry, ask) && self.keep(ask.id, &entry, at.deletions) {
                    pass.arrived();
                }
                Landed::Shared(entry, materials)
            }
        }
    }

    /// Whether there is an entry that needs no renewal; also one for a request that differs,
    /// which is not to be replaced.
    fn is_there(&self, ask: &Ask, at: Moment) -> bool {
        self.cache.get_cache_entry(&ask.id).is_some_and(|entry| {
            let is_spent = matches!(self.fit(&entry, ask, at.now), Fit::Spent);
            !is_spent && !self.in_flight.options().is_near_expiry(&entry, self.limits.max_age, at.now)
        })
    }

    fn count_call(&self, ask: &Ask, purpose: Purpose) {
        self.counters.misses.count();
        match purpose {
            Purpose::Miss => self.told(ask, "miss"),
            Purpose::Refresh => {
                self.counters.refreshes.count();
                self.told(ask, "refresh");
            }
        }
    }

    fn entry(&self, materials: CachedMaterials, made_for: MadeFor) -> Arc<CacheEntry> {
        let now = self.cache.now();
        let expiry_time = now.saturating_add(self.limits.max_age);
        Arc::new(CacheEntry::made_for(materials, now, expiry_time, made_for))
    }

    /// Counts the use by whoever began the call, and whether the limits leave more. Decryption
    /// has no limits of use.
    fn is_more_than_used(&self, entry: &CacheEntry, ask: &Ask) -> bool {
        !ask.request.is_encryption()
            || entry.reserve(ask.request.bytes(), self.limits.usage()) == Reservation::Granted
    }

    /// Puts an entry into the cache, unless that of its name was deleted since the call began:
    /// what was deleted must not come back. Whether it is there.
    fn keep(&self, id: CacheIdentifier, entry: &Arc<CacheEntry>, deletions: u64) -> bool {
        if self.cache.deletions(&id) != deletions {
            return false;
        }
        self.cache.put_cache_entry(id, Arc::clone(entry));
        let is_kept = self.cache.deletions(&id) == deletions;
        if !is_kept {
            // The deletion may have come before the entry was there.
            entry.wipe();
        }
        is_kept
    }
}

fn panicked() -> Landed {
    Landed::Failed(Arc::new(MaterialsError::Other("the materials manager below the cache panicked".into())))
}

impl CachedMaterials {
    /// Incomplete materials would fail every message for as long as they are kept.
    fn checked(self) -> Result<Self, MaterialsError> {
        match &self {
            Self::Encryption(materials) => materials.check_complete()?,
            Self::Decryption(materials) => materials.check_complete()?,
            Self::Other(_) => (),
        }
        Ok(self)
    }

    fn are_for_one_message(&self) -> bool {
        match self {
            Self::Encryption(materials) => uses_data_key_itself(materials.suite()),
            Self::Decryption(materials) => uses_data_key_itself(materials.suite()),
            Self::Other(_) => false,
        }
    }
}
