//! Sign, Verify, GetPublicKey.

use std::borrow::Cow;

use aws_lc_rs::digest::{self, Digest, SHA256, SHA384, SHA512};
use serde::Serialize;
use waxseal_kms::client::{
    KeyRequest, KeySpec, KeyUsage, MessageType, PublicKeyResponse, SignRequest, SignResponse,
    SigningAlgorithm, VerifiedResponse, VerifyRequest,
};

use super::call::{Call, Found};
use super::encrypt::wrong_usage;
use super::metadata::{Algorithms, algorithms, signing_algorithms};
use super::permission::Wish;
use crate::ServiceError;
use crate::material::KeyMaterial;
use crate::wire::{Blob, length, name};

const MAX_MESSAGE: usize = 4096;
const MAX_SIGNATURE: usize = 6144;

/// Answers `Sign`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Signed {
    key_id: String,
    signature: Blob,
    #[serde(with = "name")]
    signing_algorithm: SigningAlgorithm,
}

/// Answers `Verify`: only ever that it is valid.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Verified {
    key_id: String,
    signature_valid: bool,
    #[serde(with = "name")]
    signing_algorithm: SigningAlgorithm,
}

/// Answers `GetPublicKey`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PublicKey {
    key_id: String,
    public_key: Blob,
    #[serde(with = "name")]
    customer_master_key_spec: KeySpec,
    #[serde(with = "name")]
    key_spec: KeySpec,
    #[serde(with = "name")]
    key_usage: KeyUsage,
    #[serde(flatten)]
    algorithms: Algorithms,
}

/// What is signed or verified, by whom, how.
struct Part<'a> {
    operation: &'static str,
    key_id: &'a str,
    message: &'a [u8],
    message_type: MessageType,
    algorithm: SigningAlgorithm,
    grant_tokens: &'a [String],
}

/// `Sign`.
pub(crate) fn sign(call: &Call<'_>, request: &SignRequest<'_>) -> Result<Signed, ServiceError> {
    let part = Part {
        operation: "Sign",
        key_id: request.key_id,
        message: request.message,
        message_type: request.message_type,
        algorithm: request.signing_algorithm,
        grant_tokens: request.grant_tokens,
    };
    let (found, digest) = part.prepare(call)?;
    call.stop_dry_run()?;
    let signature = match found.current()?.1 {
        KeyMaterial::EccSign(key) => key.sign(&digest)?,
        KeyMaterial::RsaSign(key) => key.sign(part.algorithm, &digest)?,
        _ => return Err(wrong_usage(&found, "Sign")),
    };
    Ok(Signed { key_id: found.arn, signature: Blob(signature), signing_algorithm: part.algorithm })
}

/// `Verify`.
pub(crate) fn verify(call: &Call<'_>, request: &VerifyRequest<'_>) -> Result<Verified, ServiceError> {
    let part = Part {
        operation: "Verify",
        key_id: request.key_id,
        message: request.message,
        message_type: request.message_type,
        algorithm: request.signing_algorithm,
        grant_tokens: request.grant_tokens,
    };
    length(request.signature.len(), "signature", 1, MAX_SIGNATURE)?;
    let (found, digest) = part.prepare(call)?;
    let valid = match found.current()?.1 {
        KeyMaterial::EccSign(key) => key.verify(&digest, request.signature),
        KeyMaterial::RsaSign(key) => key.verify(part.algorithm, &digest, request.signature),
        _ => return Err(wrong_usage(&found, "Verify")),
    };
    if !valid {
        return Err(ServiceError::new("KMSInvalidSignatureException", ""));
    }
    call.stop_dry_run()?;
    Ok(Verified { key_id: found.arn, signature_valid: true, signing_algorithm: part.algorithm })
}

/// `GetPublicKey`.
pub(crate) fn get_public_key(call: &Call<'_>, request: &KeyRequest<'_>) -> Result<PublicKey, ServiceError> {
    let wish = Wish::to("GetPublicKey").with_grants(request.grant_tokens);
    let found = call.usable(request.key_id, &wish)?;
    let Some(public_key) = found.current()?.1.public_key() else {
        return Err(ServiceError::unsupported(format!("{} is no asymmetric key.", found.arn)));
    };
    let record = &found.key.record;
    Ok(PublicKey {
        public_key: Blob(public_key?),
        customer_master_key_spec: record.spec,
        key_spec: record.spec,
        key_usage: record.usage,
        algorithms: algorithms(record.spec, record.usage),
        key_id: found.arn,
    })
}

impl Part<'_> {
    /// The key, for this algorithm, and what it signs.
    fn prepare(&self, call: &Call<'_>) -> Result<(Found, Digest), ServiceError> {
        length(self.message.len(), "message", 1, MAX_MESSAGE)?;
        let wish = Wish::to(self.operation)
            .with_grants(self.grant_tokens)
            .with_fact("kms:signingalgorithm", self.algorithm.as_str())
            .with_fact("kms:messagetype", Cow::Borrowed(self.message_type.as_str()));
        let found = call.usable(self.key_id, &wish)?;
        let record = &found.key.record;
        if record.usage != KeyUsage::SignVerify {
            return Err(wrong_usage(&found, self.operation));
        }
        if !signing_algorithms(record.spec).contains(&self.algorithm) {
            let message =
                format!("Algorithm {} is incompatible with key spec {}.", self.algorithm, record.spec);
            return Err(ServiceError::new("InvalidKeyUsageException", message));
        }
        let digest = self.digest()?;
        Ok((found, digest))
    }

    fn digest(&self) -> Result<Digest, ServiceError> {
        let algorithm = hash(self.algorithm);
        if self.message_type == MessageType::Raw {
            return Ok(digest::digest(algorithm, self.message));
        }
        Digest::import_less_safe(self.message, algorithm).map_err(|_| {
            ServiceError::validation(format!("Digest is invalid length for algorithm {}.", self.algorithm))
        })
    }
}

fn hash(algorithm: SigningAlgorithm) -> &'static digest::Algorithm {
    match algorithm {
        SigningAlgorithm::EcdsaSha384
        | SigningAlgorithm::RsassaPssSha384
        | SigningAlgorithm::RsassaPkcs1V15Sha384 => &SHA384,
        SigningAlgorithm::EcdsaSha512
        | SigningAlgorithm::RsassaPssSha512
        | SigningAlgorithm::RsassaPkcs1V15Sha512 => &SHA512,
        _ => &SHA256,
    }
}

impl From<Signed> for SignResponse {
    fn from(answer: Signed) -> Self {
        Self { key_id: answer.key_id, signature: answer.signature.0 }
    }
}

impl From<Verified> for VerifiedResponse {
    fn from(answer: Verified) -> Self {
        Self { key_id: answer.key_id }
    }
}

impl From<PublicKey> for PublicKeyResponse {
    fn from(answer: PublicKey) -> Self {
        Self {
            key_id: answer.key_id,
            public_key: answer.public_key.0,
            key_spec: Some(answer.key_spec),
            key_usage: Some(answer.key_usage),
        }
    }
}
