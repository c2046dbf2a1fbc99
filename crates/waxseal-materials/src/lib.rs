//! Encryption and decryption materials, and who provides them.
//!
//! The way of the data, from the outside in:
//!
//! 1. A [`CryptographicMaterialsManager`] answers a message's request with materials: the
//!    suite, the encryption context, the data key. The [`DefaultCmm`] does so with one
//!    keyring; the [`RequiredEncryptionContextCmm`] stands in front of any other.
//! 2. A [`Keyring`] makes the data key and wraps it, or unwraps it: [`RawAesKeyring`],
//!    [`RawRsaKeyring`], [`RawEcdhKeyring`], several of them as a [`MultiKeyring`].
//! 3. A [`MasterKeyProvider`] with its [`MasterKey`]s is the older form of the same:
//!    [`RawMasterKey`], [`RawMasterKeyProvider`], several as a [`MultiMasterKeyProvider`].
//!    [`MasterKeyProviderKeyring`] makes any of them a keyring.
//!
//! All traits are open and object-safe, and each shows an example of your own part. The
//! built-in parts never wait: their futures are ready when first polled.
//!
//! What goes wrong is a [`MaterialsError`]; what single keys say on decrypt is kept whole in
//! [`KeyFailures`].
//!
//! ```
//! use waxseal_crypto::{RsaPadding, SecretBytes};
//! use waxseal_materials::{DefaultCmm, MultiKeyring, RawAesKeyring, RawRsaKeyring};
//!
//! # fn main() -> Result<(), waxseal_materials::MaterialsError> {
//! # let recovery_pem = include_bytes!("../tests/keys/one.spki.pem");
//! let crypto = waxseal_native::provider();
//! let daily = SecretBytes::random(crypto.random, 32)?;
//! let daily = RawAesKeyring::new(crypto, "my app", "daily", daily)?;
//! let recovery =
//!     RawRsaKeyring::with_public_key(crypto, "my app", "recovery", RsaPadding::OaepSha256, recovery_pem)?;
//! let cmm = DefaultCmm::new(crypto, MultiKeyring::with_generator(daily).with_child(recovery));
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "cache")]
mod caching;
mod cmm;
mod decryption_materials;
mod default_cmm;
#[doc(hidden)]
pub mod ecdh_wrap;
mod encryption_materials;
mod error;
mod keyring;
mod master_key;
mod master_key_provider_keyring;
mod multi_keyring;
mod multi_master_key_provider;
mod policy;
mod raw_ecdh_keyring;
mod raw_keyring;
mod raw_master_key;
mod raw_wrap;
mod required_context_cmm;

pub use async_trait::async_trait;
#[cfg(feature = "cache")]
pub use caching::{
    BypassReason, Bypasses, CacheClock, CacheEntry, CacheIdentifier, CacheLimits, CachedMaterials,
    CachingCryptographicMaterialsManager, CachingMetrics, CryptographicMaterialsCache, Evictions,
    LocalCryptographicMaterialsCache, MonotonicClock, NullCryptographicMaterialsCache, StormTracking,
};
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
pub use raw_ecdh_keyring::{RawEcdhKeyring, RawEcdhSchema};
pub use raw_keyring::{RawAesKeyring, RawRsaKeyring};
pub use raw_master_key::{RawKeyLookup, RawMasterKey, RawMasterKeyProvider};
pub use required_context_cmm::RequiredEncryptionContextCmm;
