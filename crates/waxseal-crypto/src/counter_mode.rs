//! Key derivation in counter mode.

use crate::{CryptoError, HashAlgorithm, Mac, SecretBytes};

/// SP 800-108r1, 4.1, "KDF in Counter Mode", with HMAC: counter and length are 32 bits wide, the
/// counter comes first. The fixed input is `label`, a zero byte, `context`, the output's length
/// in bits.
///
/// # Errors
/// [`CryptoError::BufferLength`] if the output has 2^32 bits or more.
pub fn kdf_counter_mode(
    mac: &dyn Mac,
    hash: HashAlgorithm,
    key: &[u8],
    label: &[u8],
    context: &[u8],
    output_len: usize,
) -> Result<SecretBytes, CryptoError> {
    let bits = output_len.checked_mul(8).and_then(|bits| u32::try_from(bits).ok());
    let bits = bits.ok_or(CryptoError::BufferLength)?.to_be_bytes();
    let mut output = SecretBytes::zeroed(output_len);
    let mut block = SecretBytes::zeroed(hash.output_len());
    for (chunk, counter) in output.expose_mut().chunks_mut(hash.output_len()).zip(1..=u32::MAX) {
        let message: [&[u8]; 5] = [&counter.to_be_bytes(), label, &[0], context, &bits];
        mac.hmac(hash, key, &message, block.expose_mut())?;
        chunk.iter_mut().zip(block.expose()).for_each(|(to, from)| *to = *from);
    }
    Ok(output)
}
