//! What a message is decrypted with.
//!
//! Source: `framework/structures.md`, "Decryption Materials".

use std::collections::BTreeSet;
use std::sync::Arc;

use waxseal_crypto::SecretBytes;
use waxseal_format::{AlgorithmSuite, EncryptionContext};

use crate::MaterialsError;
use crate::encryption_materials::{check_present, same_context, set_once};

/// A suite, a context, and once it is found the data key.
///
/// A clone shares its secrets and its context, it doesn't copy them.
#[derive(Clone, Debug)]
pub struct DecryptionMaterials {
    suite: &'static AlgorithmSuite,
    encryption_context: Arc<EncryptionContext>,
    required_context_keys: BTreeSet<String>,
    verification_key: Option<Vec<u8>>,
    data_key: Option<Arc<SecretBytes>>,
}

impl DecryptionMaterials {
    /// Materials without any key yet.
    #[must_use]
    pub fn new(
        suite: &'static AlgorithmSuite,
        encryption_context: impl Into<Arc<EncryptionContext>>,
    ) -> Self {
        Self {
            suite,
            encryption_context: encryption_context.into(),
            required_context_keys: BTreeSet::new(),
            verification_key: None,
            data_key: None,
        }
    }

    /// The same with the public key that the message's signature must verify under, in
    /// SEC 1 form.
    ///
    /// # Errors
    /// [`MaterialsError::Illegal`] if the suite doesn't sign.
    pub fn with_verification_key(mut self, key: Vec<u8>) -> Result<Self, MaterialsError> {
        if !self.suite.signs() {
            return Err(MaterialsError::Illegal("a verification key that the suite has no use for"));
        }
        self.verification_key = Some(key);
        Ok(self)
    }

    /// The same with keys of the context that are authenticated and were not stored.
    ///
    /// # Errors
    /// [`MaterialsError::ContextKeyMissing`] for a key that the context lacks.
    pub fn with_required_context_keys(mut self, keys: BTreeSet<String>) -> Result<Self, MaterialsError> {
        check_present(&self.encryption_context, &keys)?;
        self.required_context_keys = keys;
        Ok(self)
    }

    /// Sets the data key, once.
    ///
    /// # Errors
    /// [`MaterialsError::Illegal`] if there is one, or if the suite's keys have another length.
    pub fn set_data_key(&mut self, data_key: SecretBytes) -> Result<(), MaterialsError> {
        set_once(&mut self.data_key, data_key, self.suite)
    }

    /// Fails if there is a data key already: by the specification a keyring must then not
    /// decrypt another.
    ///
    /// # Errors
    /// [`MaterialsError::Illegal`].
    pub fn check_no_data_key(&self) -> Result<(), MaterialsError> {
        match self.data_key {
            Some(_) => Err(MaterialsError::Illegal("a second data key")),
            None => Ok(()),
        }
    }

    /// Fails unless a message can be decrypted with these materials.
    ///
    /// # Errors
    /// [`MaterialsError::Illegal`] if the data key, or the verification key of a signing
    /// suite, is missing.
    pub fn check_complete(&self) -> Result<(), MaterialsError> {
        if self.data_key.is_none() {
            return Err(MaterialsError::Illegal("no data key"));
        }
        if self.suite.signs() && self.verification_key.is_none() {
            return Err(MaterialsError::Illegal("a signing suite without a verification key"));
        }
        Ok(())
    }

    /// Fails unless a keyring could have made these materials of `asked`: all that was set
    /// there stays, and the data key alone was added.
    pub(crate) fn check_grown_from(&self, asked: &Self) -> Result<(), MaterialsError> {
        let changed = if self.suite != asked.suite {
            "a keyring changed the algorithm suite"
        } else if !same_context(&self.encryption_context, &asked.encryption_context) {
            "a keyring changed the encryption context"
        } else if self.required_context_keys != asked.required_context_keys {
            "a keyring changed the required context keys"
        } else if self.verification_key != asked.verification_key {
            "a keyring changed the verification key"
        } else {
            return Ok(());
        };
        Err(MaterialsError::Illegal(changed))
    }

    /// The suite.
    #[must_use]
    pub fn suite(&self) -> &'static AlgorithmSuite {
        self.suite
    }

    /// The whole encryption context: what was stored and what is only authenticated.
    #[must_use]
    pub fn encryption_context(&self) -> &EncryptionContext {
        &self.encryption_context
    }

    /// The same, to be shared.
    #[must_use]
    pub fn shared_encryption_context(&self) -> &Arc<EncryptionContext> {
        &self.encryption_context
    }

    /// The keys of the context that are authenticated and were not stored.
    #[must_use]
    pub fn required_context_keys(&self) -> &BTreeSet<String> {
        &self.required_context_keys
    }

    /// The public key that the message's signature must verify under, in SEC 1 form.
    #[must_use]
    pub fn verification_key(&self) -> Option<&[u8]> {
        self.verification_key.as_deref()
    }

    /// The data key.
    #[must_use]
    pub fn data_key(&self) -> Option<&Arc<SecretBytes>> {
        self.data_key.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn materials_are_complete_with_the_keys_that_their_suite_needs() {
        let plain = AlgorithmSuite::AES_128_GCM_IV12_TAG16_HKDF_SHA256;
        let mut materials = DecryptionMaterials::new(plain, EncryptionContext::new());
        assert!(materials.check_complete().is_err());
        assert!(materials.clone().with_verification_key(vec![2; 33]).is_err());
        assert!(materials.set_data_key(SecretBytes::zeroed(32)).is_err());
        materials.set_data_key(SecretBytes::zeroed(16)).unwrap();
        assert!(materials.set_data_key(SecretBytes::zeroed(16)).is_err());
        materials.check_complete().unwrap();

        let signing = AlgorithmSuite::AES_128_GCM_IV12_TAG16_HKDF_SHA256_ECDSA_P256;
        let mut materials = DecryptionMaterials::new(signing, EncryptionContext::new());
        materials.set_data_key(SecretBytes::zeroed(16)).unwrap();
        assert!(materials.check_complete().is_err());
        materials.with_verification_key(vec![2; 33]).unwrap().check_complete().unwrap();
    }
}
