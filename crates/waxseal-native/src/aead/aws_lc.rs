//! AES-GCM by aws-lc, which wipes the key when it is dropped, and the output when it doesn't open.

use aws_lc_rs::aead::{AES_128_GCM, AES_192_GCM, AES_256_GCM, Aad, LessSafeKey, UnboundKey};
use aws_lc_rs::error::Unspecified;
use waxseal_crypto::{AeadAlgorithm, AeadKey, CryptoError, Nonce, Tag};

pub(super) struct Key(LessSafeKey);

impl Key {
    pub(super) fn new(algorithm: AeadAlgorithm, key: &[u8]) -> Result<Self, CryptoError> {
        let algorithm = match algorithm {
            AeadAlgorithm::Aes128Gcm => &AES_128_GCM,
            AeadAlgorithm::Aes192Gcm => &AES_192_GCM,
            AeadAlgorithm::Aes256Gcm => &AES_256_GCM,
        };
        Ok(Self(LessSafeKey::new(UnboundKey::new(algorithm, key).map_err(failed)?)))
    }
}

impl AeadKey for Key {
    fn seal(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        plaintext: &[u8],
        ciphertext: &mut [u8],
    ) -> Result<Tag, CryptoError> {
        check_lengths(plaintext, ciphertext)?;
        let mut tag = Tag::default();
        self.0
            .seal_out_of_place_scatter(unique(nonce), Aad::from(aad), plaintext, ciphertext, &[], &mut tag)
            .map_err(failed)?;
        Ok(tag)
    }

    fn seal_in_place(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8]) -> Result<Tag, CryptoError> {
        let mut tag = Tag::default();
        self.0.seal_in_place_scatter(unique(nonce), Aad::from(aad), in_out, &[], &mut tag).map_err(failed)?;
        Ok(tag)
    }

    fn open(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        ciphertext: &[u8],
        tag: &Tag,
        plaintext: &mut [u8],
    ) -> Result<(), CryptoError> {
        check_lengths(ciphertext, plaintext)?;
        self.0.open_separate_gather(unique(nonce), Aad::from(aad), ciphertext, tag, plaintext).map_err(failed)
    }

    fn open_in_place(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        in_out: &mut [u8],
        tag: &Tag,
    ) -> Result<(), CryptoError> {
        let opened = self.0.open_in_place_separate_tag(unique(nonce), Aad::from(aad), tag, in_out);
        opened.map(|_| ()).map_err(failed)
    }
}

/// The library's nonce; that it is used once for a key is the caller's concern.
fn unique(nonce: &Nonce) -> aws_lc_rs::aead::Nonce {
    aws_lc_rs::aead::Nonce::assume_unique_for_key(*nonce)
}

fn check_lengths(from: &[u8], to: &[u8]) -> Result<(), CryptoError> {
    if from.len() == to.len() { Ok(()) } else { Err(CryptoError::BufferLength) }
}

fn failed(_: Unspecified) -> CryptoError {
    CryptoError::Failed
}
