//! AES-GCM by aes-gcm, which checks the tag before it decrypts and wipes keys when dropped.

use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{self, AeadInOut, KeyInit};
use aes_gcm::aes::Aes192;
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use waxseal_crypto::{Aead, AeadAlgorithm, AeadKey, CryptoError, Nonce, Tag};

type Aes192Gcm = aes_gcm::AesGcm<Aes192, U12>;

/// AES-GCM.
#[derive(Debug)]
pub(crate) struct AesGcm;

impl Aead for AesGcm {
    fn key(&self, algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn AeadKey>, CryptoError> {
        let made: Result<Box<dyn AeadKey>, _> = match algorithm {
            AeadAlgorithm::Aes128Gcm => Aes128Gcm::new_from_slice(key).map(|key| Box::new(Key(key)) as _),
            AeadAlgorithm::Aes192Gcm => Aes192Gcm::new_from_slice(key).map(|key| Box::new(Key(key)) as _),
            AeadAlgorithm::Aes256Gcm => Aes256Gcm::new_from_slice(key).map(|key| Box::new(Key(key)) as _),
        };
        made.map_err(|_| CryptoError::KeyLength { expected: algorithm.key_len(), found: key.len() })
    }
}

struct Key<A>(A);

impl<A: AeadInOut<NonceSize = U12, TagSize = U16>> Key<A> {
    fn seal_buffer(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        buffer: InOutBuf<'_, '_, u8>,
    ) -> Result<Tag, CryptoError> {
        self.0.encrypt_inout_detached(nonce.into(), aad, buffer).map(Into::into).map_err(failed)
    }

    fn open_buffer(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        buffer: InOutBuf<'_, '_, u8>,
        tag: &Tag,
    ) -> Result<(), CryptoError> {
        self.0.decrypt_inout_detached(nonce.into(), aad, buffer, tag.into()).map_err(failed)
    }
}

impl<A: AeadInOut<NonceSize = U12, TagSize = U16> + Send + Sync> AeadKey for Key<A> {
    fn seal(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        plaintext: &[u8],
        ciphertext: &mut [u8],
    ) -> Result<Tag, CryptoError> {
        let buffer = InOutBuf::new(plaintext, ciphertext).map_err(|_| CryptoError::BufferLength)?;
        self.seal_buffer(nonce, aad, buffer)
    }

    fn seal_in_place(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8]) -> Result<Tag, CryptoError> {
        self.seal_buffer(nonce, aad, in_out.into())
    }

    fn open(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        ciphertext: &[u8],
        tag: &Tag,
        plaintext: &mut [u8],
    ) -> Result<(), CryptoError> {
        let buffer = InOutBuf::new(ciphertext, plaintext).map_err(|_| CryptoError::BufferLength)?;
        self.open_buffer(nonce, aad, buffer, tag)
    }

    fn open_in_place(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        in_out: &mut [u8],
        tag: &Tag,
    ) -> Result<(), CryptoError> {
        self.open_buffer(nonce, aad, in_out.into(), tag)
    }
}

fn failed(_: aead::Error) -> CryptoError {
    CryptoError::Failed
}
