//! The audit log: one line of JSON for every call, never a secret.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use waxseal_format::EncryptionContext;

use crate::Caller;
use crate::timestamp::Timestamp;

/// Where lines go, if anywhere.
#[derive(Default)]
pub(crate) struct Audit {
    is_on: AtomicBool,
    sink: Mutex<Option<Box<dyn Write + Send>>>,
}

/// What a call turned out to be about.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The ARNs of the keys that were used.
    pub(crate) keys: Vec<String>,
    /// Encryption contexts by their member's name.
    pub(crate) contexts: Vec<EncryptionContext>,
    pub(crate) dry_run: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    time: String,
    principal: &'a str,
    region: &'a str,
    operation: &'a str,
    keys: &'a [String],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    encryption_contexts: Vec<BTreeMap<&'a str, &'a str>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
    outcome: &'a str,
}

impl Audit {
    pub(crate) fn set(&self, sink: Box<dyn Write + Send>) {
        *self.sink.lock().unwrap_or_else(PoisonError::into_inner) = Some(sink);
        self.is_on.store(true, Ordering::Release);
    }

    /// Whether lines go anywhere.
    pub(crate) fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Acquire)
    }

    /// Writes one line, whole, before the answer leaves.
    pub(crate) fn write(
        &self,
        now: Timestamp,
        caller: &Caller,
        operation: &str,
        seen: &Seen,
        outcome: &str,
    ) -> io::Result<()> {
        if !self.is_on() {
            return Ok(());
        }
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(sink) = sink.as_mut() else {
            return Ok(());
        };
        let line = Line {
            time: now.to_rfc3339(),
            principal: &caller.principal,
            region: &caller.region,
            operation,
            keys: &seen.keys,
            encryption_contexts: seen.contexts.iter().map(pairs).collect(),
            dry_run: seen.dry_run,
            outcome,
        };
        let mut text = serde_json::to_vec(&line)?;
        text.push(b'\n');
        sink.write_all(&text)?;
        sink.flush()
    }
}

fn pairs(context: &EncryptionContext) -> BTreeMap<&str, &str> {
    context.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}
