//! Time as caches see it.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A clock that never goes back. Tests bring one that they can turn.
pub trait CacheClock: Send + Sync + Debug {
    /// The time since some fixed point.
    fn now(&self) -> Duration;

    /// A future that is ready after so long, if this clock can make one: then tasks stop waiting
    /// for calls in time
    /// ([`StormTracking::in_flight_ttl`](super::StormTracking::in_flight_ttl)). By default there
    /// is none, since the library brings no runtime.
    fn sleep(&self, time: Duration) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
        let _ = time;
        None
    }
}

impl<C: CacheClock + ?Sized> CacheClock for Arc<C> {
    fn now(&self) -> Duration {
        (**self).now()
    }

    fn sleep(&self, time: Duration) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
        (**self).sleep(time)
    }
}

/// The system's monotonic clock. On most systems it stands still while the machine sleeps.
#[derive(Clone, Copy, Debug)]
pub struct MonotonicClock(Instant);

impl Default for MonotonicClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl CacheClock for MonotonicClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// A clock that stands still where another goes back: else what began in its future would not end.
#[derive(Debug)]
pub(super) struct NeverBack {
    clock: Arc<dyn CacheClock>,
    latest: AtomicU64,
}

impl NeverBack {
    pub(super) fn new(clock: impl CacheClock + 'static) -> Self {
        Self { clock: Arc::new(clock), latest: AtomicU64::new(0) }
    }
}

impl CacheClock for NeverBack {
    fn now(&self) -> Duration {
        let now = nanoseconds(self.clock.now());
        let before = self.latest.load(Ordering::Relaxed);
        let before = if now > before { self.latest.fetch_max(now, Ordering::Relaxed) } else { before };
        Duration::from_nanos(now.max(before))
    }

    fn sleep(&self, time: Duration) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
        self.clock.sleep(time)
    }
}

/// 584 years of them fit.
pub(super) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    #[derive(Debug)]
    struct Wrong(Mutex<Vec<u64>>);

    impl CacheClock for Wrong {
        fn now(&self) -> Duration {
            Duration::from_secs(self.0.lock().unwrap().pop().unwrap())
        }
    }

    #[test]
    fn a_clock_that_goes_back_stands_still_until_it_has_caught_up() {
        let clock = NeverBack::new(Wrong(Mutex::new(vec![12, 9, 11, 5, 10])));
        let times: Vec<_> = (0..5).map(|_| clock.now().as_secs()).collect();
        assert_eq!(times, [10, 10, 11, 11, 12]);
    }
}
