//! AES-GCM by the library that is faster here.

mod aws_lc;
mod ring;

use waxseal_crypto::{Aead, AeadAlgorithm, AeadKey, CryptoError};

use crate::select::{AesGcmLibrary, aes_gcm_library};

/// AES-GCM.
#[derive(Debug)]
pub(crate) struct AesGcm;

impl Aead for AesGcm {
    fn key(&self, algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn AeadKey>, CryptoError> {
        key_of(aes_gcm_library(algorithm), algorithm, key)
    }
}

fn key_of(
    library: AesGcmLibrary,
    algorithm: AeadAlgorithm,
    key: &[u8],
) -> Result<Box<dyn AeadKey>, CryptoError> {
    let (expected, found) = (algorithm.key_len(), key.len());
    if expected != found {
        return Err(CryptoError::KeyLength { expected, found });
    }
    match library {
        AesGcmLibrary::AwsLc => aws_lc::Key::new(algorithm, key).map(|key| Box::new(key) as _),
        AesGcmLibrary::Ring => ring::Key::new(algorithm, key).map(|key| Box::new(key) as _),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use waxseal_crypto::{CryptoProvider, conformance};

    /// Only one library is chosen on any one machine; both are tested on all.
    #[derive(Debug)]
    struct Always(AesGcmLibrary);

    impl Aead for Always {
        fn key(&self, algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn AeadKey>, CryptoError> {
            match algorithm {
                AeadAlgorithm::Aes192Gcm => key_of(AesGcmLibrary::AwsLc, algorithm, key),
                _ => key_of(self.0, algorithm, key),
            }
        }
    }

    #[test]
    fn either_library_conforms() {
        for aead in [&Always(AesGcmLibrary::AwsLc), &Always(AesGcmLibrary::Ring)] {
            let provider = CryptoProvider { aead, ..crate::PROVIDER };
            for check in conformance::CHECKS.iter().filter(|check| check.name.starts_with("AES-GCM")) {
                check.run(&provider).unwrap();
            }
        }
    }

    #[test]
    fn ring_has_no_192_bit_keys() {
        let refused = key_of(AesGcmLibrary::Ring, AeadAlgorithm::Aes192Gcm, &[0; 24]);
        assert_eq!(refused.map(|_| ()), Err(CryptoError::Failed));
        assert_eq!(aes_gcm_library(AeadAlgorithm::Aes192Gcm), AesGcmLibrary::AwsLc);
    }
}
