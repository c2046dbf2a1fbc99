//! What KMS says of a key.

use serde::Serialize;
use waxseal_kms::client::{
    EncryptionAlgorithm, KeyAgreementAlgorithm, KeyMetadata, KeySpec, KeyState, KeyUsage, MacAlgorithm,
    SigningAlgorithm,
};

use super::call::{Call, Found};
use crate::arn;
use crate::engine::{Deletion, Import, MultiRegion, Origin, State};
use crate::material::mac_algorithm;
use crate::timestamp::Timestamp;
use crate::wire::name;

/// `KeyMetadata` on the wire.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Metadata {
    #[serde(rename = "AWSAccountId")]
    account: String,
    pub(super) key_id: String,
    pub(super) arn: String,
    creation_date: Timestamp,
    enabled: bool,
    description: String,
    #[serde(with = "name")]
    key_usage: KeyUsage,
    #[serde(with = "name")]
    key_state: KeyState,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pending_deletion_window_in_days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_to: Option<Timestamp>,
    origin: Origin,
    #[serde(skip_serializing_if = "Option::is_none")]
    expiration_model: Option<&'static str>,
    key_manager: &'static str,
    #[serde(with = "name")]
    customer_master_key_spec: KeySpec,
    #[serde(with = "name")]
    key_spec: KeySpec,
    #[serde(flatten)]
    algorithms: Algorithms,
    multi_region: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_region_configuration: Option<Regions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_key_material_id: Option<String>,
}

/// The algorithms of a key: one list, the one of its usage.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Algorithms {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    encryption_algorithms: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    signing_algorithms: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    mac_algorithms: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    key_agreement_algorithms: Vec<&'static str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Regions {
    multi_region_key_type: &'static str,
    primary_key: RegionalKey,
    replica_keys: Vec<RegionalKey>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RegionalKey {
    arn: String,
    region: String,
}

/// Tells all of a key.
pub(crate) fn of(call: &Call<'_>, state: &State, found: &Found) -> Metadata {
    let record = &found.key.record;
    Metadata {
        account: call.engine.account().to_owned(),
        key_id: record.id.clone(),
        arn: found.arn.clone(),
        creation_date: record.created,
        enabled: record.state() == KeyState::Enabled,
        description: record.description.clone(),
        key_usage: record.usage,
        key_state: record.state(),
        deletion_date: deletion_date(record.deletion),
        pending_deletion_window_in_days: match record.deletion {
            Some(Deletion::AfterReplicas(days)) => Some(days),
            _ => None,
        },
        valid_to: record.import.and_then(|import| import.valid_to),
        origin: record.origin,
        expiration_model: record.import.map(expiration_model),
        key_manager: "CUSTOMER",
        customer_master_key_spec: record.spec,
        key_spec: record.spec,
        algorithms: algorithms(record.spec, record.usage),
        multi_region: record.multi_region.is_some(),
        multi_region_configuration: record
            .multi_region
            .as_ref()
            .map(|multi| regions(call, state, &record.id, multi, record.is_primary())),
        current_key_material_id: current_material_id(found),
    }
}

/// The algorithms that a key of this spec and usage has.
pub(crate) fn algorithms(spec: KeySpec, usage: KeyUsage) -> Algorithms {
    let mut all = Algorithms::default();
    match usage {
        KeyUsage::EncryptDecrypt => {
            all.encryption_algorithms =
                encryption_algorithms(spec).iter().map(|algorithm| algorithm.as_str()).collect();
        }
        KeyUsage::SignVerify => {
            all.signing_algorithms =
                signing_algorithms(spec).iter().map(|algorithm| algorithm.as_str()).collect();
        }
        KeyUsage::GenerateVerifyMac => {
            all.mac_algorithms =
                mac_algorithm(spec).iter().map(|algorithm: &MacAlgorithm| algorithm.as_str()).collect();
        }
        KeyUsage::KeyAgreement => {
            all.key_agreement_algorithms = vec![KeyAgreementAlgorithm::Ecdh.as_str()];
        }
        _ => {}
    }
    all
}

/// What keys of this spec encrypt by.
fn encryption_algorithms(spec: KeySpec) -> &'static [EncryptionAlgorithm] {
    match spec {
        KeySpec::SymmetricDefault => &[EncryptionAlgorithm::SymmetricDefault],
        _ => &[EncryptionAlgorithm::RsaesOaepSha1, EncryptionAlgorithm::RsaesOaepSha256],
    }
}

/// What keys of this spec sign by.
pub(crate) fn signing_algorithms(spec: KeySpec) -> &'static [SigningAlgorithm] {
    match spec {
        KeySpec::EccNistP256 => &[SigningAlgorithm::EcdsaSha256],
        KeySpec::EccNistP384 => &[SigningAlgorithm::EcdsaSha384],
        KeySpec::EccNistP521 => &[SigningAlgorithm::EcdsaSha512],
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => &[
            SigningAlgorithm::RsassaPkcs1V15Sha256,
            SigningAlgorithm::RsassaPkcs1V15Sha384,
            SigningAlgorithm::RsassaPkcs1V15Sha512,
            SigningAlgorithm::RsassaPssSha256,
            SigningAlgorithm::RsassaPssSha384,
            SigningAlgorithm::RsassaPssSha512,
        ],
        _ => &[],
    }
}

fn deletion_date(deletion: Option<Deletion>) -> Option<Timestamp> {
    match deletion {
        Some(Deletion::At(at)) => Some(at),
        _ => None,
    }
}

fn expiration_model(import: Import) -> &'static str {
    match import.valid_to {
        Some(_) => "KEY_MATERIAL_EXPIRES",
        None => "KEY_MATERIAL_DOES_NOT_EXPIRE",
    }
}

/// Only symmetric keys tell it.
fn current_material_id(found: &Found) -> Option<String> {
    let symmetric = found.key.record.spec == KeySpec::SymmetricDefault;
    let last = found.materials.record.generations.last().filter(|_| symmetric)?;
    Some(last.material_id.clone())
}

fn regions(call: &Call<'_>, state: &State, id: &str, multi: &MultiRegion, primary: bool) -> Regions {
    let regional = |region: &str| RegionalKey {
        arn: arn::key_arn(region, call.engine.account(), id),
        region: region.to_owned(),
    };
    let replicas = state.related(id).filter(|key| !key.record.is_primary());
    Regions {
        multi_region_key_type: if primary { "PRIMARY" } else { "REPLICA" },
        primary_key: regional(&multi.primary_region),
        replica_keys: replicas.map(|key| regional(&key.record.region)).collect(),
    }
}

impl From<Metadata> for KeyMetadata {
    fn from(all: Metadata) -> Self {
        Self {
            arn: all.arn,
            key_id: all.key_id,
            key_spec: Some(all.key_spec),
            key_usage: Some(all.key_usage),
            key_state: Some(all.key_state),
            multi_region: all.multi_region,
            description: all.description,
        }
    }
}
