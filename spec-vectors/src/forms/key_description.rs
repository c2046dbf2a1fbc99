//! Key descriptions, which say what keyring or materials manager a test uses.
//!
//! Source: `framework/test-vectors/key-description.md`.

use std::collections::BTreeSet;

use anyhow::{Context, anyhow};
use serde::Deserialize;
use serde_json::Value;
use waxseal::RsaPadding;
use waxseal_kms::{AwsKmsRsaAlgorithm, DiscoveryFilter};

use super::keys_manifest::{Keys, KmsKey};
use super::{decode_base64, text};
use crate::case::{EcdhSpec, KeyringSpec, KmsSpec, MaterialsSpec, RsaPem, Unready};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RawDescription {
    key: String,
    provider_id: String,
    encryption_algorithm: String,
    padding_algorithm: Option<String>,
    padding_hash: Option<String>,
}

#[derive(Deserialize)]
struct EcdhDescription {
    sender: String,
    recipient: String,
    schema: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct DiscoveryDescription {
    default_mrk_region: String,
    aws_kms_discovery_filter: Option<Filter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Filter {
    partition: String,
    account_ids: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MultiDescription {
    generator: Option<Value>,
    #[serde(default)]
    child_keyrings: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RequiredContextDescription {
    underlying: Value,
    required_encryption_context_keys: BTreeSet<String>,
}

/// The materials manager of one description.
///
/// # Errors
/// [`Unready::Skip`] for kinds of keys that this runner doesn't have, [`Unready::Broken`] for
/// what can't be read.
pub fn materials(description: &Value, keys: &Keys) -> Result<MaterialsSpec, Unready> {
    if type_of(description)? != "required-encryption-context-cmm" {
        return Ok(keyring(description, keys)?.into());
    }
    let RequiredContextDescription { underlying, required_encryption_context_keys } = read(description)?;
    Ok(MaterialsSpec::RequiredContext(required_encryption_context_keys, keyring(&underlying, keys)?))
}

/// The keyring of a list of master keys: any of them may open the message.
///
/// # Errors
/// As [`materials`].
pub fn master_keys(descriptions: &[Value], keys: &Keys) -> Result<KeyringSpec, Unready> {
    let parts: Vec<_> = descriptions.iter().map(|one| keyring(one, keys)).collect::<Result<_, _>>()?;
    Ok(KeyringSpec::Multi(parts))
}

fn keyring(description: &Value, keys: &Keys) -> Result<KeyringSpec, Unready> {
    match type_of(description)? {
        "raw" => raw(&read(description)?, keys),
        "raw-ecdh" => raw_ecdh(&read(description)?, keys),
        "aws-kms" | "aws-kms-mrk-aware" | "aws-kms-mrk-aware-discovery" | "aws-kms-rsa" | "aws-kms-ecdh" => {
            Ok(KeyringSpec::Kms(kms(description, keys)?))
        }
        "multi-keyring" => {
            let MultiDescription { generator, child_keyrings } = read(description)?;
            let parts: Vec<Value> = generator.into_iter().chain(child_keyrings).collect();
            master_keys(&parts, keys)
        }
        "static-material-keyring" => {
            let name = text(description, "/key").context("a static material without a key")?;
            Ok(KeyringSpec::Static(keys.static_data_key(name)?))
        }
        other => Err(Unready::Skip(unavailable(other))),
    }
}

/// Why keys of this type are not there.
pub(crate) fn unavailable(key_type: &str) -> String {
    match key_type {
        "aws-kms-hierarchy" | "caching-cmm" => {
            format!("{key_type}: no such keyring or materials manager yet")
        }
        kms if kms.starts_with("aws-kms") => format!("{kms}: needs keys of AWS KMS"),
        other => format!("{other}: a type of key that is not known here"),
    }
}

fn raw(description: &RawDescription, keys: &Keys) -> Result<KeyringSpec, Unready> {
    let (name, key) = keys.raw(&description.key)?;
    let namespace = description.provider_id.clone();
    match (description.encryption_algorithm.as_str(), key.r#type.as_str()) {
        ("aes", "symmetric") => Ok(KeyringSpec::RawAes { namespace, name, key: decode_base64(&key.text())? }),
        ("rsa", "private") => {
            let padding = rsa_padding(description)?;
            Ok(KeyringSpec::RawRsa { namespace, name, padding, pem: RsaPem::Private(key.text()) })
        }
        ("rsa", "public") => {
            let padding = rsa_padding(description)?;
            Ok(KeyringSpec::RawRsa { namespace, name, padding, pem: RsaPem::Public(key.text()) })
        }
        (algorithm, kind) => Err(anyhow!("a {kind} key for {algorithm}").into()),
    }
}

/// Keys of AWS KMS. Their type tells how they are used, their entry in the keys manifest which
/// they are.
fn kms(description: &Value, keys: &Keys) -> Result<KmsSpec, Unready> {
    let name = || text(description, "/key").ok_or_else(|| Unready::Skip("aws-kms: names no key".to_owned()));
    let key = || -> Result<KmsKey, Unready> { Ok(keys.kms(name()?)?) };
    Ok(match type_of(description)? {
        "aws-kms-mrk-aware-discovery" => {
            let DiscoveryDescription { default_mrk_region, aws_kms_discovery_filter } = read(description)?;
            let filter = aws_kms_discovery_filter
                .map(|Filter { partition, account_ids }| DiscoveryFilter::new(partition, account_ids));
            KmsSpec::MrkAwareDiscovery { region: default_mrk_region, filter }
        }
        "aws-kms-rsa" => {
            let key = key()?;
            let public_key = key.material.context("a KMS RSA key without its public half")?;
            let algorithm = kms_rsa_algorithm(text(description, "/encryption-algorithm"))?;
            KmsSpec::Rsa { key_id: key.key_id, public_key, algorithm }
        }
        "aws-kms-ecdh" => kms_ecdh(&read(description)?, keys)?,
        other => KmsSpec::Key { key_id: key()?.key_id, mrk_aware: other == "aws-kms-mrk-aware" },
    })
}

fn kms_rsa_algorithm(name: Option<&str>) -> Result<AwsKmsRsaAlgorithm, Unready> {
    match name {
        Some("RSAES_OAEP_SHA_1") => Ok(AwsKmsRsaAlgorithm::OaepSha1),
        Some("RSAES_OAEP_SHA_256") => Ok(AwsKmsRsaAlgorithm::OaepSha256),
        other => Err(anyhow!("no algorithm of a KMS RSA key is {other:?}").into()),
    }
}

fn kms_ecdh(description: &EcdhDescription, keys: &Keys) -> Result<KmsSpec, Unready> {
    let recipient = keys.ec(&description.recipient)?;
    let recipient_public_key = decode_base64(&recipient.recipient_material_public_key)?;
    match description.schema.as_str() {
        "static" => {
            let sender = keys.ec(&description.sender)?;
            let public_key = sender.sender_material_public_key.context("a sender without a public key")?;
            let sender_public_key = decode_base64(&public_key)?;
            Ok(KmsSpec::EcdhStatic {
                sender: sender.sender_material,
                sender_public_key,
                recipient_public_key,
            })
        }
        "discovery" => {
            Ok(KmsSpec::EcdhDiscovery { recipient: recipient.recipient_material, recipient_public_key })
        }
        other => Err(anyhow!("no schema of KMS ECDH is {other}").into()),
    }
}

/// An entry of the keys manifest has a key pair for the sender and one for the recipient.
fn raw_ecdh(description: &EcdhDescription, keys: &Keys) -> Result<KeyringSpec, Unready> {
    let recipient = keys.ec(&description.recipient)?;
    let recipient_public_key = decode_base64(&recipient.recipient_material_public_key)?;
    let spec = match description.schema.as_str() {
        "static" => {
            let sender_private_key = keys.ec(&description.sender)?.sender_material;
            EcdhSpec::Static { sender_private_key, recipient_public_key }
        }
        "ephemeral" => EcdhSpec::Ephemeral(recipient_public_key),
        "discovery" => EcdhSpec::Discovery(recipient.recipient_material),
        other => return Err(anyhow!("no schema of ECDH is {other}").into()),
    };
    Ok(KeyringSpec::RawEcdh(spec))
}

fn rsa_padding(description: &RawDescription) -> Result<RsaPadding, Unready> {
    let algorithm = description.padding_algorithm.as_deref();
    let hash = description.padding_hash.as_deref();
    padding(algorithm, hash).ok_or_else(|| anyhow!("no padding is {algorithm:?} with {hash:?}").into())
}

/// A padding by its names, as in `oaep-mgf1` and `sha256`, or `OAEP-MGF1` and `SHA-256`.
pub(crate) fn padding(algorithm: Option<&str>, hash: Option<&str>) -> Option<RsaPadding> {
    let hash = hash.map(|hash| hash.to_ascii_lowercase().replace('-', ""));
    match (algorithm?.to_ascii_lowercase().as_str(), hash.as_deref()) {
        ("pkcs1", _) => Some(RsaPadding::Pkcs1v15),
        ("oaep-mgf1", Some("sha1")) => Some(RsaPadding::OaepSha1),
        ("oaep-mgf1", Some("sha256")) => Some(RsaPadding::OaepSha256),
        ("oaep-mgf1", Some("sha384")) => Some(RsaPadding::OaepSha384),
        ("oaep-mgf1", Some("sha512")) => Some(RsaPadding::OaepSha512),
        _ => None,
    }
}

fn type_of(description: &Value) -> Result<&str, Unready> {
    Ok(text(description, "/type").context("a key description without a type")?)
}

fn read<'a, T: Deserialize<'a>>(description: &'a Value) -> Result<T, Unready> {
    Ok(T::deserialize(description).with_context(|| format!("a key description: {description}"))?)
}
