//! Keyrings: they make data keys, wrap them and unwrap them.
//!
//! Source: `framework/keyring-interface.md`.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use waxseal_format::EncryptedDataKey;

use crate::{DecryptionMaterials, EncryptionMaterials, MaterialsError};

/// Makes data keys, wraps them and unwraps them.
///
/// Open for your own: write the two functions, then use the keyring as any other. A keyring
/// must be cheap to share; what it calls may take time, hence the futures. One that is
/// ready at once is as good, and then needs no runtime.
///
/// # Example
/// Data keys that stay in a vault; a message carries the number of its key alone.
///
/// ```
/// use std::sync::{Mutex, PoisonError};
/// use waxseal_crypto::{CryptoProvider, SecretBytes};
/// use waxseal_format::EncryptedDataKey;
/// use waxseal_materials::*;
///
/// #[derive(Debug)]
/// struct Vault {
///     crypto: &'static CryptoProvider,
///     keys: Mutex<Vec<SecretBytes>>,
/// }
///
/// impl Vault {
///     /// Keeps a copy; its number is what stands for it in messages.
///     fn deposit(&self, key: &SecretBytes) -> String {
///         let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
///         keys.push(SecretBytes::copy_of(key.expose()));
///         (keys.len() - 1).to_string()
///     }
///
///     fn withdraw(&self, number: &[u8]) -> Option<SecretBytes> {
///         let number: usize = std::str::from_utf8(number).ok()?.parse().ok()?;
///         let keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
///         keys.get(number).map(|key| SecretBytes::copy_of(key.expose()))
///     }
/// }
///
/// #[async_trait]
/// impl Keyring for Vault {
///     async fn on_encrypt(
///         &self,
///         mut materials: EncryptionMaterials,
///     ) -> Result<EncryptionMaterials, MaterialsError> {
///         let data_key = materials.data_key_or_generate(|suite| {
///             Ok(SecretBytes::random(self.crypto.random, suite.data_key_len())?)
///         })?;
///         let number = self.deposit(&data_key);
///         materials.add_encrypted_data_key(EncryptedDataKey::new("vault", "main", number))?;
///         Ok(materials)
///     }
///
///     async fn on_decrypt(
///         &self,
///         mut materials: DecryptionMaterials,
///         encrypted_data_keys: &[EncryptedDataKey],
///     ) -> Result<DecryptionMaterials, MaterialsError> {
///         materials.check_no_data_key()?;
///         let mut mine = encrypted_data_keys.iter().filter(|edk| edk.provider_id == "vault");
///         match mine.find_map(|edk| self.withdraw(&edk.ciphertext)) {
///             Some(data_key) => materials.set_data_key(data_key)?,
///             None => {
///                 let failure = KeyFailure::new("vault/main", KeyFailureReason::NotMine);
///                 return Err(MaterialsError::Unwrap(failure.into()));
///             }
///         }
///         Ok(materials)
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
/// let cmm = DefaultCmm::new(crypto, Vault { crypto, keys: Mutex::default() });
/// # ready(async {
/// let made = cmm.get_encryption_materials(EncryptionMaterialsRequest::default()).await?;
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
#[async_trait]
pub trait Keyring: Send + Sync + Debug {
    /// Makes a data key if there is none, and wraps it at least once.
    ///
    /// # Errors
    /// [`MaterialsError::Wrap`] if a wrapping key fails.
    async fn on_encrypt(&self, materials: EncryptionMaterials)
    -> Result<EncryptionMaterials, MaterialsError>;

    /// Unwraps one of the encrypted data keys.
    ///
    /// # Errors
    /// [`MaterialsError::Unwrap`] with what every key said, if none could be unwrapped;
    /// [`MaterialsError::Illegal`] if the materials have a data key already
    /// ([`DecryptionMaterials::check_no_data_key`]).
    async fn on_decrypt(
        &self,
        materials: DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError>;
}

#[async_trait]
impl<K: Keyring + ?Sized> Keyring for Arc<K> {
    async fn on_encrypt(
        &self,
        materials: EncryptionMaterials,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        (**self).on_encrypt(materials).await
    }

    async fn on_decrypt(
        &self,
        materials: DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        (**self).on_decrypt(materials, encrypted_data_keys).await
    }
}
