//! What grants allow.

use waxseal_format::EncryptionContext;

use super::decide::acts_as;
use crate::engine::{Constraints, Grant};

/// What is asked of grants.
pub(crate) struct GrantQuestion<'a> {
    pub(crate) principal: &'a str,
    pub(crate) action: &'a str,
    /// Of operations that take one.
    pub(crate) context: Option<&'a EncryptionContext>,
    /// The grant that is going to be made, by `CreateGrant`.
    pub(crate) child: Option<&'a Grant>,
}

/// Whether a grant allows it.
pub(crate) fn allows(grant: &Grant, question: &GrantQuestion<'_>) -> bool {
    acts_as(question.principal, &grant.grantee)
        && grant.operations.iter().any(|operation| operation == question.action)
        && question.child.is_none_or(|child| is_within(child, grant))
        && match (&grant.constraints, question.context) {
            // Of the child's own constraints, which is_within compares.
            _ if question.child.is_some() => true,
            (Some(constraints), Some(context)) => constraints.hold(context),
            _ => true,
        }
}

/// Whether `child` allows nothing that `parent` doesn't.
fn is_within(child: &Grant, parent: &Grant) -> bool {
    let operations = child.operations.iter().all(|operation| parent.operations.contains(operation));
    operations
        && match (&parent.constraints, &child.constraints) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(Constraints::Equals(wanted)), Some(child)) => {
                matches!(child, Constraints::Equals(pairs) if pairs == wanted)
            }
            (
                Some(Constraints::Subset(wanted)),
                Some(Constraints::Equals(pairs) | Constraints::Subset(pairs)),
            ) => wanted.iter().all(|(key, value)| pairs.get(key) == Some(value)),
        }
}

impl Constraints {
    fn hold(&self, context: &EncryptionContext) -> bool {
        match self {
            Self::Subset(pairs) => pairs.iter().all(|(key, value)| context.get(key) == Some(value)),
            Self::Equals(pairs) => context.iter().eq(pairs.iter()),
        }
    }
}
