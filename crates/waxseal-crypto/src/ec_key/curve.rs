//! The curves of key agreement.

use std::fmt;

use pkcs1::ObjectIdentifier;

use crate::KeyError;

/// A curve for key agreement.
///
/// Source: `framework/raw-ecdh-keyring.md`, "Supported Curve Specifications", without SM2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EcdhCurveSpec {
    /// NIST P-256, secp256r1.
    P256,
    /// NIST P-384, secp384r1.
    P384,
    /// NIST P-521, secp521r1.
    P521,
}

impl EcdhCurveSpec {
    /// All curves.
    pub const ALL: &[Self] = &[Self::P256, Self::P384, Self::P521];

    /// Bytes of one coordinate, of a private key, and of a shared secret.
    #[must_use]
    pub const fn field_len(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// Bytes of a compressed point.
    #[must_use]
    pub const fn compressed_point_len(self) -> usize {
        self.field_len() + 1
    }

    /// The name that goes into key derivation: `p256`, `p384` or `p521`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "p256",
            Self::P384 => "p384",
            Self::P521 => "p521",
        }
    }

    /// Fails unless this is the curve that is asked for.
    ///
    /// # Errors
    /// [`KeyError::Curve`].
    pub fn check(self, expected: Self) -> Result<(), KeyError> {
        if self == expected { Ok(()) } else { Err(KeyError::Curve { found: self, expected }) }
    }

    /// `namedCurve` (RFC 5480, 2.1.1.1).
    pub(super) const fn oid(self) -> ObjectIdentifier {
        match self {
            Self::P256 => ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"),
            Self::P384 => ObjectIdentifier::new_unwrap("1.3.132.0.34"),
            Self::P521 => ObjectIdentifier::new_unwrap("1.3.132.0.35"),
        }
    }

    pub(super) fn of_oid(oid: ObjectIdentifier) -> Option<Self> {
        Self::ALL.iter().copied().find(|curve| curve.oid() == oid)
    }
}

impl fmt::Display for EcdhCurveSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        })
    }
}
