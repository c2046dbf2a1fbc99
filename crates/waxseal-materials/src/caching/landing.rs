//! The calls of a caching materials manager, and what becomes of their answers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{Either, select};

use super::again::again;
use super::cmm::{Answer, Fit, Inner};
use super::in_flight::{Call, Flight, Landed};
use super::request::{Ask, MadeFor, Request, uses_data_key_itself};
use super::usage::Reservation;
use super::{CacheEntry, CachedMaterials, lock};
use crate::{KeyFailure, KeyFailureReason, MaterialsError};

/// What came of a call.
pub(super) enum Tried {
    Materials(CachedMaterials),
    /// Materials that can't be shared, and are another's.
    Alone,
    /// The entry is used up already.
    Nothing,
}

impl Inner {
    /// The call for an entry, and what becomes of its answer.
    pub(super) fn call(self: &Arc<Self>, ask: &Ask) -> Call {
        let (inner, id, bytes) = (Arc::clone(self), ask.id, ask.request.bytes());
        let (request, made_for) = (ask.request.without_length(), MadeFor::of(ask));
        let is_limited = ask.request.is_encryption();
        Box::pin(async move {
            let checked = request.ask(&*inner.underlying).await.and_then(CachedMaterials::checked);
            match checked {
                Err(error) => Landed::Failed(Arc::new(error)),
                Ok(materials) if materials.are_for_one_message() => {
                    Landed::Alone(Arc::new(Mutex::new(Some(materials))))
                }
                Ok(materials) => {
                    let entry = inner.entry(materials.clone(), made_for);
                    // The use by whoever began the call comes with the entry. Decryption has no
                    // limits of use.
                    if !is_limited || entry.reserve(bytes, inner.limits.usage()) == Reservation::Granted {
                        inner.cache.put_cache_entry(id, Arc::clone(&entry));
                    }
                    Landed::Shared(entry, materials)
                }
            }
        })
    }

    fn entry(&self, materials: CachedMaterials, made_for: MadeFor) -> Arc<CacheEntry> {
        let now = self.cache.now();
        let expiry_time = now.saturating_add(self.limits.max_age);
        Arc::new(CacheEntry::made_for(materials, now, expiry_time, made_for))
    }

    /// The answer for whoever began the call.
    pub(super) fn own(&self, landed: Landed) -> Answer<Tried> {
        match landed {
            Landed::Shared(_, materials) => Ok(Tried::Materials(materials)),
            Landed::Alone(materials) => Ok(take(&materials)),
            Landed::Failed(error) => Err(again(error)),
        }
    }

    /// The same when the call was to renew an entry: if it failed, the old one will do.
    pub(super) fn refreshed(&self, landed: Landed, ask: &Ask, old: &CacheEntry) -> Answer<Tried> {
        let Landed::Failed(error) = landed else { return self.own(landed) };
        self.counters.refresh_failures.count();
        tracing::warn!(
            target: "waxseal::cache", operation = ask.request.operation(), error = %error, "refresh failed"
        );
        let now = self.cache.now();
        let fit = if old.is_expired(now) { Fit::Spent } else { self.fit(old, ask, now) };
        match fit {
            Fit::Materials(materials) => Ok(Tried::Materials(materials)),
            _ => Err(again(error)),
        }
    }

    /// The answer for whoever waits for another's call.
    pub(super) async fn joined(&self, flight: Flight, ask: &Ask, since: Duration) -> Answer<Tried> {
        match self.within_time(flight).await {
            Some(Landed::Shared(entry, materials)) if self.may_use(&entry, ask) => {
                Ok(Tried::Materials(materials))
            }
            Some(Landed::Shared(..)) => Ok(Tried::Nothing),
            Some(Landed::Alone(materials)) => Ok(take(&materials)),
            Some(Landed::Failed(error)) => Err(again(error)),
            None => self.waited_too_long(ask, since),
        }
    }

    /// Waits for as long as a call counts as being in flight, if the clock can tell.
    async fn within_time(&self, flight: Flight) -> Option<Landed> {
        match self.cache.sleep(self.flights().options().grace_interval) {
            None => Some(flight.await),
            Some(sleep) => match select(flight, sleep).await {
                Either::Left((landed, _)) => Some(landed),
                Either::Right(_) => None,
            },
        }
    }

    fn waited_too_long(&self, ask: &Ask, since: Duration) -> Answer<Tried> {
        if self.cache.now() < since.saturating_add(self.flights().options().in_flight_ttl) {
            return Ok(Tried::Nothing);
        }
        let failure = KeyFailure::new("a call in flight", KeyFailureReason::Unreachable)
            .with_source("its in-flight TTL is exceeded");
        Err(match ask.request {
            Request::Encryption(_) => MaterialsError::Wrap(failure),
            Request::Decryption(_) => MaterialsError::Unwrap(failure.into()),
        })
    }
}

fn take(materials: &Mutex<Option<CachedMaterials>>) -> Tried {
    lock(materials).take().map_or(Tried::Alone, Tried::Materials)
}

impl CachedMaterials {
    /// Incomplete materials would fail every message for as long as they are kept.
    fn checked(self) -> Answer<Self> {
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
