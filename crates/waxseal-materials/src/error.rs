//! Why materials could not be had.

use std::fmt;

use thiserror::Error;
use waxseal_crypto::{CryptoError, KeyError};
use waxseal_format::{AlgorithmSuite, FormatError};

use crate::CommitmentPolicy;

/// Any error of a user's own keyring, master key or materials manager.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Materials could not be had, or what was had is not legal.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MaterialsError {
    /// The commitment policy forbids the suite.
    #[error("the commitment policy {policy} does not allow the suite {suite}")]
    CommitmentPolicy {
        /// The suite that was asked for, or that a message has.
        suite: &'static AlgorithmSuite,
        /// The policy in force.
        policy: CommitmentPolicy,
    },
    /// A caller's encryption context has a key that the format keeps for itself.
    #[error("the encryption context has the key {0:?}; keys that start with \"aws-crypto-\" are reserved")]
    ReservedContextKey(String),
    /// A message's encryption context has another value than the caller expects.
    #[error("the message's encryption context has another value for {0:?} than the one required")]
    ContextMismatch(String),
    /// A key that must be in an encryption context is not there.
    #[error("the encryption context lacks the key {0:?}")]
    ContextKeyMissing(String),
    /// The message's public key is missing, not base64 of a public key, or out of place.
    #[error("the message's public key: {0}")]
    VerificationKey(&'static str),
    /// A keyring, master key or materials manager broke the rules of materials.
    #[error("illegal materials: {0}")]
    Illegal(&'static str),
    /// A wrapping key that has to wrap the data key could not.
    #[error("cannot wrap the data key; {}", Told(.0))]
    Wrap(#[source] KeyFailure),
    /// No wrapping key opened any encrypted data key.
    #[error("no wrapping key opened the message's data key; {0}")]
    Unwrap(KeyFailures),
    /// A raw key was given a namespace that belongs to the keys of a key service.
    #[error("the key namespace {0:?} is reserved: raw keys' namespaces must not start with \"aws-kms\"")]
    ReservedNamespace(String),
    /// An AES wrapping key has this many bytes.
    #[error("an AES wrapping key has 16, 24 or 32 bytes, not {0}")]
    WrappingKeyLength(usize),
    /// An RSA or EC wrapping key can't be read, or is refused.
    #[error("the wrapping key can't be used: {0}")]
    Key(#[from] KeyError),
    /// The public and the private half that were given are not of one key.
    #[error("the public and the private RSA key don't belong together")]
    KeyPair,
    /// Limits of a cache that the specification forbids, or that don't fit each other.
    #[error("limits of a cache: {0}")]
    CacheLimits(&'static str),
    /// An encryption context or a data key doesn't fit the format.
    #[error("materials that do not fit the format")]
    Format(#[from] FormatError),
    /// A primitive failed.
    #[error("cryptography failed")]
    Crypto(#[from] CryptoError),
    /// A user's own part failed.
    #[error("a materials manager failed: {0}")]
    Other(#[source] BoxError),
}

/// What one wrapping key said.
#[derive(Debug, Error)]
#[error("{}: {reason}{}", key.escape_debug(), times(*count))]
#[non_exhaustive]
pub struct KeyFailure {
    /// The wrapping key: provider and name, or its ARN.
    pub key: String,
    /// Why it failed.
    pub reason: KeyFailureReason,
    /// What the key's service or library said, if anything.
    #[source]
    pub source: Option<BoxError>,
    /// Of how many encrypted data keys it was said.
    pub count: usize,
}

fn times(count: usize) -> String {
    if count == 1 { String::new() } else { format!(" ({count} times)") }
}

impl KeyFailure {
    /// A failure of `key` without a deeper source.
    #[must_use]
    pub fn new(key: impl Into<String>, reason: KeyFailureReason) -> Self {
        Self { key: key.into(), reason, source: None, count: 1 }
    }

    /// The same with what the service or library said.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }
}

/// Why a wrapping key failed: different things to do about each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum KeyFailureReason {
    /// No encrypted data key names this wrapping key.
    #[error("not a key of this message")]
    NotMine,
    /// It names this wrapping key, and unwrapping failed: another key of the same name,
    /// another encryption context, or a changed message.
    #[error("unwrapping failed: another key of this name, another encryption context, or a changed message")]
    Rejected,
    /// It names this wrapping key in a way that can't be read.
    #[error("the encrypted data key is malformed")]
    Malformed,
    /// The key's service refused the caller.
    #[error("the key service denied access")]
    Denied,
    /// The key's service was not called, or refused the caller's credentials: there are none, or they
    /// are wrong or outdated.
    #[error("the key service has no valid credentials of the caller")]
    Credentials,
    /// The key's service can't be reached, or failed.
    #[error("the key service could not be reached, or failed")]
    Unreachable,
    /// The key's service wants fewer calls.
    #[error("the key service throttled the call")]
    Throttled,
    /// The key's service refused the call for another reason: the source says which.
    #[error("the key service refused the call")]
    Refused,
    /// The key's service answered for another key.
    #[error("the key service answered for another key")]
    WrongKey,
    /// The key's service answered what no key service should: the source says what.
    #[error("the answer of the key service is not usable")]
    Answer,
    /// Something else: the source says what.
    #[error("it failed")]
    Failed,
    /// The key can't do this: a public key that should unwrap, a signing suite it excludes.
    #[error("this key cannot do that")]
    Unsupported,
}

/// What every wrapping key said that was asked to unwrap.
#[derive(Debug, Default)]
pub struct KeyFailures(Vec<KeyFailure>);

impl KeyFailures {
    /// Keeps one more. What a key says again of another data key is counted, not repeated: a
    /// message may have 65,535 of one name.
    pub fn push(&mut self, failure: KeyFailure) {
        match self.0.last_mut() {
            Some(last) if last.key == failure.key && last.reason == failure.reason => {
                last.count = last.count.saturating_add(failure.count);
            }
            _ => self.0.push(failure),
        }
    }

    /// All, in the order in which the keys were asked.
    #[must_use]
    pub fn as_slice(&self) -> &[KeyFailure] {
        &self.0
    }

    /// Keeps what another attempt to unwrap said; errors of other kinds are kept whole,
    /// under the name of the part that failed.
    pub fn absorb(&mut self, part: &str, error: MaterialsError) {
        match error {
            MaterialsError::Unwrap(Self(failures)) => self.0.extend(failures),
            other => {
                self.push(KeyFailure::new(part, KeyFailureReason::Failed).with_source(other));
            }
        }
    }

    /// These failures; one "not mine" of `part` if no key was even asked.
    pub(crate) fn or_not_mine(mut self, part: &str) -> Self {
        if self.0.is_empty() {
            self.push(KeyFailure::new(part, KeyFailureReason::NotMine));
        }
        self
    }
}

/// The first line says what to do; a line for the key follows.
struct Told<'a>(&'a KeyFailure);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(advice(std::slice::from_ref(self.0)))?;
        write_line(f, self.0)
    }
}

fn write_line(f: &mut fmt::Formatter<'_>, failure: &KeyFailure) -> fmt::Result {
    write!(f, "\n  {failure}")?;
    failure.source.iter().try_for_each(|source| write!(f, " ({source})"))
}

/// What can be done about these failures.
fn advice(failures: &[KeyFailure]) -> &'static str {
    let all = |reason| failures.iter().all(|failure| failure.reason == reason);
    let any = |reason| failures.iter().any(|failure| failure.reason == reason);
    if failures.is_empty() || all(KeyFailureReason::NotMine) {
        "give a key that the message was encrypted for"
    } else if any(KeyFailureReason::Credentials) {
        "check the credentials for the key service"
    } else if any(KeyFailureReason::Denied) {
        "check the permissions on the key"
    } else if any(KeyFailureReason::Unreachable) || any(KeyFailureReason::Throttled) {
        "check the key service and try again"
    } else if any(KeyFailureReason::Refused) {
        "check that the key exists and is enabled, and the settings of the key service"
    } else if any(KeyFailureReason::WrongKey) || any(KeyFailureReason::Answer) {
        "check which keys and endpoint the key service has"
    } else if any(KeyFailureReason::Unsupported) && !any(KeyFailureReason::Rejected) {
        "see below what the key can do and what it needs"
    } else if any(KeyFailureReason::Failed) && !any(KeyFailureReason::Rejected) {
        "see below what went wrong"
    } else {
        "check the key and the encryption context"
    }
}

impl From<KeyFailure> for KeyFailures {
    fn from(failure: KeyFailure) -> Self {
        Self(vec![failure])
    }
}

impl FromIterator<KeyFailure> for KeyFailures {
    fn from_iter<I: IntoIterator<Item = KeyFailure>>(failures: I) -> Self {
        Self(failures.into_iter().collect())
    }
}

/// The first line says what to do; one line for each key follows.
impl fmt::Display for KeyFailures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(advice(&self.0))?;
        self.0.iter().try_for_each(|failure| write_line(f, failure))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_says_what_to_do_and_every_key_has_a_line() {
        let mut failures = KeyFailures::from(KeyFailure::new("raw/a", KeyFailureReason::NotMine));
        assert!(failures.to_string().starts_with("give a key"));
        failures.push(KeyFailure::new("arn:b", KeyFailureReason::Denied).with_source("no kms:Decrypt"));
        let text = MaterialsError::Unwrap(failures).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3);
        assert!(lines[0].ends_with("check the permissions on the key"));
        assert!(lines[1].contains("raw/a"));
        assert!(lines[2].contains("arn:b") && lines[2].contains("no kms:Decrypt"));
    }

    #[test]
    fn what_a_key_says_again_is_counted_and_no_name_forges_a_line() {
        let mut failures = KeyFailures::default();
        for _ in 0..60_000 {
            failures.push(KeyFailure::new("raw/k\n  raw/forged\u{1b}", KeyFailureReason::Rejected));
        }
        let text = failures.to_string();
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains("(60000 times)") && !text.contains('\u{1b}'), "{text}");
    }
}
