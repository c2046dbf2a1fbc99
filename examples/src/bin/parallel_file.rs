//! Seals and opens a large file with several threads.
//!
//! `cargo run -p waxseal-examples --bin parallel_file`
//!
//! Frames are independent of each other, so a message of many frames is work for many cores:
//! `.threads(n)` on any synchronous request. What comes out is the same as with one thread, to the byte
//! but for what is random: any SDK opens it, frames leave in order and each after its tag verified, and
//! a changed file is refused with the same error. Memory stays small: two batches of 256 KiB for each
//! thread. The program seals 48 MiB with one thread and with all, opens each with the other, compares
//! the bytes, and prints the times. How much faster it gets is up to the machine, and to the disk.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, ensure};
use waxseal::parallel::Threads;
use waxseal::{Client, ErrorClass};
use waxseal_examples::{client, sample};

const MIB: usize = 1 << 20;
const LEN: usize = 48 * MIB;

/// Larger frames than the default of 4 KiB: fewer tags, and less to do between them.
const FRAME: u32 = 64 << 10;

fn main() -> anyhow::Result<()> {
    let (client, directory) = (client()?, tempfile::tempdir()?);
    let path = |name: &str| directory.path().join(name);
    fs::write(path("plain"), sample(LEN))?;
    let all = Threads::available().count().max(2);

    for threads in [1, all] {
        let sealed = path(&format!("sealed-by-{threads}"));
        timed("sealed", threads, || seal(&client, &path("plain"), &sealed, threads))?;
    }
    for (sealed_by, threads) in [(1, all), (all, 1), (all, all)] {
        let sealed = path(&format!("sealed-by-{sealed_by}"));
        timed("opened", threads, || open(&client, &sealed, &path("copy"), threads))?;
        ensure!(is_same(&path("plain"), &path("copy"))?, "other bytes came back");
    }
    println!("each opened what the other had sealed, and all bytes are the same");
    changed(&client, &path(&format!("sealed-by-{all}")), all)
}

fn seal(client: &Client, plain: &Path, sealed: &Path, threads: usize) -> anyhow::Result<()> {
    let sink = File::create(sealed)?;
    let mut writer = client.encrypt_writer(sink).frame_length(FRAME).threads(threads).wait()?;
    io::copy(&mut File::open(plain)?, &mut writer)?;
    // The last frame is written here: a writer that is dropped leaves a message without end.
    writer.finish()?;
    Ok(())
}

fn open(client: &Client, sealed: &Path, plain: &Path, threads: usize) -> anyhow::Result<()> {
    let mut reader = client.decrypt_reader(File::open(sealed)?).threads(threads).wait()?;
    io::copy(&mut reader, &mut File::create(plain)?)?;
    Ok(())
}

fn timed(what: &str, threads: usize, work: impl FnOnce() -> anyhow::Result<()>) -> anyhow::Result<()> {
    let start = Instant::now();
    work()?;
    println!("{what} {} MiB in {:?}, threads: {threads}", LEN / MIB, start.elapsed());
    Ok(())
}

/// Compares by the megabyte.
fn is_same(one: &Path, two: &Path) -> io::Result<bool> {
    let (one, two) = (File::open(one)?, File::open(two)?);
    loop {
        let (mut left, mut right) = (Vec::new(), Vec::new());
        (&one).take(MIB as u64).read_to_end(&mut left)?;
        (&two).take(MIB as u64).read_to_end(&mut right)?;
        if left != right || left.is_empty() {
            return Ok(left == right);
        }
    }
}

/// One bit in the middle: what was before it comes out, it and what is behind it never do.
fn changed(client: &Client, sealed: &Path, threads: usize) -> anyhow::Result<()> {
    flip(sealed, LEN as u64 / 2)?;
    let mut reader = client.decrypt_reader(File::open(sealed)?).threads(threads).wait()?;
    let mut out = Vec::new();
    let error = reader.read_to_end(&mut out).err().context("a changed file opened")?;
    let class = waxseal::Error::behind(&error).map(waxseal::Error::class);
    ensure!(class == Some(ErrorClass::BodyTag), "refused for another reason: {error}");
    ensure!(out.len() <= LEN / 2, "bytes from behind the change came out");
    println!("with one bit changed: {error}, after {} of {LEN} bytes", out.len());
    Ok(())
}

fn flip(path: &Path, at: u64) -> io::Result<()> {
    let mut file = File::options().read(true).write(true).open(path)?;
    let mut byte = [0];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut byte)?;
    file.seek(SeekFrom::Start(at))?;
    file.write_all(&[byte[0] ^ 1])
}
