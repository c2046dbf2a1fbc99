//! Commitment policies.
//!
//! Source: `framework/commitment-policy.md`.

use std::fmt;

use waxseal_format::AlgorithmSuite;

use crate::MaterialsError;

/// Which suites may be written and read, by whether they commit to their key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CommitmentPolicy {
    /// Writes suites without commitment, reads all. For the first step of a migration.
    ForbidEncryptAllowDecrypt,
    /// Writes suites with commitment, reads all. For the second step of a migration.
    RequireEncryptAllowDecrypt,
    /// Writes and reads suites with commitment alone.
    #[default]
    RequireEncryptRequireDecrypt,
}

impl CommitmentPolicy {
    /// Every policy.
    pub const ALL: [Self; 3] = [
        Self::ForbidEncryptAllowDecrypt,
        Self::RequireEncryptAllowDecrypt,
        Self::RequireEncryptRequireDecrypt,
    ];

    /// The suite that is written when none was asked for: `0x0578`, or `0x0378` where
    /// commitment is forbidden.
    ///
    /// The specification's page names `0x0078` for the latter; every published SDK writes
    /// `0x0378`, which derives a key for each message and signs it, and so does this one.
    #[must_use]
    pub const fn default_suite(self) -> &'static AlgorithmSuite {
        match self {
            Self::ForbidEncryptAllowDecrypt => AlgorithmSuite::AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384,
            _ => AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384,
        }
    }

    /// Fails if this policy doesn't let the suite be written.
    ///
    /// # Errors
    /// [`MaterialsError::CommitmentPolicy`].
    pub fn check_encrypt(self, suite: &'static AlgorithmSuite) -> Result<(), MaterialsError> {
        let wants_commitment = self != Self::ForbidEncryptAllowDecrypt;
        self.allow(suite.commits() == wants_commitment, suite)
    }

    /// Fails if this policy doesn't let the suite be read.
    ///
    /// # Errors
    /// [`MaterialsError::CommitmentPolicy`].
    pub fn check_decrypt(self, suite: &'static AlgorithmSuite) -> Result<(), MaterialsError> {
        self.allow(suite.commits() || self != Self::RequireEncryptRequireDecrypt, suite)
    }

    fn allow(self, allowed: bool, suite: &'static AlgorithmSuite) -> Result<(), MaterialsError> {
        if allowed { Ok(()) } else { Err(MaterialsError::CommitmentPolicy { suite, policy: self }) }
    }

    /// The policy of this name, as in `RequireEncryptAllowDecrypt` or `REQUIRE_ENCRYPT_ALLOW_DECRYPT`.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        let bare = name.replace(['_', '-'], "");
        Self::ALL.into_iter().find(|policy| policy.to_string().eq_ignore_ascii_case(&bare))
    }
}

impl fmt::Display for CommitmentPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ForbidEncryptAllowDecrypt => "ForbidEncryptAllowDecrypt",
            Self::RequireEncryptAllowDecrypt => "RequireEncryptAllowDecrypt",
            Self::RequireEncryptRequireDecrypt => "RequireEncryptRequireDecrypt",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_policy_writes_what_it_reads() {
        for policy in CommitmentPolicy::ALL {
            policy.check_encrypt(policy.default_suite()).unwrap();
            for suite in AlgorithmSuite::ALL.iter().copied() {
                if policy.check_encrypt(suite).is_ok() {
                    policy.check_decrypt(suite).unwrap();
                }
            }
        }
    }

    #[test]
    fn only_the_strictest_policy_refuses_to_read_what_does_not_commit() {
        let plain = AlgorithmSuite::AES_256_GCM_IV12_TAG16_NO_KDF;
        assert!(CommitmentPolicy::ForbidEncryptAllowDecrypt.check_decrypt(plain).is_ok());
        assert!(CommitmentPolicy::RequireEncryptAllowDecrypt.check_decrypt(plain).is_ok());
        assert!(CommitmentPolicy::default().check_decrypt(plain).is_err());
        assert!(CommitmentPolicy::RequireEncryptAllowDecrypt.check_encrypt(plain).is_err());
    }

    #[test]
    fn names_find_their_policy() {
        let policy = CommitmentPolicy::from_name("FORBID_ENCRYPT_ALLOW_DECRYPT");
        assert_eq!(policy, Some(CommitmentPolicy::ForbidEncryptAllowDecrypt));
        assert_eq!(CommitmentPolicy::from_name("Forbid"), None);
    }
}
