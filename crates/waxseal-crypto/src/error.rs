//! What can go wrong: before a secret is in play exactly, after it opaquely.

use thiserror::Error;

use crate::EcdhCurveSpec;

/// A primitive failed. While keys are in play nothing more is said, so that no caller can
/// turn the difference into an oracle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// A key has a length that the algorithm doesn't take.
    #[error("a key of {found} bytes, where the algorithm takes {expected}")]
    KeyLength {
        /// Bytes that the algorithm takes.
        expected: usize,
        /// Bytes that were given.
        found: usize,
    },
    /// The buffers of one call don't fit each other, or an output is longer than allowed.
    #[error("a buffer of the wrong length")]
    BufferLength,
    /// A tag, a signature or a padding did not verify, or the operation was refused.
    #[error("verification failed")]
    Failed,
    /// The source of randomness failed.
    #[error("the source of randomness failed")]
    Random,
}

/// A key's encoding was refused. Only the encoding is described, never its content.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The text or bytes are no encoding that is known.
    #[error("not a key in PEM or DER: {0}")]
    Encoding(&'static str),
    /// The encoding holds another kind of key.
    #[error("found {found}, expected {expected}")]
    Kind {
        /// What the encoding holds.
        found: String,
        /// What was asked for.
        expected: &'static str,
    },
    /// The key is well encoded, and the provider refuses it: too short, too long, or inconsistent.
    #[error("the key was refused: RSA keys have 2048 to 8192 bits and consistent parts")]
    Refused,
    /// An EC key is well encoded and none: not a point of its curve, out of range, or with a
    /// public half that isn't its own.
    #[error(
        "the key was refused: EC public keys are points of their curve, private ones in range, their halves one pair"
    )]
    EcRefused,
    /// An EC key is on another curve than the one asked for.
    #[error("found a key on {found}, expected one on {expected}")]
    Curve {
        /// The key's curve.
        found: EcdhCurveSpec,
        /// The curve that was asked for.
        expected: EcdhCurveSpec,
    },
}
