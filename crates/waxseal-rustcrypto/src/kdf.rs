//! HKDF by hkdf. Its states are wiped when they are dropped; the last block of each output
//! stays on the stack, which is therefore overwritten.

use hkdf::hmac::Hmac;
use hkdf::{GenericHkdf, HmacImpl};
use sha2::{Sha256, Sha384, Sha512};
use waxseal_crypto::{CryptoError, HashAlgorithm, HkdfOutput, Kdf, on_wiped_stack};
use zeroize::Zeroize;

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
        on_wiped_stack(|| match hash {
            HashAlgorithm::Sha256 => derive::<Hmac<Sha256>>(salt, key_material, outputs),
            HashAlgorithm::Sha384 => derive::<Hmac<Sha384>>(salt, key_material, outputs),
            HashAlgorithm::Sha512 => derive::<Hmac<Sha512>>(salt, key_material, outputs),
        })
    }
}

fn derive<H: HmacImpl>(
    salt: &[u8],
    key_material: &[u8],
    outputs: &mut [HkdfOutput<'_>],
) -> Result<(), CryptoError> {
    let (mut pseudorandom_key, expander) = GenericHkdf::<H>::extract(Some(salt), key_material);
    pseudorandom_key.as_mut_slice().zeroize();
    outputs
        .iter_mut()
        .try_for_each(|output| expander.expand(output.info, output.output))
        .map_err(|_| CryptoError::BufferLength)
}
