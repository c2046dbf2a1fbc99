//! Where a message or a plaintext comes from.

use std::fs::{File, Metadata};
use std::io::{self, IoSliceMut, Read, Seek, SeekFrom};
use std::path::PathBuf;

use crate::failure::Failure;
use crate::progress::Progress;

/// A file, or standard input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    File(PathBuf),
}

impl Source {
    /// `-` is standard input.
    pub(crate) fn of(path: &std::path::Path) -> Self {
        if path.as_os_str() == "-" { Self::Stdin } else { Self::File(path.to_path_buf()) }
    }

    /// Opens it; what is read from it counts as progress.
    pub(crate) fn open<'p>(&self, progress: &'p Progress) -> Result<Input<'p>, Failure> {
        let opened = match self {
            Self::Stdin => stdin(),
            Self::File(path) => File::open(path),
        };
        opened.and_then(|file| Input::new(file, progress)).map_err(Failure::io)
    }

    /// The bytes that it has, if it is a regular file.
    pub(crate) fn len(&self) -> Option<u64> {
        match self {
            Self::Stdin => regular_len(&stdin().ok()?),
            // Opening could wait, for a pipe's writer.
            Self::File(path) => regular(&std::fs::metadata(path).ok()?),
        }
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Stdin => f.write_str("standard input"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Standard input without the buffer of the standard library, since all reads are large.
#[cfg(unix)]
pub(crate) fn stdin() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(io::stdin().as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
pub(crate) fn stdin() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(io::stdin().as_handle().try_clone_to_owned()?.into())
}

/// An open input.
pub(crate) struct Input<'p> {
    file: File,
    /// Bytes that were left when it was opened, if it is a regular file.
    len: Option<u64>,
    progress: &'p Progress,
}

impl<'p> Input<'p> {
    fn new(mut file: File, progress: &'p Progress) -> io::Result<Self> {
        let len = match regular_len(&file) {
            Some(len) => Some(len.saturating_sub(file.stream_position()?)),
            None => None,
        };
        Ok(Self { file, len, progress })
    }

    /// Bytes that it had when it was opened, if it is a regular file: such a one can seek.
    pub(crate) fn len(&self) -> Option<u64> {
        self.len
    }
}

fn regular_len(file: &File) -> Option<u64> {
    regular(&file.metadata().ok()?)
}

fn regular(metadata: &Metadata) -> Option<u64> {
    metadata.is_file().then_some(metadata.len())
}

impl Read for Input<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.read_vectored(&mut [IoSliceMut::new(out)])
    }

    /// Fills several places at once, as encryption asks for.
    fn read_vectored(&mut self, places: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let read = self.file.read_vectored(places)?;
        self.progress.advance(read as u64);
        Ok(read)
    }
}

impl Seek for Input<'_> {
    /// What is skipped counts as progress too.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if let SeekFrom::Current(distance) = to {
            self.progress.advance(distance.try_into().unwrap_or(0));
        }
        self.file.seek(to)
    }
}
