//! How often entries were deleted, so that no call from before brings them back.
//!
//! `models/` checks every interleaving of this file's atomics with a put.

#[cfg(loom)]
use loom::sync::atomic::{AtomicU64, Ordering, fence};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU64, Ordering, fence};

/// Entries share these numbers: a deletion disturbs the calls for a few other entries, too, which
/// are then not kept. A model has time for two.
const NUMBERS: usize = if cfg!(loom) { 2 } else { 64 };

#[derive(Debug)]
pub(crate) struct Deletions([AtomicU64; NUMBERS]);

impl Default for Deletions {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl Deletions {
    /// To be called after an entry was put: if a deletion did not find the entry, the number has
    /// changed. That is what the fences are for.
    pub(crate) fn of(&self, id: &[u8]) -> u64 {
        fence(Ordering::SeqCst);
        self.number(id).load(Ordering::Relaxed)
    }

    /// To be called before an entry is deleted.
    pub(crate) fn count(&self, id: &[u8]) {
        self.number(id).fetch_add(1, Ordering::Relaxed);
        fence(Ordering::SeqCst);
    }

    /// To be called before all are.
    pub(crate) fn count_all(&self) {
        for number in &self.0 {
            number.fetch_add(1, Ordering::Relaxed);
        }
        fence(Ordering::SeqCst);
    }

    fn number(&self, id: &[u8]) -> &AtomicU64 {
        let [first, rest @ ..] = &self.0;
        let index = id.first().map_or(0, |byte| usize::from(*byte) % NUMBERS);
        index.checked_sub(1).and_then(|index| rest.get(index)).unwrap_or(first)
    }
}
