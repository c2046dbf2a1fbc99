//! `aws_sdk_kms::Client` as a client of the seam. Retries, time limits, credentials and
//! endpoints are the SDK's own.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_kms::Client;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types;
use waxseal_crypto::SecretBytes;
use waxseal_format::EncryptionContext;

use super::failure::{kms_error, lacks};
use super::names;
use super::user_agent::UserAgentSuffix;
use crate::KmsError;
use crate::client::{
    CiphertextResponse, DecryptRequest, DecryptResponse, DeriveSharedSecretRequest,
    DeriveSharedSecretResponse, EncryptRequest, GenerateDataKeyRequest, GenerateDataKeyResponse,
    GenerateMacRequest, GenerateMacResponse, KeyMetadata, KeyRequest, KmsClient, KmsErrorKind,
    PublicKeyResponse, ReEncryptRequest, ReEncryptResponse, SignRequest, SignResponse, VerifiedResponse,
    VerifyMacRequest, VerifyRequest,
};

/// Sends a request with waxseal's part of the user agent.
macro_rules! send {
    ($request:expr) => {
        $request.customize().interceptor(UserAgentSuffix).send().await.map_err(kms_error)?
    };
}

#[async_trait]
impl KmsClient for Client {
    fn region(&self) -> Option<&str> {
        self.config().region().map(AsRef::as_ref)
    }

    async fn generate_data_key(
        &self,
        request: GenerateDataKeyRequest<'_>,
    ) -> Result<GenerateDataKeyResponse, KmsError> {
        let call = self
            .generate_data_key()
            .key_id(request.key_id)
            .number_of_bytes(number(request.number_of_bytes)?)
            .set_encryption_context(context(request.encryption_context))
            .set_grant_tokens(tokens(request.grant_tokens));
        let answer = send!(call);
        // The secret first, so that it is wiped where another part is missing.
        Ok(GenerateDataKeyResponse {
            plaintext: secret(answer.plaintext)?,
            key_id: text(answer.key_id)?,
            ciphertext: bytes(answer.ciphertext_blob, "CiphertextBlob")?,
        })
    }

    async fn generate_data_key_without_plaintext(
        &self,
        request: GenerateDataKeyRequest<'_>,
    ) -> Result<CiphertextResponse, KmsError> {
        let call = self
            .generate_data_key_without_plaintext()
            .key_id(request.key_id)
            .number_of_bytes(number(request.number_of_bytes)?)
            .set_encryption_context(context(request.encryption_context))
            .set_grant_tokens(tokens(request.grant_tokens));
        let answer = send!(call);
        let ciphertext = bytes(answer.ciphertext_blob, "CiphertextBlob")?;
        Ok(CiphertextResponse { key_id: text(answer.key_id)?, ciphertext })
    }

    async fn encrypt(&self, request: EncryptRequest<'_>) -> Result<CiphertextResponse, KmsError> {
        let call = self
            .encrypt()
            .key_id(request.key_id)
            .plaintext(Blob::new(request.plaintext.expose()))
            .encryption_algorithm(names::encryption(request.encryption_algorithm))
            .set_encryption_context(context(request.encryption_context))
            .set_grant_tokens(tokens(request.grant_tokens));
        let answer = send!(call);
        let ciphertext = bytes(answer.ciphertext_blob, "CiphertextBlob")?;
        Ok(CiphertextResponse { key_id: text(answer.key_id)?, ciphertext })
    }

    async fn decrypt(&self, request: DecryptRequest<'_>) -> Result<DecryptResponse, KmsError> {
        let call = self
            .decrypt()
            .set_key_id(request.key_id.map(str::to_owned))
            .ciphertext_blob(Blob::new(request.ciphertext))
            .encryption_algorithm(names::encryption(request.encryption_algorithm))
            .set_encryption_context(context(request.encryption_context))
            .set_grant_tokens(tokens(request.grant_tokens));
        let answer = send!(call);
        Ok(DecryptResponse { plaintext: secret(answer.plaintext)?, key_id: text(answer.key_id)? })
    }

    async fn re_encrypt(&self, request: ReEncryptRequest<'_>) -> Result<ReEncryptResponse, KmsError> {
        let call = self
            .re_encrypt()
            .ciphertext_blob(Blob::new(request.ciphertext))
            .set_source_key_id(request.source_key_id.map(str::to_owned))
            .set_source_encryption_context(context(request.source_encryption_context))
            .source_encryption_algorithm(names::encryption(request.source_encryption_algorithm))
            .destination_key_id(request.destination_key_id)
            .set_destination_encryption_context(context(request.destination_encryption_context))
            .destination_encryption_algorithm(names::encryption(request.destination_encryption_algorithm))
            .set_grant_tokens(tokens(request.grant_tokens));
        let answer = send!(call);
        Ok(ReEncryptResponse {
            source_key_id: answer.source_key_id.ok_or_else(|| lacks("SourceKeyId"))?,
            key_id: text(answer.key_id)?,
            ciphertext: bytes(answer.ciphertext_blob, "CiphertextBlob")?,
        })
    }

    async fn describe_key(&self, request: KeyRequest<'_>) -> Result<KeyMetadata, KmsError> {
        let call = self.describe_key().key_id(request.key_id).set_grant_tokens(tokens(request.grant_tokens));
        let answer = send!(call);
        metadata(answer.key_metadata.ok_or_else(|| lacks("KeyMetadata"))?)
    }

    async fn get_public_key(&self, request: KeyRequest<'_>) -> Result<PublicKeyResponse, KmsError> {
        let call =
            self.get_public_key().key_id(request.key_id).set_grant_tokens(tokens(request.grant_tokens));
        let answer = send!(call);
        Ok(PublicKeyResponse {
            key_id: text(answer.key_id)?,
            public_key: bytes(answer.public_key, "PublicKey")?,
            key_spec: answer.key_spec.and_then(|spec| spec.as_str().parse().ok()),
            key_usage: answer.key_usage.and_then(|usage| usage.as_str().parse().ok()),
        })
    }

    async fn derive_shared_secret(
        &self,
        request: DeriveSharedSecretRequest<'_>,
    ) -> Result<DeriveSharedSecretResponse, KmsError> {
        let call = self
            .derive_shared_secret()
            .key_id(request.key_id)
            .key_agreement_algorithm(names::agreement(request.key_agreement_algorithm))
            .public_key(Blob::new(request.public_key))
            .set_grant_tokens(tokens(request.grant_tokens));
        let answer = send!(call);
        let shared_secret = answer.shared_secret.ok_or_else(|| lacks("SharedSecret"))?;
        Ok(DeriveSharedSecretResponse {
            shared_secret: SecretBytes::from(shared_secret.into_inner()),
            key_id: text(answer.key_id)?,
        })
    }

    async fn sign(&self, request: SignRequest<'_>) -> Result<SignResponse, KmsError> {
        let call = self
            .sign()
            .key_id(request.key_id)
            .message(Blob::new(request.message))
            .message_type(names::message(request.message_type))
            .signing_algorithm(names::signing(request.signing_algorithm))
            .set_grant_tokens(tokens(request.grant_tokens));
        let answer = send!(call);
        Ok(SignResponse { key_id: text(answer.key_id)?, signature: bytes(answer.signature, "Signature")? })
    }

    async fn verify(&self, request: VerifyRequest<'_>) -> Result<VerifiedResponse, KmsError> {
        let call = self
            .verify()
            .key_id(request.key_id)
            .message(Blob::new(request.message))
            .message_type(names::message(request.message_type))
            .signature(Blob::new(request.signature))
            .signing_algorithm(names::signing(request.signing_algorithm))
            .set_grant_tokens(tokens(request.grant_tokens));
        let answer = send!(call);
        verified(answer.signature_valid, answer.key_id)
    }

    async fn generate_mac(&self, request: GenerateMacRequest<'_>) -> Result<GenerateMacResponse, KmsError> {
        let call = self
            .generate_mac()
            .key_id(request.key_id)
            .message(Blob::new(request.message))
            .mac_algorithm(names::mac(request.mac_algorithm))
            .set_grant_tokens(tokens(request.grant_tokens));
        let answer = send!(call);
        Ok(GenerateMacResponse { key_id: text(answer.key_id)?, mac: bytes(answer.mac, "Mac")? })
    }

    async fn verify_mac(&self, request: VerifyMacRequest<'_>) -> Result<VerifiedResponse, KmsError> {
        let call = self
            .verify_mac()
            .key_id(request.key_id)
            .message(Blob::new(request.message))
            .mac(Blob::new(request.mac))
            .mac_algorithm(names::mac(request.mac_algorithm))
            .set_grant_tokens(tokens(request.grant_tokens));
        let answer = send!(call);
        verified(answer.mac_valid, answer.key_id)
    }
}

fn context(context: &EncryptionContext) -> Option<HashMap<String, String>> {
    (!context.is_empty()).then(|| context.iter().map(|(key, value)| (key.clone(), value.clone())).collect())
}

fn tokens(tokens: &[String]) -> Option<Vec<String>> {
    (!tokens.is_empty()).then(|| tokens.to_vec())
}

fn number(bytes: usize) -> Result<i32, KmsError> {
    let too_many = |_| KmsError::new(KmsErrorKind::InvalidRequest, "more bytes than KMS gives out");
    i32::try_from(bytes).map_err(too_many)
}

fn text(key_id: Option<String>) -> Result<String, KmsError> {
    key_id.ok_or_else(|| lacks("KeyId"))
}

fn bytes(blob: Option<Blob>, part: &str) -> Result<Vec<u8>, KmsError> {
    blob.map(Blob::into_inner).ok_or_else(|| lacks(part))
}

fn secret(plaintext: Option<Blob>) -> Result<SecretBytes, KmsError> {
    Ok(SecretBytes::from(bytes(plaintext, "Plaintext")?))
}

fn verified(valid: bool, key_id: Option<String>) -> Result<VerifiedResponse, KmsError> {
    match valid {
        true => Ok(VerifiedResponse { key_id: text(key_id)? }),
        false => Err(KmsError::new(KmsErrorKind::InvalidSignature, "")),
    }
}

fn metadata(found: types::KeyMetadata) -> Result<KeyMetadata, KmsError> {
    Ok(KeyMetadata {
        arn: found.arn.ok_or_else(|| lacks("Arn"))?,
        key_id: found.key_id,
        key_spec: found.key_spec.and_then(|spec| spec.as_str().parse().ok()),
        key_usage: found.key_usage.and_then(|usage| usage.as_str().parse().ok()),
        key_state: found.key_state.and_then(|state| state.as_str().parse().ok()),
        multi_region: found.multi_region.unwrap_or_default(),
        description: found.description.unwrap_or_default(),
    })
}
