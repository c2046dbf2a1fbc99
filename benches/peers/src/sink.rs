//! Where a stream goes.

use std::fs::File;
use std::io::{self, IoSlice, Write};

/// Counts what is written; keeps it in a file, or not.
#[derive(Debug)]
pub struct Sink {
    file: Option<File>,
    count: u64,
}

impl Sink {
    /// A sink to the file of this name; `-` for none.
    ///
    /// # Errors
    /// If the file can't be made.
    pub fn new(file: &str) -> io::Result<Self> {
        let file = if file == "-" { None } else { Some(File::create(file)?) };
        Ok(Self { file, count: 0 })
    }

    /// How many bytes came.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, parts: &[IoSlice<'_>]) -> io::Result<usize> {
        let written = match &mut self.file {
            Some(file) => file.write_vectored(parts)?,
            None => parts.iter().map(|part| part.len()).sum(),
        };
        self.count = self.count.saturating_add(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
