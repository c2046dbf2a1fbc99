//! One call: who makes it, which key it means, whether it may.

use std::cell::RefCell;
use std::sync::Arc;

use waxseal_format::EncryptionContext;
use waxseal_kms::client::KeyState;

use super::permission::Wish;
use crate::arn::{self, Named};
use crate::audit::Seen;
use crate::engine::{Change, Engine, Generation, Key, KeyRecord, MaterialSet, State};
use crate::material::KeyMaterial;
use crate::timestamp::Timestamp;
use crate::wire::required;
use crate::{Caller, ServiceError};

/// One call while it runs.
pub(crate) struct Call<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) caller: &'a Caller,
    pub(crate) now: Timestamp,
    pub(crate) seen: RefCell<Seen>,
}

/// A key, with its materials.
#[derive(Clone)]
pub(crate) struct Found {
    pub(crate) key: Arc<Key>,
    pub(crate) materials: Arc<MaterialSet>,
    pub(crate) arn: String,
}

/// Runs one call and writes its line in the audit log.
pub(crate) fn run<T>(
    engine: &Engine,
    caller: &Caller,
    operation: &str,
    work: impl FnOnce(&Call<'_>) -> Result<T, ServiceError>,
) -> Result<T, ServiceError> {
    let call = Call { engine, caller, now: engine.now(), seen: RefCell::default() };
    let result = engine.settle(call.now).and_then(|()| call.check_region()).and_then(|()| work(&call));
    let outcome = result.as_ref().err().map_or("Success", |error| error.code);
    engine
        .audit
        .write(call.now, caller, operation, &call.seen.borrow(), outcome)
        .map_err(|_| ServiceError::internal("the audit log can't be written"))?;
    result
}

impl Call<'_> {
    /// Says whether this is a dry run.
    pub(crate) fn dry_run(&self, dry_run: Option<bool>) {
        self.seen.borrow_mut().dry_run = dry_run.unwrap_or(false);
    }

    /// Ends a dry run where it would have succeeded.
    pub(crate) fn stop_dry_run(&self) -> Result<(), ServiceError> {
        match self.seen.borrow().dry_run {
            true => Err(ServiceError::new(
                "DryRunOperationException",
                "The request would have succeeded, but the DryRun option is set.",
            )),
            false => Ok(()),
        }
    }

    fn check_region(&self) -> Result<(), ServiceError> {
        match arn::is_region(&self.caller.region) {
            true => Ok(()),
            false => Err(ServiceError::validation("The region is not named as regions are.")),
        }
    }

    /// The key that `identifier` names, if the caller may do this, ready for use: enabled, with material.
    pub(crate) fn usable(&self, identifier: &str, wish: &Wish<'_>) -> Result<Found, ServiceError> {
        let found = self.permitted(identifier, wish)?;
        check_usable(&found)?;
        Ok(found)
    }

    /// The key that `identifier` names, in whatever state, if the caller may do this.
    pub(crate) fn permitted(&self, identifier: &str, wish: &Wish<'_>) -> Result<Found, ServiceError> {
        self.permitted_in(&self.engine.state(), identifier, wish)
    }

    /// The same in a state that is held.
    pub(crate) fn permitted_in(
        &self,
        state: &State,
        identifier: &str,
        wish: &Wish<'_>,
    ) -> Result<Found, ServiceError> {
        self.check_names_account(identifier).inspect_err(|_| self.note_missing(identifier, wish))?;
        let found = self.find(state, identifier).inspect_err(|_| self.note_missing(identifier, wish))?;
        self.note(&found, wish);
        self.check_tokens(state, wish.grant_tokens)?;
        self.check_permission(&found, identifier, wish)?;
        Ok(found)
    }

    /// The same for operations that take no alias.
    pub(crate) fn managed_in(
        &self,
        state: &State,
        identifier: &str,
        wish: &Wish<'_>,
    ) -> Result<Found, ServiceError> {
        match arn::parse(identifier, &self.caller.region, self.engine.account()) {
            Ok(Named::Alias(_)) => {
                self.note_missing(identifier, wish);
                Err(ServiceError::not_found(format!("Invalid keyId '{identifier}'")))
            }
            Ok(Named::Key(_)) | Err(_) => self.permitted_in(state, identifier, wish),
        }
    }

    /// The same in the state as it is now.
    pub(crate) fn managed(
        &self,
        key_id: &Option<String>,
        action: &'static str,
    ) -> Result<Found, ServiceError> {
        self.managed_in(&self.engine.state(), required(key_id, "keyId")?, &Wish::to(action))
    }

    /// Changes what is kept of a key, and nothing of its policy.
    pub(crate) fn edit_key<T>(
        &self,
        key_id: &Option<String>,
        action: &'static str,
        edit: impl FnOnce(&Found, &mut KeyRecord) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        self.edit_key_in(key_id, action, |_, found, record| edit(found, record))
    }

    /// The same with the state at hand.
    pub(crate) fn edit_key_in<T>(
        &self,
        key_id: &Option<String>,
        action: &'static str,
        edit: impl FnOnce(&State, &Found, &mut KeyRecord) -> Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        self.engine.change(|state, _| {
            let found = self.managed_in(state, required(key_id, "keyId")?, &Wish::to(action))?;
            let mut key = found.key.as_ref().clone();
            let answer = edit(state, &found, &mut key.record)?;
            Ok((vec![Change::Key(Arc::new(key))], answer))
        })
    }

    /// The key of this id in the call's region, unless it is not there.
    pub(crate) fn by_id(&self, state: &State, id: &str) -> Option<Found> {
        let key = state.key(&self.caller.region, id)?.clone();
        let materials = state.materials.get(id)?.clone();
        Some(Found { key, materials, arn: self.key_arn(id) })
    }

    /// The key that `identifier` names, without asking its policy.
    pub(crate) fn named_key(&self, state: &State, identifier: &str) -> Result<Found, ServiceError> {
        self.find(state, identifier)
    }

    /// Notes a key for the audit log.
    pub(crate) fn note_key(&self, arn: &str) {
        self.seen.borrow_mut().keys.push(arn.to_owned());
    }

    pub(crate) fn key_arn(&self, id: &str) -> String {
        arn::key_arn(&self.caller.region, self.engine.account(), id)
    }

    fn find(&self, state: &State, identifier: &str) -> Result<Found, ServiceError> {
        let (region, account) = (&self.caller.region, self.engine.account());
        let id = match arn::parse(identifier, region, account)? {
            Named::Key(id) => id,
            Named::Alias(name) => match state.alias(region, name) {
                Some(alias) => &alias.target,
                None => {
                    let arn = arn::alias_arn(region, account, name);
                    return Err(ServiceError::not_found(format!("Alias {arn} is not found.")));
                }
            },
        };
        self.by_id(state, id)
            .ok_or_else(|| ServiceError::not_found(format!("Key '{}' does not exist", self.key_arn(id))))
    }

    fn note(&self, found: &Found, wish: &Wish<'_>) {
        if !self.engine.audit.is_on() {
            return;
        }
        let mut seen = self.seen.borrow_mut();
        seen.keys.push(found.arn.clone());
        note_context(&mut seen, wish);
    }

    /// Notes a key that is not there.
    fn note_missing(&self, identifier: &str, wish: &Wish<'_>) {
        let mut seen = self.seen.borrow_mut();
        seen.requested_keys.push(identifier.to_owned());
        note_context(&mut seen, wish);
    }

    /// Notes both contexts of a `ReEncrypt`, each by its name.
    pub(crate) fn note_contexts(&self, source: &EncryptionContext, destination: &EncryptionContext) {
        let mut seen = self.seen.borrow_mut();
        seen.source_context = Some(source.clone());
        seen.destination_context = Some(destination.clone());
    }
}

impl Found {
    /// What new ciphertexts and signatures are made with.
    pub(crate) fn current(&self) -> Result<(&Generation, &KeyMaterial), ServiceError> {
        self.materials.current().ok_or_else(|| ServiceError::internal("a key without its material"))
    }
}

/// Notes the context of a call that has one.
fn note_context(seen: &mut Seen, wish: &Wish<'_>) {
    if seen.source_context.is_none() {
        seen.contexts.extend(wish.context.cloned().filter(|context| !context.is_empty()));
    }
}

/// Whether the key's state lets it be used.
pub(crate) fn check_usable(found: &Found) -> Result<(), ServiceError> {
    match found.key.record.state() {
        KeyState::Disabled => {
            Err(ServiceError::new("DisabledException", format!("{} is disabled.", found.arn)))
        }
        _ => check_not_pending(found),
    }
}

/// Whether the key waits neither for its deletion nor for its material.
pub(crate) fn check_not_pending(found: &Found) -> Result<(), ServiceError> {
    match found.key.record.state() {
        KeyState::PendingImport => {
            Err(ServiceError::invalid_state(format!("{} is pending import.", found.arn)))
        }
        _ => check_not_deleted(found),
    }
}

/// Whether the key does not wait for its deletion.
pub(crate) fn check_not_deleted(found: &Found) -> Result<(), ServiceError> {
    match found.key.record.state() {
        KeyState::PendingDeletion | KeyState::PendingReplicaDeletion => {
            Err(ServiceError::invalid_state(format!("{} is pending deletion.", found.arn)))
        }
        _ => Ok(()),
    }
}
