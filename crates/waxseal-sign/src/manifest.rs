//! A directory tree as one text that can be signed: names, sizes, digests.
//!
//! The text is UTF-8. Its first line is `waxseal manifest 1`; then each file and symbolic link
//! has a line, sorted by the bytes of its name:
//!
//! ```text
//! file SHA512 SIZE NAME
//! link SHA512 SIZE NAME
//! ```
//!
//! The SHA-512 is in lower-case hexadecimal digits, the size is decimal bytes: of the file, or of
//! the path that a link holds. The name is the path below the root, its parts joined by `/`; in
//! it `\\` stands for a backslash, `\n` for a line feed and `\r` for a carriage return. Each tree
//! has one text. A signed manifest is the text, then the armored envelope of its signature.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use waxseal_format::EncryptionContext;

use crate::{Envelope, ManifestError, SignError, TreeProblem};

const FIRST_LINE: &str = "waxseal manifest 1";
const DIGEST_LEN: usize = 64;

/// The pair that tells a manifest's signature from one of a file with the same text.
const CONTENT_KEY: &str = "waxseal-content";
const CONTENT_VALUE: &str = "manifest-1";

/// Where the envelope begins in a signed manifest. No line of an entry begins so.
const ARMOR: &str = "-----BEGIN ";

/// The files of a directory tree, by their names below its root.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    entries: BTreeMap<String, Entry>,
}

/// What a manifest says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// A file, or a symbolic link.
    pub kind: EntryKind,
    /// Bytes of the file, or of the path that the link holds.
    pub len: u64,
    /// The SHA-512 of these bytes: 64 bytes.
    pub digest: Vec<u8>,
}

/// What is at a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A symbolic link: where it leads to is signed, what is there is not.
    Link,
}

impl EntryKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Link => "link",
        }
    }
}

/// How a tree differs from its manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The file has another content, or is something else now.
    Changed(String),
    /// The file is not there.
    Missing(String),
    /// The file is not in the manifest.
    Extra(String),
    /// It can't be read, or changed meanwhile, so that nothing is known of it.
    Unknown {
        /// Its name below the root.
        name: String,
        /// Why not.
        why: String,
    },
}

/// What can't be in a manifest.
pub(crate) struct Odd {
    pub(crate) problem: TreeProblem,
    pub(crate) is_directory: bool,
}

impl Manifest {
    /// Bytes of a signed manifest at most: some million files.
    pub const MAX_LEN: usize = 256 << 20;

    pub(crate) fn insert(&mut self, name: String, entry: Entry) {
        self.entries.insert(name, entry);
    }

    /// The files, by their names below the root.
    #[must_use]
    pub fn entries(&self) -> &BTreeMap<String, Entry> {
        &self.entries
    }

    /// How `found` differs from this manifest, sorted by name; nothing if it does not.
    #[must_use]
    pub fn differences(&self, found: &Self) -> Vec<Difference> {
        self.differences_with(found, BTreeMap::new())
    }

    /// The same, with what is in the tree and can't be in a manifest.
    pub(crate) fn differences_with(&self, found: &Self, odd: BTreeMap<String, Odd>) -> Vec<Difference> {
        let mut all = self.by_name(found);
        for (name, Odd { problem, is_directory }) in odd {
            let difference = self.of_problem(&name, &problem);
            if is_directory && matches!(difference, Difference::Unknown { .. }) {
                // Nor is anything known of what is below it.
                let below = format!("{name}/");
                all.retain(|other, _| !other.starts_with(&below));
            }
            all.insert(name, difference);
        }
        all.into_values().collect()
    }

    fn of_problem(&self, name: &str, problem: &TreeProblem) -> Difference {
        let name = name.to_owned();
        match problem {
            TreeProblem::Changed | TreeProblem::Io(_) => {
                Difference::Unknown { name, why: problem.to_string() }
            }
            // Whatever it is, it is nothing that was signed.
            _ if self.entries.contains_key(&name) => Difference::Changed(name),
            _ => Difference::Extra(name),
        }
    }

    fn by_name(&self, found: &Self) -> BTreeMap<String, Difference> {
        let gone_or_changed = self.entries.iter().filter_map(|(name, entry)| match found.entries.get(name) {
            None => Some((name.clone(), Difference::Missing(name.clone()))),
            Some(other) if other != entry => Some((name.clone(), Difference::Changed(name.clone()))),
            Some(_) => None,
        });
        let extra = found.entries.keys().filter(|name| !self.entries.contains_key(*name));
        gone_or_changed.chain(extra.map(|name| (name.clone(), Difference::Extra(name.clone())))).collect()
    }

    /// The text that is signed.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = format!("{FIRST_LINE}\n");
        for (name, entry) in &self.entries {
            let (kind, digest) = (entry.kind.as_str(), hex::encode(&entry.digest));
            // Writing to a String has no way to fail.
            let _ = writeln!(text, "{kind} {digest} {} {}", entry.len, escaped(name));
        }
        text
    }

    /// Reads a text.
    ///
    /// # Errors
    /// A [`ManifestError`] for anything but the one text of a tree.
    pub fn from_text(text: &str) -> Result<Self, ManifestError> {
        let lines = text.strip_suffix('\n').ok_or(ManifestError::FirstLine)?.split('\n');
        let mut lines = (1..).zip(lines);
        if lines.next().is_none_or(|(_, line)| line != FIRST_LINE) {
            return Err(ManifestError::FirstLine);
        }
        let mut manifest = Self::default();
        for (number, line) in lines {
            let (name, entry) = parse_line(line).ok_or(ManifestError::Line(number))?;
            if manifest.entries.last_key_value().is_some_and(|(last, _)| *last >= name) {
                return Err(ManifestError::Order(number));
            }
            manifest.entries.insert(name, entry);
        }
        Ok(manifest)
    }
}

/// One line, if it is the one form of its entry.
fn parse_line(line: &str) -> Option<(String, Entry)> {
    let mut parts = line.splitn(4, ' ');
    let kind = match parts.next()? {
        "file" => EntryKind::File,
        "link" => EntryKind::Link,
        _ => return None,
    };
    let (hex, len) = (parts.next()?, parts.next()?);
    let digest =
        hex::decode(hex).ok().filter(|digest| digest.len() == DIGEST_LEN && hex::encode(digest) == hex)?;
    let number: u64 = len.parse().ok().filter(|number: &u64| number.to_string() == len)?;
    Some((unescaped(parts.next()?)?, Entry { kind, len: number, digest }))
}

fn escaped(name: &str) -> String {
    name.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r")
}

/// The name, if it was escaped so and is a path below a root.
fn unescaped(text: &str) -> Option<String> {
    let mut name = String::with_capacity(text.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        name.push(match character {
            '\\' => match characters.next()? {
                '\\' => '\\',
                'n' => '\n',
                'r' => '\r',
                _ => return None,
            },
            '\r' => return None,
            other => other,
        });
    }
    let is_below = name.split('/').all(|part| !matches!(part, "" | "." | ".."));
    is_below.then_some(name)
}

/// A manifest and its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedManifest {
    pub(crate) manifest: Manifest,
    pub(crate) envelope: Envelope,
}

impl SignedManifest {
    /// The manifest. Nothing of it is verified before
    /// [`Verifier::verify_manifest`](crate::Verifier::verify_manifest).
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The signature.
    #[must_use]
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// The text of the manifest, then the armored envelope.
    ///
    /// # Errors
    /// [`SignError::Envelope`] if the envelope can't be written.
    pub fn to_text(&self) -> Result<String, SignError> {
        Ok(self.manifest.to_text() + &self.envelope.to_armor()?)
    }

    /// Whether these bytes begin like a signed manifest.
    #[must_use]
    pub fn is_one(bytes: &[u8]) -> bool {
        bytes.starts_with(FIRST_LINE.as_bytes())
    }

    /// Reads a signed manifest.
    ///
    /// # Errors
    /// [`SignError::Manifest`] or [`SignError::Envelope`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SignError> {
        if bytes.len() > Manifest::MAX_LEN {
            return Err(ManifestError::Length { found: bytes.len(), limit: Manifest::MAX_LEN }.into());
        }
        let text = std::str::from_utf8(bytes).map_err(|_| ManifestError::NotUtf8)?;
        let at = text.find(&format!("\n{ARMOR}")).ok_or(ManifestError::NoSignature)?;
        let (text, armor) = text.split_at_checked(at.saturating_add(1)).ok_or(ManifestError::NoSignature)?;
        let envelope = Envelope::from_bytes_or_armor(armor.as_bytes())?;
        Ok(Self { manifest: Manifest::from_text(text)?, envelope })
    }
}

/// The context of a manifest's signature.
pub(crate) fn context_for(context: &EncryptionContext) -> EncryptionContext {
    let mut context = context.clone();
    context.insert(CONTENT_KEY.to_owned(), CONTENT_VALUE.to_owned());
    context
}

pub(crate) fn context_without_mark(context: &EncryptionContext) -> EncryptionContext {
    let mut context = context.clone();
    context.remove(CONTENT_KEY);
    context
}

pub(crate) fn is_of_manifest(context: &EncryptionContext) -> bool {
    context.get(CONTENT_KEY).is_some_and(|value| value == CONTENT_VALUE)
}

pub(crate) fn check_caller_context(context: &EncryptionContext) -> Result<(), SignError> {
    match context.contains_key(CONTENT_KEY) {
        true => {
            Err(SignError::Usage("the context key waxseal-content tells directory trees from other content"))
        }
        false => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(entries: &[(&str, u8)]) -> Manifest {
        let mut manifest = Manifest::default();
        for (name, byte) in entries {
            let entry = Entry { kind: EntryKind::File, len: 3, digest: vec![*byte; DIGEST_LEN] };
            manifest.insert((*name).to_owned(), entry);
        }
        manifest
    }

    #[test]
    fn a_tree_has_one_text() {
        let names = ["b/c", "a b", "b", "\u{e4}\\n", "new\nline\r", "z\\"];
        let tree = manifest(&names.map(|name| (name, 1)));
        let text = tree.to_text();
        assert_eq!(text.lines().count(), 7);
        assert_eq!(Manifest::from_text(&text), Ok(tree));
        assert_eq!(Manifest::from_text("waxseal manifest 1\n"), Ok(Manifest::default()));
    }

    #[test]
    fn every_other_text_is_refused() {
        let text = manifest(&[("a", 0xab), ("b", 2)]).to_text();
        let read = |from: &str, to: &str| {
            assert!(text.contains(from), "{from:?}");
            Manifest::from_text(&text.replace(from, to)).unwrap_err()
        };
        assert_eq!(read("manifest 1", "manifest 2"), ManifestError::FirstLine);
        assert_eq!(read(" 3 a\n", " 3 c\n"), ManifestError::Order(3));
        assert_eq!(read(" 3 a\n", " 3 b\n"), ManifestError::Order(3));
        for (from, to) in [
            ("abab", "ABAB"),
            (" 3 a", " 03 a"),
            (" 3 a", " +3 a"),
            (" 3 a", " 3 /a"),
            ("file ab", "fifo ab"),
        ] {
            assert_eq!(read(from, to), ManifestError::Line(2), "{to:?}");
        }
        for name in ["..", "x/../y", "x//y", "./x", "a\\t", "a\\", ""] {
            assert_eq!(read(" 3 a\n", &format!(" 3 {name}\n")), ManifestError::Line(2), "{name:?}");
        }
        assert!(Manifest::from_text(text.trim_end()).is_err(), "the last line has an end");
        assert!(Manifest::from_text("").is_err());
    }

    #[test]
    fn differences_are_named_and_sorted() {
        let signed = manifest(&[("a", 1), ("b", 1), ("c", 1)]);
        let found = manifest(&[("a", 1), ("b", 2), ("aa", 1)]);
        let expected = [
            Difference::Extra("aa".into()),
            Difference::Changed("b".into()),
            Difference::Missing("c".into()),
        ];
        assert_eq!(signed.differences(&found), expected);
        assert!(signed.differences(&signed).is_empty());
    }
}
