//! What KMS answers: one struct an operation.
//!
//! Source: AWS KMS API Reference, "Response Elements" of each operation. What an answer may
//! lack on the wire is `Option` here; callers decide what they cannot do without.

use waxseal_crypto::SecretBytes;

use super::algorithms::{KeySpec, KeyState, KeyUsage};

/// Answers [`GenerateDataKeyRequest`](super::GenerateDataKeyRequest).
#[derive(Debug)]
pub struct GenerateDataKeyResponse {
    /// The ARN of the key that wrapped.
    pub key_id: String,
    /// The data key.
    pub plaintext: SecretBytes,
    /// The data key, wrapped.
    pub ciphertext: Vec<u8>,
}

/// Answers [`EncryptRequest`](super::EncryptRequest), and a request for a data key without
/// its plaintext.
#[derive(Debug)]
pub struct CiphertextResponse {
    /// The ARN of the key that encrypted.
    pub key_id: String,
    /// The ciphertext.
    pub ciphertext: Vec<u8>,
}

/// Answers [`DecryptRequest`](super::DecryptRequest).
#[derive(Debug)]
pub struct DecryptResponse {
    /// The ARN of the key that decrypted.
    pub key_id: String,
    /// The plaintext.
    pub plaintext: SecretBytes,
}

/// Answers [`ReEncryptRequest`](super::ReEncryptRequest).
#[derive(Debug)]
pub struct ReEncryptResponse {
    /// The ARN of the key that decrypted.
    pub source_key_id: String,
    /// The ARN of the key that encrypted.
    pub key_id: String,
    /// The new ciphertext.
    pub ciphertext: Vec<u8>,
}

/// What KMS says of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyMetadata {
    /// The key's ARN.
    pub arn: String,
    /// The bare key id.
    pub key_id: String,
    /// The kind of its material, if this version knows it.
    pub key_spec: Option<KeySpec>,
    /// What it is for, if this version knows it.
    pub key_usage: Option<KeyUsage>,
    /// Whether it can be used, if this version knows the word.
    pub key_state: Option<KeyState>,
    /// Whether it is a multi-Region key.
    pub multi_region: bool,
    /// What its owner says of it.
    pub description: String,
}

/// The public half of an asymmetric key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKeyResponse {
    /// The key's ARN.
    pub key_id: String,
    /// DER of a SubjectPublicKeyInfo.
    pub public_key: Vec<u8>,
    /// The kind of its material, if this version knows it.
    pub key_spec: Option<KeySpec>,
    /// What it is for, if this version knows it.
    pub key_usage: Option<KeyUsage>,
}

/// Answers [`DeriveSharedSecretRequest`](super::DeriveSharedSecretRequest).
#[derive(Debug)]
pub struct DeriveSharedSecretResponse {
    /// The key's ARN.
    pub key_id: String,
    /// The raw shared secret: the x coordinate.
    pub shared_secret: SecretBytes,
}

/// Answers [`SignRequest`](super::SignRequest).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignResponse {
    /// The key's ARN.
    pub key_id: String,
    /// The signature: DER for ECDSA.
    pub signature: Vec<u8>,
}

/// Answers [`GenerateMacRequest`](super::GenerateMacRequest).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GenerateMacResponse {
    /// The key's ARN.
    pub key_id: String,
    /// The code.
    pub mac: Vec<u8>,
}

/// Answers [`VerifyRequest`](super::VerifyRequest) and
/// [`VerifyMacRequest`](super::VerifyMacRequest): it is valid. What is not is
/// [`KmsErrorKind::InvalidSignature`](super::KmsErrorKind::InvalidSignature).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedResponse {
    /// The key's ARN.
    pub key_id: String,
}
