//! The binary encodings of RSA keys.

use der::Encode;
use der::asn1::{BitStringRef, OctetStringRef};
use pkcs1::{ALGORITHM_ID, ALGORITHM_OID, RsaPrivateKeyRef, RsaPublicKeyRef, UintRef};
use pkcs8::PrivateKeyInfoRef;
use spki::SubjectPublicKeyInfoRef;

use crate::key_encoding::{Form, check_algorithm, kind};
use crate::{KeyError, SecretBytes};

/// An RSA key that was read, in the encoding that all are brought to.
pub(super) enum AnyRsaKey {
    /// SPKI.
    Public(Vec<u8>),
    /// PKCS#8.
    Private(SecretBytes),
}

pub(super) fn decode(der: &[u8], expected: &'static str) -> Result<AnyRsaKey, KeyError> {
    match Form::of(der, expected)? {
        Form::Spki => from_spki(der, expected),
        Form::Pkcs1Public => from_pkcs1_public(der),
        Form::Pkcs8 => from_pkcs8(der, expected),
        Form::Pkcs1Private => from_pkcs1_private(der),
        Form::Sec1Private => Err(kind("an EC private key", expected)),
    }
}

fn from_spki(der: &[u8], expected: &'static str) -> Result<AnyRsaKey, KeyError> {
    let malformed = KeyError::Encoding("malformed SubjectPublicKeyInfo");
    let info = SubjectPublicKeyInfoRef::try_from(der).map_err(|_| malformed.clone())?;
    check_algorithm(ALGORITHM_OID, info.algorithm.oid, "public key", expected)?;
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
    check_algorithm(ALGORITHM_OID, info.algorithm.oid, "private key", expected)?;
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
