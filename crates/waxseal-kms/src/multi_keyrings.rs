//! Several keyrings of KMS keys as one, each with the client of its region.
//!
//! Source: `framework/aws-kms/aws-kms-multi-keyrings.md`, `aws-kms-mrk-multi-keyrings.md`.

use std::sync::Arc;

use waxseal_materials::{Keyring, MultiKeyring};

use crate::keyring::identifier;
use crate::{
    AwsKmsDiscoveryKeyring, AwsKmsError, AwsKmsIdentifier, AwsKmsKeyring, AwsKmsMrkDiscoveryKeyring,
    AwsKmsMrkKeyring, ClientSupplier, DiscoveryFilter, KmsClient, duplicate_multi_region_keys,
};

/// The keys of a multi keyring: ARNs of keys or aliases.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct AwsKmsKeys {
    /// Makes data keys; without one the keyring makes none.
    pub generator: Option<String>,
    /// Wrap data keys too.
    pub children: Vec<String>,
    /// For every call.
    pub grant_tokens: Vec<String>,
}

impl AwsKmsKeys {
    /// A generator, and no children yet.
    #[must_use]
    pub fn with_generator(generator: impl Into<String>) -> Self {
        Self { generator: Some(generator.into()), ..Self::default() }
    }

    /// The same with one more child.
    #[must_use]
    pub fn with_child(mut self, child: impl Into<String>) -> Self {
        self.children.push(child.into());
        self
    }

    fn identifiers(&self) -> Result<Vec<AwsKmsIdentifier>, AwsKmsError> {
        self.generator.iter().chain(&self.children).map(|text| arn(text)).collect()
    }
}

/// The regions of a discovery multi keyring.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct DiscoveryRegions {
    /// Asked one after the other.
    pub regions: Vec<String>,
    /// Whose keys are asked.
    pub filter: Option<DiscoveryFilter>,
    /// For every call.
    pub grant_tokens: Vec<String>,
}

impl DiscoveryRegions {
    /// These regions, without a filter yet.
    #[must_use]
    pub fn new(regions: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { regions: regions.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// The same for keys that this filter allows.
    #[must_use]
    pub fn with_filter(mut self, filter: DiscoveryFilter) -> Self {
        self.filter = Some(filter);
        self
    }

    fn check(&self) -> Result<(), AwsKmsError> {
        match self.regions.iter().any(String::is_empty) {
            _ if self.regions.is_empty() => Err(AwsKmsError::Nothing("region")),
            true => Err(AwsKmsError::EmptyRegion),
            false => Ok(()),
        }
    }
}

/// A keyring of several KMS keys, of any regions: an [`AwsKmsKeyring`] for each.
///
/// # Errors
/// [`AwsKmsError::Identifier`] and [`AwsKmsError::Form`] for a name that is no ARN of KMS;
/// [`AwsKmsError::Nothing`] without a key; [`AwsKmsError::Client`] if the supplier has no client.
///
/// Source: `framework/aws-kms/aws-kms-multi-keyrings.md`, "AWS KMS Multi-Keyring".
pub async fn multi_keyring(
    supplier: &dyn ClientSupplier,
    keys: AwsKmsKeys,
) -> Result<MultiKeyring, AwsKmsError> {
    keys.identifiers()?;
    combine(supplier, keys, |client, key, tokens| {
        Ok(Arc::new(AwsKmsKeyring::new(client, key)?.with_grant_tokens(tokens)))
    })
    .await
}

/// [`multi_keyring`] of [`AwsKmsMrkKeyring`]s.
///
/// # Errors
/// As [`multi_keyring`]; [`AwsKmsError::RelatedMultiRegionKeys`] if two keys are replicas of one.
///
/// Source: `framework/aws-kms/aws-kms-mrk-multi-keyrings.md`, "AWS KMS MRK Multi-Keyring".
pub async fn mrk_multi_keyring(
    supplier: &dyn ClientSupplier,
    keys: AwsKmsKeys,
) -> Result<MultiKeyring, AwsKmsError> {
    check_unique(&keys.identifiers()?)?;
    combine(supplier, keys, |client, key, tokens| {
        Ok(Arc::new(AwsKmsMrkKeyring::new(client, key)?.with_grant_tokens(tokens)))
    })
    .await
}

/// A keyring that unwraps with the KMS keys that a message names, by the clients of several
/// regions; never encrypts.
///
/// # Errors
/// [`AwsKmsError::Nothing`] without a region; [`AwsKmsError::EmptyRegion`];
/// [`AwsKmsError::Client`] if the supplier has no client.
///
/// Source: `framework/aws-kms/aws-kms-multi-keyrings.md`, "AWS KMS Discovery Multi-Keyring".
pub async fn discovery_multi_keyring(
    supplier: &dyn ClientSupplier,
    discovery: DiscoveryRegions,
) -> Result<MultiKeyring, AwsKmsError> {
    combine_regions(supplier, discovery, |client, _, filter, tokens| {
        let keyring = AwsKmsDiscoveryKeyring::new(client).with_grant_tokens(tokens);
        Ok(match filter {
            Some(filter) => Arc::new(keyring.with_filter(filter)),
            None => Arc::new(keyring),
        })
    })
    .await
}

/// [`discovery_multi_keyring`] of [`AwsKmsMrkDiscoveryKeyring`]s.
///
/// # Errors
/// As [`discovery_multi_keyring`]; [`AwsKmsError::RegionMismatch`] if the supplier's client is
/// of another region.
///
/// Source: `framework/aws-kms/aws-kms-mrk-multi-keyrings.md`, "AWS KMS MRK Discovery Multi-Keyring".
pub async fn mrk_discovery_multi_keyring(
    supplier: &dyn ClientSupplier,
    discovery: DiscoveryRegions,
) -> Result<MultiKeyring, AwsKmsError> {
    combine_regions(supplier, discovery, |client, region, filter, tokens| {
        let keyring = AwsKmsMrkDiscoveryKeyring::new(client, region)?.with_grant_tokens(tokens);
        Ok(match filter {
            Some(filter) => Arc::new(keyring.with_filter(filter)),
            None => Arc::new(keyring),
        })
    })
    .await
}

/// Fails if two of the keys are replicas of one multi-Region key.
pub(crate) fn check_unique(keys: &[AwsKmsIdentifier]) -> Result<(), AwsKmsError> {
    let duplicates = duplicate_multi_region_keys(keys);
    if duplicates.is_empty() {
        return Ok(());
    }
    Err(AwsKmsError::RelatedMultiRegionKeys(duplicates.into_iter().map(ToString::to_string).collect()))
}

fn arn(text: &str) -> Result<AwsKmsIdentifier, AwsKmsError> {
    let key = identifier(text)?;
    match key.arn() {
        Some(_) => Ok(key),
        None => Err(AwsKmsError::Form {
            identifier: text.to_owned(),
            form: key.form(),
            need: "a multi keyring needs ARNs, since they say the region of each key",
        }),
    }
}

type OneKeyring = Result<Arc<dyn Keyring>, AwsKmsError>;

async fn combine(
    supplier: &dyn ClientSupplier,
    keys: AwsKmsKeys,
    make: impl Fn(Arc<dyn KmsClient>, &str, Vec<String>) -> OneKeyring,
) -> Result<MultiKeyring, AwsKmsError> {
    let AwsKmsKeys { generator, children, grant_tokens } = keys;
    if generator.is_none() && children.is_empty() {
        return Err(AwsKmsError::Nothing("key"));
    }
    let mut keyrings = Vec::new();
    for key in generator.iter().chain(&children) {
        let client = supplier.client(arn(key)?.region()).await?;
        keyrings.push(make(client, key, grant_tokens.clone())?);
    }
    let mut keyrings = keyrings.into_iter();
    let generator = if generator.is_some() { keyrings.next() } else { None };
    Ok(MultiKeyring::new(generator, keyrings.collect())?)
}

async fn combine_regions(
    supplier: &dyn ClientSupplier,
    discovery: DiscoveryRegions,
    make: impl Fn(Arc<dyn KmsClient>, &str, Option<DiscoveryFilter>, Vec<String>) -> OneKeyring,
) -> Result<MultiKeyring, AwsKmsError> {
    discovery.check()?;
    let mut keyrings = Vec::new();
    for region in &discovery.regions {
        let client = supplier.client(Some(region)).await?;
        keyrings.push(make(client, region, discovery.filter.clone(), discovery.grant_tokens.clone())?);
    }
    Ok(MultiKeyring::new(None, keyrings)?)
}
