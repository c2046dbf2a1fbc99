//! HMAC by RustCrypto, which wipes its states and its outputs when they are dropped. What
//! moving them left on the stack is overwritten.

use hmac::{Hmac, KeyInit};
use sha2::{Sha256, Sha384, Sha512};
use waxseal_crypto::{CryptoError, HashAlgorithm, Mac, on_wiped_stack};

/// HMAC.
#[derive(Debug)]
pub(crate) struct HmacSha2;

impl Mac for HmacSha2 {
    fn hmac(
        &self,
        hash: HashAlgorithm,
        key: &[u8],
        message: &[&[u8]],
        output: &mut [u8],
    ) -> Result<(), CryptoError> {
        if output.len() != hash.output_len() {
            return Err(CryptoError::BufferLength);
        }
        on_wiped_stack(|| match hash {
            HashAlgorithm::Sha256 => authenticate::<Hmac<Sha256>>(key, message, output),
            HashAlgorithm::Sha384 => authenticate::<Hmac<Sha384>>(key, message, output),
            HashAlgorithm::Sha512 => authenticate::<Hmac<Sha512>>(key, message, output),
        })
    }
}

fn authenticate<H: hmac::Mac + KeyInit>(
    key: &[u8],
    message: &[&[u8]],
    output: &mut [u8],
) -> Result<(), CryptoError> {
    let mut state: H = KeyInit::new_from_slice(key).map_err(|_| CryptoError::Failed)?;
    message.iter().for_each(|part| state.update(part));
    output.copy_from_slice(state.finalize().as_bytes());
    Ok(())
}
