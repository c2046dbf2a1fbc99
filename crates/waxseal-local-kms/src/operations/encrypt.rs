//! Encrypt, Decrypt, ReEncrypt.

use serde::Serialize;
use waxseal_crypto::SecretBytes;
use waxseal_format::EncryptionContext;
use waxseal_kms::client::{
    CiphertextResponse, DecryptRequest, DecryptResponse, EncryptRequest, EncryptionAlgorithm, KeyUsage,
    ReEncryptRequest, ReEncryptResponse,
};

use super::call::{Call, Found, check_usable};
use super::permission::Wish;
use crate::ServiceError;
use crate::ciphertext::{self, Under};
use crate::engine::Generation;
use crate::material::{DecryptingKey, KeyMaterial, SymmetricKey};
use crate::wire::{Blob, SecretBlob, length, name};

const MAX_PLAINTEXT: usize = 4096;
const MAX_CIPHERTEXT: usize = 6144;
const MAX_CONTEXT: usize = 8192;

/// Answers `Encrypt`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Encrypted {
    ciphertext_blob: Blob,
    key_id: String,
    #[serde(with = "name")]
    encryption_algorithm: EncryptionAlgorithm,
    #[serde(skip)]
    material_id: Option<String>,
}

/// Answers `Decrypt`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Decrypted {
    key_id: String,
    plaintext: SecretBlob,
    #[serde(with = "name")]
    encryption_algorithm: EncryptionAlgorithm,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_material_id: Option<String>,
}

/// Answers `ReEncrypt`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ReEncrypted {
    ciphertext_blob: Blob,
    source_key_id: String,
    key_id: String,
    #[serde(with = "name")]
    source_encryption_algorithm: EncryptionAlgorithm,
    #[serde(with = "name")]
    destination_encryption_algorithm: EncryptionAlgorithm,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_key_material_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_key_material_id: Option<String>,
}

/// Who encrypts or decrypts, how, with what context.
struct Part<'a> {
    /// What an error calls the operation.
    operation: &'static str,
    wish: Wish<'a>,
    context: &'a EncryptionContext,
    algorithm: EncryptionAlgorithm,
}

/// `Encrypt`.
pub(crate) fn encrypt(call: &Call<'_>, request: &EncryptRequest<'_>) -> Result<Encrypted, ServiceError> {
    length(request.plaintext.len(), "plaintext", 1, MAX_PLAINTEXT)?;
    let part = Part::new(
        ("Encrypt", "Encrypt"),
        request.encryption_context,
        request.encryption_algorithm,
        request.grant_tokens,
    )?;
    let found = encrypting_key(call, request.key_id, &part)?;
    call.stop_dry_run()?;
    encrypt_under(&found, &part, request.plaintext)
}

/// `Decrypt`.
pub(crate) fn decrypt(call: &Call<'_>, request: &DecryptRequest<'_>) -> Result<Decrypted, ServiceError> {
    let part = Part::new(
        ("Decrypt", "Decrypt"),
        request.encryption_context,
        request.encryption_algorithm,
        request.grant_tokens,
    )?;
    let decrypted = decrypt_part(call, request.key_id, request.ciphertext, &part)?;
    call.stop_dry_run()?;
    Ok(decrypted)
}

/// `ReEncrypt`: two permissions, `kms:ReEncryptFrom` and `kms:ReEncryptTo`.
pub(crate) fn re_encrypt(
    call: &Call<'_>,
    request: &ReEncryptRequest<'_>,
) -> Result<ReEncrypted, ServiceError> {
    call.note_contexts(request.source_encryption_context, request.destination_encryption_context);
    let source = Part::new(
        ("ReEncrypt", "ReEncryptFrom"),
        request.source_encryption_context,
        request.source_encryption_algorithm,
        request.grant_tokens,
    )?;
    let destination = Part::new(
        ("ReEncrypt", "ReEncryptTo"),
        request.destination_encryption_context,
        request.destination_encryption_algorithm,
        request.grant_tokens,
    )?;
    let found = encrypting_key(call, request.destination_key_id, &destination)?;
    let opened = decrypt_part(call, request.source_key_id, request.ciphertext, &source)?;
    call.stop_dry_run()?;
    let encrypted = encrypt_under(&found, &destination, &opened.plaintext.0)?;
    Ok(ReEncrypted {
        ciphertext_blob: encrypted.ciphertext_blob,
        source_key_id: opened.key_id,
        key_id: encrypted.key_id,
        source_encryption_algorithm: source.algorithm,
        destination_encryption_algorithm: destination.algorithm,
        source_key_material_id: opened.key_material_id,
        destination_key_material_id: encrypted.material_id,
    })
}

impl<'a> Part<'a> {
    fn new(
        (operation, action): (&'static str, &'static str),
        context: &'a EncryptionContext,
        algorithm: EncryptionAlgorithm,
        grant_tokens: &'a [String],
    ) -> Result<Self, ServiceError> {
        check_context(context)?;
        let symmetric = algorithm == EncryptionAlgorithm::SymmetricDefault;
        if !symmetric && !context.is_empty() {
            return Err(ServiceError::validation(
                "Encryption context is not supported with asymmetric encryption algorithms.",
            ));
        }
        let mut wish = Wish::to(action).with_grants(grant_tokens);
        wish.context = symmetric.then_some(context);
        let wish = wish.with_fact("kms:encryptionalgorithm", algorithm.as_str());
        Ok(Self { operation, wish, context, algorithm })
    }
}

/// The key that is going to encrypt: usable, and for this.
fn encrypting_key(call: &Call<'_>, identifier: &str, part: &Part<'_>) -> Result<Found, ServiceError> {
    let found = call.usable(identifier, &part.wish)?;
    check_algorithm(&found, part)?;
    Ok(found)
}

fn encrypt_under(found: &Found, part: &Part<'_>, plaintext: &SecretBytes) -> Result<Encrypted, ServiceError> {
    let (generation, material) = found.current()?;
    let (ciphertext, material_id) = match material {
        KeyMaterial::Symmetric(key) => {
            let blob = seal_symmetric(found, generation, key, part.context, plaintext.expose())?;
            (blob, Some(generation.material_id.clone()))
        }
        KeyMaterial::RsaEncrypt(key) => (encrypt_rsa(key, part.algorithm, plaintext)?, None),
        _ => return Err(wrong_usage(found, part.operation)),
    };
    Ok(Encrypted {
        ciphertext_blob: Blob(ciphertext),
        key_id: found.arn.clone(),
        encryption_algorithm: part.algorithm,
        material_id,
    })
}

fn encrypt_rsa(
    key: &DecryptingKey,
    algorithm: EncryptionAlgorithm,
    plaintext: &SecretBytes,
) -> Result<Vec<u8>, ServiceError> {
    let max = key.wrapping().max_plaintext(algorithm)?;
    if plaintext.len() > max {
        return Err(ServiceError::validation(format!(
            "Algorithm {algorithm} and key spec cannot encrypt data larger than {max} bytes."
        )));
    }
    Ok(key.wrapping().encrypt(algorithm, plaintext)?)
}

fn decrypt_part(
    call: &Call<'_>,
    key_id: Option<&str>,
    blob: &[u8],
    part: &Part<'_>,
) -> Result<Decrypted, ServiceError> {
    length(blob.len(), "ciphertextBlob", 1, MAX_CIPHERTEXT)?;
    match part.algorithm {
        EncryptionAlgorithm::SymmetricDefault => decrypt_symmetric(call, key_id, blob, part),
        _ => decrypt_rsa(call, key_id, blob, part),
    }
}

fn decrypt_symmetric(
    call: &Call<'_>,
    key_id: Option<&str>,
    blob: &[u8],
    part: &Part<'_>,
) -> Result<Decrypted, ServiceError> {
    let parsed = ciphertext::parse(blob);
    let found = decrypting_key(call, key_id, parsed.as_ref().map(|parsed| &parsed.under), part)?;
    let parsed = parsed.ok_or_else(ServiceError::invalid_ciphertext)?;
    let (generation, material) =
        found.materials.generation(parsed.under.generation).ok_or_else(ServiceError::invalid_ciphertext)?;
    let KeyMaterial::Symmetric(key) = material else {
        return Err(ServiceError::invalid_ciphertext());
    };
    let plaintext = parsed.open(key, part.context).map_err(|_| ServiceError::invalid_ciphertext())?;
    Ok(Decrypted {
        plaintext: SecretBlob(plaintext),
        encryption_algorithm: part.algorithm,
        key_material_id: Some(generation.material_id.clone()),
        key_id: found.arn.clone(),
    })
}

/// The key that is going to decrypt: the one that was named, or the ciphertext's own. A ciphertext
/// that names another key of this KMS than the caller did is under a wrong key; one that names none
/// is no ciphertext.
fn decrypting_key(
    call: &Call<'_>,
    key_id: Option<&str>,
    under: Option<&Under>,
    part: &Part<'_>,
) -> Result<Found, ServiceError> {
    let Some(identifier) = key_id else {
        let under = under.ok_or_else(ServiceError::invalid_ciphertext)?;
        let known = call.engine.state().key(&call.caller.region, &under.key_id).is_some();
        return match known {
            true => call.usable(&call.key_arn(&under.key_id), &part.wish),
            false => Err(ServiceError::invalid_ciphertext()),
        };
    };
    let found = encrypting_key(call, identifier, part)?;
    let under = under.ok_or_else(ServiceError::invalid_ciphertext)?;
    if under.key_id == found.key.record.id {
        return Ok(found);
    }
    match call.engine.state().materials.contains_key(&under.key_id) {
        true => Err(ServiceError::new(
            "IncorrectKeyException",
            "The key ID in the request does not identify a CMK that can perform this operation.",
        )),
        false => Err(ServiceError::invalid_ciphertext()),
    }
}

fn decrypt_rsa(
    call: &Call<'_>,
    key_id: Option<&str>,
    blob: &[u8],
    part: &Part<'_>,
) -> Result<Decrypted, ServiceError> {
    let identifier = key_id.ok_or_else(|| {
        ServiceError::validation("A KeyId is required with asymmetric encryption algorithms.")
    })?;
    let found = encrypting_key(call, identifier, part)?;
    let (_, KeyMaterial::RsaEncrypt(key)) = found.current()? else {
        return Err(wrong_usage(&found, part.operation));
    };
    let plaintext = key.decrypt(part.algorithm, blob).map_err(|_| ServiceError::invalid_ciphertext())?;
    Ok(Decrypted {
        plaintext: SecretBlob(plaintext),
        encryption_algorithm: part.algorithm,
        key_material_id: None,
        key_id: found.arn.clone(),
    })
}

/// A key to encrypt by this algorithm: of this usage, and of a spec that has it.
fn check_algorithm(found: &Found, part: &Part<'_>) -> Result<(), ServiceError> {
    if found.key.record.usage != KeyUsage::EncryptDecrypt {
        return Err(wrong_usage(found, part.operation));
    }
    let (_, material) = found.current()?;
    let symmetric = part.algorithm == EncryptionAlgorithm::SymmetricDefault;
    match symmetric == matches!(material, KeyMaterial::Symmetric(_)) {
        true => Ok(()),
        false => Err(ServiceError::new(
            "InvalidKeyUsageException",
            format!("Algorithm {} is incompatible with key spec {}.", part.algorithm, found.key.record.spec),
        )),
    }
}

/// The current material of a key that must be symmetric.
pub(crate) fn symmetric<'f>(
    found: &'f Found,
    operation: &str,
) -> Result<(&'f Generation, &'f SymmetricKey), ServiceError> {
    check_usable(found)?;
    match found.current()? {
        (generation, KeyMaterial::Symmetric(key)) => Ok((generation, key)),
        _ => Err(wrong_usage(found, operation)),
    }
}

/// A ciphertext under one material of a key.
pub(crate) fn seal_symmetric(
    found: &Found,
    generation: &Generation,
    key: &SymmetricKey,
    context: &EncryptionContext,
    plaintext: &[u8],
) -> Result<Vec<u8>, ServiceError> {
    let under = Under { key_id: found.key.record.id.clone(), generation: generation.number };
    Ok(ciphertext::seal(&under, key, context, plaintext)?)
}

pub(crate) fn wrong_usage(found: &Found, operation: &str) -> ServiceError {
    let (arn, usage) = (&found.arn, found.key.record.usage);
    let message = format!("{arn} key usage is {usage} which is not valid for {operation}.");
    ServiceError::new("InvalidKeyUsageException", message)
}

/// AWS takes a context of 8192 characters.
pub(crate) fn check_context(context: &EncryptionContext) -> Result<(), ServiceError> {
    let len: usize = context.iter().map(|(key, value)| key.len().saturating_add(value.len())).sum();
    match len > MAX_CONTEXT {
        true => Err(ServiceError::validation("The encryption context has more than 8192 characters.")),
        false => Ok(()),
    }
}

impl From<Encrypted> for CiphertextResponse {
    fn from(answer: Encrypted) -> Self {
        Self { key_id: answer.key_id, ciphertext: answer.ciphertext_blob.0 }
    }
}

impl From<Decrypted> for DecryptResponse {
    fn from(answer: Decrypted) -> Self {
        Self { key_id: answer.key_id, plaintext: answer.plaintext.0 }
    }
}

impl From<ReEncrypted> for ReEncryptResponse {
    fn from(answer: ReEncrypted) -> Self {
        Self {
            source_key_id: answer.source_key_id,
            key_id: answer.key_id,
            ciphertext: answer.ciphertext_blob.0,
        }
    }
}
