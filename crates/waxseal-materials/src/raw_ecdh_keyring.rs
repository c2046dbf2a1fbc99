//! A keyring of EC keys that are held in memory.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use waxseal_crypto::{
    AgreementKey, CryptoProvider, EcPrivateKey, EcPublicKey, EcdhCurveSpec, KeyError, SecretBytes,
};
use waxseal_format::{AlgorithmSuite, EncryptedDataKey};

use crate::ecdh_wrap::{self, Parties, RAW_PROVIDER_ID};
use crate::{
    DecryptionMaterials, EncryptionMaterials, KeyFailure, KeyFailureReason, KeyFailures, Keyring,
    MaterialsError,
};

/// Wraps data keys with a secret that two EC key pairs share (ECDH). The encryption context and
/// both public keys are authenticated.
///
/// Sender and recipient hold a private key each and know the other's public key; no key is
/// sent. What the pair can do depends on the [`RawEcdhSchema`].
///
/// ```
/// use waxseal_crypto::EcdhCurveSpec;
/// use waxseal_materials::{RawEcdhKeyring, RawEcdhSchema};
///
/// # fn main() -> Result<(), waxseal_materials::MaterialsError> {
/// let (crypto, curve) = (waxseal_native::provider(), EcdhCurveSpec::P256);
/// let recipient = crypto.agreement.generate(curve)?;
/// let public = crypto.agreement.private_key(&recipient)?.public_key().clone();
///
/// let encrypts = RawEcdhSchema::EphemeralPrivateKeyToStaticPublicKey { recipient_public_key: public };
/// let encrypts = RawEcdhKeyring::new(crypto, curve, encrypts)?;
/// let decrypts = RawEcdhSchema::PublicKeyDiscovery { recipient_private_key: recipient };
/// let decrypts = RawEcdhKeyring::new(crypto, curve, decrypts)?;
/// # Ok(())
/// # }
/// ```
///
/// Source: `framework/raw-ecdh-keyring.md`.
pub struct RawEcdhKeyring {
    crypto: &'static CryptoProvider,
    curve: EcdhCurveSpec,
    keys: Keys,
}

/// Who agrees with whom.
///
/// By the specification private keys are given as PEM of PKCS#8
/// ([`EcPrivateKey::from_pem`]), public ones as DER of a `SubjectPublicKeyInfo`
/// ([`EcPublicKey::from_der`]), and anything else there is an error. Keys that come otherwise
/// have readers of their own.
///
/// Source: `framework/key-agreement-schemas.md`, "Raw ECDH Key Agreement Schemas".
#[derive(Debug)]
#[non_exhaustive]
pub enum RawEcdhSchema {
    /// Two parties with a key pair each: encrypts to the other, and decrypts what either sent
    /// to the other.
    RawPrivateKeyToStaticPublicKey {
        /// One's own private key.
        sender_private_key: EcPrivateKey,
        /// The other's public key.
        recipient_public_key: EcPublicKey,
    },
    /// Encrypts to the recipient with a fresh key pair for each data key; can't decrypt.
    EphemeralPrivateKeyToStaticPublicKey {
        /// The recipient's public key, which may belong to a key of AWS KMS.
        recipient_public_key: EcPublicKey,
    },
    /// Decrypts what anyone sent to the recipient; can't encrypt.
    PublicKeyDiscovery {
        /// The recipient's private key.
        recipient_private_key: EcPrivateKey,
    },
}

/// A schema, set up.
enum Keys {
    /// Both parties stay the same, and so does their secret: it is agreed on once.
    Static {
        parties: Parties,
        secret: Arc<SecretBytes>,
    },
    Ephemeral {
        recipient: EcPublicKey,
    },
    Discovery {
        recipient: Box<dyn AgreementKey>,
        compressed: Vec<u8>,
    },
}

impl RawEcdhKeyring {
    /// A keyring of the keys of `schema`, which have to be on `curve`.
    ///
    /// # Errors
    /// [`MaterialsError::Key`] if a key is on another curve, or is refused.
    pub fn new(
        crypto: &'static CryptoProvider,
        curve: EcdhCurveSpec,
        schema: RawEcdhSchema,
    ) -> Result<Self, MaterialsError> {
        let setup = Setup { crypto, curve };
        let keys = match schema {
            RawEcdhSchema::RawPrivateKeyToStaticPublicKey { sender_private_key, recipient_public_key } => {
                setup.agreed(&sender_private_key, &recipient_public_key)?
            }
            RawEcdhSchema::EphemeralPrivateKeyToStaticPublicKey { recipient_public_key } => {
                Keys::Ephemeral { recipient: setup.public(&recipient_public_key)? }
            }
            RawEcdhSchema::PublicKeyDiscovery { recipient_private_key } => {
                let recipient = setup.private(&recipient_private_key)?;
                let compressed = recipient.public_key().to_compressed();
                Keys::Discovery { recipient, compressed }
            }
        };
        Ok(Self { crypto, curve, keys })
    }

    /// Sender, recipient and their secret for one more data key.
    fn agree_to_wrap(&self) -> Result<(Parties, Arc<SecretBytes>), MaterialsError> {
        match &self.keys {
            Keys::Static { parties, secret } => Ok((parties.clone(), Arc::clone(secret))),
            Keys::Ephemeral { recipient } => {
                let ephemeral = self.crypto.agreement.generate(self.curve)?;
                let ephemeral = self.crypto.agreement.private_key(&ephemeral)?;
                let secret = ephemeral.agree(recipient)?;
                Ok((Parties::new(ephemeral.public_key(), recipient), Arc::new(secret)))
            }
            Keys::Discovery { .. } => Err(MaterialsError::Wrap(self.failure(KeyFailureReason::Unsupported))),
        }
    }

    fn unwrap_first(
        &self,
        suite: &AlgorithmSuite,
        context: &[u8],
        edks: &[EncryptedDataKey],
    ) -> Result<SecretBytes, MaterialsError> {
        let mut failures = KeyFailures::default();
        for edk in edks {
            match self.unwrap(suite, context, edk) {
                Ok(data_key) => return Ok(data_key),
                Err(KeyFailureReason::NotMine) => {}
                Err(reason) => failures.push(self.failure(reason)),
            }
        }
        Err(MaterialsError::Unwrap(failures.or_not_mine(&self.label())))
    }

    fn unwrap(
        &self,
        suite: &AlgorithmSuite,
        context: &[u8],
        edk: &EncryptedDataKey,
    ) -> Result<SecretBytes, KeyFailureReason> {
        if !ecdh_wrap::is_ecdh(edk) {
            return Err(KeyFailureReason::NotMine);
        }
        let found = Parties::parse(&edk.provider_info)?;
        let open = |secret| {
            let (ciphertext, len) = (&edk.ciphertext, suite.data_key_len());
            ecdh_wrap::unwrap(self.crypto, &found, secret, context, ciphertext, len)
        };
        match &self.keys {
            Keys::Static { parties, secret }
                if found.is_same(parties) || found.is_same(&parties.reversed()) =>
            {
                open(secret)
            }
            Keys::Discovery { recipient, compressed } if found.recipient() == compressed => {
                let sender = EcPublicKey::from_sec1(self.curve, found.sender());
                let sender = sender.map_err(|_| KeyFailureReason::Malformed)?;
                open(&recipient.agree(&sender).map_err(|_| KeyFailureReason::Malformed)?)
            }
            _ => Err(KeyFailureReason::NotMine),
        }
    }

    fn failure(&self, reason: KeyFailureReason) -> KeyFailure {
        KeyFailure::new(self.label(), reason)
    }

    /// The curve, and how the recipient's public key starts.
    fn label(&self) -> String {
        let point = match &self.keys {
            Keys::Static { parties, .. } => parties.recipient().to_vec(),
            Keys::Ephemeral { recipient } => recipient.to_compressed(),
            Keys::Discovery { compressed, .. } => compressed.clone(),
        };
        let start: String = point.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        format!("{RAW_PROVIDER_ID}/{}/{start}...", self.curve.name())
    }
}

impl fmt::Debug for RawEcdhKeyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = match &self.keys {
            Keys::Static { .. } => "RawPrivateKeyToStaticPublicKey",
            Keys::Ephemeral { .. } => "EphemeralPrivateKeyToStaticPublicKey",
            Keys::Discovery { .. } => "PublicKeyDiscovery",
        };
        write!(f, "RawEcdhKeyring({schema}, {})", self.label())
    }
}

/// Checks and sets up the keys of a schema.
struct Setup {
    crypto: &'static CryptoProvider,
    curve: EcdhCurveSpec,
}

impl Setup {
    fn agreed(&self, sender: &EcPrivateKey, recipient: &EcPublicKey) -> Result<Keys, MaterialsError> {
        let (sender, recipient) = (self.private(sender)?, self.public(recipient)?);
        let secret = Arc::new(sender.agree(&recipient)?);
        Ok(Keys::Static { parties: Parties::new(sender.public_key(), &recipient), secret })
    }

    fn private(&self, key: &EcPrivateKey) -> Result<Box<dyn AgreementKey>, KeyError> {
        key.curve().check(self.curve)?;
        self.crypto.agreement.private_key(key)
    }

    fn public(&self, key: &EcPublicKey) -> Result<EcPublicKey, KeyError> {
        key.curve().check(self.curve)?;
        self.crypto.agreement.check(key)
    }
}

#[async_trait]
impl Keyring for RawEcdhKeyring {
    async fn on_encrypt(
        &self,
        mut materials: EncryptionMaterials,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        let (parties, secret) = self.agree_to_wrap()?;
        let random = self.crypto.random;
        let data_key =
            materials.data_key_or_generate(|suite| Ok(SecretBytes::random(random, suite.data_key_len())?))?;
        let context = materials.encryption_context();
        let wrapped = ecdh_wrap::wrap(self.crypto, RAW_PROVIDER_ID, &parties, &secret, context, &data_key)?;
        materials.add_encrypted_data_key(wrapped)?;
        Ok(materials)
    }

    async fn on_decrypt(
        &self,
        mut materials: DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        materials.check_no_data_key()?;
        if let Keys::Ephemeral { .. } = self.keys {
            return Err(MaterialsError::Unwrap(self.failure(KeyFailureReason::Unsupported).into()));
        }
        let context = materials.encryption_context().to_bytes()?;
        let data_key = self.unwrap_first(materials.suite(), &context, encrypted_data_keys)?;
        materials.set_data_key(data_key)?;
        Ok(materials)
    }
}
