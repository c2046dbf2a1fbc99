//! Calls to the underlying materials manager that are not answered yet: one for each entry,
//! however many tasks want it.
//!
//! Source: `framework/storm-tracking-cryptographic-materials-cache.md`.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_lock::{Semaphore, SemaphoreGuardArc};
use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};

use super::request::{Ask, MadeFor};
use super::{CacheEntry, CacheIdentifier, CachedMaterials, lock};
use crate::MaterialsError;

/// How many calls to a key service there may be, and when an entry is renewed.
///
/// Source: `framework/storm-tracking-cryptographic-materials-cache.md`, "Initialization".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StormTracking {
    /// For so long before an entry expires, one task at a time tries to renew it, while the others
    /// go on using it. 10 seconds by default; never more than a quarter of the entry's life.
    pub grace_period: Duration,
    /// After so long a call counts as lost: the next task that wants the entry calls again, and
    /// so does one that waits, if the cache's clock can sleep. 1 second by default.
    pub grace_interval: Duration,
    /// Entries at most that calls are in flight for; others wait their turn. 20 by default.
    pub fan_out: NonZeroUsize,
    /// After so long a task that waits for other tasks' calls gives up with an error, if the
    /// cache's clock can sleep ([`CacheClock::sleep`](super::CacheClock::sleep)). Without such a
    /// clock put your runtime's own time limit around the call: giving up is always safe.
    /// 10 seconds by default.
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

    /// Whether an entry should be renewed though it still counts.
    fn is_near_expiry(&self, entry: &CacheEntry, now: Duration) -> bool {
        let life = entry.expiry_time().saturating_sub(entry.creation_time());
        let grace = self.grace_period.min(life / 4);
        now >= entry.expiry_time().saturating_sub(grace)
    }
}

/// How a call ended, for everyone who waited.
#[derive(Clone)]
pub(super) enum Landed {
    /// With materials that messages share. The entry counts their use.
    Shared(Arc<CacheEntry>, CachedMaterials),
    /// With materials for one message, the first that takes them.
    Alone(Arc<Mutex<Option<CachedMaterials>>>),
    Failed(Arc<MaterialsError>),
}

pub(super) type Call = Pin<Box<dyn Future<Output = Landed> + Send>>;

/// A call that any of its waiters drives on: if one is dropped, the next goes on with it; if all
/// are, it is dropped.
pub(super) type Flight = Shared<Call>;

/// What came of asking to fly.
pub(super) enum Boarding<T> {
    /// There is an entry by now.
    Found(T),
    /// A call is in flight already.
    Joined(Flight),
    /// This one begins now.
    Began(Flight),
    /// A call is in flight for this entry, made for a request that differs.
    Unlike,
}

/// The calls in flight of one cache, or of one manager.
#[derive(Clone)]
pub struct InFlight(Arc<Airspace>);

struct Airspace {
    options: StormTracking,
    flights: Mutex<HashMap<CacheIdentifier, Noted>>,
    slots: Arc<Semaphore>,
    numbers: AtomicU64,
}

struct Noted {
    flight: WeakShared<Call>,
    made_for: MadeFor,
    started: Duration,
    number: u64,
}

impl InFlight {
    pub(super) fn new(options: StormTracking) -> Self {
        Self(Arc::new(Airspace {
            options,
            flights: Mutex::default(),
            slots: Arc::new(Semaphore::new(options.fan_out.get())),
            numbers: AtomicU64::new(0),
        }))
    }

    pub(super) fn options(&self) -> &StormTracking {
        &self.0.options
    }

    /// Joins the call in flight for an entry that is not there; begins it if there is none. An
    /// entry comes before its flight is over: `look_again` finds what came since the last look.
    pub(super) fn join_or_begin<T>(
        &self,
        ask: &Ask,
        now: Duration,
        look_again: impl FnOnce() -> Option<T>,
        call: impl FnOnce() -> Call,
    ) -> Boarding<T> {
        let mut flights = lock(&self.0.flights);
        if let Some(noted) = flights.get(&ask.id).filter(|noted| self.is_recent(noted, now)) {
            if !noted.made_for.is_for(ask) {
                return Boarding::Unlike;
            }
            if let Some(flight) = noted.flight.upgrade() {
                return Boarding::Joined(flight);
            }
        }
        match look_again() {
            Some(found) => Boarding::Found(found),
            None => Boarding::Began(self.begin(&mut flights, ask, now, None, call())),
        }
    }

    /// Begins a call for an entry that is near its expiry, unless there is one, or too many.
    pub(super) fn begin_refresh(
        &self,
        ask: &Ask,
        entry: &CacheEntry,
        now: Duration,
        call: impl FnOnce() -> Call,
    ) -> Option<Flight> {
        if !self.0.options.is_near_expiry(entry, now) {
            return None;
        }
        let mut flights = lock(&self.0.flights);
        if flights.get(&ask.id).is_some_and(|noted| self.is_recent(noted, now)) {
            return None;
        }
        let slot = self.0.slots.try_acquire_arc()?;
        Some(self.begin(&mut flights, ask, now, Some(slot), call()))
    }

    fn is_recent(&self, noted: &Noted, now: Duration) -> bool {
        now < noted.started.saturating_add(self.0.options.grace_interval)
    }

    fn begin(
        &self,
        flights: &mut HashMap<CacheIdentifier, Noted>,
        ask: &Ask,
        now: Duration,
        slot: Option<SemaphoreGuardArc>,
        call: Call,
    ) -> Flight {
        let number = self.0.numbers.fetch_add(1, Ordering::Relaxed);
        let note = Note { airspace: Arc::clone(&self.0), id: ask.id, number };
        let flight = self.0.fly(note, slot, call).shared();
        if let Some(weak) = flight.downgrade() {
            let made_for = MadeFor::of(ask);
            flights.insert(ask.id, Noted { flight: weak, made_for, started: now, number });
        }
        flight
    }
}

impl Airspace {
    /// The call, in its turn. However it ends, it is no longer noted then.
    fn fly(&self, note: Note, slot: Option<SemaphoreGuardArc>, call: Call) -> Call {
        let slots = Arc::clone(&self.slots);
        Box::pin(async move {
            let _note = note;
            let _slot = match slot {
                Some(slot) => slot,
                None => slots.acquire_arc().await,
            };
            call.await
        })
    }
}

/// Takes its flight off the list when dropped, unless a later one took its place.
struct Note {
    airspace: Arc<Airspace>,
    id: CacheIdentifier,
    number: u64,
}

impl Drop for Note {
    fn drop(&mut self) {
        let mut flights = lock(&self.airspace.flights);
        if flights.get(&self.id).is_some_and(|noted| noted.number == self.number) {
            flights.remove(&self.id);
        }
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight")
            .field("options", &self.0.options)
            .field("flights", &lock(&self.0.flights).len())
            .finish_non_exhaustive()
    }
}
