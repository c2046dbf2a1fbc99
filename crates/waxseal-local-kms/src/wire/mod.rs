//! The protocol's JSON: how values are written, and how requests are checked.

mod blob;
mod check;
mod map;
pub(crate) mod name;

pub(crate) use blob::{Blob, SecretBlob};
pub(crate) use check::{
    grant_tokens, length, named, named_or, no_recipient, number_in, read, required, write,
};
pub(crate) use map::{Object, Pairs, Unique};
