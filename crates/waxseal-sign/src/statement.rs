//! What is signed for an envelope where KMS itself binds neither context nor key: the digest
//! of a statement that holds both, and the content's digest.
//!
//! | bytes | field |
//! |---|---|
//! | 32 | `waxseal signature statement v1` and two bytes of zero |
//! | 3 | scheme, digest, algorithm, as in the envelope |
//! | 2, n | the key's ARN: its length, then it |
//! | 2, n | the context: its length, then its pairs as in the envelope |
//! | 2, n | the content's digest: its length, then it |
//!
//! Lengths are big endian. Every field says where it ends, so that no two claims have one
//! statement.

use waxseal_crypto::{CryptoProvider, DigestOutput};
use waxseal_format::EncryptionContext;

use crate::method::Method;
use crate::{ContentDigest, EnvelopeError, SignError};

/// How a statement begins: nothing else that waxseal signs does.
pub(crate) const DOMAIN: &[u8; 32] = b"waxseal signature statement v1\0\0";

/// The digest of the statement, by the method's hash.
pub(crate) fn digest(
    crypto: &CryptoProvider,
    method: Method,
    key_arn: &str,
    context: &EncryptionContext,
    content: &ContentDigest,
) -> Result<DigestOutput, SignError> {
    let mut state = crypto.digest.start(method.hash());
    state.update(&bytes(method, key_arn, context, content)?);
    Ok(state.finish())
}

fn bytes(
    method: Method,
    key_arn: &str,
    context: &EncryptionContext,
    content: &ContentDigest,
) -> Result<Vec<u8>, SignError> {
    let context = context.to_bytes().map_err(EnvelopeError::Context)?;
    let mut statement = [DOMAIN.as_slice(), &method.codes()].concat();
    put(&mut statement, "the key's ARN", key_arn.as_bytes())?;
    put(&mut statement, "the context", &context)?;
    put(&mut statement, "the digest", content.bytes())?;
    Ok(statement)
}

/// A length of two bytes, and the bytes.
fn put(out: &mut Vec<u8>, field: &'static str, bytes: &[u8]) -> Result<(), EnvelopeError> {
    let len = u16::try_from(bytes.len()).map_err(|_| EnvelopeError::Length {
        field,
        found: bytes.len(),
        limit: u16::MAX.into(),
    })?;
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use waxseal_kms::client::{MacAlgorithm, SigningAlgorithm};

    use super::*;

    const ARN: &str = "arn:aws:kms:us-east-1:111122223333:key/1";

    #[test]
    fn a_statement_to_the_byte() {
        let crypto = waxseal_native::provider();
        let method = Method::KmsAsymmetric(SigningAlgorithm::EcdsaSha256);
        let content = ContentDigest::of(crypto, method.digest(), b"abc");
        let context = EncryptionContext::from([("a", "b")]);
        let mut expected = b"waxseal signature statement v1\0\0\x03\x01\x01\0\x28".to_vec();
        expected.extend(ARN.as_bytes());
        expected.extend(b"\0\x08\0\x01\0\x01a\0\x01b\0\x20");
        expected.extend(content.bytes());
        assert_eq!(bytes(method, ARN, &context, &content).unwrap(), expected);
    }

    #[test]
    fn every_field_counts() {
        let crypto = waxseal_native::provider();
        let method = Method::KmsMac(MacAlgorithm::HmacSha256);
        let content = |text: &[u8]| ContentDigest::of(crypto, method.digest(), text);
        let none = EncryptionContext::new();
        let of = |method, arn, context: &_, text| {
            digest(crypto, method, arn, context, &content(text)).unwrap().as_ref().to_vec()
        };
        let first = of(method, ARN, &none, b"a");
        assert_ne!(first, of(method, ARN, &none, b"b"));
        assert_ne!(first, of(method, "arn:aws:kms:us-east-1:111122223333:key/2", &none, b"a"));
        assert_ne!(first, of(method, ARN, &EncryptionContext::from([("a", "")]), b"a"));
        assert_ne!(first, of(Method::KmsMac(MacAlgorithm::HmacSha512), ARN, &none, b"a"));
    }
}
