//! AES-GCM by ring, which works in place alone and wipes the output when it doesn't open.

use std::sync::LazyLock;

use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, Algorithm, LessSafeKey, UnboundKey};
use ring::error::Unspecified;
use waxseal_crypto::{AeadAlgorithm, AeadKey, CryptoError, Nonce, Tag};

pub(super) struct Key(LessSafeKey);

impl Key {
    /// The library has no AES-192: [`CryptoError::Failed`].
    pub(super) fn new(algorithm: AeadAlgorithm, key: &[u8]) -> Result<Self, CryptoError> {
        let algorithm = match algorithm {
            AeadAlgorithm::Aes128Gcm => &AES_128_GCM,
            AeadAlgorithm::Aes192Gcm => return Err(CryptoError::Failed),
            AeadAlgorithm::Aes256Gcm => &AES_256_GCM,
        };
        Ok(Self(LessSafeKey::new(UnboundKey::new(algorithm, key).map_err(failed)?)))
    }
}

/// The library doesn't wipe its keys, so a key of zeros is written to the same place. Copies
/// that the set-up itself left on the stack stay.
impl Drop for Key {
    fn drop(&mut self) {
        if let Some(zeros) = key_of_zeros(self.0.algorithm()) {
            self.0.clone_from(zeros);
        }
        // Keeps the compiler from leaving the write out, since nothing else reads it.
        std::hint::black_box(&mut self.0);
    }
}

/// As long as every other key; set up once, since that takes longer than to seal a small frame.
fn key_of_zeros(algorithm: &'static Algorithm) -> Option<&'static LessSafeKey> {
    static KEYS: LazyLock<[Option<LessSafeKey>; 2]> = LazyLock::new(|| {
        [UnboundKey::new(&AES_128_GCM, &[0; 16]), UnboundKey::new(&AES_256_GCM, &[0; 32])]
            .map(|key| key.ok().map(LessSafeKey::new))
    });
    KEYS.iter().flatten().find(|key| key.algorithm() == algorithm)
}

impl AeadKey for Key {
    fn seal_in_place(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8]) -> Result<Tag, CryptoError> {
        let tag = self.0.seal_in_place_separate_tag(unique(nonce), Aad::from(aad), in_out).map_err(failed)?;
        tag.as_ref().try_into().map_err(|_| CryptoError::Failed)
    }

    fn open_in_place(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        in_out: &mut [u8],
        tag: &Tag,
    ) -> Result<(), CryptoError> {
        let tag = (*tag).into();
        let opened = self.0.open_in_place_separate_tag(unique(nonce), Aad::from(aad), tag, in_out, 0..);
        opened.map(|_| ()).map_err(failed)
    }
}

/// The library's nonce; that it is used once for a key is the caller's concern.
fn unique(nonce: &Nonce) -> ring::aead::Nonce {
    ring::aead::Nonce::assume_unique_for_key(*nonce)
}

fn failed(_: Unspecified) -> CryptoError {
    CryptoError::Failed
}
