//! What is asked of KMS: one struct an operation, all borrowed, so that no secret is copied.
//!
//! Source: AWS KMS API Reference, "Request Parameters" of each operation.

use waxseal_crypto::SecretBytes;
use waxseal_format::EncryptionContext;

use super::algorithms::{
    EncryptionAlgorithm, KeyAgreementAlgorithm, MacAlgorithm, MessageType, SigningAlgorithm,
};

/// Asks for a data key, plaintext and wrapped (`GenerateDataKey`), or wrapped alone
/// (`GenerateDataKeyWithoutPlaintext`).
#[derive(Clone, Copy, Debug)]
pub struct GenerateDataKeyRequest<'a> {
    /// The KMS key that wraps: any identifier.
    pub key_id: &'a str,
    /// Bytes of the data key: 1 to 1024.
    pub number_of_bytes: usize,
    /// Authenticated with the ciphertext.
    pub encryption_context: &'a EncryptionContext,
    /// Grants that may not have spread yet.
    pub grant_tokens: &'a [String],
}

/// Asks to encrypt up to 4096 bytes.
#[derive(Clone, Copy, Debug)]
pub struct EncryptRequest<'a> {
    /// The KMS key: any identifier.
    pub key_id: &'a str,
    /// What to encrypt.
    pub plaintext: &'a SecretBytes,
    /// Authenticated with the ciphertext; empty for asymmetric keys.
    pub encryption_context: &'a EncryptionContext,
    /// The algorithm.
    pub encryption_algorithm: EncryptionAlgorithm,
    /// Grants that may not have spread yet.
    pub grant_tokens: &'a [String],
}

/// Asks to decrypt a ciphertext of KMS.
#[derive(Clone, Copy, Debug)]
pub struct DecryptRequest<'a> {
    /// The KMS key; `None` lets KMS find it, which only symmetric ciphertexts allow.
    pub key_id: Option<&'a str>,
    /// What KMS gave.
    pub ciphertext: &'a [u8],
    /// The context that it was encrypted with.
    pub encryption_context: &'a EncryptionContext,
    /// The algorithm.
    pub encryption_algorithm: EncryptionAlgorithm,
    /// Grants that may not have spread yet.
    pub grant_tokens: &'a [String],
}

/// Asks to decrypt and encrypt anew, inside KMS.
#[derive(Clone, Copy, Debug)]
pub struct ReEncryptRequest<'a> {
    /// What KMS gave.
    pub ciphertext: &'a [u8],
    /// The key that it is under; `None` lets KMS find it.
    pub source_key_id: Option<&'a str>,
    /// The context that it was encrypted with.
    pub source_encryption_context: &'a EncryptionContext,
    /// The algorithm that it was encrypted by.
    pub source_encryption_algorithm: EncryptionAlgorithm,
    /// The key to encrypt under: any identifier.
    pub destination_key_id: &'a str,
    /// The context to encrypt with.
    pub destination_encryption_context: &'a EncryptionContext,
    /// The algorithm to encrypt by.
    pub destination_encryption_algorithm: EncryptionAlgorithm,
    /// Grants that may not have spread yet.
    pub grant_tokens: &'a [String],
}

/// Asks about a key: `DescribeKey`, `GetPublicKey`.
#[derive(Clone, Copy, Debug)]
pub struct KeyRequest<'a> {
    /// The KMS key: any identifier.
    pub key_id: &'a str,
    /// Grants that may not have spread yet.
    pub grant_tokens: &'a [String],
}

/// Asks for the shared secret of a KMS key and another's public key.
#[derive(Clone, Copy, Debug)]
pub struct DeriveSharedSecretRequest<'a> {
    /// The KMS key: any identifier.
    pub key_id: &'a str,
    /// The algorithm.
    pub key_agreement_algorithm: KeyAgreementAlgorithm,
    /// The other's public key: DER of a SubjectPublicKeyInfo.
    pub public_key: &'a [u8],
    /// Grants that may not have spread yet.
    pub grant_tokens: &'a [String],
}

/// Asks to sign.
#[derive(Clone, Copy, Debug)]
pub struct SignRequest<'a> {
    /// The KMS key: any identifier.
    pub key_id: &'a str,
    /// The message, or its digest.
    pub message: &'a [u8],
    /// Which of both.
    pub message_type: MessageType,
    /// The algorithm.
    pub signing_algorithm: SigningAlgorithm,
    /// Grants that may not have spread yet.
    pub grant_tokens: &'a [String],
}

/// Asks to verify a signature.
#[derive(Clone, Copy, Debug)]
pub struct VerifyRequest<'a> {
    /// The KMS key: any identifier.
    pub key_id: &'a str,
    /// The message, or its digest.
    pub message: &'a [u8],
    /// Which of both.
    pub message_type: MessageType,
    /// The signature: DER for ECDSA.
    pub signature: &'a [u8],
    /// The algorithm.
    pub signing_algorithm: SigningAlgorithm,
    /// Grants that may not have spread yet.
    pub grant_tokens: &'a [String],
}

/// Asks for a message authentication code.
#[derive(Clone, Copy, Debug)]
pub struct GenerateMacRequest<'a> {
    /// The KMS key: any identifier.
    pub key_id: &'a str,
    /// The message: 1 to 4096 bytes.
    pub message: &'a [u8],
    /// The algorithm.
    pub mac_algorithm: MacAlgorithm,
    /// Grants that may not have spread yet.
    pub grant_tokens: &'a [String],
}

/// Asks to verify a message authentication code.
#[derive(Clone, Copy, Debug)]
pub struct VerifyMacRequest<'a> {
    /// The KMS key: any identifier.
    pub key_id: &'a str,
    /// The message: 1 to 4096 bytes.
    pub message: &'a [u8],
    /// The code.
    pub mac: &'a [u8],
    /// The algorithm.
    pub mac_algorithm: MacAlgorithm,
    /// Grants that may not have spread yet.
    pub grant_tokens: &'a [String],
}
