//! The embedded KMS: its protocol, its ciphertexts, its policies, its store file. Whatever comes, it is
//! answered or refused; nothing is a failure of its own, and nothing opens but what was encrypted.

pub mod ciphertext;
pub mod policy;
pub mod protocol;
pub mod store;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use waxseal_local_kms::{Caller, LocalKms, ServiceError};

const REGION: &str = "eu-west-1";

fn alice() -> Caller {
    Caller::new("arn:aws:iam::111122223333:user/alice", REGION)
}

/// One call; what fails is the request's fault.
fn call(kms: &LocalKms, operation: &str, body: &[u8]) -> Result<Value, ServiceError> {
    match kms.call(&alice(), operation, body) {
        Ok(reply) if reply.is_empty() => Ok(Value::Null),
        Ok(reply) => Ok(serde_json::from_slice(reply.expose()).expect("a reply is JSON")),
        Err(error) => {
            assert!((400..500).contains(&error.status), "{operation}: {error}");
            Err(error)
        }
    }
}

fn ok(kms: &LocalKms, operation: &str, request: &Value) -> Value {
    call(kms, operation, request.to_string().as_bytes()).unwrap()
}

/// Makes a key; its ARN.
fn create_key(kms: &LocalKms) -> String {
    ok(kms, "CreateKey", &json!({}))["KeyMetadata"]["Arn"].as_str().unwrap().to_owned()
}

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}
