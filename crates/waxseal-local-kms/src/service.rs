//! [`LocalKms`]: made in memory or from a file, called by JSON or through clients.

use std::fmt;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use waxseal_crypto::SecretBytes;

use crate::access_key::AccessKey;
use crate::client::LocalKmsClient;
use crate::clock::{Clock, SystemClock};
use crate::engine::{Engine, check_account};
use crate::{Caller, LocalKmsError, ServiceError};

/// An embedded KMS for development, tests and demos; no HSM. A clone is the same KMS.
#[derive(Clone)]
pub struct LocalKms {
    pub(crate) engine: Arc<Engine>,
}

/// How an embedded KMS presents itself.
#[derive(Debug, Clone)]
pub struct LocalKmsOptions {
    /// The account of all keys: twelve digits. `None` is the store's own, `111122223333` in a new one.
    pub account: Option<String>,
    /// The region of clients that name none.
    pub region: String,
    /// What time it is.
    pub clock: Arc<dyn Clock>,
}

impl Default for LocalKmsOptions {
    fn default() -> Self {
        Self { account: None, region: "us-east-1".to_owned(), clock: Arc::new(SystemClock) }
    }
}

/// What opens a store: the key that its key material is sealed under comes from it.
#[derive(Debug)]
pub enum StoreKey {
    /// A passphrase: stretched by Argon2id, with the parameters that the store was made with.
    Passphrase(SecretBytes),
    /// The 32 random bytes of a key file.
    KeyBytes(SecretBytes),
}

impl LocalKms {
    /// A KMS in memory, which ends with the process: account `111122223333`, region `us-east-1`.
    #[must_use]
    pub fn volatile() -> Self {
        Self { engine: Arc::new(Engine::volatile(LocalKmsOptions::default())) }
    }

    /// The same with options.
    ///
    /// # Errors
    /// [`LocalKmsError::InvalidAccount`].
    pub fn volatile_with(options: LocalKmsOptions) -> Result<Self, LocalKmsError> {
        check_account(&options)?;
        Ok(Self { engine: Arc::new(Engine::volatile(options)) })
    }

    /// The KMS of the store at `path`, which is made if there is none.
    ///
    /// # Errors
    /// [`LocalKmsError`]: the store is open elsewhere, is under another key, or can't be read.
    pub fn open(path: impl AsRef<Path>, key: &StoreKey) -> Result<Self, LocalKmsError> {
        Self::open_with(path, key, LocalKmsOptions::default())
    }

    /// The same with options.
    ///
    /// # Errors
    /// As [`LocalKms::open`], and [`LocalKmsError::OtherAccount`].
    pub fn open_with(
        path: impl AsRef<Path>,
        key: &StoreKey,
        options: LocalKmsOptions,
    ) -> Result<Self, LocalKmsError> {
        Ok(Self { engine: Arc::new(Engine::open(path.as_ref(), key, options)?) })
    }

    /// The account of all keys.
    #[must_use]
    pub fn account(&self) -> &str {
        self.engine.account()
    }

    /// The region of clients that name none.
    #[must_use]
    pub fn region(&self) -> &str {
        self.engine.region()
    }

    /// One call of the protocol: `operation` is what follows `TrentService.` in `X-Amz-Target`,
    /// `body` the request's JSON. Answers the reply's JSON, which is empty for operations that
    /// answer nothing, and which can hold plaintext. Waits for no one, but can take long
    /// (seconds for an RSA key).
    ///
    /// # Errors
    /// What AWS KMS would answer.
    pub fn call(&self, caller: &Caller, operation: &str, body: &[u8]) -> Result<SecretBytes, ServiceError> {
        crate::operations::call(&self.engine, caller, operation, body)
    }

    /// A client of the seam: `principal` is an ARN.
    #[must_use]
    pub fn client(&self, principal: &str, region: &str) -> LocalKmsClient {
        LocalKmsClient::new(self.clone(), Caller::new(principal, region))
    }

    /// Keeps an access key in the store, its secret sealed. One of the same id is replaced.
    ///
    /// # Errors
    /// [`LocalKmsError`] if the store can't be written.
    pub fn add_access_key(&self, access_key: AccessKey) -> Result<(), LocalKmsError> {
        self.engine.add_access_key(access_key)
    }

    /// The access key of this id.
    #[must_use]
    pub fn access_key(&self, id: &str) -> Option<AccessKey> {
        self.engine.access_key(id)
    }

    /// All access keys, in the order of their ids.
    #[must_use]
    pub fn access_keys(&self) -> Vec<AccessKey> {
        self.engine.access_keys()
    }

    /// Forgets the access key of this id: what it signs is refused from now on. Says whether there was one.
    ///
    /// # Errors
    /// [`LocalKmsError`] if the store can't be written.
    pub fn remove_access_key(&self, id: &str) -> Result<bool, LocalKmsError> {
        self.engine.remove_access_key(id)
    }

    /// Writes one line of JSON for every call, also for refused ones, before its answer leaves:
    /// time, principal, region, operation, key, encryption context, outcome; never key material
    /// or plaintext. A call whose line can't be written fails with `KMSInternalException`.
    /// Requests that a server refuses before they are calls leave a line too, with the access key
    /// id that they claim.
    pub fn audit_to(&self, sink: impl Write + Send + 'static) {
        self.engine.audit.set(Box::new(sink));
    }

    /// Leaves a line of a request that was refused before its caller was known.
    #[cfg(feature = "server")]
    pub(crate) fn audit_refusal(
        &self,
        access_key_id: Option<&str>,
        operation: &str,
        outcome: &str,
    ) -> Result<(), ServiceError> {
        let audit = &self.engine.audit;
        let written = audit.write_refusal(self.engine.now(), access_key_id, operation, outcome);
        written.map_err(|_| ServiceError::internal("the audit log can't be written"))
    }
}

impl fmt::Debug for LocalKms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKms").field("account", &self.account()).finish_non_exhaustive()
    }
}
