//! Encryption and decryption materials, and who provides them.
//!
//! From the outside in: a [`CryptographicMaterialsManager`] answers a message's request with
//! materials; the [`DefaultCmm`] does so with one [`Keyring`]; a keyring wraps and unwraps
//! data keys. All of these are open traits.

mod cmm;
mod decryption_materials;
mod default_cmm;
mod encryption_materials;
mod error;
mod keyring;
mod master_key;
mod master_key_provider_keyring;
mod multi_keyring;
mod multi_master_key_provider;
mod policy;
mod raw_keyring;
mod raw_master_key;
mod raw_wrap;
mod required_context_cmm;

pub use async_trait::async_trait;
pub use cmm::{CryptographicMaterialsManager, DecryptMaterialsRequest, EncryptionMaterialsRequest};
pub use decryption_materials::DecryptionMaterials;
pub use default_cmm::{DefaultCmm, PUBLIC_KEY_CONTEXT_KEY, RESERVED_CONTEXT_PREFIX};
pub use encryption_materials::EncryptionMaterials;
pub use error::{BoxError, KeyFailure, KeyFailureReason, KeyFailures, MaterialsError};
pub use keyring::Keyring;
pub use master_key::{DataKey, MasterKey, MasterKeyProvider};
pub use master_key_provider_keyring::MasterKeyProviderKeyring;
pub use multi_keyring::MultiKeyring;
pub use multi_master_key_provider::MultiMasterKeyProvider;
pub use policy::CommitmentPolicy;
pub use raw_keyring::{RawAesKeyring, RawRsaKeyring};
pub use raw_master_key::{RawKeyLookup, RawMasterKey, RawMasterKeyProvider};
pub use required_context_cmm::RequiredEncryptionContextCmm;
