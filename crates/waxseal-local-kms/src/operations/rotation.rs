//! Rotation: a key gets new material, and keeps the old for what it encrypted.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use waxseal_kms::client::{KeySpec, KeyState};

use super::call::{Call, Found, check_usable};
use super::keys::next_generation;
use super::lifecycle::{KeyArn, KeyOnly};
use super::page::{Page, Paging};
use super::permission::Wish;
use crate::ServiceError;
use crate::engine::{Change, Generation, MaterialSet, Origin, RotationKind, State};
use crate::timestamp::Timestamp;
use crate::wire::{number_in, required};

const DEFAULT_PERIOD: u32 = 365;

/// AWS's limit of rotations on demand.
const MAX_ON_DEMAND: usize = 25;

/// Asks `EnableKeyRotation`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct EnableRotation {
    key_id: Option<String>,
    rotation_period_in_days: Option<i64>,
}

/// Asks `ListKeyRotations`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct ListRotations {
    key_id: Option<String>,
    include_key_material: Option<String>,
    limit: Option<i64>,
    marker: Option<String>,
}

/// Answers `GetKeyRotationStatus`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RotationStatus {
    key_id: String,
    key_rotation_enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_period_in_days: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_rotation_date: Option<Timestamp>,
}

/// Answers `ListKeyRotations`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RotationList {
    rotations: Vec<RotationEntry>,
    #[serde(flatten)]
    page: Page,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct RotationEntry {
    key_id: String,
    key_material_id: String,
    key_material_state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rotation_type: Option<RotationKind>,
}

/// `EnableKeyRotation`.
pub(crate) fn enable_rotation(call: &Call<'_>, request: &EnableRotation) -> Result<(), ServiceError> {
    let days = request.rotation_period_in_days.unwrap_or(i64::from(DEFAULT_PERIOD));
    let days = number_in(days, "rotationPeriodInDays", 90, 2560)?;
    edit_rotation(call, &request.key_id, "EnableKeyRotation", |set| {
        set.record.rotation = Some((days, call.now.plus_days(days)));
    })
}

/// `DisableKeyRotation`.
pub(crate) fn disable_rotation(call: &Call<'_>, request: &KeyOnly) -> Result<(), ServiceError> {
    edit_rotation(call, &request.key_id, "DisableKeyRotation", |set| set.record.rotation = None)
}

/// `GetKeyRotationStatus`.
pub(crate) fn rotation_status(call: &Call<'_>, request: &KeyOnly) -> Result<RotationStatus, ServiceError> {
    let found = call.managed(&request.key_id, "GetKeyRotationStatus")?;
    check_rotates(&found)?;
    let waits = found.key.record.state() != KeyState::Enabled;
    // A key that waits for its end does not rotate, and may again if that is called off.
    let ends = found.key.record.deletion.is_some();
    let rotation = found.materials.record.rotation.filter(|_| !ends);
    Ok(RotationStatus {
        key_rotation_enabled: rotation.is_some(),
        rotation_period_in_days: rotation.map(|(days, _)| days),
        next_rotation_date: rotation.filter(|_| !waits).map(|(_, next)| next),
        key_id: found.arn,
    })
}

/// `RotateKeyOnDemand`.
pub(crate) fn rotate_on_demand(call: &Call<'_>, request: &KeyOnly) -> Result<KeyArn, ServiceError> {
    call.engine.change(|state, _| {
        let found = rotatable(call, state, &request.key_id, "RotateKeyOnDemand")?;
        let on_demand = |generation: &&Generation| generation.rotation == Some(RotationKind::OnDemand);
        if found.materials.record.generations.iter().filter(on_demand).count() >= MAX_ON_DEMAND {
            let message = format!("{} was rotated on demand {MAX_ON_DEMAND} times.", found.arn);
            return Err(ServiceError::new("LimitExceededException", message));
        }
        let (set, secret) = next_generation(call.now, &found.materials, Some(RotationKind::OnDemand))?;
        Ok((vec![Change::Materials(set, secret)], KeyArn { key_id: found.arn }))
    })
}

/// `ListKeyRotations`.
pub(crate) fn list_rotations(call: &Call<'_>, request: &ListRotations) -> Result<RotationList, ServiceError> {
    let found = call.managed(&request.key_id, "ListKeyRotations")?;
    check_rotates(&found)?;
    let all = match request.include_key_material.as_deref() {
        None | Some("ROTATIONS_ONLY") => false,
        Some("ALL_KEY_MATERIAL") => true,
        Some(_) => {
            return Err(ServiceError::validation(
                "IncludeKeyMaterial is ALL_KEY_MATERIAL or ROTATIONS_ONLY.",
            ));
        }
    };
    let generations = found.materials.record.generations.iter();
    let wanted = generations.filter(|generation| all || generation.rotation.is_some());
    let (generations, page) = Paging::of(request.limit, &request.marker)
        .page(wanted, |generation| format!("{:010}", generation.number))?;
    let rotations = generations.into_iter().map(|generation| entry(&found, generation)).collect();
    Ok(RotationList { rotations, page })
}

fn entry(found: &Found, generation: &Generation) -> RotationEntry {
    let current = found.materials.record.generations.last() == Some(generation);
    RotationEntry {
        key_id: found.arn.clone(),
        key_material_id: generation.material_id.clone(),
        key_material_state: if current { "CURRENT" } else { "NON_CURRENT" },
        rotation_date: generation.rotation.map(|_| generation.since),
        rotation_type: generation.rotation,
    }
}

fn edit_rotation(
    call: &Call<'_>,
    key_id: &Option<String>,
    action: &'static str,
    edit: impl FnOnce(&mut MaterialSet),
) -> Result<(), ServiceError> {
    call.engine.change(|state, _| {
        let found = rotatable(call, state, key_id, action)?;
        let mut set = found.materials.as_ref().clone();
        edit(&mut set);
        Ok((vec![Change::Materials(Arc::new(set), None)], ()))
    })
}

/// A key whose rotation can be changed now: the primary, where there are several.
fn rotatable(
    call: &Call<'_>,
    state: &State,
    key_id: &Option<String>,
    action: &'static str,
) -> Result<Found, ServiceError> {
    let found = call.managed_in(state, required(key_id, "keyId")?, &Wish::to(action))?;
    check_rotates(&found)?;
    check_usable(&found)?;
    match found.key.record.multi_region.is_some() && !found.key.record.is_primary() {
        true => {
            Err(ServiceError::unsupported(format!("{} is a replica; rotate its primary key.", found.arn)))
        }
        false => Ok(found),
    }
}

fn check_rotates(found: &Found) -> Result<(), ServiceError> {
    let record = &found.key.record;
    match record.spec == KeySpec::SymmetricDefault && record.origin == Origin::Kms {
        true => Ok(()),
        false => Err(ServiceError::unsupported(format!(
            "{} is no symmetric key with material of KMS's own.",
            found.arn
        ))),
    }
}
