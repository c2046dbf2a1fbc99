//! What pykmssig 0.0.1 wrote: a dictionary of a wrapped data key and a ciphertext under it. It
//! is read only, and only where that is asked for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use waxseal_crypto::{AeadAlgorithm, CryptoProvider, SecretBytes};
use waxseal_kms::ClientSupplier;
use waxseal_kms::client::{DecryptRequest, EncryptionAlgorithm};

use super::{ToVerify, refused};
use crate::{InvalidSignature, SignError};

const NOT_ONE: InvalidSignature =
    InvalidSignature::Form("not {ciphertext, ciphertext_key, iv, tag} of pykmssig 0.0.1 as JSON");

/// The dictionary as JSON, its bytes as base64 text.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Dictionary {
    ciphertext: String,
    ciphertext_key: String,
    iv: String,
    tag: String,
}

pub(super) struct Opened {
    pub(super) key_id: String,
    pub(super) plaintext: SecretBytes,
}

/// Whether these bytes begin like the dictionary. No message does.
pub(super) fn is_one(signature: &[u8]) -> bool {
    signature.trim_ascii_start().first() == Some(&b'{')
}

/// AES-256-GCM with an IV of 12 bytes and no associated data, under a data key of KMS.
pub(super) async fn open(
    crypto: &CryptoProvider,
    supplier: &dyn ClientSupplier,
    request: &ToVerify<'_>,
) -> Result<Opened, SignError> {
    let dictionary: Dictionary = serde_json::from_slice(request.signature).map_err(|_| NOT_ONE)?;
    let iv = bytes(&dictionary.iv)?.try_into().map_err(|_| NOT_ONE)?;
    let tag = bytes(&dictionary.tag)?.try_into().map_err(|_| NOT_ONE)?;
    let ciphertext = bytes(&dictionary.ciphertext)?;
    let (key_id, data_key) = unwrap(supplier, request, &bytes(&dictionary.ciphertext_key)?).await?;
    let key = crypto.aead.key(AeadAlgorithm::Aes256Gcm, data_key.expose());
    let key = key.map_err(|_| InvalidSignature::NotOfThis)?;
    let mut plaintext = SecretBytes::zeroed(ciphertext.len());
    let opened = key.open(&iv, b"", &ciphertext, &tag, plaintext.expose_mut());
    opened.map_err(|_| InvalidSignature::NotOfThis)?;
    Ok(Opened { key_id, plaintext })
}

async fn unwrap(
    supplier: &dyn ClientSupplier,
    request: &ToVerify<'_>,
    wrapped: &[u8],
) -> Result<(String, SecretBytes), SignError> {
    let key = request.kms_key()?;
    let name = key.map_or_else(|| "any key".to_owned(), ToString::to_string);
    let client = supplier.client(key.map(|arn| arn.region())).await;
    let client = client.map_err(|error| SignError::kms(&name, error))?;
    let decrypted = client.decrypt(DecryptRequest {
        key_id: key.map(|_| name.as_str()),
        ciphertext: wrapped,
        encryption_context: request.context,
        encryption_algorithm: EncryptionAlgorithm::SymmetricDefault,
        grant_tokens: &[],
    });
    let decrypted = decrypted.await.map_err(|error| refused(&name, error))?;
    Ok((decrypted.key_id, decrypted.plaintext))
}

fn bytes(base64: &str) -> Result<Vec<u8>, SignError> {
    Ok(STANDARD.decode(base64).map_err(|_| NOT_ONE)?)
}
