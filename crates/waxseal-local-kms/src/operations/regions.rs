//! Multi-region keys: replicas, and which of them is the primary.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::call::{Call, Found, check_usable};
use super::keys::MAX_DESCRIPTION;
use super::metadata::{self, Metadata};
use super::permission::Wish;
use super::tags::{self, Tag};
use crate::engine::{Change, Key, KeyRecord, MultiRegion, State};
use crate::policy::{PolicyDocument, default_policy};
use crate::wire::{Object, length, required};
use crate::{ServiceError, arn};

/// Asks `ReplicateKey`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct ReplicateKey {
    key_id: Option<String>,
    replica_region: Option<String>,
    policy: Option<String>,
    bypass_policy_lockout_safety_check: Option<bool>,
    description: Option<String>,
    tags: Option<Vec<Object<Tag>>>,
}

/// Answers `ReplicateKey`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Replicated {
    replica_key_metadata: Metadata,
    replica_policy: String,
    replica_tags: Vec<Tag>,
}

/// Asks `UpdatePrimaryRegion`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct UpdatePrimaryRegion {
    key_id: Option<String>,
    primary_region: Option<String>,
}

/// `ReplicateKey`.
pub(crate) fn replicate_key(call: &Call<'_>, request: &ReplicateKey) -> Result<Replicated, ServiceError> {
    let region = region(&request.replica_region, "replicaRegion")?;
    let replica = call.engine.change(|state, _| {
        let primary = primary(call, state, &request.key_id, "ReplicateKey")?;
        let record = replica_record(call, &primary, request, region)?;
        let key = Arc::new(Key { policy: PolicyDocument::parse(&record.policy)?, record });
        let replica = Found {
            arn: arn::key_arn(region, call.engine.account(), &key.record.id),
            materials: primary.materials.clone(),
            key: key.clone(),
        };
        if state.keys.contains_key(&key.record.place()) {
            let message = format!("Key {} already exists", replica.arn);
            return Err(ServiceError::new("AlreadyExistsException", message));
        }
        if !request.bypass_policy_lockout_safety_check.unwrap_or(false) {
            super::policies::check_lockout(call, &replica)?;
        }
        Ok((vec![Change::Key(key)], replica))
    })?;
    Ok(Replicated {
        replica_key_metadata: metadata::of(call, &call.engine.state(), &replica),
        replica_policy: replica.key.record.policy.clone(),
        replica_tags: tags::list(&replica.key.record.tags),
    })
}

/// `UpdatePrimaryRegion`: a replica becomes the primary, and the primary a replica.
pub(crate) fn update_primary_region(
    call: &Call<'_>,
    request: &UpdatePrimaryRegion,
) -> Result<(), ServiceError> {
    let region = region(&request.primary_region, "primaryRegion")?;
    call.engine.change(|state, _| {
        let found = primary(call, state, &request.key_id, "UpdatePrimaryRegion")?;
        if region == found.key.record.region {
            return Err(ServiceError::validation(format!("{} is the primary key already.", found.arn)));
        }
        let id = &found.key.record.id;
        let replica = replica(call, state, &found, region)?;
        call.check_permission(&replica, &replica.arn, &Wish::to("UpdatePrimaryRegion"))?;
        check_usable(&replica)?;
        let multi_region = Some(MultiRegion { primary_region: region.to_owned() });
        let changes = state.related(id).map(|key| {
            let record = KeyRecord { multi_region: multi_region.clone(), ..key.record.clone() };
            Change::Key(Arc::new(Key { record, policy: key.policy.clone() }))
        });
        Ok((changes.collect(), ()))
    })
}

/// The replica of a primary in another region.
fn replica(call: &Call<'_>, state: &State, primary: &Found, region: &str) -> Result<Found, ServiceError> {
    let id = &primary.key.record.id;
    let arn = arn::key_arn(region, call.engine.account(), id);
    match state.key(region, id) {
        Some(key) => Ok(Found { key: key.clone(), materials: primary.materials.clone(), arn }),
        None => Err(ServiceError::not_found(format!("Key '{arn}' does not exist"))),
    }
}

fn region<'a>(name: &'a Option<String>, member: &str) -> Result<&'a str, ServiceError> {
    let name = required(name, member)?;
    match arn::is_region(name) {
        true => Ok(name),
        false => Err(ServiceError::validation(format!("{name} is no region."))),
    }
}

/// The primary of a multi-region key, in the call's region.
fn primary(
    call: &Call<'_>,
    state: &State,
    key_id: &Option<String>,
    action: &'static str,
) -> Result<Found, ServiceError> {
    let found = call.managed_in(state, required(key_id, "keyId")?, &Wish::to(action))?;
    check_usable(&found)?;
    match found.key.record.is_primary() {
        true => Ok(found),
        false => Err(ServiceError::unsupported(format!("{} is not a multi-Region primary key.", found.arn))),
    }
}

fn replica_record(
    call: &Call<'_>,
    primary: &Found,
    request: &ReplicateKey,
    region: &str,
) -> Result<KeyRecord, ServiceError> {
    let description = request.description.clone().unwrap_or_default();
    length(description.chars().count(), "description", 0, MAX_DESCRIPTION)?;
    Ok(KeyRecord {
        region: region.to_owned(),
        created: call.now,
        description,
        enabled: true,
        import: None,
        policy: request.policy.clone().unwrap_or_else(|| default_policy(call.engine.account())),
        tags: tags::merged(BTreeMap::new(), request.tags.as_deref().unwrap_or_default())?,
        grants: Vec::new(),
        ..primary.key.record.clone()
    })
}
