//! From the name of an operation and its JSON to the code, and back.

use serde::Serialize;
use serde::de::DeserializeOwned;
use waxseal_crypto::SecretBytes;

use super::call::{Call, run};
use super::requests::{UseDataKey, UseDecrypt, UseEncrypt, UseKey, UseReEncrypt};
use super::{aliases, data_keys, encrypt, keys, regions};
use crate::engine::Engine;
use crate::wire;
use crate::{Caller, ServiceError};

/// Operations of AWS KMS that this KMS leaves out.
const LEFT_OUT: &[&str] = &[
    "ConnectCustomKeyStore",
    "CreateCustomKeyStore",
    "DeleteCustomKeyStore",
    "DescribeCustomKeyStores",
    "DisconnectCustomKeyStore",
    "GetKeyLastUsage",
    "UpdateCustomKeyStore",
];

/// One call of the protocol.
pub(crate) fn call(
    engine: &Engine,
    caller: &Caller,
    operation: &str,
    body: &[u8],
) -> Result<SecretBytes, ServiceError> {
    run(engine, caller, operation, |call| dispatch(call, operation, body))
}

fn dispatch(call: &Call<'_>, operation: &str, body: &[u8]) -> Result<SecretBytes, ServiceError> {
    match operation {
        "CreateAlias" => silent(call, body, aliases::create_alias),
        "CreateKey" => answer(call, body, keys::create_key),
        "Decrypt" => answer(call, body, |call, q: &UseDecrypt| q.with(call, encrypt::decrypt)),
        "DeleteAlias" => silent(call, body, aliases::delete_alias),
        "DescribeKey" => answer(call, body, |call, q: &UseKey| q.with(|q| keys::describe_key(call, q))),
        "Encrypt" => answer(call, body, |call, q: &UseEncrypt| q.with(call, encrypt::encrypt)),
        "GenerateDataKey" => {
            answer(call, body, |call, q: &UseDataKey| q.with(call, data_keys::generate_data_key))
        }
        "GenerateDataKeyWithoutPlaintext" => answer(call, body, |call, q: &UseDataKey| {
            q.with(call, data_keys::generate_data_key_without_plaintext)
        }),
        "ListAliases" => answer(call, body, aliases::list_aliases),
        "ReEncrypt" => answer(call, body, |call, q: &UseReEncrypt| q.with(call, encrypt::re_encrypt)),
        "ReplicateKey" => answer(call, body, regions::replicate_key),
        "UpdateAlias" => silent(call, body, aliases::update_alias),
        "UpdatePrimaryRegion" => silent(call, body, regions::update_primary_region),
        _ => Err(unknown(operation)),
    }
}

/// Runs an operation that answers something.
fn answer<Q: DeserializeOwned, A: Serialize>(
    call: &Call<'_>,
    body: &[u8],
    operation: impl FnOnce(&Call<'_>, &Q) -> Result<A, ServiceError>,
) -> Result<SecretBytes, ServiceError> {
    wire::write(&operation(call, &wire::read(body)?)?)
}

/// Runs an operation that answers nothing.
fn silent<Q: DeserializeOwned>(
    call: &Call<'_>,
    body: &[u8],
    operation: impl FnOnce(&Call<'_>, &Q) -> Result<(), ServiceError>,
) -> Result<SecretBytes, ServiceError> {
    operation(call, &wire::read(body)?)?;
    Ok(SecretBytes::zeroed(0))
}

fn unknown(operation: &str) -> ServiceError {
    match LEFT_OUT.contains(&operation) {
        true => ServiceError::unsupported(format!("The embedded KMS leaves {operation} out.")),
        false => ServiceError::new("UnknownOperationException", ""),
    }
}
