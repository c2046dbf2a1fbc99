//! Who may do what with a key.

mod condition;
mod decide;
mod document;
mod glob;
mod grants;

pub(crate) use self::decide::{Answer, Facts, Question, account_of, acts_as};
pub(crate) use self::document::{PolicyDocument, default_policy};
pub(crate) use self::grants::{GrantQuestion, allows};
