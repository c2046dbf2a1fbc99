//! Only one library is chosen on any one machine; both are tested on all.

use super::*;
use waxseal_crypto::{CryptoProvider, conformance};

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

/// The expanded key starts with the key itself, so it is found while it lives.
#[cfg(target_os = "linux")]
mod wiping {
    use super::*;
    use crate::memory::{Needle, alone};
    use waxseal_crypto::SecretBytes;

    #[test]
    fn keys_of_either_library_are_gone_after_their_drop() {
        let _alone = alone();
        for (seed, library) in [(1, AesGcmLibrary::AwsLc), (2, AesGcmLibrary::Ring)] {
            let needle = Needle::new(seed);
            let mut secret = SecretBytes::zeroed(32);
            needle.reveal(secret.expose_mut());
            let key = key_of(library, AeadAlgorithm::Aes256Gcm, secret.expose()).unwrap();
            key.seal_in_place(&[0; 12], b"", &mut [0; 100]).unwrap();
            drop(secret);
            assert!(needle.count_off_stack() > 0, "{library:?}: not found while it lives");
            drop(key);
            assert_eq!(needle.count_off_stack(), 0, "{library:?}");
        }
    }
}
