//! All that the KMS holds.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, PoisonError, RwLock};

use crate::LocalKmsError;
use crate::access_key::AccessKey;
use crate::service::{LocalKmsOptions, StoreKey};

const DEFAULT_ACCOUNT: &str = "111122223333";

pub(crate) struct Engine {
    account: String,
    options: LocalKmsOptions,
    access_keys: RwLock<BTreeMap<String, AccessKey>>,
    audit: Mutex<Option<Box<dyn Write + Send>>>,
}

impl Engine {
    pub(crate) fn checked(options: &LocalKmsOptions) -> Result<(), LocalKmsError> {
        match &options.account {
            Some(account) if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) => {
                Err(LocalKmsError::InvalidAccount { account: account.clone() })
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn volatile(options: LocalKmsOptions) -> Self {
        let account = options.account.clone().unwrap_or_else(|| DEFAULT_ACCOUNT.to_owned());
        Self { account, options, access_keys: RwLock::default(), audit: Mutex::default() }
    }

    pub(crate) fn open(
        _path: &Path,
        _key: &StoreKey,
        options: LocalKmsOptions,
    ) -> Result<Self, LocalKmsError> {
        Self::checked(&options)?;
        Err(LocalKmsError::Damaged { what: "stores in files come next".to_owned() })
    }

    pub(crate) fn account(&self) -> &str {
        &self.account
    }

    pub(crate) fn region(&self) -> &str {
        &self.options.region
    }

    pub(crate) fn add_access_key(&self, access_key: AccessKey) -> Result<(), LocalKmsError> {
        let mut keys = self.access_keys.write().unwrap_or_else(PoisonError::into_inner);
        keys.insert(access_key.id.clone(), access_key);
        Ok(())
    }

    pub(crate) fn access_key(&self, id: &str) -> Option<AccessKey> {
        self.access_keys.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    pub(crate) fn audit_to(&self, sink: Box<dyn Write + Send>) {
        *self.audit.lock().unwrap_or_else(PoisonError::into_inner) = Some(sink);
    }
}
