//! Encrypted data keys.
//!
//! Source: `data-format/message-header.md`, "Encrypted Data Key Entries".

use std::fmt;

use crate::FormatError;
use crate::reader::{Reader, Stop, put_prefixed};

const PROVIDER_ID: &str = "key provider id";
const PROVIDER_INFO: &str = "key provider information";
const CIPHERTEXT: &str = "encrypted data key";

/// One data key, wrapped by one wrapping key, and the name of that key.
#[derive(Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct EncryptedDataKey {
    /// Who wrapped it: `aws-kms`, or a raw key's namespace.
    pub provider_id: String,
    /// Which of the provider's keys: an ARN, or a raw key's name with wrapping details.
    pub provider_info: Vec<u8>,
    /// The wrapped data key.
    pub ciphertext: Vec<u8>,
}

impl EncryptedDataKey {
    /// An entry of these three fields; lengths are checked when it is encoded.
    #[must_use]
    pub fn new(
        provider_id: impl Into<String>,
        provider_info: impl Into<Vec<u8>>,
        ciphertext: impl Into<Vec<u8>>,
    ) -> Self {
        Self {
            provider_id: provider_id.into(),
            provider_info: provider_info.into(),
            ciphertext: ciphertext.into(),
        }
    }

    /// Appends the entry as it stands in a header: each field behind its length in two bytes.
    ///
    /// # Errors
    /// [`FormatProblem::TooLong`](crate::FormatProblem::TooLong) if a field has more than 65,535 bytes.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), FormatError> {
        put_prefixed(out, PROVIDER_ID, self.provider_id.as_bytes())?;
        put_prefixed(out, PROVIDER_INFO, &self.provider_info)?;
        put_prefixed(out, CIPHERTEXT, &self.ciphertext)
    }

    pub(crate) fn decode(reader: &mut Reader<'_>) -> Result<Self, Stop> {
        let provider_id = reader.prefixed_str(PROVIDER_ID)?;
        let provider_info = reader.prefixed()?;
        let ciphertext = reader.prefixed()?;
        Ok(Self::new(provider_id, provider_info, ciphertext))
    }

    pub(crate) fn encoded_len(&self) -> usize {
        6 + self.provider_id.len() + self.provider_info.len() + self.ciphertext.len()
    }
}

impl fmt::Debug for EncryptedDataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptedDataKey")
            .field("provider_id", &self.provider_id)
            .field("provider_info", &String::from_utf8_lossy(&self.provider_info))
            .field("ciphertext", &format_args!("{} bytes", self.ciphertext.len()))
            .finish()
    }
}
