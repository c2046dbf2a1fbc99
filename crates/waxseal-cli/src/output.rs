//! Where a message or a plaintext goes.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::cleanup::Cleanup;
use crate::failure::Failure;
use crate::temporary::{Publish, Readers, Temporary};

/// A file, or standard output.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Destination {
    Stdout,
    File(PathBuf),
}

/// How outputs are made.
#[derive(Clone, Copy)]
pub(crate) struct OutputRules<'a> {
    /// Existing files are replaced.
    pub(crate) force: bool,
    /// New files are put on the disk before they get their names.
    pub(crate) sync: bool,
    pub(crate) readers: Readers,
    pub(crate) cleanup: &'a Cleanup,
}

/// An open output. A file appears, or is replaced, only when it is finished.
pub(crate) struct Output(Kind);

enum Kind {
    /// Standard output, a device or a pipe: what is written is gone at once.
    Stream(File),
    File {
        temporary: Temporary,
        destination: PathBuf,
        publish: Publish,
        sync: bool,
    },
}

impl Output {
    /// Opens it. An existing file is left as it is until [`Output::finish`], and refused
    /// unless the rules allow to replace it.
    pub(crate) fn create(destination: &Destination, rules: OutputRules<'_>) -> Result<Self, Failure> {
        match destination {
            Destination::Stdout => stdout().map(|file| Self(Kind::Stream(file))).map_err(Failure::io),
            Destination::File(path) => {
                Self::create_file(path, rules).map_err(|failure| failure.about(path.display()))
            }
        }
    }

    fn create_file(path: &Path, rules: OutputRules<'_>) -> Result<Self, Failure> {
        let (destination, existing) = existing(path).map_err(Failure::io)?;
        let publish = match existing {
            None => Publish::New,
            Some(metadata) if metadata.is_dir() => return Err(refuse("is a directory")),
            Some(metadata) if !metadata.is_file() => return stream_to(&destination),
            Some(_) if !rules.force => return Err(refuse("exists; --force replaces it")),
            Some(metadata) => Publish::Replacing(metadata.permissions()),
        };
        let temporary = Temporary::create_in(directory_of(&destination), rules.readers, rules.cleanup);
        let temporary = temporary.map_err(Failure::io)?;
        Ok(Self(Kind::File { temporary, destination, publish, sync: rules.sync }))
    }

    /// Says that all is written and verified: a file takes its place now.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        match self.0 {
            Kind::Stream(mut file) => file.flush().map_err(Failure::io),
            Kind::File { temporary, destination, publish, sync } => temporary
                .publish(&destination, publish, sync)
                .map_err(|error| Failure::io(error).about(destination.display())),
        }
    }

    fn file(&mut self) -> &mut File {
        match &mut self.0 {
            Kind::Stream(file) => file,
            Kind::File { temporary, .. } => &mut temporary.file,
        }
    }
}

impl Write for Output {
    fn write(&mut self, input: &[u8]) -> io::Result<usize> {
        self.file().write(input)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

/// What stands at `path`, and where that is: behind all symbolic links, so that a link stays
/// one and the file that it leads to is replaced.
fn existing(path: &Path) -> io::Result<(PathBuf, Option<Metadata>)> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok((path.to_path_buf(), None)),
        Err(error) => Err(error),
        Ok(metadata) if metadata.is_symlink() => {
            let target = fs::canonicalize(path)?;
            let metadata = fs::metadata(&target)?;
            Ok((target, Some(metadata)))
        }
        Ok(metadata) => Ok((path.to_path_buf(), Some(metadata))),
    }
}

fn refuse(why: &'static str) -> Failure {
    Failure::io(io::Error::new(ErrorKind::AlreadyExists, why))
}

fn stream_to(path: &Path) -> Result<Output, Failure> {
    let opened = File::options().write(true).open(path);
    opened.map(|file| Output(Kind::Stream(file))).map_err(Failure::io)
}

pub(crate) fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Standard output without the line buffer of the standard library.
#[cfg(unix)]
pub(crate) fn stdout() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
pub(crate) fn stdout() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
}

impl std::fmt::Display for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stdout => f.write_str("standard output"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}
