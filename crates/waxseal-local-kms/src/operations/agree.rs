//! DeriveSharedSecret.

use serde::Serialize;
use waxseal_kms::client::{DeriveSharedSecretRequest, DeriveSharedSecretResponse, KeyAgreementAlgorithm};

use super::call::Call;
use super::encrypt::wrong_usage;
use super::permission::Wish;
use crate::ServiceError;
use crate::engine::Origin;
use crate::material::KeyMaterial;
use crate::wire::{SecretBlob, length, name};

const MAX_PUBLIC_KEY: usize = 8192;

/// Answers `DeriveSharedSecret`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Shared {
    key_id: String,
    shared_secret: SecretBlob,
    #[serde(with = "name")]
    key_agreement_algorithm: KeyAgreementAlgorithm,
    key_origin: Origin,
}

/// `DeriveSharedSecret`.
pub(crate) fn derive_shared_secret(
    call: &Call<'_>,
    request: &DeriveSharedSecretRequest<'_>,
) -> Result<Shared, ServiceError> {
    length(request.public_key.len(), "publicKey", 1, MAX_PUBLIC_KEY)?;
    let wish = Wish::to("DeriveSharedSecret")
        .with_grants(request.grant_tokens)
        .with_fact("kms:keyagreementalgorithm", request.key_agreement_algorithm.as_str());
    let found = call.usable(request.key_id, &wish)?;
    let KeyMaterial::EccAgree(key) = found.current()?.1 else {
        return Err(wrong_usage(&found, "DeriveSharedSecret"));
    };
    let secret = key.agree(request.public_key).map_err(|_| {
        ServiceError::validation(format!(
            "The public key must be a DER-encoded SubjectPublicKeyInfo on the curve of {}.",
            found.key.record.spec
        ))
    })?;
    call.stop_dry_run()?;
    Ok(Shared {
        shared_secret: SecretBlob(secret),
        key_agreement_algorithm: request.key_agreement_algorithm,
        key_origin: found.key.record.origin,
        key_id: found.arn.clone(),
    })
}

impl From<Shared> for DeriveSharedSecretResponse {
    fn from(answer: Shared) -> Self {
        Self { key_id: answer.key_id, shared_secret: answer.shared_secret.0 }
    }
}
