//! KMS signs the digest with an asymmetric key.

use std::sync::Arc;

use waxseal_crypto::{CryptoProvider, DigestOutput};
use waxseal_format::EncryptionContext;
use waxseal_kms::ClientSupplier;
use waxseal_kms::client::{MessageType, SignRequest, SigningAlgorithm, VerifyRequest};

use super::{
    Form, KeyChoice, NO_CONTEXT, Scheme, Signed, ToSign, ToVerify, arn_of, check_raw, client_of, refused,
};
use crate::method::Method;
use crate::{ContentDigest, PublicKey, SignError, statement};

/// The signature is one by ECDSA or RSA over the content's digest. Who may call `Sign` signs;
/// who has the public key, or may call `Verify`, verifies, and can't sign.
///
/// In an envelope the signature is over a statement with key and context, see
/// `docs/signatures.md`. The raw form is over the content's digest alone and has no context:
/// `openssl dgst -verify` takes it. One key should sign in one of both forms: who can have any
/// content signed in the raw form could have a statement signed, if waxseal did not refuse it.
///
/// Permissions: `kms:Sign`, and `kms:DescribeKey` where the key is not named by its ARN, to
/// sign; none with the public key, else `kms:Verify`, to verify.
#[derive(Clone, Debug)]
pub struct KmsAsymmetric {
    crypto: &'static CryptoProvider,
    supplier: Arc<dyn ClientSupplier>,
    algorithm: SigningAlgorithm,
}

impl KmsAsymmetric {
    /// The scheme over these clients, by this algorithm.
    #[must_use]
    pub fn new(
        crypto: &'static CryptoProvider,
        supplier: Arc<dyn ClientSupplier>,
        algorithm: SigningAlgorithm,
    ) -> Self {
        Self { crypto, supplier, algorithm }
    }

    /// The digest that is signed: the content's, or for a key's envelope the statement's.
    fn digest(
        &self,
        key_arn: Option<&str>,
        context: &EncryptionContext,
        content: &ContentDigest,
    ) -> Result<DigestOutput, SignError> {
        let method = self.method();
        match key_arn {
            Some(key_arn) => statement::digest(self.crypto, method, key_arn, context, content),
            None => DigestOutput::new(method.hash(), content.bytes())
                .ok_or(SignError::Usage("the content has another kind of digest")),
        }
    }

    async fn verify_by_kms(
        &self,
        request: &ToVerify<'_>,
        digest: &DigestOutput,
    ) -> Result<String, SignError> {
        let key = request.named_kms_key()?.to_string();
        let client = client_of(&*self.supplier, &key).await?;
        let verified = client.verify(VerifyRequest {
            key_id: &key,
            message: digest.as_ref(),
            message_type: MessageType::Digest,
            signature: request.signature_for_kms()?,
            signing_algorithm: self.algorithm,
            grant_tokens: &[],
        });
        request.check_answer(verified.await.map_err(|error| refused(&key, error))?.key_id)
    }
}

#[waxseal::async_trait]
impl Scheme for KmsAsymmetric {
    fn method(&self) -> Method {
        Method::KmsAsymmetric(self.algorithm)
    }

    async fn sign(&self, request: ToSign<'_>) -> Result<Signed, SignError> {
        let client = client_of(&*self.supplier, request.key_id).await?;
        let key_arn = match request.form {
            Form::Raw => check_raw(&request).map(|()| None)?,
            Form::Envelope => Some(arn_of(&*client, request.key_id).await?),
        };
        let digest = self.digest(key_arn.as_deref(), request.context, request.content)?;
        let signed = client.sign(SignRequest {
            // The key that the statement names, whatever its alias names by now.
            key_id: key_arn.as_deref().unwrap_or(request.key_id),
            message: digest.as_ref(),
            message_type: MessageType::Digest,
            signing_algorithm: self.algorithm,
            grant_tokens: &[],
        });
        let signed = signed.await.map_err(|error| SignError::kms(request.key_id, error))?;
        Ok(Signed { key_arn: signed.key_id, signature: signed.signature })
    }

    async fn verify(&self, request: ToVerify<'_>) -> Result<String, SignError> {
        if request.signer.is_none() && !request.context.is_empty() {
            return Err(SignError::Usage(NO_CONTEXT));
        }
        let signer = request.signer.map(ToString::to_string);
        let digest = self.digest(signer.as_deref(), request.context, request.content)?;
        let verify = |key: &PublicKey| key.verify(self.algorithm, &digest, request.signature);
        match request.key {
            KeyChoice::Accepted(key) => match (key.as_public_key(), key.as_arn()) {
                (Some(public), Some(arn)) => verify(public).map(|()| arn.to_string()),
                (Some(public), None) => verify(public).map(|()| public.fingerprint(self.crypto)),
                (None, _) => self.verify_by_kms(&request, &digest).await,
            },
            KeyChoice::DangerAny => self.verify_by_kms(&request, &digest).await,
        }
    }
}
