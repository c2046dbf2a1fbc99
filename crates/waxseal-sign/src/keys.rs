//! The keys that a verifier accepts.

use std::fmt;

use waxseal_kms::{AwsKmsArn, AwsKmsIdentifier};

use crate::{KeyProblem, PublicKey, SignError};

/// A key whose signatures are accepted: a KMS key by its ARN, a public key, or both.
///
/// A multi-Region key stands for its replicas too: they are one key, with one material. A
/// signature that a replica made is verified with the key that is named here, in its region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedKey {
    arn: Option<AwsKmsArn>,
    public_key: Option<PublicKey>,
}

impl AcceptedKey {
    /// The KMS key of this ARN. Aliases pin nothing, and are refused.
    ///
    /// # Errors
    /// [`SignError::Key`] if it is not the ARN of a key.
    pub fn arn(arn: &str) -> Result<Self, SignError> {
        if arn.starts_with("alias/") {
            return Err(SignError::key(arn, KeyProblem::Alias));
        }
        let parsed: AwsKmsArn = arn.parse().map_err(|error| SignError::key(arn, KeyProblem::Arn(error)))?;
        match parsed.is_key() {
            true => Ok(Self { arn: Some(parsed), public_key: None }),
            false => Err(SignError::key(arn, KeyProblem::Alias)),
        }
    }

    /// The holder of the private half of this key: `kms-asymmetric` verifies with it and asks
    /// nobody.
    #[must_use]
    pub fn public_key(public_key: PublicKey) -> Self {
        Self { arn: None, public_key: Some(public_key) }
    }

    /// The same with a public key, so that `kms-asymmetric` verifies without KMS.
    #[must_use]
    pub fn with_public_key(mut self, public_key: PublicKey) -> Self {
        self.public_key = Some(public_key);
        self
    }

    pub(crate) fn as_arn(&self) -> Option<&AwsKmsArn> {
        self.arn.as_ref()
    }

    pub(crate) fn as_public_key(&self) -> Option<&PublicKey> {
        self.public_key.as_ref()
    }

    /// Whether a signature that names `signer` may be one of this key.
    pub(crate) fn may_be(&self, signer: &AwsKmsArn) -> bool {
        let identifier = |arn: &AwsKmsArn| AwsKmsIdentifier::Arn(arn.clone());
        self.arn.as_ref().is_none_or(|arn| identifier(arn).mrk_matches(&identifier(signer)))
    }
}

impl fmt::Display for AcceptedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.arn {
            Some(arn) => arn.fmt(f),
            None => f.write_str("a public key"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cannot_be_pointed_elsewhere_pins() {
        for wrong in ["alias/a", "arn:aws:kms:r:1:alias/a", "1234abcd", "", "arn:aws:s3:::b"] {
            assert!(matches!(AcceptedKey::arn(wrong), Err(SignError::Key { .. })), "{wrong:?}");
        }
    }

    #[test]
    fn replicas_are_one_key() {
        let key = |region, id| format!("arn:aws:kms:{region}:111122223333:key/{id}").parse().unwrap();
        let accepted = AcceptedKey::arn("arn:aws:kms:us-east-1:111122223333:key/mrk-1").unwrap();
        assert!(accepted.may_be(&key("us-east-1", "mrk-1")) && accepted.may_be(&key("eu-west-1", "mrk-1")));
        assert!(!accepted.may_be(&key("eu-west-1", "mrk-2")));
        let single = AcceptedKey::arn("arn:aws:kms:us-east-1:111122223333:key/1").unwrap();
        assert!(!single.may_be(&key("eu-west-1", "1")));
    }
}
