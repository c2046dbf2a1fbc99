//! Cryptographic materials managers: they decide what a message is encrypted with.
//!
//! Source: `framework/cmm-interface.md`.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use waxseal_format::{AlgorithmSuite, EncryptedDataKey, EncryptionContext};

use crate::{CommitmentPolicy, DecryptionMaterials, EncryptionMaterials, MaterialsError};

/// What a message to be encrypted asks for.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct EncryptionMaterialsRequest {
    /// The caller's pairs.
    pub encryption_context: EncryptionContext,
    /// Keys of the context to authenticate and not to store.
    pub required_context_keys: BTreeSet<String>,
    /// The policy that the suite must meet.
    pub commitment_policy: CommitmentPolicy,
    /// The suite, if the caller wants a certain one.
    pub suite: Option<&'static AlgorithmSuite>,
    /// Bytes of plaintext at most, if that is known.
    pub max_plaintext_len: Option<u64>,
}

/// What a message to be decrypted asks for. All of it is untrusted, except for the
/// reproduced context and the policy, which are the caller's.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DecryptMaterialsRequest {
    /// The message's suite.
    pub suite: &'static AlgorithmSuite,
    /// The policy that the suite must meet.
    pub commitment_policy: CommitmentPolicy,
    /// The message's encrypted data keys.
    pub encrypted_data_keys: Vec<EncryptedDataKey>,
    /// The pairs that are stored in the message.
    pub encryption_context: EncryptionContext,
    /// The pairs that the caller requires, or adds.
    pub reproduced_context: EncryptionContext,
}

impl DecryptMaterialsRequest {
    /// A request of the message's own fields, under the default policy and with no pairs
    /// of the caller's.
    #[must_use]
    pub fn new(
        suite: &'static AlgorithmSuite,
        encrypted_data_keys: Vec<EncryptedDataKey>,
        encryption_context: EncryptionContext,
    ) -> Self {
        Self {
            suite,
            commitment_policy: CommitmentPolicy::default(),
            encrypted_data_keys,
            encryption_context,
            reproduced_context: EncryptionContext::new(),
        }
    }
}

/// Decides what a message is encrypted with, and finds what it can be decrypted with.
///
/// Open for your own, over any other: hold an `Arc<dyn CryptographicMaterialsManager>`,
/// change its requests or check its answers.
///
/// # Example
/// Every message carries the name of the service that wrote it, and only its own are read.
///
/// ```
/// use std::sync::Arc;
/// use waxseal_materials::*;
///
/// #[derive(Debug)]
/// struct ForService {
///     name: String,
///     underlying: Arc<dyn CryptographicMaterialsManager>,
/// }
///
/// #[async_trait]
/// impl CryptographicMaterialsManager for ForService {
///     async fn get_encryption_materials(
///         &self,
///         mut request: EncryptionMaterialsRequest,
///     ) -> Result<EncryptionMaterials, MaterialsError> {
///         request.encryption_context.insert("service".to_owned(), self.name.clone());
///         self.underlying.get_encryption_materials(request).await
///     }
///
///     async fn decrypt_materials(
///         &self,
///         request: DecryptMaterialsRequest,
///     ) -> Result<DecryptionMaterials, MaterialsError> {
///         if request.encryption_context.get("service") != Some(&self.name) {
///             return Err(MaterialsError::ContextMismatch("service".to_owned()));
///         }
///         self.underlying.decrypt_materials(request).await
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
/// let keyring = RawAesKeyring::new(crypto, "my app", "key 1", [7; 32].into())?;
/// let underlying: Arc<dyn CryptographicMaterialsManager> = Arc::new(DefaultCmm::new(crypto, keyring));
/// let service = |name: &str| ForService { name: name.to_owned(), underlying: underlying.clone() };
/// # ready(async {
/// let made = service("billing").get_encryption_materials(Default::default()).await?;
/// let asked = DecryptMaterialsRequest::new(
///     made.suite(),
///     made.encrypted_data_keys().to_vec(),
///     made.encryption_context().clone(),
/// );
/// assert!(service("billing").decrypt_materials(asked.clone()).await.is_ok());
/// assert!(service("shipping").decrypt_materials(asked).await.is_err());
/// # Ok(())
/// # })
/// # }
/// ```
#[async_trait]
pub trait CryptographicMaterialsManager: Send + Sync + Debug {
    /// Complete materials for one message.
    ///
    /// # Errors
    /// A [`MaterialsError`]; your own errors go into [`MaterialsError::Other`].
    async fn get_encryption_materials(
        &self,
        request: EncryptionMaterialsRequest,
    ) -> Result<EncryptionMaterials, MaterialsError>;

    /// Complete materials for the message that the request is of.
    ///
    /// # Errors
    /// A [`MaterialsError`]; your own errors go into [`MaterialsError::Other`].
    async fn decrypt_materials(
        &self,
        request: DecryptMaterialsRequest,
    ) -> Result<DecryptionMaterials, MaterialsError>;
}

#[async_trait]
impl<M: CryptographicMaterialsManager + ?Sized> CryptographicMaterialsManager for Arc<M> {
    async fn get_encryption_materials(
        &self,
        request: EncryptionMaterialsRequest,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        (**self).get_encryption_materials(request).await
    }

    async fn decrypt_materials(
        &self,
        request: DecryptMaterialsRequest,
    ) -> Result<DecryptionMaterials, MaterialsError> {
        (**self).decrypt_materials(request).await
    }
}
