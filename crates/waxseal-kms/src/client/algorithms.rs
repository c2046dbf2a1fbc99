//! The names that KMS gives to algorithms and kinds of keys.
//!
//! Source: AWS KMS API Reference, the enumerations of each operation.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A name that this version knows nothing of.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown {kind}: {name:?}")]
#[non_exhaustive]
pub struct UnknownName {
    /// What was named.
    pub kind: &'static str,
    /// The name.
    pub name: String,
}

macro_rules! names {
    ($(#[$doc:meta])* $type:ident, $kind:literal: $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)+) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum $type {
            $($(#[$variant_doc])* #[doc = concat!("`", $name, "`.")] $variant,)+
        }

        impl $type {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = UnknownName;

            fn from_str(name: &str) -> Result<Self, UnknownName> {
                match name {
                    $($name => Ok(Self::$variant),)+
                    _ => Err(UnknownName { kind: $kind, name: name.to_owned() }),
                }
            }
        }
    };
}

names! {
    /// How KMS encrypts.
    EncryptionAlgorithm, "encryption algorithm":
    SymmetricDefault = "SYMMETRIC_DEFAULT",
    RsaesOaepSha1 = "RSAES_OAEP_SHA_1",
    RsaesOaepSha256 = "RSAES_OAEP_SHA_256",
}

names! {
    /// How KMS signs.
    SigningAlgorithm, "signing algorithm":
    EcdsaSha256 = "ECDSA_SHA_256",
    EcdsaSha384 = "ECDSA_SHA_384",
    EcdsaSha512 = "ECDSA_SHA_512",
    RsassaPssSha256 = "RSASSA_PSS_SHA_256",
    RsassaPssSha384 = "RSASSA_PSS_SHA_384",
    RsassaPssSha512 = "RSASSA_PSS_SHA_512",
    RsassaPkcs1V15Sha256 = "RSASSA_PKCS1_V1_5_SHA_256",
    RsassaPkcs1V15Sha384 = "RSASSA_PKCS1_V1_5_SHA_384",
    RsassaPkcs1V15Sha512 = "RSASSA_PKCS1_V1_5_SHA_512",
}

names! {
    /// How KMS makes message authentication codes.
    MacAlgorithm, "MAC algorithm":
    HmacSha256 = "HMAC_SHA_256",
    HmacSha384 = "HMAC_SHA_384",
    HmacSha512 = "HMAC_SHA_512",
}

names! {
    /// How KMS derives shared secrets.
    KeyAgreementAlgorithm, "key agreement algorithm":
    Ecdh = "ECDH",
}

names! {
    /// What is given to be signed or verified.
    MessageType, "message type":
    /// The message itself, of 4096 bytes at most.
    Raw = "RAW",
    /// The message's digest by the signing algorithm's hash.
    Digest = "DIGEST",
}

names! {
    /// The kind of a KMS key's material.
    KeySpec, "key spec":
    SymmetricDefault = "SYMMETRIC_DEFAULT",
    Rsa2048 = "RSA_2048",
    Rsa3072 = "RSA_3072",
    Rsa4096 = "RSA_4096",
    EccNistP256 = "ECC_NIST_P256",
    EccNistP384 = "ECC_NIST_P384",
    EccNistP521 = "ECC_NIST_P521",
    Hmac256 = "HMAC_256",
    Hmac384 = "HMAC_384",
    Hmac512 = "HMAC_512",
}

names! {
    /// What a KMS key is for.
    KeyUsage, "key usage":
    EncryptDecrypt = "ENCRYPT_DECRYPT",
    SignVerify = "SIGN_VERIFY",
    GenerateVerifyMac = "GENERATE_VERIFY_MAC",
    KeyAgreement = "KEY_AGREEMENT",
}

names! {
    /// Whether a KMS key can be used now.
    KeyState, "key state":
    Creating = "Creating",
    Enabled = "Enabled",
    Disabled = "Disabled",
    PendingDeletion = "PendingDeletion",
    PendingReplicaDeletion = "PendingReplicaDeletion",
    PendingImport = "PendingImport",
    Unavailable = "Unavailable",
    Updating = "Updating",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_others_are_told() {
        for algorithm in SigningAlgorithm::ALL {
            assert_eq!(algorithm.as_str().parse(), Ok(*algorithm));
        }
        assert_eq!("ECC_NIST_P521".parse(), Ok(KeySpec::EccNistP521));
        let error = "SM2PKE".parse::<EncryptionAlgorithm>().unwrap_err();
        assert_eq!(error.to_string(), "unknown encryption algorithm: \"SM2PKE\"");
    }
}
