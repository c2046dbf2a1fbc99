//! Keys: made, described, listed, enabled and disabled, deleted.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Builder;
use waxseal_kms::client::{KeyRequest, KeySpec, KeyUsage};

use super::call::{Call, Found};
use super::metadata::{self, Metadata};
use super::permission::Wish;
use super::tags::{self, Tag};
use crate::ServiceError;
use crate::engine::{
    Change, Generation, Key, KeyRecord, MaterialRecord, MaterialSet, MultiRegion, Origin, RotationKind,
};
use crate::material::{self, KeyMaterial, random_array};
use crate::policy::{PolicyDocument, default_policy};
use crate::wire::{Object, length, named_or};

pub(crate) const MAX_DESCRIPTION: usize = 8192;

/// Asks `CreateKey`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub(crate) struct CreateKey {
    policy: Option<String>,
    description: Option<String>,
    key_usage: Option<String>,
    customer_master_key_spec: Option<String>,
    key_spec: Option<String>,
    origin: Option<String>,
    custom_key_store_id: Option<String>,
    xks_key_id: Option<String>,
    bypass_policy_lockout_safety_check: Option<bool>,
    tags: Option<Vec<Object<Tag>>>,
    multi_region: Option<bool>,
}

/// Answers `CreateKey` and `DescribeKey`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Described {
    pub(crate) key_metadata: Metadata,
}

/// `CreateKey`.
pub(crate) fn create_key(call: &Call<'_>, request: &CreateKey) -> Result<Described, ServiceError> {
    call.check_account("CreateKey")?;
    let record = new_record(call, request)?;
    let policy = PolicyDocument::parse(&record.policy)?;
    let arn = call.key_arn(&record.id);
    call.note_key(&arn);
    let (materials, secret) = new_materials(call, &record)?;
    let key = Arc::new(Key { record, policy });
    let found = Found { key: key.clone(), materials: materials.clone(), arn };
    if !request.bypass_policy_lockout_safety_check.unwrap_or(false) {
        super::policies::check_lockout(call, &found)?;
    }
    call.engine.change(|state, _| {
        let metadata = metadata::of(call, state, &found);
        let changes = vec![Change::Materials(materials, secret), Change::Key(key)];
        Ok((changes, Described { key_metadata: metadata }))
    })
}

/// `DescribeKey`.
pub(crate) fn describe_key(call: &Call<'_>, request: &KeyRequest<'_>) -> Result<Described, ServiceError> {
    let state = call.engine.state();
    let wish = Wish::to("DescribeKey").with_grants(request.grant_tokens);
    let found = call.permitted_in(&state, request.key_id, &wish)?;
    Ok(Described { key_metadata: metadata::of(call, &state, &found) })
}

fn new_record(call: &Call<'_>, request: &CreateKey) -> Result<KeyRecord, ServiceError> {
    if request.custom_key_store_id.is_some() || request.xks_key_id.is_some() {
        return Err(ServiceError::unsupported("The embedded KMS has no custom key stores."));
    }
    let description = request.description.clone().unwrap_or_default();
    length(description.chars().count(), "description", 0, MAX_DESCRIPTION)?;
    let spec = request.key_spec.clone().or_else(|| request.customer_master_key_spec.clone());
    let spec = named_or(&spec, "keySpec", KeySpec::ALL, KeySpec::SymmetricDefault)?;
    let origin = named_or(&request.origin, "origin", Origin::ALL, Origin::Kms)?;
    let multi_region = request.multi_region.unwrap_or(false);
    if origin == Origin::External && material::secret_len(spec).is_none() {
        return Err(ServiceError::unsupported("The embedded KMS imports no asymmetric key material."));
    }
    let primary = || MultiRegion { primary_region: call.caller.region.clone() };
    Ok(KeyRecord {
        region: call.caller.region.clone(),
        id: new_id(multi_region)?,
        created: call.now,
        description,
        spec,
        usage: usage(request, spec)?,
        origin,
        enabled: true,
        deletion: None,
        multi_region: multi_region.then(primary),
        import: None,
        policy: request.policy.clone().unwrap_or_else(|| default_policy(call.engine.account())),
        tags: tags::merged(BTreeMap::new(), request.tags.as_deref().unwrap_or_default())?,
        grants: Vec::new(),
    })
}

/// What the key is for: said, or the only thing that its spec is for.
fn usage(request: &CreateKey, spec: KeySpec) -> Result<KeyUsage, ServiceError> {
    let all = usages(spec);
    let default = all.first().copied().unwrap_or(KeyUsage::EncryptDecrypt);
    if request.key_usage.is_none() && spec != KeySpec::SymmetricDefault {
        return Err(ServiceError::validation(
            "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
        ));
    }
    let usage = named_or(&request.key_usage, "keyUsage", KeyUsage::ALL, default)?;
    match all.contains(&usage) {
        true => Ok(usage),
        false => {
            Err(ServiceError::validation(format!("KeyUsage {usage} is not compatible with KeySpec {spec}")))
        }
    }
}

fn usages(spec: KeySpec) -> &'static [KeyUsage] {
    match spec {
        KeySpec::Rsa2048 | KeySpec::Rsa3072 | KeySpec::Rsa4096 => {
            &[KeyUsage::EncryptDecrypt, KeyUsage::SignVerify]
        }
        KeySpec::EccNistP256 | KeySpec::EccNistP384 | KeySpec::EccNistP521 => {
            &[KeyUsage::SignVerify, KeyUsage::KeyAgreement]
        }
        KeySpec::Hmac256 | KeySpec::Hmac384 | KeySpec::Hmac512 => &[KeyUsage::GenerateVerifyMac],
        _ => &[KeyUsage::EncryptDecrypt],
    }
}

fn new_id(multi_region: bool) -> Result<String, ServiceError> {
    let uuid = Builder::from_random_bytes(random_array()?).into_uuid();
    Ok(match multi_region {
        true => format!("mrk-{}", uuid.simple()),
        false => uuid.hyphenated().to_string(),
    })
}

/// The first material of a new key; none yet where it is going to be imported.
fn new_materials(call: &Call<'_>, record: &KeyRecord) -> Result<super::NewMaterials, ServiceError> {
    let empty = MaterialSet {
        record: MaterialRecord {
            key_id: record.id.clone(),
            spec: record.spec,
            usage: record.usage,
            generations: Vec::new(),
            rotation: None,
            last_period: None,
        },
        loaded: Vec::new(),
    };
    match record.origin {
        Origin::External => Ok((Arc::new(empty), None)),
        Origin::Kms => next_generation(call.now, &empty, None),
    }
}

/// A key's materials with a fresh one more, which is the current one.
pub(crate) fn next_generation(
    now: crate::timestamp::Timestamp,
    set: &MaterialSet,
    rotation: Option<RotationKind>,
) -> Result<super::NewMaterials, ServiceError> {
    let secret = material::generate(set.record.spec)?;
    let loaded = KeyMaterial::load(set.record.spec, set.record.usage, &secret)?;
    let number = set.next_number();
    let material_id = hex::encode(random_array::<32>()?);
    let mut next = set.clone();
    next.record.generations.push(Generation { number, material_id, since: now, rotation });
    next.loaded.push((number, Arc::new(loaded)));
    Ok((Arc::new(next), Some((number, secret))))
}
