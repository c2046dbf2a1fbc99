//! `awses-mpl-decrypt` manifests: encrypted data keys without messages.
//!
//! Source: `framework/test-vectors/decryption-manifest.md`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, anyhow};
use serde::Deserialize;
use serde_json::Value;
use waxseal::{AlgorithmSuite, CommitmentPolicy, DecryptMaterialsRequest};

use super::decode_base64;
use super::key_description::materials;
use super::keys_manifest::Keys;
use crate::case::{Case, Unready, Unwrapping};
use crate::source::Base;

#[derive(Deserialize)]
struct Manifest {
    keys: Value,
    tests: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Test {
    r#type: String,
    algorithm_suite_id: String,
    key_description: Value,
    encrypted_data_keys: Vec<EncryptedDataKey>,
    encryption_context: BTreeMap<String, String>,
    #[serde(default)]
    reproduced_encryption_context: BTreeMap<String, String>,
    result: Option<TestResult>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EncryptedDataKey {
    key_provider_id: String,
    key_provider_info: String,
    ciphertext: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TestResult {
    plaintext_data_key: String,
    required_encryption_context_keys: BTreeSet<String>,
}

/// The cases of a manifest.
///
/// # Errors
/// If the manifest or its keys can't be read.
pub fn cases(document: &Value, base: Base<'_>) -> Result<Vec<Case>> {
    let manifest = Manifest::deserialize(document).context("an awses-mpl-decrypt manifest")?;
    let keys = Keys::load(&manifest.keys, base).context("the keys of the manifest")?;
    let case = |(name, test): (String, Value)| Case::new(name, unwrapping(&test, &keys));
    Ok(manifest.tests.into_iter().map(case).collect())
}

fn unwrapping(test: &Value, keys: &Keys) -> Result<Unwrapping, Unready> {
    let test = Test::deserialize(test).context("a test of the manifest")?;
    let suite = AlgorithmSuite::from_name(&test.algorithm_suite_id)
        .ok_or_else(|| Unready::Skip(format!("{}: a suite of another format", test.algorithm_suite_id)))?;
    let materials = materials(&test.key_description, keys)?;
    let edks = test.encrypted_data_keys.iter().map(EncryptedDataKey::decode).collect::<Result<_>>()?;
    let mut request = DecryptMaterialsRequest::new(suite, edks, test.encryption_context.clone().into());
    request.commitment_policy = CommitmentPolicy::RequireEncryptAllowDecrypt;
    request.reproduced_context = test.reproduced_encryption_context.clone().into();
    Ok(Unwrapping { request, materials, expected: test.expected()? })
}

impl EncryptedDataKey {
    fn decode(&self) -> Result<waxseal::EncryptedDataKey> {
        let info = decode_base64(&self.key_provider_info)?;
        let ciphertext = decode_base64(&self.ciphertext)?;
        Ok(waxseal::EncryptedDataKey::new(&self.key_provider_id, info, ciphertext))
    }
}

impl Test {
    fn expected(&self) -> Result<Option<(Vec<u8>, BTreeSet<String>)>> {
        match (self.r#type.starts_with("negative"), &self.result) {
            (true, None) => Ok(None),
            (false, Some(TestResult { plaintext_data_key, required_encryption_context_keys })) => {
                Ok(Some((decode_base64(plaintext_data_key)?, required_encryption_context_keys.clone())))
            }
            _ => Err(anyhow!("a test needs either to be negative or to have a result")),
        }
    }
}
