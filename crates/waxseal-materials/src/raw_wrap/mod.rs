//! Wrapping with keys that are held in memory: the one home of it, for keyrings and master keys.

mod aes;
mod rsa;

use std::fmt;

use waxseal_crypto::{CryptoProvider, RsaPadding, RsaPrivateDer, RsaPublicDer, SecretBytes};
use waxseal_format::{AlgorithmSuite, EncryptedDataKey, EncryptionContext};

pub(crate) use self::aes::key_name;
use self::aes::{AesWrap, Wrapped};
use self::rsa::RsaKeys;
use crate::{KeyFailure, KeyFailureReason, KeyFailures, MaterialsError};

/// A wrapping key, set up for use, and its name.
pub(crate) struct RawKey {
    crypto: &'static CryptoProvider,
    namespace: String,
    name: String,
    method: Method,
}

enum Method {
    Aes(AesWrap),
    Rsa(RsaKeys),
}

impl RawKey {
    pub(crate) fn aes(
        crypto: &'static CryptoProvider,
        namespace: String,
        name: String,
        key: &SecretBytes,
    ) -> Result<Self, MaterialsError> {
        check_names(&namespace, &name)?;
        Ok(Self { crypto, namespace, name, method: Method::Aes(AesWrap::new(crypto, key)?) })
    }

    pub(crate) fn rsa(
        crypto: &'static CryptoProvider,
        namespace: String,
        name: String,
        padding: RsaPadding,
        keys: (Option<&RsaPublicDer>, Option<&RsaPrivateDer>),
    ) -> Result<Self, MaterialsError> {
        check_names(&namespace, &name)?;
        let keys = RsaKeys::new(crypto, padding, keys.0, keys.1)?;
        Ok(Self { crypto, namespace, name, method: Method::Rsa(keys) })
    }

    pub(crate) fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A fresh data key of the suite's length, plain and wrapped.
    pub(crate) fn generate(
        &self,
        suite: &AlgorithmSuite,
        context: &EncryptionContext,
    ) -> Result<(SecretBytes, EncryptedDataKey), MaterialsError> {
        if let Method::Aes(key) = &self.method {
            let (data_key, nonce) = aes::random_key_and_nonce(self.crypto, suite.data_key_len())?;
            let wrapped = key.wrap(&self.name, &context.to_bytes()?, &data_key, nonce)?;
            return Ok((data_key, self.entry(wrapped)));
        }
        let data_key = SecretBytes::random(self.crypto.random, suite.data_key_len())?;
        let wrapped = self.wrap(context, &data_key)?;
        Ok((data_key, wrapped))
    }

    pub(crate) fn wrap(
        &self,
        context: &EncryptionContext,
        data_key: &SecretBytes,
    ) -> Result<EncryptedDataKey, MaterialsError> {
        let wrapped = match &self.method {
            Method::Aes(key) => {
                let nonce = aes::random_nonce(self.crypto)?;
                key.wrap(&self.name, &context.to_bytes()?, data_key, nonce)?
            }
            Method::Rsa(keys) => {
                let wrapped =
                    keys.wrap(data_key).map_err(|reason| MaterialsError::Wrap(self.failure(reason)))?;
                (self.name.as_bytes().to_vec(), wrapped)
            }
        };
        Ok(self.entry(wrapped))
    }

    fn entry(&self, (info, ciphertext): Wrapped) -> EncryptedDataKey {
        EncryptedDataKey::new(self.namespace.as_str(), info, ciphertext)
    }

    /// Whether `edk` names this key.
    pub(crate) fn owns(&self, edk: &EncryptedDataKey) -> bool {
        edk.provider_id == self.namespace
            && match &self.method {
                Method::Aes(_) => {
                    aes::parse_info(&self.name, &edk.provider_info) != Err(KeyFailureReason::NotMine)
                }
                Method::Rsa(_) => edk.provider_info == self.name.as_bytes(),
            }
    }

    /// Unwraps the one data key `edk`.
    pub(crate) fn unwrap(
        &self,
        suite: &AlgorithmSuite,
        context: &EncryptionContext,
        edk: &EncryptedDataKey,
    ) -> Result<SecretBytes, KeyFailure> {
        let malformed = |error| self.failure(KeyFailureReason::Malformed).with_source(error);
        let aad = self.associated_data(context).map_err(malformed)?;
        self.open(suite, &aad, edk).map_err(|reason| self.failure(reason))
    }

    /// Unwraps the first of the data keys that can be unwrapped.
    pub(crate) fn unwrap_first(
        &self,
        suite: &AlgorithmSuite,
        context: &EncryptionContext,
        edks: &[EncryptedDataKey],
    ) -> Result<SecretBytes, MaterialsError> {
        let aad = self.associated_data(context)?;
        let mut failures = KeyFailures::default();
        for edk in edks {
            match self.open(suite, &aad, edk) {
                Ok(data_key) => return Ok(data_key),
                Err(KeyFailureReason::NotMine) => {}
                Err(reason) => failures.push(self.failure(reason)),
            }
        }
        Err(MaterialsError::Unwrap(failures.or_not_mine(&self.label())))
    }

    fn associated_data(&self, context: &EncryptionContext) -> Result<Vec<u8>, waxseal_format::FormatError> {
        match self.method {
            Method::Aes(_) => context.to_bytes(),
            Method::Rsa(_) => Ok(Vec::new()),
        }
    }

    fn open(
        &self,
        suite: &AlgorithmSuite,
        aad: &[u8],
        edk: &EncryptedDataKey,
    ) -> Result<SecretBytes, KeyFailureReason> {
        if edk.provider_id != self.namespace {
            return Err(KeyFailureReason::NotMine);
        }
        match &self.method {
            Method::Aes(key) => key.unwrap(&self.name, aad, edk, suite.data_key_len()),
            Method::Rsa(_) if edk.provider_info != self.name.as_bytes() => Err(KeyFailureReason::NotMine),
            Method::Rsa(keys) => keys.unwrap(&edk.ciphertext, suite.data_key_len()),
        }
    }

    fn failure(&self, reason: KeyFailureReason) -> KeyFailure {
        KeyFailure::new(self.label(), reason)
    }

    fn label(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }
}

impl fmt::Debug for RawKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let method = match &self.method {
            Method::Aes(_) => "AES",
            Method::Rsa(_) => "RSA",
        };
        write!(f, "{method} key {}/{}", self.namespace, self.name)
    }
}

/// Fails for a namespace that belongs to another kind of key, and for names that no message
/// can hold.
///
/// Source: `framework/keyring-interface.md`, "key provider ID".
pub(crate) fn check_names(namespace: &str, name: &str) -> Result<(), MaterialsError> {
    let limit = usize::from(u16::MAX);
    if namespace.starts_with("aws-kms") {
        return Err(MaterialsError::ReservedNamespace(namespace.to_owned()));
    }
    if namespace.len() > limit || name.len() > limit.saturating_sub(aes::INFO_SUFFIX_LEN) {
        return Err(MaterialsError::Illegal("a key namespace or name that is too long for a message"));
    }
    Ok(())
}
