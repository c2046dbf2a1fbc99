//! Tags of keys.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::call::{Call, check_not_deleted};
use super::page::{Page, Paging};
use crate::ServiceError;
use crate::wire::{Object, required};

const MAX_TAGS: usize = 50;
const MAX_KEY: usize = 128;
const MAX_VALUE: usize = 256;

/// One tag.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct Tag {
    pub(crate) tag_key: String,
    pub(crate) tag_value: String,
}

/// Tags with more tags, which replace those of the same key.
pub(crate) fn merged(
    mut tags: BTreeMap<String, String>,
    more: &[Object<Tag>],
) -> Result<BTreeMap<String, String>, ServiceError> {
    for Object(tag) in more {
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

/// Asks `TagResource` and `UntagResource`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct TagRequest {
    key_id: Option<String>,
    tags: Option<Vec<Object<Tag>>>,
    tag_keys: Option<Vec<String>>,
}

/// Asks `ListResourceTags`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct ListTags {
    key_id: Option<String>,
    limit: Option<i64>,
    marker: Option<String>,
}

/// Answers `ListResourceTags`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagList {
    tags: Vec<Tag>,
    #[serde(flatten)]
    page: Page,
}

/// `TagResource`.
pub(crate) fn tag_resource(call: &Call<'_>, request: &TagRequest) -> Result<(), ServiceError> {
    let tags = required(&request.tags, "tags")?;
    call.edit_key(&request.key_id, "TagResource", |found, record| {
        check_not_deleted(found)?;
        record.tags = merged(record.tags.clone(), tags)?;
        Ok(())
    })
}

/// `UntagResource`.
pub(crate) fn untag_resource(call: &Call<'_>, request: &TagRequest) -> Result<(), ServiceError> {
    let keys = required(&request.tag_keys, "tagKeys")?;
    call.edit_key(&request.key_id, "UntagResource", |found, record| {
        check_not_deleted(found)?;
        record.tags.retain(|key, _| !keys.contains(key));
        Ok(())
    })
}

/// `ListResourceTags`.
pub(crate) fn list_tags(call: &Call<'_>, request: &ListTags) -> Result<TagList, ServiceError> {
    let found = call.managed(&request.key_id, "ListResourceTags")?;
    let tags = list(&found.key.record.tags);
    let (tags, page) =
        Paging::of(request.limit, &request.marker).page(tags.into_iter(), |tag| tag.tag_key.clone())?;
    Ok(TagList { tags, page })
}
