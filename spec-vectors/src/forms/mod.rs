//! The forms that test vectors come in, one file each.

pub mod awses_decrypt;
pub mod commitment;
pub mod decrypt_oracle;
pub mod key_description;
pub mod keys_manifest;
pub mod legacy_2017;
pub mod mpl_decrypt;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::case::Case;
use crate::load::Level;
use crate::source::Base;

/// The type of the manifests of data keys without messages.
const MPL_DECRYPT: &str = "awses-mpl-decrypt";

/// The cases of a JSON document, or `None` if it is in no form that is known here.
///
/// # Errors
/// If the document has such a form and can't be read as a whole. What is wrong with a single
/// test becomes that test's failure.
pub fn cases(document: &Value, base: Base<'_>) -> Result<Option<Vec<Case>>> {
    Ok(Some(match text(document, "/manifest/type") {
        Some("awses-decrypt") => awses_decrypt::cases(document, base)?,
        Some(MPL_DECRYPT) => mpl_decrypt::cases(document, base)?,
        Some("ciphertext") => legacy_2017::cases(document, base)?,
        _ if commitment::is_one(document) => commitment::cases(document)?,
        _ if decrypt_oracle::is_one(document) => decrypt_oracle::cases(document)?,
        _ => return Ok(None),
    }))
}

/// What the tests of a manifest are about.
#[must_use]
pub fn level(document: &Value) -> Level {
    match text(document, "/manifest/type") {
        Some(MPL_DECRYPT) => Level::DataKeys,
        _ => Level::Messages,
    }
}

/// The text at this pointer (RFC 6901).
pub(crate) fn text<'a>(document: &'a Value, pointer: &str) -> Option<&'a str> {
    document.pointer(pointer)?.as_str()
}

/// Bytes from base64; a blank around it is ignored.
pub(crate) fn decode_base64(text: &str) -> Result<Vec<u8>> {
    STANDARD.decode(text.trim()).context("not base64")
}
