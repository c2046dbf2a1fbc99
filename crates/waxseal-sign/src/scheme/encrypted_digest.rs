//! KMS encrypts the digest, and who can decrypt it can compare: kms-sig's scheme.

use std::sync::Arc;

use waxseal_crypto::{SecretBytes, constant_time_eq};
use waxseal_kms::ClientSupplier;
use waxseal_kms::client::{DecryptRequest, EncryptRequest, EncryptionAlgorithm};

use super::{Scheme, Signed, ToSign, ToVerify, client_of, refused};
use crate::method::Method;
use crate::{InvalidSignature, SignError};

/// The signature is KMS's ciphertext of the content's SHA-512. Who may call `Encrypt` signs,
/// who may call `Decrypt` verifies, and KMS authenticates the context.
///
/// The raw form is kms-sig's, byte for byte; an envelope holds the same.
///
/// Permissions: `kms:Encrypt` to sign, `kms:Decrypt` to verify.
#[derive(Clone, Debug)]
pub struct EncryptedDigest {
    supplier: Arc<dyn ClientSupplier>,
}

impl EncryptedDigest {
    /// The scheme over these clients.
    #[must_use]
    pub fn new(supplier: Arc<dyn ClientSupplier>) -> Self {
        Self { supplier }
    }
}

#[waxseal::async_trait]
impl Scheme for EncryptedDigest {
    fn method(&self) -> Method {
        Method::EncryptedDigest
    }

    async fn sign(&self, request: ToSign<'_>) -> Result<Signed, SignError> {
        let client = client_of(&*self.supplier, request.key_id).await?;
        let digest = SecretBytes::copy_of(request.content.bytes());
        let encrypted = client.encrypt(EncryptRequest {
            key_id: request.key_id,
            plaintext: &digest,
            encryption_context: request.context,
            encryption_algorithm: EncryptionAlgorithm::SymmetricDefault,
            grant_tokens: &[],
        });
        let encrypted = encrypted.await.map_err(|error| SignError::kms(request.key_id, error))?;
        Ok(Signed { key_arn: encrypted.key_id, signature: encrypted.ciphertext })
    }

    async fn verify(&self, request: ToVerify<'_>) -> Result<String, SignError> {
        let key = request.kms_key()?;
        let region = key.or(request.signer).map(|arn| arn.region());
        let name = key.map_or_else(|| "any key".to_owned(), ToString::to_string);
        let client = self.supplier.client(region).await.map_err(|error| SignError::kms(&name, error))?;
        let decrypted = client.decrypt(DecryptRequest {
            key_id: key.map(|_| name.as_str()),
            ciphertext: request.signature_for_kms()?,
            encryption_context: request.context,
            encryption_algorithm: EncryptionAlgorithm::SymmetricDefault,
            grant_tokens: &[],
        });
        let decrypted = decrypted.await.map_err(|error| refused(&name, error))?;
        let answered = request.check_answer(decrypted.key_id)?;
        match constant_time_eq(decrypted.plaintext.expose(), request.content.bytes()) {
            true => Ok(answered),
            false => Err(InvalidSignature::Content.into()),
        }
    }
}
