//! Data keys, and random bytes.

use serde::Serialize;
use waxseal_kms::client::{CiphertextResponse, GenerateDataKeyRequest, GenerateDataKeyResponse};

use super::call::{Call, Wish};
use super::encrypt::{check_context, seal_symmetric, symmetric};
use crate::ServiceError;
use crate::material::random;
use crate::wire::{Blob, SecretBlob};

const MAX_BYTES: usize = 1024;

/// A data key, plaintext and wrapped.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DataKey {
    ciphertext_blob: Blob,
    #[serde(skip_serializing_if = "Option::is_none")]
    plaintext: Option<SecretBlob>,
    key_id: String,
    key_material_id: String,
}

/// `GenerateDataKey`.
pub(crate) fn generate_data_key(
    call: &Call<'_>,
    request: &GenerateDataKeyRequest<'_>,
) -> Result<DataKey, ServiceError> {
    data_key(call, request, "GenerateDataKey")
}

/// `GenerateDataKeyWithoutPlaintext`.
pub(crate) fn generate_data_key_without_plaintext(
    call: &Call<'_>,
    request: &GenerateDataKeyRequest<'_>,
) -> Result<DataKey, ServiceError> {
    let with = data_key(call, request, "GenerateDataKeyWithoutPlaintext")?;
    Ok(DataKey { plaintext: None, ..with })
}

fn data_key(
    call: &Call<'_>,
    request: &GenerateDataKeyRequest<'_>,
    operation: &'static str,
) -> Result<DataKey, ServiceError> {
    if request.number_of_bytes == 0 || request.number_of_bytes > MAX_BYTES {
        return Err(ServiceError::validation("NumberOfBytes must be between 1 and 1024."));
    }
    check_context(request.encryption_context)?;
    let wish = Wish::to(operation).with_context(request.encryption_context).with_grants(request.grant_tokens);
    let found = call.usable(request.key_id, &wish)?;
    let (generation, key) = symmetric(&found, operation)?;
    call.stop_dry_run()?;
    let plaintext = random(request.number_of_bytes)?;
    let ciphertext = seal_symmetric(&found, generation, key, request.encryption_context, plaintext.expose())?;
    Ok(DataKey {
        ciphertext_blob: Blob(ciphertext),
        plaintext: Some(SecretBlob(plaintext)),
        key_material_id: generation.material_id.clone(),
        key_id: found.arn,
    })
}

impl TryFrom<DataKey> for GenerateDataKeyResponse {
    type Error = ServiceError;

    fn try_from(answer: DataKey) -> Result<Self, ServiceError> {
        let missing = || ServiceError::internal("a data key without its plaintext");
        Ok(Self {
            key_id: answer.key_id,
            plaintext: answer.plaintext.ok_or_else(missing)?.0,
            ciphertext: answer.ciphertext_blob.0,
        })
    }
}

impl From<DataKey> for CiphertextResponse {
    fn from(answer: DataKey) -> Self {
        Self { key_id: answer.key_id, ciphertext: answer.ciphertext_blob.0 }
    }
}
