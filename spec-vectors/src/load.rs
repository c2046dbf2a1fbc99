//! From a path to the sets of cases that it holds.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::case::Case;
use crate::forms;
use crate::source::{Base, Source};

/// The cases of one manifest.
#[derive(Debug)]
pub struct CaseSet {
    /// Where the manifest stands.
    pub label: String,
    /// What its tests are about.
    pub level: Level,
    /// Its tests.
    pub cases: Vec<Case>,
}

/// What the tests of a manifest are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Whole messages.
    Messages,
    /// Encrypted data keys without messages.
    DataKeys,
}

/// Manifests for folders of published files that have none: a file by which such a folder is
/// known, and the manifest that belongs beside it.
const BUILTIN_MANIFESTS: &[(&str, &str)] = &[
    ("v1_nonframed_aes256_0178.bin", include_str!("builtin/nonframed-fixtures.json")),
    ("ciphertext/raw_aes/ciphertext-data-empty.ct", include_str!("builtin/perf-ciphertexts.json")),
];

/// The sets of a manifest, or of all the manifests in a folder or a zip. Zips inside a folder
/// are opened too.
///
/// # Errors
/// If the path can't be read, if a manifest can't, or if there is none.
pub fn load(path: &Path) -> Result<Vec<CaseSet>> {
    let sets = if path.is_dir() || is_zip(path)? { load_all(path)? } else { load_one(path)? };
    if sets.is_empty() {
        bail!("{}: no manifest that is known here", path.display());
    }
    Ok(sets)
}

/// The sets of [`load`] that are about data keys alone.
///
/// # Errors
/// As [`load`]; also if no manifest is about data keys.
pub fn load_data_keys(path: &Path) -> Result<Vec<CaseSet>> {
    let mut sets = load(path)?;
    sets.retain(|set| set.level == Level::DataKeys);
    if sets.is_empty() {
        bail!("{}: no manifest of data keys without messages; `decrypt` runs messages", path.display());
    }
    Ok(sets)
}

fn is_zip(path: &Path) -> Result<bool> {
    let file = fs::File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut start = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(file, 4), &mut start)?;
    Ok(start.starts_with(b"PK"))
}

fn load_one(path: &Path) -> Result<Vec<CaseSet>> {
    let name = path.file_name().context("a path without a file name")?.to_string_lossy();
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // The file's own folder may lie below the one that its references are relative to.
    let folder = fs::canonicalize(folder)?;
    let above = folder.parent().unwrap_or(&folder);
    let inside = folder.strip_prefix(above)?.join(&*name);
    let source = Source::open(above)?;
    let set = load_manifest(&source, &inside.to_string_lossy(), path.display().to_string())?;
    Ok(set.into_iter().collect())
}

fn load_all(path: &Path) -> Result<Vec<CaseSet>> {
    let source = Source::open(path)?;
    let mut sets = Vec::new();
    for name in source.names()? {
        let label = format!("{}/{name}", path.display());
        if name.ends_with(".json") || name.ends_with(".manifest") {
            sets.extend(load_manifest(&source, &name, label)?);
        } else if name.ends_with(".zip") && matches!(source, Source::Folder(_)) {
            sets.extend(load_all(&path.join(&name))?);
        } else {
            sets.extend(load_builtin(&source, &name, path)?);
        }
    }
    Ok(sets)
}

/// The set of the document `name`, if it is a manifest.
fn load_manifest(source: &Source, name: &str, label: String) -> Result<Option<CaseSet>> {
    let document: Value =
        serde_json::from_slice(&source.read(name)?).with_context(|| format!("{label}: not JSON"))?;
    let cases = forms::cases(&document, Base::of(source, name)).with_context(|| label.clone())?;
    Ok(cases.map(|cases| CaseSet { label, level: forms::level(&document), cases }))
}

/// The set of a folder by which there is no manifest, if `name` is the file by which it is known.
fn load_builtin(source: &Source, name: &str, path: &Path) -> Result<Option<CaseSet>> {
    let path_ends = |mark: &str| name == mark || name.ends_with(&format!("/{mark}"));
    let Some((mark, manifest)) = BUILTIN_MANIFESTS.iter().find(|(mark, _)| path_ends(mark)) else {
        return Ok(None);
    };
    let folder = name.strip_suffix(mark).unwrap_or_default();
    let document = serde_json::from_str(manifest)?;
    let cases = forms::cases(&document, Base::of(source, folder))?;
    let label = format!("{}/{folder}", path.display());
    Ok(cases.map(|cases| CaseSet { label, level: Level::Messages, cases }))
}
