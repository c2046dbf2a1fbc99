//! Master keys that are held in memory, and a provider of several.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use waxseal_crypto::{CryptoProvider, RsaPadding, RsaPrivateDer, RsaPublicDer, SecretBytes};
use waxseal_format::{AlgorithmSuite, EncryptedDataKey, EncryptionContext};

use crate::raw_wrap::RawKey;
use crate::{BoxError, DataKey, KeyFailure, KeyFailureReason, MasterKey, MasterKeyProvider, MaterialsError};

/// An AES or RSA key as a master key. A clone shares the key, it doesn't copy it.
///
/// Wraps exactly as [`crate::RawAesKeyring`] and [`crate::RawRsaKeyring`] do: provider id
/// and key id are what namespace and name are there.
#[derive(Clone, Debug)]
pub struct RawMasterKey(Arc<RawKey>);

impl RawMasterKey {
    /// An AES key of 16, 24 or 32 random bytes.
    ///
    /// # Errors
    /// As [`crate::RawAesKeyring::new`].
    pub fn aes(
        crypto: &'static CryptoProvider,
        provider_id: impl Into<String>,
        key_id: impl Into<String>,
        wrapping_key: SecretBytes,
    ) -> Result<Self, MaterialsError> {
        RawKey::aes(crypto, provider_id.into(), key_id.into(), &wrapping_key).map(Self::new)
    }

    /// A public RSA key, in PEM or DER: encrypts and can't decrypt.
    ///
    /// # Errors
    /// As [`crate::RawRsaKeyring::with_public_key`].
    pub fn rsa_public(
        crypto: &'static CryptoProvider,
        provider_id: impl Into<String>,
        key_id: impl Into<String>,
        padding: RsaPadding,
        public_key: &[u8],
    ) -> Result<Self, MaterialsError> {
        let public = RsaPublicDer::from_pem_or_der(public_key)?;
        let keys = (Some(&public), None);
        RawKey::rsa(crypto, provider_id.into(), key_id.into(), padding, keys).map(Self::new)
    }

    /// A private RSA key, in PEM or DER: decrypts, and encrypts with its public half.
    ///
    /// # Errors
    /// As [`crate::RawRsaKeyring::with_private_key`].
    pub fn rsa_private(
        crypto: &'static CryptoProvider,
        provider_id: impl Into<String>,
        key_id: impl Into<String>,
        padding: RsaPadding,
        private_key: &[u8],
    ) -> Result<Self, MaterialsError> {
        let private = RsaPrivateDer::from_pem_or_der(private_key)?;
        let public = crypto.rsa.private_key(&private)?.public_key()?;
        let keys = (Some(&public), Some(&private));
        RawKey::rsa(crypto, provider_id.into(), key_id.into(), padding, keys).map(Self::new)
    }

    fn new(key: RawKey) -> Self {
        Self(Arc::new(key))
    }
}

#[async_trait]
impl MasterKey for RawMasterKey {
    fn provider_id(&self) -> &str {
        self.0.namespace()
    }

    fn key_id(&self) -> &str {
        self.0.name()
    }

    fn owns(&self, encrypted_data_key: &EncryptedDataKey) -> bool {
        self.0.owns(encrypted_data_key)
    }

    async fn generate_data_key(
        &self,
        suite: &'static AlgorithmSuite,
        encryption_context: &EncryptionContext,
    ) -> Result<DataKey, MaterialsError> {
        let (plaintext, encrypted) = self.0.generate(suite, encryption_context)?;
        Ok(DataKey { plaintext, encrypted })
    }

    async fn encrypt_data_key(
        &self,
        _suite: &'static AlgorithmSuite,
        encryption_context: &EncryptionContext,
        data_key: &SecretBytes,
    ) -> Result<EncryptedDataKey, MaterialsError> {
        self.0.wrap(encryption_context, data_key)
    }

    async fn decrypt_data_key(
        &self,
        suite: &'static AlgorithmSuite,
        encryption_context: &EncryptionContext,
        encrypted_data_key: &EncryptedDataKey,
    ) -> Result<SecretBytes, KeyFailure> {
        self.0.unwrap(suite, encryption_context, encrypted_data_key)
    }
}

/// Finds raw keys by their id: a file system, a database, a secret store.
///
/// Any `Fn(&str) -> Result<Option<RawMasterKey>, BoxError>` is one. Write the trait for a
/// look-up that has to wait.
#[async_trait]
pub trait RawKeyLookup: Send + Sync {
    /// The key of this id, which may come from an untrusted message; `None` if there is none.
    ///
    /// # Errors
    /// Whatever kept the look-up from an answer.
    async fn raw_key(&self, key_id: &str) -> Result<Option<RawMasterKey>, BoxError>;
}

#[async_trait]
impl<F> RawKeyLookup for F
where
    F: Fn(&str) -> Result<Option<RawMasterKey>, BoxError> + Send + Sync,
{
    async fn raw_key(&self, key_id: &str) -> Result<Option<RawMasterKey>, BoxError> {
        self(key_id)
    }
}

/// Several raw master keys of one provider id. The first that was added makes the data
/// keys, all of them wrap.
///
/// Key ids that were not added go to the look-up, if there is one: on decrypt, and through
/// [`MasterKeyProvider::master_key`]. What it finds is not kept.
#[derive(Clone)]
pub struct RawMasterKeyProvider {
    provider_id: String,
    keys: Vec<RawMasterKey>,
    lookup: Option<Arc<dyn RawKeyLookup>>,
}

impl RawMasterKeyProvider {
    /// A provider without keys.
    #[must_use]
    pub fn new(provider_id: impl Into<String>) -> Self {
        Self { provider_id: provider_id.into(), keys: Vec::new(), lookup: None }
    }

    /// The same with one more key.
    ///
    /// # Errors
    /// [`MaterialsError::Illegal`] for a key of another provider id, and for a second key of
    /// the same id.
    pub fn with_key(mut self, key: RawMasterKey) -> Result<Self, MaterialsError> {
        if key.provider_id() != self.provider_id {
            return Err(MaterialsError::Illegal("a master key of another provider id"));
        }
        if self.held(key.key_id()).is_some() {
            return Err(MaterialsError::Illegal("two master keys of one id"));
        }
        self.keys.push(key);
        Ok(self)
    }

    /// The same with a place to look for keys that were not added.
    #[must_use]
    pub fn with_lookup(mut self, lookup: impl RawKeyLookup + 'static) -> Self {
        self.lookup = Some(Arc::new(lookup));
        self
    }

    fn held(&self, key_id: &str) -> Option<&RawMasterKey> {
        self.keys.iter().find(|key| key.key_id() == key_id)
    }

    async fn look_up(&self, key_id: &str) -> Result<Arc<dyn MasterKey>, KeyFailure> {
        let failure = |reason| KeyFailure::new(format!("{}/{key_id}", self.provider_id), reason);
        let Some(lookup) = &self.lookup else { return Err(failure(KeyFailureReason::NotMine)) };
        match lookup.raw_key(key_id).await {
            Ok(Some(key)) => Ok(Arc::new(key)),
            Ok(None) => Err(failure(KeyFailureReason::NotMine)),
            Err(error) => Err(failure(KeyFailureReason::Unreachable).with_source(error)),
        }
    }
}

#[async_trait]
impl MasterKeyProvider for RawMasterKeyProvider {
    fn can_provide(&self, provider_id: &str) -> bool {
        self.provider_id == provider_id
    }

    async fn master_key(&self, key_id: &str) -> Result<Arc<dyn MasterKey>, KeyFailure> {
        match self.held(key_id) {
            Some(key) => Ok(Arc::new(key.clone())),
            None => self.look_up(key_id).await,
        }
    }

    async fn master_keys_for_encryption(
        &self,
        _encryption_context: &EncryptionContext,
    ) -> Result<Vec<Arc<dyn MasterKey>>, MaterialsError> {
        Ok(self.keys.iter().map(|key| Arc::new(key.clone()) as Arc<dyn MasterKey>).collect())
    }
}

impl fmt::Debug for RawMasterKeyProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawMasterKeyProvider")
            .field("provider_id", &self.provider_id)
            .field("keys", &self.keys)
            .field("lookup", &self.lookup.is_some())
            .finish()
    }
}
