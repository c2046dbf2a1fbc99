//! One request becomes one reply.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};
use tokio::sync::Semaphore;
use waxseal_crypto::SecretBytes;

use super::reply::{self, CONTENT_TYPE_JSON};
use super::{ServerOptions, sigv4};
use crate::{Caller, LocalKms, ServiceError};

const TARGET: &str = "x-amz-target";
const SERVICE: &str = "TrentService.";

/// What all connections share.
pub(super) struct Exchange {
    kms: LocalKms,
    calls: Semaphore,
    options: ServerOptions,
}

impl Exchange {
    pub(super) fn new(kms: LocalKms, options: ServerOptions) -> Self {
        Self { kms, calls: Semaphore::new(options.max_calls), options }
    }

    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let result = tokio::time::timeout(self.options.request_timeout, self.result(request)).await;
        reply::of(result.unwrap_or_else(|_| Err(timed_out())))
    }

    async fn result(&self, request: Request<Incoming>) -> Result<SecretBytes, ServiceError> {
        let (head, body) = request.into_parts();
        let operation = operation(&head)?;
        let body = self.body(body).await?;
        let caller = sigv4::caller(&head, &body, &self.kms, self.options.clock.now())?;
        self.call(caller, operation, body).await
    }

    async fn body(&self, body: Incoming) -> Result<Bytes, ServiceError> {
        let max = self.options.max_body_len;
        if body.size_hint().lower() > max as u64 {
            return Err(too_large(max));
        }
        match Limited::new(body, max).collect().await {
            Ok(body) => Ok(body.to_bytes()),
            Err(error) if error.is::<LengthLimitError>() => Err(too_large(max)),
            Err(_) => Err(ServiceError::new("SerializationException", "The body is incomplete.")),
        }
    }

    /// The store may wait for its disk, which no thread of the runtime should.
    async fn call(
        &self,
        caller: Caller,
        operation: String,
        body: Bytes,
    ) -> Result<SecretBytes, ServiceError> {
        let _permit = self.calls.acquire().await.map_err(|_| not_completed())?;
        let kms = self.kms.clone();
        let call = tokio::task::spawn_blocking(move || kms.call(&caller, &operation, &body));
        call.await.map_err(|_| not_completed())?
    }
}

/// The operation that the head asks for.
fn operation(head: &Parts) -> Result<String, ServiceError> {
    let is_call = head.method == Method::POST && head.uri.path() == "/" && head.uri.query().is_none();
    if !is_call {
        return Err(ServiceError { status: 404, ..unknown_operation() });
    }
    let header = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
    header(TARGET)
        .filter(|_| header(CONTENT_TYPE.as_str()) == Some(CONTENT_TYPE_JSON))
        .and_then(|target| target.strip_prefix(SERVICE))
        .map(str::to_owned)
        .ok_or_else(unknown_operation)
}

fn unknown_operation() -> ServiceError {
    ServiceError::new("UnknownOperationException", "")
}

fn too_large(max: usize) -> ServiceError {
    let message = format!("The body is longer than {max} bytes.");
    ServiceError { status: 413, ..ServiceError::new("RequestEntityTooLargeException", message) }
}

fn timed_out() -> ServiceError {
    ServiceError { status: 408, ..ServiceError::new("RequestTimeoutException", "The request took too long.") }
}

fn not_completed() -> ServiceError {
    ServiceError::internal("The call was not completed.")
}
