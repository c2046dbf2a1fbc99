//! Decides by a key's policy: an explicit Deny wins, and what nothing allows is not allowed.

use std::borrow::Cow;

use waxseal_format::EncryptionContext;

use super::document::{Effect, PolicyDocument, Statement};
use super::glob;

/// Facts of a call by their condition keys in lower case.
pub(crate) type Facts<'a> = Vec<(&'static str, Cow<'a, str>)>;

/// What is asked of a policy.
pub(crate) struct Question<'a> {
    pub(crate) principal: &'a str,
    pub(crate) region: &'a str,
    /// Without `kms:`.
    pub(crate) action: &'a str,
    pub(crate) key_arn: &'a str,
    pub(crate) context: Option<&'a EncryptionContext>,
    pub(crate) facts: &'a Facts<'a>,
}

/// What a policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Allowed,
    Denied,
    /// No statement fits.
    Silent,
}

impl PolicyDocument {
    pub(crate) fn decide(&self, question: &Question<'_>) -> Answer {
        let action = format!("kms:{}", question.action.to_lowercase());
        let fits = |effect| {
            let mut statements = self.statements.iter().filter(|statement| statement.effect == effect);
            statements.any(|statement| statement.fits(question, &action))
        };
        match (fits(Effect::Deny), fits(Effect::Allow)) {
            (true, _) => Answer::Denied,
            (false, true) => Answer::Allowed,
            (false, false) => Answer::Silent,
        }
    }
}

impl Statement {
    fn fits(&self, question: &Question<'_>, action: &str) -> bool {
        self.principals.iter().any(|name| is_principal(name, question.principal))
            && self.actions.iter().any(|pattern| glob::matches(pattern, action))
            && self.resources.iter().any(|pattern| glob::matches(pattern, question.key_arn))
            && self.conditions.iter().all(|condition| condition.holds(question, self.effect))
    }
}

impl Question<'_> {
    /// What the call says of a condition key.
    pub(super) fn facts(&self, key: &str) -> Vec<Cow<'_, str>> {
        match key {
            // Of a session it is its role.
            "aws:principalarn" => {
                vec![role_of(self.principal).map_or_else(|| self.principal.into(), Cow::Owned)]
            }
            "aws:requestedregion" => vec![self.region.into()],
            "aws:principalaccount" | "kms:calleraccount" => {
                account_of(self.principal).into_iter().map(Into::into).collect()
            }
            _ => self.facts.iter().filter(|(name, _)| *name == key).map(|(_, value)| value.clone()).collect(),
        }
    }
}

/// Whether a policy's name for a principal means `principal`. An account, by id or by its root, means
/// all its principals, as if IAM allowed it to each.
fn is_principal(name: &str, principal: &str) -> bool {
    if let Some(account) = account_named(name) {
        return account_of(principal) == Some(account);
    }
    name == "*" || acts_as(principal, name)
}

/// Whether `principal` is the user or the role of this ARN, or a session of that role.
pub(crate) fn acts_as(principal: &str, arn: &str) -> bool {
    principal == arn || role_of(principal).is_some_and(|role| role == arn)
}

fn account_named(name: &str) -> Option<&str> {
    if name.len() == 12 && name.bytes().all(|b| b.is_ascii_digit()) {
        return Some(name);
    }
    let mut parts = name.splitn(6, ':').skip(2);
    match (parts.next()?, parts.next()?, parts.next()?, parts.next()?) {
        ("iam", "", account, "root") => Some(account),
        _ => None,
    }
}

/// The account in an ARN.
pub(crate) fn account_of(arn: &str) -> Option<&str> {
    arn.split(':').nth(4).filter(|account| !account.is_empty())
}

/// The role of a session: `arn:aws:sts::A:assumed-role/ROLE/SESSION` acts as `arn:aws:iam::A:role/ROLE`.
fn role_of(principal: &str) -> Option<String> {
    let mut parts = principal.splitn(6, ':');
    let (_, partition, service) = (parts.next()?, parts.next()?, parts.next()?);
    let (_, account, resource) = (parts.next()?, parts.next()?, parts.next()?);
    let role = resource.strip_prefix("assumed-role/")?.split('/').next()?;
    (service == "sts").then(|| format!("arn:{partition}:iam::{account}:role/{role}"))
}
