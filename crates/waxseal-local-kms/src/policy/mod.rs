//! Who may do what with a key.

mod condition;
mod decide;
mod document;
mod glob;

pub(crate) use self::decide::{Answer, Facts, Question, account_of};
pub(crate) use self::document::{MAX_POLICY_LEN, PolicyDocument, default_policy};
