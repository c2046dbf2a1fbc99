//! All that the KMS holds. A change goes to the store first, and is seen when it is durable.

mod key;
mod materials;
mod secrets;
mod state;
mod timers;

use std::path::Path;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, RwLock, RwLockReadGuard};

pub(crate) use self::key::{Constraints, Deletion, Grant, Import, Key, KeyRecord, MultiRegion, Origin};
pub(crate) use self::materials::{Generation, MaterialRecord, MaterialSet, RotationKind};
pub(crate) use self::secrets::Secrets;
pub(crate) use self::state::{Alias, AliasPlace, Change, State};
pub(crate) use self::timers::expire;
use crate::access_key::AccessKey;
use crate::audit::Audit;
use crate::service::{LocalKmsOptions, StoreKey};
use crate::store::Store;
use crate::timestamp::Timestamp;
use crate::{LocalKmsError, ServiceError};

const DEFAULT_ACCOUNT: &str = "111122223333";

/// The KMS behind its handles.
pub(crate) struct Engine {
    account: String,
    options: LocalKmsOptions,
    /// Held by whoever changes the state, so that changes are one after the other.
    store: Mutex<Store>,
    state: RwLock<State>,
    secrets: OnceLock<Secrets>,
    pub(crate) audit: Audit,
}

impl Engine {
    pub(crate) fn volatile(options: LocalKmsOptions) -> Self {
        let account = options.account.clone().unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned());
        Self::new(account, options, Store::Volatile, State::default(), OnceLock::new())
    }

    pub(crate) fn open(path: &Path, key: &StoreKey, options: LocalKmsOptions) -> Result<Self, LocalKmsError> {
        check_account(&options)?;
        let account = options.account.as_deref().unwrap_or(DEFAULT_ACCOUNT);
        let (store, opened) = Store::open(path, key, account)?;
        match &options.account {
            Some(asked) if *asked != opened.account => {
                Err(LocalKmsError::OtherAccount { stored: opened.account, asked: asked.clone() })
            }
            _ => {
                let secrets = OnceLock::from(opened.secrets);
                Ok(Self::new(opened.account, options, store, opened.state, secrets))
            }
        }
    }

    fn new(
        account: String,
        options: LocalKmsOptions,
        store: Store,
        state: State,
        secrets: OnceLock<Secrets>,
    ) -> Self {
        let (store, state) = (Mutex::new(store), RwLock::new(state));
        Self { account, options, store, state, secrets, audit: Audit::default() }
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    pub(crate) fn region(&self) -> &str {
        &self.options.region
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::of(self.options.clock.now())
    }

    /// Does what time alone does by `now`: deletions, rotations, expiry.
    pub(crate) fn settle(&self, now: Timestamp) -> Result<(), ServiceError> {
        while self.state().next_due <= now {
            self.change(|state, _| Ok((timers::due(state, now)?, ())))?;
        }
        Ok(())
    }

    /// The KMS's own secrets; fresh ones in memory, where no store has any.
    pub(crate) fn secrets(&self) -> Result<&Secrets, ServiceError> {
        match self.secrets.get() {
            Some(secrets) => Ok(secrets),
            None => {
                let fresh = Secrets::fresh()?;
                Ok(self.secrets.get_or_init(|| fresh))
            }
        }
    }

    /// The state as it is now.
    pub(crate) fn state(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides on changes over a state that no one else changes meanwhile, makes them durable,
    /// then lets them be seen.
    pub(crate) fn change<T>(
        &self,
        decide: impl FnOnce(&State, &Store) -> Result<(Vec<Change>, T), ServiceError>,
    ) -> Result<T, ServiceError> {
        let mut store = self.lock_store();
        let (changes, answer) = decide(&self.state(), &store)?;
        self.make(&mut store, changes).map_err(|_| ServiceError::internal("the store can't be written"))?;
        Ok(answer)
    }

    pub(crate) fn add_access_key(&self, access_key: AccessKey) -> Result<(), LocalKmsError> {
        let mut store = self.lock_store();
        self.make(&mut store, vec![Change::AccessKey(access_key)])
    }

    /// Whether there was one.
    pub(crate) fn remove_access_key(&self, id: &str) -> Result<bool, LocalKmsError> {
        let mut store = self.lock_store();
        if self.access_key(id).is_none() {
            return Ok(false);
        }
        self.make(&mut store, vec![Change::AccessKeyGone(id.to_owned())])?;
        Ok(true)
    }

    /// Makes changes durable, then lets them be seen.
    fn make(&self, store: &mut Store, changes: Vec<Change>) -> Result<(), LocalKmsError> {
        store.write(&changes)?;
        self.state.write().unwrap_or_else(PoisonError::into_inner).apply(changes);
        Ok(())
    }

    pub(crate) fn access_key(&self, id: &str) -> Option<AccessKey> {
        self.state().access_keys.get(id).cloned()
    }

    pub(crate) fn access_keys(&self) -> Vec<AccessKey> {
        self.state().access_keys.values().cloned().collect()
    }

    fn lock_store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An account id has twelve digits.
pub(crate) fn check_account(options: &LocalKmsOptions) -> Result<(), LocalKmsError> {
    match &options.account {
        Some(account) if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) => {
            Err(LocalKmsError::InvalidAccount { account: account.clone() })
        }
        _ => Ok(()),
    }
}
