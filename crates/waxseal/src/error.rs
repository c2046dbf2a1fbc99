//! The client's errors, and their classes.

use std::io;

use thiserror::Error;
use waxseal_materials::{KeyFailureReason, KeyFailures, MaterialsError};
use waxseal_message::MessageError;

/// Encrypting or decrypting failed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The message, its keys or its materials.
    #[error(transparent)]
    Message(#[from] MessageError),
    /// The source or sink of a stream.
    #[error("input or output failed: {0}")]
    Io(#[from] io::Error),
    /// A keyring or materials manager has to wait for something, and a synchronous call has
    /// no runtime to wait on: give the client one, or `.await` the call.
    #[error("the materials are not ready at once; give the client a runtime, or await the call")]
    NotReady,
    /// A stream was used after it failed or ended.
    #[error("the stream has failed or ended before")]
    StreamEnded,
}

impl From<MaterialsError> for Error {
    fn from(error: MaterialsError) -> Self {
        Self::Message(error.into())
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            Error::Message(MessageError::Truncated(_)) => Self::new(io::ErrorKind::UnexpectedEof, error),
            Error::Message(_) => Self::new(io::ErrorKind::InvalidData, error),
            other => Self::other(other),
        }
    }
}

/// What kind of thing went wrong: the same for one cause on every path, one-shot or stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorClass {
    /// The bytes break the format.
    Format,
    /// The message ends too early.
    Truncated,
    /// Bytes follow the message.
    TrailingBytes,
    /// A frame is repeated, missing or out of order.
    Sequence,
    /// A limit of the caller's, or of the format.
    Limit,
    /// The commitment policy, or signed messages where they are refused.
    Policy,
    /// The encryption context.
    Context,
    /// No key wraps or unwraps the data key.
    Key,
    /// A key service denied, throttled or failed.
    KeyService,
    /// Materials that break the rules.
    Materials,
    /// The key commitment did not verify.
    Commitment,
    /// The header did not verify.
    HeaderTag,
    /// A frame or the body did not verify.
    BodyTag,
    /// The message signature did not verify.
    Signature,
    /// Input or output.
    Io,
    /// Wrong use of the library.
    Usage,
    /// A primitive or the source of randomness failed.
    Crypto,
}

impl Error {
    /// The class of this error.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Message(error) => message_class(error),
            Self::Io(error) => Self::behind(error).map_or(ErrorClass::Io, Self::class),
            Self::NotReady | Self::StreamEnded => ErrorClass::Usage,
        }
    }

    /// The error of this crate inside one of a `Read` or `Write` of this crate.
    #[must_use]
    pub fn behind(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

fn message_class(error: &MessageError) -> ErrorClass {
    match error {
        MessageError::Format(_) => ErrorClass::Format,
        MessageError::Truncated(_) => ErrorClass::Truncated,
        MessageError::TrailingBytes => ErrorClass::TrailingBytes,
        MessageError::Sequence { .. } => ErrorClass::Sequence,
        MessageError::Limit { .. } => ErrorClass::Limit,
        MessageError::SignedMessage(_) => ErrorClass::Policy,
        MessageError::Materials(error) => materials_class(error),
        MessageError::Commitment => ErrorClass::Commitment,
        MessageError::HeaderTag => ErrorClass::HeaderTag,
        MessageError::BodyTag => ErrorClass::BodyTag,
        MessageError::Signature => ErrorClass::Signature,
        MessageError::Crypto(_) => ErrorClass::Crypto,
        _ => ErrorClass::Usage,
    }
}

fn materials_class(error: &MaterialsError) -> ErrorClass {
    match error {
        MaterialsError::CommitmentPolicy { .. } => ErrorClass::Policy,
        MaterialsError::ReservedContextKey(_)
        | MaterialsError::ContextMismatch(_)
        | MaterialsError::ContextKeyMissing(_)
        | MaterialsError::VerificationKey(_) => ErrorClass::Context,
        MaterialsError::Wrap(failure) if is_service(failure.reason) => ErrorClass::KeyService,
        MaterialsError::Unwrap(failures) if any_service(failures) => ErrorClass::KeyService,
        MaterialsError::Wrap(_) | MaterialsError::Unwrap(_) => ErrorClass::Key,
        MaterialsError::Format(_) => ErrorClass::Limit,
        MaterialsError::Crypto(_) => ErrorClass::Crypto,
        _ => ErrorClass::Materials,
    }
}

fn any_service(failures: &KeyFailures) -> bool {
    failures.as_slice().iter().any(|failure| is_service(failure.reason))
}

fn is_service(reason: KeyFailureReason) -> bool {
    use KeyFailureReason::{Answer, Credentials, Denied, Refused, Throttled, Unreachable, WrongKey};
    matches!(reason, Answer | Credentials | Denied | Refused | Throttled | Unreachable | WrongKey)
}
