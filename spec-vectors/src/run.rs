//! Runs cases.

use std::collections::BTreeSet;
use std::future::Future;
use std::io::{Read, Write};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use anyhow::{Result, bail};
use waxseal::message::DecryptOptions;
use waxseal::{Client, CryptoProvider, Decrypted, DecryptionMaterials, Error, ErrorClass};

use crate::case::{Case, Decryption, Expected, Method, Plan, Unwrapping};
use crate::keys::materials_manager;
use crate::kms::Kms;

/// What came of a case.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Whether it passed.
    pub verdict: Verdict,
    /// The class of the error that decrypting ended with, expected or not.
    pub error_class: Option<ErrorClass>,
    /// Why it failed or was skipped; of an expected error, what it said.
    pub reason: Option<String>,
}

/// Whether a case passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// What had to come of it came of it.
    Passed,
    /// Something else came of it.
    Failed,
    /// It was not run.
    Skipped,
}

/// Runs cases with one provider.
#[derive(Clone, Debug)]
pub struct Runner {
    /// Who does the cryptography.
    pub crypto: &'static CryptoProvider,
    /// Whether headers are tried once more as the .NET SDK 4.0.0 wrote them.
    pub net_v4_0_0_retry: bool,
    /// Where keys of AWS KMS are asked for. Without it tests that need them are skipped.
    pub kms: Option<Kms>,
}

/// Why a test is skipped that needs keys of AWS KMS.
const NEEDS_KMS: &str = "needs keys of AWS KMS: set AWS_ENDPOINT_URL_KMS";

/// How many bytes the decrypting writer gets at a time: a prime, so that cuts fall everywhere.
const WRITE_LEN: usize = 1021;

impl Runner {
    /// Runs one case.
    #[must_use]
    pub fn run(&self, case: &Case) -> Outcome {
        match &case.plan {
            Plan::Skip(reason) => Outcome::new(Verdict::Skipped, None, Some(reason.clone())),
            Plan::Broken(reason) => Outcome::new(Verdict::Failed, None, Some(reason.clone())),
            plan if self.kms.is_none() && plan.needs_kms() => {
                Outcome::new(Verdict::Skipped, None, Some(NEEDS_KMS.to_owned()))
            }
            Plan::Unwrap(unwrapping) => self.unwrap(unwrapping),
            Plan::Decrypt(decryption) => match self.client(decryption) {
                Ok(client) => self.decrypt(&client, decryption),
                Err(error) => Outcome::failed(None, format!("{error:#}")),
            },
        }
    }

    fn client(&self, decryption: &Decryption) -> Result<Client> {
        let mut options = DecryptOptions::default();
        options.reproduced_context = decryption.encryption_context.clone();
        options.net_v4_0_0_retry = self.net_v4_0_0_retry;
        if let Some(limit) = decryption.max_encrypted_data_keys {
            options.max_encrypted_data_keys = limit.get();
        }
        let materials = materials_manager(self.crypto, &decryption.materials, self.kms.as_ref())?;
        let client = Client::with_cmm(self.crypto, materials).commitment_policy(decryption.commitment_policy);
        let client = client.decrypt_options(options);
        Ok(match &self.kms {
            Some(kms) => client.runtime(kms.handle()),
            None => client,
        })
    }

    fn unwrap(&self, unwrapping: &Unwrapping) -> Outcome {
        let cmm = match materials_manager(self.crypto, &unwrapping.materials, self.kms.as_ref()) {
            Ok(cmm) => cmm,
            Err(error) => return Outcome::failed(None, format!("{error:#}")),
        };
        let request = cmm.decrypt_materials(unwrapping.request.clone());
        let Some(materials) = self.wait(request) else {
            return Outcome::failed(None, "the materials are not ready at once");
        };
        match (materials.map_err(Error::from), &unwrapping.expected) {
            (Ok(found), Some((data_key, required))) => judge_materials(&found, data_key, required),
            (Ok(_), None) => Outcome::failed(None, "a data key was found, though it must fail"),
            (Err(error), Some(_)) => Outcome::failed(Some(error.class()), error.to_string()),
            (Err(error), None) => Outcome::new(Verdict::Passed, Some(error.class()), Some(error.to_string())),
        }
    }

    /// The call's output. Without KMS nothing has to wait.
    fn wait<T>(&self, call: impl Future<Output = T>) -> Option<T> {
        if let Some(kms) = &self.kms {
            return Some(kms.run(call));
        }
        match pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        }
    }

    fn decrypt(&self, client: &Client, decryption: &Decryption) -> Outcome {
        let message = &decryption.ciphertext;
        let ways = match decryption.method {
            Method::Every => vec![
                ("one-shot", self.one_shot(client, decryption)),
                ("reader", read(client, message, Method::Every)),
                ("writer", write(client, message, Method::Every)),
            ],
            Method::StreamingUnsignedOnly => vec![
                ("unsigned reader", read(client, message, Method::StreamingUnsignedOnly)),
                ("unsigned writer", write(client, message, Method::StreamingUnsignedOnly)),
            ],
        };
        judge(&ways, &decryption.expected)
    }

    fn one_shot(&self, client: &Client, decryption: &Decryption) -> Result<Vec<u8>, Failure> {
        let Decrypted { plaintext, header, .. } = client.decrypt(&decryption.ciphertext).wait()?;
        match decryption.answers.as_ref().map(|answers| answers.check(self.crypto, &header)) {
            Some(Err(error)) => Err(Failure { class: None, text: format!("{error:#}") }),
            _ => Ok(plaintext),
        }
    }
}

/// Why decrypting, or what comes after it, failed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Failure {
    class: Option<ErrorClass>,
    text: String,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { class: Some(error.class()), text: error.to_string() }
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        let class = Error::behind(&error).map_or(ErrorClass::Io, Error::class);
        Self { class: Some(class), text: error.to_string() }
    }
}

fn read(client: &Client, message: &[u8], method: Method) -> Result<Vec<u8>, Failure> {
    let request = match method {
        Method::Every => client.decrypt_reader(message),
        Method::StreamingUnsignedOnly => client.decrypt_unsigned_reader(message),
    };
    let mut plaintext = Vec::new();
    request.wait()?.read_to_end(&mut plaintext)?;
    Ok(plaintext)
}

fn write(client: &Client, message: &[u8], method: Method) -> Result<Vec<u8>, Failure> {
    let request = match method {
        Method::Every => client.decrypt_writer(Vec::new()),
        Method::StreamingUnsignedOnly => client.decrypt_unsigned_writer(Vec::new()),
    };
    let mut writer = request.wait()?;
    message.chunks(WRITE_LEN).try_for_each(|piece| writer.write_all(piece))?;
    Ok(writer.finish()?)
}

/// All ways must have come to the same end, and to the expected one.
fn judge(ways: &[(&str, Result<Vec<u8>, Failure>)], expected: &Expected) -> Outcome {
    let Some(((_, first), others)) = ways.split_first() else {
        return Outcome::failed(None, "nothing was decrypted");
    };
    let class = first.as_ref().err().and_then(|failure| failure.class);
    if let Err(error) = others.iter().try_for_each(|(way, other)| agree(way, other, first)) {
        return Outcome::failed(class, format!("{error:#}"));
    }
    match (first, expected) {
        (Ok(found), Expected::Plaintext(plaintext)) if found == plaintext => {
            Outcome::new(Verdict::Passed, None, None)
        }
        (Ok(found), Expected::Plaintext(plaintext)) => Outcome::failed(None, difference(found, plaintext)),
        (Ok(_), Expected::Error(_)) => Outcome::failed(None, "decrypted, though it must fail"),
        (Err(failure), Expected::Plaintext(_)) => Outcome::failed(class, &failure.text),
        (Err(failure), Expected::Error(wanted)) => judge_error(failure, *wanted),
    }
}

fn judge_materials(found: &DecryptionMaterials, data_key: &[u8], required: &BTreeSet<String>) -> Outcome {
    if found.data_key().is_none_or(|key| key.expose() != data_key) {
        return Outcome::failed(None, "another data key");
    }
    if found.required_context_keys() != required {
        return Outcome::failed(None, "other required context keys");
    }
    Outcome::new(Verdict::Passed, None, None)
}

fn judge_error(failure: &Failure, wanted: Option<ErrorClass>) -> Outcome {
    match (failure.class, wanted) {
        (Some(class), None) => Outcome::new(Verdict::Passed, Some(class), Some(failure.text.clone())),
        (Some(class), Some(wanted)) if class == wanted => {
            Outcome::new(Verdict::Passed, Some(class), Some(failure.text.clone()))
        }
        (class, Some(wanted)) => {
            Outcome::failed(class, format!("an error of the class {wanted:?} is due: {}", failure.text))
        }
        (None, None) => Outcome::failed(None, &failure.text),
    }
}

fn agree(way: &str, found: &Result<Vec<u8>, Failure>, first: &Result<Vec<u8>, Failure>) -> Result<()> {
    match (found, first) {
        (Ok(found), Ok(first)) if found == first => Ok(()),
        (Ok(_), Ok(_)) => bail!("{way}: another plaintext"),
        (Err(found), Err(first)) if found.class == first.class => Ok(()),
        (Err(found), Err(first)) => bail!("{way}: {}; the other way: {}", found.text, first.text),
        (Ok(_), Err(first)) => bail!("{way} decrypts; the other way: {}", first.text),
        (Err(found), Ok(_)) => bail!("{way}: {}; the other way decrypts", found.text),
    }
}

fn difference(found: &[u8], wanted: &[u8]) -> String {
    let same = found.iter().zip(wanted).take_while(|(a, b)| a == b).count();
    format!("another plaintext: {} bytes, not {}; the first {same} are the same", found.len(), wanted.len())
}

impl Outcome {
    fn new(verdict: Verdict, error_class: Option<ErrorClass>, reason: Option<String>) -> Self {
        Self { verdict, error_class, reason }
    }

    fn failed(error_class: Option<ErrorClass>, reason: impl Into<String>) -> Self {
        Self::new(Verdict::Failed, error_class, Some(reason.into()))
    }
}
