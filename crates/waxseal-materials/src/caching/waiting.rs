//! Waiting for calls in flight, and what their answers are to those who wait.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::{Either, select};

use super::again::again;
use super::cmm::{Answer, Fit, Inner};
use super::in_flight::Flight;
use super::landing::Landed;
use super::request::{Ask, Request};
use super::{CacheEntry, CachedMaterials, lock};
use crate::{KeyFailure, KeyFailureReason, MaterialsError};

/// What a task has to do with the flight that it waits for.
pub(super) enum Role {
    /// It began the call, which counts its use.
    Began,
    /// It waits for another's.
    Joined,
    /// It began the call to renew this entry, which may still be used.
    Renews(Arc<CacheEntry>),
}

/// What came of waiting.
pub(super) enum Tried {
    Materials(CachedMaterials),
    /// Materials that can't be shared, and are another's.
    Alone,
    /// An answer came, and is in the cache, or used up by others: look again.
    Answered,
    /// No answer came in time: look again.
    Nothing,
    /// The entry expired before this task took it.
    Late,
}

impl Inner {
    /// Waits for a flight, and gives up at `until` by the cache's clock, if that can sleep.
    pub(super) async fn wait(&self, flight: Flight, role: Role, ask: &Ask, until: Duration) -> Answer<Tried> {
        let left = until.saturating_sub(self.cache.now());
        let time = match role {
            Role::Began => left,
            Role::Joined | Role::Renews(_) => left.min(self.in_flight.options().grace_interval),
        };
        match (self.within(time, flight).await, role) {
            (Some(Landed::Failed(error)), Role::Renews(old)) => self.not_renewed(error, ask, &old),
            (Some(landed), role) => self.landed(landed, &role, ask),
            (None, Role::Renews(old)) => {
                // If the old one is of no use by now, there is still time for another call.
                let error = Arc::new(too_long(ask, "its grace interval is exceeded"));
                Ok(self.not_renewed(error, ask, &old).unwrap_or(Tried::Nothing))
            }
            (None, _) if self.cache.now() < until => Ok(Tried::Nothing),
            (None, _) => Err(too_long(ask, "its in-flight TTL is exceeded")),
        }
    }

    async fn within(&self, time: Duration, flight: Flight) -> Option<Landed> {
        match self.cache.sleep(time) {
            None => Some(flight.await),
            Some(sleep) => match select(flight, sleep).await {
                Either::Left((landed, _)) => Some(landed),
                Either::Right(_) => None,
            },
        }
    }

    /// A task may be polled long after its flight landed.
    fn landed(&self, landed: Landed, role: &Role, ask: &Ask) -> Answer<Tried> {
        match landed {
            Landed::Failed(error) => Err(again(error)),
            Landed::Overtaken => Ok(Tried::Answered),
            Landed::Alone(materials) => Ok(take(&materials)),
            Landed::Shared(entry, _) if entry.is_expired(self.cache.now()) => Ok(Tried::Late),
            Landed::Shared(entry, _) if matches!(role, Role::Joined) && !self.may_use(&entry, ask) => {
                Ok(Tried::Answered)
            }
            Landed::Shared(_, materials) => Ok(Tried::Materials(materials)),
        }
    }

    /// The old entry will do, while it counts.
    fn not_renewed(&self, error: Arc<MaterialsError>, ask: &Ask, old: &CacheEntry) -> Answer<Tried> {
        self.counters.refresh_failures.count();
        tracing::warn!(
            target: "waxseal::cache", operation = ask.request.operation(), error = %error, "refresh failed"
        );
        match self.fit(old, ask, self.cache.now()) {
            Fit::Materials(materials) if self.may_use(old, ask) => Ok(Tried::Materials(materials)),
            _ => Err(again(error)),
        }
    }
}

fn too_long(ask: &Ask, why: &'static str) -> MaterialsError {
    let failure = KeyFailure::new("a call in flight", KeyFailureReason::Unreachable).with_source(why);
    match ask.request {
        Request::Encryption(_) => MaterialsError::Wrap(failure),
        Request::Decryption(_) => MaterialsError::Unwrap(failure.into()),
    }
}

fn take(materials: &Mutex<Option<CachedMaterials>>) -> Tried {
    lock(materials).take().map_or(Tried::Alone, Tried::Materials)
}
