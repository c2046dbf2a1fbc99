//! A file as a source of ranges, which counts the bytes that are read.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use waxseal::aio::RangeSource;
use waxseal::async_trait;

/// An open file, and a counter of the bytes that were read from it. It stays the same file
/// when another one gets its name. Any number of tasks may share its clones.
#[derive(Clone, Debug)]
pub struct CountedFile {
    file: Arc<Mutex<File>>,
    fetched: Arc<AtomicU64>,
}

impl CountedFile {
    /// Opens the file; reads are added to `fetched`, in bytes.
    ///
    /// # Errors
    /// What opening gives.
    pub fn open(path: &Path, fetched: Arc<AtomicU64>) -> io::Result<Self> {
        Ok(Self { file: Arc::new(Mutex::new(File::open(path)?)), fetched })
    }

    /// Does `work` with the file on a thread for work that blocks, as all of a file's does.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut File) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let file = Arc::clone(&self.file);
        let run = move || work(&mut file.lock().unwrap_or_else(PoisonError::into_inner));
        tokio::task::spawn_blocking(run).await?
    }
}

#[async_trait]
impl RangeSource for CountedFile {
    async fn size(&self) -> io::Result<u64> {
        self.blocking(|file| Ok(file.metadata()?.len())).await
    }

    async fn read(&self, range: Range<u64>) -> io::Result<Bytes> {
        let bytes = self.blocking(move |file| read_at(file, &range)).await?;
        self.fetched.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        Ok(bytes.into())
    }
}

fn read_at(file: &mut File, range: &Range<u64>) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(range.start))?;
    let mut bytes = Vec::new();
    file.take(range.end.saturating_sub(range.start)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
