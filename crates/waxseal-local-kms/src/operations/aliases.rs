//! Aliases.

use serde::{Deserialize, Serialize};
use waxseal_kms::client::KeySpec;

use super::call::{Call, Found, check_not_deleted};
use super::page::{Page, Paging};
use super::permission::Wish;
use crate::ServiceError;
use crate::arn::{self, Named};
use crate::engine::{Alias, AliasPlace, Change, State};
use crate::timestamp::Timestamp;
use crate::wire::{length, required};

const MAX_NAME: usize = 256;

/// Asks `CreateAlias`, `UpdateAlias` and `DeleteAlias`, which names no key.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct AliasRequest {
    alias_name: Option<String>,
    target_key_id: Option<String>,
}

/// Asks `ListAliases`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct ListAliases {
    key_id: Option<String>,
    limit: Option<i64>,
    marker: Option<String>,
}

/// Answers `ListAliases`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AliasList {
    aliases: Vec<AliasEntry>,
    #[serde(flatten)]
    page: Page,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct AliasEntry {
    alias_name: String,
    alias_arn: String,
    target_key_id: String,
    creation_date: Timestamp,
    last_updated_date: Timestamp,
}

/// `CreateAlias`.
pub(crate) fn create_alias(call: &Call<'_>, request: &AliasRequest) -> Result<(), ServiceError> {
    let place = place(call, request)?;
    call.engine.change(|state, _| {
        let found = target(call, state, request, "CreateAlias")?;
        if state.aliases.contains_key(&place) {
            let arn = arn::alias_arn(&place.region, call.engine.account(), &place.name);
            let message = format!("An alias with the name {arn} already exists");
            return Err(ServiceError::new("AlreadyExistsException", message));
        }
        let target = found.key.record.id.clone();
        let alias = Alias { target, created: call.now, updated: call.now };
        Ok((vec![Change::Alias(place, alias)], ()))
    })
}

/// `UpdateAlias`: from a key to another of the same kind.
pub(crate) fn update_alias(call: &Call<'_>, request: &AliasRequest) -> Result<(), ServiceError> {
    let place = place(call, request)?;
    call.engine.change(|state, _| {
        let (alias, before) = existing(call, state, &place, "UpdateAlias")?;
        let found = target(call, state, request, "UpdateAlias")?;
        let kind = |found: &Found| (kind(found.key.record.spec), found.key.record.usage);
        if before.is_some_and(|before| kind(&before) != kind(&found)) {
            return Err(ServiceError::validation("The alias's keys must be of the same type and usage."));
        }
        let target = found.key.record.id.clone();
        let alias = Alias { target, updated: call.now, ..alias };
        Ok((vec![Change::Alias(place, alias)], ()))
    })
}

/// `DeleteAlias`.
pub(crate) fn delete_alias(call: &Call<'_>, request: &AliasRequest) -> Result<(), ServiceError> {
    let place = place(call, request)?;
    call.engine.change(|state, _| {
        existing(call, state, &place, "DeleteAlias")?;
        Ok((vec![Change::AliasGone(place)], ()))
    })
}

/// `ListAliases`, of one key or of all.
pub(crate) fn list_aliases(call: &Call<'_>, request: &ListAliases) -> Result<AliasList, ServiceError> {
    call.check_account("ListAliases")?;
    let state = call.engine.state();
    let key = match &request.key_id {
        Some(identifier) => Some(call.named_key(&state, identifier)?.key.record.id.clone()),
        None => None,
    };
    let here = state.aliases.iter().filter(|(place, _)| place.region == call.caller.region);
    let wanted = here.filter(|(_, alias)| key.as_ref().is_none_or(|key| *key == alias.target));
    let (aliases, page) =
        Paging::of(request.limit, &request.marker).page(wanted, |(place, _)| place.name.clone())?;
    let aliases = aliases.into_iter().map(|(place, alias)| AliasEntry {
        alias_name: place.name.clone(),
        alias_arn: arn::alias_arn(&place.region, call.engine.account(), &place.name),
        target_key_id: alias.target.clone(),
        creation_date: alias.created,
        last_updated_date: alias.updated,
    });
    Ok(AliasList { aliases: aliases.collect(), page })
}

fn place(call: &Call<'_>, request: &AliasRequest) -> Result<AliasPlace, ServiceError> {
    let name = required(&request.alias_name, "aliasName")?;
    length(name.len(), "aliasName", 1, MAX_NAME)?;
    let Some(rest) = name.strip_prefix("alias/") else {
        return Err(ServiceError::validation("Invalid identifier"));
    };
    let known = |b: u8| b.is_ascii_alphanumeric() || b"/_-".contains(&b);
    if rest.is_empty() || !rest.bytes().all(known) {
        return Err(ServiceError::new(
            "InvalidAliasNameException",
            "The alias has characters that are not allowed.",
        ));
    }
    if rest.starts_with("aws/") {
        return Err(ServiceError::new(
            "NotAuthorizedException",
            "Aliases that begin with alias/aws/ are AWS's own.",
        ));
    }
    Ok(AliasPlace { region: call.caller.region.clone(), name: name.clone() })
}

#[derive(PartialEq, Eq)]
enum Kind {
    Symmetric,
    Hmac,
    Asymmetric,
}

fn kind(spec: KeySpec) -> Kind {
    match spec {
        KeySpec::SymmetricDefault => Kind::Symmetric,
        KeySpec::Hmac256 | KeySpec::Hmac384 | KeySpec::Hmac512 => Kind::Hmac,
        _ => Kind::Asymmetric,
    }
}

/// The key that an alias is going to mean: named by id or ARN, not waiting for its deletion.
fn target(
    call: &Call<'_>,
    state: &State,
    request: &AliasRequest,
    action: &'static str,
) -> Result<Found, ServiceError> {
    let identifier = required(&request.target_key_id, "targetKeyId")?;
    if let Named::Alias(_) = arn::parse(identifier, &call.caller.region, call.engine.account())? {
        return Err(ServiceError::validation("Aliases must refer to keys. Not aliases"));
    }
    let found = call.permitted_in(state, identifier, &Wish::to(action))?;
    check_not_deleted(&found)?;
    Ok(found)
}

/// An alias and its key, if that is still there and the caller may do this with it.
fn existing(
    call: &Call<'_>,
    state: &State,
    place: &AliasPlace,
    action: &'static str,
) -> Result<(Alias, Option<Found>), ServiceError> {
    let Some(alias) = state.aliases.get(place) else {
        let arn = arn::alias_arn(&place.region, call.engine.account(), &place.name);
        return Err(ServiceError::not_found(format!("Alias {arn} is not found.")));
    };
    let found = call.by_id(state, &alias.target);
    if found.is_some() {
        call.permitted_in(state, &call.key_arn(&alias.target), &Wish::to(action))?;
    }
    Ok((alias.clone(), found))
}
