//! How a data key is wrapped by the secret that two EC key pairs share: the one home of it, for
//! [`RawEcdhKeyring`](crate::RawEcdhKeyring) and for keyrings whose private key is in a key
//! service. It is the building block of such keyrings; to use one, nothing of it is needed.
//!
//! Source: `framework/raw-ecdh-keyring.md` and `framework/key-agreement-schemas.md`. Where these
//! contradict the published SDKs and their test vectors, it is as the SDKs have it: the label
//! and the names of the curves in lower case, compressed points of 33, 49 and 67 bytes, key
//! wrapping with the fixed information alone as associated data.

mod parties;

use waxseal_crypto::{
    AeadAlgorithm, AeadKey, CryptoError, CryptoProvider, HashAlgorithm, Nonce, SecretBytes, constant_time_eq,
    kdf_counter_mode,
};
use waxseal_format::{EncryptedDataKey, EncryptionContext, TAG_LEN};
use zeroize::Zeroizing;

pub use self::parties::Parties;
use crate::{KeyFailureReason, MaterialsError};

/// The provider id of data keys that a key held in memory wrapped.
pub const RAW_PROVIDER_ID: &str = "raw-ecdh";

/// The provider id of data keys that a key of AWS KMS wrapped.
pub const AWS_KMS_PROVIDER_ID: &str = "aws-kms-ecdh";

/// Bytes of the derivation nonce, which is random.
const NONCE_LEN: usize = 32;
/// Bytes of the commitment, and of the wrapping key behind it.
const COMMITMENT_LEN: usize = 32;
const DERIVED_LEN: usize = 64;

/// Each data key is wrapped by a key of its own, derived under a fresh nonce: one IV will do.
const IV: Nonce = [0; 12];

/// Whether keyrings of ECDH may open the data key: its provider id is one of the two.
#[must_use]
pub fn is_ecdh(edk: &EncryptedDataKey) -> bool {
    edk.provider_id == RAW_PROVIDER_ID || edk.provider_id == AWS_KMS_PROVIDER_ID
}

/// Wraps `data_key` under a key derived from the secret that `parties` share.
///
/// # Errors
/// [`MaterialsError::Format`] if the context fits no message, [`MaterialsError::Crypto`] when
/// the source of randomness fails.
pub fn wrap(
    crypto: &CryptoProvider,
    provider_id: &str,
    parties: &Parties,
    shared_secret: &SecretBytes,
    context: &EncryptionContext,
    data_key: &SecretBytes,
) -> Result<EncryptedDataKey, MaterialsError> {
    let fixed_info = parties.fixed_info(&context.to_bytes()?);
    let mut nonce = [0; NONCE_LEN];
    crypto.random.fill(&mut nonce)?;
    let derived = Derived::new(crypto, shared_secret, &fixed_info, &nonce)?;
    // Until it is sealed the buffer holds the data key, so it wipes itself on failure.
    let mut sealed = Zeroizing::new(data_key.expose().to_vec());
    let tag = derived.wrapping_key.seal_in_place(&IV, &fixed_info, &mut sealed)?;
    let ciphertext = [nonce.as_slice(), derived.commitment.expose(), &sealed, &tag].concat();
    Ok(EncryptedDataKey::new(provider_id, parties.provider_info(), ciphertext))
}

/// Fails for what can't be a wrapped data key of `data_key_len` bytes, whoever wrapped it.
///
/// # Errors
/// [`KeyFailureReason::Malformed`].
pub fn check(ciphertext: &[u8], data_key_len: usize) -> Result<(), KeyFailureReason> {
    Ciphertext::parse(ciphertext, data_key_len).map(|_| ())
}

/// Unwraps what [`wrap`] made, into a data key of `data_key_len` bytes.
///
/// # Errors
/// [`KeyFailureReason::Malformed`] if it has another length, [`KeyFailureReason::Rejected`] if
/// it was wrapped under another secret or context, or was changed.
pub fn unwrap(
    crypto: &CryptoProvider,
    parties: &Parties,
    shared_secret: &SecretBytes,
    context: &[u8],
    ciphertext: &[u8],
    data_key_len: usize,
) -> Result<SecretBytes, KeyFailureReason> {
    let Ciphertext { nonce, commitment, sealed, tag } = Ciphertext::parse(ciphertext, data_key_len)?;
    let fixed_info = parties.fixed_info(context);
    let derived = Derived::new(crypto, shared_secret, &fixed_info, nonce);
    let derived = derived.map_err(|_| KeyFailureReason::Rejected)?;
    if !constant_time_eq(derived.commitment.expose(), commitment) {
        return Err(KeyFailureReason::Rejected);
    }
    let mut data_key = SecretBytes::zeroed(data_key_len);
    let opened = derived.wrapping_key.open(&IV, &fixed_info, sealed, tag, data_key.expose_mut());
    opened.map_err(|_| KeyFailureReason::Rejected)?;
    Ok(data_key)
}

/// What is derived of a shared secret: a commitment to it, and the key that wraps.
struct Derived {
    commitment: SecretBytes,
    wrapping_key: Box<dyn AeadKey>,
}

impl Derived {
    fn new(
        crypto: &CryptoProvider,
        shared_secret: &SecretBytes,
        fixed_info: &[u8],
        nonce: &[u8],
    ) -> Result<Self, CryptoError> {
        let (mac, hash) = (crypto.mac, HashAlgorithm::Sha384);
        let derived = kdf_counter_mode(mac, hash, shared_secret.expose(), fixed_info, nonce, DERIVED_LEN)?;
        let halves = derived.expose().split_at_checked(COMMITMENT_LEN);
        let (commitment, wrapping_key) = halves.ok_or(CryptoError::BufferLength)?;
        Ok(Self {
            commitment: SecretBytes::copy_of(commitment),
            wrapping_key: crypto.aead.key(AeadAlgorithm::Aes256Gcm, wrapping_key)?,
        })
    }
}

struct Ciphertext<'a> {
    nonce: &'a [u8],
    commitment: &'a [u8],
    sealed: &'a [u8],
    tag: &'a [u8; TAG_LEN],
}

impl<'a> Ciphertext<'a> {
    fn parse(bytes: &'a [u8], data_key_len: usize) -> Result<Self, KeyFailureReason> {
        Self::split(bytes)
            .filter(|parts| parts.sealed.len() == data_key_len)
            .ok_or(KeyFailureReason::Malformed)
    }

    fn split(bytes: &'a [u8]) -> Option<Self> {
        let (nonce, rest) = bytes.split_at_checked(NONCE_LEN)?;
        let (commitment, rest) = rest.split_at_checked(COMMITMENT_LEN)?;
        let (sealed, tag) = rest.split_last_chunk()?;
        Some(Self { nonce, commitment, sealed, tag })
    }
}
