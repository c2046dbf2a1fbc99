//! Reads a few bytes in the middle of a large encrypted file.
//!
//! `cargo run -p waxseal-examples --bin file_range`
//!
//! A backup of 16 MiB lies encrypted on the disk, and 1000 bytes of it are wanted. The synchronous
//! reader is a `Read` and `Seek` over the plaintext. The asynchronous one takes whatever answers
//! "bytes a..b", here a file. Both read the header and the end of the message when they are
//! opened, and then only the frames that hold what was asked for. The program counts the bytes,
//! and changes one of the file to show that only frames that verify are given out.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, ensure};
use waxseal::{Client, ErrorClass};
use waxseal_examples::{CountedFile, client, sample};

const LEN: usize = 16 << 20;
const FRAME: u32 = 4096;
const WANTED: Range<u64> = 10_000_000..10_001_000;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (directory, client, plain) = (tempfile::tempdir()?, client()?, sample(LEN));
    let path = directory.path().join("backup.waxseal");
    fs::write(&path, client.encrypt(&plain).frame_length(FRAME).wait()?.message)?;
    let expected = plain.get(10_000_000..10_001_000).context("the sample is too short")?;
    println!("the message has {} bytes; asked for: {WANTED:?}", fs::metadata(&path)?.len());
    synchronous(&client, &path, expected)?;
    asynchronous(&client, &path, expected).await?;
    changed(&client, &path)
}

fn synchronous(client: &Client, path: &Path, expected: &[u8]) -> anyhow::Result<()> {
    let mut reader = client.decrypt_range(File::open(path)?).wait()?;
    let cost = reader.message_range(&WANTED);
    reader.seek(SeekFrom::Start(WANTED.start))?;
    let mut found = vec![0; expected.len()];
    reader.read_exact(&mut found)?;
    ensure!(found == expected, "other bytes came back");
    println!(
        "synchronous: {} bytes of {}, from bytes {cost:?} of the file",
        found.len(),
        reader.plaintext_len()
    );
    Ok(())
}

async fn asynchronous(client: &Client, path: &Path, expected: &[u8]) -> anyhow::Result<()> {
    let counter = Arc::<AtomicU64>::default();
    let file = CountedFile::open(path, Arc::clone(&counter))?;
    let reader = client.aio().decrypt_range(file).await?;
    println!("asynchronous: {} bytes were read to open it", counter.swap(0, Ordering::Relaxed));
    let found = reader.read_range(WANTED).await?;
    ensure!(found == expected, "other bytes came back");
    let (cost, fetched) = (reader.message_range(&WANTED), counter.swap(0, Ordering::Relaxed));
    println!("asynchronous: {} bytes of {}, for {fetched} read", found.len(), reader.plaintext_len());
    ensure!(fetched == cost.end - cost.start, "the cost is another one than was said");
    ensure!(fetched <= 2 * u64::from(FRAME + 32), "1000 bytes lie in two frames at most");
    Ok(())
}

/// One bit of one frame: that frame is refused, and the others are as good as before.
fn changed(client: &Client, path: &Path) -> anyhow::Result<()> {
    let mut message = fs::read(path)?;
    let at = client.decrypt_range(File::open(path)?).wait()?.message_range(&WANTED).start + 100;
    *message.get_mut(usize::try_from(at)?).context("no such byte")? ^= 1;
    fs::write(path, message)?;
    let mut reader = client.decrypt_range(File::open(path)?).wait()?;
    let refused = reader.read_range(WANTED).err().context("a changed frame was given out")?;
    ensure!(refused.class() == ErrorClass::BodyTag, "refused for another reason: {refused}");
    println!("with one bit changed: {refused}");
    reader.read_range(0..1000)?;
    Ok(())
}
