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
