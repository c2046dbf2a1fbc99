//! The keyring of a KMS RSA key: wraps here with the public key, unwraps in KMS.
//!
//! Source: `framework/aws-kms/aws-kms-rsa-keyring.md`.

use std::sync::Arc;

use async_trait::async_trait;
use waxseal_crypto::{
    CryptoProvider, HashAlgorithm, RsaPadding, RsaPublicDer, RsaPublicKey, SecretBytes, constant_time_eq,
};
use waxseal_format::{AlgorithmSuite, EncryptedDataKey, EncryptionContext};
use waxseal_materials::{
    DecryptionMaterials, EncryptionMaterials, KeyFailure, KeyFailureReason, KeyFailures, Keyring,
    MaterialsError,
};

use crate::calls::{Calls, check_same_key, told};
use crate::client::{DecryptRequest, EncryptionAlgorithm};
use crate::keyring::{Matching, identifier};
use crate::message_keys::{Candidate, candidates, not_mine};
use crate::{AwsKmsArn, AwsKmsError, AwsKmsIdentifier, KmsClient};

/// The provider id of data keys under KMS RSA keys.
const PROVIDER_ID: &str = "aws-kms-rsa";

/// How the data key is padded: the two ways that KMS knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AwsKmsRsaAlgorithm {
    /// `RSAES_OAEP_SHA_1`.
    OaepSha1,
    /// `RSAES_OAEP_SHA_256`.
    OaepSha256,
}

impl AwsKmsRsaAlgorithm {
    fn padding(self) -> RsaPadding {
        match self {
            Self::OaepSha1 => RsaPadding::OaepSha1,
            Self::OaepSha256 => RsaPadding::OaepSha256,
        }
    }

    fn of_kms(self) -> EncryptionAlgorithm {
        match self {
            Self::OaepSha1 => EncryptionAlgorithm::RsaesOaepSha1,
            Self::OaepSha256 => EncryptionAlgorithm::RsaesOaepSha256,
        }
    }
}

/// Wraps data keys with the public half of a KMS RSA key, without a call; unwraps them in KMS.
///
/// A digest of the encryption context is wrapped with the data key, so that both stay together.
/// Suites that sign are refused: whoever has the public key can write, so a signature would
/// prove nothing.
///
/// Source: `framework/aws-kms/aws-kms-rsa-keyring.md`.
#[derive(Clone, Debug)]
pub struct AwsKmsRsaKeyring {
    crypto: &'static CryptoProvider,
    key: AwsKmsArn,
    algorithm: AwsKmsRsaAlgorithm,
    public_key: Option<Arc<dyn RsaPublicKey>>,
    calls: Option<Calls>,
}

impl AwsKmsRsaKeyring {
    /// A keyring of the key with this ARN, which can do nothing yet: give it a public key to
    /// encrypt, a client to decrypt, or both.
    ///
    /// # Errors
    /// [`AwsKmsError::Identifier`] and [`AwsKmsError::Form`] unless it is a key ARN. The
    /// specification takes bare key ids too; what they encrypt nobody can decrypt.
    pub fn new(
        crypto: &'static CryptoProvider,
        key_id: &str,
        algorithm: AwsKmsRsaAlgorithm,
    ) -> Result<Self, AwsKmsError> {
        let key = key_arn(key_id)?;
        Ok(Self { crypto, key, algorithm, public_key: None, calls: None })
    }

    /// The same with the public half, in PEM or DER: SPKI or PKCS#1, of 2048 bits or more.
    ///
    /// # Errors
    /// [`AwsKmsError::PublicKey`] if it can't be read or is too short.
    pub fn with_public_key(mut self, public_key: &[u8]) -> Result<Self, AwsKmsError> {
        let public_key = RsaPublicDer::from_pem_or_der(public_key)?;
        self.public_key = Some(Arc::from(self.crypto.rsa.public_key(&public_key)?));
        Ok(self)
    }

    /// The same with a client, and with grant tokens for its calls.
    #[must_use]
    pub fn with_client(mut self, client: Arc<dyn KmsClient>, grant_tokens: Vec<String>) -> Self {
        self.calls = Some(Calls { client, grant_tokens });
        self
    }

    fn wrap(
        &self,
        encryption_context: &EncryptionContext,
        data_key: &SecretBytes,
    ) -> Result<EncryptedDataKey, MaterialsError> {
        let no_key = || MaterialsError::Wrap(self.cannot("encrypt without the public key"));
        let public_key = self.public_key.as_ref().ok_or_else(no_key)?;
        let digest = self.context_digest(encryption_context)?;
        let mut plaintext = SecretBytes::zeroed(digest.as_ref().len().saturating_add(data_key.len()));
        for (to, from) in
            plaintext.expose_mut().iter_mut().zip(digest.as_ref().iter().chain(data_key.expose()))
        {
            *to = *from;
        }
        let ciphertext = public_key.wrap(self.algorithm.padding(), plaintext.expose())?;
        Ok(EncryptedDataKey::new(PROVIDER_ID, self.key.to_string(), ciphertext))
    }

    async fn unwrap(
        &self,
        calls: &Calls,
        suite: &AlgorithmSuite,
        context_digest: &[u8],
        Candidate { encrypted, key_id }: &Candidate<'_>,
    ) -> Result<SecretBytes, KeyFailure> {
        let request = DecryptRequest {
            key_id: Some(key_id),
            ciphertext: &encrypted.ciphertext,
            encryption_context: &EncryptionContext::new(),
            encryption_algorithm: self.algorithm.of_kms(),
            grant_tokens: &calls.grant_tokens,
        };
        let answer = calls.client.decrypt(request).await.map_err(|error| told(key_id, error))?;
        check_same_key(key_id, &answer.key_id)?;
        let rejected = || KeyFailure::new(key_id.as_str(), KeyFailureReason::Rejected);
        let plaintext = answer.plaintext.expose();
        let (digest, data_key) = plaintext.split_at_checked(context_digest.len()).ok_or_else(rejected)?;
        let fits = data_key.len() == suite.data_key_len();
        if !constant_time_eq(digest, context_digest) || !fits {
            return Err(rejected());
        }
        Ok(SecretBytes::copy_of(data_key))
    }

    fn context_digest(
        &self,
        context: &EncryptionContext,
    ) -> Result<impl AsRef<[u8]> + use<>, MaterialsError> {
        let mut digest = self.crypto.digest.start(HashAlgorithm::Sha384);
        digest.update(&context.to_bytes()?);
        Ok(digest.finish())
    }

    fn check_suite(&self, suite: &AlgorithmSuite) -> Result<(), KeyFailure> {
        match suite.signs() {
            true => Err(self.cannot("serve suites that sign: choose one without signature, such as 0x0478")),
            false => Ok(()),
        }
    }

    fn cannot(&self, what: &str) -> KeyFailure {
        let failure = KeyFailure::new(self.key.to_string(), KeyFailureReason::Unsupported);
        failure.with_source(format!("a KMS RSA keyring cannot {what}"))
    }
}

#[async_trait]
impl Keyring for AwsKmsRsaKeyring {
    async fn on_encrypt(
        &self,
        mut materials: EncryptionMaterials,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        self.check_suite(materials.suite()).map_err(MaterialsError::Wrap)?;
        let data_key = materials.data_key_or_generate(|suite| {
            Ok(SecretBytes::random(self.crypto.random, suite.data_key_len())?)
        })?;
        let wrapped = self.wrap(materials.encryption_context(), &data_key)?;
        materials.add_encrypted_data_key(wrapped)?;
        Ok(materials)
    }

    async fn on_decrypt(
        &self,
        mut materials: DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        materials.check_no_data_key()?;
        let unwrap = |failure: KeyFailure| MaterialsError::Unwrap(failure.into());
        self.check_suite(materials.suite()).map_err(unwrap)?;
        let calls = self.calls.as_ref().ok_or_else(|| unwrap(self.cannot("decrypt without a client")))?;
        let configured = AwsKmsIdentifier::Arn(self.key.clone());
        let mine = |named: &AwsKmsArn| {
            Matching::MultiRegion.matches(&configured, named).then(|| self.key.to_string())
        };
        let candidates = candidates(PROVIDER_ID, encrypted_data_keys, mine)?;
        if candidates.is_empty() {
            return Err(unwrap(not_mine(PROVIDER_ID, &self.key.to_string(), encrypted_data_keys)));
        }
        let digest = self.context_digest(materials.encryption_context())?;
        let mut failures = KeyFailures::default();
        for candidate in &candidates {
            match self.unwrap(calls, materials.suite(), digest.as_ref(), candidate).await {
                Ok(data_key) => {
                    materials.set_data_key(data_key)?;
                    return Ok(materials);
                }
                Err(failure) => failures.push(failure),
            }
        }
        Err(MaterialsError::Unwrap(failures))
    }
}

/// The key ARN that a text is.
pub(crate) fn key_arn(text: &str) -> Result<AwsKmsArn, AwsKmsError> {
    let key = identifier(text)?;
    key.key_arn().cloned().ok_or_else(|| AwsKmsError::Form {
        identifier: text.to_owned(),
        form: key.form(),
        need: "this keyring needs the key's ARN, since messages name keys by it",
    })
}
