//! The requests of the seam's operations, as JSON has them.

use serde::Deserialize;
use serde::de::IgnoredAny;
use waxseal_crypto::SecretBytes;
use waxseal_format::EncryptionContext;
use waxseal_kms::client::{
    DecryptRequest, DeriveSharedSecretRequest, EncryptRequest, EncryptionAlgorithm, GenerateDataKeyRequest,
    GenerateMacRequest, KeyAgreementAlgorithm, KeyRequest, MacAlgorithm, MessageType, ReEncryptRequest,
    SignRequest, SigningAlgorithm, VerifyMacRequest, VerifyRequest,
};

use super::call::Call;
use crate::ServiceError;
use crate::wire::{Blob, Pairs, SecretBlob, grant_tokens, named, named_or, no_recipient, required};

/// Members of every operation that uses a key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct UseKey {
    key_id: Option<String>,
    grant_tokens: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct UseDataKey {
    key_id: Option<String>,
    encryption_context: Option<Pairs>,
    number_of_bytes: Option<i64>,
    key_spec: Option<String>,
    grant_tokens: Option<Vec<String>>,
    recipient: Option<IgnoredAny>,
    dry_run: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct UseEncrypt {
    key_id: Option<String>,
    plaintext: Option<SecretBlob>,
    encryption_context: Option<Pairs>,
    encryption_algorithm: Option<String>,
    grant_tokens: Option<Vec<String>>,
    dry_run: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct UseDecrypt {
    key_id: Option<String>,
    ciphertext_blob: Option<Blob>,
    encryption_context: Option<Pairs>,
    encryption_algorithm: Option<String>,
    grant_tokens: Option<Vec<String>>,
    recipient: Option<IgnoredAny>,
    dry_run: Option<bool>,
    dry_run_modifiers: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct UseReEncrypt {
    ciphertext_blob: Option<Blob>,
    source_key_id: Option<String>,
    source_encryption_context: Option<Pairs>,
    source_encryption_algorithm: Option<String>,
    destination_key_id: Option<String>,
    destination_encryption_context: Option<Pairs>,
    destination_encryption_algorithm: Option<String>,
    grant_tokens: Option<Vec<String>>,
    dry_run: Option<bool>,
    dry_run_modifiers: Option<IgnoredAny>,
}

impl UseKey {
    pub(crate) fn with<T>(
        &self,
        work: impl FnOnce(&KeyRequest<'_>) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        work(&KeyRequest {
            key_id: required(&self.key_id, "keyId")?,
            grant_tokens: grant_tokens(&self.grant_tokens)?,
        })
    }
}

impl UseDataKey {
    pub(crate) fn with<T>(
        &self,
        call: &Call<'_>,
        work: impl FnOnce(&Call<'_>, &GenerateDataKeyRequest<'_>) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        no_recipient(self.recipient.as_ref())?;
        call.dry_run(self.dry_run);
        let context = context(&self.encryption_context);
        let request = GenerateDataKeyRequest {
            key_id: required(&self.key_id, "keyId")?,
            number_of_bytes: self.number_of_bytes()?,
            encryption_context: &context,
            grant_tokens: grant_tokens(&self.grant_tokens)?,
        };
        work(call, &request)
    }

    /// Said by a number or by a spec, and not by both.
    fn number_of_bytes(&self) -> Result<usize, ServiceError> {
        match (self.number_of_bytes, self.key_spec.as_deref()) {
            (None, Some("AES_256")) => Ok(32),
            (None, Some("AES_128")) => Ok(16),
            (Some(number), None) => Ok(usize::try_from(number).unwrap_or_default()),
            (None, Some(_)) => Err(ServiceError::validation(
                "1 validation error detected: Value at 'keySpec' failed to satisfy constraint: \
                 Member must satisfy enum value set: [AES_256, AES_128]",
            )),
            _ => Err(ServiceError::validation("Please specify either number of bytes or key spec.")),
        }
    }
}

impl UseEncrypt {
    pub(crate) fn with<T>(
        &self,
        call: &Call<'_>,
        work: impl FnOnce(&Call<'_>, &EncryptRequest<'_>) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        call.dry_run(self.dry_run);
        let context = context(&self.encryption_context);
        let request = EncryptRequest {
            key_id: required(&self.key_id, "keyId")?,
            plaintext: self.plaintext()?,
            encryption_context: &context,
            encryption_algorithm: algorithm(&self.encryption_algorithm, "encryptionAlgorithm")?,
            grant_tokens: grant_tokens(&self.grant_tokens)?,
        };
        work(call, &request)
    }

    fn plaintext(&self) -> Result<&SecretBytes, ServiceError> {
        Ok(&required(&self.plaintext, "plaintext")?.0)
    }
}

impl UseDecrypt {
    pub(crate) fn with<T>(
        &self,
        call: &Call<'_>,
        work: impl FnOnce(&Call<'_>, &DecryptRequest<'_>) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        no_recipient(self.recipient.as_ref())?;
        no_modifiers(self.dry_run_modifiers.as_ref())?;
        call.dry_run(self.dry_run);
        let context = context(&self.encryption_context);
        let request = DecryptRequest {
            key_id: self.key_id.as_deref(),
            ciphertext: &required(&self.ciphertext_blob, "ciphertextBlob")?.0,
            encryption_context: &context,
            encryption_algorithm: algorithm(&self.encryption_algorithm, "encryptionAlgorithm")?,
            grant_tokens: grant_tokens(&self.grant_tokens)?,
        };
        work(call, &request)
    }
}

impl UseReEncrypt {
    pub(crate) fn with<T>(
        &self,
        call: &Call<'_>,
        work: impl FnOnce(&Call<'_>, &ReEncryptRequest<'_>) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        no_modifiers(self.dry_run_modifiers.as_ref())?;
        call.dry_run(self.dry_run);
        let source = context(&self.source_encryption_context);
        let destination = context(&self.destination_encryption_context);
        let request = ReEncryptRequest {
            ciphertext: &required(&self.ciphertext_blob, "ciphertextBlob")?.0,
            source_key_id: self.source_key_id.as_deref(),
            source_encryption_context: &source,
            source_encryption_algorithm: algorithm(
                &self.source_encryption_algorithm,
                "sourceEncryptionAlgorithm",
            )?,
            destination_key_id: required(&self.destination_key_id, "destinationKeyId")?,
            destination_encryption_context: &destination,
            destination_encryption_algorithm: algorithm(
                &self.destination_encryption_algorithm,
                "destinationEncryptionAlgorithm",
            )?,
            grant_tokens: grant_tokens(&self.grant_tokens)?,
        };
        work(call, &request)
    }
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct UseSign {
    key_id: Option<String>,
    message: Option<Blob>,
    message_type: Option<String>,
    signing_algorithm: Option<String>,
    grant_tokens: Option<Vec<String>>,
    dry_run: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct UseVerify {
    key_id: Option<String>,
    message: Option<Blob>,
    message_type: Option<String>,
    signature: Option<Blob>,
    signing_algorithm: Option<String>,
    grant_tokens: Option<Vec<String>>,
    dry_run: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct UseMac {
    key_id: Option<String>,
    message: Option<Blob>,
    mac_algorithm: Option<String>,
    mac: Option<Blob>,
    grant_tokens: Option<Vec<String>>,
    dry_run: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct UseAgree {
    key_id: Option<String>,
    key_agreement_algorithm: Option<String>,
    public_key: Option<Blob>,
    grant_tokens: Option<Vec<String>>,
    recipient: Option<IgnoredAny>,
    dry_run: Option<bool>,
}

impl UseSign {
    pub(crate) fn with<T>(
        &self,
        call: &Call<'_>,
        work: impl FnOnce(&Call<'_>, &SignRequest<'_>) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        call.dry_run(self.dry_run);
        let request = SignRequest {
            key_id: required(&self.key_id, "keyId")?,
            message: &required(&self.message, "message")?.0,
            message_type: named_or(&self.message_type, "messageType", MessageType::ALL, MessageType::Raw)?,
            signing_algorithm: named(&self.signing_algorithm, "signingAlgorithm", SigningAlgorithm::ALL)?,
            grant_tokens: grant_tokens(&self.grant_tokens)?,
        };
        work(call, &request)
    }
}

impl UseVerify {
    pub(crate) fn with<T>(
        &self,
        call: &Call<'_>,
        work: impl FnOnce(&Call<'_>, &VerifyRequest<'_>) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        call.dry_run(self.dry_run);
        let request = VerifyRequest {
            key_id: required(&self.key_id, "keyId")?,
            message: &required(&self.message, "message")?.0,
            message_type: named_or(&self.message_type, "messageType", MessageType::ALL, MessageType::Raw)?,
            signature: &required(&self.signature, "signature")?.0,
            signing_algorithm: named(&self.signing_algorithm, "signingAlgorithm", SigningAlgorithm::ALL)?,
            grant_tokens: grant_tokens(&self.grant_tokens)?,
        };
        work(call, &request)
    }
}

impl UseMac {
    pub(crate) fn generate<T>(
        &self,
        call: &Call<'_>,
        work: impl FnOnce(&Call<'_>, &GenerateMacRequest<'_>) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        call.dry_run(self.dry_run);
        let request = GenerateMacRequest {
            key_id: required(&self.key_id, "keyId")?,
            message: &required(&self.message, "message")?.0,
            mac_algorithm: named(&self.mac_algorithm, "macAlgorithm", MacAlgorithm::ALL)?,
            grant_tokens: grant_tokens(&self.grant_tokens)?,
        };
        work(call, &request)
    }

    pub(crate) fn verify<T>(
        &self,
        call: &Call<'_>,
        work: impl FnOnce(&Call<'_>, &VerifyMacRequest<'_>) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        self.generate(call, |call, generate| {
            let request = VerifyMacRequest {
                key_id: generate.key_id,
                message: generate.message,
                mac: &required(&self.mac, "mac")?.0,
                mac_algorithm: generate.mac_algorithm,
                grant_tokens: generate.grant_tokens,
            };
            work(call, &request)
        })
    }
}

impl UseAgree {
    pub(crate) fn with<T>(
        &self,
        call: &Call<'_>,
        work: impl FnOnce(&Call<'_>, &DeriveSharedSecretRequest<'_>) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        no_recipient(self.recipient.as_ref())?;
        call.dry_run(self.dry_run);
        let request = DeriveSharedSecretRequest {
            key_id: required(&self.key_id, "keyId")?,
            key_agreement_algorithm: named(
                &self.key_agreement_algorithm,
                "keyAgreementAlgorithm",
                KeyAgreementAlgorithm::ALL,
            )?,
            public_key: &required(&self.public_key, "publicKey")?.0,
            grant_tokens: grant_tokens(&self.grant_tokens)?,
        };
        work(call, &request)
    }
}

pub(super) fn context(pairs: &Option<Pairs>) -> EncryptionContext {
    pairs.clone().unwrap_or_default().0.into()
}

fn algorithm(name: &Option<String>, member: &str) -> Result<EncryptionAlgorithm, ServiceError> {
    named_or(name, member, EncryptionAlgorithm::ALL, EncryptionAlgorithm::SymmetricDefault)
}

fn no_modifiers(modifiers: Option<&IgnoredAny>) -> Result<(), ServiceError> {
    match modifiers {
        Some(_) => Err(ServiceError::unsupported("The embedded KMS knows no DryRunModifiers.")),
        None => Ok(()),
    }
}
