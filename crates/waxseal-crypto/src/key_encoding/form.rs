//! Which binary encoding it is shows in the first items of its outer sequence.

use der::asn1::AnyRef;
use der::{Reader, SliceReader, Tag, Tagged};

use super::kind;
use crate::KeyError;

/// The encodings that are told apart, by their first items alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `SubjectPublicKeyInfo` (RFC 5280, 4.1).
    Spki,
    /// `RSAPublicKey` (RFC 8017, A.1.1).
    Pkcs1Public,
    /// `PrivateKeyInfo` (RFC 5208, 5).
    Pkcs8,
    /// `RSAPrivateKey` (RFC 8017, A.1.2).
    Pkcs1Private,
    /// `ECPrivateKey` (RFC 5915, 3).
    Sec1Private,
}

impl Form {
    /// The form of `der`; an error for what is no bare key.
    pub(crate) fn of(der: &[u8], expected: &'static str) -> Result<Self, KeyError> {
        use Tag::{BitString, Integer, OctetString, Sequence};
        let tags = first_tags(der).map_err(|_| KeyError::Encoding("malformed DER"))?;
        match tags.as_slice() {
            [Sequence, BitString] => Ok(Self::Spki),
            [Integer, Integer] => Ok(Self::Pkcs1Public),
            [Integer, Sequence, OctetString, ..] => Ok(Self::Pkcs8),
            [Integer, Integer, Integer, ..] => Ok(Self::Pkcs1Private),
            [Integer, OctetString, ..] => Ok(Self::Sec1Private),
            [Sequence, OctetString] => Err(kind("an encrypted private key", expected)),
            [Sequence, Sequence, BitString] => Err(kind("a certificate", expected)),
            _ => Err(KeyError::Encoding("DER of an unknown form")),
        }
    }
}

/// The tags of up to four items of the outer sequence, which is the whole input.
fn first_tags(der: &[u8]) -> der::Result<Vec<Tag>> {
    let mut reader = SliceReader::new(der)?;
    let tags = reader.sequence(|inner| {
        let mut tags = Vec::new();
        while !inner.is_finished() {
            let tag = inner.decode::<AnyRef<'_>>()?.tag();
            tags.extend((tags.len() < 4).then_some(tag));
        }
        der::Result::Ok(tags)
    })?;
    reader.finish()?;
    Ok(tags)
}
