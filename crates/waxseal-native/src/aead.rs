//! AES-GCM by the library that is faster here.

mod aws_lc;
mod ring;
#[cfg(test)]
mod tests;

use waxseal_crypto::{Aead, AeadAlgorithm, AeadKey, CryptoError, on_wiped_stack};

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
        AesGcmLibrary::Ring => {
            on_wiped_stack(|| ring::Key::new(algorithm, key).map(|key| Box::new(key) as _))
        }
    }
}
