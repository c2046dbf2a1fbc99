//! AES-GCM by aes-gcm, which checks the tag before it decrypts and wipes keys when they are dropped.

use aes_gcm::aead::consts::{U12, U16};
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{self, AeadInOut, KeyInit};
use aes_gcm::aes::Aes192;
use aes_gcm::{Aes128Gcm, Aes256Gcm};
use waxseal_crypto::{Aead, AeadAlgorithm, AeadKey, CryptoError, Nonce, Tag, on_wiped_stack};

type Aes192Gcm = aes_gcm::AesGcm<Aes192, U12>;

/// AES-GCM.
#[derive(Debug)]
pub(crate) struct AesGcm;

impl Aead for AesGcm {
    fn key(&self, algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn AeadKey>, CryptoError> {
        let made = on_wiped_stack(|| match algorithm {
            AeadAlgorithm::Aes128Gcm => boxed::<Aes128Gcm>(key),
            AeadAlgorithm::Aes192Gcm => boxed::<Aes192Gcm>(key),
            AeadAlgorithm::Aes256Gcm => boxed::<Aes256Gcm>(key),
        });
        made.ok_or(CryptoError::KeyLength { expected: algorithm.key_len(), found: key.len() })
    }
}

/// `None` if the key has another length.
fn boxed<A>(key: &[u8]) -> Option<Box<dyn AeadKey>>
where
    A: KeyInit + AeadInOut<NonceSize = U12, TagSize = U16> + Send + Sync + 'static,
{
    Some(Box::new(Key(A::new_from_slice(key).ok()?)))
}

/// Wipes itself. The library's code leaves round keys on the stack of those who use it: this
/// overwrites that too, where the key is dropped by the thread that used it, at about the same depth.
struct Key<A>(A);

impl<A> Drop for Key<A> {
    fn drop(&mut self) {
        on_wiped_stack(|| ());
    }
}

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
