//! A provider with a fault.

use waxseal::crypto::{Aead, AeadAlgorithm, AeadKey, CryptoError, Nonce, Tag};

/// The native provider, whose AES-GCM panics at the full frame with this number.
#[derive(Clone, Copy, Debug)]
pub struct PanicsAt {
    pub frame: u32,
    pub number: u8,
}

struct PanickingKey(PanicsAt, Box<dyn AeadKey>);

impl PanickingKey {
    fn look_at(&self, nonce: &Nonce, text: &[u8]) {
        assert!(text.len() != self.0.frame as usize || nonce[11] != self.0.number, "a fault of this test's");
    }
}

impl Aead for PanicsAt {
    fn key(&self, algorithm: AeadAlgorithm, key: &[u8]) -> Result<Box<dyn AeadKey>, CryptoError> {
        Ok(Box::new(PanickingKey(*self, waxseal_native::PROVIDER.aead.key(algorithm, key)?)))
    }
}

impl AeadKey for PanickingKey {
    fn seal_in_place(&self, nonce: &Nonce, aad: &[u8], in_out: &mut [u8]) -> Result<Tag, CryptoError> {
        self.look_at(nonce, in_out);
        self.1.seal_in_place(nonce, aad, in_out)
    }

    fn open_in_place(
        &self,
        nonce: &Nonce,
        aad: &[u8],
        text: &mut [u8],
        tag: &Tag,
    ) -> Result<(), CryptoError> {
        self.look_at(nonce, text);
        self.1.open_in_place(nonce, aad, text, tag)
    }
}
