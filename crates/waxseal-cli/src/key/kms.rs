//! Keys of AWS KMS.

use std::sync::Arc;

use waxseal::{Keyring, MasterKeyProviderKeyring};
use waxseal_kms::{
    AwsClientSupplier, AwsKmsError, AwsKmsIdentifier, AwsKmsMrkKeyring, ClientSupplier, DiscoveryFilter,
    MrkAwareDiscoveryAwsKmsMasterKeyProvider, duplicate_multi_region_keys,
};

use super::argument::KeyArgument;
use super::runtime::Runtime;
use crate::failure::Failure;

/// How keys of AWS KMS are found and called.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "AWS KMS")]
pub(crate) struct KmsArgs {
    /// Decrypt with whatever KMS key the message names, as far as --account and --partition
    /// allow
    #[arg(long, conflicts_with = "keys")]
    pub(super) discovery: bool,
    /// An account whose keys --discovery may use; can be repeated. Without it the message
    /// decides whose keys are called
    #[arg(long, value_name = "ID")]
    account: Vec<String>,
    /// The partition of these accounts [default: aws]
    #[arg(long, value_name = "NAME")]
    partition: Option<String>,
    /// The region of aliases, and of multi-Region keys under --discovery [default: that of the
    /// environment or the profile]; an ARN says its own
    #[arg(long, value_name = "NAME")]
    region: Option<String>,
    /// The profile in AWS's configuration files
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
}

impl KmsArgs {
    /// Fails for options that would be without effect: a filter must not be lost.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let filters = !self.account.is_empty() || self.partition.is_some();
        if filters && !self.discovery {
            let what = "--account and --partition go with --discovery; keys of --key say their own";
            return Err(Failure::usage(what));
        }
        match self.partition.is_some() && self.account.is_empty() {
            true => Err(Failure::usage("--partition goes with --account: a filter needs both")),
            false => Ok(()),
        }
    }
}

/// A way to KMS: by the usual AWS settings, the arguments first.
pub(super) struct Kms<'a> {
    args: &'a KmsArgs,
    runtime: &'a Runtime,
    supplier: Arc<AwsClientSupplier>,
}

impl<'a> Kms<'a> {
    pub(super) fn new(args: &'a KmsArgs, runtime: &'a Runtime) -> Self {
        let supplier = runtime.run(async {
            match &args.profile {
                Some(profile) => AwsClientSupplier::from_profile(profile).await,
                None => AwsClientSupplier::from_env().await,
            }
        });
        Self { args, runtime, supplier: Arc::new(supplier) }
    }

    /// The keyring of one key. Related multi-Region keys count as one key.
    pub(super) fn keyring(&self, key: &str) -> Result<Arc<dyn Keyring>, Failure> {
        let identifier = identifier(key)?;
        let region = identifier.region().or(self.args.region.as_deref());
        let client = self.runtime.run(self.supplier.client(region)).map_err(|error| wrong(error.into()))?;
        Ok(Arc::new(AwsKmsMrkKeyring::new(client, key).map_err(wrong)?))
    }

    /// The keyring of whatever key a message names.
    pub(super) fn discovery(&self) -> Result<Arc<dyn Keyring>, Failure> {
        let region = self.args.region.as_deref();
        let provider = MrkAwareDiscoveryAwsKmsMasterKeyProvider::new(self.supplier.clone(), region);
        let provider = self.runtime.run(provider).map_err(wrong)?;
        let provider = match self.args.account.as_slice() {
            [] => provider,
            accounts => {
                let partition = self.args.partition.as_deref().unwrap_or("aws");
                provider.with_filter(DiscoveryFilter::new(partition, accounts))
            }
        };
        Ok(Arc::new(MasterKeyProviderKeyring::new(provider)))
    }
}

/// Fails if two of the keys are replicas of one multi-Region key: which region to call would
/// be a guess.
pub(super) fn check_unrelated(keys: &[KeyArgument]) -> Result<(), Failure> {
    let keys = keys.iter().filter_map(KeyArgument::of_kms).map(identifier).collect::<Result<Vec<_>, _>>()?;
    let related = duplicate_multi_region_keys(&keys);
    match related.is_empty() {
        true => Ok(()),
        false => {
            let related = related.into_iter().map(ToString::to_string).collect();
            Err(wrong(AwsKmsError::RelatedMultiRegionKeys(related)))
        }
    }
}

fn identifier(key: &str) -> Result<AwsKmsIdentifier, Failure> {
    key.parse().map_err(|error| Failure::wrong_use(anyhow::Error::new(error)).about(key))
}

fn wrong(error: AwsKmsError) -> Failure {
    Failure::wrong_use(error)
}
