//! One request becomes one reply, and one line of the audit log.

use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use hyper::{Method, Request, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout};
use waxseal_crypto::SecretBytes;

use super::reply::{self, CONTENT_TYPE_JSON};
use super::{ServerOptions, sigv4};
use crate::{Caller, LocalKms, ServiceError};

const TARGET: &str = "x-amz-target";
const SERVICE: &str = "TrentService.";

/// What all connections share.
pub(super) struct Exchange {
    kms: LocalKms,
    calls: Arc<Semaphore>,
    options: ServerOptions,
}

/// A call that may be made.
struct Admitted {
    caller: Caller,
    operation: String,
    body: Bytes,
    /// Given back when the call has ended, however long its client has waited.
    permit: OwnedSemaphorePermit,
}

impl Exchange {
    pub(super) fn new(kms: LocalKms, options: ServerOptions) -> Self {
        Self { kms, calls: Arc::new(Semaphore::new(options.max_calls)), options }
    }

    pub(super) async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let (limit, start) = (self.options.request_timeout, Instant::now());
        let (head, body) = request.into_parts();
        let admitted = timeout(limit, self.admit(&head, body)).await;
        let result = match admitted.unwrap_or_else(|_| Err(timed_out())) {
            Ok(call) => {
                let answer = timeout(limit.saturating_sub(start.elapsed()), self.call(call)).await;
                answer.unwrap_or_else(|_| Err(timed_out()))
            }
            Err(refusal) => Err(self.refused(&head, refusal).await),
        };
        reply::of(result)
    }

    async fn admit(&self, head: &Parts, body: Incoming) -> Result<Admitted, ServiceError> {
        let operation = operation(head)?;
        let body = self.body(body).await?;
        let caller = sigv4::caller(head, &body, &self.kms, self.options.clock.now())?;
        let permit = Arc::clone(&self.calls).acquire_owned().await.map_err(|_| not_completed())?;
        Ok(Admitted { caller, operation, body, permit })
    }

    /// Leaves a line of a request that is no call.
    async fn refused(&self, head: &Parts, refusal: ServiceError) -> ServiceError {
        let target = target(head).unwrap_or_default();
        let operation = target.strip_prefix(SERVICE).unwrap_or(target).to_owned();
        let access_key_id = sigv4::claimed_access_key_id(head).map(str::to_owned);
        let (kms, code) = (self.kms.clone(), refusal.code);
        let line = tokio::task::spawn_blocking(move || {
            kms.audit_refusal(access_key_id.as_deref(), &operation, code)
        });
        match line.await {
            Ok(Ok(())) => refusal,
            Ok(Err(unwritten)) => unwritten,
            Err(_) => not_completed(),
        }
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
    async fn call(&self, admitted: Admitted) -> Result<SecretBytes, ServiceError> {
        let kms = self.kms.clone();
        let call = tokio::task::spawn_blocking(move || {
            let Admitted { caller, operation, body, permit } = admitted;
            let answer = kms.call(&caller, &operation, &body);
            drop(permit);
            answer
        });
        call.await.map_err(|_| not_completed())?
    }
}

/// The operation that the head asks for.
fn operation(head: &Parts) -> Result<String, ServiceError> {
    let is_call = head.method == Method::POST && head.uri.path() == "/" && head.uri.query().is_none();
    if !is_call {
        return Err(ServiceError { status: 404, ..unknown_operation() });
    }
    let is_json = header(head, CONTENT_TYPE.as_str()) == Some(CONTENT_TYPE_JSON);
    target(head)
        .filter(|_| is_json)
        .and_then(|target| target.strip_prefix(SERVICE))
        .map(str::to_owned)
        .ok_or_else(unknown_operation)
}

fn target(head: &Parts) -> Option<&str> {
    header(head, TARGET)
}

fn header<'a>(head: &'a Parts, name: &str) -> Option<&'a str> {
    head.headers.get(name).and_then(|value| value.to_str().ok())
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
