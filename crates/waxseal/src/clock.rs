//! A clock for caches that can sleep.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::Instant;
use waxseal_materials::CacheClock;

/// The clock of a Tokio runtime. With it, tasks and threads stop waiting for a key service in time:
/// see [`StormTracking`](crate::StormTracking). Any thread may wait by it, also outside the runtime.
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use tokio::runtime::Handle;
/// use waxseal::{CacheLimits, Client, LocalCryptographicMaterialsCache, TokioClock, native};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let crypto = native::provider();
/// # let keyring = waxseal::RawAesKeyring::new(crypto, "my app", "key 1", [7; 32].into())?;
/// let cache = LocalCryptographicMaterialsCache::new(1000).with_clock(TokioClock::new(Handle::current()));
/// let limits = CacheLimits::new(Duration::from_secs(300));
/// let client = Client::new(native::provider(), keyring).with_cache(Arc::new(cache), limits)?;
/// client.encrypt(b"plaintext").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct TokioClock {
    runtime: Handle,
    began: Instant,
}

impl TokioClock {
    /// The clock of this runtime, which must run for as long as the cache is used.
    ///
    /// # Panics
    /// Tokio panics if the runtime was built without timers (`enable_time`, `enable_all`): here,
    /// and not when a task first waits.
    #[must_use]
    pub fn new(runtime: Handle) -> Self {
        let clock = Self { runtime, began: Instant::now() };
        drop(clock.sleep(Duration::ZERO));
        clock
    }
}

impl CacheClock for TokioClock {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    fn sleep(&self, time: Duration) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
        let _inside = self.runtime.enter();
        Some(Box::pin(tokio::time::sleep(time)))
    }
}
