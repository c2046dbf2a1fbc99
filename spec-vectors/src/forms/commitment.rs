//! The known answers of the message format 2.0: data key, derived key, commitment, header.

use std::collections::BTreeMap;

use anyhow::{Context, Result, anyhow, ensure};
use serde::Deserialize;
use serde_json::Value;
use waxseal::crypto::HkdfOutput;
use waxseal::format::{HeaderDecoder, HeaderLimits, KeyDerivation};
use waxseal::{CryptoProvider, EncryptionContext, ErrorClass, Header};

use super::{decode_base64, text};
use crate::case::{Case, Decryption, Expected, KeyringSpec, Unready};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Test {
    ciphertext: String,
    header: String,
    decrypted_dek: String,
    commitment: String,
    content_encryption_key: Option<String>,
    message_id: String,
    encryption_context: BTreeMap<String, String>,
    /// Whether the message opens; where it doesn't, the commitment is to blame.
    status: bool,
    plaintext_frames: Option<Vec<String>>,
}

/// What must hold of a message that opened, besides its plaintext.
#[derive(Debug)]
pub struct Answers {
    message: Vec<u8>,
    header: Vec<u8>,
    message_id: Vec<u8>,
    encryption_context: EncryptionContext,
    data_key: Vec<u8>,
    content_encryption_key: Option<Vec<u8>>,
    commitment: Vec<u8>,
}

/// Whether a document looks like such known answers.
#[must_use]
pub fn is_one(document: &Value) -> bool {
    text(document, "/tests/0/decrypted-dek").is_some()
}

/// The cases of a document.
///
/// # Errors
/// If it is none.
pub fn cases(document: &Value) -> Result<Vec<Case>> {
    let tests = document.get("tests").and_then(Value::as_array).context("known answers without tests")?;
    let case = |(index, test): (usize, &Value)| {
        let number = format!("{}.", index.saturating_add(1));
        let name = text(test, "/comment").map_or(number, str::to_owned);
        Case::new(name, decryption(test))
    };
    Ok(tests.iter().enumerate().map(case).collect())
}

fn decryption(test: &Value) -> Result<Decryption, Unready> {
    let test = Test::deserialize(test).context("a known answer")?;
    let message = decode_base64(&test.ciphertext)?;
    let keyring = KeyringSpec::Static(Some(decode_base64(&test.decrypted_dek)?));
    let mut decryption = Decryption::new(message.clone(), keyring, expected(&test)?);
    // Of messages that must fail the derived keys don't follow from the data key, on purpose.
    if test.status {
        decryption.answers = Some(answers(&test, message)?);
    }
    Ok(decryption)
}

fn expected(test: &Test) -> Result<Expected, Unready> {
    match (test.status, &test.plaintext_frames) {
        (true, Some(frames)) => Ok(Expected::Plaintext(frames.concat().into_bytes())),
        (true, None) => Err(anyhow!("no plaintext is given").into()),
        (false, _) => Ok(Expected::Error(Some(ErrorClass::Commitment))),
    }
}

fn answers(test: &Test, message: Vec<u8>) -> Result<Answers> {
    Ok(Answers {
        message,
        header: decode_base64(&test.header)?,
        message_id: decode_base64(&test.message_id)?,
        encryption_context: test.encryption_context.clone().into(),
        data_key: decode_base64(&test.decrypted_dek)?,
        content_encryption_key: test.content_encryption_key.as_deref().map(decode_base64).transpose()?,
        commitment: decode_base64(&test.commitment)?,
    })
}

impl Answers {
    /// Holds a message's authenticated header, and the keys that the provider derives for it,
    /// against the answers.
    ///
    /// # Errors
    /// Says which answer is another one.
    pub fn check(&self, crypto: &CryptoProvider, header: &Header) -> Result<()> {
        let (decoded, _) = HeaderDecoder::decode(&self.message, HeaderLimits::default())?;
        ensure!(decoded.bytes == self.header, "the header ends elsewhere");
        ensure!(header.message_id.as_ref() == self.message_id, "another message id");
        ensure!(header.encryption_context == self.encryption_context, "another encryption context");
        let stored = header.commitment.as_ref().map(|commitment| commitment.as_slice());
        ensure!(stored == Some(&self.commitment), "another commitment in the header");
        let (key, commitment) = self.derive(crypto, header)?;
        ensure!(commitment == self.commitment, "another commitment from the data key");
        if let Some(answer) = &self.content_encryption_key {
            ensure!(&key == answer, "another content encryption key");
        }
        Ok(())
    }

    /// The content encryption key and the commitment.
    ///
    /// Source: `framework/algorithm-suites.md`, "HKDF Encryption Key", "HKDF Commit Key".
    fn derive(&self, crypto: &CryptoProvider, header: &Header) -> Result<(Vec<u8>, Vec<u8>)> {
        let KeyDerivation::HkdfCommitting(hash) = header.suite.key_derivation else {
            return Err(anyhow!("a suite that doesn't commit"));
        };
        let info = [&header.suite.id.to_be_bytes()[..], b"DERIVEKEY"].concat();
        let mut key = vec![0; header.suite.data_key_len()];
        let mut commitment = vec![0; 32];
        let outputs = &mut [
            HkdfOutput { info: &info, output: &mut key },
            HkdfOutput { info: b"COMMITKEY", output: &mut commitment },
        ];
        crypto.kdf.hkdf(hash, header.message_id.as_ref(), &self.data_key, outputs)?;
        Ok((key, commitment))
    }
}
