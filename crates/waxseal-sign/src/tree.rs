//! Reads a directory tree into a manifest. Symbolic links below its root are read, never followed.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use waxseal_crypto::CryptoProvider;

use crate::manifest::{Entry, EntryKind, Odd};
use crate::{ContentDigest, Difference, DigestKind, Manifest, SignError, TreeProblem};

/// Told of the bytes that were read, as they are.
pub type Progress<'p> = dyn FnMut(u64) + 'p;

impl Manifest {
    /// The manifest of the tree below `root`: a directory, or a symbolic link to one. Directories
    /// are in it by the files in them alone, permissions and times are not in it. Nobody else
    /// should write to the tree meanwhile.
    ///
    /// # Errors
    /// [`SignError::Tree`] names what can't be read: a name that is not UTF-8; what is neither
    /// a file, a directory nor a symbolic link; a file that changed meanwhile.
    pub fn of_tree(
        crypto: &CryptoProvider,
        root: &Path,
        progress: &mut Progress<'_>,
    ) -> Result<Self, SignError> {
        walk(crypto, root, progress, &mut |place, problem| Err(problem.at(place.path)))
    }

    /// How the tree below `root` differs from this manifest, sorted by name; nothing if it does
    /// not. What can't be signed or read is among the differences, and ends nothing.
    ///
    /// # Errors
    /// [`SignError::Tree`] if `root` itself can't be read.
    pub fn compare_tree(
        &self,
        crypto: &CryptoProvider,
        root: &Path,
        progress: &mut Progress<'_>,
    ) -> Result<Vec<Difference>, SignError> {
        let mut problems = BTreeMap::new();
        let found = walk(crypto, root, progress, &mut |place, problem| {
            let is_directory = fs::symlink_metadata(&place.path).is_ok_and(|found| found.is_dir());
            problems.insert(place.name, Odd { problem, is_directory });
            Ok(())
        })?;
        Ok(self.differences_with(&found, problems))
    }
}

/// Where something is, and its name below the root.
struct Place {
    path: PathBuf,
    /// With the replacement character for what is no text.
    name: String,
    is_text: bool,
}

/// What stands at a place.
enum Found {
    Directory(Vec<Place>),
    Entry(Entry),
}

/// The manifest of all that has a place in one; `on_problem` is told of the rest, and may end it.
fn walk(
    crypto: &CryptoProvider,
    root: &Path,
    progress: &mut Progress<'_>,
    on_problem: &mut dyn FnMut(Place, TreeProblem) -> Result<(), SignError>,
) -> Result<Manifest, SignError> {
    let mut manifest = Manifest::default();
    let mut waiting = children(root, "").map_err(|problem| problem.at(root.to_path_buf()))?;
    while let Some(place) = waiting.pop() {
        match look(crypto, &place, progress) {
            Ok(Found::Directory(children)) => waiting.extend(children),
            Ok(Found::Entry(entry)) => manifest.insert(place.name, entry),
            Err(problem) => on_problem(place, problem)?,
        }
    }
    Ok(manifest)
}

fn look(crypto: &CryptoProvider, place: &Place, progress: &mut Progress<'_>) -> Result<Found, TreeProblem> {
    if !place.is_text {
        return Err(TreeProblem::NotUtf8);
    }
    let found = fs::symlink_metadata(&place.path)?;
    if found.is_dir() {
        return children(&place.path, &format!("{}/", place.name)).map(Found::Directory);
    }
    let entry = match found.is_symlink() {
        true => link(crypto, &place.path),
        false => file(crypto, &place.path, &found, progress),
    };
    entry.map(Found::Entry)
}

/// What is in a directory.
fn children(directory: &Path, prefix: &str) -> Result<Vec<Place>, TreeProblem> {
    let mut children = Vec::new();
    for child in fs::read_dir(directory)? {
        let child = child?;
        let name = child.file_name();
        let is_text = name.to_str().is_some();
        let name = format!("{prefix}{}", name.to_string_lossy());
        children.push(Place { path: child.path(), name, is_text });
    }
    Ok(children)
}

fn file(
    crypto: &CryptoProvider,
    path: &Path,
    found: &Metadata,
    progress: &mut Progress<'_>,
) -> Result<Entry, TreeProblem> {
    if !found.is_file() {
        return Err(TreeProblem::Special);
    }
    let file = open(path)?;
    let opened = file.metadata()?;
    // Something else may have taken the name since it was looked at.
    if !same_file(found, &opened) {
        return Err(TreeProblem::Changed);
    }
    let content = ContentDigest::of_reader(crypto, DigestKind::Sha512, Counted { file, progress })?;
    if content.content_len() != opened.len() {
        return Err(TreeProblem::Changed);
    }
    Ok(of_content(EntryKind::File, &content))
}

/// Follows no link and waits for no pipe's writer, should one have taken the name.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?.into())
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

fn link(crypto: &CryptoProvider, path: &Path) -> Result<Entry, TreeProblem> {
    let target = fs::read_link(path)?;
    let target = target.to_str().ok_or(TreeProblem::NotUtf8)?;
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
