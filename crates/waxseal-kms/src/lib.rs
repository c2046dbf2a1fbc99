//! AWS KMS for waxseal: master key providers and keyrings over one client seam.
//!
//! From the outside in:
//!
//! 1. Master key providers, by the names of the other SDKs: [`StrictAwsKmsMasterKeyProvider`]
//!    (the keys that it is told), [`DiscoveryAwsKmsMasterKeyProvider`] (the keys that a message
//!    names, through a [`DiscoveryFilter`]), and for multi-Region keys
//!    [`MrkAwareStrictAwsKmsMasterKeyProvider`] and [`MrkAwareDiscoveryAwsKmsMasterKeyProvider`].
//! 2. Keyrings: [`AwsKmsKeyring`], [`AwsKmsMrkKeyring`], [`AwsKmsDiscoveryKeyring`],
//!    [`AwsKmsMrkDiscoveryKeyring`], several as one ([`multi_keyring`] and its three kin), and
//!    [`AwsKmsRsaKeyring`] and [`AwsKmsEcdhKeyring`].
//! 3. A [`ClientSupplier`] has the client of each region; a [`KmsClient`] talks to KMS. With the
//!    feature `aws` (default) the AWS SDK's client is one, and [`AwsClientSupplier`] takes the
//!    usual AWS settings. Both can be yours.
//!
//! Errors of setting up are [`AwsKmsError`]; what single keys say later is a
//! [`KeyFailure`](waxseal_materials::KeyFailure) with the [`KmsError`] as its source.

mod arn;
#[cfg(feature = "aws")]
mod aws;
mod calls;
pub mod client;
mod discovery_filter;
mod discovery_keyring;
mod discovery_provider;
mod ecdh_keyring;
mod error;
mod keyring;
mod master_key;
mod message_keys;
mod multi_keyrings;
mod rsa_keyring;
mod strict_provider;
mod supplier;

pub use arn::{ArnError, AwsKmsArn, AwsKmsIdentifier, ResourceType, duplicate_multi_region_keys};
#[cfg(feature = "aws")]
pub use aws::AwsClientSupplier;
pub use client::{KmsClient, KmsError, KmsErrorKind};
pub use discovery_filter::DiscoveryFilter;
pub use discovery_keyring::{AwsKmsDiscoveryKeyring, AwsKmsMrkDiscoveryKeyring};
pub use discovery_provider::{DiscoveryAwsKmsMasterKeyProvider, MrkAwareDiscoveryAwsKmsMasterKeyProvider};
pub use ecdh_keyring::{AwsKmsEcdhKeyring, KmsEcdhSchema};
pub use error::AwsKmsError;
pub use keyring::{AwsKmsKeyring, AwsKmsMrkKeyring};
pub use master_key::AwsKmsMasterKey;
pub use multi_keyrings::{
    AwsKmsKeys, DiscoveryRegions, discovery_multi_keyring, mrk_discovery_multi_keyring, mrk_multi_keyring,
    multi_keyring,
};
pub use rsa_keyring::{AwsKmsRsaAlgorithm, AwsKmsRsaKeyring};
pub use strict_provider::{MrkAwareStrictAwsKmsMasterKeyProvider, StrictAwsKmsMasterKeyProvider};
pub use supplier::ClientSupplier;
