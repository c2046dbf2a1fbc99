//! Keyrings of one KMS key.
//!
//! Source: `framework/aws-kms/aws-kms-keyring.md`, `aws-kms-mrk-keyring.md`.

use std::sync::Arc;

use async_trait::async_trait;
use waxseal_format::EncryptedDataKey;
use waxseal_materials::{
    DecryptionMaterials, EncryptionMaterials, KeyFailure, KeyFailureReason, Keyring, MaterialsError,
};

use crate::calls::{Calls, PROVIDER_ID};
use crate::message_keys::{candidates, decrypt_first, not_mine};
use crate::{AwsKmsArn, AwsKmsError, AwsKmsIdentifier, KmsClient};

/// Makes, wraps and unwraps data keys with one KMS key.
///
/// Unwrapping needs the key's ARN, since messages name keys by it: a keyring of an alias or a
/// bare key id encrypts only.
///
/// ```
/// # use std::sync::Arc;
/// # use waxseal_kms::{AwsKmsError, AwsKmsKeyring, KmsClient};
/// fn keyring(client: Arc<dyn KmsClient>) -> Result<AwsKmsKeyring, AwsKmsError> {
///     AwsKmsKeyring::new(client, "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab")
/// }
/// ```
///
/// Source: `framework/aws-kms/aws-kms-keyring.md`.
#[derive(Clone, Debug)]
pub struct AwsKmsKeyring(OneKey);

/// [`AwsKmsKeyring`] that takes related multi-Region keys for one key: it unwraps with its own
/// what a replica in another region wrapped.
///
/// Source: `framework/aws-kms/aws-kms-mrk-keyring.md`.
#[derive(Clone, Debug)]
pub struct AwsKmsMrkKeyring(OneKey);

macro_rules! one_key_keyring {
    ($type:ident, $matching:expr) => {
        impl $type {
            /// A keyring of the key that `key_id` names: an ARN, an alias, an alias ARN or a
            /// bare key id, of the client's region.
            ///
            /// # Errors
            /// [`AwsKmsError::Identifier`] if it names no key of KMS.
            pub fn new(client: Arc<dyn KmsClient>, key_id: &str) -> Result<Self, AwsKmsError> {
                Ok(Self(OneKey { calls: Calls::new(client), key: identifier(key_id)?, matching: $matching }))
            }

            /// The same with grant tokens for every call.
            #[must_use]
            pub fn with_grant_tokens(mut self, grant_tokens: Vec<String>) -> Self {
                self.0.calls.grant_tokens = grant_tokens;
                self
            }
        }

        #[async_trait]
        impl Keyring for $type {
            async fn on_encrypt(
                &self,
                materials: EncryptionMaterials,
            ) -> Result<EncryptionMaterials, MaterialsError> {
                self.0.on_encrypt(materials).await
            }

            async fn on_decrypt(
                &self,
                materials: DecryptionMaterials,
                encrypted_data_keys: &[EncryptedDataKey],
            ) -> Result<DecryptionMaterials, MaterialsError> {
                self.0.on_decrypt(materials, encrypted_data_keys).await
            }
        }
    };
}

one_key_keyring!(AwsKmsKeyring, Matching::Exact);
one_key_keyring!(AwsKmsMrkKeyring, Matching::MultiRegion);

/// The key that a text names.
pub(crate) fn identifier(text: &str) -> Result<AwsKmsIdentifier, AwsKmsError> {
    text.parse().map_err(|reason| AwsKmsError::Identifier { identifier: text.to_owned(), reason })
}

/// Which of a message's keys are the configured one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Matching {
    Exact,
    MultiRegion,
}

impl Matching {
    pub(crate) fn matches(self, configured: &AwsKmsIdentifier, named: &AwsKmsArn) -> bool {
        let named = AwsKmsIdentifier::Arn(named.clone());
        match self {
            Self::Exact => *configured == named,
            Self::MultiRegion => configured.mrk_matches(&named),
        }
    }
}

#[derive(Clone, Debug)]
struct OneKey {
    calls: Calls,
    key: AwsKmsIdentifier,
    matching: Matching,
}

impl OneKey {
    async fn on_encrypt(
        &self,
        mut materials: EncryptionMaterials,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        let context = materials.encryption_context();
        let encrypted = match materials.data_key() {
            Some(data_key) => self.calls.encrypt(&self.key, context, data_key).await,
            None => {
                let made = self.calls.generate(&self.key, materials.suite(), context).await;
                let made = made.map_err(MaterialsError::Wrap)?;
                materials.set_data_key(made.plaintext)?;
                Ok(made.encrypted)
            }
        };
        materials.add_encrypted_data_key(encrypted.map_err(MaterialsError::Wrap)?)?;
        Ok(materials)
    }

    /// Fails if there is a data key already. The page on multi-Region keys says to give such
    /// materials back as they are; `framework/keyring-interface.md` says for all to fail.
    async fn on_decrypt(
        &self,
        materials: DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        materials.check_no_data_key()?;
        let mine = |named: &AwsKmsArn| self.matching.matches(&self.key, named).then(|| self.key.to_string());
        let candidates = candidates(PROVIDER_ID, encrypted_data_keys, mine)?;
        let not_mine = || not_mine_of([&self.key], encrypted_data_keys);
        decrypt_first(&self.calls, materials, candidates, not_mine).await
    }
}

/// Why none of these keys is asked for the message's data keys: a name of theirs that is no
/// key ARN never is one of a message.
pub(crate) fn not_mine_of<'a>(
    keys: impl IntoIterator<Item = &'a AwsKmsIdentifier>,
    encrypted_data_keys: &[EncryptedDataKey],
) -> KeyFailure {
    let keys: Vec<_> = keys.into_iter().collect();
    let label = keys.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    match keys.iter().find(|key| key.key_arn().is_none()) {
        Some(key) if encrypted_data_keys.iter().any(|edk| edk.provider_id == PROVIDER_ID) => {
            let why = format!(
                "{key} is {}, with which one can only encrypt: messages name their keys by key ARN, \
                 so give the key ARN to decrypt",
                key.form()
            );
            KeyFailure::new(label, KeyFailureReason::Unsupported).with_source(why)
        }
        _ => not_mine(PROVIDER_ID, &label, encrypted_data_keys),
    }
}
