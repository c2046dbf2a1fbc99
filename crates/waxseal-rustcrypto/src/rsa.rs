//! RSA by the rsa crate. Private keys are wiped when they are dropped; numbers on the way
//! (products, padded blocks) are not all.
//!
//! The crate's arithmetic takes a time that depends on its numbers (RUSTSEC-2023-0071). Every
//! decryption is blinded by fresh randomness, which makes that time hard to use, not constant.

use rsa::pkcs1::UintRef;
use rsa::pkcs1::der::Encode;
use rsa::pkcs1v15::Pkcs1v15Encrypt;
use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey, SubjectPublicKeyInfoRef};
use rsa::sha2::{Sha256, Sha384, Sha512};
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use rsa::{BigUint, Oaep};
use sha1_0_10::Sha1;
use waxseal_crypto::{
    CryptoError, KeyError, RsaPadding, RsaPrivateDer, RsaPrivateKey, RsaPublicDer, RsaPublicKey, RsaWrap,
    SecretBytes,
};
use zeroize::Zeroizing;

use crate::random::Seeded;

/// Bits of a modulus, as the native provider has them.
const MIN_BITS: usize = 2048;
const MAX_BITS: usize = 8192;

/// More than any private key of [`MAX_BITS`] has, so that no time is spent on larger ones.
const MAX_PRIVATE_DER_LEN: usize = 6000;

/// RSA key wrapping.
#[derive(Debug)]
pub(crate) struct Rsa;

impl RsaWrap for Rsa {
    fn public_key(&self, key: &RsaPublicDer) -> Result<Box<dyn RsaPublicKey>, KeyError> {
        let key = decode_public(key.as_der()).ok_or(KeyError::Refused)?;
        check_size(&key)?;
        Ok(Box::new(Public(key)))
    }

    fn private_key(&self, key: &RsaPrivateDer) -> Result<Box<dyn RsaPrivateKey>, KeyError> {
        if key.expose_der().len() > MAX_PRIVATE_DER_LEN {
            return Err(KeyError::Refused);
        }
        // Checks that the primes make the modulus and that the exponents belong together.
        let inner = rsa::RsaPrivateKey::from_pkcs8_der(key.expose_der()).map_err(|_| KeyError::Refused)?;
        check_size(&inner)?;
        // The other parts it derives anew, so a key whose parts don't fit comes out differently.
        let derived = encode_private(&inner).ok_or(KeyError::Refused)?;
        if !derived.ct_eq(key) {
            return Err(KeyError::Refused);
        }
        Ok(Box::new(Private(inner)))
    }

    fn generate(&self, bits: usize) -> Result<RsaPrivateDer, CryptoError> {
        if !matches!(bits, 2048 | 3072 | 4096) {
            return Err(CryptoError::Failed);
        }
        let key = rsa::RsaPrivateKey::new(&mut Seeded::new()?, bits).map_err(|_| CryptoError::Failed)?;
        encode_private(&key).ok_or(CryptoError::Failed)
    }
}

/// The crate's own decoder stops at 4096 bits.
fn decode_public(spki: &[u8]) -> Option<rsa::RsaPublicKey> {
    let info = SubjectPublicKeyInfoRef::try_from(spki).ok()?;
    let key = rsa::pkcs1::RsaPublicKey::try_from(info.subject_public_key.as_bytes()?).ok()?;
    let modulus = BigUint::from_bytes_be(key.modulus.as_bytes());
    let exponent = BigUint::from_bytes_be(key.public_exponent.as_bytes());
    rsa::RsaPublicKey::new_with_max_size(modulus, exponent, MAX_BITS).ok()
}

/// The crate's own encoder frees the whole key unwiped.
fn encode_private(key: &rsa::RsaPrivateKey) -> Option<RsaPrivateDer> {
    let coefficient = Zeroizing::new(key.crt_coefficient()?);
    let [p, q] = key.primes() else { return None };
    let bytes = [key.n(), key.e(), key.d(), p, q, key.dp()?, key.dq()?, &coefficient]
        .map(|number| Zeroizing::new(number.to_bytes_be()));
    let [n, e, d, p, q, dp, dq, qinv] = bytes.each_ref().map(|bytes| UintRef::new(bytes));
    let key = rsa::pkcs1::RsaPrivateKey {
        modulus: n.ok()?,
        public_exponent: e.ok()?,
        private_exponent: d.ok()?,
        prime1: p.ok()?,
        prime2: q.ok()?,
        exponent1: dp.ok()?,
        exponent2: dq.ok()?,
        coefficient: qinv.ok()?,
        other_prime_infos: None,
    };
    RsaPrivateDer::from_pem_or_der(&Zeroizing::new(key.to_der().ok()?)).ok()
}

fn check_size(key: &impl PublicKeyParts) -> Result<(), KeyError> {
    let fits = (MIN_BITS..=MAX_BITS).contains(&key.n().bits());
    if fits { Ok(()) } else { Err(KeyError::Refused) }
}

/// The crate's OAEP for a padding; `None` for PKCS#1 v1.5.
fn oaep(padding: RsaPadding) -> Result<Option<Oaep>, CryptoError> {
    match padding {
        RsaPadding::Pkcs1v15 => Ok(None),
        RsaPadding::OaepSha1 => Ok(Some(Oaep::new::<Sha1>())),
        RsaPadding::OaepSha256 => Ok(Some(Oaep::new::<Sha256>())),
        RsaPadding::OaepSha384 => Ok(Some(Oaep::new::<Sha384>())),
        RsaPadding::OaepSha512 => Ok(Some(Oaep::new::<Sha512>())),
        _ => Err(CryptoError::Failed),
    }
}

#[derive(Debug)]
struct Public(rsa::RsaPublicKey);

impl RsaPublicKey for Public {
    fn wrap(&self, padding: RsaPadding, secret: &[u8]) -> Result<Vec<u8>, CryptoError> {
        let mut random = Seeded::new()?;
        let wrapped = match oaep(padding)? {
            Some(oaep) => self.0.encrypt(&mut random, oaep, secret),
            None => self.0.encrypt(&mut random, Pkcs1v15Encrypt, secret),
        };
        wrapped.map_err(|error| match error {
            rsa::Error::MessageTooLong => CryptoError::BufferLength,
            _ => CryptoError::Failed,
        })
    }
}

struct Private(rsa::RsaPrivateKey);

impl RsaPrivateKey for Private {
    fn unwrap(&self, padding: RsaPadding, wrapped: &[u8]) -> Result<SecretBytes, CryptoError> {
        // The crate leaves this check out for PKCS#1 v1.5 (RFC 8017, 7.2.2, step 1).
        if wrapped.len() != self.0.size() {
            return Err(CryptoError::Failed);
        }
        let mut random = Seeded::new()?;
        let secret = match oaep(padding)? {
            Some(oaep) => self.0.decrypt_blinded(&mut random, oaep, wrapped),
            None => self.0.decrypt_blinded(&mut random, Pkcs1v15Encrypt, wrapped),
        };
        secret.map(SecretBytes::from).map_err(|_| CryptoError::Failed)
    }

    fn public_key(&self) -> Result<RsaPublicDer, CryptoError> {
        let spki = self.0.to_public_key().to_public_key_der().map_err(|_| CryptoError::Failed)?;
        RsaPublicDer::from_pem_or_der(spki.as_bytes()).map_err(|_| CryptoError::Failed)
    }
}

impl std::fmt::Debug for Private {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Private({} bits)", self.0.n().bits())
    }
}
