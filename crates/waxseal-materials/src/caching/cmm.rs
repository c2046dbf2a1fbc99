//! The caching materials manager.
//!
//! Source: `framework/caching-cmm.md`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::{Either, select};
use waxseal_crypto::CryptoProvider;

use super::again::again;
use super::in_flight::{Boarding, Call, Flight, InFlight, Landed, StormTracking};
use super::metrics::Counters;
use super::request::{Ask, MadeFor, Request, uses_data_key_itself};
use super::usage::Reservation;
use super::{
    BypassReason, CacheEntry, CacheLimits, CachedMaterials, CachingMetrics, CryptographicMaterialsCache, lock,
};
use crate::{
    CryptographicMaterialsManager, DecryptMaterialsRequest, DecryptionMaterials, DefaultCmm,
    EncryptionMaterials, EncryptionMaterialsRequest, KeyFailure, KeyFailureReason, Keyring,
    MasterKeyProvider, MasterKeyProviderKeyring, MaterialsError,
};

type Answer<T> = Result<T, MaterialsError>;

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
struct Inner {
    crypto: &'static CryptoProvider,
    underlying: Arc<dyn CryptographicMaterialsManager>,
    cache: Arc<dyn CryptographicMaterialsCache>,
    limits: CacheLimits,
    partition_id: String,
    /// For caches that note no calls.
    own_flights: InFlight,
    counters: Counters,
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
enum Fit {
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

    fn fit(&self, entry: &CacheEntry, ask: &Ask, now: Duration) -> Fit {
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
    fn may_use(&self, entry: &CacheEntry, ask: &Ask) -> bool {
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

    fn flights(&self) -> &InFlight {
        self.cache.in_flight().unwrap_or(&self.own_flights)
    }

    fn told(&self, ask: &Ask, what: &'static str) {
        tracing::debug!(target: "waxseal::cache", operation = ask.request.operation(), "{what}");
    }
}

/// What came of a call.
enum Tried {
    Materials(CachedMaterials),
    /// Materials that can't be shared, and are another's.
    Alone,
    /// The entry is used up already.
    Nothing,
}

impl Inner {
    /// The call for an entry, and what becomes of its answer.
    fn call(self: &Arc<Self>, ask: &Ask) -> Call {
        let (inner, id, bytes) = (Arc::clone(self), ask.id, ask.request.bytes());
        let (request, made_for) = (ask.request.without_length(), MadeFor::of(ask));
        Box::pin(async move {
            let checked = request.ask(&*inner.underlying).await.and_then(CachedMaterials::checked);
            match checked {
                Err(error) => Landed::Failed(Arc::new(error)),
                Ok(materials) if materials.are_for_one_message() => {
                    Landed::Alone(Arc::new(std::sync::Mutex::new(Some(materials))))
                }
                Ok(materials) => {
                    let entry = inner.entry(materials.clone(), made_for);
                    // The use by whoever began the call comes with the entry.
                    if entry.reserve(bytes, inner.limits.usage()) == Reservation::Granted {
                        inner.cache.put_cache_entry(id, Arc::clone(&entry));
                    }
                    Landed::Shared(entry, materials)
                }
            }
        })
    }

    fn entry(&self, materials: CachedMaterials, made_for: MadeFor) -> Arc<CacheEntry> {
        let now = self.cache.now();
        let expiry_time = now.saturating_add(self.limits.max_age);
        Arc::new(CacheEntry::made_for(materials, now, expiry_time, made_for))
    }

    /// The answer for whoever began the call.
    fn own(&self, landed: Landed) -> Answer<Tried> {
        match landed {
            Landed::Shared(_, materials) => Ok(Tried::Materials(materials)),
            Landed::Alone(materials) => Ok(take(&materials)),
            Landed::Failed(error) => Err(again(error)),
        }
    }

    /// The same when the call was to renew an entry: if it failed, the old one will do.
    fn refreshed(&self, landed: Landed, ask: &Ask, old: &CacheEntry) -> Answer<Tried> {
        let Landed::Failed(error) = landed else { return self.own(landed) };
        self.counters.refresh_failures.count();
        tracing::warn!(
            target: "waxseal::cache", operation = ask.request.operation(), error = %error, "refresh failed"
        );
        let now = self.cache.now();
        let fit = if old.is_expired(now) { Fit::Spent } else { self.fit(old, ask, now) };
        match fit {
            Fit::Materials(materials) => Ok(Tried::Materials(materials)),
            _ => Err(again(error)),
        }
    }

    /// The answer for whoever waits for another's call.
    async fn joined(&self, flight: Flight, ask: &Ask, since: Duration) -> Answer<Tried> {
        match self.within_time(flight).await {
            Some(Landed::Shared(entry, materials)) if self.may_use(&entry, ask) => {
                Ok(Tried::Materials(materials))
            }
            Some(Landed::Shared(..)) => Ok(Tried::Nothing),
            Some(Landed::Alone(materials)) => Ok(take(&materials)),
            Some(Landed::Failed(error)) => Err(again(error)),
            None => self.waited_too_long(ask, since),
        }
    }

    /// Waits for as long as a call counts as being in flight, if the clock can tell.
    async fn within_time(&self, flight: Flight) -> Option<Landed> {
        match self.cache.sleep(self.flights().options().grace_interval) {
            None => Some(flight.await),
            Some(sleep) => match select(flight, sleep).await {
                Either::Left((landed, _)) => Some(landed),
                Either::Right(_) => None,
            },
        }
    }

    fn waited_too_long(&self, ask: &Ask, since: Duration) -> Answer<Tried> {
        if self.cache.now() < since.saturating_add(self.flights().options().in_flight_ttl) {
            return Ok(Tried::Nothing);
        }
        let failure = KeyFailure::new("a call in flight", KeyFailureReason::Unreachable)
            .with_source("its in-flight TTL is exceeded");
        Err(match ask.request {
            Request::Encryption(_) => MaterialsError::Wrap(failure),
            Request::Decryption(_) => MaterialsError::Unwrap(failure.into()),
        })
    }
}

fn take(materials: &std::sync::Mutex<Option<CachedMaterials>>) -> Tried {
    lock(materials).take().map_or(Tried::Alone, Tried::Materials)
}

impl CachedMaterials {
    /// Incomplete materials would fail every message for as long as they are kept.
    fn checked(self) -> Answer<Self> {
        match &self {
            Self::Encryption(materials) => materials.check_complete()?,
            Self::Decryption(materials) => materials.check_complete()?,
            Self::Other(_) => (),
        }
        Ok(self)
    }

    fn are_for_one_message(&self) -> bool {
        match self {
            Self::Encryption(materials) => uses_data_key_itself(materials.suite()),
            Self::Decryption(materials) => uses_data_key_itself(materials.suite()),
            Self::Other(_) => false,
        }
    }
}
