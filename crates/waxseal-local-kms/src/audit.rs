//! The audit log: one line of JSON for every call, never a secret.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use waxseal_format::EncryptionContext;

use crate::Caller;
use crate::timestamp::Timestamp;

/// Characters of a name that a client sent, at most.
const MAX_NAME_LEN: usize = 256;

/// Where lines go, if anywhere.
#[derive(Default)]
pub(crate) struct Audit {
    is_on: AtomicBool,
    sink: Mutex<Option<Sink>>,
}

struct Sink {
    out: Box<dyn Write + Send>,
    /// A line was begun and not ended.
    is_torn: bool,
}

/// What a call turned out to be about.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The ARNs of the keys that were used.
    pub(crate) keys: Vec<String>,
    /// What keys were asked for by that are not there.
    pub(crate) requested_keys: Vec<String>,
    pub(crate) contexts: Vec<EncryptionContext>,
    /// The contexts of `ReEncrypt`.
    pub(crate) source_context: Option<EncryptionContext>,
    pub(crate) destination_context: Option<EncryptionContext>,
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
    requested_keys: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    encryption_contexts: Vec<Pairs<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_encryption_context: Option<Pairs<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_encryption_context: Option<Pairs<'a>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
    outcome: &'a str,
}

type Pairs<'a> = BTreeMap<&'a str, &'a str>;

/// A request that was refused before its caller was known.
#[cfg(feature = "server")]
#[derive(Serialize)]
struct Refusal<'a> {
    time: String,
    claimed_access_key_id: Option<&'a str>,
    operation: &'a str,
    outcome: &'a str,
}

impl Audit {
    pub(crate) fn set(&self, out: Box<dyn Write + Send>) {
        *self.sink.lock().unwrap_or_else(PoisonError::into_inner) = Some(Sink { out, is_torn: false });
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
        self.write_line(&Line {
            time: now.to_rfc3339(),
            principal: &caller.principal,
            region: &caller.region,
            operation: capped(operation),
            keys: &seen.keys,
            requested_keys: seen.requested_keys.iter().map(|name| capped(name)).collect(),
            encryption_contexts: seen.contexts.iter().map(pairs).collect(),
            source_encryption_context: seen.source_context.as_ref().map(pairs),
            destination_encryption_context: seen.destination_context.as_ref().map(pairs),
            dry_run: seen.dry_run,
            outcome,
        })
    }

    /// Writes the line of a request that is no call.
    #[cfg(feature = "server")]
    pub(crate) fn write_refusal(
        &self,
        now: Timestamp,
        access_key_id: Option<&str>,
        operation: &str,
        outcome: &str,
    ) -> io::Result<()> {
        if !self.is_on() {
            return Ok(());
        }
        let claimed_access_key_id = access_key_id.map(capped);
        let (time, operation) = (now.to_rfc3339(), capped(operation));
        self.write_line(&Refusal { time, claimed_access_key_id, operation, outcome })
    }

    fn write_line(&self, line: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        sink.as_mut().map_or(Ok(()), |sink| sink.write_line(&text))
    }
}

impl Sink {
    /// What is left of a torn line stands on a line of its own.
    fn write_line(&mut self, text: &[u8]) -> io::Result<()> {
        if self.is_torn {
            self.out.write_all(b"\n")?;
            self.is_torn = false;
        }
        let mut rest = text;
        while !rest.is_empty() {
            match self.out.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(len) => rest = rest.get(len..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            }
            self.is_torn = !rest.is_empty();
        }
        self.out.flush()
    }
}

fn pairs(context: &EncryptionContext) -> Pairs<'_> {
    context.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect()
}

/// The beginning of a name, where it is too long.
fn capped(name: &str) -> &str {
    name.get(..name.floor_char_boundary(MAX_NAME_LEN)).unwrap_or_default()
}
