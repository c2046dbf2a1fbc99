//! Data keys, and random bytes.

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use waxseal_format::EncryptionContext;
use waxseal_kms::client::{
    CiphertextResponse, EncryptionAlgorithm, GenerateDataKeyRequest, GenerateDataKeyResponse, KeySpec,
};

use super::call::Call;
use super::encrypt::{check_context, seal_symmetric, symmetric};
use super::permission::Wish;
use super::requests::context;
use crate::ServiceError;
use crate::material::{self, random};
use crate::wire::{Blob, Pairs, SecretBlob, grant_tokens, name, named, no_recipient, number_in, required};

const MAX_BYTES: usize = 1024;

const PAIR_SPECS: &[KeySpec] = &[
    KeySpec::Rsa2048,
    KeySpec::Rsa3072,
    KeySpec::Rsa4096,
    KeySpec::EccNistP256,
    KeySpec::EccNistP384,
    KeySpec::EccNistP521,
];

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
    let wish = wish(operation, request.encryption_context, request.grant_tokens);
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

fn wish<'a>(operation: &'static str, context: &'a EncryptionContext, tokens: &'a [String]) -> Wish<'a> {
    let algorithm = EncryptionAlgorithm::SymmetricDefault.as_str();
    let wish = Wish::to(operation).with_context(context).with_grants(tokens);
    wish.with_fact("kms:encryptionalgorithm", algorithm)
}

/// Asks `GenerateDataKeyPair` and `GenerateDataKeyPairWithoutPlaintext`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct PairRequest {
    key_id: Option<String>,
    key_pair_spec: Option<String>,
    encryption_context: Option<Pairs>,
    grant_tokens: Option<Vec<String>>,
    recipient: Option<IgnoredAny>,
    dry_run: Option<bool>,
}

/// A key pair for use outside of KMS, its private key wrapped.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Pair {
    private_key_ciphertext_blob: Blob,
    /// DER of a PKCS#8 document.
    #[serde(skip_serializing_if = "Option::is_none")]
    private_key_plaintext: Option<SecretBlob>,
    public_key: Blob,
    key_id: String,
    #[serde(with = "name")]
    key_pair_spec: KeySpec,
    key_material_id: String,
}

/// Asks `GenerateRandom`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct RandomRequest {
    number_of_bytes: Option<i64>,
    custom_key_store_id: Option<IgnoredAny>,
    recipient: Option<IgnoredAny>,
}

/// Answers `GenerateRandom`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RandomBytes {
    plaintext: SecretBlob,
}

/// `GenerateDataKeyPair`. RSA takes its time.
pub(crate) fn generate_pair(call: &Call<'_>, request: &PairRequest) -> Result<Pair, ServiceError> {
    pair(call, request, "GenerateDataKeyPair")
}

/// `GenerateDataKeyPairWithoutPlaintext`.
pub(crate) fn generate_pair_without_plaintext(
    call: &Call<'_>,
    request: &PairRequest,
) -> Result<Pair, ServiceError> {
    let with = pair(call, request, "GenerateDataKeyPairWithoutPlaintext")?;
    Ok(Pair { private_key_plaintext: None, ..with })
}

/// `GenerateRandom`.
pub(crate) fn generate_random(call: &Call<'_>, request: &RandomRequest) -> Result<RandomBytes, ServiceError> {
    call.check_account("GenerateRandom")?;
    no_recipient(request.recipient.as_ref())?;
    if request.custom_key_store_id.is_some() {
        return Err(ServiceError::unsupported("The embedded KMS has no custom key stores."));
    }
    let len = number_in(*required(&request.number_of_bytes, "numberOfBytes")?, "numberOfBytes", 1, 1024)?;
    Ok(RandomBytes { plaintext: SecretBlob(random(usize::try_from(len).unwrap_or_default())?) })
}

fn pair(call: &Call<'_>, request: &PairRequest, operation: &'static str) -> Result<Pair, ServiceError> {
    no_recipient(request.recipient.as_ref())?;
    call.dry_run(request.dry_run);
    let spec = named(&request.key_pair_spec, "keyPairSpec", PAIR_SPECS)?;
    if !PAIR_SPECS.contains(&spec) {
        return Err(ServiceError::validation(format!("{spec} is no spec of a key pair.")));
    }
    let context = context(&request.encryption_context);
    check_context(&context)?;
    let tokens = grant_tokens(&request.grant_tokens)?;
    let wish = wish(operation, &context, tokens);
    let found = call.usable(required(&request.key_id, "keyId")?, &wish)?;
    let (generation, key) = symmetric(&found, operation)?;
    call.stop_dry_run()?;
    let private_key = material::generate(spec)?;
    let public_key = material::public_key(spec, &private_key)?;
    let wrapped = seal_symmetric(&found, generation, key, &context, private_key.expose())?;
    Ok(Pair {
        private_key_ciphertext_blob: Blob(wrapped),
        private_key_plaintext: Some(SecretBlob(private_key)),
        public_key: Blob(public_key),
        key_pair_spec: spec,
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
