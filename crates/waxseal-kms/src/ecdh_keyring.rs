//! The keyring of a KMS EC key: the secret that it shares with another key comes from KMS, all
//! else is done here.
//!
//! Source: `framework/aws-kms/aws-kms-ecdh-keyring.md`.

mod kms_key;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use waxseal_crypto::{CryptoProvider, EcPublicKey, EcdhCurveSpec, KeyError, SecretBytes};
use waxseal_format::EncryptedDataKey;
use waxseal_materials::ecdh_wrap::{self, AWS_KMS_PROVIDER_ID, Parties};
use waxseal_materials::{
    DecryptionMaterials, EncryptionMaterials, KeyFailure, KeyFailureReason, KeyFailures, Keyring,
    MaterialsError,
};

use self::kms_key::KmsKey;
use crate::calls::Calls;
use crate::keyring::identifier;
use crate::{AwsKmsError, KmsClient};

/// Who agrees with whom, where one of both has the private key in KMS.
///
/// Public keys are given as DER of a `SubjectPublicKeyInfo`
/// ([`EcPublicKey::from_der`]), as the specification has it, or read from PEM. KMS keys are named
/// by ARN, alias, alias ARN or bare key id.
///
/// Source: `framework/key-agreement-schemas.md`, "AWS KMS ECDH Key Agreement Schemas".
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum KmsEcdhSchema {
    /// Two parties with a key pair each, one's own in KMS: encrypts to the other, and decrypts
    /// what either sent to the other.
    KmsPrivateKeyToStaticPublicKey {
        /// One's own KMS key.
        sender_kms_key_id: String,
        /// Its public half; KMS is asked for it otherwise. With an alias leave it to KMS: where
        /// an alias leads that was moved is only seen then.
        sender_public_key: Option<EcPublicKey>,
        /// The other's public key.
        recipient_public_key: EcPublicKey,
    },
    /// Decrypts what anyone sent to the KMS key; can't encrypt.
    KmsPublicKeyDiscovery {
        /// The recipient's KMS key.
        recipient_kms_key_id: String,
        /// Its public half; KMS is asked for it otherwise. With an alias leave it to KMS: where
        /// an alias leads that was moved is only seen then.
        recipient_public_key: Option<EcPublicKey>,
    },
}

/// Wraps data keys with a secret that a KMS EC key shares with another EC key (ECDH). The
/// encryption context and both public keys are authenticated.
///
/// Each data key costs one call of `DeriveSharedSecret`. What it writes is also opened by a
/// [`RawEcdhKeyring`](waxseal_materials::RawEcdhKeyring) that has the other's private key, and it
/// opens what such a keyring writes to the KMS key.
///
/// ```
/// # use std::sync::Arc;
/// # use waxseal_crypto::{EcPublicKey, EcdhCurveSpec};
/// # use waxseal_kms::{AwsKmsEcdhKeyring, AwsKmsError, KmsClient, KmsEcdhSchema};
/// async fn keyring(client: Arc<dyn KmsClient>, other: &[u8]) -> Result<AwsKmsEcdhKeyring, AwsKmsError> {
///     let schema = KmsEcdhSchema::KmsPrivateKeyToStaticPublicKey {
///         sender_kms_key_id: "arn:aws:kms:us-west-2:111122223333:key/1234abcd".into(),
///         sender_public_key: None,
///         recipient_public_key: EcPublicKey::from_der(other)?,
///     };
///     AwsKmsEcdhKeyring::new(waxseal_native::provider(), client, Vec::new(), EcdhCurveSpec::P256, schema).await
/// }
/// ```
///
/// Source: `framework/aws-kms/aws-kms-ecdh-keyring.md`.
pub struct AwsKmsEcdhKeyring {
    crypto: &'static CryptoProvider,
    curve: EcdhCurveSpec,
    key: KmsKey,
    keys: Keys,
}

/// A schema, set up.
enum Keys {
    Static { parties: Parties, recipient: EcPublicKey },
    Discovery { compressed: Vec<u8> },
}

/// A data key of the message that may be opened, and whom to agree with for it.
struct Candidate<'a> {
    encrypted: &'a EncryptedDataKey,
    parties: Parties,
    peer: EcPublicKey,
}

impl AwsKmsEcdhKeyring {
    /// A keyring of the keys of `schema`, which have to be on `curve`. Grant tokens go with
    /// every call.
    ///
    /// # Errors
    /// [`AwsKmsError::Identifier`] if the KMS key's name is none; [`AwsKmsError::PublicKey`] if a
    /// public key is on another curve or no point of its own. Where KMS is asked for a public
    /// key, [`AwsKmsError::GetPublicKey`] if it doesn't give it, and [`AwsKmsError::Key`] if the
    /// key is not for key agreement, on another curve, or another one than was asked for.
    pub async fn new(
        crypto: &'static CryptoProvider,
        client: Arc<dyn KmsClient>,
        grant_tokens: Vec<String>,
        curve: EcdhCurveSpec,
        schema: KmsEcdhSchema,
    ) -> Result<Self, AwsKmsError> {
        let (key_id, own, recipient) = match schema {
            KmsEcdhSchema::KmsPrivateKeyToStaticPublicKey {
                sender_kms_key_id,
                sender_public_key,
                recipient_public_key,
            } => (sender_kms_key_id, sender_public_key, Some(recipient_public_key)),
            KmsEcdhSchema::KmsPublicKeyDiscovery { recipient_kms_key_id, recipient_public_key } => {
                (recipient_kms_key_id, recipient_public_key, None)
            }
        };
        let recipient = recipient.map(|key| checked(crypto, curve, &key)).transpose()?;
        let mut key = KmsKey::new(Calls { client, grant_tokens }, identifier(&key_id)?, curve);
        let own = match own {
            Some(own) => own,
            None => key.get_public_key().await?,
        };
        let own = checked(crypto, curve, &own)?;
        let keys = match recipient {
            Some(recipient) => Keys::Static { parties: Parties::new(&own, &recipient), recipient },
            None => Keys::Discovery { compressed: own.to_compressed() },
        };
        Ok(Self { crypto, curve, key, keys })
    }

    /// The data keys of a message that this keyring may open, in their order. What is ECDH and
    /// can't be read is a failure; what is between others is passed over.
    fn candidates<'a>(
        &self,
        encrypted_data_keys: &'a [EncryptedDataKey],
        data_key_len: usize,
        failures: &mut KeyFailures,
    ) -> Vec<Candidate<'a>> {
        let mut candidates = Vec::new();
        for encrypted in encrypted_data_keys.iter().filter(|edk| ecdh_wrap::is_ecdh(edk)) {
            match self.candidate(encrypted, data_key_len) {
                Ok(candidate) => candidates.push(candidate),
                Err(KeyFailureReason::NotMine) => {}
                Err(reason) => failures.push(self.key.failure(reason)),
            }
        }
        candidates
    }

    fn candidate<'a>(
        &self,
        encrypted: &'a EncryptedDataKey,
        data_key_len: usize,
    ) -> Result<Candidate<'a>, KeyFailureReason> {
        let found = Parties::parse(&encrypted.provider_info)?;
        let peer = match &self.keys {
            Keys::Static { parties, recipient }
                if found.is_same(parties) || found.is_same(&parties.reversed()) =>
            {
                recipient.clone()
            }
            Keys::Discovery { compressed } if found.recipient() == compressed => {
                let sender = EcPublicKey::from_sec1(self.curve, found.sender());
                let sender = sender.and_then(|sender| self.crypto.agreement.check(&sender));
                sender.map_err(|_| KeyFailureReason::Malformed)?
            }
            _ => return Err(KeyFailureReason::NotMine),
        };
        ecdh_wrap::check(&encrypted.ciphertext, data_key_len)?;
        Ok(Candidate { encrypted, parties: found, peer })
    }

    /// Asks KMS once for each peer that follows another: a message may repeat its data key.
    async fn unwrap(
        &self,
        candidate: &Candidate<'_>,
        agreed: &mut Option<(Vec<u8>, SecretBytes)>,
        context: &[u8],
        data_key_len: usize,
    ) -> Result<SecretBytes, KeyFailure> {
        let peer = candidate.peer.to_compressed();
        if agreed.as_ref().is_none_or(|(of, _)| *of != peer) {
            *agreed = Some((peer, self.key.agree(&candidate.peer).await?));
        }
        let Some((_, secret)) = agreed else { return Err(self.key.failure(KeyFailureReason::Failed)) };
        let ciphertext = &candidate.encrypted.ciphertext;
        ecdh_wrap::unwrap(self.crypto, &candidate.parties, secret, context, ciphertext, data_key_len)
            .map_err(|reason| self.key.failure(reason))
    }
}

/// The same key, its point uncompressed, if it is a point of `curve`.
fn checked(
    crypto: &CryptoProvider,
    curve: EcdhCurveSpec,
    key: &EcPublicKey,
) -> Result<EcPublicKey, KeyError> {
    key.curve().check(curve)?;
    crypto.agreement.check(key)
}

impl fmt::Debug for AwsKmsEcdhKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = match &self.keys {
            Keys::Static { .. } => "KmsPrivateKeyToStaticPublicKey",
            Keys::Discovery { .. } => "KmsPublicKeyDiscovery",
        };
        write!(f, "AwsKmsEcdhKeyring({schema}, {}, {})", self.curve, self.key.name())
    }
}

#[async_trait]
impl Keyring for AwsKmsEcdhKeyring {
    async fn on_encrypt(
        &self,
        mut materials: EncryptionMaterials,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        let Keys::Static { parties, recipient } = &self.keys else {
            let failure = self.key.failure(KeyFailureReason::Unsupported);
            let source = "the schema KmsPublicKeyDiscovery only decrypts";
            return Err(MaterialsError::Wrap(failure.with_source(source)));
        };
        // A context that no message can hold is refused before the call.
        materials.encryption_context().to_bytes()?;
        let secret = self.key.agree(recipient).await.map_err(MaterialsError::Wrap)?;
        let random = self.crypto.random;
        let data_key =
            materials.data_key_or_generate(|suite| Ok(SecretBytes::random(random, suite.data_key_len())?))?;
        let context = materials.encryption_context();
        let wrapped =
            ecdh_wrap::wrap(self.crypto, AWS_KMS_PROVIDER_ID, parties, &secret, context, &data_key)?;
        materials.add_encrypted_data_key(wrapped)?;
        Ok(materials)
    }

    async fn on_decrypt(
        &self,
        mut materials: DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        materials.check_no_data_key()?;
        let context = materials.encryption_context().to_bytes()?;
        let mut failures = KeyFailures::default();
        let data_key_len = materials.suite().data_key_len();
        let candidates = self.candidates(encrypted_data_keys, data_key_len, &mut failures);
        if candidates.is_empty() && failures.as_slice().is_empty() {
            failures.push(self.key.failure(KeyFailureReason::NotMine));
        }
        let mut agreed = None;
        for candidate in &candidates {
            match self.unwrap(candidate, &mut agreed, &context, data_key_len).await {
                Ok(data_key) => {
                    materials.set_data_key(data_key)?;
                    return Ok(materials);
                }
                Err(failure) => failures.push(failure),
            }
        }
        Err(MaterialsError::Unwrap(failures))
    }
}
