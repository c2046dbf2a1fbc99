//! Which entries of a cache expire when.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::clock::nanoseconds;
use super::{CacheEntry, CacheIdentifier, lock};

/// All entries of a cache in the order of their expiry. Asking whether one is due takes no lock.
#[derive(Debug)]
pub(super) struct Expiries {
    entries: Mutex<BTreeMap<Place, (CacheIdentifier, Arc<CacheEntry>)>>,
    /// When the first is due, in nanoseconds.
    next: AtomicU64,
    tickets: AtomicU64,
}

/// Expiry, and a number that no other entry has.
type Place = (Duration, u64);

/// An entry, and the number that tells it from others of its name.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) ticket: u64,
    pub(super) entry: Arc<CacheEntry>,
}

impl Default for Expiries {
    fn default() -> Self {
        Self { entries: Mutex::default(), next: AtomicU64::new(u64::MAX), tickets: AtomicU64::new(0) }
    }
}

impl Expiries {
    pub(super) fn insert(&self, id: CacheIdentifier, entry: Arc<CacheEntry>) -> Held {
        let held = Held { ticket: self.tickets.fetch_add(1, Ordering::Relaxed), entry };
        self.change(|entries| entries.insert(held.place(), (id, Arc::clone(&held.entry))));
        held
    }

    /// Whether it was there.
    pub(super) fn remove(&self, held: &Held) -> bool {
        self.change(|entries| entries.remove(&held.place())).is_some()
    }

    pub(super) fn is_due(&self, now: Duration) -> bool {
        nanoseconds(now) >= self.next.load(Ordering::Acquire)
    }

    pub(super) fn holds(&self, held: &Held) -> bool {
        lock(&self.entries).contains_key(&held.place())
    }

    /// Takes the entries out that are expired.
    pub(super) fn take_due(&self, now: Duration) -> Vec<(CacheIdentifier, Held)> {
        let due = self.change(|entries| {
            let later = entries.split_off(&(now.saturating_add(Duration::from_nanos(1)), 0));
            std::mem::replace(entries, later)
        });
        due.into_iter().map(taken).collect()
    }

    /// Takes all entries out.
    pub(super) fn take_all(&self) -> Vec<(CacheIdentifier, Held)> {
        self.change(std::mem::take).into_iter().map(taken).collect()
    }

    fn change<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<Place, (CacheIdentifier, Arc<CacheEntry>)>) -> T,
    ) -> T {
        let mut entries = lock(&self.entries);
        let output = change(&mut entries);
        let next = entries.first_key_value().map_or(u64::MAX, |((expiry, _), _)| nanoseconds(*expiry));
        self.next.store(next, Ordering::Release);
        output
    }
}

fn taken(((_, ticket), (id, entry)): (Place, (CacheIdentifier, Arc<CacheEntry>))) -> (CacheIdentifier, Held) {
    (id, Held { ticket, entry })
}

impl Held {
    fn place(&self) -> Place {
        (self.entry.expiry_time(), self.ticket)
    }
}
