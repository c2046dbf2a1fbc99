//! The schemes, with the algorithms of each.

use std::fmt;

use waxseal_crypto::HashAlgorithm;
use waxseal_kms::client::{MacAlgorithm, SigningAlgorithm};

use crate::DigestKind;

/// How content is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum SchemeId {
    /// KMS encrypts the digest. kms-sig's.
    EncryptedDigest,
    /// A message of the AWS Encryption SDK holds two digests. pykmssig's.
    SealedDigests,
    /// KMS signs the digest with an asymmetric key.
    KmsAsymmetric,
    /// KMS makes a message authentication code of the digest.
    KmsMac,
}

impl SchemeId {
    /// All of them.
    pub const ALL: &[Self] = &[Self::EncryptedDigest, Self::SealedDigests, Self::KmsAsymmetric, Self::KmsMac];

    /// The name on the command line.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EncryptedDigest => "encrypted-digest",
            Self::SealedDigests => "sealed-digests",
            Self::KmsAsymmetric => "kms-asymmetric",
            Self::KmsMac => "kms-mac",
        }
    }

    /// The byte that says it in an envelope.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::EncryptedDigest => 1,
            Self::SealedDigests => 2,
            Self::KmsAsymmetric => 3,
            Self::KmsMac => 4,
        }
    }
}

impl fmt::Display for SchemeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for SchemeId {
    type Err = UnknownScheme;

    fn from_str(name: &str) -> Result<Self, UnknownScheme> {
        let found = Self::ALL.iter().find(|scheme| scheme.as_str() == name);
        found.copied().ok_or(UnknownScheme)
    }
}

/// There is no such scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the schemes are encrypted-digest, sealed-digests, kms-asymmetric and kms-mac")]
#[non_exhaustive]
pub struct UnknownScheme;

/// A scheme with its algorithm: together they say which digest is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Method {
    /// [`SchemeId::EncryptedDigest`]; SHA-512.
    EncryptedDigest,
    /// [`SchemeId::SealedDigests`]; SHA-512 and BLAKE2b-512 of the base64 text.
    SealedDigests,
    /// [`SchemeId::KmsAsymmetric`]; the hash of the algorithm.
    KmsAsymmetric(SigningAlgorithm),
    /// [`SchemeId::KmsMac`]; SHA-512.
    KmsMac(MacAlgorithm),
}

/// The bytes of signing algorithms in an envelope.
const SIGNING: &[(u8, SigningAlgorithm, HashAlgorithm)] = &[
    (1, SigningAlgorithm::EcdsaSha256, HashAlgorithm::Sha256),
    (2, SigningAlgorithm::EcdsaSha384, HashAlgorithm::Sha384),
    (3, SigningAlgorithm::EcdsaSha512, HashAlgorithm::Sha512),
    (4, SigningAlgorithm::RsassaPssSha256, HashAlgorithm::Sha256),
    (5, SigningAlgorithm::RsassaPssSha384, HashAlgorithm::Sha384),
    (6, SigningAlgorithm::RsassaPssSha512, HashAlgorithm::Sha512),
    (7, SigningAlgorithm::RsassaPkcs1V15Sha256, HashAlgorithm::Sha256),
    (8, SigningAlgorithm::RsassaPkcs1V15Sha384, HashAlgorithm::Sha384),
    (9, SigningAlgorithm::RsassaPkcs1V15Sha512, HashAlgorithm::Sha512),
];

/// The bytes of MAC algorithms in an envelope.
const MAC: &[(u8, MacAlgorithm)] =
    &[(1, MacAlgorithm::HmacSha256), (2, MacAlgorithm::HmacSha384), (3, MacAlgorithm::HmacSha512)];

/// The byte of schemes that have one algorithm alone.
const NO_ALGORITHM: u8 = 0;

impl Method {
    /// Its scheme.
    #[must_use]
    pub const fn scheme(self) -> SchemeId {
        match self {
            Self::EncryptedDigest => SchemeId::EncryptedDigest,
            Self::SealedDigests => SchemeId::SealedDigests,
            Self::KmsAsymmetric(_) => SchemeId::KmsAsymmetric,
            Self::KmsMac(_) => SchemeId::KmsMac,
        }
    }

    /// What is digested of the content, and how.
    #[must_use]
    pub fn digest(self) -> DigestKind {
        match self {
            Self::SealedDigests => DigestKind::Sha512AndBlake2b512OfBase64,
            Self::EncryptedDigest | Self::KmsMac(_) | Self::KmsAsymmetric(_) => DigestKind::of(self.hash()),
        }
    }

    /// The hash of the content's digest and of the statement's.
    pub(crate) fn hash(self) -> HashAlgorithm {
        match self {
            Self::KmsAsymmetric(algorithm) => {
                let found = SIGNING.iter().find(|(_, other, _)| *other == algorithm);
                found.map_or(HashAlgorithm::Sha512, |(_, _, hash)| *hash)
            }
            Self::EncryptedDigest | Self::SealedDigests | Self::KmsMac(_) => HashAlgorithm::Sha512,
        }
    }

    /// The byte of its algorithm in an envelope; 0 where the scheme has but one, or one that
    /// envelopes don't know.
    #[must_use]
    pub fn algorithm_code(self) -> u8 {
        let code = match self {
            Self::EncryptedDigest | Self::SealedDigests => None,
            Self::KmsAsymmetric(algorithm) => {
                SIGNING.iter().find(|(_, other, _)| *other == algorithm).map(|(code, ..)| *code)
            }
            Self::KmsMac(algorithm) => {
                MAC.iter().find(|(_, other)| *other == algorithm).map(|(code, _)| *code)
            }
        };
        code.unwrap_or(NO_ALGORITHM)
    }

    /// The name of its algorithm, where the scheme has several.
    #[must_use]
    pub fn algorithm_name(self) -> Option<&'static str> {
        match self {
            Self::EncryptedDigest | Self::SealedDigests => None,
            Self::KmsAsymmetric(algorithm) => Some(algorithm.as_str()),
            Self::KmsMac(algorithm) => Some(algorithm.as_str()),
        }
    }

    /// The method of these bytes, if they go together.
    pub(crate) fn from_codes(scheme: u8, digest: u8, algorithm: u8) -> Option<Self> {
        let signing = SIGNING.iter().map(|(_, algorithm, _)| Self::KmsAsymmetric(*algorithm));
        let mac = MAC.iter().map(|(_, algorithm)| Self::KmsMac(*algorithm));
        let mut all = [Self::EncryptedDigest, Self::SealedDigests].into_iter().chain(signing).chain(mac);
        all.find(|method| method.codes() == [scheme, digest, algorithm])
    }

    /// Its three bytes in an envelope: scheme, digest, algorithm.
    pub(crate) fn codes(self) -> [u8; 3] {
        [self.scheme().code(), self.digest().code(), self.algorithm_code()]
    }

    /// The method of a scheme and the name that KMS gives an algorithm; without a name the
    /// default, `ECDSA_SHA_256` or `HMAC_SHA_256`.
    ///
    /// # Errors
    /// [`UnknownAlgorithm`] if the scheme has no such algorithm.
    pub fn named(scheme: SchemeId, algorithm: Option<&str>) -> Result<Self, UnknownAlgorithm> {
        let method = match (scheme, algorithm) {
            (SchemeId::EncryptedDigest, None) => Some(Self::EncryptedDigest),
            (SchemeId::SealedDigests, None) => Some(Self::SealedDigests),
            (SchemeId::KmsAsymmetric, name) => {
                name.unwrap_or("ECDSA_SHA_256").parse().ok().map(Self::KmsAsymmetric)
            }
            (SchemeId::KmsMac, name) => name.unwrap_or("HMAC_SHA_256").parse().ok().map(Self::KmsMac),
            (SchemeId::EncryptedDigest | SchemeId::SealedDigests, Some(_)) => None,
        };
        method.ok_or(UnknownAlgorithm(scheme))
    }
}

/// The scheme has no such algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} has no such algorithm")]
#[non_exhaustive]
pub struct UnknownAlgorithm(pub SchemeId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_method_has_bytes_of_its_own() {
        let signing = SigningAlgorithm::ALL.iter().map(|algorithm| Method::KmsAsymmetric(*algorithm));
        let mac = MacAlgorithm::ALL.iter().map(|algorithm| Method::KmsMac(*algorithm));
        for method in [Method::EncryptedDigest, Method::SealedDigests].into_iter().chain(signing).chain(mac) {
            let [scheme, digest, algorithm] = method.codes();
            assert_eq!(Method::from_codes(scheme, digest, algorithm), Some(method));
            assert_eq!(Method::named(method.scheme(), method.algorithm_name()), Ok(method));
        }
        assert_eq!(Method::from_codes(3, 2, 1), None, "SHA-384 with ECDSA_SHA_256");
        assert_eq!(Method::from_codes(1, 3, 1), None);
        assert!(Method::named(SchemeId::EncryptedDigest, Some("ECDSA_SHA_256")).is_err());
        assert!(Method::named(SchemeId::KmsMac, Some("ECDSA_SHA_256")).is_err());
        assert!(SchemeId::ALL.iter().all(|scheme| scheme.as_str().parse() == Ok(*scheme)));
    }
}
