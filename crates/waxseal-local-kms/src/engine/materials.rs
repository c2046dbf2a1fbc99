//! The materials of a key: one for each rotation. Replicas of a multi-region key share them.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use waxseal_kms::client::{KeySpec, KeyUsage};

use crate::material::KeyMaterial;
use crate::timestamp::Timestamp;
use crate::wire::name;

/// A key's materials, loaded.
#[derive(Clone)]
pub(crate) struct MaterialSet {
    pub(crate) record: MaterialRecord,
    /// By generation. Imported material that was deleted is missing.
    pub(crate) loaded: Vec<(u32, Arc<KeyMaterial>)>,
}

/// What is kept of a key's materials besides the sealed material itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct MaterialRecord {
    pub(crate) key_id: String,
    #[serde(with = "name")]
    pub(crate) spec: KeySpec,
    #[serde(with = "name")]
    pub(crate) usage: KeyUsage,
    /// From the first to the current.
    pub(crate) generations: Vec<Generation>,
    /// Days between automatic rotations, and when the next one is.
    pub(crate) rotation: Option<(u32, Timestamp)>,
    /// The period of rotation that was asked for last, also when it is off.
    pub(crate) last_period: Option<u32>,
}

/// One material.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Generation {
    pub(crate) number: u32,
    /// 64 hexadecimal digits.
    pub(crate) material_id: String,
    pub(crate) since: Timestamp,
    /// What replaced the generation before; `None` for the first.
    pub(crate) rotation: Option<RotationKind>,
}

/// Why a key was rotated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RotationKind {
    #[serde(rename = "AUTOMATIC")]
    Automatic,
    #[serde(rename = "ON_DEMAND")]
    OnDemand,
}

impl MaterialSet {
    /// What new ciphertexts and signatures are made with.
    pub(crate) fn current(&self) -> Option<(&Generation, &KeyMaterial)> {
        let generation = self.record.generations.last()?;
        Some((generation, self.loaded(generation.number)?))
    }

    /// The material that a ciphertext names.
    pub(crate) fn generation(&self, number: u32) -> Option<(&Generation, &KeyMaterial)> {
        let generation = self.record.generations.iter().find(|generation| generation.number == number)?;
        Some((generation, self.loaded(number)?))
    }

    fn loaded(&self, number: u32) -> Option<&KeyMaterial> {
        self.loaded.iter().find(|(loaded, _)| *loaded == number).map(|(_, material)| material.as_ref())
    }

    /// The number of the next generation.
    pub(crate) fn next_number(&self) -> u32 {
        self.record.generations.last().map_or(0, |last| last.number.saturating_add(1))
    }

    pub(crate) fn next_due(&self) -> Timestamp {
        self.record.rotation.map_or(Timestamp::NEVER, |(_, next)| next)
    }
}
