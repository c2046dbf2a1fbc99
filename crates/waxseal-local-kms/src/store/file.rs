//! The redb file: opened by one process at a time, written transaction by transaction.

use std::io;
use std::path::Path;

use redb::{Builder, Database, DatabaseError, ReadableDatabase, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};
use waxseal_crypto::SecretBytes;

use super::Opened;
use super::load::load;
use super::seal::{Sealer, Unlock, bound, new_store, open_store_key};
use crate::LocalKmsError;
use crate::access_key::AccessKey;
use crate::engine::{Change, MaterialRecord, Secrets};
use crate::service::StoreKey;

const FORMAT: u64 = 1;

/// Pages that redb keeps; all is in memory anyway.
const CACHE_BYTES: usize = 1024 * 1024;

pub(super) type Records = TableDefinition<'static, (&'static str, &'static str), &'static [u8]>;
pub(super) type Named = TableDefinition<'static, &'static str, &'static [u8]>;
pub(super) type Numbered = TableDefinition<'static, (&'static str, u32), &'static [u8]>;

pub(super) const META: Named = TableDefinition::new("meta");
pub(super) const KEYS: Records = TableDefinition::new("keys");
pub(super) const MATERIALS: Named = TableDefinition::new("materials");
pub(super) const SEALED: Numbered = TableDefinition::new("sealed");
pub(super) const ALIASES: Records = TableDefinition::new("aliases");
pub(super) const ACCESS_KEYS: Named = TableDefinition::new("access-keys");

const HEAD: &str = "head";

/// An open file.
pub(crate) struct FileStore {
    database: Database,
    sealer: Sealer,
}

/// The one entry of `meta`.
#[derive(Serialize, Deserialize)]
struct Head {
    format: u64,
    account: String,
    unlock: Unlock,
    sealed_key: String,
}

/// What of it every version can read.
#[derive(Deserialize)]
struct Format {
    format: u64,
}

/// An access key as it is kept.
#[derive(Serialize, Deserialize)]
pub(super) struct AccessKeyRecord {
    pub(super) principal: String,
    pub(super) sealed_secret: String,
}

impl FileStore {
    pub(super) fn open(path: &Path, key: &StoreKey, account: &str) -> Result<(Self, Opened), LocalKmsError> {
        if !path.try_exists().map_err(LocalKmsError::Io)? {
            create(path, key, account)?;
        }
        let database = builder().open(path).map_err(|error| open_error(error, path))?;
        let head = read_head(&database)?;
        let sealed_key = hex::decode(&head.sealed_key).map_err(damaged)?;
        let store_key = open_store_key(key, &head.unlock, &head.account, &sealed_key)?;
        let sealer = Sealer::new(&store_key)?;
        let state = load(&database.begin_read().map_err(redb_error)?, &sealer)?;
        let opened = Opened { account: head.account, state, secrets: Secrets::derived(&store_key)? };
        Ok((Self { database, sealer }, opened))
    }

    pub(super) fn write(&mut self, changes: &[Change]) -> Result<(), LocalKmsError> {
        let transaction = begin_write(&self.database)?;
        for change in changes {
            self.write_one(&transaction, change)?;
        }
        // redb's commits are durable unless told otherwise.
        transaction.commit().map_err(redb_error)
    }

    fn write_one(&self, to: &WriteTransaction, change: &Change) -> Result<(), LocalKmsError> {
        match change {
            Change::Key(key) => {
                let record = &key.record;
                put_record(to, KEYS, (&record.id, &record.region), &json(record)?)
            }
            Change::KeyGone(place) => remove_record(to, KEYS, (&place.id, &place.region)),
            Change::Materials(set, secret) => self.put_materials(to, &set.record, secret.as_ref()),
            Change::MaterialGone(set) => {
                put_named(to, MATERIALS, &set.record.key_id, &json(&set.record)?)?;
                remove_sealed(to, &set.record.key_id)
            }
            Change::MaterialsGone(id) => {
                remove_named(to, MATERIALS, id)?;
                remove_sealed(to, id)
            }
            Change::Alias(place, alias) => {
                put_record(to, ALIASES, (&place.region, &place.name), &json(alias)?)
            }
            Change::AliasGone(place) => remove_record(to, ALIASES, (&place.region, &place.name)),
            Change::AccessKey(key) => self.put_access_key(to, key),
            Change::AccessKeyGone(id) => remove_named(to, ACCESS_KEYS, id),
        }
    }

    fn put_materials(
        &self,
        to: &WriteTransaction,
        record: &MaterialRecord,
        secret: Option<&(u32, SecretBytes)>,
    ) -> Result<(), LocalKmsError> {
        put_named(to, MATERIALS, &record.key_id, &json(record)?)?;
        if let Some((number, secret)) = secret {
            let sealed = self.sealer.seal(&material_data(record, *number), secret)?;
            let mut table = to.open_table(SEALED).map_err(redb_error)?;
            table.insert((record.key_id.as_str(), *number), sealed.as_slice()).map_err(redb_error)?;
        }
        Ok(())
    }

    fn put_access_key(&self, to: &WriteTransaction, key: &AccessKey) -> Result<(), LocalKmsError> {
        let sealed = self.sealer.seal(&access_key_data(&key.id, &key.principal), &key.secret)?;
        let record = AccessKeyRecord { principal: key.principal.clone(), sealed_secret: hex::encode(sealed) };
        put_named(to, ACCESS_KEYS, &key.id, &json(&record)?)
    }
}

/// What the sealed material of one generation is bound to.
pub(super) fn material_data(record: &MaterialRecord, number: u32) -> Vec<u8> {
    let number = number.to_string();
    bound("material", &[&record.key_id, &number, record.spec.as_str(), record.usage.as_str()])
}

/// What the sealed secret of an access key is bound to.
pub(super) fn access_key_data(id: &str, principal: &str) -> Vec<u8> {
    bound("access key", &[id, principal])
}

/// Makes a store beside its place and puts it there whole, so that a crash leaves none or one
/// that opens. If another process was faster, its store stays.
fn create(path: &Path, key: &StoreKey, account: &str) -> Result<(), LocalKmsError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let file = tempfile::Builder::new()
        .prefix(".waxseal-local-kms-")
        .tempfile_in(folder)
        .map_err(LocalKmsError::Io)?;
    let database = builder().create(file.path()).map_err(|error| open_error(error, path))?;
    write_head(&database, key, account)?;
    drop(database);
    file.as_file().sync_all().map_err(LocalKmsError::Io)?;
    match file.persist_noclobber(path) {
        Ok(_) => sync_folder(folder).map_err(LocalKmsError::Io),
        Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(other) => Err(LocalKmsError::Io(other.error)),
    }
}

/// Makes a new name in a folder durable.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}

/// Elsewhere folders can't be synced, and needn't be.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

fn write_head(database: &Database, key: &StoreKey, account: &str) -> Result<(), LocalKmsError> {
    let new = new_store(key, account)?;
    let head = Head {
        format: FORMAT,
        account: account.to_owned(),
        unlock: new.unlock,
        sealed_key: hex::encode(new.sealed_key),
    };
    let transaction = begin_write(database)?;
    put_named(&transaction, META, HEAD, &json(&head)?)?;
    for table in [KEYS, ALIASES] {
        transaction.open_table(table).map_err(redb_error)?;
    }
    for table in [MATERIALS, ACCESS_KEYS] {
        transaction.open_table(table).map_err(redb_error)?;
    }
    transaction.open_table(SEALED).map_err(redb_error)?;
    transaction.commit().map_err(redb_error)
}

/// Commits in two phases. In one, a store that is damaged and was not closed would go back to the
/// commit before, without a word, and what was acknowledged would be gone.
fn begin_write(database: &Database) -> Result<WriteTransaction, LocalKmsError> {
    let mut transaction = database.begin_write().map_err(redb_error)?;
    transaction.set_two_phase_commit(true);
    Ok(transaction)
}

fn read_head(database: &Database) -> Result<Head, LocalKmsError> {
    let transaction = database.begin_read().map_err(redb_error)?;
    let table = transaction.open_table(META).map_err(redb_error)?;
    let value = table.get(HEAD).map_err(redb_error)?.ok_or_else(|| damaged("it has no head"))?;
    let Format { format } = serde_json::from_slice(value.value()).map_err(damaged)?;
    if format != FORMAT {
        return Err(LocalKmsError::UnknownFormat { found: format, known: FORMAT });
    }
    serde_json::from_slice(value.value()).map_err(damaged)
}

fn builder() -> Builder {
    let mut builder = Database::builder();
    // A file that was altered is an error rather than a panic.
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    builder
}

fn put_record(
    to: &WriteTransaction,
    table: Records,
    place: (&String, &String),
    value: &[u8],
) -> Result<(), LocalKmsError> {
    let mut table = to.open_table(table).map_err(redb_error)?;
    table.insert((place.0.as_str(), place.1.as_str()), value).map_err(redb_error)?;
    Ok(())
}

fn remove_record(
    to: &WriteTransaction,
    table: Records,
    place: (&String, &String),
) -> Result<(), LocalKmsError> {
    let mut table = to.open_table(table).map_err(redb_error)?;
    table.remove((place.0.as_str(), place.1.as_str())).map_err(redb_error)?;
    Ok(())
}

fn put_named(to: &WriteTransaction, table: Named, name: &str, value: &[u8]) -> Result<(), LocalKmsError> {
    let mut table = to.open_table(table).map_err(redb_error)?;
    table.insert(name, value).map_err(redb_error)?;
    Ok(())
}

fn remove_named(to: &WriteTransaction, table: Named, name: &str) -> Result<(), LocalKmsError> {
    to.open_table(table).map_err(redb_error)?.remove(name).map_err(redb_error)?;
    Ok(())
}

fn remove_sealed(to: &WriteTransaction, id: &str) -> Result<(), LocalKmsError> {
    let mut table = to.open_table(SEALED).map_err(redb_error)?;
    table.retain_in((id, 0)..=(id, u32::MAX), |_, _| false).map_err(redb_error)
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, LocalKmsError> {
    serde_json::to_vec(value).map_err(damaged)
}

fn open_error(error: DatabaseError, path: &Path) -> LocalKmsError {
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => {
            LocalKmsError::AlreadyOpen { path: path.to_owned() }
        }
        other => redb_error(other),
    }
}

pub(super) fn redb_error(error: impl Into<redb::Error>) -> LocalKmsError {
    match error.into() {
        redb::Error::Io(error) if error.kind() != io::ErrorKind::InvalidData => LocalKmsError::Io(error),
        other => damaged(other),
    }
}

pub(super) fn damaged(what: impl ToString) -> LocalKmsError {
    LocalKmsError::Damaged { what: what.to_string() }
}
