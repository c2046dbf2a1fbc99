//! What keyrings and master keys ask of KMS, and what they check of its answers: the one home of it.
//!
//! Source: `framework/aws-kms/aws-kms-keyring.md`, `aws-kms-mrk-aware-master-key.md`.

use std::sync::Arc;

use waxseal_crypto::SecretBytes;
use waxseal_format::{AlgorithmSuite, EncryptedDataKey, EncryptionContext};
use waxseal_materials::{DataKey, KeyFailure, KeyFailureReason};

use crate::client::{DecryptRequest, EncryptRequest, EncryptionAlgorithm, GenerateDataKeyRequest, KmsClient};
use crate::{AwsKmsArn, AwsKmsIdentifier, KmsError};

/// The provider id of data keys under symmetric KMS keys.
pub(crate) const PROVIDER_ID: &str = "aws-kms";

/// A client, and what goes with every call.
#[derive(Clone, Debug)]
pub(crate) struct Calls {
    pub(crate) client: Arc<dyn KmsClient>,
    pub(crate) grant_tokens: Vec<String>,
}

impl Calls {
    pub(crate) fn new(client: Arc<dyn KmsClient>) -> Self {
        Self { client, grant_tokens: Vec::new() }
    }

    /// A fresh data key of the suite's length, wrapped by `key`.
    pub(crate) async fn generate(
        &self,
        key: &AwsKmsIdentifier,
        suite: &AlgorithmSuite,
        encryption_context: &EncryptionContext,
    ) -> Result<DataKey, KeyFailure> {
        let name = key.to_string();
        let request = GenerateDataKeyRequest {
            key_id: &name,
            number_of_bytes: suite.data_key_len(),
            encryption_context,
            grant_tokens: &self.grant_tokens,
        };
        let answer = self.client.generate_data_key(request).await.map_err(|error| told(&name, error))?;
        check_len(&name, &answer.plaintext, suite, KeyFailureReason::Answer)?;
        let encrypted = wrapped(key, answer.key_id, answer.ciphertext)?;
        Ok(DataKey { plaintext: answer.plaintext, encrypted })
    }

    /// `data_key`, wrapped by `key`.
    pub(crate) async fn encrypt(
        &self,
        key: &AwsKmsIdentifier,
        encryption_context: &EncryptionContext,
        data_key: &SecretBytes,
    ) -> Result<EncryptedDataKey, KeyFailure> {
        let name = key.to_string();
        let request = EncryptRequest {
            key_id: &name,
            plaintext: data_key,
            encryption_context,
            encryption_algorithm: EncryptionAlgorithm::SymmetricDefault,
            grant_tokens: &self.grant_tokens,
        };
        let answer = self.client.encrypt(request).await.map_err(|error| told(&name, error))?;
        wrapped(key, answer.key_id, answer.ciphertext)
    }

    /// What `encrypted` wraps, if it is a data key of the suite under the key `name` and no other.
    pub(crate) async fn decrypt(
        &self,
        name: &str,
        suite: &AlgorithmSuite,
        encryption_context: &EncryptionContext,
        encrypted: &EncryptedDataKey,
    ) -> Result<SecretBytes, KeyFailure> {
        let request = DecryptRequest {
            key_id: Some(name),
            ciphertext: &encrypted.ciphertext,
            encryption_context,
            encryption_algorithm: EncryptionAlgorithm::SymmetricDefault,
            grant_tokens: &self.grant_tokens,
        };
        let answer = self.client.decrypt(request).await.map_err(|error| told(name, error))?;
        check_same_key(name, &answer.key_id)?;
        // The message may say another suite than the one that the data key was made for.
        check_len(name, &answer.plaintext, suite, KeyFailureReason::Failed)?;
        Ok(answer.plaintext)
    }
}

/// What a client's error says of the key `name`.
pub(crate) fn told(name: &str, error: KmsError) -> KeyFailure {
    KeyFailure::new(name, error.reason()).with_source(error)
}

/// Fails unless KMS answered for the key that it was asked for.
pub(crate) fn check_same_key(asked: &str, answered: &str) -> Result<(), KeyFailure> {
    if asked == answered {
        return Ok(());
    }
    let source = format!("it answered for {answered:?}");
    Err(KeyFailure::new(asked, KeyFailureReason::WrongKey).with_source(source))
}

fn check_len(
    name: &str,
    data_key: &SecretBytes,
    suite: &AlgorithmSuite,
    reason: KeyFailureReason,
) -> Result<(), KeyFailure> {
    let (found, needed) = (data_key.len(), suite.data_key_len());
    if found == needed {
        return Ok(());
    }
    let source = format!("KMS answered with a data key of {found} bytes, the suite needs {needed}");
    Err(KeyFailure::new(name, reason).with_source(source))
}

/// The data key as a message holds it: named by the ARN that KMS answered with.
fn wrapped(
    key: &AwsKmsIdentifier,
    answered: String,
    ciphertext: Vec<u8>,
) -> Result<EncryptedDataKey, KeyFailure> {
    let name = key.to_string();
    let failed = |source: String| KeyFailure::new(&name, KeyFailureReason::Answer).with_source(source);
    if !answered.parse::<AwsKmsArn>().is_ok_and(|arn| arn.is_key()) {
        return Err(failed(format!("KMS answered with the key id {answered:?}, which is no key ARN")));
    }
    if key.key_arn().is_some() {
        check_same_key(&name, &answered)?;
    }
    if ciphertext.is_empty() {
        return Err(failed("KMS answered with an empty ciphertext".to_owned()));
    }
    Ok(EncryptedDataKey::new(PROVIDER_ID, answered, ciphertext))
}
