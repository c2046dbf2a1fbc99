//! The client seam: what waxseal asks of KMS, and who answers.

mod algorithms;
mod error;
mod request;
mod response;

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

pub use self::algorithms::{
    EncryptionAlgorithm, KeyAgreementAlgorithm, KeySpec, KeyState, KeyUsage, MacAlgorithm, MessageType,
    SigningAlgorithm, UnknownName,
};
pub use self::error::{KmsError, KmsErrorKind};
pub use self::request::{
    DecryptRequest, DeriveSharedSecretRequest, EncryptRequest, GenerateDataKeyRequest, GenerateMacRequest,
    KeyRequest, ReEncryptRequest, SignRequest, VerifyMacRequest, VerifyRequest,
};
pub use self::response::{
    CiphertextResponse, DecryptResponse, DeriveSharedSecretResponse, GenerateDataKeyResponse,
    GenerateMacResponse, KeyMetadata, PublicKeyResponse, ReEncryptResponse, SignResponse, VerifiedResponse,
};

macro_rules! kms_client {
    ($($(#[$doc:meta])* $name:ident($request:ty) -> $response:ty;)+) => {
        /// KMS in one region, for one caller.
        ///
        /// `aws_sdk_kms::Client` is one (feature `aws`), the embedded KMS is one, and yours can be.
        /// An operation that you have no use for stays as it is: it answers
        /// [`KmsErrorKind::Unsupported`].
        #[async_trait]
        pub trait KmsClient: Send + Sync + Debug {
            /// The region that calls go to, if that is known.
            fn region(&self) -> Option<&str>;

            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// A [`KmsError`]: what KMS refused, or what kept it from answering.
                async fn $name(&self, request: $request) -> Result<$response, KmsError> {
                    let _ = request;
                    Err(unsupported(stringify!($name)))
                }
            )+
        }

        #[async_trait]
        impl<C: KmsClient + ?Sized> KmsClient for Arc<C> {
            fn region(&self) -> Option<&str> {
                (**self).region()
            }

            $(
                async fn $name(&self, request: $request) -> Result<$response, KmsError> {
                    (**self).$name(request).await
                }
            )+
        }
    };
}

kms_client! {
    /// A data key, plaintext and wrapped.
    generate_data_key(GenerateDataKeyRequest<'_>) -> GenerateDataKeyResponse;
    /// A data key, wrapped alone.
    generate_data_key_without_plaintext(GenerateDataKeyRequest<'_>) -> CiphertextResponse;
    /// Encrypts up to 4096 bytes.
    encrypt(EncryptRequest<'_>) -> CiphertextResponse;
    /// Decrypts what KMS encrypted.
    decrypt(DecryptRequest<'_>) -> DecryptResponse;
    /// Decrypts and encrypts anew, inside KMS.
    re_encrypt(ReEncryptRequest<'_>) -> ReEncryptResponse;
    /// What KMS says of a key.
    describe_key(KeyRequest<'_>) -> KeyMetadata;
    /// The public half of an asymmetric key.
    get_public_key(KeyRequest<'_>) -> PublicKeyResponse;
    /// The shared secret of a key and another's public key.
    derive_shared_secret(DeriveSharedSecretRequest<'_>) -> DeriveSharedSecretResponse;
    /// Signs a message of up to 4096 bytes, or a digest.
    sign(SignRequest<'_>) -> SignResponse;
    /// Verifies a signature.
    verify(VerifyRequest<'_>) -> VerifiedResponse;
    /// A message authentication code.
    generate_mac(GenerateMacRequest<'_>) -> GenerateMacResponse;
    /// Verifies a message authentication code.
    verify_mac(VerifyMacRequest<'_>) -> VerifiedResponse;
}

fn unsupported(operation: &str) -> KmsError {
    KmsError::new(KmsErrorKind::Unsupported, operation)
}
