//! A file that appears at its destination whole, or not at all.
//!
//! On Linux it has no name until it is published (`O_TMPFILE`), so that even a run that is
//! killed leaves nothing. Where the system or the file system can't do that, it is a file
//! beside the destination, `.waxseal-XXXXXX.tmp`, removed on every way out but SIGKILL and a
//! crash of the system.

use std::fs::{File, Permissions};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::{Builder, TempPath};

use crate::cleanup::{Cleanup, Registration};

const PREFIX: &str = ".waxseal-";
const SUFFIX: &str = ".tmp";

/// Who may read a new file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Its owner: mode 0600.
    Owner,
    /// Whom the process's umask lets.
    Umask,
}

/// How a file takes its place.
#[derive(Debug)]
pub(crate) enum Publish {
    /// Only if nothing is there.
    New,
    /// In place of what is there, with these permissions.
    Replacing(Permissions),
}

/// A file on its way to a destination in the same directory.
pub(crate) struct Temporary {
    pub(crate) file: File,
    directory: PathBuf,
    name: Option<(TempPath, Registration)>,
}

impl Temporary {
    /// A new file in `directory`.
    pub(crate) fn create_in(directory: &Path, readers: Readers, cleanup: &Cleanup) -> io::Result<Self> {
        match unnamed(directory, readers) {
            Some(file) => Ok(Self { file, directory: directory.to_path_buf(), name: None }),
            None => Self::named_in(directory, readers, cleanup),
        }
    }

    fn named_in(directory: &Path, readers: Readers, cleanup: &Cleanup) -> io::Result<Self> {
        let create = || {
            let mut builder = Builder::new();
            set_mode(builder.prefix(PREFIX).suffix(SUFFIX), readers).tempfile_in(directory)
        };
        let (named, registration) = cleanup.create(create, |named| named.path())?;
        let (file, path) = named.into_parts();
        Ok(Self { file, directory: directory.to_path_buf(), name: Some((path, registration)) })
    }

    /// Gives the file its name. What it replaces, if anything, is replaced in one step, and
    /// only once the new bytes are on the disk; with `sync` they are there in any case.
    pub(crate) fn publish(self, destination: &Path, publish: Publish, sync: bool) -> io::Result<()> {
        let replacing = matches!(publish, Publish::Replacing(_));
        if let Publish::Replacing(permissions) = publish {
            self.file.set_permissions(permissions)?;
        }
        if sync || replacing {
            self.file.sync_all()?;
        }
        match self.name {
            Some((path, _registration)) => rename(path, destination, replacing)?,
            None if replacing => {
                let name = Builder::new()
                    .prefix(PREFIX)
                    .suffix(SUFFIX)
                    .make_in(&self.directory, |path| link(&self.file, path))?;
                rename(name.into_temp_path(), destination, replacing)?;
            }
            None => link(&self.file, destination)?,
        }
        if sync || replacing { sync_directory(&self.directory) } else { Ok(()) }
    }
}

fn rename(path: TempPath, destination: &Path, replacing: bool) -> io::Result<()> {
    let result = if replacing { path.persist(destination) } else { path.persist_noclobber(destination) };
    result.map_err(|error| error.error)
}

#[cfg(unix)]
fn set_mode<'b, 'p, 's>(builder: &'b mut Builder<'p, 's>, readers: Readers) -> &'b mut Builder<'p, 's> {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(Permissions::from_mode(mode(readers)))
}

#[cfg(not(unix))]
fn set_mode<'b, 'p, 's>(builder: &'b mut Builder<'p, 's>, _readers: Readers) -> &'b mut Builder<'p, 's> {
    builder
}

/// The mode that a file is opened with; the system takes the umask's bits away.
#[cfg(unix)]
fn mode(readers: Readers) -> u32 {
    match readers {
        Readers::Owner => 0o600,
        Readers::Umask => 0o666,
    }
}

/// A file without a name, where there is such a thing and it can get one later.
#[cfg(target_os = "linux")]
fn unnamed(directory: &Path, readers: Readers) -> Option<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
    let file = rustix::fs::open(directory, flags, Mode::from_raw_mode(mode(readers))).ok().map(File::from)?;
    proc_path(&file).exists().then_some(file)
}

#[cfg(not(target_os = "linux"))]
fn unnamed(_directory: &Path, _readers: Readers) -> Option<File> {
    None
}

/// Fails if something stands at `path`.
#[cfg(target_os = "linux")]
fn link(file: &File, path: &Path) -> io::Result<()> {
    use rustix::fs::{AtFlags, CWD};
    Ok(rustix::fs::linkat(CWD, proc_path(file), CWD, path, AtFlags::SYMLINK_FOLLOW)?)
}

#[cfg(not(target_os = "linux"))]
fn link(_file: &File, _path: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(target_os = "linux")]
fn proc_path(file: &File) -> PathBuf {
    use std::os::fd::AsRawFd;
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

/// Puts the directory's entries on the disk, where directories can be opened.
#[cfg(unix)]
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
pub(crate) fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::*;

    type Make = fn(&Path, Readers, &Cleanup) -> io::Result<Temporary>;

    /// Both kinds, each in a directory of its own.
    fn each(test: impl Fn(&Path, Make)) {
        for make in [Temporary::create_in as Make, Temporary::named_in] {
            test(tempfile::tempdir().unwrap().path(), make);
        }
    }

    fn written(make: Make, directory: &Path) -> Temporary {
        let mut temporary = make(directory, Readers::Owner, &Cleanup::default()).unwrap();
        temporary.file.write_all(b"new").unwrap();
        temporary
    }

    fn names(directory: &Path) -> Vec<String> {
        fs::read_dir(directory)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn dropped_it_leaves_nothing() {
        each(|directory, make| {
            drop(written(make, directory));
            assert!(names(directory).is_empty());
        });
    }

    #[test]
    fn published_it_is_there_alone() {
        each(|directory, make| {
            for sync in [false, true] {
                let destination = directory.join("out");
                written(make, directory).publish(&destination, Publish::New, sync).unwrap();
                assert_eq!(names(directory), ["out"]);
                assert_eq!(fs::read(&destination).unwrap(), b"new");
                fs::remove_file(destination).unwrap();
            }
        });
    }

    #[test]
    fn what_appeared_meanwhile_is_not_replaced() {
        each(|directory, make| {
            let destination = directory.join("out");
            let temporary = written(make, directory);
            fs::write(&destination, b"old").unwrap();
            let error = temporary.publish(&destination, Publish::New, false).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
            assert_eq!(names(directory), ["out"]);
            assert_eq!(fs::read(&destination).unwrap(), b"old");
        });
    }

    #[test]
    fn replacing_gives_the_permissions_asked_for() {
        each(|directory, make| {
            let destination = directory.join("out");
            fs::write(&destination, b"old").unwrap();
            let mut permissions = fs::metadata(&destination).unwrap().permissions();
            permissions.set_readonly(true);
            let publish = Publish::Replacing(permissions.clone());
            written(make, directory).publish(&destination, publish, false).unwrap();
            assert_eq!(names(directory), ["out"]);
            assert_eq!(fs::read(&destination).unwrap(), b"new");
            assert_eq!(fs::metadata(&destination).unwrap().permissions(), permissions);
        });
    }

    #[cfg(unix)]
    #[test]
    fn only_the_owner_reads_what_is_his() {
        use std::os::unix::fs::PermissionsExt;
        each(|directory, make| {
            let mode = |readers| {
                let temporary = make(directory, readers, &Cleanup::default()).unwrap();
                temporary.file.metadata().unwrap().permissions().mode() & 0o777
            };
            assert_eq!(mode(Readers::Owner), 0o600);
            fs::write(directory.join("usual"), b"").unwrap();
            let usual = fs::metadata(directory.join("usual")).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(Readers::Umask), usual);
        });
    }
}
