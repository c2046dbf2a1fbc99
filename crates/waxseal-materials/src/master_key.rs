//! Master keys and their providers: the form of key management that came before keyrings.
//!
//! Source: `framework/master-key-interface.md`, `framework/master-key-provider-interface.md`.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use waxseal_crypto::SecretBytes;
use waxseal_format::{AlgorithmSuite, EncryptedDataKey, EncryptionContext};

use crate::raw_wrap::key_name;
use crate::{KeyFailure, KeyFailureReason, KeyFailures, MaterialsError};

/// A data key, and the same wrapped by one master key: whose provider id and provider
/// information say which.
#[derive(Debug)]
pub struct DataKey {
    /// The plaintext data key.
    pub plaintext: SecretBytes,
    /// The data key as the master key wrapped it.
    pub encrypted: EncryptedDataKey,
}

/// One wrapping key.
///
/// Open for your own. What implements `Clone` too, an `Arc<dyn MasterKey>` among it, is a
/// [`MasterKeyProvider`] of itself.
///
/// Source: `framework/master-key-interface.md`.
#[async_trait]
pub trait MasterKey: Send + Sync + Debug {
    /// The id of the provider that the key belongs to, as it is written into messages.
    fn provider_id(&self) -> &str;

    /// The key's id within its provider.
    fn key_id(&self) -> &str;

    /// Whether `encrypted_data_key` names this key.
    ///
    /// The default compares the provider's id and, whole, the provider information with the
    /// key's id. Raw AES keys, which write more than their id, have their own.
    fn owns(&self, encrypted_data_key: &EncryptedDataKey) -> bool {
        encrypted_data_key.provider_id == self.provider_id()
            && encrypted_data_key.provider_info == self.key_id().as_bytes()
    }

    /// Makes a data key of the suite's length and wraps it.
    ///
    /// # Errors
    /// [`MaterialsError::Wrap`] if this key can't.
    async fn generate_data_key(
        &self,
        suite: &'static AlgorithmSuite,
        encryption_context: &EncryptionContext,
    ) -> Result<DataKey, MaterialsError>;

    /// Wraps a data key that another master key made.
    ///
    /// # Errors
    /// [`MaterialsError::Wrap`] if this key can't.
    async fn encrypt_data_key(
        &self,
        suite: &'static AlgorithmSuite,
        encryption_context: &EncryptionContext,
        data_key: &SecretBytes,
    ) -> Result<EncryptedDataKey, MaterialsError>;

    /// Unwraps a data key with this master key and no other.
    ///
    /// # Errors
    /// What this key says; [`KeyFailureReason::NotMine`] if the data key doesn't name it.
    async fn decrypt_data_key(
        &self,
        suite: &'static AlgorithmSuite,
        encryption_context: &EncryptionContext,
        encrypted_data_key: &EncryptedDataKey,
    ) -> Result<SecretBytes, KeyFailure>;
}

/// Knows master keys: which to encrypt with, and which one a message's data key needs.
///
/// Open for your own: three functions are enough.
///
/// # Example
/// A key for each tenant, chosen by the encryption context.
///
/// ```
/// use std::sync::Arc;
/// use waxseal_crypto::{CryptoProvider, SecretBytes};
/// use waxseal_format::EncryptionContext;
/// use waxseal_materials::*;
///
/// #[derive(Debug)]
/// struct Tenants {
///     crypto: &'static CryptoProvider,
/// }
///
/// impl Tenants {
///     fn key(&self, tenant: &str) -> Result<RawMasterKey, MaterialsError> {
///         let secret = SecretBytes::from([7; 32]); // from where you keep them
///         RawMasterKey::aes(self.crypto, "tenants", tenant, secret)
///     }
/// }
///
/// #[async_trait]
/// impl MasterKeyProvider for Tenants {
///     fn can_provide(&self, provider_id: &str) -> bool {
///         provider_id == "tenants"
///     }
///
///     async fn master_key(&self, key_id: &str) -> Result<Arc<dyn MasterKey>, KeyFailure> {
///         let unknown = |_| KeyFailure::new(key_id, KeyFailureReason::NotMine);
///         self.key(key_id).map(|key| Arc::new(key) as Arc<dyn MasterKey>).map_err(unknown)
///     }
///
///     async fn master_keys_for_encryption(
///         &self,
///         encryption_context: &EncryptionContext,
///     ) -> Result<Vec<Arc<dyn MasterKey>>, MaterialsError> {
///         let tenant = encryption_context.get("tenant");
///         let tenant = tenant.ok_or(MaterialsError::ContextKeyMissing("tenant".into()))?;
///         Ok(vec![Arc::new(self.key(tenant)?)])
///     }
/// }
///
/// # fn main() -> Result<(), MaterialsError> {
/// # fn ready<T>(future: impl Future<Output = T>) -> T {
/// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// #     match std::pin::pin!(future).poll(&mut context) {
/// #         std::task::Poll::Ready(output) => output,
/// #         std::task::Poll::Pending => panic!("not ready"),
/// #     }
/// # }
/// let crypto = waxseal_native::provider();
/// let cmm = DefaultCmm::new(crypto, MasterKeyProviderKeyring::new(Tenants { crypto }));
/// # ready(async {
/// let mut request = EncryptionMaterialsRequest::default();
/// request.encryption_context = EncryptionContext::from([("tenant", "7")]);
/// let made = cmm.get_encryption_materials(request).await?;
/// let asked = DecryptMaterialsRequest::new(
///     made.suite(),
///     made.encrypted_data_keys().to_vec(),
///     made.encryption_context().clone(),
/// );
/// let found = cmm.decrypt_materials(asked).await?;
/// assert!(found.data_key().unwrap().ct_eq(made.data_key().unwrap()));
/// # Ok(())
/// # })
/// # }
/// ```
///
/// Source: `framework/master-key-provider-interface.md`.
#[async_trait]
pub trait MasterKeyProvider: Send + Sync + Debug {
    /// Whether this provider has keys of this provider id.
    fn can_provide(&self, provider_id: &str) -> bool;

    /// The master key of this id.
    ///
    /// # Errors
    /// [`KeyFailureReason::NotMine`] if there is none.
    async fn master_key(&self, key_id: &str) -> Result<Arc<dyn MasterKey>, KeyFailure>;

    /// The master keys that a message is encrypted with. The first makes the data key.
    ///
    /// None at all is no error of a provider that only decrypts; encryption fails then.
    ///
    /// # Errors
    /// A [`MaterialsError`]; your own errors go into [`MaterialsError::Other`].
    async fn master_keys_for_encryption(
        &self,
        encryption_context: &EncryptionContext,
    ) -> Result<Vec<Arc<dyn MasterKey>>, MaterialsError>;

    /// The master key that `encrypted_data_key` names. The default asks for the key whose id
    /// the provider information is, without what raw AES keys write behind it.
    ///
    /// # Errors
    /// [`KeyFailureReason::NotMine`] if there is none, [`KeyFailureReason::Malformed`] if the
    /// information can't be an id.
    async fn master_key_for_decrypt(
        &self,
        encrypted_data_key: &EncryptedDataKey,
    ) -> Result<Arc<dyn MasterKey>, KeyFailure> {
        let EncryptedDataKey { provider_id, provider_info, .. } = encrypted_data_key;
        match std::str::from_utf8(key_name(provider_info)) {
            Ok(key_id) => self.master_key(key_id).await,
            Err(_) => Err(KeyFailure::new(provider_id.as_str(), KeyFailureReason::Malformed)),
        }
    }

    /// Unwraps the first of the data keys that one of this provider's keys can unwrap. The
    /// default asks, for each data key of a provider id that it can provide, the master key
    /// that this names.
    ///
    /// # Errors
    /// [`MaterialsError::Unwrap`] with what every key said.
    async fn decrypt_data_key_from_list(
        &self,
        suite: &'static AlgorithmSuite,
        encryption_context: &EncryptionContext,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<DataKey, MaterialsError> {
        let mut failures = KeyFailures::default();
        for encrypted in encrypted_data_keys.iter().filter(|edk| self.can_provide(&edk.provider_id)) {
            let unwrapped = match self.master_key_for_decrypt(encrypted).await {
                Ok(key) => key.decrypt_data_key(suite, encryption_context, encrypted).await,
                Err(failure) => Err(failure),
            };
            match unwrapped {
                Ok(plaintext) => return Ok(DataKey { plaintext, encrypted: encrypted.clone() }),
                Err(failure) => failures.push(failure),
            }
        }
        Err(MaterialsError::Unwrap(failures.or_not_mine("a master key provider")))
    }
}

#[async_trait]
impl<K: MasterKey + ?Sized> MasterKey for Arc<K> {
    fn provider_id(&self) -> &str {
        (**self).provider_id()
    }

    fn key_id(&self) -> &str {
        (**self).key_id()
    }

    fn owns(&self, encrypted_data_key: &EncryptedDataKey) -> bool {
        (**self).owns(encrypted_data_key)
    }

    async fn generate_data_key(
        &self,
        suite: &'static AlgorithmSuite,
        encryption_context: &EncryptionContext,
    ) -> Result<DataKey, MaterialsError> {
        (**self).generate_data_key(suite, encryption_context).await
    }

    async fn encrypt_data_key(
        &self,
        suite: &'static AlgorithmSuite,
        encryption_context: &EncryptionContext,
        data_key: &SecretBytes,
    ) -> Result<EncryptedDataKey, MaterialsError> {
        (**self).encrypt_data_key(suite, encryption_context, data_key).await
    }

    async fn decrypt_data_key(
        &self,
        suite: &'static AlgorithmSuite,
        encryption_context: &EncryptionContext,
        encrypted_data_key: &EncryptedDataKey,
    ) -> Result<SecretBytes, KeyFailure> {
        (**self).decrypt_data_key(suite, encryption_context, encrypted_data_key).await
    }
}

/// A master key is a provider of itself alone.
#[async_trait]
impl<K: MasterKey + Clone + 'static> MasterKeyProvider for K {
    fn can_provide(&self, provider_id: &str) -> bool {
        self.provider_id() == provider_id
    }

    async fn master_key(&self, key_id: &str) -> Result<Arc<dyn MasterKey>, KeyFailure> {
        if self.key_id() == key_id { Ok(Arc::new(self.clone())) } else { Err(unknown(self, key_id)) }
    }

    async fn master_keys_for_encryption(
        &self,
        _encryption_context: &EncryptionContext,
    ) -> Result<Vec<Arc<dyn MasterKey>>, MaterialsError> {
        Ok(vec![Arc::new(self.clone())])
    }

    async fn master_key_for_decrypt(
        &self,
        encrypted_data_key: &EncryptedDataKey,
    ) -> Result<Arc<dyn MasterKey>, KeyFailure> {
        if self.owns(encrypted_data_key) {
            return Ok(Arc::new(self.clone()));
        }
        Err(unknown(self, &String::from_utf8_lossy(&encrypted_data_key.provider_info)))
    }
}

fn unknown(key: &impl MasterKey, asked: &str) -> KeyFailure {
    let label = format!("{}/{}", key.provider_id(), key.key_id());
    KeyFailure::new(label, KeyFailureReason::NotMine).with_source(format!("the data key names {asked:?}"))
}
