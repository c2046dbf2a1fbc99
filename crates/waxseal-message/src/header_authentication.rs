//! The tag over the header.
//!
//! Source: `client-apis/encrypt.md`, "Authentication Tag"; `client-apis/decrypt.md`,
//! "Verify the header".

use std::collections::BTreeSet;

use waxseal_crypto::AeadKey;
use waxseal_format::{DecodedHeader, EncryptionContext, HeaderAuthentication, IV_LEN};

use crate::MessageError;

/// The authentication that waxseal writes: under an IV of zeros in both versions.
pub(crate) fn authenticate(key: &dyn AeadKey, aad: &[u8]) -> Result<HeaderAuthentication, MessageError> {
    let iv = [0; IV_LEN];
    let tag = key.seal_in_place(&iv, aad, &mut [])?;
    Ok(HeaderAuthentication { iv, tag })
}

/// Verifies a header under the IV that it has.
pub(crate) fn verify(key: &dyn AeadKey, decoded: &DecodedHeader, aad: &[u8]) -> Result<(), MessageError> {
    let HeaderAuthentication { iv, tag } = &decoded.authentication;
    key.open_in_place(iv, aad, &mut [], tag).map_err(|_| MessageError::HeaderTag)
}

/// The serialization of the pairs that are authenticated and not stored; nothing if there
/// are none.
pub(crate) fn only_authenticated(
    context: &EncryptionContext,
    required_keys: &BTreeSet<String>,
) -> Result<Vec<u8>, MessageError> {
    Ok(split(context, |key| required_keys.contains(key)).to_bytes()?)
}

/// The pairs whose key is `wanted`.
pub(crate) fn split(context: &EncryptionContext, wanted: impl Fn(&str) -> bool) -> EncryptionContext {
    context.iter().filter(|(key, _)| wanted(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}
