//! What a caller may ask of a message.

use waxseal_format::{AlgorithmSuite, EncryptionContext, HeaderLimits, MAX_UNFRAMED_LEN};
use waxseal_materials::{
    CommitmentPolicy, EncryptionMaterialsRequest, MaterialsError, RESERVED_CONTEXT_PREFIX,
};

use crate::MessageError;

/// Plaintext bytes of a regular frame when the caller doesn't say.
///
/// Source: `client-apis/encrypt.md`, "Frame Length".
pub const DEFAULT_FRAME_LENGTH: u32 = 4096;

/// How to encrypt a message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EncryptOptions {
    /// Pairs to authenticate with the message; empty by default.
    pub encryption_context: EncryptionContext,
    /// The suite; by default the one of the commitment policy.
    pub suite: Option<&'static AlgorithmSuite>,
    /// Plaintext bytes of a regular frame, 1 to 4,294,967,295; 4096 by default.
    pub frame_length: u32,
    /// Plaintext bytes at most: more is an error. `None`, no limit, by default. Materials
    /// managers see it; a caching one needs it.
    pub plaintext_len_bound: Option<u64>,
    /// Which suites may be written; commitment is required by default.
    pub commitment_policy: CommitmentPolicy,
    /// Encrypted data keys at most; 65,535, no limit beyond the format's, by default.
    pub max_encrypted_data_keys: u16,
}

impl Default for EncryptOptions {
    fn default() -> Self {
        Self {
            encryption_context: EncryptionContext::new(),
            suite: None,
            frame_length: DEFAULT_FRAME_LENGTH,
            plaintext_len_bound: None,
            commitment_policy: CommitmentPolicy::default(),
            max_encrypted_data_keys: u16::MAX,
        }
    }
}

impl EncryptOptions {
    /// The request for materials of such a message.
    ///
    /// # Errors
    /// [`MaterialsError::ReservedContextKey`] if the context has a key of the format's own,
    /// [`MaterialsError::CommitmentPolicy`] if the policy forbids the suite,
    /// [`MessageError::Usage`] for a frame length of 0.
    pub fn request(&self) -> Result<EncryptionMaterialsRequest, MessageError> {
        if self.frame_length == 0 {
            return Err(MessageError::Usage("a frame length of 0"));
        }
        refuse_reserved(&self.encryption_context)?;
        if let Some(suite) = self.suite {
            self.commitment_policy.check_encrypt(suite)?;
        }
        let mut request = EncryptionMaterialsRequest::default();
        request.encryption_context = self.encryption_context.clone();
        request.commitment_policy = self.commitment_policy;
        request.suite = self.suite;
        request.max_plaintext_len = self.plaintext_len_bound;
        Ok(request)
    }
}

fn refuse_reserved(context: &EncryptionContext) -> Result<(), MaterialsError> {
    match context.keys().find(|key| key.starts_with(RESERVED_CONTEXT_PREFIX)) {
        Some(key) => Err(MaterialsError::ReservedContextKey(key.clone())),
        None => Ok(()),
    }
}

/// Whether signed messages are opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignedMessages {
    /// They are, and their signature is verified.
    #[default]
    Accept,
    /// They are refused as soon as the header is parsed. For streams whose consumer acts on
    /// plaintext before the end, where the signature stands.
    Refuse,
}

/// How to decrypt a message.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DecryptOptions {
    /// Pairs that the message must have, or that were authenticated and not stored.
    pub reproduced_context: EncryptionContext,
    /// Which suites may be read; commitment is required by default.
    pub commitment_policy: CommitmentPolicy,
    /// Encrypted data keys at most; 65,535, no limit beyond the format's, by default.
    pub max_encrypted_data_keys: u16,
    /// Bytes of the header at most; 16 MiB by default.
    pub max_header_len: usize,
    /// Plaintext bytes of a frame at most; 64 MiB by default. A stream holds one frame.
    pub max_frame_length: u32,
    /// Plaintext bytes of an unframed body at most; 64 MiB by default. A stream holds it whole.
    pub max_unframed_len: u64,
    /// Whether signed messages are opened; they are by default.
    pub signed_messages: SignedMessages,
    /// Whether a header that doesn't verify is tried once more as the .NET SDK 4.0.0 wrote
    /// it; not by default.
    pub net_v4_0_0_retry: bool,
}

impl Default for DecryptOptions {
    fn default() -> Self {
        let HeaderLimits { max_encrypted_data_keys, max_header_len, .. } = HeaderLimits::default();
        Self {
            reproduced_context: EncryptionContext::new(),
            commitment_policy: CommitmentPolicy::default(),
            max_encrypted_data_keys,
            max_header_len,
            max_frame_length: 64 << 20,
            max_unframed_len: MAX_UNFRAMED_LEN.min(64 << 20),
            signed_messages: SignedMessages::Accept,
            net_v4_0_0_retry: false,
        }
    }
}

impl DecryptOptions {
    /// The limits that hold while the header is read.
    #[must_use]
    pub fn header_limits(&self) -> HeaderLimits {
        let mut limits = HeaderLimits::default();
        limits.max_encrypted_data_keys = self.max_encrypted_data_keys;
        limits.max_header_len = self.max_header_len;
        limits
    }
}
