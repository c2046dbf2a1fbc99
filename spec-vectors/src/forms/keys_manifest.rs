//! Keys manifests, versions 1 to 3.
//!
//! Source: `framework/test-vectors/keys-manifest.md`. Version 1 has the lines of a key's
//! material as a list, and no key id: there the key's name stands for it.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use serde_json::Value;

use super::decode_base64;
use crate::source::Base;

/// The keys that a manifest's tests name.
#[derive(Debug)]
pub struct Keys(BTreeMap<String, Value>);

#[derive(Deserialize)]
struct Manifest {
    manifest: Head,
    keys: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
struct Head {
    r#type: String,
    version: u32,
}

/// A key whose material is in the manifest.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RawKey {
    /// `symmetric`, `private` or `public`.
    pub r#type: String,
    key_id: Option<String>,
    #[serde(default)]
    line_separator: String,
    material: Material,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Material {
    Text(String),
    Lines(Vec<String>),
}

/// A key of AWS KMS.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct KmsKey {
    /// Its ARN.
    pub key_id: String,
    /// The public half of an asymmetric one, in PEM.
    pub material: Option<String>,
}

/// The two EC key pairs of a pair of parties. Of KMS keys the ARN stands for the private key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct EcKeys {
    /// The sender's private key, in PEM.
    pub sender_material: String,
    /// The sender's public key, base64 of DER.
    pub sender_material_public_key: Option<String>,
    /// The recipient's private key, in PEM.
    pub recipient_material: String,
    /// The recipient's public key, base64 of DER.
    pub recipient_material_public_key: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct StaticMaterial {
    plaintext_data_key: Option<String>,
}

impl Keys {
    /// The keys that `reference` means: a file, or the keys manifest itself.
    ///
    /// # Errors
    /// If there is no keys manifest, or one of a version that is not known here.
    pub fn load(reference: &Value, base: Base<'_>) -> Result<Self> {
        match reference {
            Value::String(uri) => Self::parse(&serde_json::from_slice(&base.read(uri)?)?),
            inline => Self::parse(inline),
        }
    }

    /// The keys of a keys manifest.
    ///
    /// # Errors
    /// If it is none, or one of a version that is not known here.
    pub fn parse(manifest: &Value) -> Result<Self> {
        let Manifest { manifest: Head { r#type, version }, keys } =
            Manifest::deserialize(manifest).context("a keys manifest")?;
        if r#type != "keys" || !(1..=3).contains(&version) {
            bail!("a manifest of the type {}, version {version}, where keys belong", r#type);
        }
        Ok(Self(keys))
    }

    /// The key of this name, and its id.
    ///
    /// # Errors
    /// If there is none, or if it has no material.
    pub fn raw(&self, name: &str) -> Result<(String, RawKey)> {
        let key = RawKey::deserialize(self.get(name)?).with_context(|| format!("the key {name}"))?;
        Ok((key.key_id.clone().unwrap_or_else(|| name.to_owned()), key))
    }

    /// The key of AWS KMS of this name.
    ///
    /// # Errors
    /// If there is none.
    pub fn kms(&self, name: &str) -> Result<KmsKey> {
        KmsKey::deserialize(self.get(name)?).with_context(|| format!("the key {name}"))
    }

    /// The EC keys of this name.
    ///
    /// # Errors
    /// If there are none.
    pub fn ec(&self, name: &str) -> Result<EcKeys> {
        EcKeys::deserialize(self.get(name)?).with_context(|| format!("the key {name}"))
    }

    /// The data key of the static material of this name; it may have none.
    ///
    /// # Errors
    /// If there is no such key, or if its data key is not base64.
    pub fn static_data_key(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let key = StaticMaterial::deserialize(self.get(name)?)?;
        key.plaintext_data_key.as_deref().map(decode_base64).transpose()
    }

    fn get(&self, name: &str) -> Result<&Value> {
        self.0.get(name).with_context(|| format!("no key is named {name}"))
    }
}

impl RawKey {
    /// The material as it stands in the manifest: base64 or PEM.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.material {
            Material::Text(text) => text.clone(),
            Material::Lines(lines) => lines.join(&self.line_separator),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn material_comes_in_lines_or_whole() {
        let manifest = json!({
            "manifest": {"type": "keys", "version": 1},
            "keys": {
                "old": {"type": "private", "material": ["a", "b"], "line-separator": "\n"},
                "new": {"type": "symmetric", "key-id": "id", "material": "AAEC"},
            },
        });
        let keys = Keys::parse(&manifest).unwrap();
        let (id, key) = keys.raw("old").unwrap();
        assert_eq!((id.as_str(), key.text().as_str()), ("old", "a\nb"));
        let (id, key) = keys.raw("new").unwrap();
        assert_eq!((id.as_str(), key.text().as_str()), ("id", "AAEC"));
        assert!(keys.raw("other").is_err());
    }

    #[test]
    fn other_manifests_are_refused() {
        assert!(Keys::parse(&json!({"manifest": {"type": "keys", "version": 4}, "keys": {}})).is_err());
        assert!(Keys::parse(&json!({"manifest": {"type": "awses-decrypt", "version": 3}})).is_err());
    }
}
