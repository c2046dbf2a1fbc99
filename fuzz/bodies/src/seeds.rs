//! Inputs to start from: messages and keys that others made, each with plain choices in front.

use waxseal_format::{HeaderDecoder, HeaderLimits};

/// An input, and the name of its target.
pub type Seed = (&'static str, Vec<u8>);

/// Sizes of pieces: up to 2^8 bytes.
const SIZES: [u8; 2] = [8, 1];

/// The inputs that a message makes; none for bytes that don't start with a header.
#[must_use]
pub fn of_message(message: &[u8]) -> Vec<Seed> {
    let Ok((decoded, header_len)) = HeaderDecoder::decode(message, HeaderLimits::default()) else {
        return Vec::new();
    };
    let frame_length = decoded.header.content_type.frame_length().to_be_bytes();
    let (header, body) = (&message[..(header_len + 8).min(message.len())], &message[header_len..]);
    vec![
        ("header", [&[0, 0], &SIZES[..], header].concat()),
        ("frame", [&frame_length[..], &[0; 44], body.get(..64).unwrap_or(body)].concat()),
        ("streams", [&[0, 0], &SIZES[..], &[0, 1, 0, 0, 0], &[0; 24], message].concat()),
        ("providers", [&[31, 0][..], &[0; 24], message].concat()),
    ]
}

/// The input that a key in PEM or DER makes.
#[must_use]
pub fn of_key(key: &[u8]) -> Seed {
    ("keys", [&[0, 0], key].concat())
}
