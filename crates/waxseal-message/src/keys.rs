//! From the data key to the message's key and commitment.
//!
//! Source: `framework/algorithm-suites.md`, "Encryption Key Derivation Settings" and
//! "Commit Key Derivation Settings".

use waxseal_crypto::{AeadKey, CryptoProvider, HkdfOutput, SecretBytes};
use waxseal_format::{AlgorithmSuite, COMMITMENT_LEN, HashAlgorithm, KeyDerivation, MessageId};

use crate::MessageError;

/// Info of the message key of a committing suite, behind the suite id.
const DERIVE_KEY_LABEL: &[u8] = b"DERIVEKEY";

/// Info of the commitment.
const COMMIT_KEY_LABEL: &[u8] = b"COMMITKEY";

/// What is derived from a data key for one message.
pub(crate) struct MessageKeys {
    pub(crate) aead: Box<dyn AeadKey>,
    pub(crate) commitment: Option<[u8; COMMITMENT_LEN]>,
}

/// How the derivation binds the key to the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Binding {
    /// As the specification has it.
    MessageId,
    /// As .NET 4.0.0 had it for suites of version 1.0: without the message id.
    SuiteAlone,
}

impl MessageKeys {
    pub(crate) fn derive(
        crypto: &CryptoProvider,
        suite: &AlgorithmSuite,
        data_key: &SecretBytes,
        message_id: &MessageId,
        binding: Binding,
    ) -> Result<Self, MessageError> {
        let set_up = |key: &[u8]| crypto.aead.key(suite.aead, key);
        match suite.key_derivation {
            KeyDerivation::Identity => Ok(Self { aead: set_up(data_key.expose())?, commitment: None }),
            KeyDerivation::Hkdf(hash) => {
                let id = if binding == Binding::MessageId { message_id.as_ref() } else { &[] };
                let key = derive_plain(crypto, suite, hash, data_key, id)?;
                Ok(Self { aead: set_up(key.expose())?, commitment: None })
            }
            KeyDerivation::HkdfCommitting(hash) => {
                let (key, commitment) = derive_committing(crypto, suite, hash, data_key, message_id)?;
                Ok(Self { aead: set_up(key.expose())?, commitment: Some(commitment) })
            }
            _ => Err(MessageError::Usage("a key derivation that is not known")),
        }
    }
}

fn derive_plain(
    crypto: &CryptoProvider,
    suite: &AlgorithmSuite,
    hash: HashAlgorithm,
    data_key: &SecretBytes,
    message_id: &[u8],
) -> Result<SecretBytes, MessageError> {
    let info = [&suite.id.to_be_bytes(), message_id].concat();
    let mut key = SecretBytes::zeroed(suite.data_key_len());
    let outputs = &mut [HkdfOutput { info: &info, output: key.expose_mut() }];
    crypto.kdf.hkdf(hash, &[], data_key.expose(), outputs)?;
    Ok(key)
}

fn derive_committing(
    crypto: &CryptoProvider,
    suite: &AlgorithmSuite,
    hash: HashAlgorithm,
    data_key: &SecretBytes,
    message_id: &MessageId,
) -> Result<(SecretBytes, [u8; COMMITMENT_LEN]), MessageError> {
    let mut info = [0; 2 + DERIVE_KEY_LABEL.len()];
    let (id, label) = info.split_at_mut(2);
    id.copy_from_slice(&suite.id.to_be_bytes());
    label.copy_from_slice(DERIVE_KEY_LABEL);
    let mut key = SecretBytes::zeroed(suite.data_key_len());
    let mut commitment = [0; COMMITMENT_LEN];
    let outputs = &mut [
        HkdfOutput { info: &info, output: key.expose_mut() },
        HkdfOutput { info: COMMIT_KEY_LABEL, output: &mut commitment },
    ];
    crypto.kdf.hkdf(hash, message_id.as_ref(), data_key.expose(), outputs)?;
    Ok((key, commitment))
}
