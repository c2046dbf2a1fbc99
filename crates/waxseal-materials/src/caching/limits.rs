//! What a caching materials manager allows.
//!
//! Source: `framework/caching-cmm.md`, "Initialization".

use std::time::Duration;

use uuid::Builder;
use waxseal_crypto::Random;

use super::usage::UsageLimits;
use crate::MaterialsError;

/// Messages under one data key at most.
const MOST_MESSAGES: u64 = 1 << 32;

/// Bytes under one data key at most.
const MOST_BYTES: u64 = (1 << 63) - 1;

/// How long, and for how much, a data key is used again.
///
/// ```
/// # use std::time::Duration;
/// # use waxseal_materials::CacheLimits;
/// let mut limits = CacheLimits::new(Duration::from_secs(300));
/// limits.max_messages = 1000;
/// limits.max_bytes = 1 << 30;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheLimits {
    /// How long materials are used, from when they came. More than zero.
    pub max_age: Duration,
    /// Messages that one data key encrypts at most: 1 to 2^32, 2^32 by default.
    pub max_messages: u64,
    /// Bytes of plaintext that one data key encrypts at most: up to 2^63 - 1, the default.
    pub max_bytes: u64,
    /// Materials managers that share a cache share entries if this is the same, and only then. By
    /// default a random UUID of each one's own. Whoever shares it can use what the others may
    /// unwrap. May not contain the character U+0000.
    pub partition_id: Option<String>,
}

impl CacheLimits {
    /// Limits with this age and the defaults for the rest.
    #[must_use]
    pub fn new(max_age: Duration) -> Self {
        Self { max_age, max_messages: MOST_MESSAGES, max_bytes: MOST_BYTES, partition_id: None }
    }

    pub(super) fn check(&self) -> Result<(), MaterialsError> {
        let wrong = if self.max_age.is_zero() {
            "a maximal age of zero"
        } else if self.max_messages == 0 || self.max_messages > MOST_MESSAGES {
            "a data key is for 1 to 2^32 messages"
        } else if self.max_bytes > MOST_BYTES {
            "a data key is for 2^63 - 1 bytes at most"
        } else if self.partition_id.as_ref().is_some_and(|id| id.contains('\0')) {
            // The formulas end the partition id by this byte: two partitions could meet.
            "a partition id with the character U+0000"
        } else {
            return Ok(());
        };
        Err(MaterialsError::CacheLimits(wrong))
    }

    /// The partition id, or a random one.
    pub(super) fn partition_id(&self, random: &dyn Random) -> Result<String, MaterialsError> {
        if let Some(id) = &self.partition_id {
            return Ok(id.clone());
        }
        let mut bytes = [0; 16];
        random.fill(&mut bytes)?;
        Ok(Builder::from_random_bytes(bytes).into_uuid().to_string())
    }

    pub(super) fn usage(&self) -> UsageLimits {
        UsageLimits { messages: self.max_messages, bytes: self.max_bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(change: impl FnOnce(&mut CacheLimits)) -> bool {
        let mut limits = CacheLimits::new(Duration::from_secs(1));
        change(&mut limits);
        matches!(limits.check(), Err(MaterialsError::CacheLimits(_)))
    }

    #[test]
    fn limits_are_held_to_the_specification() {
        assert!(!refused(|_| ()));
        assert!(refused(|limits| limits.max_age = Duration::ZERO));
        assert!(refused(|limits| limits.max_messages = 0));
        assert!(refused(|limits| limits.max_messages = (1 << 32) + 1));
        assert!(refused(|limits| limits.max_bytes = 1 << 63));
        assert!(!refused(|limits| limits.max_bytes = 0));
        assert!(refused(|limits| limits.partition_id = Some("a\0b".into())));
    }

    #[test]
    fn a_partition_id_that_is_not_given_is_another_each_time() {
        let limits = CacheLimits::new(Duration::from_secs(1));
        let random = waxseal_native::provider().random;
        let id = || limits.partition_id(random).unwrap();
        assert_ne!(id(), id());
        assert_eq!(id().len(), 36);
        assert_eq!(id().as_bytes()[14], b'4');
    }
}
