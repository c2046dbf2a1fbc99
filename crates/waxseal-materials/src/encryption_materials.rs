//! What a message is encrypted with.
//!
//! Source: `framework/structures.md`, "Encryption Materials".

use std::collections::BTreeSet;
use std::sync::Arc;

use waxseal_crypto::{SecretBytes, SigningKey};
use waxseal_format::{AlgorithmSuite, EncryptedDataKey, EncryptionContext};

use crate::MaterialsError;

/// A suite, a context, and step by step the keys: first one data key, then that key wrapped
/// by each wrapping key. No other order is possible.
///
/// A clone shares its secrets and its context, it doesn't copy them.
#[derive(Clone, Debug)]
pub struct EncryptionMaterials {
    suite: &'static AlgorithmSuite,
    encryption_context: Arc<EncryptionContext>,
    required_context_keys: BTreeSet<String>,
    signing_key: Option<Arc<dyn SigningKey>>,
    data_key: Option<Arc<SecretBytes>>,
    encrypted_data_keys: Vec<EncryptedDataKey>,
}

impl EncryptionMaterials {
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
            signing_key: None,
            data_key: None,
            encrypted_data_keys: Vec::new(),
        }
    }

    /// The same with the key that signs the message.
    ///
    /// # Errors
    /// [`MaterialsError::Illegal`] unless the suite signs with this key's algorithm.
    pub fn with_signing_key(mut self, key: Arc<dyn SigningKey>) -> Result<Self, MaterialsError> {
        if self.suite.signature != Some(key.algorithm()) {
            return Err(MaterialsError::Illegal("a signing key that the suite has no use for"));
        }
        self.signing_key = Some(key);
        Ok(self)
    }

    /// The same with keys of the context that are authenticated and not stored.
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

    /// The data key; if there is none, first sets the one that `generate` makes for the suite.
    ///
    /// # Errors
    /// Those of `generate` and of [`EncryptionMaterials::set_data_key`].
    pub fn data_key_or_generate(
        &mut self,
        generate: impl FnOnce(&AlgorithmSuite) -> Result<SecretBytes, MaterialsError>,
    ) -> Result<Arc<SecretBytes>, MaterialsError> {
        if self.data_key.is_none() {
            self.set_data_key(generate(self.suite)?)?;
        }
        self.data_key.clone().ok_or(MaterialsError::Illegal("no data key"))
    }

    /// Adds the data key as one wrapping key wrapped it.
    ///
    /// # Errors
    /// [`MaterialsError::Illegal`] if there is no data key yet, or if there are 65,535
    /// wrapped ones, as many as a message can hold.
    pub fn add_encrypted_data_key(&mut self, key: EncryptedDataKey) -> Result<(), MaterialsError> {
        if self.data_key.is_none() {
            return Err(MaterialsError::Illegal("an encrypted data key before the data key"));
        }
        if self.encrypted_data_keys.len() >= usize::from(u16::MAX) {
            return Err(MaterialsError::Illegal("more than 65535 encrypted data keys"));
        }
        self.encrypted_data_keys.push(key);
        Ok(())
    }

    /// Fails unless a message can be encrypted with these materials.
    ///
    /// # Errors
    /// [`MaterialsError::Illegal`] if the data key, a wrapped one, or the signing key of a
    /// signing suite is missing.
    pub fn check_complete(&self) -> Result<(), MaterialsError> {
        let missing = if self.data_key.is_none() {
            "no data key"
        } else if self.encrypted_data_keys.is_empty() {
            "no encrypted data key"
        } else if self.suite.signs() && self.signing_key.is_none() {
            "a signing suite without a signing key"
        } else {
            return Ok(());
        };
        Err(MaterialsError::Illegal(missing))
    }

    /// Fails unless a keyring could have made these materials of `asked`: all that was set
    /// there stays, and keys alone were added.
    pub(crate) fn check_grown_from(&self, asked: &Self) -> Result<(), MaterialsError> {
        let kept = asked.encrypted_data_keys.len();
        let changed = if self.suite != asked.suite {
            "a keyring changed the algorithm suite"
        } else if !same_context(&self.encryption_context, &asked.encryption_context) {
            "a keyring changed the encryption context"
        } else if self.required_context_keys != asked.required_context_keys {
            "a keyring changed the required context keys"
        } else if !same_signing_key(self.signing_key.as_ref(), asked.signing_key.as_ref()) {
            "a keyring changed the signing key"
        } else if asked.data_key.as_ref().is_some_and(|key| !self.has_data_key(key)) {
            "a keyring changed the data key"
        } else if self.encrypted_data_keys.get(..kept) != Some(&asked.encrypted_data_keys) {
            "a keyring changed an encrypted data key"
        } else {
            return Ok(());
        };
        Err(MaterialsError::Illegal(changed))
    }

    fn has_data_key(&self, asked: &Arc<SecretBytes>) -> bool {
        self.data_key.as_ref().is_some_and(|key| Arc::ptr_eq(key, asked) || key.ct_eq(asked))
    }

    /// The suite.
    #[must_use]
    pub fn suite(&self) -> &'static AlgorithmSuite {
        self.suite
    }

    /// The whole encryption context: what is stored and what is only authenticated.
    #[must_use]
    pub fn encryption_context(&self) -> &EncryptionContext {
        &self.encryption_context
    }

    /// The same, to be shared.
    #[must_use]
    pub fn shared_encryption_context(&self) -> &Arc<EncryptionContext> {
        &self.encryption_context
    }

    /// The keys of the context that are authenticated and not stored.
    #[must_use]
    pub fn required_context_keys(&self) -> &BTreeSet<String> {
        &self.required_context_keys
    }

    /// The key that signs the message.
    #[must_use]
    pub fn signing_key(&self) -> Option<&Arc<dyn SigningKey>> {
        self.signing_key.as_ref()
    }

    /// The data key.
    #[must_use]
    pub fn data_key(&self) -> Option<&Arc<SecretBytes>> {
        self.data_key.as_ref()
    }

    /// The data key, wrapped.
    #[must_use]
    pub fn encrypted_data_keys(&self) -> &[EncryptedDataKey] {
        &self.encrypted_data_keys
    }

    /// The same, for whoever is done with the rest.
    #[must_use]
    pub fn into_encrypted_data_keys(self) -> Vec<EncryptedDataKey> {
        self.encrypted_data_keys
    }
}

/// Puts a data key of the suite's length into an empty place.
pub(crate) fn set_once(
    place: &mut Option<Arc<SecretBytes>>,
    data_key: SecretBytes,
    suite: &AlgorithmSuite,
) -> Result<(), MaterialsError> {
    if place.is_some() {
        return Err(MaterialsError::Illegal("a second data key"));
    }
    if data_key.len() != suite.data_key_len() {
        return Err(MaterialsError::Illegal("a data key of another length than the suite's"));
    }
    *place = Some(Arc::new(data_key));
    Ok(())
}

/// Whether both are the same; contexts that were only passed on are not read through.
pub(crate) fn same_context(a: &Arc<EncryptionContext>, b: &Arc<EncryptionContext>) -> bool {
    Arc::ptr_eq(a, b) || a == b
}

fn same_signing_key(a: Option<&Arc<dyn SigningKey>>, b: Option<&Arc<dyn SigningKey>>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => Arc::ptr_eq(a, b) || a.public_key() == b.public_key(),
        (a, b) => a.is_none() && b.is_none(),
    }
}

pub(crate) fn check_present(
    context: &EncryptionContext,
    keys: &BTreeSet<String>,
) -> Result<(), MaterialsError> {
    match keys.iter().find(|key| !context.contains_key(*key)) {
        Some(key) => Err(MaterialsError::ContextKeyMissing(key.clone())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUITE: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;

    #[test]
    fn keys_come_in_one_order_only() {
        let mut materials = EncryptionMaterials::new(SUITE, EncryptionContext::new());
        let wrapped = EncryptedDataKey::new("p", "i", "c");
        assert!(materials.add_encrypted_data_key(wrapped.clone()).is_err());
        assert!(materials.check_complete().is_err());
        assert!(materials.set_data_key(SecretBytes::zeroed(31)).is_err());
        materials.set_data_key(SecretBytes::zeroed(32)).unwrap();
        assert!(materials.set_data_key(SecretBytes::zeroed(32)).is_err());
        assert!(materials.check_complete().is_err());
        materials.add_encrypted_data_key(wrapped).unwrap();
        materials.check_complete().unwrap();
    }

    #[test]
    fn a_required_key_must_be_in_the_context() {
        let materials = EncryptionMaterials::new(SUITE, EncryptionContext::from([("a", "1")]));
        let keys = |key: &str| BTreeSet::from([key.to_owned()]);
        assert!(materials.clone().with_required_context_keys(keys("a")).is_ok());
        let error = materials.with_required_context_keys(keys("b")).unwrap_err();
        assert!(matches!(error, MaterialsError::ContextKeyMissing(key) if key == "b"));
    }

    #[test]
    fn a_signing_suite_is_not_complete_without_its_key() {
        let signing = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384;
        let mut materials = EncryptionMaterials::new(signing, EncryptionContext::new());
        materials.set_data_key(SecretBytes::zeroed(32)).unwrap();
        materials.add_encrypted_data_key(EncryptedDataKey::new("p", "i", "c")).unwrap();
        assert!(matches!(materials.check_complete(), Err(MaterialsError::Illegal(_))));
    }
}
