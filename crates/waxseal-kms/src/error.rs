//! Why a keyring or provider of KMS keys can't be set up.

use thiserror::Error;
use waxseal_crypto::KeyError;
use waxseal_materials::MaterialsError;

use crate::{ArnError, KmsError};

/// A keyring or master key provider can't be set up like this.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AwsKmsError {
    /// A key's name is not one of KMS, or not of the form that is needed.
    #[error("{identifier:?} is not usable as a KMS key: {reason}")]
    Identifier {
        /// The name that was given.
        identifier: String,
        /// What is wrong with it.
        #[source]
        reason: ArnError,
    },
    /// A key's name must be a key ARN here, since messages name their keys by it.
    #[error("{identifier:?} is {form}; {need}")]
    Form {
        /// The name that was given.
        identifier: String,
        /// What form it has.
        form: &'static str,
        /// Which form is needed, and why.
        need: &'static str,
    },
    /// Multi-Region keys that are related: which region to call would be a guess.
    #[error("related multi-Region keys, of which only one can be used: {}", .0.join(", "))]
    RelatedMultiRegionKeys(Vec<String>),
    /// No key or no region at all was named.
    #[error("no {0} was named")]
    Nothing(&'static str),
    /// A region is an empty text.
    #[error("a region is an empty text")]
    EmptyRegion,
    /// No region was named, and the client has none of its own.
    #[error("no region: name one, or set one for the client (AWS_REGION, or a profile)")]
    NoRegion,
    /// The client calls another region than the one that was named.
    #[error("the client calls {client}, not {named}")]
    RegionMismatch {
        /// The region that was named.
        named: String,
        /// The region of the client.
        client: String,
    },
    /// There is no client.
    #[error("no KMS client: {0}")]
    Client(#[from] KmsError),
    /// A public key can't be read, or is not the kind that is needed.
    #[error("the public key can't be used: {0}")]
    PublicKey(#[from] KeyError),
    /// KMS says of the key that it is not the kind that is needed.
    #[error("the key {key_id} can't be used: {reason}")]
    Key {
        /// The key's name.
        key_id: String,
        /// What is wrong with it.
        reason: String,
    },
    /// KMS doesn't give the public half of a key.
    #[error("KMS does not give the public key of {key_id}: {error}")]
    GetPublicKey {
        /// The key's name.
        key_id: String,
        /// What KMS said.
        #[source]
        error: KmsError,
    },
    /// The parts don't make a keyring.
    #[error(transparent)]
    Materials(#[from] MaterialsError),
}
