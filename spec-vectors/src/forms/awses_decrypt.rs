//! `awses-decrypt` manifests, versions 1 to 5.
//!
//! Source: `framework/test-vectors/` of the specification for version 5, and the test vector
//! framework's feature 0004 for versions 1 to 3. Fields that are not known are ignored, as are
//! those that start with `x-`, but for two:
//!
//! - `x-commitment-policy`: the name of the policy to decrypt under;
//! - `x-max-encrypted-data-keys`: the limit to decrypt with.

use std::collections::BTreeMap;
use std::num::NonZeroU16;

use anyhow::{Context, Result, anyhow, bail};
use serde::Deserialize;
use serde_json::Value;
use waxseal::{CommitmentPolicy, EncryptionContext};

use super::key_description::{master_keys, materials};
use super::keys_manifest::Keys;
use crate::case::{Case, Decryption, Expected, MaterialsSpec, Method, Unready};
use crate::source::Base;

#[derive(Deserialize)]
struct Manifest {
    manifest: Head,
    keys: Value,
    tests: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Head {
    version: u32,
}

/// A test of any version. Version 5 has its fields one level down, see [`flat`].
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Test {
    ciphertext: String,
    /// Version 1.
    plaintext: Option<String>,
    /// From version 2 on; a reference to the plaintext in version 5.
    result: Option<TestResult>,
    /// Version 5: `positive-...` or `negative-...`.
    r#type: Option<String>,
    /// Up to version 4.
    master_keys: Option<Vec<Value>>,
    /// Version 5.
    #[serde(rename = "decryptKeyDescription")]
    decrypt_key_description: Option<Value>,
    /// Version 4.
    cmm: Option<String>,
    /// Version 4.
    #[serde(default)]
    encryption_context: BTreeMap<String, String>,
    /// Version 5.
    #[serde(default)]
    reproduced_encryption_context: BTreeMap<String, String>,
    decryption_method: Option<String>,
    x_commitment_policy: Option<String>,
    x_max_encrypted_data_keys: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum TestResult {
    Plaintext(String),
    One { output: Option<Output>, error: Option<Value> },
}

#[derive(Deserialize)]
struct Output {
    plaintext: String,
}

/// The cases of a manifest.
///
/// # Errors
/// If the manifest or its keys can't be read.
pub fn cases(document: &Value, base: Base<'_>) -> Result<Vec<Case>> {
    let manifest = Manifest::deserialize(document).context("an awses-decrypt manifest")?;
    let version = manifest.manifest.version;
    if !(1..=5).contains(&version) {
        bail!("an awses-decrypt manifest of version {version}; 1 to 5 are known");
    }
    let keys = Keys::load(&manifest.keys, base).context("the keys of the manifest")?;
    let case = |(name, test)| Case::new(name, decryption(test, &keys, base));
    Ok(manifest.tests.into_iter().map(case).collect())
}

fn decryption(test: Value, keys: &Keys, base: Base<'_>) -> Result<Decryption, Unready> {
    let test = Test::deserialize(flat(test)).context("a test of the manifest")?;
    let method = test.method()?;
    let materials = test.materials(keys)?;
    let ciphertext = base.read(&test.ciphertext)?;
    let mut decryption = Decryption::new(ciphertext, materials, test.expected(base)?);
    decryption.method = method;
    decryption.encryption_context = test.required_context();
    decryption.max_encrypted_data_keys = test.max_encrypted_data_keys()?;
    if let Some(name) = &test.x_commitment_policy {
        decryption.commitment_policy = CommitmentPolicy::from_name(name)
            .with_context(|| format!("no commitment policy is named {name:?}"))?;
    }
    Ok(decryption)
}

/// The fields of a test and of its `decryption-scenario`, side by side.
fn flat(mut test: Value) -> Value {
    let scenario = test.as_object_mut().and_then(|fields| fields.remove("decryption-scenario"));
    if let (Some(Value::Object(scenario)), Some(fields)) = (scenario, test.as_object_mut()) {
        fields.extend(scenario);
    }
    test
}

impl Test {
    fn method(&self) -> Result<Method, Unready> {
        match self.decryption_method.as_deref() {
            None => Ok(Method::Every),
            Some("streaming-unsigned-only") => Ok(Method::StreamingUnsignedOnly),
            Some(other) => Err(Unready::Skip(format!("{other}: a decryption method that is not known here"))),
        }
    }

    fn materials(&self, keys: &Keys) -> Result<MaterialsSpec, Unready> {
        let keyring = match (&self.decrypt_key_description, &self.master_keys) {
            (Some(description), None) => return materials(description, keys),
            (None, Some(descriptions)) => master_keys(descriptions, keys)?,
            _ => return Err(anyhow!("a test needs either a key description or master keys").into()),
        };
        match self.cmm.as_deref() {
            None | Some("Default") => Ok(keyring.into()),
            Some("RequiredEncryptionContext") => {
                let required = self.encryption_context.keys().cloned().collect();
                Ok(MaterialsSpec::RequiredContext(required, keyring))
            }
            Some(other) => Err(Unready::Skip(format!("{other}: a materials manager that is not known here"))),
        }
    }

    fn required_context(&self) -> EncryptionContext {
        let pairs = self.encryption_context.iter().chain(&self.reproduced_encryption_context);
        pairs.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    fn max_encrypted_data_keys(&self) -> Result<Option<NonZeroU16>> {
        let Some(limit) = self.x_max_encrypted_data_keys else { return Ok(None) };
        let limit = NonZeroU16::new(u16::try_from(limit).unwrap_or(u16::MAX));
        limit.context("a limit of 0 encrypted data keys").map(Some)
    }

    fn expected(&self, base: Base<'_>) -> Result<Expected> {
        let negative = self.r#type.as_deref().is_some_and(|kind| kind.starts_with("negative"));
        match (&self.result, &self.plaintext) {
            (Some(TestResult::One { output: None, error: Some(_) }), None) => Ok(Expected::Error(None)),
            _ if negative => Ok(Expected::Error(None)),
            (Some(TestResult::One { output: Some(Output { plaintext }), error: None }), None)
            | (Some(TestResult::Plaintext(plaintext)), None)
            | (None, Some(plaintext)) => Ok(Expected::Plaintext(base.read(plaintext)?)),
            _ => bail!("a test needs one expected result"),
        }
    }
}
