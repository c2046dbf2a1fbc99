//! How KMS keys are named: ARNs, aliases, bare key ids; and which names mean one key.
//!
//! Source: `framework/aws-kms/aws-kms-key-arn.md`, `aws-kms-mrk-match-for-decrypt.md`,
//! `aws-kms-mrk-are-unique.md`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

const ALIAS_PREFIX: &str = "alias/";
const MULTI_REGION_PREFIX: &str = "mrk-";

/// Why a text is no ARN or identifier of KMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ArnError {
    /// An ARN has six parts, divided by five colons.
    #[error("an ARN has 6 parts divided by colons, this has {0}")]
    Parts(usize),
    /// The first part is not `arn`.
    #[error("an ARN starts with \"arn:\"")]
    Prefix,
    /// A part has nothing in it.
    #[error("the {0} is empty")]
    Empty(&'static str),
    /// It belongs to another service.
    #[error("the service is not \"kms\"")]
    Service,
    /// The last part is not divided into a type and an id.
    #[error("the resource is not TYPE/ID")]
    Resource,
    /// The resource is neither a key nor an alias.
    #[error("the resource type is neither \"key\" nor \"alias\"")]
    ResourceType,
    /// A bare key id has no slash; an alias starts with `alias/`.
    #[error("neither an ARN, nor a key id, nor an alias that starts with \"alias/\"")]
    Identifier,
}

/// What an ARN of KMS names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ResourceType {
    /// A key.
    Key,
    /// An alias of a key.
    Alias,
}

/// An ARN of KMS: `arn:PARTITION:kms:REGION:ACCOUNT:TYPE/ID`.
///
/// ```
/// use waxseal_kms::AwsKmsArn;
///
/// let arn: AwsKmsArn = "arn:aws:kms:us-east-1:111122223333:key/mrk-1234".parse()?;
/// assert_eq!(arn.region(), "us-east-1");
/// assert!(arn.is_multi_region());
/// assert!("arn:aws:kms:us-east-1::key/1234".parse::<AwsKmsArn>().is_err());
/// # Ok::<(), waxseal_kms::ArnError>(())
/// ```
///
/// Source: `framework/aws-kms/aws-kms-key-arn.md`, "A valid AWS KMS ARN".
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AwsKmsArn {
    partition: String,
    region: String,
    account: String,
    resource_type: ResourceType,
    resource_id: String,
}

impl AwsKmsArn {
    /// The partition: `aws`, `aws-cn`, ...
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// The region: `us-east-1`, ...
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The account.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.account
    }

    /// A key or an alias.
    #[must_use]
    pub fn resource_type(&self) -> ResourceType {
        self.resource_type
    }

    /// What stands behind `key/` or `alias/`.
    #[must_use]
    pub fn resource_id(&self) -> &str {
        &self.resource_id
    }

    /// Whether it names a key, no alias.
    #[must_use]
    pub fn is_key(&self) -> bool {
        self.resource_type == ResourceType::Key
    }

    /// Whether it names a multi-Region key. An alias never does.
    ///
    /// Source: `framework/aws-kms/aws-kms-key-arn.md`, "Identifying an an AWS KMS
    /// multi-Region ARN".
    #[must_use]
    pub fn is_multi_region(&self) -> bool {
        self.is_key() && self.resource_id.starts_with(MULTI_REGION_PREFIX)
    }

    /// The same in another region.
    #[must_use]
    pub fn in_region(&self, region: &str) -> Self {
        Self { region: region.to_owned(), ..self.clone() }
    }
}

impl FromStr for AwsKmsArn {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        let parts: Vec<&str> = text.split(':').collect();
        let [prefix, partition, service, region, account, resource] = parts.as_slice() else {
            return Err(if text.starts_with("arn:") {
                ArnError::Parts(parts.len())
            } else {
                ArnError::Prefix
            });
        };
        if *prefix != "arn" {
            return Err(ArnError::Prefix);
        }
        if *service != "kms" {
            return Err(ArnError::Service);
        }
        let (resource_type, resource_id) = parse_resource(resource)?;
        Ok(Self {
            partition: filled("partition", partition)?,
            region: filled("region", region)?,
            account: filled("account", account)?,
            resource_type,
            resource_id,
        })
    }
}

fn parse_resource(resource: &str) -> Result<(ResourceType, String), ArnError> {
    filled("resource", resource)?;
    let (kind, id) = resource.split_once('/').ok_or(ArnError::Resource)?;
    let kind = match kind {
        "key" => ResourceType::Key,
        "alias" => ResourceType::Alias,
        _ => return Err(ArnError::ResourceType),
    };
    Ok((kind, filled("resource id", id)?))
}

fn filled(what: &'static str, part: &str) -> Result<String, ArnError> {
    if part.is_empty() { Err(ArnError::Empty(what)) } else { Ok(part.to_owned()) }
}

impl fmt::Display for AwsKmsArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, region, account, resource_id, .. } = self;
        let kind = if self.is_key() { "key" } else { "alias" };
        write!(f, "arn:{partition}:kms:{region}:{account}:{kind}/{resource_id}")
    }
}

/// Any name that KMS takes for a key.
///
/// Source: `framework/aws-kms/aws-kms-key-arn.md`, "A valid AWS KMS identifier".
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AwsKmsIdentifier {
    /// The ARN of a key or an alias.
    Arn(AwsKmsArn),
    /// `alias/NAME`.
    Alias(String),
    /// A bare key id.
    KeyId(String),
}

impl AwsKmsIdentifier {
    /// The ARN, if it is one.
    #[must_use]
    pub fn arn(&self) -> Option<&AwsKmsArn> {
        match self {
            Self::Arn(arn) => Some(arn),
            Self::Alias(_) | Self::KeyId(_) => None,
        }
    }

    /// The ARN, if it is one of a key. Messages name their keys by this form alone.
    #[must_use]
    pub fn key_arn(&self) -> Option<&AwsKmsArn> {
        self.arn().filter(|arn| arn.is_key())
    }

    /// The region that the name says, if it says one.
    #[must_use]
    pub fn region(&self) -> Option<&str> {
        self.arn().map(AwsKmsArn::region)
    }

    /// Whether it names a multi-Region key.
    ///
    /// Source: `framework/aws-kms/aws-kms-key-arn.md`, "Identifying an an AWS KMS
    /// multi-Region identifier".
    #[must_use]
    pub fn is_multi_region(&self) -> bool {
        match self {
            Self::Arn(arn) => arn.is_multi_region(),
            Self::Alias(_) => false,
            Self::KeyId(id) => id.starts_with(MULTI_REGION_PREFIX),
        }
    }

    /// Whether a message's key `other` may be decrypted with this one: the same name, or
    /// multi-Region keys that differ in their region alone.
    ///
    /// Source: `framework/aws-kms/aws-kms-mrk-match-for-decrypt.md`.
    #[must_use]
    pub fn mrk_matches(&self, other: &Self) -> bool {
        if self == other {
            return true;
        }
        match (self, other) {
            (Self::Arn(one), Self::Arn(two)) if one.is_multi_region() && two.is_multi_region() => {
                one.in_region(two.region()) == *two
            }
            _ => false,
        }
    }

    /// What this form of name is called in errors.
    pub(crate) fn form(&self) -> &'static str {
        match self {
            Self::Arn(arn) if arn.is_key() => "a key ARN",
            Self::Arn(_) => "an alias ARN",
            Self::Alias(_) => "an alias",
            Self::KeyId(_) => "a bare key id",
        }
    }

    /// What names the key within its region.
    fn resource_id(&self) -> &str {
        match self {
            Self::Arn(arn) => arn.resource_id(),
            Self::Alias(name) | Self::KeyId(name) => name,
        }
    }
}

impl FromStr for AwsKmsIdentifier {
    type Err = ArnError;

    fn from_str(text: &str) -> Result<Self, ArnError> {
        if text.starts_with("arn:") {
            return Ok(Self::Arn(text.parse()?));
        }
        match text.strip_prefix(ALIAS_PREFIX) {
            Some("") => Err(ArnError::Empty("alias")),
            Some(_) => Ok(Self::Alias(text.to_owned())),
            None if text.is_empty() => Err(ArnError::Empty("key identifier")),
            None if text.contains(['/', ':']) => Err(ArnError::Identifier),
            None => Ok(Self::KeyId(text.to_owned())),
        }
    }
}

impl From<AwsKmsArn> for AwsKmsIdentifier {
    fn from(arn: AwsKmsArn) -> Self {
        Self::Arn(arn)
    }
}

impl fmt::Display for AwsKmsIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arn(arn) => arn.fmt(f),
            Self::Alias(name) | Self::KeyId(name) => f.write_str(name),
        }
    }
}

/// The multi-Region keys among `identifiers` that are named more than once, all of them:
/// empty if each is named once.
///
/// Source: `framework/aws-kms/aws-kms-mrk-are-unique.md`.
#[must_use]
pub fn duplicate_multi_region_keys(identifiers: &[AwsKmsIdentifier]) -> Vec<&AwsKmsIdentifier> {
    let multi_region = || identifiers.iter().filter(|identifier| identifier.is_multi_region());
    let mut times = BTreeMap::<&str, usize>::new();
    for identifier in multi_region() {
        let count = times.entry(identifier.resource_id()).or_default();
        *count = count.saturating_add(1);
    }
    multi_region().filter(|identifier| times.get(identifier.resource_id()).is_some_and(|n| *n > 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "arn:aws:kms:us-east-1:2222222222222:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    const MRK: &str = "arn:aws:kms:us-east-1:2222222222222:key/mrk-4321abcd12ab34cd56ef1234567890ab";
    const MRK_WEST: &str = "arn:aws:kms:us-west-2:2222222222222:key/mrk-4321abcd12ab34cd56ef1234567890ab";
    const ALIAS: &str = "arn:aws:kms:us-west-2:111122223333:alias/mrk-test/key";

    fn identifier(text: &str) -> AwsKmsIdentifier {
        text.parse().unwrap()
    }

    #[test]
    fn arns_are_written_as_they_were_read() {
        for text in [KEY, MRK, ALIAS] {
            assert_eq!(text.parse::<AwsKmsArn>().unwrap().to_string(), text);
            assert_eq!(identifier(text).to_string(), text);
        }
        let alias: AwsKmsArn = ALIAS.parse().unwrap();
        assert_eq!(alias.resource_type(), ResourceType::Alias);
        assert_eq!(alias.resource_id(), "mrk-test/key");
        assert_eq!((alias.partition(), alias.account()), ("aws", "111122223333"));
    }

    #[test]
    fn every_rule_of_an_arn_has_its_error() {
        for (text, error) in [
            ("", ArnError::Prefix),
            ("alias/x", ArnError::Prefix),
            ("arn:aws:kms:r:a", ArnError::Parts(5)),
            ("arn:aws:kms:r:a:key/1:2", ArnError::Parts(7)),
            ("nra:aws:kms:r:a:key/1", ArnError::Prefix),
            ("arn::kms:r:a:key/1", ArnError::Empty("partition")),
            ("arn:aws:s3:r:a:key/1", ArnError::Service),
            ("arn:aws:KMS:r:a:key/1", ArnError::Service),
            ("arn:aws::r:a:key/1", ArnError::Service),
            ("arn:aws:kms::a:key/1", ArnError::Empty("region")),
            ("arn:aws:kms:r::key/1", ArnError::Empty("account")),
            ("arn:aws:kms:r:a:", ArnError::Empty("resource")),
            ("arn:aws:kms:r:a:key", ArnError::Resource),
            ("arn:aws:kms:r:a:key:1", ArnError::Parts(7)),
            ("arn:aws:kms:r:a:grant/1", ArnError::ResourceType),
            ("arn:aws:kms:r:a:Key/1", ArnError::ResourceType),
            ("arn:aws:kms:r:a:/1", ArnError::ResourceType),
            ("arn:aws:kms:r:a:key/", ArnError::Empty("resource id")),
        ] {
            assert_eq!(text.parse::<AwsKmsArn>(), Err(error), "{text:?}");
        }
    }

    #[test]
    fn identifiers_are_arns_aliases_and_key_ids() {
        assert!(matches!(identifier("alias/test-key"), AwsKmsIdentifier::Alias(_)));
        assert!(matches!(identifier("1234abcd-12ab"), AwsKmsIdentifier::KeyId(_)));
        assert!(matches!(identifier(KEY), AwsKmsIdentifier::Arn(_)));
        for wrong in ["", "alias/", "key/1234", "a:b", "arn:aws:kms:r:a:grant/1"] {
            assert!(wrong.parse::<AwsKmsIdentifier>().is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn multi_region_keys_are_told_from_aliases_that_look_like_them() {
        assert!(identifier(MRK).is_multi_region());
        assert!(identifier("mrk-4321").is_multi_region());
        for other in [KEY, ALIAS, "alias/mrk-4321", "4321-mrk-"] {
            assert!(!identifier(other).is_multi_region(), "{other}");
        }
    }

    #[test]
    fn only_the_region_of_multi_region_keys_may_differ() {
        assert!(identifier(MRK).mrk_matches(&identifier(MRK_WEST)));
        assert!(identifier(KEY).mrk_matches(&identifier(KEY)));
        assert!(identifier("mrk-1").mrk_matches(&identifier("mrk-1")));
        let west = KEY.replace("us-east-1", "us-west-2");
        assert!(!identifier(KEY).mrk_matches(&identifier(&west)));
        for (from, to) in [("arn:aws:", "arn:aws-cn:"), ("2222222222222", "1"), ("mrk-4321", "mrk-5")] {
            let changed = MRK_WEST.replace(from, to);
            assert!(!identifier(MRK).mrk_matches(&identifier(&changed)), "{changed}");
        }
        assert!(!identifier(MRK).mrk_matches(&identifier("mrk-4321abcd12ab34cd56ef1234567890ab")));
    }

    #[test]
    fn all_duplicates_are_told() {
        let keys = [KEY, KEY, MRK, MRK_WEST, "mrk-1", "mrk-2"].map(identifier);
        let duplicates = duplicate_multi_region_keys(&keys);
        assert_eq!(duplicates, [&identifier(MRK), &identifier(MRK_WEST)]);
        assert!(duplicate_multi_region_keys(&keys[..3]).is_empty(), "single-Region keys don't count");
    }
}
