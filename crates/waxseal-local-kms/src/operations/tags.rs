//! Tags of keys.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ServiceError;

const MAX_TAGS: usize = 50;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;

/// One tag.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Tag {
    pub(crate) tag_key: String,
    pub(crate) tag_value: String,
}

/// Tags with more tags, which replace those of the same key.
pub(crate) fn merged(
    mut tags: BTreeMap<String, String>,
    more: &[Tag],
) -> Result<BTreeMap<String, String>, ServiceError> {
    for tag in more {
        check(tag)?;
        tags.insert(tag.tag_key.clone(), tag.tag_value.clone());
    }
    match tags.len() > MAX_TAGS {
        true => Err(ServiceError::new("LimitExceededException", "Too many tags.")),
        false => Ok(tags),
    }
}

fn check(tag: &Tag) -> Result<(), ServiceError> {
    let invalid = |message: &str| Err(ServiceError::new("TagException", message));
    let len = tag.tag_key.chars().count();
    if len == 0 || len > MAX_KEY || tag.tag_value.chars().count() > MAX_VALUE {
        return invalid("A tag's key has 1 to 128 characters, its value 256 at most.");
    }
    match tag.tag_key.starts_with("aws:") {
        true => invalid("Tags that begin with aws: are AWS's own."),
        false => Ok(()),
    }
}

/// Tags as they are listed.
pub(crate) fn list(tags: &BTreeMap<String, String>) -> Vec<Tag> {
    let tag = |(key, value): (&String, &String)| Tag { tag_key: key.clone(), tag_value: value.clone() };
    tags.iter().map(tag).collect()
}
