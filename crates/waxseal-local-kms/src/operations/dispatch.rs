//! From the name of an operation and its JSON to the code, and back.

use serde::Serialize;
use serde::de::DeserializeOwned;
use waxseal_crypto::SecretBytes;

use super::call::{Call, run};
use super::requests::{
    UseAgree, UseDataKey, UseDecrypt, UseEncrypt, UseKey, UseMac, UseReEncrypt, UseSign, UseVerify,
};
use super::{
    agree, aliases, data_keys, encrypt, grants, import, keys, lifecycle, mac, policies, regions, rotation,
    sign, tags,
};
use crate::engine::Engine;
use crate::wire;
use crate::{Caller, ServiceError};

/// Operations of AWS KMS that this KMS leaves out.
const LEFT_OUT: &[&str] = &[
    "ConnectCustomKeyStore",
    "CreateCustomKeyStore",
    "Decapsulate",
    "DeleteCustomKeyStore",
    "DescribeCustomKeyStores",
    "DisconnectCustomKeyStore",
    "Encapsulate",
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
        "Decrypt" => answer(call, body, |call, q: &UseDecrypt| q.with(call, encrypt::decrypt)),
        "DeriveSharedSecret" => {
            answer(call, body, |call, q: &UseAgree| q.with(call, agree::derive_shared_secret))
        }
        "Encrypt" => answer(call, body, |call, q: &UseEncrypt| q.with(call, encrypt::encrypt)),
        "GenerateDataKey" => {
            answer(call, body, |call, q: &UseDataKey| q.with(call, data_keys::generate_data_key))
        }
        "GenerateDataKeyPair" => answer(call, body, data_keys::generate_pair),
        "GenerateDataKeyPairWithoutPlaintext" => {
            answer(call, body, data_keys::generate_pair_without_plaintext)
        }
        "GenerateDataKeyWithoutPlaintext" => answer(call, body, |call, q: &UseDataKey| {
            q.with(call, data_keys::generate_data_key_without_plaintext)
        }),
        "GenerateMac" => answer(call, body, |call, q: &UseMac| q.generate(call, mac::generate_mac)),
        "GenerateRandom" => answer(call, body, data_keys::generate_random),
        "GetPublicKey" => answer(call, body, |call, q: &UseKey| q.with(|q| sign::get_public_key(call, q))),
        "ReEncrypt" => answer(call, body, |call, q: &UseReEncrypt| q.with(call, encrypt::re_encrypt)),
        "Sign" => answer(call, body, |call, q: &UseSign| q.with(call, sign::sign)),
        "Verify" => answer(call, body, |call, q: &UseVerify| q.with(call, sign::verify)),
        "VerifyMac" => answer(call, body, |call, q: &UseMac| q.verify(call, mac::verify_mac)),
        _ => dispatch_management(call, operation, body),
    }
}

fn dispatch_management(call: &Call<'_>, operation: &str, body: &[u8]) -> Result<SecretBytes, ServiceError> {
    match operation {
        "CancelKeyDeletion" => answer(call, body, lifecycle::cancel_deletion),
        "CreateAlias" => silent(call, body, aliases::create_alias),
        "CreateKey" => answer(call, body, keys::create_key),
        "DeleteAlias" => silent(call, body, aliases::delete_alias),
        "DeleteImportedKeyMaterial" => answer(call, body, import::delete_imported),
        "DescribeKey" => answer(call, body, |call, q: &UseKey| q.with(|q| keys::describe_key(call, q))),
        "DisableKey" => silent(call, body, lifecycle::disable_key),
        "DisableKeyRotation" => silent(call, body, rotation::disable_rotation),
        "EnableKey" => silent(call, body, lifecycle::enable_key),
        "EnableKeyRotation" => silent(call, body, rotation::enable_rotation),
        "GetKeyRotationStatus" => answer(call, body, rotation::rotation_status),
        "GetParametersForImport" => answer(call, body, import::parameters_for_import),
        "ImportKeyMaterial" => answer(call, body, import::import_key_material),
        "ListAliases" => answer(call, body, aliases::list_aliases),
        "ListKeyRotations" => answer(call, body, rotation::list_rotations),
        "ListKeys" => answer(call, body, lifecycle::list_keys),
        "ReplicateKey" => answer(call, body, regions::replicate_key),
        "RotateKeyOnDemand" => answer(call, body, rotation::rotate_on_demand),
        "ScheduleKeyDeletion" => answer(call, body, lifecycle::schedule_deletion),
        "UpdateAlias" => silent(call, body, aliases::update_alias),
        "UpdateKeyDescription" => silent(call, body, lifecycle::update_description),
        "UpdatePrimaryRegion" => silent(call, body, regions::update_primary_region),
        _ => dispatch_permissions(call, operation, body),
    }
}

fn dispatch_permissions(call: &Call<'_>, operation: &str, body: &[u8]) -> Result<SecretBytes, ServiceError> {
    match operation {
        "CreateGrant" => answer(call, body, grants::create_grant),
        "GetKeyPolicy" => answer(call, body, policies::get_policy),
        "ListGrants" => answer(call, body, grants::list_grants),
        "ListKeyPolicies" => answer(call, body, policies::list_policies),
        "ListResourceTags" => answer(call, body, tags::list_tags),
        "ListRetirableGrants" => answer(call, body, grants::list_retirable),
        "PutKeyPolicy" => silent(call, body, policies::put_policy),
        "RetireGrant" => silent(call, body, grants::retire_grant),
        "RevokeGrant" => silent(call, body, grants::revoke_grant),
        "TagResource" => silent(call, body, tags::tag_resource),
        "UntagResource" => silent(call, body, tags::untag_resource),
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
