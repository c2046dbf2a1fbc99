//! What the tests of the embedded KMS share.

#![allow(clippy::expect_used, clippy::panic, clippy::indexing_slicing, dead_code)]

use serde_json::{Value, json};
use waxseal_local_kms::{Caller, LocalKms, ServiceError};

pub(crate) const REGION: &str = "eu-west-1";

pub(crate) fn user(name: &str) -> Caller {
    user_in(name, REGION)
}

pub(crate) fn user_in(name: &str, region: &str) -> Caller {
    Caller::new(format!("arn:aws:iam::111122223333:user/{name}"), region)
}

/// One call; an empty answer is null.
pub(crate) fn call(
    kms: &LocalKms,
    caller: &Caller,
    operation: &str,
    request: Value,
) -> Result<Value, ServiceError> {
    let reply = kms.call(caller, operation, request.to_string().as_bytes())?;
    if reply.is_empty() {
        return Ok(Value::Null);
    }
    Ok(serde_json::from_slice(reply.expose()).expect("JSON"))
}

pub(crate) fn ok(kms: &LocalKms, caller: &Caller, operation: &str, request: Value) -> Value {
    call(kms, caller, operation, request).unwrap_or_else(|error| panic!("{operation}: {error}"))
}

/// The code of a call that must fail.
pub(crate) fn code(kms: &LocalKms, caller: &Caller, operation: &str, request: Value) -> &'static str {
    match call(kms, caller, operation, request) {
        Ok(answer) => panic!("{operation} answered {answer}"),
        Err(error) => error.code,
    }
}

/// Makes a key; its ARN.
pub(crate) fn create(kms: &LocalKms, caller: &Caller, request: Value) -> String {
    let answer = ok(kms, caller, "CreateKey", request);
    text(&answer["KeyMetadata"]["Arn"])
}

pub(crate) fn symmetric(kms: &LocalKms) -> String {
    create(kms, &user("alice"), json!({}))
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().expect("text").to_owned()
}
