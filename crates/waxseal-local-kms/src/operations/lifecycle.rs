//! Keys over time: listed, described anew, enabled, disabled, deleted.

use serde::{Deserialize, Serialize};

use super::call::{Call, Found, check_not_deleted, check_not_pending};
use super::keys::MAX_DESCRIPTION;
use super::page::{Page, Paging};
use crate::ServiceError;
use crate::engine::Deletion;
use crate::timestamp::Timestamp;
use crate::wire::{length, number_in, required};

const DEFAULT_WINDOW: i64 = 30;

/// Asks an operation that wants a key and no more.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct KeyOnly {
    pub(crate) key_id: Option<String>,
}

/// Asks `UpdateKeyDescription`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Describe {
    key_id: Option<String>,
    description: Option<String>,
}

/// Asks `ScheduleKeyDeletion`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct ScheduleDeletion {
    key_id: Option<String>,
    pending_window_in_days: Option<i64>,
}

/// Answers with the key's ARN.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct KeyArn {
    pub(crate) key_id: String,
}

/// Answers `ScheduleKeyDeletion`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Scheduled {
    key_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    deletion_date: Option<Timestamp>,
    key_state: &'static str,
    pending_window_in_days: u32,
}

/// Answers `ListKeys`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct KeyList {
    keys: Vec<KeyEntry>,
    #[serde(flatten)]
    page: Page,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct KeyEntry {
    key_id: String,
    key_arn: String,
}

/// `ListKeys`.
pub(crate) fn list_keys(call: &Call<'_>, request: &Paging) -> Result<KeyList, ServiceError> {
    call.check_account("ListKeys")?;
    let state = call.engine.state();
    let here = state.keys.keys().filter(|place| place.region == call.caller.region);
    let (places, page) = request.page(here, |place| place.id.clone())?;
    let entry = |id: &String| KeyEntry { key_id: id.clone(), key_arn: call.key_arn(id) };
    Ok(KeyList { keys: places.into_iter().map(|place| entry(&place.id)).collect(), page })
}

/// `UpdateKeyDescription`.
pub(crate) fn update_description(call: &Call<'_>, request: &Describe) -> Result<(), ServiceError> {
    let description = required(&request.description, "description")?;
    length(description.chars().count(), "description", 0, MAX_DESCRIPTION)?;
    call.edit_key(&request.key_id, "UpdateKeyDescription", |found, record| {
        check_not_deleted(found)?;
        record.description.clone_from(description);
        Ok(())
    })
}

/// `EnableKey`.
pub(crate) fn enable_key(call: &Call<'_>, request: &KeyOnly) -> Result<(), ServiceError> {
    switch(call, request, "EnableKey", true)
}

/// `DisableKey`.
pub(crate) fn disable_key(call: &Call<'_>, request: &KeyOnly) -> Result<(), ServiceError> {
    switch(call, request, "DisableKey", false)
}

fn switch(call: &Call<'_>, request: &KeyOnly, action: &'static str, on: bool) -> Result<(), ServiceError> {
    call.edit_key(&request.key_id, action, |found, record| {
        check_not_pending(found)?;
        record.enabled = on;
        Ok(())
    })
}

/// `ScheduleKeyDeletion`. A primary key with replicas waits for them first.
pub(crate) fn schedule_deletion(
    call: &Call<'_>,
    request: &ScheduleDeletion,
) -> Result<Scheduled, ServiceError> {
    let days = request.pending_window_in_days.unwrap_or(DEFAULT_WINDOW);
    let days = number_in(days, "pendingWindowInDays", 7, 30)?;
    call.edit_key_in(&request.key_id, "ScheduleKeyDeletion", |state, found, record| {
        check_not_deleted(found)?;
        let replicas = record.is_primary() && state.related(&record.id).count() > 1;
        let at = call.now.plus_days(days);
        let deletion = if replicas { Deletion::AfterReplicas(days) } else { Deletion::At(at) };
        record.deletion = Some(deletion);
        Ok(Scheduled {
            key_id: found.arn.clone(),
            deletion_date: (!replicas).then_some(at),
            key_state: record.state().as_str(),
            pending_window_in_days: days,
        })
    })
}

/// `CancelKeyDeletion`: the key is disabled after it.
pub(crate) fn cancel_deletion(call: &Call<'_>, request: &KeyOnly) -> Result<KeyArn, ServiceError> {
    call.edit_key(&request.key_id, "CancelKeyDeletion", |found: &Found, record| {
        if record.deletion.is_none() {
            return Err(ServiceError::invalid_state(format!("{} is not pending deletion.", found.arn)));
        }
        record.deletion = None;
        record.enabled = false;
        Ok(KeyArn { key_id: found.arn.clone() })
    })
}
