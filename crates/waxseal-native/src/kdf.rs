//! HKDF over RustCrypto's HMAC, which wipes its states and its outputs when they are dropped.
//! What moving them left on the stack is overwritten.

use hmac::digest::CtOutput;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Sha256, Sha384, Sha512};
use waxseal_crypto::{CryptoError, HashAlgorithm, HkdfOutput, Kdf, on_wiped_stack};

/// HKDF.
#[derive(Debug)]
pub(crate) struct Hkdf;

impl Kdf for Hkdf {
    fn hkdf(
        &self,
        hash: HashAlgorithm,
        salt: &[u8],
        key_material: &[u8],
        outputs: &mut [HkdfOutput<'_>],
    ) -> Result<(), CryptoError> {
        if outputs.iter().any(|output| output.output.len() > 255 * hash.output_len()) {
            return Err(CryptoError::BufferLength);
        }
        on_wiped_stack(|| match hash {
            HashAlgorithm::Sha256 => derive::<Hmac<Sha256>>(salt, key_material, outputs),
            HashAlgorithm::Sha384 => derive::<Hmac<Sha384>>(salt, key_material, outputs),
            HashAlgorithm::Sha512 => derive::<Hmac<Sha512>>(salt, key_material, outputs),
        })
    }
}

/// Extracts once (RFC 5869, 2.2). HMAC pads its key with zeros, so no salt is a salt of zeros.
fn derive<H: Mac + KeyInit + Clone>(
    salt: &[u8],
    key_material: &[u8],
    outputs: &mut [HkdfOutput<'_>],
) -> Result<(), CryptoError> {
    let pseudorandom_key = keyed::<H>(salt)?.chain_update(key_material).finalize();
    let keyed = keyed::<H>(pseudorandom_key.as_bytes())?;
    outputs.iter_mut().for_each(|output| expand(&keyed, output));
    Ok(())
}

/// Expands (RFC 5869, 2.3): each block is made of the one before, the info and a counter from one.
fn expand<H: Mac + Clone>(keyed: &H, output: &mut HkdfOutput<'_>) {
    let mut previous: Option<CtOutput<H>> = None;
    for (chunk, counter) in output.output.chunks_mut(H::output_size()).zip(1..=u8::MAX) {
        let mut state = keyed.clone();
        if let Some(previous) = &previous {
            state.update(previous.as_bytes());
        }
        let block = state.chain_update(output.info).chain_update([counter]).finalize();
        chunk.iter_mut().zip(block.as_bytes()).for_each(|(to, from)| *to = *from);
        previous = Some(block);
    }
}

/// HMAC takes keys of any length.
fn keyed<H: Mac + KeyInit>(key: &[u8]) -> Result<H, CryptoError> {
    H::new_from_slice(key).map_err(|_| CryptoError::Failed)
}
