//! The state in memory, and the changes that make it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use waxseal_crypto::SecretBytes;
use waxseal_kms::client::KeyState;

use super::key::{Key, KeyPlace};
use super::materials::MaterialSet;
use crate::access_key::AccessKey;
use crate::timestamp::Timestamp;

/// All that the KMS knows.
pub(crate) struct State {
    pub(crate) keys: BTreeMap<KeyPlace, Arc<Key>>,
    /// By key id.
    pub(crate) materials: BTreeMap<String, Arc<MaterialSet>>,
    pub(crate) aliases: BTreeMap<AliasPlace, Alias>,
    pub(crate) access_keys: BTreeMap<String, AccessKey>,
    /// When time alone changes something next.
    pub(crate) next_due: Timestamp,
}

/// Where an alias stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AliasPlace {
    pub(crate) region: String,
    /// With its `alias/`.
    pub(crate) name: String,
}

/// What an alias says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Alias {
    pub(crate) target: String,
    pub(crate) created: Timestamp,
    pub(crate) updated: Timestamp,
}

/// One change of the state.
pub(crate) enum Change {
    Key(Arc<Key>),
    KeyGone(KeyPlace),
    /// The materials of a key, with the secret of a generation that is new.
    Materials(Arc<MaterialSet>, Option<(u32, SecretBytes)>),
    /// The material itself is forgotten; what is known of it stays.
    MaterialGone(Arc<MaterialSet>),
    /// The materials of a key are forgotten.
    MaterialsGone(String),
    Alias(AliasPlace, Alias),
    AliasGone(AliasPlace),
    AccessKey(AccessKey),
    /// By its id.
    AccessKeyGone(String),
}

impl Default for State {
    fn default() -> Self {
        Self {
            keys: BTreeMap::new(),
            materials: BTreeMap::new(),
            aliases: BTreeMap::new(),
            access_keys: BTreeMap::new(),
            next_due: Timestamp::NEVER,
        }
    }
}

impl State {
    pub(crate) fn key(&self, region: &str, id: &str) -> Option<&Arc<Key>> {
        self.keys.get(&KeyPlace { id: id.to_owned(), region: region.to_owned() })
    }

    pub(crate) fn alias(&self, region: &str, name: &str) -> Option<&Alias> {
        self.aliases.get(&AliasPlace { region: region.to_owned(), name: name.to_owned() })
    }

    /// A multi-region key in all its regions.
    pub(crate) fn related<'a>(&'a self, id: &'a str) -> impl Iterator<Item = &'a Arc<Key>> {
        let first = KeyPlace { id: id.to_owned(), region: String::new() };
        self.keys.range(first..).map(|(_, key)| key).take_while(move |key| key.record.id == id)
    }

    /// Whether time rotates these materials now: AWS rotates enabled keys alone.
    pub(crate) fn rotates(&self, set: &MaterialSet) -> bool {
        let leads = |key: &Key| key.record.multi_region.is_none() || key.record.is_primary();
        let enabled = |key: &Key| key.record.state() == KeyState::Enabled;
        set.record.rotation.is_some()
            && self.related(&set.record.key_id).any(|key| leads(key) && enabled(key))
    }

    pub(crate) fn apply(&mut self, changes: Vec<Change>) {
        for change in changes {
            self.apply_one(change);
        }
        self.note_next_due();
    }

    /// To be called when the state is loaded.
    pub(crate) fn note_next_due(&mut self) {
        let keys = self.keys.values().map(|key| key.record.next_due());
        let rotating = self.materials.values().filter(|set| self.rotates(set));
        let materials = rotating.map(|set| set.next_due());
        self.next_due = keys.chain(materials).min().unwrap_or(Timestamp::NEVER);
    }

    fn apply_one(&mut self, change: Change) {
        match change {
            Change::Key(key) => drop(self.keys.insert(key.record.place(), key)),
            Change::KeyGone(place) => drop(self.keys.remove(&place)),
            Change::Materials(set, _) | Change::MaterialGone(set) => {
                self.materials.insert(set.record.key_id.clone(), set);
            }
            Change::MaterialsGone(id) => drop(self.materials.remove(&id)),
            Change::Alias(place, alias) => drop(self.aliases.insert(place, alias)),
            Change::AliasGone(place) => drop(self.aliases.remove(&place)),
            Change::AccessKey(key) => drop(self.access_keys.insert(key.id.clone(), key)),
            Change::AccessKeyGone(id) => drop(self.access_keys.remove(&id)),
        }
    }
}
