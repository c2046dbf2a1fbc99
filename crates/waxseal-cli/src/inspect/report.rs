//! What is shown of a message: the fields of the JSON form, and of the text.

use serde::Serialize;
use waxseal::format::{ContentType, IV_LEN, MessageVersion};
use waxseal::{AlgorithmSuite, EncryptedDataKey};

use std::collections::BTreeMap;

use super::survey::Survey;
use crate::failure::Failure;

/// All lengths are in bytes.
#[derive(Debug, Serialize)]
pub(super) struct Report<'s> {
    pub(super) format_version: &'static str,
    pub(super) algorithm_suite: Suite,
    /// In hexadecimal.
    pub(super) message_id: String,
    pub(super) encryption_context: &'s BTreeMap<String, String>,
    pub(super) encrypted_data_keys: Vec<DataKey<'s>>,
    pub(super) content_type: &'static str,
    /// `None` for an unframed body.
    pub(super) frame_length: Option<u32>,
    pub(super) frames: Option<u64>,
    pub(super) plaintext_length: u64,
    pub(super) header_length: u64,
    pub(super) body_length: u64,
    /// `None` for a message that isn't signed.
    pub(super) signature_length: Option<u16>,
    pub(super) message_length: u64,
    /// Why the message could not be read to its end.
    pub(super) problem: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Suite {
    /// As in `0x0578`.
    pub(super) id: String,
    pub(super) name: &'static str,
    pub(super) key_commitment: bool,
    pub(super) signed: bool,
}

#[derive(Debug, Serialize)]
pub(super) struct DataKey<'s> {
    pub(super) provider: &'s str,
    /// The wrapping key's name or ARN; `None` if the provider's information is no text.
    pub(super) key: Option<&'s str>,
    /// The IV that a raw AES key wrapped with, in hexadecimal.
    pub(super) wrapping_iv: Option<String>,
    /// The provider's information as it stands there, in hexadecimal.
    pub(super) provider_info: String,
    pub(super) wrapped_length: usize,
}

impl<'s> Report<'s> {
    pub(super) fn of(survey: &'s Survey) -> Self {
        let header = &survey.header;
        let (content_type, frame_length) = match header.content_type {
            ContentType::Framed(frame_length) => ("framed", Some(frame_length)),
            _ => ("unframed", None),
        };
        let footer_len = survey.signature_len.map_or(0, |len| u64::from(len).saturating_add(2));
        Self {
            format_version: version(header.suite.version),
            algorithm_suite: Suite::of(header.suite),
            message_id: header.message_id.to_string(),
            encryption_context: &header.encryption_context,
            encrypted_data_keys: header.encrypted_data_keys.iter().map(DataKey::of).collect(),
            content_type,
            frame_length,
            frames: frame_length.map(|_| survey.blocks),
            plaintext_length: survey.plaintext_len,
            header_length: survey.header_len,
            body_length: survey.body_len,
            signature_length: survey.signature_len,
            message_length: survey.header_len.saturating_add(survey.body_len).saturating_add(footer_len),
            problem: survey.problem.as_ref().map(ToString::to_string),
        }
    }

    pub(super) fn to_json(&self) -> Result<String, Failure> {
        let json = serde_json::to_string_pretty(self).map_err(|error| Failure::io(error.into()))?;
        Ok(json + "\n")
    }
}

fn version(version: MessageVersion) -> &'static str {
    match version {
        MessageVersion::V1 => "1.0",
        _ => "2.0",
    }
}

impl Suite {
    fn of(suite: &AlgorithmSuite) -> Self {
        Self {
            id: format!("0x{:04x}", suite.id),
            name: suite.name,
            key_commitment: suite.commits(),
            signed: suite.signs(),
        }
    }
}

impl<'s> DataKey<'s> {
    fn of(key: &'s EncryptedDataKey) -> Self {
        let (name, iv) = name_and_iv(&key.provider_info);
        Self {
            provider: &key.provider_id,
            key: std::str::from_utf8(name).ok(),
            wrapping_iv: iv.map(hex::encode),
            provider_info: hex::encode(&key.provider_info),
            wrapped_length: key.ciphertext.len(),
        }
    }
}

/// A raw AES key's information is its name, then the tag's length in bits, the IV's length
/// in bytes, and the IV. Anything else is a name as a whole.
///
/// Source: `framework/raw-aes-keyring.md`, "Key Provider Information".
fn name_and_iv(info: &[u8]) -> (&[u8], Option<&[u8]>) {
    const LENGTHS: &[u8] = &[0, 0, 0, 0x80, 0, 0, 0, 0x0c];
    let iv_at = info.len().checked_sub(IV_LEN);
    let split = iv_at.and_then(|at| info.split_at_checked(at));
    match split.and_then(|(front, iv)| Some((front.strip_suffix(LENGTHS)?, iv))) {
        Some((name, iv)) => (name, Some(iv)),
        None => (info, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_aes_keys_names_are_split_from_their_ivs() {
        let info = [b"name".as_slice(), &[0, 0, 0, 0x80, 0, 0, 0, 0x0c], &[9; 12]].concat();
        assert_eq!(name_and_iv(&info), (b"name".as_slice(), Some([9; 12].as_slice())));
        assert_eq!(name_and_iv(&info[4..]), (b"".as_slice(), Some([9; 12].as_slice())));
        for other in [b"arn:aws:kms:us-west-2:1:key/x".as_slice(), b"", b"n", &info[..23]] {
            assert_eq!(name_and_iv(other), (other, None));
        }
    }
}
