//! A store's tables become the state. What does not fit together is damage, said before any key
//! is used.

use std::collections::BTreeMap;
use std::sync::Arc;

use redb::{ReadTransaction, ReadableTable};
use serde::de::DeserializeOwned;

use super::file::{
    ACCESS_KEYS, ALIASES, AccessKeyRecord, KEYS, MATERIALS, SEALED, access_key_data, damaged, material_data,
    redb_error,
};
use super::seal::Sealer;
use crate::LocalKmsError;
use crate::access_key::AccessKey;
use crate::engine::{AliasPlace, Key, KeyRecord, MaterialRecord, MaterialSet, Origin, State};
use crate::material::KeyMaterial;
use crate::policy::PolicyDocument;

pub(super) fn load(from: &ReadTransaction, sealer: &Sealer) -> Result<State, LocalKmsError> {
    let mut state = State::default();
    load_materials(from, sealer, &mut state)?;
    load_keys(from, &mut state)?;
    load_aliases(from, &mut state)?;
    load_access_keys(from, sealer, &mut state)?;
    state.note_next_due();
    Ok(state)
}

fn load_materials(from: &ReadTransaction, sealer: &Sealer, state: &mut State) -> Result<(), LocalKmsError> {
    let table = from.open_table(MATERIALS).map_err(redb_error)?;
    for entry in table.iter().map_err(redb_error)? {
        let (id, value) = entry.map_err(redb_error)?;
        let record: MaterialRecord = read(value.value())?;
        if record.key_id != id.value() {
            return Err(damaged(format!("materials of {} stand at {}", record.key_id, id.value())));
        }
        let loaded = load_generations(from, sealer, &record)?;
        state.materials.insert(record.key_id.clone(), Arc::new(MaterialSet { record, loaded }));
    }
    Ok(())
}

fn load_generations(
    from: &ReadTransaction,
    sealer: &Sealer,
    record: &MaterialRecord,
) -> Result<Vec<(u32, Arc<KeyMaterial>)>, LocalKmsError> {
    let table = from.open_table(SEALED).map_err(redb_error)?;
    let mut loaded = Vec::new();
    for number in record.generations.iter().map(|generation| generation.number) {
        let Some(sealed) = table.get((record.key_id.as_str(), number)).map_err(redb_error)? else {
            continue;
        };
        let unusable = |_| damaged(format!("material {number} of {}", record.key_id));
        let secret = sealer.open(&material_data(record, number), sealed.value()).map_err(unusable)?;
        let material = KeyMaterial::load(record.spec, record.usage, &secret).map_err(unusable)?;
        loaded.push((number, Arc::new(material)));
    }
    Ok(loaded)
}

fn load_keys(from: &ReadTransaction, state: &mut State) -> Result<(), LocalKmsError> {
    let table = from.open_table(KEYS).map_err(redb_error)?;
    for entry in table.iter().map_err(redb_error)? {
        let (place, value) = entry.map_err(redb_error)?;
        let record: KeyRecord = read(value.value())?;
        if (record.id.as_str(), record.region.as_str()) != place.value() {
            return Err(damaged(format!("the key {} stands elsewhere", record.id)));
        }
        check_material(&record, &state.materials)?;
        let policy = PolicyDocument::parse(&record.policy)
            .map_err(|error| damaged(format!("the policy of {}: {error}", record.id)))?;
        state.keys.insert(record.place(), Arc::new(Key { record, policy }));
    }
    Ok(())
}

/// A key needs its materials: all of them, unless they were imported and deleted.
fn check_material(
    record: &KeyRecord,
    materials: &BTreeMap<String, Arc<MaterialSet>>,
) -> Result<(), LocalKmsError> {
    let complete = materials.get(&record.id).is_some_and(|set| {
        let wanted = record.origin == Origin::Kms || record.import.is_some();
        let all = !set.loaded.is_empty() && set.loaded.len() == set.record.generations.len();
        (set.record.spec, set.record.usage) == (record.spec, record.usage) && (all || !wanted)
    });
    match complete {
        true => Ok(()),
        false => Err(damaged(format!("the material of {} is missing", record.id))),
    }
}

fn load_aliases(from: &ReadTransaction, state: &mut State) -> Result<(), LocalKmsError> {
    let table = from.open_table(ALIASES).map_err(redb_error)?;
    for entry in table.iter().map_err(redb_error)? {
        let (place, value) = entry.map_err(redb_error)?;
        let (region, name) = place.value();
        let place = AliasPlace { region: region.to_owned(), name: name.to_owned() };
        state.aliases.insert(place, read(value.value())?);
    }
    Ok(())
}

fn load_access_keys(from: &ReadTransaction, sealer: &Sealer, state: &mut State) -> Result<(), LocalKmsError> {
    let table = from.open_table(ACCESS_KEYS).map_err(redb_error)?;
    for entry in table.iter().map_err(redb_error)? {
        let (id, value) = entry.map_err(redb_error)?;
        let record: AccessKeyRecord = read(value.value())?;
        let sealed = hex::decode(&record.sealed_secret).map_err(damaged)?;
        let id = id.value().to_owned();
        let secret = sealer
            .open(&access_key_data(&id, &record.principal), &sealed)
            .map_err(|_| damaged(format!("the access key {id}")))?;
        let key = AccessKey { id: id.clone(), secret: Arc::new(secret), principal: record.principal };
        state.access_keys.insert(id, key);
    }
    Ok(())
}

fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, LocalKmsError> {
    serde_json::from_slice(json).map_err(damaged)
}
