//! The message header: its fields and how they are written.
//!
//! Source: `data-format/message-header.md`.

use std::fmt;

use crate::reader::{Reader, Stop, put_len, put_prefixed};
use crate::{
    AlgorithmSuite, COMMITMENT_LEN, EncryptedDataKey, EncryptionContext, FormatError, FormatProblem, IV_LEN,
    MessageVersion, TAG_LEN,
};

/// The "Type" byte of version 1.0: customer authenticated encrypted data.
pub(crate) const TYPE: u8 = 0x80;

/// The identifier of a message: 16 bytes in version 1.0, 32 in 2.0.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageId {
    version: MessageVersion,
    bytes: [u8; 32],
}

impl MessageId {
    /// The id `bytes` of a message of this version; `None` if the version's ids have
    /// another length.
    #[must_use]
    pub fn new(version: MessageVersion, bytes: &[u8]) -> Option<Self> {
        let mut id = Self { version, bytes: [0; 32] };
        let exact = bytes.len() == version.message_id_len();
        id.bytes.get_mut(..bytes.len()).filter(|_| exact)?.copy_from_slice(bytes);
        Some(id)
    }

    pub(crate) fn decode(version: MessageVersion, reader: &mut Reader<'_>) -> Result<Self, Stop> {
        let mut bytes = [0; 32];
        match version {
            MessageVersion::V1 => bytes[..16].copy_from_slice(&reader.array::<16>()?),
            MessageVersion::V2 => bytes = reader.array()?,
        }
        Ok(Self { version, bytes })
    }
}

impl AsRef<[u8]> for MessageId {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.version.message_id_len()).unwrap_or_default()
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageId({self})")
    }
}

/// How the body is laid out.
///
/// Source: `data-format/message-header.md`, "Supported Content Types".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContentType {
    /// One block; read, never written.
    Unframed,
    /// Frames of this many plaintext bytes, then a final frame of at most as many; never 0.
    Framed(u32),
}

impl ContentType {
    const fn byte(self) -> u8 {
        match self {
            Self::Unframed => 1,
            Self::Framed(_) => 2,
        }
    }

    /// The value of the "Frame Length" field: 0 for an unframed body.
    #[must_use]
    pub const fn frame_length(self) -> u32 {
        match self {
            Self::Unframed => 0,
            Self::Framed(frame_length) => frame_length,
        }
    }
}

/// The fields of a header, without its authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// The algorithm suite; it decides the version of the format.
    pub suite: &'static AlgorithmSuite,
    /// The message id.
    pub message_id: MessageId,
    /// The pairs that are stored in the message.
    pub encryption_context: EncryptionContext,
    /// The data key, wrapped once or more often.
    pub encrypted_data_keys: Vec<EncryptedDataKey>,
    /// Framed, with the frame length, or not.
    pub content_type: ContentType,
    /// The key commitment, for the suites that commit.
    pub commitment: Option<[u8; COMMITMENT_LEN]>,
}

/// The "Header Authentication" field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeaderAuthentication {
    /// Zeros in version 2.0, and in what waxseal writes in 1.0.
    pub iv: [u8; IV_LEN],
    /// The tag over the header body.
    pub tag: [u8; TAG_LEN],
}

impl Header {
    /// A header of these fields; lengths are checked when it is encoded.
    #[must_use]
    pub fn new(
        suite: &'static AlgorithmSuite,
        message_id: MessageId,
        encryption_context: EncryptionContext,
        encrypted_data_keys: Vec<EncryptedDataKey>,
        content_type: ContentType,
        commitment: Option<[u8; COMMITMENT_LEN]>,
    ) -> Self {
        Self { suite, message_id, encryption_context, encrypted_data_keys, content_type, commitment }
    }

    /// Appends the header body.
    ///
    /// # Errors
    /// [`FormatProblem::TooLong`] for what doesn't fit its length field, and
    /// [`FormatProblem::Value`] for a header that no reader would take: no data keys, a frame
    /// length of 0, a message id of another version, a commitment missing or out of place.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        self.check()?;
        out.reserve(self.encoded_len());
        out.push(self.suite.version.byte());
        match self.suite.version {
            MessageVersion::V1 => self.encode_v1(out),
            MessageVersion::V2 => self.encode_v2(out),
        }
    }

    fn encode_v1(&self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        out.push(TYPE);
        self.encode_common(out)?;
        out.extend_from_slice(&[0; 4]);
        out.push(12);
        out.extend_from_slice(&self.content_type.frame_length().to_be_bytes());
        Ok(())
    }

    fn encode_v2(&self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        self.encode_common(out)?;
        out.extend_from_slice(&self.content_type.frame_length().to_be_bytes());
        out.extend_from_slice(self.commitment.as_ref().map_or(&[], |commitment| commitment.as_slice()));
        Ok(())
    }

    /// The fields that both versions have, in the order that they share.
    fn encode_common(&self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        out.extend_from_slice(&self.suite.id.to_be_bytes());
        out.extend_from_slice(self.message_id.as_ref());
        put_prefixed(out, "encryption context", &self.encryption_context.to_bytes()?)?;
        put_len(out, "encrypted data key count", self.encrypted_data_keys.len())?;
        self.encrypted_data_keys.iter().try_for_each(|key| key.encode(out))?;
        out.push(self.content_type.byte());
        Ok(())
    }

    fn check(&self) -> Result<(), FormatError> {
        let refuse =
            |field, allowed| Err(FormatError::new(0, field, FormatProblem::Value { found: 0, allowed }));
        if self.encrypted_data_keys.is_empty() {
            return refuse("encrypted data key count", "1 to 65535");
        }
        if self.content_type == ContentType::Framed(0) {
            return refuse("frame length", "1 to 4294967295");
        }
        if self.message_id.version != self.suite.version {
            return refuse("message id", "an id of the suite's format version");
        }
        if self.commitment.is_some() != self.suite.commits() {
            return refuse("algorithm suite data", "a commitment if, and only if, the suite commits");
        }
        Ok(())
    }

    /// Bytes that [`Header::encode`] appends.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let fixed = match self.suite.version {
            MessageVersion::V1 => 4 + 2 + 2 + 1 + 4 + 1 + 4,
            MessageVersion::V2 => 3 + 2 + 2 + 1 + 4 + COMMITMENT_LEN,
        };
        let pairs = self.encryption_context.iter().map(|(key, value)| 4 + key.len() + value.len());
        let count = if self.encryption_context.is_empty() { 0 } else { 2 };
        let keys = self.encrypted_data_keys.iter().map(EncryptedDataKey::encoded_len);
        fixed + self.suite.version.message_id_len() + count + pairs.sum::<usize>() + keys.sum::<usize>()
    }
}

impl HeaderAuthentication {
    /// Appends the field: IV and tag in version 1.0, the tag alone in 2.0.
    pub fn encode(&self, version: MessageVersion, out: &mut Vec<u8>) {
        if version == MessageVersion::V1 {
            out.extend_from_slice(&self.iv);
        }
        out.extend_from_slice(&self.tag);
    }
}
