//! The binary encodings of keys: which it is shows in the first items of its outer sequence.

use der::asn1::{AnyRef, BitStringRef, OctetStringRef};
use der::{Encode, Reader, SliceReader, Tag, Tagged};
use pkcs1::{ALGORITHM_ID, ALGORITHM_OID, ObjectIdentifier, RsaPrivateKeyRef, RsaPublicKeyRef, UintRef};
use pkcs8::PrivateKeyInfoRef;
use spki::SubjectPublicKeyInfoRef;

use super::kind;
use crate::{KeyError, SecretBytes};

const RSA_PSS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.10");
const RSA_OAEP: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.7");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// An RSA key that was read, in the encoding that all are brought to.
pub(super) enum AnyRsaKey {
    /// SPKI.
    Public(Vec<u8>),
    /// PKCS#8.
    Private(SecretBytes),
}

pub(super) fn decode(der: &[u8], expected: &'static str) -> Result<AnyRsaKey, KeyError> {
    use Tag::{BitString, Integer, OctetString, Sequence};
    let tags = first_tags(der).map_err(|_| KeyError::Encoding("malformed DER"))?;
    match tags.as_slice() {
        [Sequence, BitString] => from_spki(der, expected),
        [Integer, Integer] => from_pkcs1_public(der),
        [Integer, Sequence, OctetString, ..] => from_pkcs8(der, expected),
        [Integer, Integer, Integer, ..] => from_pkcs1_private(der),
        [Sequence, OctetString] => Err(kind("an encrypted private key", expected)),
        [Sequence, Sequence, BitString] => Err(kind("a certificate", expected)),
        [Integer, OctetString, ..] => Err(kind("an EC private key", expected)),
        _ => Err(KeyError::Encoding("DER of an unknown form")),
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

fn from_spki(der: &[u8], expected: &'static str) -> Result<AnyRsaKey, KeyError> {
    let malformed = KeyError::Encoding("malformed SubjectPublicKeyInfo");
    let info = SubjectPublicKeyInfoRef::try_from(der).map_err(|_| malformed.clone())?;
    check_algorithm(info.algorithm.oid, "public key", expected)?;
    from_pkcs1_public(info.subject_public_key.as_bytes().ok_or(malformed)?)
}

fn from_pkcs1_public(der: &[u8]) -> Result<AnyRsaKey, KeyError> {
    let malformed = |_| KeyError::Encoding("malformed RSAPublicKey");
    RsaPublicKeyRef::try_from(der).map_err(|_| KeyError::Encoding("malformed RSAPublicKey"))?;
    let subject_public_key = BitStringRef::from_bytes(der).map_err(malformed)?;
    let info = SubjectPublicKeyInfoRef { algorithm: ALGORITHM_ID, subject_public_key };
    Ok(AnyRsaKey::Public(info.to_der().map_err(malformed)?))
}

fn from_pkcs8(der: &[u8], expected: &'static str) -> Result<AnyRsaKey, KeyError> {
    let info = PrivateKeyInfoRef::try_from(der).map_err(|_| KeyError::Encoding("malformed PKCS#8"))?;
    check_algorithm(info.algorithm.oid, "private key", expected)?;
    from_pkcs1_private(info.private_key.as_bytes())
}

fn from_pkcs1_private(der: &[u8]) -> Result<AnyRsaKey, KeyError> {
    let key = RsaPrivateKeyRef::try_from(der).map_err(|_| KeyError::Encoding("malformed RSAPrivateKey"))?;
    if key.other_prime_infos.is_some() {
        return Err(KeyError::Encoding("an RSA key of more than two primes"));
    }
    if parts(&key).iter().any(|part| part.as_bytes() == [0]) {
        return Err(KeyError::Encoding("an RSA private key without all its parts"));
    }
    // RFC 8017, 3.2 has it below the modulus; some libraries take a longer one and then fail to use it.
    if key.private_exponent.as_bytes().len() > key.modulus.as_bytes().len() {
        return Err(KeyError::Encoding("an RSA private exponent longer than the modulus"));
    }
    let malformed = |_| KeyError::Encoding("malformed RSAPrivateKey");
    let octets = OctetStringRef::new(der).map_err(malformed)?;
    let info = PrivateKeyInfoRef::new(ALGORITHM_ID, octets);
    Ok(AnyRsaKey::Private(SecretBytes::from(info.to_der().map_err(malformed)?)))
}

/// All its numbers. Some writers put zeros for those that can be derived.
fn parts<'a>(key: &RsaPrivateKeyRef<'a>) -> [UintRef<'a>; 8] {
    [
        key.modulus,
        key.public_exponent,
        key.private_exponent,
        key.prime1,
        key.prime2,
        key.exponent1,
        key.exponent2,
        key.coefficient,
    ]
}

fn check_algorithm(oid: ObjectIdentifier, half: &str, expected: &'static str) -> Result<(), KeyError> {
    match oid {
        ALGORITHM_OID => Ok(()),
        EC => Err(kind(format!("an EC {half}"), expected)),
        RSA_PSS => Err(kind(format!("an RSASSA-PSS {half}"), expected)),
        RSA_OAEP => Err(kind(format!("an RSAES-OAEP {half}"), expected)),
        other => Err(kind(format!("a {half} of algorithm {other}"), expected)),
    }
}
