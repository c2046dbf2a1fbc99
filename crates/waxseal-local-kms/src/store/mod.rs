//! Where the state outlives the process: one redb file, or nowhere.
//!
//! Tables of the file; all values but the sealed ones are JSON:
//!
//! ```text
//! meta         name                 format, account, how the store's key is unlocked, that key sealed
//! keys         (key id, region)     what is kept of a key, with policy, tags and grants
//! materials    key id               what is known of its materials
//! sealed       (key id, generation) the material itself, sealed
//! aliases      (region, name)       the key that it means
//! access-keys  id                   the principal, and the secret sealed
//! ```

mod file;
mod load;
mod seal;

use std::path::Path;

use self::file::FileStore;
use crate::LocalKmsError;
use crate::engine::{Change, Secrets, State};
use crate::service::StoreKey;

/// A file, or nothing.
pub(crate) enum Store {
    Volatile,
    File(Box<FileStore>),
}

/// What a store held.
pub(crate) struct Opened {
    pub(crate) account: String,
    pub(crate) state: State,
    pub(crate) secrets: Secrets,
}

impl Store {
    /// Opens the store at `path`, or makes one for `account`.
    pub(crate) fn open(path: &Path, key: &StoreKey, account: &str) -> Result<(Self, Opened), LocalKmsError> {
        let (store, opened) = FileStore::open(path, key, account)?;
        Ok((Self::File(Box::new(store)), opened))
    }

    /// Writes changes, all or none; they are durable when this returns.
    pub(crate) fn write(&mut self, changes: &[Change]) -> Result<(), LocalKmsError> {
        match self {
            Self::File(store) if !changes.is_empty() => store.write(changes),
            _ => Ok(()),
        }
    }
}
