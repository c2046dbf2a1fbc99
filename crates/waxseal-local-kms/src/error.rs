//! What a call, and what opening a store, can come to.

use std::fmt;
use std::io;
use std::path::PathBuf;

use thiserror::Error;
use waxseal_kms::KmsError;

use crate::material::MaterialFault;

/// What AWS KMS answers instead of a reply: its code, its HTTP status, its words.
///
/// Source: AWS KMS API Reference, "Errors" of each operation.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServiceError {
    /// AWS's code, such as `NotFoundException`.
    pub code: &'static str,
    /// AWS's HTTP status.
    pub status: u16,
    /// What went wrong, for people; can be empty, as AWS's is for some codes.
    pub message: String,
}

impl ServiceError {
    /// An error of the request's: HTTP status 400.
    #[must_use]
    pub fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, status: 400, message: message.into() }
    }

    /// A failure of the service's own: `KMSInternalException`, HTTP status 500.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self { code: "KMSInternalException", status: 500, message: message.into() }
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new("NotFoundException", message)
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new("UnsupportedOperationException", message)
    }

    pub(crate) fn invalid_state(message: impl Into<String>) -> Self {
        Self::new("KMSInvalidStateException", message)
    }

    /// Wrong key, wrong context and changed bytes look the same, and AWS says no more either.
    pub(crate) fn invalid_ciphertext() -> Self {
        Self::new("InvalidCiphertextException", "")
    }
}

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)?;
        if self.message.is_empty() {
            return Ok(());
        }
        write!(f, ": {}", self.message.escape_debug())
    }
}

impl std::error::Error for ServiceError {}

impl From<ServiceError> for KmsError {
    fn from(error: ServiceError) -> Self {
        KmsError::from_code(error.code, error.message)
    }
}

impl From<MaterialFault> for ServiceError {
    fn from(_: MaterialFault) -> Self {
        Self::internal("cryptography failed")
    }
}

impl From<MaterialFault> for LocalKmsError {
    fn from(_: MaterialFault) -> Self {
        Self::Crypto("a primitive or the source of randomness")
    }
}

/// Why a store can't be opened, read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LocalKmsError {
    /// Another process has the store open.
    #[error("the store {} is open in another process", path.display())]
    AlreadyOpen {
        /// The store's file.
        path: PathBuf,
    },
    /// The passphrase or the key file is not the one that the store was made with.
    #[error("the passphrase or key file does not open the store")]
    WrongStoreKey,
    /// A key file must have 32 bytes, and a passphrase at least one.
    #[error("the store's key has {found} bytes; a key file has 32, a passphrase at least 1")]
    StoreKeyLength {
        /// How many there are.
        found: usize,
    },
    /// The store belongs to another account.
    #[error("the store is of account {stored}, not {asked}")]
    OtherAccount {
        /// The account that the store was made for.
        stored: String,
        /// The account that was asked for.
        asked: String,
    },
    /// Not twelve digits.
    #[error("an AWS account id has twelve digits: {account:?}")]
    InvalidAccount {
        /// What was given.
        account: String,
    },
    /// Written by a later version.
    #[error("the store has format {found}; this version knows {known}")]
    UnknownFormat {
        /// The store's format.
        found: u64,
        /// The newest format that this version reads.
        known: u64,
    },
    /// The file is not a store, or it was changed.
    #[error("the store is damaged: {what}")]
    Damaged {
        /// What doesn't fit.
        what: String,
    },
    /// The file can't be read or written.
    #[error("the store can't be read or written")]
    Io(#[source] io::Error),
    /// The source of randomness, or a primitive, failed.
    #[error("cryptography failed: {0}")]
    Crypto(&'static str),
}
