//! Why a message can't be made or opened.

use thiserror::Error;
use waxseal_crypto::CryptoError;
use waxseal_format::{AlgorithmSuite, FormatError, FormatProblem};
use waxseal_materials::MaterialsError;

/// A message can't be made or opened.
///
/// Up to the header's authentication errors are exact. Behind it keys are in play, and a
/// wrong commitment, tag or signature says which stage failed and nothing more.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The bytes break the format.
    #[error("not a message: {0}")]
    Format(FormatError),
    /// The message ends too early.
    #[error("the message is truncated: at least {0} more bytes belong to it")]
    Truncated(usize),
    /// Bytes follow the end of the message.
    #[error("bytes follow the end of the message")]
    TrailingBytes,
    /// A frame is repeated, missing, or out of order.
    #[error("frame {found} stands where frame {expected} belongs")]
    Sequence {
        /// The sequence number that belongs here.
        expected: u32,
        /// The one that stands here.
        found: u32,
    },
    /// Something is larger than the caller's options allow.
    #[error("{what}: {found} is over the limit of {limit}")]
    Limit {
        /// What is too large.
        what: &'static str,
        /// How large it is.
        found: u64,
        /// How large it may be.
        limit: u64,
    },
    /// The message is signed, and the caller refuses such.
    #[error("the message has the signing suite {0}, and signed messages are refused here")]
    SignedMessage(&'static AlgorithmSuite),
    /// Materials could not be had.
    #[error(transparent)]
    Materials(#[from] MaterialsError),
    /// The key commitment is another one.
    #[error("the key commitment did not verify")]
    Commitment,
    /// The header's tag is wrong.
    #[error("the header did not verify")]
    HeaderTag,
    /// The tag of a frame, or of an unframed body, is wrong.
    #[error("the body did not verify")]
    BodyTag,
    /// The signature is wrong.
    #[error("the message signature did not verify")]
    Signature,
    /// A primitive failed that has no reason to.
    #[error("cryptography failed")]
    Crypto(#[from] CryptoError),
    /// The caller broke the rules of a state machine.
    #[error("wrong use: {0}")]
    Usage(&'static str),
}

impl From<FormatError> for MessageError {
    fn from(error: FormatError) -> Self {
        match error.problem {
            FormatProblem::Truncated(more) => Self::Truncated(more),
            FormatProblem::OverLimit { found, limit } => Self::Limit { what: error.field, found, limit },
            _ => Self::Format(error),
        }
    }
}
