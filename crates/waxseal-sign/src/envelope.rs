//! A signature with all that is needed to verify it but the content: a small versioned
//! envelope.
//!
//! | bytes | field |
//! |---|---|
//! | 6 | `WAXSIG` |
//! | 1 | version, 1 |
//! | 3 | scheme, digest, algorithm |
//! | 2, n | the ARN of the key that signed: its length, 1 to 2,048, then it |
//! | 2, n | the context: its length, 0 to 16,384, then its pairs |
//! | 2, n | the signature: its length, 1 to 65,535, then it |
//!
//! Lengths are big endian. The pairs are those of the message format: a count of two bytes,
//! then each key and value with its length in two bytes, sorted by the key's UTF-8 bytes; no
//! bytes at all where there are none. Each signature has one encoding.

use waxseal_format::EncryptionContext;
use waxseal_kms::AwsKmsArn;

use crate::method::Method;
use crate::{DigestKind, EnvelopeError};

const MAGIC: &[u8; 6] = b"WAXSIG";
const VERSION: u8 = 1;
const MAX_ARN_LEN: usize = 2048;
const MAX_CONTEXT_LEN: usize = 16_384;
const MAX_SIGNATURE_LEN: usize = u16::MAX as usize;

/// The label of an armored envelope (RFC 7468).
const LABEL: &str = "WAXSEAL SIGNATURE";

/// A signature, and what it claims. Nothing of it is verified before
/// [`Verifier::verify`](crate::Verifier::verify).
///
/// ```
/// use waxseal_sign::{Envelope, Method};
///
/// let envelope = Envelope {
///     method: Method::EncryptedDigest,
///     key_arn: "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab".into(),
///     context: [("purpose", "release")].into(),
///     signature: vec![1, 2, 3],
/// };
/// let armored = envelope.to_armor()?;
/// assert!(armored.starts_with("-----BEGIN WAXSEAL SIGNATURE-----\n"));
/// assert_eq!(Envelope::from_bytes_or_armor(armored.as_bytes())?, envelope);
/// # Ok::<(), waxseal_sign::EnvelopeError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Scheme and algorithm.
    pub method: Method,
    /// The ARN of the key that signed.
    pub key_arn: String,
    /// The context that it was signed with.
    pub context: EncryptionContext,
    /// The signature, in the form of its scheme.
    pub signature: Vec<u8>,
}

impl Envelope {
    /// Bytes of an envelope at most.
    pub const MAX_LEN: usize = 16 + MAX_ARN_LEN + MAX_CONTEXT_LEN + MAX_SIGNATURE_LEN;

    /// What is digested of the content to verify it.
    #[must_use]
    pub fn digest(&self) -> DigestKind {
        self.method.digest()
    }

    /// The envelope.
    ///
    /// # Errors
    /// [`EnvelopeError::Length`] or [`EnvelopeError::KeyArn`] if a field can't be written.
    pub fn to_bytes(&self) -> Result<Vec<u8>, EnvelopeError> {
        check_arn(&self.key_arn)?;
        let mut out = [MAGIC.as_slice(), &[VERSION], &self.method.codes()].concat();
        put(&mut out, KEY_ARN, self.key_arn.as_bytes())?;
        put(&mut out, CONTEXT, &self.context.to_bytes()?)?;
        put(&mut out, SIGNATURE, &self.signature)?;
        Ok(out)
    }

    /// The envelope as text: PEM (RFC 7468) with the label `WAXSEAL SIGNATURE`.
    ///
    /// # Errors
    /// As [`Envelope::to_bytes`].
    pub fn to_armor(&self) -> Result<String, EnvelopeError> {
        let bytes = self.to_bytes()?;
        pem_rfc7468::encode_string(LABEL, pem_rfc7468::LineEnding::LF, &bytes)
            .map_err(|_| EnvelopeError::Armor)
    }

    /// Whether these bytes, or the text, begin like an envelope: if not, they can only be a
    /// signature in a raw form.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(MAGIC) || is_armor(bytes)
    }

    /// Reads an envelope, or its text.
    ///
    /// # Errors
    /// An [`EnvelopeError`].
    pub fn from_bytes_or_armor(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        if !is_armor(bytes) {
            return Self::from_bytes(bytes);
        }
        // The text is a third longer than the bytes, plus lines.
        check_len("the text", bytes.len(), Self::MAX_LEN.saturating_mul(2))?;
        let (label, bytes) = pem_rfc7468::decode_vec(bytes.trim_ascii()).map_err(|_| EnvelopeError::Armor)?;
        if label == LABEL { Self::from_bytes(&bytes) } else { Err(EnvelopeError::Armor) }
    }

    /// Reads an envelope.
    ///
    /// # Errors
    /// An [`EnvelopeError`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let mut fields = Fields(bytes);
        if fields.0.split_off(..MAGIC.len()) != Some(MAGIC) {
            return Err(EnvelopeError::Magic);
        }
        match fields.byte("the version")? {
            VERSION => {}
            other => return Err(EnvelopeError::Version(other)),
        }
        let method = fields.method()?;
        let key_arn = key_arn(fields.prefixed(KEY_ARN)?)?;
        let context = context(fields.prefixed(CONTEXT)?)?;
        let signature = fields.prefixed(SIGNATURE)?.to_vec();
        match fields.0.len() {
            0 => Ok(Self { method, key_arn, context, signature }),
            more => Err(EnvelopeError::TrailingBytes(more)),
        }
    }
}

/// A field with a length before it.
#[derive(Clone, Copy)]
struct Field {
    name: &'static str,
    min: usize,
    max: usize,
}

const KEY_ARN: Field = Field { name: "the key's ARN", min: 1, max: MAX_ARN_LEN };
const CONTEXT: Field = Field { name: "the context", min: 0, max: MAX_CONTEXT_LEN };
const SIGNATURE: Field = Field { name: "the signature", min: 1, max: MAX_SIGNATURE_LEN };

impl Field {
    fn check(self, found: usize) -> Result<(), EnvelopeError> {
        if found < self.min {
            Err(length(self.name, found, self.max))
        } else {
            check_len(self.name, found, self.max)
        }
    }
}

fn check_len(field: &'static str, found: usize, limit: usize) -> Result<(), EnvelopeError> {
    if found > limit { Err(length(field, found, limit)) } else { Ok(()) }
}

fn length(field: &'static str, found: usize, limit: usize) -> EnvelopeError {
    EnvelopeError::Length { field, found, limit }
}

fn put(out: &mut Vec<u8>, field: Field, bytes: &[u8]) -> Result<(), EnvelopeError> {
    field.check(bytes.len())?;
    let len = u16::try_from(bytes.len()).map_err(|_| length(field.name, bytes.len(), field.max))?;
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

/// The bytes that were not read yet.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, len: usize, field: &'static str) -> Result<&'a [u8], EnvelopeError> {
        self.0.split_off(..len).ok_or(EnvelopeError::Truncated(field))
    }

    fn byte(&mut self, field: &'static str) -> Result<u8, EnvelopeError> {
        self.take(1, field)?.first().copied().ok_or(EnvelopeError::Truncated(field))
    }

    fn method(&mut self) -> Result<Method, EnvelopeError> {
        const FIELD: &str = "the scheme";
        let (scheme, digest, algorithm) = (self.byte(FIELD)?, self.byte(FIELD)?, self.byte(FIELD)?);
        Method::from_codes(scheme, digest, algorithm).ok_or(EnvelopeError::Method {
            scheme,
            digest,
            algorithm,
        })
    }

    fn prefixed(&mut self, field: Field) -> Result<&'a [u8], EnvelopeError> {
        let (high, low) = (self.byte(field.name)?, self.byte(field.name)?);
        let len = usize::from(u16::from_be_bytes([high, low]));
        field.check(len)?;
        self.take(len, field.name)
    }
}

fn is_armor(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().starts_with(b"-----BEGIN ")
}

fn check_arn(text: &str) -> Result<(), EnvelopeError> {
    match text.parse::<AwsKmsArn>() {
        Ok(arn) if arn.is_key() => Ok(()),
        _ => Err(EnvelopeError::KeyArn),
    }
}

fn key_arn(bytes: &[u8]) -> Result<String, EnvelopeError> {
    let text = std::str::from_utf8(bytes).map_err(|_| EnvelopeError::KeyArn)?;
    check_arn(text).map(|()| text.to_owned())
}

fn context(bytes: &[u8]) -> Result<EncryptionContext, EnvelopeError> {
    let context = EncryptionContext::decode(bytes)?;
    if context.to_bytes()? == bytes { Ok(context) } else { Err(EnvelopeError::NotCanonical) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use waxseal_kms::client::SigningAlgorithm;

    use super::*;

    const ARN: &str = "arn:aws:kms:us-east-1:111122223333:key/1";

    fn example() -> Envelope {
        Envelope {
            method: Method::KmsAsymmetric(SigningAlgorithm::RsassaPssSha384),
            key_arn: ARN.into(),
            context: [("a", "b"), ("c", "")].into(),
            signature: vec![7; 5],
        }
    }

    #[test]
    fn an_envelope_to_the_byte() {
        let mut expected = b"WAXSIG\x01\x03\x02\x05\0\x28".to_vec();
        expected.extend(ARN.as_bytes());
        expected.extend(b"\0\x0d\0\x02\0\x01a\0\x01b\0\x01c\0\0");
        expected.extend(b"\0\x05\x07\x07\x07\x07\x07");
        assert_eq!(example().to_bytes().unwrap(), expected);
        assert_eq!(Envelope::from_bytes(&expected), Ok(example()));
    }

    #[test]
    fn every_cut_and_every_byte_more_is_refused() {
        let bytes = example().to_bytes().unwrap();
        for len in 0..bytes.len() {
            assert!(Envelope::from_bytes(&bytes[..len]).is_err(), "{len}");
        }
        let longer = [bytes.as_slice(), b"x"].concat();
        assert_eq!(Envelope::from_bytes(&longer), Err(EnvelopeError::TrailingBytes(1)));
    }

    #[test]
    fn each_field_has_its_error() {
        let with = |at: usize, byte: u8| {
            let mut bytes = example().to_bytes().unwrap();
            bytes[at] = byte;
            Envelope::from_bytes(&bytes).unwrap_err()
        };
        assert_eq!(with(0, b'w'), EnvelopeError::Magic);
        assert_eq!(with(6, 2), EnvelopeError::Version(2));
        assert_eq!(with(8, 1), EnvelopeError::Method { scheme: 3, digest: 1, algorithm: 5 });
        assert!(matches!(with(10, 0x80), EnvelopeError::Length { field: "the key's ARN", .. }));
        assert_eq!(with(12, b'b'), EnvelopeError::KeyArn);
        assert_eq!(with(12, 0xff), EnvelopeError::KeyArn);
        let swapped = [(58, b'c'), (64, b'a')].into_iter().fold(
            example().to_bytes().unwrap(),
            |mut bytes, (at, byte)| {
                bytes[at] = byte;
                bytes
            },
        );
        assert_eq!(Envelope::from_bytes(&swapped), Err(EnvelopeError::NotCanonical));
        let empty = Envelope { signature: Vec::new(), ..example() };
        assert!(matches!(empty.to_bytes(), Err(EnvelopeError::Length { field: "the signature", .. })));
        let alias = Envelope { key_arn: ARN.replace("key/", "alias/"), ..example() };
        assert_eq!(alias.to_bytes(), Err(EnvelopeError::KeyArn));
    }

    #[test]
    fn text_around_it_is_strict_and_its_label_counts() {
        let text = example().to_armor().unwrap();
        let read = |text: &str| Envelope::from_bytes_or_armor(text.as_bytes());
        assert_eq!(read(&text), Ok(example()));
        assert_eq!(read(&format!("\n{text}\n")), Ok(example()));
        assert_eq!(read(&text.replace("WAXSEAL", "WAXSEEL")), Err(EnvelopeError::Armor));
        assert_eq!(read(&text.replace("-----END", "----END")), Err(EnvelopeError::Armor));
        assert!(Envelope::is_one(text.as_bytes()) && Envelope::is_one(b"WAXSIG\x01"));
        assert!(!Envelope::is_one(b"\x01\x02\x02"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_have_this_one_encoding(tail in proptest::collection::vec(any::<u8>(), 0..200), keep in 0_usize..80) {
            let mut bytes = example().to_bytes().unwrap();
            bytes.truncate(keep);
            bytes.extend(tail);
            if let Ok(envelope) = Envelope::from_bytes(&bytes) {
                prop_assert_eq!(envelope.to_bytes().unwrap(), bytes);
            }
        }
    }
}
