//! Where the files of a set come from: a folder or a zip.

use std::cell::RefCell;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use zip::ZipArchive;

/// A folder or a zip. Names of files are relative to its root, with `/` between their parts.
#[derive(Debug)]
pub enum Source {
    /// The folder at this path.
    Folder(PathBuf),
    /// An opened zip.
    Zip(RefCell<ZipArchive<BufReader<File>>>),
}

impl Source {
    /// Opens a folder or a zip.
    ///
    /// # Errors
    /// If it can't be read, or is neither.
    pub fn open(path: &Path) -> Result<Self> {
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        let file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let archive = ZipArchive::new(BufReader::new(file))
            .with_context(|| format!("{} is neither a folder nor a zip", path.display()))?;
        Ok(Self::Zip(RefCell::new(archive)))
    }

    /// The names of all files, sorted.
    ///
    /// # Errors
    /// If a folder can't be listed.
    pub fn names(&self) -> Result<Vec<String>> {
        let mut names = Vec::new();
        match self {
            Self::Folder(root) => list(root, "", &mut names)?,
            Self::Zip(archive) => {
                for name in archive.borrow().file_names() {
                    names.push(name.context("a name in the zip can't be read")?.into_owned());
                }
            }
        }
        names.sort();
        Ok(names)
    }

    /// The bytes of a file.
    ///
    /// # Errors
    /// If it is not there or can't be read.
    pub fn read(&self, name: &str) -> Result<Vec<u8>> {
        match self {
            Self::Folder(root) => {
                fs::read(root.join(name)).with_context(|| format!("cannot read {name} in {}", root.display()))
            }
            Self::Zip(archive) => {
                let mut archive = archive.borrow_mut();
                let mut file = archive.by_name(name).with_context(|| format!("no {name} in the zip"))?;
                let mut bytes = Vec::new();
                file.read_to_end(&mut bytes).with_context(|| format!("cannot unpack {name}"))?;
                Ok(bytes)
            }
        }
    }
}

fn list(folder: &Path, prefix: &str, names: &mut Vec<String>) -> Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            list(&entry.path(), &format!("{name}/"), names)?;
        } else {
            names.push(name);
        }
    }
    Ok(())
}

/// A place inside a source: references of a manifest are relative to it.
#[derive(Clone, Copy, Debug)]
pub struct Base<'a> {
    source: &'a Source,
    folder: &'a str,
}

impl<'a> Base<'a> {
    /// The folder that holds the file `name`.
    #[must_use]
    pub fn of(source: &'a Source, name: &'a str) -> Self {
        Self { source, folder: parent(name) }
    }

    /// The folder above this one.
    #[must_use]
    pub fn up(self) -> Self {
        Self { folder: parent(self.folder), ..self }
    }

    /// The file that a reference means: a path, or the same behind `file://`.
    ///
    /// # Errors
    /// If it is not there or can't be read.
    pub fn read(&self, reference: &str) -> Result<Vec<u8>> {
        let path = reference.strip_prefix("file://").unwrap_or(reference);
        self.source.read(&join(self.folder, path))
    }
}

fn parent(name: &str) -> &str {
    name.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// `path` as seen from `folder`, without `.` and, as far as can be, without `..`.
fn join(folder: &str, path: &str) -> String {
    let absolute = path.starts_with('/');
    let start = if absolute { "" } else { folder };
    let mut parts: Vec<&str> = Vec::new();
    for part in start.split('/').chain(path.split('/')).filter(|part| !part.is_empty() && *part != ".") {
        match (part, parts.last()) {
            ("..", Some(last)) if *last != ".." => drop(parts.pop()),
            _ => parts.push(part),
        }
    }
    format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_relative_to_the_manifest() {
        assert_eq!(parent("a/b/manifest.json"), "a/b");
        assert_eq!(parent("manifest.json"), "");
        assert_eq!(join("", "keys.json"), "keys.json");
        assert_eq!(join("a/b", "./c//keys.json"), "a/b/c/keys.json");
        assert_eq!(join("a/b", "../keys.json"), "a/keys.json");
        assert_eq!(join("a", "../../keys.json"), "../keys.json");
        assert_eq!(join("a", "/keys.json"), "/keys.json");
    }
}
