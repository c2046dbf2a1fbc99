//! The textual armour of keys (RFC 7468).

use pem_rfc7468::{Decoder, LineEnding, decode_label, encode_string};
use zeroize::Zeroizing;

use super::kind;
use crate::KeyError;

const BEGIN: &[u8] = b"-----BEGIN ";

/// The bytes inside the armour, under any of the labels `accepted`; `None` if `input` isn't PEM
/// at all.
///
/// The Base64 reader works in constant time; of the key it keeps, unwiped, what fits into its
/// buffers of a few bytes on the stack.
pub(crate) fn decode(
    input: &[u8],
    accepted: &[&str],
    expected: &'static str,
) -> Result<Option<Zeroizing<Vec<u8>>>, KeyError> {
    if !lines(input).any(|line| line.starts_with(BEGIN)) {
        return Ok(None);
    }
    let text = trimmed_lines(input);
    check_label(&text, accepted, expected)?;
    let mut decoded = Zeroizing::new(Vec::new());
    Decoder::new_detect_wrap(&text)
        .and_then(|mut decoder| decoder.decode_to_end(&mut decoded).map(|_| ()))
        .map_err(|_| KeyError::Encoding("malformed PEM"))?;
    Ok(Some(decoded))
}

pub(crate) fn encode(label: &str, der: &[u8]) -> Result<String, KeyError> {
    encode_string(label, LineEnding::LF, der).map_err(|_| KeyError::Encoding("too long for PEM"))
}

fn lines(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    input.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii)
}

/// The lines without the white space around them, which the strict reader would refuse.
fn trimmed_lines(input: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(Vec::with_capacity(input.len() + 1));
    for line in lines(input).filter(|line| !line.is_empty()) {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text
}

fn check_label(text: &[u8], accepted: &[&str], expected: &'static str) -> Result<(), KeyError> {
    if lines(text).any(|line| line.starts_with(b"Proc-Type:") && line.ends_with(b"ENCRYPTED")) {
        return Err(kind("an encrypted private key", expected));
    }
    match decode_label(text).map_err(|_| KeyError::Encoding("malformed PEM, or more than one"))? {
        label if accepted.contains(&label) => Ok(()),
        "ENCRYPTED PRIVATE KEY" => Err(kind("an encrypted private key", expected)),
        "CERTIFICATE" => Err(kind("a certificate", expected)),
        "EC PRIVATE KEY" => Err(kind("an EC private key", expected)),
        "RSA PRIVATE KEY" => Err(kind("an RSA private key", expected)),
        "RSA PUBLIC KEY" => Err(kind("an RSA public key", expected)),
        label => Err(kind(format!("PEM labelled {label}"), expected)),
    }
}
