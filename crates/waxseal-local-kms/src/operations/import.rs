//! Key material of the caller's own: wrapped by an RSA key that KMS gives out for it.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use waxseal_crypto::SecretBytes;
use waxseal_kms::client::{EncryptionAlgorithm, KeySpec};

use super::call::{Call, Found, check_not_deleted};
use crate::ServiceError;
use crate::engine::{Change, Generation, Import, Key, MaterialSet, Origin, State, expire};
use crate::material::{self, DecryptingKey, KeyMaterial, random_array};
use crate::timestamp::Timestamp;
use crate::wire::{Blob, length, named, required};

/// Days that an import token is good for.
const TOKEN_DAYS: u32 = 1;
const MAX_VALID_DAYS: u32 = 365;
const MAX_BLOB: usize = 6144;
const IV_LEN: usize = 12;
const TOKEN_LABEL: &[u8] = b"waxseal-local-kms import token";

/// Asks `GetParametersForImport`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct ParametersRequest {
    key_id: Option<String>,
    wrapping_algorithm: Option<String>,
    wrapping_key_spec: Option<String>,
}

/// Answers `GetParametersForImport`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Parameters {
    key_id: String,
    import_token: Blob,
    public_key: Blob,
    parameters_valid_to: Timestamp,
}

/// Asks `ImportKeyMaterial`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct ImportRequest {
    key_id: Option<String>,
    import_token: Option<Blob>,
    encrypted_key_material: Option<Blob>,
    valid_to: Option<Timestamp>,
    expiration_model: Option<String>,
    import_type: Option<String>,
    key_material_id: Option<String>,
}

/// Asks `DeleteImportedKeyMaterial`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct DeleteRequest {
    key_id: Option<String>,
    key_material_id: Option<String>,
}

/// Answers `ImportKeyMaterial` and `DeleteImportedKeyMaterial`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Imported {
    key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_material_id: Option<String>,
}

/// What an import token holds, sealed.
#[derive(Serialize, Deserialize)]
struct Token {
    key: String,
    valid_to: Timestamp,
    algorithm: String,
    private_key: TokenSecret,
}

type TokenSecret = crate::wire::SecretBlob;

/// `GetParametersForImport`. Makes an RSA key, which takes its time.
pub(crate) fn parameters_for_import(
    call: &Call<'_>,
    request: &ParametersRequest,
) -> Result<Parameters, ServiceError> {
    let algorithm = named(&request.wrapping_algorithm, "wrappingAlgorithm", &WRAPPING)?;
    let spec = named(&request.wrapping_key_spec, "wrappingKeySpec", &WRAPPING_SPECS)?;
    if !WRAPPING.contains(&algorithm) || !WRAPPING_SPECS.contains(&spec) {
        return Err(ServiceError::validation("Wrap by RSAES_OAEP_SHA_1 or _256 and an RSA key."));
    }
    let found = call.managed(&request.key_id, "GetParametersForImport")?;
    check_importable(&found)?;
    let private_key = material::generate(spec)?;
    let public_key = DecryptingKey::new(private_key.expose())?.public_key()?;
    let valid_to = call.now.plus_days(TOKEN_DAYS);
    let private_key = crate::wire::SecretBlob(private_key);
    let token =
        Token { key: found.arn.clone(), valid_to, algorithm: algorithm.as_str().to_owned(), private_key };
    Ok(Parameters {
        import_token: Blob(seal_token(call, &token)?),
        public_key: Blob(public_key),
        parameters_valid_to: valid_to,
        key_id: found.arn,
    })
}

/// `ImportKeyMaterial`: once a key had material, only the same material again.
pub(crate) fn import_key_material(
    call: &Call<'_>,
    request: &ImportRequest,
) -> Result<Imported, ServiceError> {
    let valid_to = valid_to(call, request)?;
    let found = call.managed(&request.key_id, "ImportKeyMaterial")?;
    check_importable(&found)?;
    let secret = unwrap(call, request, &found)?;
    let material_id = call.engine.secrets()?.material_id(&found.key.record.id, &secret);
    check_wanted(request, &found, &material_id)?;
    call.engine.change(|state, _| {
        let found = call.by_id(state, &found.key.record.id).ok_or_else(|| gone(&found))?;
        check_importable(&found)?;
        let mut changes = Vec::new();
        changes.extend(put_material(call, &found, &material_id, secret)?);
        let mut key = found.key.as_ref().clone();
        key.record.import = Some(Import { valid_to });
        changes.push(Change::Key(Arc::new(key)));
        Ok((changes, Imported { key_id: found.arn, key_material_id: Some(material_id) }))
    })
}

/// `DeleteImportedKeyMaterial`.
pub(crate) fn delete_imported(call: &Call<'_>, request: &DeleteRequest) -> Result<Imported, ServiceError> {
    let found = call.managed(&request.key_id, "DeleteImportedKeyMaterial")?;
    check_external(&found)?;
    let known = found.materials.record.generations.last().map(|last| last.material_id.clone());
    if request.key_material_id.is_some() && request.key_material_id != known {
        return Err(ServiceError::not_found("The key has no such material."));
    }
    call.engine.change(|state: &State, _| {
        let key: &Arc<Key> =
            state.key(&call.caller.region, &found.key.record.id).ok_or_else(|| gone(&found))?;
        let changes = if key.record.import.is_some() { expire(state, key) } else { Vec::new() };
        Ok((changes, Imported { key_id: found.arn.clone(), key_material_id: known }))
    })
}

const WRAPPING: [EncryptionAlgorithm; 2] =
    [EncryptionAlgorithm::RsaesOaepSha1, EncryptionAlgorithm::RsaesOaepSha256];
const WRAPPING_SPECS: [KeySpec; 3] = [KeySpec::Rsa2048, KeySpec::Rsa3072, KeySpec::Rsa4096];

fn check_importable(found: &Found) -> Result<(), ServiceError> {
    check_external(found)?;
    check_not_deleted(found)
}

fn check_external(found: &Found) -> Result<(), ServiceError> {
    match found.key.record.origin {
        Origin::External => Ok(()),
        Origin::Kms => {
            let message = format!("{} origin is AWS_KMS which is not valid for this operation.", found.arn);
            Err(ServiceError::unsupported(message))
        }
    }
}

/// When the material expires: by default it does, and then the time must be said.
fn valid_to(call: &Call<'_>, request: &ImportRequest) -> Result<Option<Timestamp>, ServiceError> {
    match (request.expiration_model.as_deref().unwrap_or("KEY_MATERIAL_EXPIRES"), request.valid_to) {
        ("KEY_MATERIAL_EXPIRES", Some(at)) if at > call.now && at <= call.now.plus_days(MAX_VALID_DAYS) => {
            Ok(Some(at))
        }
        ("KEY_MATERIAL_EXPIRES", _) => {
            Err(ServiceError::validation("ValidTo must be a time within the next 365 days."))
        }
        ("KEY_MATERIAL_DOES_NOT_EXPIRE", None) => Ok(None),
        ("KEY_MATERIAL_DOES_NOT_EXPIRE", Some(_)) => {
            Err(ServiceError::validation("Material that does not expire has no ValidTo."))
        }
        _ => Err(ServiceError::validation(
            "ExpirationModel is KEY_MATERIAL_EXPIRES or KEY_MATERIAL_DOES_NOT_EXPIRE.",
        )),
    }
}

/// The key material, out of its wrapping.
fn unwrap(call: &Call<'_>, request: &ImportRequest, found: &Found) -> Result<SecretBytes, ServiceError> {
    let wrapped = &required(&request.encrypted_key_material, "encryptedKeyMaterial")?.0;
    length(wrapped.len(), "encryptedKeyMaterial", 1, MAX_BLOB)?;
    let token = open_token(call, &required(&request.import_token, "importToken")?.0, &found.arn)?;
    let algorithm = token.algorithm.parse().map_err(|_| invalid_token())?;
    let key = DecryptingKey::new(token.private_key.0.expose())?;
    let secret = key.decrypt(algorithm, wrapped).map_err(|_| ServiceError::invalid_ciphertext())?;
    match material::secret_len(found.key.record.spec) == Some(secret.len()) {
        true => Ok(secret),
        false => Err(incorrect("The key material is not as long as its key spec wants it.")),
    }
}

fn check_wanted(request: &ImportRequest, found: &Found, material_id: &str) -> Result<(), ServiceError> {
    if request.key_material_id.as_deref().is_some_and(|wanted| wanted != material_id) {
        return Err(incorrect("The key material is not the one of this KeyMaterialId."));
    }
    let first = found.materials.record.generations.is_empty();
    match request.import_type.as_deref() {
        Some("NEW_KEY_MATERIAL") if !first => {
            Err(ServiceError::unsupported("The embedded KMS takes one imported material a key."))
        }
        Some("EXISTING_KEY_MATERIAL") | None if !first => Ok(()),
        None | Some("NEW_KEY_MATERIAL") => Ok(()),
        _ => Err(ServiceError::validation("ImportType does not fit the key, which has no material yet.")),
    }
}

/// The change that brings the material in, unless a replica has it already.
fn put_material(
    call: &Call<'_>,
    found: &Found,
    material_id: &str,
    secret: SecretBytes,
) -> Result<Option<Change>, ServiceError> {
    let set = &found.materials;
    let known = set.record.generations.last();
    if known.is_some_and(|known| known.material_id != material_id) {
        return Err(incorrect("The key material differs from the material that the key had before."));
    }
    if set.current().is_some() {
        return Ok(None);
    }
    let mut next = MaterialSet { record: set.record.clone(), loaded: set.loaded.clone() };
    let number = known.map_or(0, |known| known.number);
    if known.is_none() {
        let material_id = material_id.to_owned();
        next.record.generations.push(Generation { number, material_id, since: call.now, rotation: None });
    }
    let loaded = KeyMaterial::load(set.record.spec, set.record.usage, &secret)?;
    next.loaded.push((number, Arc::new(loaded)));
    Ok(Some(Change::Materials(Arc::new(next), Some((number, secret)))))
}

fn seal_token(call: &Call<'_>, token: &Token) -> Result<Vec<u8>, ServiceError> {
    let plain = crate::wire::write(token)?;
    let iv: [u8; IV_LEN] = random_array()?;
    let mut sealed = iv.to_vec();
    sealed.extend(call.engine.secrets()?.import_tokens.seal(iv, TOKEN_LABEL, plain.expose())?);
    Ok(sealed)
}

fn open_token(call: &Call<'_>, sealed: &[u8], arn: &str) -> Result<Token, ServiceError> {
    let (iv, sealed) = sealed.split_first_chunk::<IV_LEN>().ok_or_else(invalid_token)?;
    let key = &call.engine.secrets()?.import_tokens;
    let plain = key.open(*iv, TOKEN_LABEL, sealed).map_err(|_| invalid_token())?;
    let token: Token = serde_json::from_slice(plain.expose()).map_err(|_| invalid_token())?;
    match (token.key == arn, token.valid_to > call.now) {
        (false, _) => Err(invalid_token()),
        (true, false) => {
            Err(ServiceError::new("ExpiredImportTokenException", "The import token has expired."))
        }
        (true, true) => Ok(token),
    }
}

fn invalid_token() -> ServiceError {
    ServiceError::new("InvalidImportTokenException", "The import token is not for this key.")
}

fn incorrect(message: &str) -> ServiceError {
    ServiceError::new("IncorrectKeyMaterialException", message)
}

fn gone(found: &Found) -> ServiceError {
    ServiceError::not_found(format!("Key '{}' does not exist", found.arn))
}
