//! The caching materials manager.
//!
//! Source: `framework/caching-cmm.md`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use waxseal_crypto::CryptoProvider;

use super::in_flight::{Boarding, Flight, InFlight, Moment};
use super::landing::Purpose;
use super::metrics::Counters;
use super::request::{Ask, Request, uses_data_key_itself};
use super::usage::Reservation;
use super::waiting::{Role, Tried};
use super::{
    BypassReason, CacheEntry, CacheIdentifier, CacheLimits, CachedMaterials, CachingMetrics,
    CryptographicMaterialsCache,
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
/// - Entries that are wanted by many at once are asked for once; all get the result, or the error,
///   also if the manager below panics. An error is not kept. A task that is dropped leaves its
///   call to those who wait for it.
/// - An entry answers requests of the same context, suite, required keys, reproduced pairs and
///   policy alone.
/// - Calls in flight are shared by the clones of one manager. Managers that share entries by their
///   partition call each for itself when both miss one at once.
/// - The manager below is asked for materials of no length, since messages of any length will use
///   them. One that counts bytes, such as another of these, can't count those: it goes past its
///   cache to encrypt, and shares what it decrypts.
///
/// # Waiting
///
/// How long tasks wait for calls is in [`StormTracking`](super::StormTracking); that needs a clock
/// that can sleep, which the default one can't.
///
/// Whichever task waits drives the call on, and it goes on with the one of its waiters that is
/// left. So tasks of several runtimes should not share a manager whose calls need the timers or
/// sockets of one. A synchronous call that has to wait for another thread needs a runtime, as with
/// any manager that isn't ready at once.
///
/// # Events
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
    pub(super) in_flight: InFlight,
    pub(super) counters: Counters,
}

impl CachingCryptographicMaterialsManager {
    /// Caches what any materials manager, or an `Arc` of one, answers.
    ///
    /// # Errors
    /// [`MaterialsError::CacheLimits`] for limits beyond the specification's, and for a cache whose
    /// storm tracking has times that don't fit each other, [`MaterialsError::Crypto`] if there is no randomness for a partition id.
    pub fn new(
        crypto: &'static CryptoProvider,
        underlying: impl CryptographicMaterialsManager + 'static,
        cache: Arc<dyn CryptographicMaterialsCache>,
        limits: CacheLimits,
    ) -> Result<Self, MaterialsError> {
        limits.check()?;
        let storm_tracking = cache.storm_tracking();
        storm_tracking.check()?;
        Ok(Self(Arc::new(Inner {
            partition_id: limits.partition_id(crypto.random)?,
            crypto,
            underlying: Arc::new(underlying),
            cache,
            limits,
            in_flight: InFlight::new(storm_tracking),
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

/// What an entry is good for, as long as its limits of use allow it.
pub(super) enum Fit {
    Materials(CachedMaterials),
    /// Made for a request that differs.
    Unlike,
    /// Wiped, or too old for this manager.
    Spent,
}

/// What a look into the cache leads to.
enum Found {
    Materials(CachedMaterials),
    Unlike,
    Flight(Flight, Role),
}

impl Inner {
    async fn answer(self: &Arc<Self>, request: Request) -> Answer<CachedMaterials> {
        if let Some(reason) = self.must_bypass(&request) {
            return self.bypass(request, reason).await;
        }
        let ask = Ask::new(self.crypto, &self.partition_id, request)?;
        let (mut until, mut was_late) = (None, false);
        loop {
            let tried = match self.find(&ask) {
                Found::Materials(materials) => return Ok(materials),
                Found::Unlike => return self.bypass(ask.request, BypassReason::Unlike).await,
                Found::Flight(flight, role) => {
                    let until = *until.get_or_insert_with(|| self.give_up_at());
                    self.wait(flight, role, &ask, until).await?
                }
            };
            match tried {
                Tried::Materials(materials) => return Ok(materials),
                Tried::Alone => return self.bypass(ask.request, BypassReason::IdentityKdf).await,
                // With an age that is shorter than a task takes, it would never end.
                Tried::Late if was_late => return self.bypass(ask.request, BypassReason::Late).await,
                Tried::Late => was_late = true,
                // The next call has its own time.
                Tried::Answered => until = None,
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
        let Some(entry) = self.cache.get_cache_entry(&ask.id) else { return self.board(ask) };
        let materials = match self.fit(&entry, ask, now) {
            Fit::Materials(materials) => materials,
            Fit::Unlike => return Found::Unlike,
            Fit::Spent => return self.board(ask),
        };
        if let Some(flight) = self.renew(ask, &entry, now) {
            return Found::Flight(flight, Role::Renews(entry));
        }
        if !self.may_use(&entry, ask) {
            return self.board(ask);
        }
        tracing::trace!(target: "waxseal::cache", operation = ask.request.operation(), "hit");
        self.counters.hits.count();
        Found::Materials(materials)
    }

    /// A call to renew the entry, if it is time for that and nobody does it already.
    fn renew(self: &Arc<Self>, ask: &Ask, entry: &CacheEntry, now: Duration) -> Option<Flight> {
        if !self.in_flight.options().is_near_expiry(entry, self.limits.max_age, now) {
            return None;
        }
        self.in_flight.renew(ask, self.moment(&ask.id), |pass| self.fly(ask, Purpose::Refresh, pass))
    }

    /// Asks the underlying manager, or waits for whoever asks already.
    fn board(self: &Arc<Self>, ask: &Ask) -> Found {
        match self.in_flight.board(ask, self.moment(&ask.id), |pass| self.fly(ask, Purpose::Miss, pass)) {
            Boarding::Unlike => Found::Unlike,
            Boarding::Began(flight) => Found::Flight(flight, Role::Began),
            Boarding::Joined(flight) => {
                self.told(ask, "wait");
                self.counters.in_flight_waits.count();
                Found::Flight(flight, Role::Joined)
            }
        }
    }

    pub(super) fn fit(&self, entry: &CacheEntry, ask: &Ask, now: Duration) -> Fit {
        // One that is too old for this manager is left to those whose limits it is within.
        if entry.is_expired(now) || now >= entry.creation_time().saturating_add(self.limits.max_age) {
            return Fit::Spent;
        }
        match entry.materials() {
            None => Fit::Spent,
            Some(_) if !entry.is_for(ask) => Fit::Unlike,
            Some(materials) => Fit::Materials(materials),
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

    pub(super) fn moment(&self, id: &CacheIdentifier) -> Moment {
        Moment { now: self.cache.now(), deletions: self.cache.deletions(id) }
    }

    fn give_up_at(&self) -> Duration {
        self.cache.now().saturating_add(self.in_flight.options().in_flight_ttl)
    }

    pub(super) fn told(&self, ask: &Ask, what: &'static str) {
        tracing::debug!(target: "waxseal::cache", operation = ask.request.operation(), "{what}");
    }
}
