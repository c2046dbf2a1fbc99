//! KMS makes a message authentication code of the digest.

use std::sync::Arc;

use waxseal_crypto::CryptoProvider;
use waxseal_format::EncryptionContext;
use waxseal_kms::ClientSupplier;
use waxseal_kms::client::{GenerateMacRequest, MacAlgorithm, VerifyMacRequest};

use super::{Form, NO_CONTEXT, Scheme, Signed, ToSign, ToVerify, arn_of, check_raw, client_of, refused};
use crate::method::Method;
use crate::{ContentDigest, SignError, statement};

/// The signature is an HMAC of the content's SHA-512, by a key that never leaves KMS. Who may
/// call `GenerateMac` signs, who may call `VerifyMac` verifies, and can't sign.
///
/// In an envelope the code is over a statement with key and context, see `docs/signatures.md`.
/// The raw form is over the 64 bytes of the digest and has no context: the aws command's
/// `kms verify-mac` takes both.
///
/// Permissions: `kms:GenerateMac`, and `kms:DescribeKey` where the key is not named by its
/// ARN, to sign; `kms:VerifyMac` to verify.
#[derive(Clone, Debug)]
pub struct KmsMac {
    crypto: &'static CryptoProvider,
    supplier: Arc<dyn ClientSupplier>,
    algorithm: MacAlgorithm,
}

impl KmsMac {
    /// The scheme over these clients, by this algorithm.
    #[must_use]
    pub fn new(
        crypto: &'static CryptoProvider,
        supplier: Arc<dyn ClientSupplier>,
        algorithm: MacAlgorithm,
    ) -> Self {
        Self { crypto, supplier, algorithm }
    }

    /// What KMS makes a code of: the content's digest, or for a key's envelope the statement's.
    fn message(
        &self,
        key_arn: Option<&str>,
        context: &EncryptionContext,
        content: &ContentDigest,
    ) -> Result<Vec<u8>, SignError> {
        match key_arn {
            None => Ok(content.bytes().to_vec()),
            Some(key_arn) => {
                let digest = statement::digest(self.crypto, self.method(), key_arn, context, content)?;
                Ok(digest.as_ref().to_vec())
            }
        }
    }
}

#[waxseal::async_trait]
impl Scheme for KmsMac {
    fn method(&self) -> Method {
        Method::KmsMac(self.algorithm)
    }

    async fn sign(&self, request: ToSign<'_>) -> Result<Signed, SignError> {
        let client = client_of(&*self.supplier, request.key_id).await?;
        let key_arn = match request.form {
            Form::Raw => check_raw(&request).map(|()| None)?,
            Form::Envelope => Some(arn_of(&*client, request.key_id).await?),
        };
        let message = self.message(key_arn.as_deref(), request.context, request.content)?;
        let made = client.generate_mac(GenerateMacRequest {
            // The key that the statement names, whatever its alias names by now.
            key_id: key_arn.as_deref().unwrap_or(request.key_id),
            message: &message,
            mac_algorithm: self.algorithm,
            grant_tokens: &[],
        });
        let made = made.await.map_err(|error| SignError::kms(request.key_id, error))?;
        Ok(Signed { key_arn: made.key_id, signature: made.mac })
    }

    async fn verify(&self, request: ToVerify<'_>) -> Result<String, SignError> {
        if request.signer.is_none() && !request.context.is_empty() {
            return Err(SignError::Usage(NO_CONTEXT));
        }
        let key = request.named_kms_key()?.to_string();
        let signer = request.signer.map(ToString::to_string);
        let client = client_of(&*self.supplier, &key).await?;
        let message = self.message(signer.as_deref(), request.context, request.content)?;
        let verified = client.verify_mac(VerifyMacRequest {
            key_id: &key,
            message: &message,
            mac: request.signature_for_kms()?,
            mac_algorithm: self.algorithm,
            grant_tokens: &[],
        });
        request.check_answer(verified.await.map_err(|error| refused(&key, error))?.key_id)
    }
}
