//! What the KMS does: one file a family of operations.

pub(crate) mod agree;
mod aliases;
mod call;
pub(crate) mod data_keys;
mod dispatch;
pub(crate) mod encrypt;
mod grants;
mod import;
pub(crate) mod keys;
mod lifecycle;
pub(crate) mod mac;
mod metadata;
mod page;
mod permission;
mod policies;
mod regions;
mod requests;
mod rotation;
pub(crate) mod sign;
mod tags;

use std::sync::Arc;

use waxseal_crypto::SecretBytes;

pub(crate) use self::call::{Call, run};
pub(crate) use self::dispatch::call;
use crate::engine::MaterialSet;

/// A key's materials, and the secret of the generation that is new.
type NewMaterials = (Arc<MaterialSet>, Option<(u32, SecretBytes)>);
