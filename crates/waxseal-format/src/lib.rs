//! The AWS Encryption SDK message format: bytes to values and back.

mod suite;

pub use suite::{
    AeadAlgorithm, AlgorithmSuite, COMMITMENT_LEN, HashAlgorithm, IV_LEN, KeyDerivation, MessageVersion,
    SignatureAlgorithm, TAG_LEN,
};
