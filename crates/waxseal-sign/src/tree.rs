//! Reads a directory tree into a manifest. Symbolic links are read, never followed.

use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use waxseal_crypto::CryptoProvider;

use crate::manifest::{Entry, EntryKind};
use crate::{ContentDigest, DigestKind, Manifest, SignError, TreeProblem};

/// Told of the bytes that were read, as they are.
pub type Progress<'p> = dyn FnMut(u64) + 'p;

impl Manifest {
    /// The manifest of the tree below `root`, which is a directory. Directories are in it by
    /// the files in them alone, permissions and times are not in it.
    ///
    /// # Errors
    /// [`SignError::Tree`] names what can't be read: a name that is not UTF-8; what is neither
    /// a file, a directory nor a symbolic link; a file that changed meanwhile.
    pub fn of_tree(
        crypto: &CryptoProvider,
        root: &Path,
        progress: &mut Progress<'_>,
    ) -> Result<Self, SignError> {
        let mut manifest = Self::default();
        let mut waiting = vec![(root.to_path_buf(), String::new())];
        while let Some((directory, prefix)) = waiting.pop() {
            for (path, name) in children(&directory, &prefix)? {
                let found = fs::symlink_metadata(&path).map_err(|error| io_at(&path, error))?;
                if found.is_dir() {
                    waiting.push((path, format!("{name}/")));
                } else {
                    manifest.insert(name, entry(crypto, &path, &found, progress)?);
                }
            }
        }
        Ok(manifest)
    }
}

/// What is in a directory, with its name below the root.
fn children(directory: &Path, prefix: &str) -> Result<Vec<(PathBuf, String)>, SignError> {
    let at = |error| io_at(directory, error);
    let mut children = Vec::new();
    for child in fs::read_dir(directory).map_err(at)? {
        let path = child.map_err(at)?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| problem(&path, TreeProblem::NotUtf8))?;
        let name = format!("{prefix}{name}");
        children.push((path, name));
    }
    Ok(children)
}

fn entry(
    crypto: &CryptoProvider,
    path: &Path,
    found: &Metadata,
    progress: &mut Progress<'_>,
) -> Result<Entry, SignError> {
    if found.is_symlink() {
        return link(crypto, path);
    }
    if !found.is_file() {
        return Err(problem(path, TreeProblem::Special));
    }
    let file = File::open(path).map_err(|error| io_at(path, error))?;
    let opened = file.metadata().map_err(|error| io_at(path, error))?;
    // Something else may have taken the name since it was looked at.
    if !same_file(found, &opened) {
        return Err(problem(path, TreeProblem::Changed));
    }
    let content = ContentDigest::of_reader(crypto, DigestKind::Sha512, Counted { file, progress });
    let content = content.map_err(|error| io_at(path, error))?;
    if content.content_len() != opened.len() {
        return Err(problem(path, TreeProblem::Changed));
    }
    Ok(of_content(EntryKind::File, &content))
}

fn link(crypto: &CryptoProvider, path: &Path) -> Result<Entry, SignError> {
    let target = fs::read_link(path).map_err(|error| io_at(path, error))?;
    let target = target.to_str().ok_or_else(|| problem(path, TreeProblem::NotUtf8))?;
    let content = ContentDigest::of(crypto, DigestKind::Sha512, target.as_bytes());
    Ok(of_content(EntryKind::Link, &content))
}

fn of_content(kind: EntryKind, content: &ContentDigest) -> Entry {
    Entry { kind, len: content.content_len(), digest: content.bytes().to_vec() }
}

#[cfg(unix)]
fn same_file(found: &Metadata, opened: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (found.dev(), found.ino()) == (opened.dev(), opened.ino())
}

#[cfg(not(unix))]
fn same_file(_found: &Metadata, opened: &Metadata) -> bool {
    opened.is_file()
}

fn io_at(path: &Path, error: io::Error) -> SignError {
    problem(path, TreeProblem::Io(error))
}

fn problem(path: &Path, problem: TreeProblem) -> SignError {
    SignError::Tree { path: path.to_path_buf(), problem }
}

struct Counted<'c, 'p> {
    file: File,
    progress: &'c mut Progress<'p>,
}

impl Read for Counted<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(out)?;
        (self.progress)(read as u64);
        Ok(read)
    }
}
