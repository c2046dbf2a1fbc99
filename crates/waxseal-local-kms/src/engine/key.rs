//! A key in one region: what is kept of it, and the state that follows.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use waxseal_kms::client::{KeySpec, KeyState, KeyUsage};

use crate::policy::PolicyDocument;
use crate::timestamp::Timestamp;
use crate::wire::name;

/// Where a key stands: replicas of a multi-region key share their id, and stand together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct KeyPlace {
    pub(crate) id: String,
    pub(crate) region: String,
}

/// A key of one region, its policy read.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) record: KeyRecord,
    pub(crate) policy: PolicyDocument,
}

/// What is kept of a key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeyRecord {
    pub(crate) region: String,
    pub(crate) id: String,
    pub(crate) created: Timestamp,
    pub(crate) description: String,
    #[serde(with = "name")]
    pub(crate) spec: KeySpec,
    #[serde(with = "name")]
    pub(crate) usage: KeyUsage,
    pub(crate) origin: Origin,
    pub(crate) enabled: bool,
    pub(crate) deletion: Option<Deletion>,
    pub(crate) multi_region: Option<MultiRegion>,
    /// Of keys whose origin is external: the material that is in place.
    pub(crate) import: Option<Import>,
    pub(crate) policy: String,
    pub(crate) tags: BTreeMap<String, String>,
    pub(crate) grants: Vec<Grant>,
}

/// Where a key's material comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Origin {
    #[serde(rename = "AWS_KMS")]
    Kms,
    #[serde(rename = "EXTERNAL")]
    External,
}

/// How a key is going to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Deletion {
    /// At this time.
    At(Timestamp),
    /// So many days after the last replica is gone.
    AfterReplicas(u32),
}

/// What makes a key a multi-region key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MultiRegion {
    pub(crate) primary_region: String,
}

/// Imported material that is in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Import {
    pub(crate) valid_to: Option<Timestamp>,
}

/// What a principal may do with a key besides the key's policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Grant {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) name: Option<String>,
    pub(crate) created: Timestamp,
    pub(crate) grantee: String,
    pub(crate) retiring: Option<String>,
    pub(crate) issuing_account: String,
    pub(crate) operations: Vec<String>,
    pub(crate) constraints: Option<Constraints>,
}

/// What the encryption context must be for a grant to count.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Constraints {
    #[serde(rename = "EncryptionContextSubset")]
    Subset(BTreeMap<String, String>),
    #[serde(rename = "EncryptionContextEquals")]
    Equals(BTreeMap<String, String>),
}

impl Constraints {
    pub(crate) const fn pairs(&self) -> &BTreeMap<String, String> {
        match self {
            Self::Subset(pairs) | Self::Equals(pairs) => pairs,
        }
    }
}

impl Origin {
    pub(crate) const ALL: &[Self] = &[Self::Kms, Self::External];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Kms => "AWS_KMS",
            Self::External => "EXTERNAL",
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Origin {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.iter().find(|origin| origin.as_str() == name).copied().ok_or(())
    }
}

impl KeyRecord {
    pub(crate) fn place(&self) -> KeyPlace {
        KeyPlace { id: self.id.clone(), region: self.region.clone() }
    }

    /// The state that KMS tells.
    pub(crate) fn state(&self) -> KeyState {
        match self.deletion {
            Some(Deletion::At(_)) => KeyState::PendingDeletion,
            Some(Deletion::AfterReplicas(_)) => KeyState::PendingReplicaDeletion,
            None if self.origin == Origin::External && self.import.is_none() => KeyState::PendingImport,
            None if self.enabled => KeyState::Enabled,
            None => KeyState::Disabled,
        }
    }

    pub(crate) fn is_primary(&self) -> bool {
        self.multi_region.as_ref().is_some_and(|multi| multi.primary_region == self.region)
    }

    /// When time alone changes something about it.
    pub(crate) fn next_due(&self) -> Timestamp {
        let deleted = match self.deletion {
            Some(Deletion::At(at)) => at,
            _ => Timestamp::NEVER,
        };
        let expires = self.import.and_then(|import| import.valid_to).unwrap_or(Timestamp::NEVER);
        deleted.min(expires)
    }
}
