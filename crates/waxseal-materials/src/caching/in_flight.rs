//! Calls to the underlying materials manager that are not answered yet: one for each entry,
//! however many tasks want it.
//!
//! Source: `framework/storm-tracking-cryptographic-materials-cache.md`, "In Flight".

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_lock::{OnceCell, Semaphore, SemaphoreGuardArc};
use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};

use super::landing::Landed;
use super::request::{Ask, MadeFor};
use super::{CacheIdentifier, StormTracking, lock};

pub(super) type Call = Pin<Box<dyn Future<Output = Landed> + Send>>;

/// A call that any of its waiters drives on: if one is dropped, the next goes on with it; if all
/// are, it is dropped.
pub(super) type Flight = Shared<Call>;

/// What came of asking to fly.
pub(super) enum Boarding {
    /// A call is in flight already.
    Joined(Flight),
    /// This one begins now.
    Began(Flight),
    /// A call is in flight for this entry, made for a request that differs.
    Unlike,
}

/// When it is, and how often the entry was deleted until then.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    pub(super) now: Duration,
    pub(super) deletions: u64,
}

/// The calls in flight of one manager.
///
/// Not of the cache: a manager may stand above another over the same cache, and a call of the one
/// must neither wait for itself through the other, nor for a slot that it holds.
#[derive(Clone)]
pub(super) struct InFlight(Arc<Airspace>);

struct Airspace {
    options: StormTracking,
    board: Mutex<Board>,
    slots: Arc<Semaphore>,
}

#[derive(Default)]
struct Board {
    flights: HashMap<CacheIdentifier, Noted>,
    /// Those that a later flight for their entry took the place of, by number. They may hold slots.
    superseded: HashMap<u64, Noted>,
    /// So many began.
    numbers: u64,
    /// Until then no flight is over its time, so that there is nothing to look for.
    none_is_over_until: Duration,
}

struct Noted {
    flight: WeakShared<Call>,
    made_for: MadeFor,
    number: u64,
    /// As of its start; before, as of its boarding.
    deletions: u64,
    /// When it got its slot.
    started: Option<Duration>,
    slot: Slot,
    arrival: Arc<OnceCell<()>>,
}

/// One of the fan-out's, once it is there. A later flight for the same entry takes it over.
type Slot = Arc<Mutex<Option<SemaphoreGuardArc>>>;

impl InFlight {
    pub(super) fn new(options: StormTracking) -> Self {
        let slots = Arc::new(Semaphore::new(options.fan_out.get()));
        Self(Arc::new(Airspace { options, board: Mutex::default(), slots }))
    }

    pub(super) fn options(&self) -> &StormTracking {
        &self.0.options
    }

    /// Joins the call in flight for an entry; begins one if there is none, or none that counts.
    ///
    /// The caller's look into the cache may be older than the end of a flight: the one that
    /// begins here looks again.
    pub(super) fn board(&self, ask: &Ask, at: Moment, fly: impl FnOnce(Pass) -> Call) -> Boarding {
        self.release_slots(at.now);
        let mut board = lock(&self.0.board);
        if let Some(noted) = board.flights.get(&ask.id).filter(|noted| self.counts(noted, at)) {
            if !noted.made_for.is_for(ask) {
                return Boarding::Unlike;
            }
            if let Some(flight) = noted.flight.upgrade() {
                return Boarding::Joined(flight);
            }
        }
        let slot = self.slot(&board, ask);
        Boarding::Began(self.begin(&mut board, ask, at, slot, fly))
    }

    /// Begins a call to renew an entry, unless there is one, or too many.
    pub(super) fn renew(&self, ask: &Ask, at: Moment, fly: impl FnOnce(Pass) -> Call) -> Option<Flight> {
        self.release_slots(at.now);
        let mut board = lock(&self.0.board);
        if board.flights.get(&ask.id).is_some_and(|noted| self.counts(noted, at)) {
            return None;
        }
        let slot = self.slot(&board, ask)?;
        Some(self.begin(&mut board, ask, at, Some(slot), fly))
    }

    /// Whether a call is neither lost nor from before a deletion. One that waits for its slot
    /// can't be lost.
    fn counts(&self, noted: &Noted, at: Moment) -> bool {
        let interval = self.0.options.grace_interval;
        let is_lost = noted.started.is_some_and(|started| at.now >= started.saturating_add(interval));
        !is_lost && noted.deletions == at.deletions
    }

    /// The slot of the flight before, since slots are for entries; or one that is free.
    fn slot(&self, board: &Board, ask: &Ask) -> Option<SemaphoreGuardArc> {
        let before = board.flights.get(&ask.id).and_then(|noted| lock(&noted.slot).take());
        before.or_else(|| self.0.slots.try_acquire_arc())
    }

    fn begin(
        &self,
        board: &mut Board,
        ask: &Ask,
        at: Moment,
        slot: Option<SemaphoreGuardArc>,
        fly: impl FnOnce(Pass) -> Call,
    ) -> Flight {
        let arrival = board.flights.get(&ask.id).map(|noted| Arc::clone(&noted.arrival));
        let arrival = arrival.filter(|arrival| !arrival.is_initialized()).unwrap_or_default();
        let (number, slot) = (board.numbers, Arc::new(Mutex::new(slot)));
        board.numbers = number.wrapping_add(1);
        let (in_flight, id) = (self.clone(), ask.id);
        let pass = Pass { in_flight, id, number, slot: Arc::clone(&slot), arrival: Arc::clone(&arrival) };
        let flight = fly(pass).shared();
        if let Some(weak) = flight.downgrade() {
            let (made_for, deletions) = (MadeFor::of(ask), at.deletions);
            let started = None;
            let noted = Noted { flight: weak, made_for, number, deletions, started, slot, arrival };
            if let Some(before) = board.flights.insert(id, noted) {
                board.superseded.insert(before.number, before);
            }
        }
        flight
    }

    /// Takes the slots away from flights that are over their time. What waits for a slot goes on
    /// then, outside the lock.
    fn release_slots(&self, now: Duration) {
        let released = lock(&self.0.board).take_slots(now, self.0.options.in_flight_ttl);
        drop(released);
    }
}

impl Board {
    fn take_slots(&mut self, now: Duration, ttl: Duration) -> Vec<SemaphoreGuardArc> {
        if now < self.none_is_over_until {
            return Vec::new();
        }
        let mut next = now.saturating_add(ttl);
        let mut released = Vec::new();
        let all = self.flights.values().chain(self.superseded.values());
        for (started, slot) in all.filter_map(|noted| Some((noted.started?, &noted.slot))) {
            let over = started.saturating_add(ttl);
            if now >= over {
                released.extend(lock(slot).take());
            } else {
                next = next.min(over);
            }
        }
        self.none_is_over_until = next;
        released
    }
}

/// What a flight has of the list of all. However it ends, this is dropped: then it is no longer
/// noted, unless a later one took its place, and its slot is free.
pub(super) struct Pass {
    in_flight: InFlight,
    id: CacheIdentifier,
    number: u64,
    slot: Slot,
    arrival: Arc<OnceCell<()>>,
}

impl Pass {
    /// Waits until there is a slot.
    pub(super) async fn wait_for_slot(&self) {
        if lock(&self.slot).is_none() {
            let slot = self.in_flight.0.slots.acquire_arc().await;
            *lock(&self.slot) = Some(slot);
        }
    }

    /// The flight's time begins with its slot.
    pub(super) fn start(&self, at: Moment) {
        let mut board = lock(&self.in_flight.0.board);
        let Board { flights, superseded, .. } = &mut *board;
        let noted = flights.get_mut(&self.id).filter(|noted| noted.number == self.number);
        if let Some(noted) = noted.or_else(|| superseded.get_mut(&self.number)) {
            (noted.started, noted.deletions) = (Some(at.now), at.deletions);
        }
    }

    /// Tells every other flight for this entry that it is there.
    pub(super) fn arrived(&self) {
        // One that is set already told them.
        let _ = self.arrival.try_set(());
    }

    /// Returns when another flight brought the entry.
    pub(super) async fn overtaken(&self) {
        self.arrival.wait().await;
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut board = lock(&self.in_flight.0.board);
        if board.flights.get(&self.id).is_some_and(|noted| noted.number == self.number) {
            board.flights.remove(&self.id);
        } else {
            board.superseded.remove(&self.number);
        }
    }
}

impl fmt::Debug for InFlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InFlight")
            .field("options", &self.0.options)
            .field("flights", &lock(&self.0.board).flights.len())
            .finish_non_exhaustive()
    }
}
