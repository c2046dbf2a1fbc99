//! RSA keys as users hold them, brought to one encoding: SPKI for public keys, PKCS#8 for
//! private ones. Their arithmetic is checked by the provider that sets them up.

mod der;

use std::fmt;

use self::der::AnyRsaKey;
use crate::key_encoding::{kind, pem};
use crate::{KeyError, SecretBytes};

const PUBLIC: &str = "an RSA public key";
const PRIVATE: &str = "an RSA private key";
const LABELS: &[&str] = &["PUBLIC KEY", "RSA PUBLIC KEY", "PRIVATE KEY", "RSA PRIVATE KEY"];

/// A public RSA key in DER: a `SubjectPublicKeyInfo` (RFC 5280, 4.1) of `rsaEncryption`.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaPublicDer(Vec<u8>);

impl RsaPublicDer {
    /// Reads a key in PEM (`PUBLIC KEY`, `RSA PUBLIC KEY`) or DER (`SubjectPublicKeyInfo`,
    /// PKCS#1). White space around PEM and its lines is ignored.
    ///
    /// # Errors
    /// [`KeyError::Encoding`] if it is neither, [`KeyError::Kind`] if it is something else.
    pub fn from_pem_or_der(input: &[u8]) -> Result<Self, KeyError> {
        match read(input, PUBLIC)? {
            AnyRsaKey::Public(spki) => Ok(Self(spki)),
            AnyRsaKey::Private(_) => Err(kind(PRIVATE, PUBLIC)),
        }
    }

    /// The `SubjectPublicKeyInfo`.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.0
    }

    /// The key as PEM, labelled `PUBLIC KEY`, lines of 64 characters.
    ///
    /// # Errors
    /// [`KeyError::Encoding`] if the key is too long for any PEM.
    pub fn to_pem(&self) -> Result<String, KeyError> {
        pem::encode("PUBLIC KEY", &self.0)
    }
}

impl fmt::Debug for RsaPublicDer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPublicDer({} bytes)", self.0.len())
    }
}

/// A private RSA key in DER: a PKCS#8 `PrivateKeyInfo` (RFC 5208, 5) of `rsaEncryption`,
/// with two primes and without attributes. Wiped on drop.
pub struct RsaPrivateDer(SecretBytes);

impl RsaPrivateDer {
    /// Reads a key in PEM (`PRIVATE KEY`, `RSA PRIVATE KEY`) or DER (PKCS#8, PKCS#1), not
    /// encrypted. White space around PEM and its lines is ignored.
    ///
    /// Copies made on the way are wiped; `input` stays the caller's to wipe.
    ///
    /// # Errors
    /// [`KeyError::Encoding`] if it is neither, [`KeyError::Kind`] if it is something else.
    pub fn from_pem_or_der(input: &[u8]) -> Result<Self, KeyError> {
        match read(input, PRIVATE)? {
            AnyRsaKey::Private(pkcs8) => Ok(Self(pkcs8)),
            AnyRsaKey::Public(_) => Err(kind(PUBLIC, PRIVATE)),
        }
    }

    /// The PKCS#8 `PrivateKeyInfo`.
    #[must_use]
    pub fn expose_der(&self) -> &[u8] {
        self.0.expose()
    }

    /// Whether both are the same encoding; takes the same time wherever they differ.
    #[must_use]
    pub fn ct_eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0)
    }

    /// The key as PEM, labelled `PRIVATE KEY`, lines of 64 characters.
    ///
    /// # Errors
    /// [`KeyError::Encoding`] if the key is too long for any PEM.
    pub fn to_pem(&self) -> Result<SecretBytes, KeyError> {
        let text = pem::encode("PRIVATE KEY", self.0.expose())?;
        Ok(SecretBytes::from(text.into_bytes()))
    }
}

impl fmt::Debug for RsaPrivateDer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPrivateDer({} bytes)", self.0.len())
    }
}

fn read(input: &[u8], expected: &'static str) -> Result<AnyRsaKey, KeyError> {
    match pem::decode(input, LABELS, expected)? {
        Some(inner) => der::decode(&inner, expected),
        None => der::decode(input, expected),
    }
}
