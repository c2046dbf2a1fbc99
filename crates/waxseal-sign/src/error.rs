//! What can go wrong. An invalid signature is one thing, a failure to find out another.

use std::io;
use std::path::PathBuf;

use thiserror::Error;
use waxseal_format::FormatError;
use waxseal_kms::{ArnError, KmsError};

/// Signing or verifying failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignError {
    /// The signature is not one of this content, context and key. Nothing else failed.
    #[error("invalid signature: {0}")]
    Invalid(#[from] InvalidSignature),
    /// The bytes are no envelope.
    #[error("not a signature of waxseal: {0}")]
    Envelope(#[from] EnvelopeError),
    /// The bytes are no signed manifest.
    #[error("not a signed manifest: {0}")]
    Manifest(#[from] ManifestError),
    /// A directory tree can't be signed or compared.
    #[error("{}: {problem}", .path.display())]
    Tree {
        /// Where.
        path: PathBuf,
        /// Why.
        problem: TreeProblem,
    },
    /// KMS refused or did not answer, so that nothing is known of the signature.
    #[error("{key}: {source}")]
    Kms {
        /// The key that was asked for.
        key: String,
        /// What KMS said.
        source: KmsError,
    },
    /// An encrypted message could not be made, or opened for another reason than its content.
    #[error(transparent)]
    Message(#[from] waxseal::Error),
    /// A key is named or encoded in a way that can't be used here.
    #[error("{key}: {problem}")]
    Key {
        /// The key as it was given.
        key: String,
        /// Why not.
        problem: KeyProblem,
    },
    /// Wrong use of the library.
    #[error("{0}")]
    Usage(&'static str),
    /// Reading the content failed.
    #[error("input or output failed: {0}")]
    Io(#[from] io::Error),
    /// A primitive failed.
    #[error(transparent)]
    Crypto(#[from] waxseal_crypto::CryptoError),
}

impl SignError {
    /// Whether it says that the signature, and nothing else, is bad: malformed, of another
    /// content, context or key.
    #[must_use]
    pub fn is_invalid_signature(&self) -> bool {
        matches!(self, Self::Invalid(_) | Self::Envelope(_) | Self::Manifest(_))
    }

    pub(crate) fn kms(key: impl Into<String>, source: KmsError) -> Self {
        Self::Kms { key: key.into(), source }
    }

    pub(crate) fn key(key: impl Into<String>, problem: KeyProblem) -> Self {
        Self::Key { key: key.into(), problem }
    }
}

/// Why a signature is not valid.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidSignature {
    /// It is valid for another content.
    #[error("the content is not the one that was signed")]
    Content,
    /// It was changed, or belongs to another content, context or key: KMS, or the public key,
    /// doesn't tell which.
    #[error("not of this content, context and key")]
    NotOfThis,
    /// None of the accepted keys made it.
    #[error("it was not made by an accepted key")]
    KeyNotAccepted {
        /// The key that the signature claims, if it names one. Not verified.
        claimed: Option<String>,
    },
    /// The pair of the context that the verifier requires is missing or has another value.
    #[error("its context lacks the required pair of {0:?}, or has another value")]
    Context(String),
    /// It lacks the form of its scheme.
    #[error("it lacks the form of its scheme: {0}")]
    Form(&'static str),
    /// It could have been made by whoever may verify: see
    /// [`SealedDigests::danger_accept_forgeable`](crate::SealedDigests::danger_accept_forgeable).
    #[error("whoever may verify could have made it: its message is not signed")]
    Forgeable,
}

/// Why bytes are no envelope.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// The first bytes are others.
    #[error("it does not start with \"WAXSIG\"")]
    Magic,
    /// A version that this library does not know.
    #[error("its version is {0}, not 1")]
    Version(u8),
    /// Scheme, digest and algorithm don't go together.
    #[error("there is no scheme {scheme} with digest {digest} and algorithm {algorithm}")]
    Method {
        /// The byte of the scheme.
        scheme: u8,
        /// The byte of the digest.
        digest: u8,
        /// The byte of the algorithm.
        algorithm: u8,
    },
    /// It ends within a field.
    #[error("it ends within {0}")]
    Truncated(&'static str),
    /// Bytes follow it.
    #[error("{0} bytes follow it")]
    TrailingBytes(usize),
    /// A field is longer than allowed, or empty.
    #[error("{field}: {found} bytes, where 1 to {limit} are allowed")]
    Length {
        /// The field.
        field: &'static str,
        /// Its bytes.
        found: usize,
        /// Bytes at most.
        limit: usize,
    },
    /// The key is not named by the ARN of a key.
    #[error("the key's name is not the ARN of a key")]
    KeyArn,
    /// The context can't be read.
    #[error("its context: {0}")]
    Context(#[from] FormatError),
    /// The context is not written in the one form that is allowed.
    #[error("its context is not in the canonical form")]
    NotCanonical,
    /// The text around it is no PEM, or has another label.
    #[error("its text is no PEM of a signature")]
    Armor,
}

/// Why bytes are no signed manifest.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// It is longer than allowed.
    #[error("{found} bytes, where {limit} are allowed")]
    Length {
        /// Its bytes.
        found: usize,
        /// Bytes at most.
        limit: usize,
    },
    /// It is not UTF-8.
    #[error("it is not UTF-8")]
    NotUtf8,
    /// No signature follows the entries.
    #[error("no signature follows the entries")]
    NoSignature,
    /// The first line is another one.
    #[error("the first line is not \"waxseal manifest 1\"")]
    FirstLine,
    /// A line is no entry.
    #[error("line {0} is no entry")]
    Line(usize),
    /// A line is not behind its predecessor in the order of names.
    #[error("line {0} is out of order")]
    Order(usize),
}

/// Why a directory tree can't be signed or compared.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TreeProblem {
    /// A name that is no text has no place in a manifest.
    #[error("the name is not UTF-8")]
    NotUtf8,
    /// Neither a file, nor a directory, nor a symbolic link.
    #[error("neither a file, nor a directory, nor a symbolic link")]
    Special,
    /// It changed while it was read.
    #[error("it changed while it was read")]
    Changed,
    /// It can't be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl TreeProblem {
    pub(crate) fn at(self, path: PathBuf) -> SignError {
        SignError::Tree { path, problem: self }
    }
}

/// Why a key can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyProblem {
    /// It is not an ARN.
    #[error("not the ARN of a key: {0}")]
    Arn(#[from] ArnError),
    /// An alias can be pointed elsewhere, so that it pins nothing.
    #[error("an alias can be pointed at another key, so it pins none: give the key's ARN")]
    Alias,
    /// It is no public key, or of a kind that KMS does not sign with.
    #[error("not a public key of RSA, P-256, P-384 or P-521 in PEM or DER (SubjectPublicKeyInfo)")]
    PublicKey,
    /// The scheme verifies with KMS alone, and needs the key's ARN.
    #[error("this scheme has no public keys: give the key's ARN")]
    NoPublicKey,
}
