//! Wycheproof's test vectors against a provider's parts, one file of this folder a primitive.
//!
//! A test whose `result` is `valid` must be accepted with the right output, an `invalid` one
//! refused. An `acceptable` one may be either; but what is accepted must have the right output.
//! What no algorithm suite or keyring uses is skipped, and counted by its reason.

mod aes_gcm;
mod ecdh;
mod ecdsa;
mod hkdf;
mod hmac;
mod rsa;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use anyhow::{Context, Result};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use waxseal_crypto::CryptoProvider;

use crate::source::Source;

/// Runs every `*.json` of a folder or a zip.
///
/// # Errors
/// If files can't be read, or are no test vectors.
pub fn run(zip_or_folder: &Path, provider: &CryptoProvider) -> Result<Report> {
    let source = Source::open(zip_or_folder)?;
    let mut report = Report::default();
    for name in source.names()?.iter().filter(|name| name.ends_with(".json")) {
        let json = source.read(name)?;
        run_file(name, &json, provider, &mut report).with_context(|| format!("in {name}"))?;
    }
    Ok(report)
}

fn run_file(name: &str, json: &[u8], provider: &CryptoProvider, report: &mut Report) -> Result<()> {
    let header: Header = serde_json::from_slice(json)?;
    let mut file = FileReport { name, report };
    match header.algorithm.as_str() {
        "AES-GCM" => aes_gcm::run(json, provider, &mut file),
        "HKDF-SHA-256" | "HKDF-SHA-384" | "HKDF-SHA-512" => hkdf::run(json, provider, &mut file),
        "HMACSHA256" | "HMACSHA384" | "HMACSHA512" => hmac::run(json, provider, &mut file),
        "ECDH" => ecdh::run(json, provider, &mut file),
        "ECDSA" => ecdsa::run(json, provider, &mut file),
        "RSAES-OAEP" | "RSAES-PKCS1-v1_5" => rsa::run(json, provider, &mut file),
        other => {
            let reason = format!("no part of a provider does {other}");
            *report.skipped.entry(reason).or_default() += header.tests;
            Ok(())
        }
    }
}

/// What came of the tests.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// How many passed.
    pub passed: usize,
    /// Those that failed: file, number, comment, what was seen.
    pub failed: Vec<String>,
    /// How many were skipped, by reason.
    pub skipped: BTreeMap<String, usize>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.failed.iter().try_for_each(|failure| writeln!(f, "failed: {failure}"))?;
        self.skipped.iter().try_for_each(|(reason, count)| writeln!(f, "skipped {count}: {reason}"))?;
        let skipped: usize = self.skipped.values().sum();
        write!(f, "{} passed, {} failed, {skipped} skipped", self.passed, self.failed.len())
    }
}

#[derive(Deserialize)]
struct Header {
    algorithm: String,
    #[serde(rename = "numberOfTests")]
    tests: usize,
}

/// A file of test vectors: groups `G`, whose fields hold for all their tests.
#[derive(Deserialize)]
struct File<G> {
    #[serde(rename = "testGroups")]
    groups: Vec<G>,
}

impl<G: DeserializeOwned> File<G> {
    fn groups(json: &[u8]) -> Result<Vec<G>> {
        Ok(serde_json::from_slice::<Self>(json)?.groups)
    }
}

/// A test: what all have, and the primitive's own fields `T`.
#[derive(Deserialize)]
struct Test<T> {
    #[serde(rename = "tcId")]
    id: u32,
    comment: String,
    result: Expected,
    #[serde(flatten)]
    input: T,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Expected {
    Valid,
    Acceptable,
    Invalid,
}

/// What a provider made of a test.
enum Seen {
    /// Accepted, with the output that the test states.
    Right,
    /// Accepted, with another output.
    Wrong(&'static str),
    /// Refused.
    Refused,
    /// Not asked.
    Skipped(String),
}

/// The report, as far as one file is concerned.
struct FileReport<'a> {
    name: &'a str,
    report: &'a mut Report,
}

impl FileReport<'_> {
    fn judge<T>(&mut self, test: &Test<T>, seen: Seen) {
        let fault = match (test.result, seen) {
            (_, Seen::Skipped(reason)) => return *self.report.skipped.entry(reason).or_default() += 1,
            (_, Seen::Wrong(what)) => what,
            (Expected::Valid, Seen::Refused) => "valid, and was refused",
            (Expected::Invalid, Seen::Right) => "invalid, and was accepted",
            _ => return self.report.passed += 1,
        };
        let (name, id, comment) = (self.name, test.id, &test.comment);
        self.report.failed.push(format!("{name}, test {id} ({comment}): {fault}"));
    }
}

/// Bytes, written as hexadecimal digits.
struct Hex(Vec<u8>);

impl std::ops::Deref for Hex {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(text).map(Self).map_err(D::Error::custom)
    }
}
