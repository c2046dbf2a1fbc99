//! Long lists in pages.

use serde::{Deserialize, Serialize};

use crate::ServiceError;
use crate::wire::number_in;

const DEFAULT_LIMIT: u32 = 100;
const MAX_LIMIT: u32 = 1000;

/// Which page is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
pub(crate) struct Paging {
    limit: Option<i64>,
    /// The name of the last item of the page before.
    marker: Option<String>,
}

/// Whether there is more, and how to ask for it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Page {
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    truncated: bool,
}

impl Paging {
    /// The same two members of a request that has more.
    pub(crate) fn of(limit: Option<i64>, marker: &Option<String>) -> Self {
        Self { limit, marker: marker.clone() }
    }

    /// The page out of items that are in the order of their names.
    pub(crate) fn page<T>(
        &self,
        items: impl Iterator<Item = T>,
        name: impl Fn(&T) -> String,
    ) -> Result<(Vec<T>, Page), ServiceError> {
        let limit = self.limit.map_or(Ok(DEFAULT_LIMIT), |limit| number_in(limit, "limit", 1, MAX_LIMIT))?;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let after = self.marker.as_deref().map(read_marker).transpose()?;
        let mut items = items.skip_while(|item| after.as_ref().is_some_and(|after| name(item) <= *after));
        let page: Vec<T> = items.by_ref().take(limit).collect();
        let truncated = items.next().is_some();
        let last = page.last().filter(|_| truncated);
        let next_marker = last.map(|item| hex::encode(name(item)));
        Ok((page, Page { next_marker, truncated }))
    }
}

fn read_marker(marker: &str) -> Result<String, ServiceError> {
    let bytes = hex::decode(marker).ok();
    let name = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    name.ok_or_else(|| ServiceError::new("InvalidMarkerException", "The marker is none of this KMS's."))
}
