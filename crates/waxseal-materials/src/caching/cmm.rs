//! The caching materials manager.
//!
//! Source: `framework/caching-cmm.md`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use waxseal_crypto::CryptoProvider;

use super::in_flight::{Boarding, Flight, InFlight, StormTracking};
use super::landing::Tried;
use super::metrics::Counters;
use super::request::{Ask, Request, uses_data_key_itself};
use super::usage::Reservation;
use super::{
    BypassReason, CacheEntry, CacheLimits, CachedMaterials, CachingMetrics, CryptographicMaterialsCache,
};
use crate::{
    CryptographicMaterialsManager, DecryptMaterialsRequest, DecryptionMaterials, DefaultCmm,
    EncryptionMaterials, EncryptionMaterialsRequest, Keyring, MasterKeyProvider, MasterKeyProviderKeyring,
    MaterialsError,
};

pub(super) type Answer<T> = Result<T, MaterialsError>;

/// Uses materials again, within limits, over any materials manager: many messages for one call.
///
/// Messages that are encrypted with one entry share its data key and, under a signing suite, its
/// signing key. Each derives its own message key from the data key.
///
/// - Usage is counted before it happens. No limit is passed, by however many threads.
/// - A message whose length isn't known goes past the cache, and so does one under a suite that
///   derives no keys; [`CachingCryptographicMaterialsManager::metrics`] counts them by reason.
///   Streams say their length by `plaintext_len_bound`.
/// - Entries that are wanted by many at once are asked for once; all get the result, or the error.
///   An error is not kept. A task that is dropped leaves its call to those who wait for it.
/// - An entry answers requests of the same context, suite, required keys, reproduced pairs and
///   policy alone.
///
/// Tasks that wait for another's call wait until it is done. A synchronous call that has to wait
/// for another thread needs a runtime, as with any manager that isn't ready at once.
///
/// Each answer is told as an event of `tracing`, target `waxseal::cache`, with the field
/// `operation` (`encrypt`, `decrypt`): `hit` (level trace), `miss`, `wait`, `refresh`,
/// `exhausted`, `bypass` with a `reason` (debug), `refresh failed` with the `error` (warn); a cache
/// tells `evicted` with the `cause` (debug).
///
/// See [`LocalCryptographicMaterialsCache`](super::LocalCryptographicMaterialsCache) for an
/// example. Source: `framework/caching-cmm.md`.
#[derive(Clone, Debug)]
pub struct CachingCryptographicMaterialsManager(Arc<Inner>);

#[derive(Debug)]
pub(super) struct Inner {
    crypto: &'static CryptoProvider,
    pub(super) underlying: Arc<dyn CryptographicMaterialsManager>,
    pub(super) cache: Arc<dyn CryptographicMaterialsCache>,
    pub(super) limits: CacheLimits,
    partition_id: String,
    /// For caches that note no calls.
    own_flights: InFlight,
    pub(super) counters: Counters,
}

impl CachingCryptographicMaterialsManager {
    /// Caches what any materials manager, or an `Arc` of one, answers.
    ///
    /// # Errors
    /// [`MaterialsError::CacheLimits`] for limits beyond the specification's,
    /// [`MaterialsError::Crypto`] if there is no randomness for a partition id.
    pub fn new(
        crypto: &'static CryptoProvider,
        underlying: impl CryptographicMaterialsManager + 'static,
        cache: Arc<dyn CryptographicMaterialsCache>,
        limits: CacheLimits,
    ) -> Result<Self, MaterialsError> {
        limits.check()?;
        Ok(Self(Arc::new(Inner {
            partition_id: limits.partition_id(crypto.random)?,
            crypto,
            underlying: Arc::new(underlying),
            cache,
            limits,
            own_flights: InFlight::new(StormTracking::default()),
            counters: Counters::default(),
        })))
    }

    /// Caches what a [`DefaultCmm`] of this keyring answers.
    ///
    /// # Errors
    /// As [`CachingCryptographicMaterialsManager::new`].
    pub fn with_keyring(
        crypto: &'static CryptoProvider,
        keyring: impl Keyring + 'static,
        cache: Arc<dyn CryptographicMaterialsCache>,
        limits: CacheLimits,
    ) -> Result<Self, MaterialsError> {
        Self::new(crypto, DefaultCmm::new(crypto, keyring), cache, limits)
    }

    /// Caches what a [`DefaultCmm`] of this master key provider answers.
    ///
    /// # Errors
    /// As [`CachingCryptographicMaterialsManager::new`].
    pub fn with_master_key_provider(
        crypto: &'static CryptoProvider,
        provider: impl MasterKeyProvider + 'static,
        cache: Arc<dyn CryptographicMaterialsCache>,
        limits: CacheLimits,
    ) -> Result<Self, MaterialsError> {
        Self::with_keyring(crypto, MasterKeyProviderKeyring::new(provider), cache, limits)
    }

    /// What was answered how, and what the cache evicted.
    #[must_use]
    pub fn metrics(&self) -> CachingMetrics {
        self.0.counters.snapshot(self.0.cache.evictions())
    }

    /// The partition of the cache: the one that was given, or a random UUID.
    #[must_use]
    pub fn partition_id(&self) -> &str {
        &self.0.partition_id
    }
}

#[async_trait]
impl CryptographicMaterialsManager for CachingCryptographicMaterialsManager {
    async fn get_encryption_materials(
        &self,
        request: EncryptionMaterialsRequest,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        match self.0.answer(Request::Encryption(request)).await? {
            CachedMaterials::Encryption(materials) => Ok(Arc::unwrap_or_clone(materials)),
            _ => Err(OTHER_KIND),
        }
    }

    async fn decrypt_materials(
        &self,
        request: DecryptMaterialsRequest,
    ) -> Result<DecryptionMaterials, MaterialsError> {
        match self.0.answer(Request::Decryption(request)).await? {
            CachedMaterials::Decryption(materials) => Ok(Arc::unwrap_or_clone(materials)),
            _ => Err(OTHER_KIND),
        }
    }
}

const OTHER_KIND: MaterialsError = MaterialsError::Illegal("a cache gave an entry of another kind");

/// What an entry is good for.
pub(super) enum Fit {
    Materials(CachedMaterials),
    /// Made for a request that differs.
    Unlike,
    /// Wiped, too old for this manager, or used up.
    Spent,
}

/// What a look into the cache leads to.
enum Found {
    Materials(CachedMaterials),
    Unlike,
    Joined(Flight),
    Began(Flight),
    /// A call to renew the entry, which may still be used.
    Refreshing(Flight, Arc<CacheEntry>),
}

impl Inner {
    async fn answer(self: &Arc<Self>, request: Request) -> Answer<CachedMaterials> {
        if let Some(reason) = self.must_bypass(&request) {
            return self.bypass(request, reason).await;
        }
        let ask = Ask::new(self.crypto, &self.partition_id, request)?;
        let mut since = None;
        loop {
            let tried = match self.find(&ask) {
                Found::Materials(materials) => return Ok(materials),
                Found::Unlike => return self.bypass(ask.request, BypassReason::Unlike).await,
                Found::Began(flight) => self.own(flight.await),
                Found::Refreshing(flight, old) => self.refreshed(flight.await, &ask, &old),
                Found::Joined(flight) => {
                    let since = *since.get_or_insert_with(|| self.cache.now());
                    self.joined(flight, &ask, since).await
                }
            };
            match tried? {
                Tried::Materials(materials) => return Ok(materials),
                Tried::Alone => return self.bypass(ask.request, BypassReason::IdentityKdf).await,
                Tried::Nothing => (),
            }
        }
    }

    fn must_bypass(&self, request: &Request) -> Option<BypassReason> {
        if !self.cache.keeps_entries() {
            Some(BypassReason::NoCache)
        } else if request.suite().is_some_and(uses_data_key_itself) {
            Some(BypassReason::IdentityKdf)
        } else if !request.is_encryption() {
            None
        } else if !request.has_length() {
            Some(BypassReason::UnknownLength)
        } else if request.bytes() > self.limits.max_bytes || self.limits.max_messages == 1 {
            Some(BypassReason::BeyondLimits)
        } else {
            None
        }
    }

    async fn bypass(&self, request: Request, reason: BypassReason) -> Answer<CachedMaterials> {
        self.counters.bypass(reason);
        tracing::debug!(
            target: "waxseal::cache", operation = request.operation(), reason = reason.name(), "bypass"
        );
        request.ask(&*self.underlying).await
    }

    fn find(self: &Arc<Self>, ask: &Ask) -> Found {
        let now = self.cache.now();
        let Some(entry) = self.cache.get_cache_entry(&ask.id) else { return self.board(ask, now) };
        if entry.is_for(ask)
            && let Some(flight) = self.flights().begin_refresh(ask, &entry, now, || self.call(ask))
        {
            self.told(ask, "refresh");
            self.counters.misses.count();
            self.counters.refreshes.count();
            return Found::Refreshing(flight, entry);
        }
        self.found(&entry, ask, now).unwrap_or_else(|| self.board(ask, now))
    }

    /// Asks the underlying manager, or waits for whoever asks already.
    fn board(self: &Arc<Self>, ask: &Ask, now: Duration) -> Found {
        let look_again = || self.found(&*self.cache.get_cache_entry(&ask.id)?, ask, now);
        match self.flights().join_or_begin(ask, now, look_again, || self.call(ask)) {
            Boarding::Found(found) => found,
            Boarding::Unlike => Found::Unlike,
            Boarding::Joined(flight) => {
                self.told(ask, "wait");
                self.counters.in_flight_waits.count();
                Found::Joined(flight)
            }
            Boarding::Began(flight) => {
                self.told(ask, "miss");
                self.counters.misses.count();
                Found::Began(flight)
            }
        }
    }

    /// What the entry leads to, unless it is spent.
    fn found(&self, entry: &CacheEntry, ask: &Ask, now: Duration) -> Option<Found> {
        match self.fit(entry, ask, now) {
            Fit::Materials(materials) => {
                tracing::trace!(target: "waxseal::cache", operation = ask.request.operation(), "hit");
                self.counters.hits.count();
                Some(Found::Materials(materials))
            }
            Fit::Unlike => Some(Found::Unlike),
            Fit::Spent => None,
        }
    }

    pub(super) fn fit(&self, entry: &CacheEntry, ask: &Ask, now: Duration) -> Fit {
        if !entry.is_for(ask) {
            return Fit::Unlike;
        }
        if now >= entry.creation_time().saturating_add(self.limits.max_age) {
            entry.wipe();
            return Fit::Spent;
        }
        match entry.materials() {
            Some(materials) if self.may_use(entry, ask) => Fit::Materials(materials),
            _ => Fit::Spent,
        }
    }

    /// Counts the use of an entry, before it happens. One that is used up is wiped at once.
    pub(super) fn may_use(&self, entry: &CacheEntry, ask: &Ask) -> bool {
        if !ask.request.is_encryption() {
            return true;
        }
        let reservation = entry.reserve(ask.request.bytes(), self.limits.usage());
        if reservation != Reservation::Granted && entry.wipe() {
            self.told(ask, "exhausted");
            self.counters.exhausted.count();
        }
        reservation != Reservation::Refused
    }

    pub(super) fn flights(&self) -> &InFlight {
        self.cache.in_flight().unwrap_or(&self.own_flights)
    }

    fn told(&self, ask: &Ask, what: &'static str) {
        tracing::debug!(target: "waxseal::cache", operation = ask.request.operation(), "{what}");
    }
}
