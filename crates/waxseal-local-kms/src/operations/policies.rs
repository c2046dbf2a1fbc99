//! Key policies.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::call::{Call, Found};
use super::permission::Wish;
use crate::ServiceError;
use crate::engine::{Change, Key, KeyRecord};
use crate::policy::PolicyDocument;
use crate::wire::required;

/// The only name of a key policy.
const NAME: &str = "default";

/// Asks `GetKeyPolicy`, `PutKeyPolicy`, `ListKeyPolicies`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct PolicyRequest {
    key_id: Option<String>,
    policy_name: Option<String>,
    policy: Option<String>,
    bypass_policy_lockout_safety_check: Option<bool>,
}

/// Answers `GetKeyPolicy`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Policy {
    policy: String,
    policy_name: &'static str,
}

/// Answers `ListKeyPolicies`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PolicyNames {
    policy_names: [&'static str; 1],
    truncated: bool,
}

/// `GetKeyPolicy`.
pub(crate) fn get_policy(call: &Call<'_>, request: &PolicyRequest) -> Result<Policy, ServiceError> {
    let found = call.managed(&request.key_id, "GetKeyPolicy")?;
    check_name(request)?;
    Ok(Policy { policy: found.key.record.policy.clone(), policy_name: NAME })
}

/// `ListKeyPolicies`.
pub(crate) fn list_policies(call: &Call<'_>, request: &PolicyRequest) -> Result<PolicyNames, ServiceError> {
    call.managed(&request.key_id, "ListKeyPolicies")?;
    Ok(PolicyNames { policy_names: [NAME], truncated: false })
}

/// `PutKeyPolicy`.
pub(crate) fn put_policy(call: &Call<'_>, request: &PolicyRequest) -> Result<(), ServiceError> {
    check_name(request)?;
    let text = required(&request.policy, "policy")?;
    call.engine.change(|state, _| {
        let wish = Wish::to("PutKeyPolicy");
        let found = call.managed_in(state, required(&request.key_id, "keyId")?, &wish)?;
        let record = KeyRecord { policy: text.clone(), ..found.key.record.clone() };
        let key = Arc::new(Key { record, policy: PolicyDocument::parse(text)? });
        if !request.bypass_policy_lockout_safety_check.unwrap_or(false) {
            check_lockout(call, &Found { key: key.clone(), ..found })?;
        }
        Ok((vec![Change::Key(key)], ()))
    })
}

/// A new policy must let its author change it later.
pub(crate) fn check_lockout(call: &Call<'_>, found: &Found) -> Result<(), ServiceError> {
    let wish = Wish::to("PutKeyPolicy");
    call.check_permission(found, &found.arn, &wish).map_err(|_| {
        ServiceError::new(
            "MalformedPolicyDocumentException",
            "The new key policy will not allow you to update the key policy in the future.",
        )
    })
}

fn check_name(request: &PolicyRequest) -> Result<(), ServiceError> {
    match request.policy_name.as_deref() {
        None | Some(NAME) => Ok(()),
        Some(_) => Err(ServiceError::not_found("No such policy exists")),
    }
}
