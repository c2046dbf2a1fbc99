//! Whether a call may do what it wants with a key: its policy and its grants say.

use std::borrow::Cow;

use waxseal_format::EncryptionContext;

use super::call::{Call, Found};
use crate::engine::{Grant, State};
use crate::policy::{self, Answer, Facts, GrantQuestion, Question, account_of};
use crate::{ServiceError, arn};

/// Actions that no policy allows to other accounts.
///
/// Source: AWS KMS API Reference, "Cross-account use" of each operation.
const HOME_ONLY: &[&str] = &[
    "CancelKeyDeletion",
    "CreateAlias",
    "DeleteAlias",
    "DeleteImportedKeyMaterial",
    "DisableKey",
    "DisableKeyRotation",
    "EnableKey",
    "EnableKeyRotation",
    "GetKeyPolicy",
    "GetParametersForImport",
    "ImportKeyMaterial",
    "ListKeyPolicies",
    "ListKeyRotations",
    "ListResourceTags",
    "PutKeyPolicy",
    "ReplicateKey",
    "RotateKeyOnDemand",
    "ScheduleKeyDeletion",
    "TagResource",
    "UntagResource",
    "UpdateAlias",
    "UpdateKeyDescription",
    "UpdatePrimaryRegion",
];

/// What a call wants to do with a key.
#[derive(Default)]
pub(crate) struct Wish<'a> {
    /// The action of policies, without `kms:`.
    pub(crate) action: &'static str,
    pub(crate) context: Option<&'a EncryptionContext>,
    pub(crate) grant_tokens: &'a [String],
    pub(crate) facts: Facts<'a>,
    /// The grant that is going to be made, by `CreateGrant`.
    pub(crate) child: Option<&'a Grant>,
    /// Allowed by what the grant itself says, unless the policy denies it.
    pub(crate) by_its_grant: bool,
}

impl<'a> Wish<'a> {
    pub(crate) fn to(action: &'static str) -> Self {
        Self { action, ..Self::default() }
    }

    pub(crate) fn with_context(mut self, context: &'a EncryptionContext) -> Self {
        self.context = Some(context);
        self
    }

    pub(crate) fn with_grants(mut self, tokens: &'a [String]) -> Self {
        self.grant_tokens = tokens;
        self
    }

    pub(crate) fn with_fact(mut self, key: &'static str, value: impl Into<Cow<'a, str>>) -> Self {
        self.facts.push((key, value.into()));
        self
    }
}

impl Call<'_> {
    /// Asks the key's policy.
    pub(crate) fn check_permission(
        &self,
        found: &Found,
        identifier: &str,
        wish: &Wish<'_>,
    ) -> Result<(), ServiceError> {
        if self.is_foreign() && HOME_ONLY.contains(&wish.action) {
            return self.silent(wish.action, &found.arn);
        }
        let facts = facts(found, identifier, wish);
        let question = Question {
            principal: &self.caller.principal,
            // Of a replica in the making, its own and not the call's.
            region: &found.key.record.region,
            action: wish.action,
            key_arn: &found.arn,
            context: wish.context,
            facts: &facts,
        };
        match found.key.policy.decide(&question) {
            Answer::Allowed => Ok(()),
            Answer::Denied => {
                Err(self.denied(wish.action, &found.arn, "with an explicit deny in a resource-based policy"))
            }
            Answer::Silent if wish.by_its_grant || self.is_granted(found, wish) => Ok(()),
            Answer::Silent => self.silent(wish.action, &found.arn),
        }
    }

    fn is_foreign(&self) -> bool {
        account_of(&self.caller.principal) != Some(self.engine.account())
    }

    /// Whoever is of another account must name the account: without, the key would be their own.
    pub(super) fn check_names_account(&self, identifier: &str) -> Result<(), ServiceError> {
        match self.is_foreign() && !identifier.starts_with("arn:") {
            true => Err(ServiceError::not_found(format!("Invalid keyId '{identifier}'"))),
            false => Ok(()),
        }
    }

    fn is_granted(&self, found: &Found, wish: &Wish<'_>) -> bool {
        let question = GrantQuestion {
            principal: &self.caller.principal,
            action: wish.action,
            context: wish.context,
            child: wish.child,
        };
        found.key.record.grants.iter().any(|grant| policy::allows(grant, &question))
    }

    /// Grants count at once here, so their tokens add nothing; but they must be tokens.
    pub(super) fn check_tokens(&self, state: &State, tokens: &[String]) -> Result<(), ServiceError> {
        let known = |token: &String| {
            state.keys.values().any(|key| key.record.grants.iter().any(|grant| grant.token == *token))
        };
        match tokens.iter().all(known) {
            true => Ok(()),
            false => {
                Err(ServiceError::new("InvalidGrantTokenException", "The grant token is none of this KMS's."))
            }
        }
    }

    fn silent(&self, action: &str, resource: &str) -> Result<(), ServiceError> {
        let why = format!("because no resource-based policy allows the kms:{action} action");
        Err(self.denied(action, resource, &why))
    }

    /// What no key's policy decides: allowed to the account's principals.
    pub(crate) fn check_account(&self, action: &str) -> Result<(), ServiceError> {
        let account = self.engine.account();
        if !self.is_foreign() {
            return Ok(());
        }
        let resource = arn::key_arn(&self.caller.region, account, "*");
        let why = format!("because no identity-based policy allows the kms:{action} action");
        Err(self.denied(action, &resource, &why))
    }

    fn denied(&self, action: &str, resource: &str, why: &str) -> ServiceError {
        let principal = &self.caller.principal;
        let message = format!(
            "User: {principal} is not authorized to perform: kms:{action} on resource: {resource} {why}"
        );
        ServiceError::new("AccessDeniedException", message)
    }
}

/// What conditions can ask for, besides the caller and the encryption context.
fn facts<'a>(found: &'a Found, identifier: &'a str, wish: &Wish<'a>) -> Facts<'a> {
    let record = &found.key.record;
    let multi_region = if record.multi_region.is_some() { "true" } else { "false" };
    let mut facts = wish.facts.clone();
    facts.push(("kms:keyspec", record.spec.as_str().into()));
    facts.push(("kms:keyusage", record.usage.as_str().into()));
    facts.push(("kms:keyorigin", record.origin.as_str().into()));
    facts.push(("kms:multiregion", multi_region.into()));
    if let Some(alias) = identifier.find("alias/").and_then(|at| identifier.get(at..)) {
        facts.push(("kms:requestalias", alias.into()));
    }
    facts
}
