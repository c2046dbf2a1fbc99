//! The eleven algorithm suites of the message format, in one table.
//!
//! Source: `framework/algorithm-suites.md`, "Supported Algorithm Suites".

use std::fmt;

/// Bytes of an initialization vector, for every suite.
pub const IV_LEN: usize = 12;

/// Bytes of an authentication tag, for every suite.
pub const TAG_LEN: usize = 16;

/// Bytes of a key commitment, for the suites that commit.
pub const COMMITMENT_LEN: usize = 32;

/// The version of the message format that a suite is written in.
///
/// Source: `data-format/message-header.md`, "Supported Versions".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MessageVersion {
    /// Version 1.0: 16-byte message id, explicit header IV.
    V1,
    /// Version 2.0: 32-byte message id, key commitment.
    V2,
}

impl MessageVersion {
    /// The byte that starts a message of this version.
    #[must_use]
    pub const fn byte(self) -> u8 {
        match self {
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }

    /// Bytes of a message id.
    #[must_use]
    pub const fn message_id_len(self) -> usize {
        match self {
            Self::V1 => 16,
            Self::V2 => 32,
        }
    }
}

/// The authenticated encryption of a suite; 12-byte IVs and 16-byte tags throughout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AeadAlgorithm {
    /// AES-GCM with a 128-bit key.
    Aes128Gcm,
    /// AES-GCM with a 192-bit key.
    Aes192Gcm,
    /// AES-GCM with a 256-bit key.
    Aes256Gcm,
}

impl AeadAlgorithm {
    /// Bytes of a key.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::Aes192Gcm => 24,
            Self::Aes256Gcm => 32,
        }
    }
}

/// A hash function, alone or inside a key derivation or a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    /// Bytes of a digest.
    #[must_use]
    pub const fn output_len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// How a suite turns the data key into the key that encrypts the message.
///
/// Source: `framework/algorithm-suites.md`, "Encryption Key Derivation Settings".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyDerivation {
    /// The data key itself.
    Identity,
    /// HKDF without salt; suite id and message id are its info.
    Hkdf(HashAlgorithm),
    /// HKDF with the message id as salt; a commitment is derived beside the key.
    HkdfCommitting(HashAlgorithm),
}

/// The message signature of a suite.
///
/// Source: `framework/algorithm-suites.md`, "Asymmetric Signature Algorithm".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SignatureAlgorithm {
    /// ECDSA over P-256 with SHA-256.
    EcdsaP256Sha256,
    /// ECDSA over P-384 with SHA-384.
    EcdsaP384Sha384,
}

impl SignatureAlgorithm {
    /// The hash that is signed.
    #[must_use]
    pub const fn hash(self) -> HashAlgorithm {
        match self {
            Self::EcdsaP256Sha256 => HashAlgorithm::Sha256,
            Self::EcdsaP384Sha384 => HashAlgorithm::Sha384,
        }
    }

    /// Bytes of one coordinate, and of the signature's `r` and `s`.
    #[must_use]
    pub const fn field_len(self) -> usize {
        match self {
            Self::EcdsaP256Sha256 => 32,
            Self::EcdsaP384Sha384 => 48,
        }
    }

    /// Bytes of a compressed public key.
    #[must_use]
    pub const fn compressed_point_len(self) -> usize {
        self.field_len() + 1
    }

    /// Bytes of every DER signature that is written: exactly one of `r` and `s` carries
    /// a leading zero, so the length of a message is known before it is encrypted.
    #[must_use]
    pub const fn der_len(self) -> usize {
        2 * self.field_len() + 7
    }
}

/// One row of the table of suites.
///
/// Suites are compared by id; the only values are the constants of this type.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub struct AlgorithmSuite {
    /// The two bytes that name the suite in a header.
    pub id: u16,
    /// The specification's name, without `ALG_`.
    pub name: &'static str,
    /// The message format that the suite is written in.
    pub version: MessageVersion,
    /// The authenticated encryption.
    pub aead: AeadAlgorithm,
    /// The key derivation.
    pub key_derivation: KeyDerivation,
    /// The message signature, if it has one.
    pub signature: Option<SignatureAlgorithm>,
}

macro_rules! suites {
    ($($name:ident = $id:literal, $version:ident, $aead:ident, $kdf:expr, $sig:expr;)*) => {
        impl AlgorithmSuite {
            $(
                #[doc = concat!("Suite `", stringify!($id), "`.")]
                pub const $name: &'static Self = &Self {
                    id: $id,
                    name: stringify!($name),
                    version: MessageVersion::$version,
                    aead: AeadAlgorithm::$aead,
                    key_derivation: $kdf,
                    signature: $sig,
                };
            )*

            /// Every suite, by id.
            pub const ALL: &'static [&'static Self] = &[$(Self::$name),*];
        }
    };
}

const IDENTITY: KeyDerivation = KeyDerivation::Identity;
const HKDF_256: KeyDerivation = KeyDerivation::Hkdf(HashAlgorithm::Sha256);
const HKDF_384: KeyDerivation = KeyDerivation::Hkdf(HashAlgorithm::Sha384);
const COMMITTING: KeyDerivation = KeyDerivation::HkdfCommitting(HashAlgorithm::Sha512);
const P256: Option<SignatureAlgorithm> = Some(SignatureAlgorithm::EcdsaP256Sha256);
const P384: Option<SignatureAlgorithm> = Some(SignatureAlgorithm::EcdsaP384Sha384);

suites! {
    AES_128_GCM_IV12_TAG16_NO_KDF = 0x0014, V1, Aes128Gcm, IDENTITY, None;
    AES_192_GCM_IV12_TAG16_NO_KDF = 0x0046, V1, Aes192Gcm, IDENTITY, None;
    AES_256_GCM_IV12_TAG16_NO_KDF = 0x0078, V1, Aes256Gcm, IDENTITY, None;
    AES_128_GCM_IV12_TAG16_HKDF_SHA256 = 0x0114, V1, Aes128Gcm, HKDF_256, None;
    AES_192_GCM_IV12_TAG16_HKDF_SHA256 = 0x0146, V1, Aes192Gcm, HKDF_256, None;
    AES_256_GCM_IV12_TAG16_HKDF_SHA256 = 0x0178, V1, Aes256Gcm, HKDF_256, None;
    AES_128_GCM_IV12_TAG16_HKDF_SHA256_ECDSA_P256 = 0x0214, V1, Aes128Gcm, HKDF_256, P256;
    AES_192_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384 = 0x0346, V1, Aes192Gcm, HKDF_384, P384;
    AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384 = 0x0378, V1, Aes256Gcm, HKDF_384, P384;
    AES_256_GCM_HKDF_SHA512_COMMIT_KEY = 0x0478, V2, Aes256Gcm, COMMITTING, None;
    AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384 = 0x0578, V2, Aes256Gcm, COMMITTING, P384;
}

impl AlgorithmSuite {
    /// The suite with this id, if there is one.
    #[must_use]
    pub fn from_id(id: u16) -> Option<&'static Self> {
        Self::ALL.iter().copied().find(|suite| suite.id == id)
    }

    /// The suite with this name, with or without `ALG_`, or hexadecimal id with or
    /// without `0x`; upper and lower case are alike.
    #[must_use]
    pub fn from_name(name: &str) -> Option<&'static Self> {
        let upper = name.to_ascii_uppercase();
        let bare = upper.strip_prefix("ALG_").unwrap_or(&upper);
        let by_name = Self::ALL.iter().copied().find(|suite| suite.name == bare);
        let digits = upper.strip_prefix("0X").unwrap_or(&upper);
        by_name.or_else(|| Self::from_id(u16::from_str_radix(digits, 16).ok()?))
    }

    /// Bytes of the data key: what a keyring generates and wraps.
    #[must_use]
    pub const fn data_key_len(&self) -> usize {
        self.aead.key_len()
    }

    /// Whether the header commits to the key.
    #[must_use]
    pub const fn commits(&self) -> bool {
        matches!(self.key_derivation, KeyDerivation::HkdfCommitting(_))
    }

    /// Whether messages end with a signature.
    #[must_use]
    pub const fn signs(&self) -> bool {
        self.signature.is_some()
    }

    /// Bytes of the header authentication field: IV and tag in version 1.0, the tag in 2.0.
    #[must_use]
    pub const fn header_auth_len(&self) -> usize {
        match self.version {
            MessageVersion::V1 => IV_LEN + TAG_LEN,
            MessageVersion::V2 => TAG_LEN,
        }
    }
}

impl PartialEq for AlgorithmSuite {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for AlgorithmSuite {}

impl std::hash::Hash for AlgorithmSuite {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl fmt::Debug for AlgorithmSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Display for AlgorithmSuite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (0x{:04x})", self.name, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_has_the_eleven_suites_once_each() {
        let mut ids: Vec<u16> = AlgorithmSuite::ALL.iter().map(|suite| suite.id).collect();
        ids.dedup();
        assert_eq!(ids.len(), 11);
        assert!(ids.is_sorted());
    }

    #[test]
    fn names_and_ids_find_their_suite() {
        for suite in AlgorithmSuite::ALL.iter().copied() {
            assert_eq!(AlgorithmSuite::from_name(suite.name), Some(suite));
            assert_eq!(AlgorithmSuite::from_name(&format!("ALG_{}", suite.name)), Some(suite));
            assert_eq!(AlgorithmSuite::from_name(&format!("0x{:04x}", suite.id)), Some(suite));
            assert_eq!(AlgorithmSuite::from_name(&format!("{:04X}", suite.id)), Some(suite));
        }
        assert_eq!(AlgorithmSuite::from_id(0x0070), None);
        assert_eq!(AlgorithmSuite::from_name("AES"), None);
    }

    #[test]
    fn signatures_have_the_lengths_that_the_other_sdks_write() {
        assert_eq!(SignatureAlgorithm::EcdsaP256Sha256.der_len(), 71);
        assert_eq!(SignatureAlgorithm::EcdsaP384Sha384.der_len(), 103);
    }
}
