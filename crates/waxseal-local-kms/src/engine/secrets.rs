//! What the KMS keeps to itself: what import tokens are sealed with, and what material is told
//! apart by.

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use waxseal_crypto::SecretBytes;
use waxseal_kms::client::KeySpec;

use crate::material::{HmacKey, MaterialFault, SymmetricKey, random};

const LABEL: &[u8] = b"waxseal-local-kms secrets";

/// The KMS's own secrets.
pub(crate) struct Secrets {
    pub(crate) import_tokens: SymmetricKey,
    fingerprints: HmacKey,
}

impl Secrets {
    /// Secrets that end with the process.
    pub(crate) fn fresh() -> Result<Self, MaterialFault> {
        Self::derived(&random(32)?)
    }

    /// The secrets of a store, from the store's key.
    pub(crate) fn derived(store_key: &SecretBytes) -> Result<Self, MaterialFault> {
        let key = Salt::new(HKDF_SHA256, LABEL).extract(store_key.expose());
        let derive = |label: &[u8]| {
            let mut secret = SecretBytes::zeroed(32);
            let info = [label];
            let output = key.expand(&info, HKDF_SHA256).map_err(|_| MaterialFault)?;
            output.fill(secret.expose_mut()).map_err(|_| MaterialFault)?;
            Ok(secret)
        };
        Ok(Self {
            import_tokens: SymmetricKey::new(derive(b"import tokens")?.expose())?,
            fingerprints: HmacKey::new(KeySpec::Hmac256, derive(b"fingerprints")?.expose())?,
        })
    }

    /// The id of imported material: the same for the same material of the same key, and of no use
    /// to someone who guesses at material.
    pub(crate) fn material_id(&self, key_id: &str, material: &SecretBytes) -> String {
        let message = SecretBytes::from([key_id.as_bytes(), b"\0", material.expose()].concat());
        hex::encode(self.fingerprints.mac(message.expose()))
    }
}
