//! The message footer: the signature of a signed message.
//!
//! Source: `data-format/message-footer.md`.

use crate::FormatError;
use crate::reader::{Decoded, Reader, decoded, put_prefixed};

/// Bytes of the footer that waxseal writes for a signature of this many bytes.
#[must_use]
pub const fn footer_len(signature_len: usize) -> usize {
    2 + signature_len
}

/// Reads the signature of a footer: as many bytes as its length says.
///
/// # Errors
/// None today: every length is allowed, since writers differ; verification decides.
pub fn decode_footer(input: &[u8]) -> Result<Decoded<&[u8]>, FormatError> {
    decoded(Reader::new(input, 0).prefixed())
}

/// Appends a footer with this signature.
///
/// # Errors
/// [`crate::FormatProblem::TooLong`] for more than 65,535 bytes.
pub fn encode_footer(signature: &[u8], out: &mut Vec<u8>) -> Result<(), FormatError> {
    put_prefixed(out, "signature", signature)
}
