//! What time alone does.

use std::sync::Arc;

use super::{Change, Deletion, Key, KeyRecord, RotationKind, State};
use crate::ServiceError;
use crate::operations::keys::next_generation;
use crate::timestamp::Timestamp;

/// The changes that are due, of one kind; the next ones may be due after them.
pub(super) fn due(state: &State, now: Timestamp) -> Result<Vec<Change>, ServiceError> {
    if let Some(key) = state.keys.values().find(|key| key.record.next_due() <= now) {
        return Ok(match key.record.deletion {
            Some(Deletion::At(at)) if at <= now => delete(state, key, at),
            _ => expire(state, key),
        });
    }
    let mut rotating = state.materials.values().filter(|set| state.rotates(set));
    match rotating.find(|set| set.next_due() <= now) {
        Some(set) => rotate(set, now),
        None => Ok(Vec::new()),
    }
}

/// A key ends, with its aliases; with the last of its regions, its material.
fn delete(state: &State, key: &Arc<Key>, at: Timestamp) -> Vec<Change> {
    let record = &key.record;
    let mut changes = vec![Change::KeyGone(record.place())];
    let aliases = state
        .aliases
        .iter()
        .filter(|(place, alias)| place.region == record.region && alias.target == record.id);
    changes.extend(aliases.map(|(place, _)| Change::AliasGone(place.clone())));
    let rest: Vec<&Arc<Key>> =
        state.related(&record.id).filter(|other| other.record.region != record.region).collect();
    match rest.as_slice() {
        [] => changes.push(Change::MaterialsGone(record.id.clone())),
        rest => {
            if let [last] = rest {
                changes.extend(last_replica_gone(last, at));
            }
            changes.extend(imports_gone(state, rest, record));
        }
    }
    changes
}

/// Imported material goes with the last key that had it in place.
fn imports_gone(state: &State, rest: &[&Arc<Key>], record: &KeyRecord) -> Option<Change> {
    if record.import.is_none() || rest.iter().any(|key| key.record.import.is_some()) {
        return None;
    }
    let mut set = state.materials.get(&record.id)?.as_ref().clone();
    set.loaded.clear();
    Some(Change::MaterialGone(Arc::new(set)))
}

/// The waiting period of a primary key begins when its last replica is gone.
fn last_replica_gone(primary: &Arc<Key>, at: Timestamp) -> Option<Change> {
    let Some(Deletion::AfterReplicas(days)) = primary.record.deletion else {
        return None;
    };
    let deletion = Some(Deletion::At(at.plus_days(days)));
    let record = KeyRecord { deletion, ..primary.record.clone() };
    Some(Change::Key(Arc::new(Key { record, policy: primary.policy.clone() })))
}

/// Imported material ends.
pub(crate) fn expire(state: &State, key: &Arc<Key>) -> Vec<Change> {
    let record = KeyRecord { import: None, ..key.record.clone() };
    let elsewhere = state
        .related(&record.id)
        .any(|other| other.record.region != record.region && other.record.import.is_some());
    let mut changes = Vec::new();
    if let Some(set) = state.materials.get(&record.id).filter(|_| !elsewhere) {
        let mut set = set.as_ref().clone();
        set.loaded.clear();
        changes.push(Change::MaterialGone(Arc::new(set)));
    }
    changes.push(Change::Key(Arc::new(Key { record, policy: key.policy.clone() })));
    changes
}

/// One rotation, however many were missed.
fn rotate(set: &super::MaterialSet, now: Timestamp) -> Result<Vec<Change>, ServiceError> {
    let (mut next, secret) = next_generation(now, set, Some(RotationKind::Automatic))?;
    if let (Some(set), Some((days, due))) = (Arc::get_mut(&mut next), set.record.rotation) {
        let mut due = due;
        while due <= now {
            due = due.plus_days(days.max(1));
        }
        set.record.rotation = Some((days, due));
    }
    Ok(vec![Change::Materials(next, secret)])
}
