//! Encryption and decryption materials, and who provides them.
//!
//! From the outside in: a [`CryptographicMaterialsManager`] answers a message's request with
//! materials; the [`DefaultCmm`] does so with one [`Keyring`]; a keyring wraps and unwraps
//! data keys. A [`MasterKeyProvider`] is the older form of the same, and
//! [`MasterKeyProviderKeyring`] makes any of them a keyring. All of these are open traits.

mod cmm;
mod decryption_materials;
mod encryption_materials;
mod error;
mod keyring;
mod policy;

pub use async_trait::async_trait;
pub use cmm::{CryptographicMaterialsManager, DecryptMaterialsRequest, EncryptionMaterialsRequest};
pub use decryption_materials::DecryptionMaterials;
pub use encryption_materials::EncryptionMaterials;
pub use error::{BoxError, KeyFailure, KeyFailureReason, KeyFailures, MaterialsError};
pub use keyring::Keyring;
pub use policy::CommitmentPolicy;
