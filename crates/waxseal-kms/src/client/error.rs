//! What KMS refuses, and what keeps it from answering.
//!
//! Source: AWS KMS API Reference, "Errors" of each operation and "Common Errors".

use std::fmt;

use thiserror::Error;
use waxseal_materials::{BoxError, KeyFailureReason};

/// A call that KMS refused or did not answer.
#[derive(Debug)]
#[non_exhaustive]
pub struct KmsError {
    /// What kind of failure it is.
    pub kind: KmsErrorKind,
    /// The service's own code, such as `AccessDeniedException`, if it answered.
    pub code: Option<String>,
    /// The service's own words, or the client's.
    pub message: String,
    /// What the client's library said, if anything.
    pub source: Option<BoxError>,
}

/// Kinds of failure: different things to do about each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum KmsErrorKind {
    /// There is no such key.
    #[error("no such key")]
    NotFound,
    /// The caller may not do this.
    #[error("access denied")]
    AccessDenied,
    /// The caller's credentials are missing, wrong or outdated.
    #[error("the credentials were not accepted")]
    Credentials,
    /// The key is disabled, waits for deletion, or is otherwise not to be used now.
    #[error("the key cannot be used in its state")]
    KeyState,
    /// The key exists and does not do this.
    #[error("the key is not for this")]
    KeyUsage,
    /// Another key, another encryption context, or a changed ciphertext.
    #[error("the ciphertext was refused")]
    InvalidCiphertext,
    /// The ciphertext is under another key than the one named.
    #[error("the ciphertext is under another key")]
    IncorrectKey,
    /// The signature or code is not of this key and message.
    #[error("the signature is not valid")]
    InvalidSignature,
    /// Too many calls.
    #[error("throttled")]
    Throttled,
    /// No connection, or no answer in time.
    #[error("no answer")]
    Unreachable,
    /// The service failed (5xx).
    #[error("the service failed")]
    Internal,
    /// The request is not one that KMS takes.
    #[error("the request was refused")]
    InvalidRequest,
    /// The answer lacks a part, or is not what was asked for.
    #[error("the answer is not usable")]
    InvalidResponse,
    /// The client can't do this.
    #[error("this client cannot do that")]
    Unsupported,
    /// Something else: the message says what.
    #[error("the call failed")]
    Other,
}

impl KmsError {
    /// An error of the client's own.
    #[must_use]
    pub fn new(kind: KmsErrorKind, message: impl Into<String>) -> Self {
        Self { kind, code: None, message: message.into(), source: None }
    }

    /// What the service answered: its code decides the kind.
    #[must_use]
    pub fn from_code(code: &str, message: impl Into<String>) -> Self {
        Self { kind: kind_of(code), code: Some(code.to_owned()), message: message.into(), source: None }
    }

    /// The same with what the client's library said.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// How a keyring tells of it.
    #[must_use]
    pub fn reason(&self) -> KeyFailureReason {
        match self.kind {
            KmsErrorKind::AccessDenied => KeyFailureReason::Denied,
            KmsErrorKind::Credentials => KeyFailureReason::Credentials,
            KmsErrorKind::InvalidCiphertext => KeyFailureReason::Rejected,
            KmsErrorKind::IncorrectKey => KeyFailureReason::WrongKey,
            KmsErrorKind::Throttled => KeyFailureReason::Throttled,
            KmsErrorKind::Unreachable | KmsErrorKind::Internal => KeyFailureReason::Unreachable,
            KmsErrorKind::KeyUsage | KmsErrorKind::Unsupported => KeyFailureReason::Unsupported,
            KmsErrorKind::InvalidResponse => KeyFailureReason::Answer,
            KmsErrorKind::NotFound | KmsErrorKind::KeyState | KmsErrorKind::InvalidRequest => {
                KeyFailureReason::Refused
            }
            // A code that this library doesn't know is a refusal too.
            KmsErrorKind::Other if self.code.is_some() => KeyFailureReason::Refused,
            KmsErrorKind::InvalidSignature | KmsErrorKind::Other => KeyFailureReason::Failed,
        }
    }
}

fn kind_of(code: &str) -> KmsErrorKind {
    match code {
        "NotFoundException" => KmsErrorKind::NotFound,
        "AccessDeniedException" | "AccessDenied" | "NotAuthorized" => KmsErrorKind::AccessDenied,
        "UnrecognizedClientException"
        | "InvalidClientTokenId"
        | "InvalidSignatureException"
        | "IncompleteSignature"
        | "IncompleteSignatureException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "ExpiredTokenException"
        | "RequestExpired"
        | "OptInRequired" => KmsErrorKind::Credentials,
        "DisabledException" | "KMSInvalidStateException" | "KeyUnavailableException" => {
            KmsErrorKind::KeyState
        }
        "InvalidKeyUsageException" | "UnsupportedOperationException" => KmsErrorKind::KeyUsage,
        "InvalidCiphertextException" => KmsErrorKind::InvalidCiphertext,
        "IncorrectKeyException" => KmsErrorKind::IncorrectKey,
        "KMSInvalidSignatureException" | "KMSInvalidMacException" => KmsErrorKind::InvalidSignature,
        "ThrottlingException"
        | "Throttling"
        | "LimitExceededException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded" => KmsErrorKind::Throttled,
        "DependencyTimeoutException"
        | "ServiceUnavailable"
        | "RequestTimeout"
        | "RequestTimeoutException" => KmsErrorKind::Unreachable,
        "KMSInternalException" | "InternalFailure" | "InternalServerError" => KmsErrorKind::Internal,
        "ValidationException"
        | "ValidationError"
        | "InvalidArnException"
        | "InvalidGrantTokenException"
        | "SerializationException" => KmsErrorKind::InvalidRequest,
        _ => KmsErrorKind::Other,
    }
}

impl fmt::Display for KmsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.code, self.message.is_empty()) {
            (Some(code), true) => f.write_str(code),
            (Some(code), false) => write!(f, "{code}: {}", self.message.escape_debug()),
            (None, true) => write!(f, "{}", self.kind),
            (None, false) => write!(f, "{}: {}", self.kind, self.message.escape_debug()),
        }
    }
}

impl std::error::Error for KmsError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_codes_become_kinds_and_reasons() {
        let reason = |code| KmsError::from_code(code, "").reason();
        assert_eq!(reason("AccessDeniedException"), KeyFailureReason::Denied);
        assert_eq!(reason("ThrottlingException"), KeyFailureReason::Throttled);
        assert_eq!(reason("InvalidCiphertextException"), KeyFailureReason::Rejected);
        assert_eq!(reason("KMSInternalException"), KeyFailureReason::Unreachable);
        assert_eq!(reason("NotFoundException"), KeyFailureReason::Refused);
        assert_eq!(reason("SomethingNew"), KeyFailureReason::Refused);
        assert_eq!(reason("RequestTimeoutException"), KeyFailureReason::Unreachable);
        assert_eq!(reason("ExpiredTokenException"), KeyFailureReason::Credentials);
    }

    #[test]
    fn an_error_says_the_services_code_and_words() {
        let error = KmsError::from_code("NotFoundException", "Alias x is not found\n.");
        assert_eq!(error.to_string(), "NotFoundException: Alias x is not found\\n.");
        let error = KmsError::new(KmsErrorKind::Unreachable, "");
        assert_eq!(error.to_string(), "no answer");
    }
}
