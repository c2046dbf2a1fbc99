//! What the SDK's errors mean.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::{KmsError, KmsErrorKind};

/// The seam's error, with what the SDK says as its source: never the SDK's error itself, which
/// holds the answer as it came and prints it, plaintext data keys and all.
pub(super) fn kms_error<E>(error: SdkError<E, HttpResponse>) -> KmsError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match &error {
        SdkError::ServiceError(context) if context.raw().status().is_success() => unreadable(),
        SdkError::ResponseError(_) => unreadable(),
        SdkError::ServiceError(context) => {
            let status = context.raw().status().as_u16();
            answered(context.err().code(), context.err().message(), status)
        }
        SdkError::TimeoutError(_) => unanswered(KmsErrorKind::Unreachable, error),
        _ if has_source::<CredentialsError>(&error) => unanswered(KmsErrorKind::Credentials, error),
        SdkError::DispatchFailure(_) => unanswered(KmsErrorKind::Unreachable, error),
        _ => unanswered(KmsErrorKind::Other, error),
    }
}

fn answered(code: Option<&str>, message: Option<&str>, status: u16) -> KmsError {
    let message = message.unwrap_or_default();
    let by_status = |kind| KmsError::new(kind, format!("HTTP status {status}. {message}"));
    match code {
        Some(code) => {
            let mut error = KmsError::from_code(code, message);
            if status >= 500 && error.kind == KmsErrorKind::Other {
                error.kind = KmsErrorKind::Internal;
            }
            error
        }
        None if status == 429 => by_status(KmsErrorKind::Throttled),
        None if status >= 500 => by_status(KmsErrorKind::Internal),
        None => by_status(KmsErrorKind::InvalidRequest),
    }
}

fn unanswered<E>(kind: KmsErrorKind, error: SdkError<E, HttpResponse>) -> KmsError
where
    E: Error + Send + Sync + 'static,
{
    let Ok(source) = error.into_source() else { return KmsError::new(kind, "") };
    KmsError::new(kind, chain(&*source)).with_source(source)
}

/// An answer that says it is one and can't be read. What was in it is not told.
fn unreadable() -> KmsError {
    KmsError::new(KmsErrorKind::InvalidResponse, "the answer can't be read")
}

/// An error and its causes, in one line.
fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| (*error).source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn has_source<S: Error + 'static>(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error.is::<S>() {
            return true;
        }
        next = error.source();
    }
    false
}

/// An answer without a part that was asked for.
pub(super) fn lacks(part: &str) -> KmsError {
    KmsError::new(KmsErrorKind::InvalidResponse, format!("the answer has no {part}"))
}
