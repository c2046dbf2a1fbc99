//! A result or an error in AWS's wire form.
//!
//! Source: AWS JSON 1.1 protocol (Smithy), "Operation error serialization".

use aws_lc_rs::rand;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use serde_json::json;
use uuid::Builder;
use waxseal_crypto::SecretBytes;

use crate::ServiceError;

pub(super) const CONTENT_TYPE_JSON: &str = "application/x-amz-json-1.1";
const REQUEST_ID: &str = "x-amzn-requestid";
const ERROR_TYPE: &str = "x-amzn-errortype";

/// A body that is wiped when it is sent.
struct Secret(SecretBytes);

impl AsRef<[u8]> for Secret {
    fn as_ref(&self) -> &[u8] {
        self.0.expose()
    }
}

pub(super) fn of(result: Result<SecretBytes, ServiceError>) -> Response<Full<Bytes>> {
    let mut response = match result {
        Ok(body) => Response::new(Full::new(Bytes::from_owner(Secret(body)))),
        Err(error) => of_error(&error),
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(CONTENT_TYPE_JSON));
    // Replies can have keys in them.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store, must-revalidate, private"));
    if let Ok(id) = HeaderValue::try_from(request_id()) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

fn of_error(error: &ServiceError) -> Response<Full<Bytes>> {
    let body = match error.message.as_str() {
        "" => json!({ "__type": error.code }),
        message => json!({ "__type": error.code, "message": message }),
    };
    let mut response = Response::new(Full::from(body.to_string()));
    *response.status_mut() = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Ok(code) = HeaderValue::from_str(error.code) {
        response.headers_mut().insert(ERROR_TYPE, code);
    }
    response
}

/// A random UUID, by which a client's log and its user can name a request.
fn request_id() -> String {
    let mut bytes = [0; 16];
    // An id that isn't random names no request, and does no harm.
    let _ = rand::fill(&mut bytes);
    Builder::from_random_bytes(bytes).into_uuid().to_string()
}
