//! A key service to count, delay and fail, and a clock to turn.

use std::collections::HashMap;
use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::Semaphore;
use waxseal_format::{AlgorithmSuite, EncryptedDataKey, EncryptionContext};
use waxseal_materials::{
    CacheClock, CacheEntry, CacheIdentifier, CacheLimits, CachingCryptographicMaterialsManager,
    CryptographicMaterialsCache, CryptographicMaterialsManager, DecryptMaterialsRequest, DecryptionMaterials,
    EncryptionMaterials, EncryptionMaterialsRequest, KeyFailure, KeyFailureReason, Keyring,
    LocalCryptographicMaterialsCache, MaterialsError, RawAesKeyring, StormTracking, async_trait,
};

pub(crate) type Cmm = CachingCryptographicMaterialsManager;
pub(crate) type Local = LocalCryptographicMaterialsCache;

/// A keyring like one of a key service: its calls can be counted, held up and refused.
#[derive(Clone, Debug)]
pub(crate) struct Service(Arc<State>);

#[derive(Debug)]
struct State {
    keyring: RawAesKeyring,
    calls: AtomicU64,
    most_at_once: AtomicU64,
    now_at_once: AtomicU64,
    denies: AtomicBool,
    panics: AtomicBool,
    yields: AtomicBool,
    delay: Mutex<Duration>,
    /// How many calls more for which tenant are never answered.
    hangs: Mutex<HashMap<String, u64>>,
    gate: Semaphore,
}

impl Service {
    /// A service that answers at once.
    pub(crate) fn new() -> Self {
        Self::with_gate(Semaphore::MAX_PERMITS)
    }

    /// A service that holds calls up until they are let through.
    pub(crate) fn gated() -> Self {
        Self::with_gate(0)
    }

    fn with_gate(permits: usize) -> Self {
        let keyring = RawAesKeyring::new(waxseal_native::provider(), "tests", "key", [7; 32].into());
        Self(Arc::new(State {
            keyring: keyring.unwrap(),
            calls: AtomicU64::new(0),
            most_at_once: AtomicU64::new(0),
            now_at_once: AtomicU64::new(0),
            denies: AtomicBool::new(false),
            panics: AtomicBool::new(false),
            yields: AtomicBool::new(false),
            delay: Mutex::default(),
            hangs: Mutex::default(),
            gate: Semaphore::new(permits),
        }))
    }

    pub(crate) fn calls(&self) -> u64 {
        self.0.calls.load(Ordering::SeqCst)
    }

    pub(crate) fn most_at_once(&self) -> u64 {
        self.0.most_at_once.load(Ordering::SeqCst)
    }

    pub(crate) fn let_through(&self, calls: usize) {
        self.0.gate.add_permits(calls);
    }

    pub(crate) fn deny(&self, denies: bool) {
        self.0.denies.store(denies, Ordering::SeqCst);
    }

    pub(crate) fn panic(&self, panics: bool) {
        self.0.panics.store(panics, Ordering::SeqCst);
    }

    /// Every call from now on lets other tasks go first.
    pub(crate) fn give_way(&self) {
        self.0.yields.store(true, Ordering::SeqCst);
    }

    /// Every call from now on takes so long.
    pub(crate) fn delay(&self, delay: Duration) {
        *self.0.delay.lock().unwrap() = delay;
    }

    /// The next calls for a tenant are never answered.
    pub(crate) fn hang(&self, tenant: &str, calls: u64) {
        self.0.hangs.lock().unwrap().insert(tenant.to_owned(), calls);
    }

    fn hangs(&self, context: &EncryptionContext) -> bool {
        let mut hangs = self.0.hangs.lock().unwrap();
        let left = context.get("tenant").and_then(|tenant| hangs.get_mut(tenant));
        left.is_some_and(|left| {
            let hangs = *left > 0;
            *left = left.saturating_sub(1);
            hangs
        })
    }

    /// Returns once so many calls have begun.
    pub(crate) async fn begun(&self, calls: u64) {
        until(|| self.calls() >= calls).await;
    }

    async fn call(&self, context: &EncryptionContext) -> Result<(), KeyFailure> {
        self.0.calls.fetch_add(1, Ordering::SeqCst);
        let at_once = self.0.now_at_once.fetch_add(1, Ordering::SeqCst) + 1;
        self.0.most_at_once.fetch_max(at_once, Ordering::SeqCst);
        if self.hangs(context) {
            pending::<()>().await;
        }
        if self.0.yields.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
        let delay = *self.0.delay.lock().unwrap();
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        self.0.gate.acquire().await.unwrap().forget();
        assert!(!self.0.panics.load(Ordering::SeqCst), "the key service panics");
        self.0.now_at_once.fetch_sub(1, Ordering::SeqCst);
        if self.0.denies.load(Ordering::SeqCst) {
            return Err(KeyFailure::new("tests/key", KeyFailureReason::Denied).with_source("not today"));
        }
        Ok(())
    }
}

#[async_trait]
impl Keyring for Service {
    async fn on_encrypt(
        &self,
        materials: EncryptionMaterials,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        self.call(materials.encryption_context()).await.map_err(MaterialsError::Wrap)?;
        self.0.keyring.on_encrypt(materials).await
    }

    async fn on_decrypt(
        &self,
        materials: DecryptionMaterials,
        keys: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        let called = self.call(materials.encryption_context()).await;
        called.map_err(|failure| MaterialsError::Unwrap(failure.into()))?;
        self.0.keyring.on_decrypt(materials, keys).await
    }
}

/// A clock that stands until it is turned.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clock(Arc<AtomicU64>);

impl Clock {
    pub(crate) fn turn(&self, time: Duration) {
        self.0.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock {
    pub(crate) fn turn_back(&self, time: Duration) {
        self.0.fetch_sub(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl CacheClock for Clock {
    fn now(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::SeqCst))
    }
}

/// The runtime's clock, which can sleep.
#[derive(Debug)]
pub(crate) struct RuntimeClock(tokio::time::Instant);

impl RuntimeClock {
    pub(crate) fn new() -> Self {
        Self(tokio::time::Instant::now())
    }
}

impl CacheClock for RuntimeClock {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn sleep(&self, time: Duration) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
        Some(Box::pin(tokio::time::sleep(time)))
    }
}

/// A cache that notes the names of what is put into it.
#[derive(Debug)]
pub(crate) struct Noting {
    pub(crate) local: Arc<Local>,
    pub(crate) put: Mutex<Vec<CacheIdentifier>>,
}

impl Noting {
    pub(crate) fn new(local: Arc<Local>) -> Arc<Self> {
        Arc::new(Self { local, put: Mutex::default() })
    }
}

impl CryptographicMaterialsCache for Noting {
    fn get_cache_entry(&self, id: &CacheIdentifier) -> Option<Arc<CacheEntry>> {
        self.local.get_cache_entry(id)
    }

    fn put_cache_entry(&self, id: CacheIdentifier, entry: Arc<CacheEntry>) {
        self.put.lock().unwrap().push(id);
        self.local.put_cache_entry(id, entry);
    }

    fn delete_cache_entry(&self, id: &CacheIdentifier) {
        self.local.delete_cache_entry(id);
    }

    fn now(&self) -> Duration {
        self.local.now()
    }

    fn deletions(&self, id: &CacheIdentifier) -> u64 {
        self.local.deletions(id)
    }
}

/// Lets other tasks run until it is so. Ten seconds without are a failure.
pub(crate) async fn until(is_so: impl Fn() -> bool) {
    let begun = std::time::Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(10), "it hangs");
        // Of the thread, since the runtime's time may be paused.
        std::thread::sleep(Duration::from_micros(200));
        tokio::task::yield_now().await;
    }
}

/// Waits until so many tasks wait for another's call.
pub(crate) async fn waiting(cmm: &Cmm, tasks: u64) {
    until(|| cmm.metrics().in_flight_waits >= tasks).await;
}

/// Polls once, as a runtime that then has no time for a while.
pub(crate) fn poll_once<F: Future>(future: &mut Pin<Box<F>>) -> Poll<F::Output> {
    future.as_mut().poll(&mut Context::from_waker(Waker::noop()))
}

pub(crate) fn storm(change: impl FnOnce(&mut StormTracking)) -> StormTracking {
    let mut options = StormTracking::default();
    change(&mut options);
    options
}

pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// Limits of a minute.
pub(crate) fn limits(change: impl FnOnce(&mut CacheLimits)) -> CacheLimits {
    let mut limits = CacheLimits::new(MINUTE);
    change(&mut limits);
    limits
}

pub(crate) fn cmm(service: &Service, cache: &Arc<Local>, limits: CacheLimits) -> Cmm {
    Cmm::with_keyring(waxseal_native::provider(), service.clone(), Arc::clone(cache) as _, limits).unwrap()
}

/// A manager with a cache of its own for 100 entries, by a clock.
pub(crate) fn cached(service: &Service, limits: CacheLimits) -> (Cmm, Arc<Local>, Clock) {
    let clock = Clock::default();
    let cache = Arc::new(Local::new(100).with_clock(clock.clone()));
    (cmm(service, &cache, limits), cache, clock)
}

/// The same with rules of its own for calls in flight.
pub(crate) fn cached_with(
    service: &Service,
    change: impl FnOnce(&mut StormTracking),
    limits: CacheLimits,
) -> (Cmm, Arc<Local>, Clock) {
    let clock = Clock::default();
    let cache = Local::new(100).with_clock(clock.clone()).with_storm_tracking(storm(change));
    let cache = Arc::new(cache.unwrap());
    (cmm(service, &cache, limits), cache, clock)
}

/// A request to encrypt `len` bytes for `tenant`.
pub(crate) fn to_encrypt(tenant: &str, len: u64) -> EncryptionMaterialsRequest {
    let mut request = EncryptionMaterialsRequest::default();
    request.encryption_context = EncryptionContext::from([("tenant", tenant)]);
    request.suite = Some(AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY);
    request.max_plaintext_len = Some(len);
    request
}

/// The request of a message that was encrypted with these materials.
pub(crate) fn to_decrypt(made: &EncryptionMaterials) -> DecryptMaterialsRequest {
    let required = made.required_context_keys();
    let stored = made.encryption_context().iter().filter(|(key, _)| !required.contains(*key));
    let stored: Vec<_> = stored.map(|(key, value)| (key.clone(), value.clone())).collect();
    DecryptMaterialsRequest::new(
        made.suite(),
        made.encrypted_data_keys().to_vec(),
        stored.into_iter().collect(),
    )
}

pub(crate) async fn encrypt(cmm: &Cmm, tenant: &str) -> EncryptionMaterials {
    cmm.get_encryption_materials(to_encrypt(tenant, 10)).await.unwrap()
}
