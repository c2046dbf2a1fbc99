//! The binary encodings of EC keys: SPKI for public ones, PKCS#8 for private ones. Curves are
//! named; parameters written out are refused.

use der::Encode;
use der::asn1::{AnyRef, BitStringRef, OctetStringRef};
use pkcs8::PrivateKeyInfoRef;
use sec1::{EcParameters, EcPrivateKey as Sec1PrivateKey};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};
use zeroize::Zeroizing;

use super::{EcPrivateKey, EcPublicKey, EcdhCurveSpec, PRIVATE, PUBLIC, other_half};
use crate::key_encoding::{EC, Form, check_algorithm, kind};
use crate::{KeyError, SecretBytes};

pub(super) fn decode_public(der: &[u8]) -> Result<EcPublicKey, KeyError> {
    match Form::of(der, PUBLIC)? {
        Form::Spki => from_spki(der),
        form => Err(other_form(form, PUBLIC)),
    }
}

pub(super) fn decode_private(der: &[u8]) -> Result<EcPrivateKey, KeyError> {
    match Form::of(der, PRIVATE)? {
        Form::Pkcs8 => from_pkcs8(der),
        form => Err(other_form(form, PRIVATE)),
    }
}

fn other_form(form: Form, expected: &'static str) -> KeyError {
    match form {
        Form::Spki | Form::Pkcs8 => other_half(expected),
        Form::Pkcs1Public => kind("an RSA public key", expected),
        Form::Pkcs1Private => kind("an RSA private key", expected),
        Form::Sec1Private => kind("an EC private key in SEC 1 form", expected),
    }
}

fn from_spki(der: &[u8]) -> Result<EcPublicKey, KeyError> {
    let malformed = KeyError::Encoding("malformed SubjectPublicKeyInfo");
    let info = SubjectPublicKeyInfoRef::try_from(der).map_err(|_| malformed.clone())?;
    check_algorithm(EC, info.algorithm.oid, "public key", PUBLIC)?;
    let curve = named_curve(&info.algorithm, PUBLIC)?;
    EcPublicKey::from_sec1(curve, info.subject_public_key.as_bytes().ok_or(malformed)?)
}

fn from_pkcs8(der: &[u8]) -> Result<EcPrivateKey, KeyError> {
    let info = PrivateKeyInfoRef::try_from(der).map_err(|_| KeyError::Encoding("malformed PKCS#8"))?;
    check_algorithm(EC, info.algorithm.oid, "private key", PRIVATE)?;
    let curve = named_curve(&info.algorithm, PRIVATE)?;
    let inner = Sec1PrivateKey::try_from(info.private_key.as_bytes());
    let inner = inner.map_err(|_| KeyError::Encoding("malformed ECPrivateKey"))?;
    if inner.parameters.is_some_and(|named| named != EcParameters::NamedCurve(curve.oid())) {
        return Err(KeyError::Encoding("an EC private key that names two curves"));
    }
    let key = EcPrivateKey::from_scalar(curve, SecretBytes::copy_of(inner.private_key))?;
    match inner.public_key {
        Some(point) => key.with_public_key(EcPublicKey::from_sec1(curve, point)?),
        None => Ok(key),
    }
}

fn named_curve(
    algorithm: &AlgorithmIdentifierRef<'_>,
    expected: &'static str,
) -> Result<EcdhCurveSpec, KeyError> {
    let oid =
        algorithm.parameters_oid().map_err(|_| KeyError::Encoding("an EC key without a named curve"))?;
    EcdhCurveSpec::of_oid(oid).ok_or_else(|| kind(format!("an EC key on the curve {oid}"), expected))
}

pub(super) fn encode_public(key: &EcPublicKey) -> Result<Vec<u8>, KeyError> {
    let oid = key.curve.oid();
    let subject_public_key = BitStringRef::from_bytes(&key.point).map_err(unencodable)?;
    SubjectPublicKeyInfoRef { algorithm: algorithm(&oid), subject_public_key }.to_der().map_err(unencodable)
}

pub(super) fn encode_private(key: &EcPrivateKey) -> Result<SecretBytes, KeyError> {
    let public_key = key.public.as_ref().map(EcPublicKey::as_sec1);
    let inner = Sec1PrivateKey { private_key: key.expose_scalar(), parameters: None, public_key };
    let inner = Zeroizing::new(inner.to_der().map_err(unencodable)?);
    let octets = OctetStringRef::new(&inner).map_err(unencodable)?;
    let oid = key.curve.oid();
    let der = PrivateKeyInfoRef::new(algorithm(&oid), octets).to_der().map_err(unencodable)?;
    Ok(SecretBytes::from(der))
}

fn algorithm(curve: &pkcs1::ObjectIdentifier) -> AlgorithmIdentifierRef<'_> {
    AlgorithmIdentifierRef { oid: EC, parameters: Some(AnyRef::from(curve)) }
}

fn unencodable(_: der::Error) -> KeyError {
    KeyError::Encoding("a key that DER can't hold")
}
