//! Time as caches see it.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A clock that never goes back. Tests bring one that they can turn.
pub trait CacheClock: Send + Sync + Debug {
    /// The time since some fixed point.
    fn now(&self) -> Duration;

    /// A future that is ready after so long, if this clock can make one: then tasks that wait for
    /// a call of another task stop waiting in time
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
