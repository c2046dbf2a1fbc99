//! `SYMMETRIC_DEFAULT`: AES-256-GCM.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use waxseal_crypto::SecretBytes;

use super::MaterialFault;

pub(crate) const IV_LEN: usize = 12;
pub(crate) const TAG_LEN: usize = 16;

/// A 256-bit AES-GCM key.
pub(crate) struct SymmetricKey(LessSafeKey);

impl SymmetricKey {
    pub(crate) fn new(key: &[u8]) -> Result<Self, MaterialFault> {
        let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| MaterialFault)?;
        Ok(Self(LessSafeKey::new(key)))
    }

    /// The ciphertext and its tag. `iv` must be fresh.
    pub(crate) fn seal(
        &self,
        iv: [u8; IV_LEN],
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, MaterialFault> {
        let mut sealed = plaintext.to_vec();
        let iv = Nonce::assume_unique_for_key(iv);
        let tag = self.0.seal_in_place_separate_tag(iv, Aad::from(aad), &mut sealed);
        sealed.extend_from_slice(tag.map_err(|_| MaterialFault)?.as_ref());
        Ok(sealed)
    }

    /// The plaintext, if the tag is right.
    pub(crate) fn open(
        &self,
        iv: [u8; IV_LEN],
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<SecretBytes, MaterialFault> {
        let len = sealed.len().checked_sub(TAG_LEN).ok_or(MaterialFault)?;
        let (ciphertext, tag) = sealed.split_at_checked(len).ok_or(MaterialFault)?;
        let mut plaintext = SecretBytes::zeroed(len);
        let iv = Nonce::assume_unique_for_key(iv);
        self.0
            .open_separate_gather(iv, Aad::from(aad), ciphertext, tag, plaintext.expose_mut())
            .map_err(|_| MaterialFault)?;
        Ok(plaintext)
    }
}
