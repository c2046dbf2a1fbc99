//! One test: what to decrypt, with which keys, and what must come of it.

use std::collections::BTreeSet;
use std::num::NonZeroU16;

use waxseal::{CommitmentPolicy, DecryptMaterialsRequest, EncryptionContext, ErrorClass, RsaPadding};
use waxseal_kms::{AwsKmsRsaAlgorithm, DiscoveryFilter};

use crate::forms::commitment::Answers;

/// A test by name.
#[derive(Debug)]
pub struct Case {
    /// Its name in the manifest, or its number.
    pub name: String,
    /// What is to be done.
    pub plan: Plan,
}

/// What is to be done with a test.
#[derive(Debug)]
pub enum Plan {
    /// Decrypt and compare.
    Decrypt(Box<Decryption>),
    /// Find a data key and compare.
    Unwrap(Box<Unwrapping>),
    /// Nothing, for this reason.
    Skip(String),
    /// It can't be read: it fails, for this reason.
    Broken(String),
}

impl Plan {
    /// Whether it needs a key of AWS KMS.
    #[must_use]
    pub fn needs_kms(&self) -> bool {
        match self {
            Self::Decrypt(decryption) => decryption.materials.needs_kms(),
            Self::Unwrap(unwrapping) => unwrapping.materials.needs_kms(),
            Self::Skip(_) | Self::Broken(_) => false,
        }
    }
}

/// Why a test can't be made ready.
#[derive(Debug)]
pub enum Unready {
    /// It needs what this runner doesn't have: it is skipped.
    Skip(String),
    /// It can't be read: it fails.
    Broken(anyhow::Error),
}

impl From<anyhow::Error> for Unready {
    fn from(error: anyhow::Error) -> Self {
        Self::Broken(error)
    }
}

impl Case {
    /// The case that a form made ready, or could not.
    #[must_use]
    pub fn new(name: impl Into<String>, prepared: Result<impl Into<Plan>, Unready>) -> Self {
        let plan = match prepared {
            Ok(plan) => plan.into(),
            Err(Unready::Skip(reason)) => Plan::Skip(reason),
            Err(Unready::Broken(error)) => Plan::Broken(format!("{error:#}")),
        };
        Self { name: name.into(), plan }
    }
}

impl From<Decryption> for Plan {
    fn from(decryption: Decryption) -> Self {
        Self::Decrypt(Box::new(decryption))
    }
}

impl From<Unwrapping> for Plan {
    fn from(unwrapping: Unwrapping) -> Self {
        Self::Unwrap(Box::new(unwrapping))
    }
}

/// One message, how to open it, and what must come of it.
#[derive(Debug)]
pub struct Decryption {
    /// The message.
    pub ciphertext: Vec<u8>,
    /// What opens it.
    pub materials: MaterialsSpec,
    /// Pairs that the message must have, or that were not stored.
    pub encryption_context: EncryptionContext,
    /// How it is to be decrypted.
    pub method: Method,
    /// [`CommitmentPolicy::RequireEncryptAllowDecrypt`] unless the test says otherwise.
    pub commitment_policy: CommitmentPolicy,
    /// No limit unless the test says otherwise.
    pub max_encrypted_data_keys: Option<NonZeroU16>,
    /// What must come of it.
    pub expected: Expected,
    /// Known answers about the header and the keys.
    pub answers: Option<Answers>,
}

impl Decryption {
    /// A message with keys and an expectation, decrypted the usual way.
    #[must_use]
    pub fn new(ciphertext: Vec<u8>, materials: impl Into<MaterialsSpec>, expected: Expected) -> Self {
        Self {
            ciphertext,
            materials: materials.into(),
            encryption_context: EncryptionContext::new(),
            method: Method::Every,
            commitment_policy: CommitmentPolicy::RequireEncryptAllowDecrypt,
            max_encrypted_data_keys: None,
            expected,
            answers: None,
        }
    }
}

/// The data keys of a message without the message.
#[derive(Debug)]
pub struct Unwrapping {
    /// What the message would ask for.
    pub request: DecryptMaterialsRequest,
    /// What finds the data key.
    pub materials: MaterialsSpec,
    /// The data key, and the context keys that were not stored; `None` if it must fail.
    pub expected: Option<(Vec<u8>, BTreeSet<String>)>,
}

/// How a message is to be decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// In every way there is: all must agree.
    Every,
    /// As a stream that refuses signed messages.
    StreamingUnsignedOnly,
}

/// What must come of a decryption.
#[derive(Debug)]
pub enum Expected {
    /// This plaintext.
    Plaintext(Vec<u8>),
    /// An error, of this class if it is given.
    Error(Option<ErrorClass>),
}

/// A materials manager to be built.
#[derive(Clone, Debug)]
pub enum MaterialsSpec {
    /// The default one over a keyring.
    Default(KeyringSpec),
    /// One that requires these context keys, over a keyring.
    RequiredContext(BTreeSet<String>, KeyringSpec),
}

impl From<KeyringSpec> for MaterialsSpec {
    fn from(keyring: KeyringSpec) -> Self {
        Self::Default(keyring)
    }
}

/// A keyring to be built. All keys in here are public test keys.
#[derive(Clone, Debug)]
pub enum KeyringSpec {
    /// A raw AES key.
    RawAes {
        /// The key's namespace, or provider id.
        namespace: String,
        /// The key's name, or id.
        name: String,
        /// Its bytes.
        key: Vec<u8>,
    },
    /// A raw RSA key.
    RawRsa {
        /// The key's namespace, or provider id.
        namespace: String,
        /// The key's name, or id.
        name: String,
        /// How it wraps.
        padding: RsaPadding,
        /// Public or private key.
        pem: RsaPem,
    },
    /// An EC key pair and what it does.
    RawEcdh(EcdhSpec),
    /// A key of AWS KMS.
    Kms(KmsSpec),
    /// A keyring that answers with this data key, whatever it is asked; without one it
    /// opens nothing.
    Static(Option<Vec<u8>>),
    /// Several as one: the first is the generator.
    Multi(Vec<KeyringSpec>),
}

impl MaterialsSpec {
    /// Whether it has a key of AWS KMS.
    #[must_use]
    pub fn needs_kms(&self) -> bool {
        match self {
            Self::Default(keyring) | Self::RequiredContext(_, keyring) => keyring.needs_kms(),
        }
    }
}

impl KeyringSpec {
    fn needs_kms(&self) -> bool {
        match self {
            Self::Kms(_) => true,
            Self::Multi(parts) => parts.iter().any(Self::needs_kms),
            _ => false,
        }
    }
}

/// A key of AWS KMS, or several. Keys are named by ARN, public keys given in DER.
#[derive(Clone, Debug)]
pub enum KmsSpec {
    /// A symmetric key.
    Key {
        /// Its ARN.
        key_id: String,
        /// Whether its replicas are the same key.
        mrk_aware: bool,
    },
    /// Whatever symmetric key a message names.
    MrkAwareDiscovery {
        /// Where multi-Region keys are called.
        region: String,
        /// Whose keys are called.
        filter: Option<DiscoveryFilter>,
    },
    /// An RSA key.
    Rsa {
        /// Its ARN.
        key_id: String,
        /// Its public half, in PEM.
        public_key: String,
        /// How it wraps.
        algorithm: AwsKmsRsaAlgorithm,
    },
    /// An EC key and another's public key.
    EcdhStatic {
        /// The ARN of the sender's key.
        sender: String,
        /// Its public half.
        sender_public_key: Vec<u8>,
        /// The other's public key.
        recipient_public_key: Vec<u8>,
    },
    /// An EC key; it only unwraps.
    EcdhDiscovery {
        /// The ARN of the recipient's key.
        recipient: String,
        /// Its public half.
        recipient_public_key: Vec<u8>,
    },
}

/// The keys of an ECDH keyring.
#[derive(Clone, Debug)]
pub enum EcdhSpec {
    /// A private key and the other party's public key.
    Static {
        /// PEM.
        sender_private_key: String,
        /// DER.
        recipient_public_key: Vec<u8>,
    },
    /// The recipient's public key, in DER; it only wraps.
    Ephemeral(Vec<u8>),
    /// The recipient's private key, in PEM; it only unwraps.
    Discovery(String),
}

/// An RSA key in PEM.
#[derive(Clone, Debug)]
pub enum RsaPem {
    /// It only wraps.
    Public(String),
    /// It only unwraps.
    Private(String),
}
