//! Envelope encryption in the AWS Encryption SDK message format.
//!
//! A fresh data key encrypts the data, a wrapping key encrypts the data key, and both travel
//! in one message that every SDK of this format opens. Start with [`Client`]; choose a
//! [`Keyring`] for your wrapping keys, or write your own.
//!
//! | you have | you call |
//! |---|---|
//! | bytes in memory | [`Client::encrypt`], [`Client::decrypt`] |
//! | a buffer to use again | [`Client::encrypt_into`], [`Client::decrypt_into`] |
//! | something to read from | [`Client::encrypt_reader`], [`Client::decrypt_reader`] |
//! | something to write to | [`Client::encrypt_writer`], [`Client::decrypt_writer`] |
//! | a message to read a part of | [`Client::decrypt_range`] |
//! | a large message, and cores to spare | `.threads(n)` on any of the above: see [`parallel`] |
//! | an async caller | `.await` on the first two, `Client::aio` for streams |
//!
//! # Features
//!
//! - `native` (default): [`native::provider`], for each primitive the fastest library.
//! - `cache` (default): [`Client::with_cache`], data keys that several messages share.
//! - `openssl-sha`: `native::provider_with_openssl_digest`, SHA-2 by the system's OpenSSL.
//! - `rustcrypto`: `rustcrypto::provider`, pure Rust.
//! - `tokio`: [`aio`] streams over Tokio's traits; lets synchronous calls wait on a Tokio runtime;
//!   with `cache` also `TokioClock`, by which waiting for a key service ends in time.
//! - `futures`: [`aio`] streams over the runtime-neutral traits of `futures-io`.
//! - `rayon`: a pool's threads for [`parallel::Threads`].

#[cfg(feature = "aio")]
pub mod aio;
mod blocking;
mod client;
#[cfg(all(feature = "cache", feature = "tokio"))]
mod clock;
mod decrypt;
mod encrypt;
mod error;
pub mod io;
pub mod parallel;
mod pump;
pub mod range;
pub mod target;
mod wiping;

pub use blocking::{Parking, Runtime};
pub use client::Client;
#[cfg(all(feature = "cache", feature = "tokio"))]
pub use clock::TokioClock;
pub use decrypt::{DecryptRequest, Decrypted};
pub use encrypt::{EncryptRequest, Encrypted, MessageInfo};
pub use error::{Error, ErrorClass};

#[doc(inline)]
pub use waxseal_crypto::{self as crypto, CryptoProvider, RsaPadding, SecretBytes};
#[doc(inline)]
pub use waxseal_format::{self as format, AlgorithmSuite, EncryptedDataKey, EncryptionContext, Header};
#[doc(inline)]
pub use waxseal_materials::{
    self as materials, CommitmentPolicy, CryptographicMaterialsManager, DecryptMaterialsRequest,
    DecryptionMaterials, DefaultCmm, EncryptionMaterials, EncryptionMaterialsRequest, KeyFailure,
    KeyFailureReason, Keyring, MasterKey, MasterKeyProvider, MasterKeyProviderKeyring, MaterialsError,
    MultiKeyring, RawAesKeyring, RawEcdhKeyring, RawEcdhSchema, RawRsaKeyring, RequiredEncryptionContextCmm,
    async_trait,
};
#[cfg(feature = "cache")]
#[doc(inline)]
pub use waxseal_materials::{
    CacheClock, CacheLimits, CachingCryptographicMaterialsManager, CachingMetrics,
    CryptographicMaterialsCache, LocalCryptographicMaterialsCache, NullCryptographicMaterialsCache,
    StormTracking,
};
#[doc(inline)]
pub use waxseal_message::{self as message, DecryptOptions, EncryptOptions, MessageError, SignedMessages};
#[cfg(feature = "native")]
#[doc(inline)]
pub use waxseal_native as native;
#[cfg(feature = "rustcrypto")]
#[doc(inline)]
pub use waxseal_rustcrypto as rustcrypto;

/// The README's programs, compiled and run.
#[cfg(all(doctest, feature = "native"))]
#[doc = include_str!("../../../README.md")]
struct Readme;
