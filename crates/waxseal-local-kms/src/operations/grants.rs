//! Grants: what single principals may do besides the key's policy.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use waxseal_kms::client::{KeySpec, KeyUsage};

use super::call::{Call, Found, check_usable};
use super::page::{Page, Paging};
use super::permission::Wish;
use crate::engine::{Change, Constraints, Grant, Key, State};
use crate::material::random_array;
use crate::policy::{account_of, acts_as};
use crate::timestamp::Timestamp;
use crate::wire::{Object, Pairs, grant_tokens, length, required};
use crate::{ServiceError, arn};

/// AWS's limit of grants of one key.
const MAX_GRANTS: usize = 50_000;

/// AWS's limits of a constraint: its pairs, and the characters of each.
const MAX_PAIRS: usize = 8;
const MAX_PAIR: usize = 384;

const MAX_NAME: usize = 256;

/// Operations of AWS's grants that this KMS leaves out.
const LEFT_OUT: &[&str] = &["Decapsulate", "Encapsulate"];

const OPERATIONS: &[&str] = &[
    "CreateGrant",
    "Decrypt",
    "DeriveSharedSecret",
    "DescribeKey",
    "Encrypt",
    "GenerateDataKey",
    "GenerateDataKeyPair",
    "GenerateDataKeyPairWithoutPlaintext",
    "GenerateDataKeyWithoutPlaintext",
    "GenerateMac",
    "GetPublicKey",
    "ReEncryptFrom",
    "ReEncryptTo",
    "RetireGrant",
    "Sign",
    "Verify",
    "VerifyMac",
];

/// Asks `CreateGrant`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct CreateGrant {
    key_id: Option<String>,
    grantee_principal: Option<String>,
    retiring_principal: Option<String>,
    operations: Option<Vec<String>>,
    constraints: Option<Object<ConstraintsRequest>>,
    grant_tokens: Option<Vec<String>>,
    name: Option<String>,
    dry_run: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct ConstraintsRequest {
    encryption_context_subset: Option<Pairs>,
    encryption_context_equals: Option<Pairs>,
}

/// Answers `CreateGrant`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Created {
    grant_token: String,
    grant_id: String,
}

/// Asks `ListGrants`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct ListGrants {
    key_id: Option<String>,
    grant_id: Option<String>,
    grantee_principal: Option<String>,
    limit: Option<i64>,
    marker: Option<String>,
}

/// Asks `ListRetirableGrants`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct ListRetirable {
    retiring_principal: Option<String>,
    limit: Option<i64>,
    marker: Option<String>,
}

/// Asks `RevokeGrant` and `RetireGrant`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct EndGrant {
    key_id: Option<String>,
    grant_id: Option<String>,
    grant_token: Option<String>,
    dry_run: Option<bool>,
}

/// Answers `ListGrants` and `ListRetirableGrants`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GrantList {
    grants: Vec<GrantEntry>,
    #[serde(flatten)]
    page: Page,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct GrantEntry {
    key_id: String,
    grant_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    creation_date: Timestamp,
    grantee_principal: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    retiring_principal: Option<String>,
    issuing_account: String,
    operations: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    constraints: Option<Constraints>,
}

/// `CreateGrant`. A grant of the same name that says the same is given out again.
pub(crate) fn create_grant(call: &Call<'_>, request: &CreateGrant) -> Result<Created, ServiceError> {
    call.dry_run(request.dry_run);
    let grant = new_grant(call, request)?;
    let tokens = grant_tokens(&request.grant_tokens)?;
    let context = grant.constraints.as_ref().map(|constraints| constraints.pairs().clone().into());
    call.engine.change(|state, _| {
        let mut wish = Wish::to("CreateGrant").with_grants(tokens);
        wish = wish.with_fact("kms:granteeprincipal", grant.grantee.as_str());
        for operation in &grant.operations {
            wish = wish.with_fact("kms:grantoperations", operation.as_str());
        }
        wish.child = Some(&grant);
        wish.context = context.as_ref();
        let found = call.managed_in(state, required(&request.key_id, "keyId")?, &wish)?;
        check_usable(&found)?;
        check_fits_key(&grant, &found)?;
        call.stop_dry_run()?;
        let grants = &found.key.record.grants;
        if let Some(same) = grants.iter().find(|other| is_same(other, &grant)) {
            return Ok((Vec::new(), Created { grant_token: same.token.clone(), grant_id: same.id.clone() }));
        }
        if grants.len() >= MAX_GRANTS {
            return Err(ServiceError::new("LimitExceededException", "The key has too many grants."));
        }
        let created = Created { grant_token: grant.token.clone(), grant_id: grant.id.clone() };
        let mut key = found.key.as_ref().clone();
        let at = key.record.grants.partition_point(|other| other.id < grant.id);
        key.record.grants.insert(at, grant.clone());
        Ok((vec![Change::Key(Arc::new(key))], created))
    })
}

/// `ListGrants`.
pub(crate) fn list_grants(call: &Call<'_>, request: &ListGrants) -> Result<GrantList, ServiceError> {
    let found = call.managed(&request.key_id, "ListGrants")?;
    let grants = found.key.record.grants.iter().filter(|grant| {
        request.grant_id.as_ref().is_none_or(|id| *id == grant.id)
            && request.grantee_principal.as_ref().is_none_or(|grantee| *grantee == grant.grantee)
    });
    let (grants, page) = Paging::of(request.limit, &request.marker).page(grants, |grant| grant.id.clone())?;
    Ok(GrantList { grants: grants.into_iter().map(|grant| entry(&found.arn, grant)).collect(), page })
}

/// `ListRetirableGrants`: of all keys of the region.
pub(crate) fn list_retirable(call: &Call<'_>, request: &ListRetirable) -> Result<GrantList, ServiceError> {
    call.check_account("ListRetirableGrants")?;
    let retiring = required(&request.retiring_principal, "retiringPrincipal")?;
    let state = call.engine.state();
    let keys = state.keys.values().filter(|key| key.record.region == call.caller.region);
    let mut grants: Vec<(&Key, &Grant)> = keys
        .flat_map(|key| key.record.grants.iter().map(move |grant| (key.as_ref(), grant)))
        .filter(|(_, grant)| grant.retiring.as_ref() == Some(retiring))
        .collect();
    grants.sort_by(|(_, a), (_, b)| a.id.cmp(&b.id));
    let (grants, page) =
        Paging::of(request.limit, &request.marker).page(grants.into_iter(), |(_, grant)| grant.id.clone())?;
    let grants = grants.into_iter().map(|(key, grant)| entry(&call.key_arn(&key.record.id), grant));
    Ok(GrantList { grants: grants.collect(), page })
}

/// `RevokeGrant`: by whoever may, by the key's policy.
pub(crate) fn revoke_grant(call: &Call<'_>, request: &EndGrant) -> Result<(), ServiceError> {
    call.dry_run(request.dry_run);
    let id = required(&request.grant_id, "grantId")?;
    call.engine.change(|state, _| {
        let wish = Wish::to("RevokeGrant");
        let found = call.managed_in(state, required(&request.key_id, "keyId")?, &wish)?;
        call_off(call, &found, id)
    })
}

/// `RetireGrant`: by its retiring principal, by its grantee if it says so, or by whoever may.
pub(crate) fn retire_grant(call: &Call<'_>, request: &EndGrant) -> Result<(), ServiceError> {
    call.dry_run(request.dry_run);
    call.engine.change(|state, _| {
        let (found, id) = retirable(call, state, request)?;
        call.note_key(&found.arn);
        let principal = &call.caller.principal;
        let by_its_grant = found.key.record.grants.iter().any(|grant| {
            let says_so = grant.operations.iter().any(|operation| operation == "RetireGrant");
            let grantee = says_so && acts_as(principal, &grant.grantee);
            let retiring = grant.retiring.as_ref().is_some_and(|retiring| acts_as(principal, retiring));
            grant.id == id && (grantee || retiring)
        });
        let wish = Wish { by_its_grant, ..Wish::to("RetireGrant") };
        call.check_permission(&found, &found.arn, &wish)?;
        call_off(call, &found, &id)
    })
}

/// The grant that a token is of, or that a key's ARN and an id name.
fn retirable(call: &Call<'_>, state: &State, request: &EndGrant) -> Result<(Found, String), ServiceError> {
    match (&request.grant_token, &request.key_id, &request.grant_id) {
        (Some(token), None, None) => by_token(call, state, token).ok_or_else(invalid_token),
        (None, Some(key), Some(id)) if key.starts_with("arn:") => {
            arn::parse(key, &call.caller.region, call.engine.account())?;
            Ok((call.named_key(state, key)?, id.clone()))
        }
        (None, Some(key), Some(_)) => {
            Err(ServiceError::new("InvalidArnException", format!("Invalid ARN {key}")))
        }
        _ => Err(ServiceError::validation("Give a grant token, or a key ARN and a grant id.")),
    }
}

fn by_token(call: &Call<'_>, state: &State, token: &str) -> Option<(Found, String)> {
    let mut keys = state.keys.values().filter(|key| key.record.region == call.caller.region);
    let has_it = |key: &Arc<Key>| key.record.grants.iter().find(|grant| grant.token == token).cloned();
    let (key, grant) = keys.find_map(|key| has_it(key).map(|grant| (key, grant)))?;
    Some((call.by_id(state, &key.record.id)?, grant.id))
}

fn call_off(call: &Call<'_>, found: &Found, id: &str) -> Result<(Vec<Change>, ()), ServiceError> {
    let mut key = found.key.as_ref().clone();
    let before = key.record.grants.len();
    key.record.grants.retain(|grant| grant.id != id);
    if key.record.grants.len() == before {
        return Err(ServiceError::not_found(format!("Grant ID {id} not found")));
    }
    call.stop_dry_run()?;
    Ok((vec![Change::Key(Arc::new(key))], ()))
}

fn new_grant(call: &Call<'_>, request: &CreateGrant) -> Result<Grant, ServiceError> {
    let principal = |name: &String| match name.starts_with("arn:aws") && account_of(name).is_some() {
        true => Ok(name.clone()),
        false => Err(ServiceError::new("InvalidArnException", format!("Invalid ARN {name}"))),
    };
    for name in [&request.name, &request.grantee_principal, &request.retiring_principal].into_iter().flatten()
    {
        length(name.chars().count(), "at hand", 1, MAX_NAME)?;
    }
    let mut operations = required(&request.operations, "operations")?.clone();
    length(operations.len(), "operations", 1, OPERATIONS.len() + LEFT_OUT.len())?;
    if let Some(name) = operations.iter().find(|operation| LEFT_OUT.contains(&operation.as_str())) {
        return Err(ServiceError::unsupported(format!("The embedded KMS leaves {name} out.")));
    }
    if let Some(unknown) = operations.iter().find(|operation| !OPERATIONS.contains(&operation.as_str())) {
        return Err(ServiceError::validation(format!("A grant knows no operation {unknown}.")));
    }
    operations.sort();
    operations.dedup();
    let account = account_of(&call.caller.principal).unwrap_or_default();
    Ok(Grant {
        id: hex::encode(random_array::<32>()?),
        token: hex::encode(random_array::<64>()?),
        name: request.name.clone(),
        created: call.now,
        grantee: principal(required(&request.grantee_principal, "granteePrincipal")?)?,
        retiring: request.retiring_principal.as_ref().map(principal).transpose()?,
        issuing_account: format!("arn:aws:iam::{account}:root"),
        operations,
        constraints: constraints(request.constraints.as_ref())?,
    })
}

fn constraints(request: Option<&Object<ConstraintsRequest>>) -> Result<Option<Constraints>, ServiceError> {
    let Some(Object(request)) = request else {
        return Ok(None);
    };
    match (&request.encryption_context_subset, &request.encryption_context_equals) {
        (Some(pairs), None) => Ok(Some(Constraints::Subset(checked(pairs)?))),
        (None, Some(pairs)) => Ok(Some(Constraints::Equals(checked(pairs)?))),
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(ServiceError::validation("A grant has one constraint at most.")),
    }
}

/// AWS's limits of a constraint, "CreateGrant" in the API reference.
fn checked(Pairs(pairs): &Pairs) -> Result<BTreeMap<String, String>, ServiceError> {
    length(pairs.len(), "constraints", 0, MAX_PAIRS)?;
    for (key, value) in pairs {
        length(key.chars().count() + value.chars().count(), "constraints", 0, MAX_PAIR)?;
    }
    Ok(pairs.clone())
}

/// A grant must not promise what the key can't do.
fn check_fits_key(grant: &Grant, found: &Found) -> Result<(), ServiceError> {
    let record = &found.key.record;
    let symmetric = record.spec == KeySpec::SymmetricDefault;
    if grant.constraints.is_some() && !symmetric {
        return Err(ServiceError::validation("Constraints need a symmetric encryption key."));
    }
    let fits = |operation: &str| match operation {
        "CreateGrant" | "RetireGrant" | "DescribeKey" => true,
        "Encrypt" | "Decrypt" | "ReEncryptFrom" | "ReEncryptTo" => record.usage == KeyUsage::EncryptDecrypt,
        "Sign" | "Verify" => record.usage == KeyUsage::SignVerify,
        "GenerateMac" | "VerifyMac" => record.usage == KeyUsage::GenerateVerifyMac,
        "DeriveSharedSecret" => record.usage == KeyUsage::KeyAgreement,
        "GetPublicKey" => !symmetric && record.usage != KeyUsage::GenerateVerifyMac,
        _ => symmetric,
    };
    match grant.operations.iter().find(|operation| !fits(operation)) {
        Some(operation) => Err(ServiceError::validation(format!(
            "Grant operation {operation} is not for keys of {} and {}.",
            record.spec, record.usage
        ))),
        None => Ok(()),
    }
}

fn is_same(a: &Grant, b: &Grant) -> bool {
    a.name.is_some()
        && a.name == b.name
        && a.grantee == b.grantee
        && a.retiring == b.retiring
        && a.operations == b.operations
        && a.constraints == b.constraints
}

fn entry(key_arn: &str, grant: &Grant) -> GrantEntry {
    GrantEntry {
        key_id: key_arn.to_owned(),
        grant_id: grant.id.clone(),
        name: grant.name.clone(),
        creation_date: grant.created,
        grantee_principal: grant.grantee.clone(),
        retiring_principal: grant.retiring.clone(),
        issuing_account: grant.issuing_account.clone(),
        operations: grant.operations.clone(),
        constraints: grant.constraints.clone(),
    }
}

fn invalid_token() -> ServiceError {
    ServiceError::new("InvalidGrantTokenException", "The grant token is none of this KMS's.")
}
