//! AES-GCM key wrapping.
//!
//! Source: `framework/raw-aes-keyring.md`, "Structure".

use waxseal_crypto::{AeadAlgorithm, AeadKey, CryptoError, CryptoProvider, Nonce, SecretBytes};
use waxseal_format::{EncryptedDataKey, IV_LEN, TAG_LEN};
use zeroize::Zeroizing;

use crate::{KeyFailureReason, MaterialsError};

/// Behind the key's name: the tag's length in bits, the IV's length in bytes, both big endian.
const LENGTHS: [u8; 8] = [0, 0, 0, 0x80, 0, 0, 0, 0x0c];

/// Bytes of the provider information behind the key's name: the lengths and the IV.
pub(super) const INFO_SUFFIX_LEN: usize = LENGTHS.len() + IV_LEN;

/// Bytes of the longest data key of any suite.
const MAX_DATA_KEY_LEN: usize = 32;

/// Provider information and ciphertext of a wrapped data key.
pub(super) type Wrapped = (Vec<u8>, Vec<u8>);

pub(super) struct AesWrap(Box<dyn AeadKey>);

impl AesWrap {
    pub(super) fn new(crypto: &CryptoProvider, key: &SecretBytes) -> Result<Self, MaterialsError> {
        let algorithm = match key.len() {
            16 => AeadAlgorithm::Aes128Gcm,
            24 => AeadAlgorithm::Aes192Gcm,
            32 => AeadAlgorithm::Aes256Gcm,
            len => return Err(MaterialsError::WrappingKeyLength(len)),
        };
        Ok(Self(crypto.aead.key(algorithm, key.expose())?))
    }

    pub(super) fn wrap(
        &self,
        name: &str,
        aad: &[u8],
        data_key: &SecretBytes,
        nonce: Nonce,
    ) -> Result<Wrapped, MaterialsError> {
        // Until it is sealed the buffer holds the data key, so it wipes itself on failure.
        let mut sealed = Zeroizing::new(Vec::with_capacity(data_key.len() + TAG_LEN));
        sealed.extend_from_slice(data_key.expose());
        let tag = self.0.seal_in_place(&nonce, aad, &mut sealed)?;
        sealed.extend_from_slice(&tag);
        Ok((info(name, &nonce), std::mem::take(&mut *sealed)))
    }

    pub(super) fn unwrap(
        &self,
        name: &str,
        aad: &[u8],
        edk: &EncryptedDataKey,
        data_key_len: usize,
    ) -> Result<SecretBytes, KeyFailureReason> {
        let nonce = parse_info(name, &edk.provider_info)?;
        let (sealed, tag) = edk.ciphertext.split_last_chunk().ok_or(KeyFailureReason::Malformed)?;
        if sealed.len() != data_key_len {
            return Err(KeyFailureReason::Malformed);
        }
        let mut data_key = SecretBytes::zeroed(data_key_len);
        let opened = self.0.open(&nonce, aad, sealed, tag, data_key.expose_mut());
        opened.map_err(|_| KeyFailureReason::Rejected)?;
        Ok(data_key)
    }
}

pub(super) fn random_nonce(crypto: &CryptoProvider) -> Result<Nonce, MaterialsError> {
    let mut nonce = Nonce::default();
    crypto.random.fill(&mut nonce)?;
    Ok(nonce)
}

/// A data key and the nonce that wraps it, by one call of the source: for a small message each
/// call counts.
pub(super) fn random_key_and_nonce(
    crypto: &CryptoProvider,
    key_len: usize,
) -> Result<(SecretBytes, Nonce), MaterialsError> {
    let mut room = Zeroizing::new([0; MAX_DATA_KEY_LEN + IV_LEN]);
    let random = room.get_mut(..key_len.saturating_add(IV_LEN)).ok_or(CryptoError::BufferLength)?;
    crypto.random.fill(random)?;
    let (data_key, nonce) = random.split_last_chunk().ok_or(CryptoError::BufferLength)?;
    Ok((SecretBytes::copy_of(data_key), *nonce))
}

fn info(name: &str, nonce: &Nonce) -> Vec<u8> {
    let mut info = Vec::with_capacity(name.len() + INFO_SUFFIX_LEN);
    info.extend_from_slice(name.as_bytes());
    info.extend_from_slice(&LENGTHS);
    info.extend_from_slice(nonce);
    info
}

/// The IV of a data key that the key `name` wrapped. `NotMine` for another name, also one
/// that only starts with `name`; `Malformed` for this name with anything but the one form.
pub(super) fn parse_info(name: &str, info: &[u8]) -> Result<Nonce, KeyFailureReason> {
    let suffix = info.strip_prefix(name.as_bytes()).ok_or(KeyFailureReason::NotMine)?;
    match suffix.strip_prefix(&LENGTHS) {
        Some(iv) => iv.try_into().map_err(|_| KeyFailureReason::Malformed),
        None if suffix.len() == INFO_SUFFIX_LEN => Err(KeyFailureReason::Malformed),
        None => Err(KeyFailureReason::NotMine),
    }
}

/// The key's name in the provider information of a raw key of either kind: what stands
/// before the lengths and the IV, or all of it where there are none.
pub(crate) fn key_name(info: &[u8]) -> &[u8] {
    let cut = info.len().checked_sub(INFO_SUFFIX_LEN).and_then(|name_len| info.split_at_checked(name_len));
    cut.filter(|(_, suffix)| suffix.starts_with(&LENGTHS)).map_or(info, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use KeyFailureReason::{Malformed, NotMine};

    #[test]
    fn information_is_read_back() {
        let nonce = [7; 12];
        let written = info("key", &nonce);
        assert_eq!(written[..11], *b"key\0\0\0\x80\0\0\0\x0c");
        assert_eq!(parse_info("key", &written), Ok(nonce));
        assert_eq!(key_name(&written), b"key");
        assert_eq!(key_name(b"key"), b"key");
        assert_eq!(key_name(b"a name as long as a suffix"), b"a name as long as a suffix");
    }

    #[test]
    fn a_name_matches_whole() {
        let written = info("key-2", &[7; 12]);
        for other in ["key", "key-", "key-22", "Key-2", ""] {
            assert_eq!(parse_info(other, &written), Err(NotMine), "{other:?}");
        }
    }

    #[test]
    fn every_other_form_behind_the_name_is_malformed() {
        let written = info("key", &[7; 12]);
        for at in 3..11 {
            let mut changed = written.clone();
            changed[at] ^= 1;
            assert_eq!(parse_info("key", &changed), Err(Malformed), "byte {at}");
        }
        for cut in 11..written.len() {
            assert_eq!(parse_info("key", &written[..cut]), Err(Malformed), "cut at {cut}");
        }
        assert_eq!(parse_info("key", &[written.as_slice(), &[0]].concat()), Err(Malformed));
        assert_eq!(parse_info("key", b"key"), Err(NotMine));
    }
}
