//! What the keyring asks of KMS, and what it checks of the answers.

use waxseal_crypto::{EcPublicKey, EcdhCurveSpec, SecretBytes};
use waxseal_materials::{KeyFailure, KeyFailureReason};

use crate::calls::{Calls, check_same_key, told};
use crate::client::{
    DeriveSharedSecretRequest, KeyAgreementAlgorithm, KeyRequest, KeySpec, KeyUsage, PublicKeyResponse,
};
use crate::{AwsKmsArn, AwsKmsError, AwsKmsIdentifier};

/// The KMS key that holds one's own private key.
pub(super) struct KmsKey {
    calls: Calls,
    id: AwsKmsIdentifier,
    name: String,
    curve: EcdhCurveSpec,
    /// Known if the key was named by it, or once KMS gave the public key: an alias that was
    /// moved since must not go unnoticed.
    arn: Option<AwsKmsArn>,
}

impl KmsKey {
    pub(super) fn new(calls: Calls, id: AwsKmsIdentifier, curve: EcdhCurveSpec) -> Self {
        Self { calls, name: id.to_string(), curve, arn: id.key_arn().cloned(), id }
    }

    /// The name that it was given by.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn failure(&self, reason: KeyFailureReason) -> KeyFailure {
        KeyFailure::new(self.name.as_str(), reason)
    }

    /// The public half, if KMS says that the key is for key agreement on the curve.
    pub(super) async fn get_public_key(&mut self) -> Result<EcPublicKey, AwsKmsError> {
        let request = KeyRequest { key_id: &self.name, grant_tokens: &self.calls.grant_tokens };
        let answer = self.calls.client.get_public_key(request).await;
        let answer =
            answer.map_err(|error| AwsKmsError::GetPublicKey { key_id: self.name.clone(), error })?;
        self.check_kind(&answer).map_err(|reason| self.unusable(reason))?;
        let arn = self.answered(&answer.key_id).map_err(|failure| self.unusable(told_by(&failure)))?;
        self.arn = Some(arn);
        Ok(EcPublicKey::from_der(&answer.public_key)?)
    }

    fn check_kind(&self, answer: &PublicKeyResponse) -> Result<(), String> {
        if answer.key_usage != Some(KeyUsage::KeyAgreement) {
            let usage = answer.key_usage.map_or("something else", KeyUsage::as_str);
            return Err(format!("it is for {usage}, not for KEY_AGREEMENT"));
        }
        if answer.key_spec.and_then(curve_of) != Some(self.curve) {
            let spec = answer.key_spec.map_or("unknown", KeySpec::as_str);
            return Err(format!("its key spec is {spec}, not one on {}", self.curve));
        }
        Ok(())
    }

    fn unusable(&self, reason: String) -> AwsKmsError {
        AwsKmsError::Key { key_id: self.name.clone(), reason }
    }

    /// The secret that the key shares with the holder of `peer`, whose point is uncompressed.
    pub(super) async fn agree(&self, peer: &EcPublicKey) -> Result<SecretBytes, KeyFailure> {
        let failed = |reason, source| self.failure(reason).with_source(source);
        let public_key =
            peer.to_der().map_err(|error| failed(KeyFailureReason::Failed, error.to_string()))?;
        let request = DeriveSharedSecretRequest {
            key_id: &self.name,
            key_agreement_algorithm: KeyAgreementAlgorithm::Ecdh,
            public_key: &public_key,
            grant_tokens: &self.calls.grant_tokens,
        };
        let answer = self.calls.client.derive_shared_secret(request).await;
        let answer = answer.map_err(|error| told(&self.name, error))?;
        self.answered(&answer.key_id)?;
        let (found, needed) = (answer.shared_secret.len(), self.curve.field_len());
        if found != needed {
            let source = format!("KMS answered with a secret of {found} bytes, {} has {needed}", self.curve);
            return Err(failed(KeyFailureReason::Answer, source));
        }
        Ok(answer.shared_secret)
    }

    /// The ARN that KMS answered with, if it is one of the key that was asked for.
    fn answered(&self, key_id: &str) -> Result<AwsKmsArn, KeyFailure> {
        let wrong = || {
            let source = format!("it answered for {key_id:?}");
            self.failure(KeyFailureReason::WrongKey).with_source(source)
        };
        let arn: AwsKmsArn = key_id.parse().map_err(|_| wrong())?;
        if let Some(known) = &self.arn {
            check_same_key(&known.to_string(), key_id)?;
        }
        let is_asked = match &self.id {
            AwsKmsIdentifier::KeyId(id) => arn.resource_id() == id,
            AwsKmsIdentifier::Arn(_) | AwsKmsIdentifier::Alias(_) => true,
        };
        if arn.is_key() && is_asked { Ok(arn) } else { Err(wrong()) }
    }
}

fn curve_of(spec: KeySpec) -> Option<EcdhCurveSpec> {
    match spec {
        KeySpec::EccNistP256 => Some(EcdhCurveSpec::P256),
        KeySpec::EccNistP384 => Some(EcdhCurveSpec::P384),
        KeySpec::EccNistP521 => Some(EcdhCurveSpec::P521),
        _ => None,
    }
}

fn told_by(failure: &KeyFailure) -> String {
    let source = failure.source.as_ref().map(|source| format!(": {source}")).unwrap_or_default();
    format!("{}{source}", failure.reason)
}
