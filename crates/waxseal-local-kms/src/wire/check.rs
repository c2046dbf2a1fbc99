//! Requests are read, and refused in AWS's words.

use std::fmt::Display;
use std::str::FromStr;

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use waxseal_crypto::SecretBytes;

use crate::ServiceError;

const MAX_GRANT_TOKENS: usize = 10;

/// Room for every answer that holds a secret, so that none is copied while the answer grows.
const ANSWER_ROOM: usize = 16 * 1024;

/// Names that AWS KMS knows and this KMS leaves out.
const LEFT_OUT: &[&str] = &[
    "SM2",
    "SM2PKE",
    "SM2DSA",
    "ECC_SECG_P256K1",
    "ECC_NIST_EDWARDS25519",
    "ED25519_SHA_512",
    "ED25519_PH_SHA_512",
    "ML_KEM_512",
    "ML_KEM_768",
    "ML_KEM_1024",
    "ENCAPSULATE_DECAPSULATE",
    "HMAC_224",
    "HMAC_SHA_224",
    "ML_DSA_44",
    "ML_DSA_65",
    "ML_DSA_87",
    "ML_DSA_SHAKE_256",
    "EXTERNAL_MU",
    "AWS_CLOUDHSM",
    "EXTERNAL_KEY_STORE",
    "RSAES_PKCS1_V1_5",
    "RSA_AES_KEY_WRAP_SHA_1",
    "RSA_AES_KEY_WRAP_SHA_256",
];

/// Reads a request, whole: a member that is not known here is not passed over. An empty body is a request without members.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ServiceError> {
    let body = if body.is_empty() { b"{}" } else { body };
    // A list would do for a struct of the same fields, and AWS takes none.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(ServiceError::new("SerializationException", "The request is no JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| match is_unknown_member(&error) {
        true => ServiceError::unsupported("The embedded KMS leaves a member of the request out."),
        false => ServiceError::new("SerializationException", position(&error)),
    })
}

/// Serde has no kinds of such errors, but words that it keeps to.
fn is_unknown_member(error: &serde_json::Error) -> bool {
    error.is_data() && error.to_string().starts_with("unknown field ")
}

/// Where it went wrong, and nothing of what stands there, which may be a secret.
fn position(error: &serde_json::Error) -> String {
    format!("The request is not as its operation wants it, at column {}", error.column())
}

/// Writes an answer.
pub(crate) fn write<T: Serialize>(answer: &T) -> Result<SecretBytes, ServiceError> {
    let mut bytes = Vec::with_capacity(ANSWER_ROOM);
    serde_json::to_writer(&mut bytes, answer)
        .map_err(|_| ServiceError::internal("the answer can't be written"))?;
    Ok(SecretBytes::from(bytes))
}

/// A member that must be there.
pub(crate) fn required<'a, T>(value: &'a Option<T>, member: &str) -> Result<&'a T, ServiceError> {
    value.as_ref().ok_or_else(|| failed("null", member, "Member must not be null"))
}

/// Text or bytes between two lengths.
pub(crate) fn length(len: usize, member: &str, min: usize, max: usize) -> Result<(), ServiceError> {
    if len < min {
        let constraint = format!("Member must have length greater than or equal to {min}");
        return Err(failed("at hand", member, &constraint));
    }
    if len > max {
        let constraint = format!("Member must have length less than or equal to {max}");
        return Err(failed("at hand", member, &constraint));
    }
    Ok(())
}

/// A number between two others, both included.
pub(crate) fn number_in(value: i64, member: &str, min: u32, max: u32) -> Result<u32, ServiceError> {
    if value < i64::from(min) {
        let constraint = format!("Member must have value greater than or equal to {min}");
        return Err(failed(&format!("'{value}'"), member, &constraint));
    }
    match u32::try_from(value) {
        Ok(number) if number <= max => Ok(number),
        _ => {
            let constraint = format!("Member must have value less than or equal to {max}");
            Err(failed(&format!("'{value}'"), member, &constraint))
        }
    }
}

/// A name out of a set.
pub(crate) fn named<T: FromStr + Display>(
    value: &Option<String>,
    member: &str,
    all: &[T],
) -> Result<T, ServiceError> {
    one_of(required(value, member)?, member, all)
}

/// The same with a default.
pub(crate) fn named_or<T: FromStr + Display>(
    value: &Option<String>,
    member: &str,
    all: &[T],
    default: T,
) -> Result<T, ServiceError> {
    value.as_ref().map_or(Ok(default), |name| one_of(name, member, all))
}

fn one_of<T: FromStr + Display>(name: &str, member: &str, all: &[T]) -> Result<T, ServiceError> {
    if LEFT_OUT.contains(&name) {
        return Err(ServiceError::unsupported(format!("The embedded KMS leaves {name} out.")));
    }
    name.parse().map_err(|_| {
        let all: Vec<String> = all.iter().map(ToString::to_string).collect();
        let constraint = format!("Member must satisfy enum value set: [{}]", all.join(", "));
        failed(&format!("'{name}'"), member, &constraint)
    })
}

/// The grant tokens, which are ten at most.
pub(crate) fn grant_tokens(tokens: &Option<Vec<String>>) -> Result<&[String], ServiceError> {
    let tokens = tokens.as_deref().unwrap_or_default();
    length(tokens.len(), "grantTokens", 0, MAX_GRANT_TOKENS)?;
    Ok(tokens)
}

/// Answers for Nitro enclaves alone are left out.
pub(crate) fn no_recipient(recipient: Option<&IgnoredAny>) -> Result<(), ServiceError> {
    match recipient {
        Some(_) => Err(ServiceError::unsupported("The embedded KMS knows no Recipient.")),
        None => Ok(()),
    }
}

fn failed(value: &str, member: &str, constraint: &str) -> ServiceError {
    ServiceError::validation(format!(
        "1 validation error detected: Value {value} at '{member}' failed to satisfy constraint: {constraint}"
    ))
}
