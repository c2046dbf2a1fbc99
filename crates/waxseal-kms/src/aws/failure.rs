//! What the SDK's errors mean.

use std::error::Error;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_kms::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use crate::{KmsError, KmsErrorKind};

/// The seam's error, with the SDK's as its source.
pub(super) fn kms_error<E>(error: SdkError<E, HttpResponse>) -> KmsError
where
    E: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match &error {
        SdkError::ServiceError(context) => {
            let (answer, status) = (context.err(), context.raw().status().as_u16());
            answered(answer.code(), answer.message(), status).with_source(error)
        }
        SdkError::ResponseError(_) => unanswered(KmsErrorKind::InvalidResponse, error),
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
        None => by_status(KmsErrorKind::Other),
    }
}

fn unanswered<E>(kind: KmsErrorKind, error: SdkError<E, HttpResponse>) -> KmsError
where
    E: Error + Send + Sync + 'static,
{
    KmsError::new(kind, DisplayErrorContext(&error).to_string()).with_source(error)
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
