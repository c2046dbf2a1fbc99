//! RSA key wrapping.
//!
//! Source: `framework/raw-rsa-keyring.md`, "Operation".

use waxseal_crypto::{
    CryptoProvider, RsaPadding, RsaPrivateDer, RsaPrivateKey, RsaPublicDer, RsaPublicKey, SecretBytes,
};

use crate::{KeyFailureReason, MaterialsError};

pub(super) struct RsaKeys {
    padding: RsaPadding,
    public: Option<Box<dyn RsaPublicKey>>,
    private: Option<Box<dyn RsaPrivateKey>>,
}

impl RsaKeys {
    pub(super) fn new(
        crypto: &CryptoProvider,
        padding: RsaPadding,
        public: Option<&RsaPublicDer>,
        private: Option<&RsaPrivateDer>,
    ) -> Result<Self, MaterialsError> {
        let private = private.map(|key| crypto.rsa.private_key(key)).transpose()?;
        if let (Some(public), Some(private)) = (public, &private)
            && private.public_key()? != *public
        {
            return Err(MaterialsError::KeyPair);
        }
        let public = public.map(|key| crypto.rsa.public_key(key)).transpose()?;
        Ok(Self { padding, public, private })
    }

    /// `Unsupported` without a public key, or with one that is too short.
    pub(super) fn wrap(&self, data_key: &SecretBytes) -> Result<Vec<u8>, KeyFailureReason> {
        let public = self.public.as_ref().ok_or(KeyFailureReason::Unsupported)?;
        public.wrap(self.padding, data_key.expose()).map_err(|_| KeyFailureReason::Unsupported)
    }

    /// A wrong padding and a wrong length look alike.
    pub(super) fn unwrap(
        &self,
        ciphertext: &[u8],
        data_key_len: usize,
    ) -> Result<SecretBytes, KeyFailureReason> {
        let private = self.private.as_ref().ok_or(KeyFailureReason::Unsupported)?;
        let data_key = private.unwrap(self.padding, ciphertext).ok();
        data_key.filter(|key| key.len() == data_key_len).ok_or(KeyFailureReason::Rejected)
    }
}
