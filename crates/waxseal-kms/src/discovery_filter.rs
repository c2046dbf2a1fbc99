//! Whose keys a discovery keyring or provider may call.

use std::collections::BTreeSet;

use crate::AwsKmsArn;

/// A partition and accounts: keys of others are not asked.
///
/// Source: `framework/aws-kms/aws-kms-discovery-keyring.md`, "Initialization".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveryFilter {
    partition: String,
    accounts: BTreeSet<String>,
}

impl DiscoveryFilter {
    /// A filter that lets these accounts of this partition (`aws`, ...) pass.
    pub fn new(partition: impl Into<String>, accounts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { partition: partition.into(), accounts: accounts.into_iter().map(Into::into).collect() }
    }

    /// The partition that passes.
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// The accounts that pass.
    #[must_use]
    pub fn accounts(&self) -> &BTreeSet<String> {
        &self.accounts
    }

    /// Whether this key may be called.
    #[must_use]
    pub fn allows(&self, arn: &AwsKmsArn) -> bool {
        self.partition == arn.partition() && self.accounts.contains(arn.account())
    }

    /// How errors tell of it, if there is one.
    pub(crate) fn label(filter: Option<&Self>) -> String {
        let accounts = |filter: &Self| filter.accounts.iter().cloned().collect::<Vec<_>>().join(" ");
        filter.map_or_else(String::new, |filter| {
            format!(" (filter: partition {}, accounts {})", filter.partition, accounts(filter))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partition_and_account_must_both_pass() {
        let filter = DiscoveryFilter::new("aws", ["1", "2"]);
        let allows = |text: &str| filter.allows(&text.parse().unwrap());
        assert!(allows("arn:aws:kms:r:1:key/k") && allows("arn:aws:kms:r:2:key/k"));
        assert!(!allows("arn:aws:kms:r:3:key/k"));
        assert!(!allows("arn:aws-cn:kms:r:1:key/k"));
        assert!(!DiscoveryFilter::new("aws", [""; 0]).allows(&"arn:aws:kms:r:1:key/k".parse().unwrap()));
    }
}
