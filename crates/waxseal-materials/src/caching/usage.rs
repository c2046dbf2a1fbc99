//! How often a data key was used, and the limits of that.
//!
//! Source: `framework/caching-cmm.md`, "Usage Stats".
//!
//! `models/` checks every interleaving of this file's atomics.

#[cfg(loom)]
use loom::sync::atomic::{AtomicU64, Ordering};
#[cfg(not(loom))]
use std::sync::atomic::{AtomicU64, Ordering};

/// What one data key may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UsageLimits {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

/// What one data key was used for: counted before the use, never above the limits.
#[derive(Debug)]
pub(crate) struct Usage {
    messages: AtomicU64,
    bytes: AtomicU64,
}

/// The answer to [`Usage::reserve`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reservation {
    /// The message may use the key.
    Granted,
    /// It may, and no other may after it.
    Last,
    /// It would go beyond a limit. What was counted of it stays: the entry is given up.
    Refused,
}

impl Usage {
    pub(crate) fn new() -> Self {
        Self { messages: AtomicU64::new(0), bytes: AtomicU64::new(0) }
    }

    /// Counts one message of at most so many bytes, if it stays within the limits.
    pub(crate) fn reserve(&self, bytes: u64, limits: UsageLimits) -> Reservation {
        match (add(&self.messages, 1, limits.messages), add(&self.bytes, bytes, limits.bytes)) {
            (Some(messages), Some(bytes)) if messages == limits.messages || bytes == limits.bytes => {
                Reservation::Last
            }
            (Some(_), Some(_)) => Reservation::Granted,
            _ => Reservation::Refused,
        }
    }

    pub(crate) fn messages(&self) -> u64 {
        self.messages.load(Ordering::Relaxed)
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }
}

/// The sum, unless it is above the limit: then nothing is added. One location alone is read and
/// written, so that no stronger order than `Relaxed` is needed.
fn add(counter: &AtomicU64, more: u64, limit: u64) -> Option<u64> {
    let sum = |used: u64| used.checked_add(more).filter(|sum| *sum <= limit);
    counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, sum).ok().and_then(sum)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    const LIMITS: UsageLimits = UsageLimits { messages: 3, bytes: 10 };

    #[test]
    fn the_last_message_is_told_and_none_follows() {
        let usage = Usage::new();
        assert_eq!(usage.reserve(1, LIMITS), Reservation::Granted);
        assert_eq!(usage.reserve(1, LIMITS), Reservation::Granted);
        assert_eq!(usage.reserve(1, LIMITS), Reservation::Last);
        assert_eq!(usage.reserve(0, LIMITS), Reservation::Refused);
        assert_eq!((usage.messages(), usage.bytes()), (3, 3));
    }

    #[test]
    fn bytes_are_counted_to_the_last_and_never_overflow() {
        let usage = Usage::new();
        assert_eq!(usage.reserve(9, LIMITS), Reservation::Granted);
        assert_eq!(usage.reserve(2, LIMITS), Reservation::Refused);
        assert_eq!(usage.bytes(), 9);
        assert_eq!(Usage::new().reserve(10, LIMITS), Reservation::Last);
        assert_eq!(Usage::new().reserve(u64::MAX, LIMITS), Reservation::Refused);
    }
}
