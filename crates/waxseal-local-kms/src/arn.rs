//! The names of keys and aliases.
//!
//! Source: AWS KMS Developer Guide, "Key identifiers (KeyId)".

use crate::ServiceError;

/// What an identifier names, in the call's own region and account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named<'a> {
    /// A key's id.
    Key(&'a str),
    /// An alias, with its `alias/`.
    Alias(&'a str),
}

/// `arn:aws:kms:REGION:ACCOUNT:key/ID`.
pub(crate) fn key_arn(region: &str, account: &str, id: &str) -> String {
    format!("arn:aws:kms:{region}:{account}:key/{id}")
}

/// `arn:aws:kms:REGION:ACCOUNT:alias/NAME`, of a name with its `alias/`.
pub(crate) fn alias_arn(region: &str, account: &str, name: &str) -> String {
    format!("arn:aws:kms:{region}:{account}:{name}")
}

/// Reads a key id, a key ARN, an alias name or an alias ARN.
pub(crate) fn parse<'a>(identifier: &'a str, region: &str, account: &str) -> Result<Named<'a>, ServiceError> {
    let Some(arn) = identifier.strip_prefix("arn:") else {
        return resource(identifier, identifier);
    };
    let parts: Vec<&str> = arn.splitn(5, ':').collect();
    let &[partition, "kms", of_region, of_account, resource_part] = parts.as_slice() else {
        return Err(invalid_arn(identifier));
    };
    if !partition.starts_with("aws") {
        return Err(invalid_arn(identifier));
    }
    if of_region != region {
        return Err(ServiceError::not_found(format!("Invalid arn {of_region}")));
    }
    if of_account != account {
        return Err(ServiceError::not_found(format!("Invalid arn {of_account}")));
    }
    match resource_part.strip_prefix("key/") {
        Some(id) => resource(id, identifier),
        None if resource_part.starts_with("alias/") => Ok(Named::Alias(resource_part)),
        None => Err(invalid_arn(identifier)),
    }
}

fn resource<'a>(name: &'a str, identifier: &str) -> Result<Named<'a>, ServiceError> {
    if name.starts_with("alias/") && name == identifier {
        return Ok(Named::Alias(name));
    }
    let id = name.strip_prefix("mrk-").unwrap_or(name);
    match uuid::Uuid::try_parse(id) {
        Ok(_) => Ok(Named::Key(name)),
        Err(_) => Err(ServiceError::not_found(format!("Invalid keyId '{identifier}'"))),
    }
}

fn invalid_arn(identifier: &str) -> ServiceError {
    ServiceError::new("InvalidArnException", format!("Invalid ARN {identifier}"))
}

/// Whether `name` has the form of a region.
pub(crate) fn is_region(name: &str) -> bool {
    let parts: Vec<&str> = name.split('-').collect();
    let Some((number, words)) = parts.split_last() else {
        return false;
    };
    let letters = |word: &&str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase());
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    digits && name.len() <= 32 && (2..=3).contains(&words.len()) && words.iter().all(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1234abcd-12ab-34cd-56ef-1234567890ab";
    const MRK: &str = "mrk-1234abcd12ab34cd56ef1234567890ab";

    fn read(identifier: &str) -> Result<Named<'_>, ServiceError> {
        parse(identifier, "eu-west-1", "111122223333")
    }

    #[test]
    fn every_kind_of_identifier_is_read() {
        assert_eq!(read(ID), Ok(Named::Key(ID)));
        assert_eq!(read(MRK), Ok(Named::Key(MRK)));
        assert_eq!(read(&key_arn("eu-west-1", "111122223333", ID)), Ok(Named::Key(ID)));
        assert_eq!(read("alias/demo"), Ok(Named::Alias("alias/demo")));
        let arn = alias_arn("eu-west-1", "111122223333", "alias/demo");
        assert_eq!(read(&arn), Ok(Named::Alias("alias/demo")));
    }

    #[test]
    fn what_names_nothing_here_is_refused_in_awss_words() {
        let refused = |identifier: &str| read(identifier).unwrap_err().to_string();
        let arn = key_arn("us-east-1", "111122223333", ID);
        assert_eq!(refused(&arn), "NotFoundException: Invalid arn us-east-1");
        let arn = key_arn("eu-west-1", "999988887777", ID);
        assert_eq!(refused(&arn), "NotFoundException: Invalid arn 999988887777");
        assert_eq!(refused("demo"), "NotFoundException: Invalid keyId \\'demo\\'");
        assert!(refused("arn:aws:s3:::bucket").starts_with("InvalidArnException"));
        let arn = "arn:aws:kms:eu-west-1:111122223333:key/alias/x";
        assert!(refused(arn).starts_with("NotFoundException"));
    }

    #[test]
    fn regions_have_a_form() {
        assert!(is_region("eu-west-1") && is_region("us-gov-east-1"));
        for name in ["", "eu", "eu-1", "EU-west-1", "eu-west-", "eu--1", "eu-west-1x", "a-b-c-d-1"] {
            assert!(!is_region(name), "{name}");
        }
    }
}
