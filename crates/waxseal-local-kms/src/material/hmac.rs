//! HMAC keys.

use aws_lc_rs::hmac;
use waxseal_kms::client::{KeySpec, MacAlgorithm};

use super::{MaterialFault, secret_len};

/// An HMAC key, for the one hash of its spec.
pub(crate) struct HmacKey(hmac::Key);

impl HmacKey {
    pub(crate) fn new(spec: KeySpec, bytes: &[u8]) -> Result<Self, MaterialFault> {
        if secret_len(spec) != Some(bytes.len()) {
            return Err(MaterialFault);
        }
        Ok(Self(hmac::Key::new(algorithm(spec)?, bytes)))
    }

    pub(crate) fn mac(&self, message: &[u8]) -> Vec<u8> {
        hmac::sign(&self.0, message).as_ref().to_vec()
    }

    /// Whether `mac` is the message's; compares in constant time.
    pub(crate) fn verify(&self, message: &[u8], mac: &[u8]) -> bool {
        hmac::verify(&self.0, message, mac).is_ok()
    }
}

fn algorithm(spec: KeySpec) -> Result<hmac::Algorithm, MaterialFault> {
    match spec {
        KeySpec::Hmac256 => Ok(hmac::HMAC_SHA256),
        KeySpec::Hmac384 => Ok(hmac::HMAC_SHA384),
        KeySpec::Hmac512 => Ok(hmac::HMAC_SHA512),
        _ => Err(MaterialFault),
    }
}

/// The algorithm that keys of this spec are for.
pub(crate) fn mac_algorithm(spec: KeySpec) -> Option<MacAlgorithm> {
    match spec {
        KeySpec::Hmac256 => Some(MacAlgorithm::HmacSha256),
        KeySpec::Hmac384 => Some(MacAlgorithm::HmacSha384),
        KeySpec::Hmac512 => Some(MacAlgorithm::HmacSha512),
        _ => None,
    }
}
