//! EC keys for key agreement as users hold them. Whether a public one is a point of its curve,
//! and a private one in range, is checked by the provider that sets it up.

mod curve;
mod der;

use std::fmt;

pub use self::curve::EcdhCurveSpec;
use crate::key_encoding::{kind, pem};
use crate::{KeyError, SecretBytes};

const PUBLIC: &str = "an EC public key";
const PRIVATE: &str = "an EC private key in PKCS#8";
const PUBLIC_LABEL: &str = "PUBLIC KEY";
const PRIVATE_LABEL: &str = "PRIVATE KEY";

/// A public EC key: a curve, and a point in SEC 1 form (2.3.3), compressed or not.
///
/// It has the form of a point. That it lies on its curve is known only of what
/// [`KeyAgreement::check`](crate::KeyAgreement::check) gave.
#[derive(Clone, PartialEq, Eq)]
pub struct EcPublicKey {
    curve: EcdhCurveSpec,
    point: Vec<u8>,
}

impl EcPublicKey {
    /// The key of a point in SEC 1 form.
    ///
    /// # Errors
    /// [`KeyError::Encoding`] for other forms, and for the point at infinity.
    pub fn from_sec1(curve: EcdhCurveSpec, point: &[u8]) -> Result<Self, KeyError> {
        match point {
            [0] => Err(KeyError::Encoding("the point at infinity")),
            [2 | 3, x @ ..] if x.len() == curve.field_len() => Ok(Self { curve, point: point.to_vec() }),
            [4, x_and_y @ ..] if x_and_y.len() == 2 * curve.field_len() => {
                Ok(Self { curve, point: point.to_vec() })
            }
            _ => Err(KeyError::Encoding("not a point of this curve in SEC 1 form")),
        }
    }

    /// Reads the DER of a `SubjectPublicKeyInfo` (RFC 5480, 2), the encoding that the
    /// specification of the ECDH keyrings wants.
    ///
    /// # Errors
    /// [`KeyError::Encoding`] if it is none, [`KeyError::Kind`] if it is another kind of key or
    /// on another curve than P-256, P-384 and P-521.
    pub fn from_der(input: &[u8]) -> Result<Self, KeyError> {
        der::decode_public(input)
    }

    /// Reads the same as PEM, labelled `PUBLIC KEY`.
    ///
    /// # Errors
    /// As [`EcPublicKey::from_der`].
    pub fn from_pem(input: &[u8]) -> Result<Self, KeyError> {
        let der = pem::decode(input, &[PUBLIC_LABEL, PRIVATE_LABEL], PUBLIC)?;
        Self::from_der(&der.ok_or(KeyError::Encoding("no PEM"))?)
    }

    /// The curve.
    #[must_use]
    pub fn curve(&self) -> EcdhCurveSpec {
        self.curve
    }

    /// The point as it was given or made, in SEC 1 form.
    #[must_use]
    pub fn as_sec1(&self) -> &[u8] {
        &self.point
    }

    /// The point, compressed: 33, 49 or 67 bytes.
    #[must_use]
    pub fn to_compressed(&self) -> Vec<u8> {
        match self.point.as_slice() {
            [4, x_and_y @ ..] => {
                let x = x_and_y.get(..self.curve.field_len()).unwrap_or_default();
                let odd = x_and_y.last().is_some_and(|byte| byte % 2 == 1);
                [&[2 + u8::from(odd)], x].concat()
            }
            compressed => compressed.to_vec(),
        }
    }

    /// The DER of a `SubjectPublicKeyInfo`; the point keeps its form.
    ///
    /// # Errors
    /// [`KeyError::Encoding`], which none of these keys leads to.
    pub fn to_der(&self) -> Result<Vec<u8>, KeyError> {
        der::encode_public(self)
    }

    /// The same as PEM, labelled `PUBLIC KEY`, lines of 64 characters.
    ///
    /// # Errors
    /// As [`EcPublicKey::to_der`].
    pub fn to_pem(&self) -> Result<String, KeyError> {
        pem::encode(PUBLIC_LABEL, &self.to_der()?)
    }
}

impl fmt::Debug for EcPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EcPublicKey({}, ", self.curve)?;
        self.point.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

/// A private EC key: a curve and a number, with the public half if the encoding had it. Wiped
/// on drop.
pub struct EcPrivateKey {
    curve: EcdhCurveSpec,
    scalar: SecretBytes,
    public: Option<EcPublicKey>,
}

impl EcPrivateKey {
    /// The key of a number: big endian, as long as the curve's field.
    ///
    /// # Errors
    /// [`KeyError::Encoding`] for another length.
    pub fn from_scalar(curve: EcdhCurveSpec, scalar: SecretBytes) -> Result<Self, KeyError> {
        if scalar.len() != curve.field_len() {
            return Err(KeyError::Encoding("a private EC key of another length than its curve's"));
        }
        Ok(Self { curve, scalar, public: None })
    }

    /// Reads PEM of a PKCS#8 `PrivateKeyInfo` (RFC 5958, 2), labelled `PRIVATE KEY` and not
    /// encrypted: the encoding that the specification of the ECDH keyrings wants.
    ///
    /// Copies made on the way are wiped; `input` stays the caller's to wipe.
    ///
    /// # Errors
    /// [`KeyError::Encoding`] if it is none, [`KeyError::Kind`] if it is another kind of key or
    /// on another curve than P-256, P-384 and P-521.
    pub fn from_pem(input: &[u8]) -> Result<Self, KeyError> {
        let der = pem::decode(input, &[PUBLIC_LABEL, PRIVATE_LABEL], PRIVATE)?;
        Self::from_der(&der.ok_or(KeyError::Encoding("no PEM"))?)
    }

    /// Reads the DER of the same.
    ///
    /// # Errors
    /// As [`EcPrivateKey::from_pem`].
    pub fn from_der(input: &[u8]) -> Result<Self, KeyError> {
        der::decode_private(input)
    }

    /// The same with its public half, which a provider checks when it sets the key up.
    ///
    /// # Errors
    /// [`KeyError::Curve`] if that is on another curve.
    pub fn with_public_key(mut self, public: EcPublicKey) -> Result<Self, KeyError> {
        public.curve.check(self.curve)?;
        self.public = Some(public);
        Ok(self)
    }

    /// The curve.
    #[must_use]
    pub fn curve(&self) -> EcdhCurveSpec {
        self.curve
    }

    /// The number: big endian, as long as the curve's field.
    #[must_use]
    pub fn expose_scalar(&self) -> &[u8] {
        self.scalar.expose()
    }

    /// Fails unless `computed`, the public half by arithmetic, is the one that was given, if
    /// one was.
    ///
    /// # Errors
    /// [`KeyError::EcRefused`].
    pub fn check_public_key(&self, computed: &EcPublicKey) -> Result<(), KeyError> {
        match &self.public {
            Some(given) if given != computed && given.point != computed.to_compressed() => {
                Err(KeyError::EcRefused)
            }
            _ => Ok(()),
        }
    }

    /// The DER of a PKCS#8 `PrivateKeyInfo`, with the public half if there is one.
    ///
    /// # Errors
    /// [`KeyError::Encoding`], which none of these keys leads to.
    pub fn to_der(&self) -> Result<SecretBytes, KeyError> {
        der::encode_private(self)
    }

    /// The same as PEM, labelled `PRIVATE KEY`, lines of 64 characters.
    ///
    /// # Errors
    /// As [`EcPrivateKey::to_der`].
    pub fn to_pem(&self) -> Result<SecretBytes, KeyError> {
        let text = pem::encode(PRIVATE_LABEL, self.to_der()?.expose())?;
        Ok(SecretBytes::from(text.into_bytes()))
    }
}

impl fmt::Debug for EcPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EcPrivateKey({})", self.curve)
    }
}

fn other_half(expected: &'static str) -> KeyError {
    let found = if expected == PUBLIC { "an EC private key" } else { "an EC public key" };
    kind(found, expected)
}
