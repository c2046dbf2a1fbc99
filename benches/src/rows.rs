//! The rows of the report: what is measured, over which limit, and the target.

use std::io::{self, Read, Write};

use waxseal::{AlgorithmSuite, Client};

use crate::bare::{Bare, sha384};
use crate::timing::{Contestant, medians};
use crate::{SIGNED, UNSIGNED, plaintext};

pub(crate) type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

pub(crate) const MIB: usize = 1 << 20;

/// One line of the report.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name.
    pub name: String,
    /// Our figure, in MB/s (1e6 bytes).
    pub ours: f64,
    /// The limit, measured beside it, in MB/s.
    pub limit: f64,
    /// What the ratio should reach.
    pub target: f64,
}

impl Row {
    /// Ours over the limit.
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.ours / self.limit
    }
}

/// Every row, each over `rounds` interleaved rounds.
///
/// # Errors
/// What encryption or decryption gives.
pub fn all(client: &Client, rounds: usize) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    for (frame, target) in [(65_536, 0.8), (4096, 0.8)] {
        rows.push(seal(client, frame, rounds, target)?);
        rows.push(open(client, frame, rounds, target)?);
    }
    rows.push(signed(client, rounds)?);
    rows.push(stream_write(client, rounds)?);
    rows.push(stream_read(client, rounds)?);
    rows.extend(crate::async_rows::all(client, rounds)?);
    rows.push(crate::range_row::range(client, rounds)?);
    Ok(rows)
}

/// A 1 MiB loop is short: each round repeats it.
const REPEATS: usize = 32;

fn repeat(mut once: impl FnMut() -> Outcome<()>) -> Outcome<()> {
    (0..REPEATS).try_for_each(|_| once())
}

fn seal(client: &Client, frame: usize, rounds: usize, target: f64) -> Outcome<Row> {
    let input = plaintext(MIB);
    let libraries = Bare::all()?;
    let (mut out, mut message) = (vec![0; MIB], Vec::new());
    let mut out_too = vec![0; MIB];
    let [(first, bare), (second, bare_too)] = &libraries;
    let times = medians(
        rounds,
        &mut [
            Contestant::new(first, || repeat(|| Ok(bare.seal_frames(frame, &input, &mut out)?))),
            Contestant::new(second, || repeat(|| Ok(bare_too.seal_frames(frame, &input, &mut out_too)?))),
            Contestant::new("waxseal", || {
                repeat(|| {
                    let request = client.encrypt_into(&input, &mut message).suite(UNSIGNED);
                    request.frame_length(u32::try_from(frame)?).wait()?;
                    Ok(())
                })
            }),
        ],
    )?;
    row(format!("seal-1t-{}k", frame / 1024), MIB * REPEATS, &times, target)
}

fn open(client: &Client, frame: usize, rounds: usize, target: f64) -> Outcome<Row> {
    let input = plaintext(MIB);
    let libraries = Bare::all()?;
    let [(first, bare), (second, bare_too)] = &libraries;
    let (sealed, tags) = bare.sealed(frame, &input)?;
    let message = encrypted(client, UNSIGNED, frame, &input)?;
    let (mut out, mut out_too, mut opened) = (vec![0; MIB], vec![0; MIB], Vec::new());
    let times = medians(
        rounds,
        &mut [
            Contestant::new(first, || repeat(|| Ok(bare.open_frames(frame, &sealed, &tags, &mut out)?))),
            Contestant::new(second, || {
                repeat(|| Ok(bare_too.open_frames(frame, &sealed, &tags, &mut out_too)?))
            }),
            Contestant::new("waxseal", || {
                repeat(|| {
                    client.decrypt_into(&message, &mut opened).wait()?;
                    Ok(())
                })
            }),
        ],
    )?;
    row(format!("open-1t-{}k", frame / 1024), MIB * REPEATS, &times, target)
}

/// The limit of one thread that seals and hashes: 1 / (1 / AEAD + 1 / SHA-384).
fn signed(client: &Client, rounds: usize) -> Outcome<Row> {
    let len = 64 * MIB;
    let input = plaintext(len);
    let libraries = Bare::all()?;
    let [(first, bare), (second, bare_too)] = &libraries;
    let (mut out, mut out_too, mut message) = (vec![0; len], vec![0; len], Vec::new());
    let times = medians(
        rounds,
        &mut [
            Contestant::new(first, || Ok(bare.seal_frames(65_536, &input, &mut out)?)),
            Contestant::new(second, || Ok(bare_too.seal_frames(65_536, &input, &mut out_too)?)),
            Contestant::new("waxseal", || {
                client.encrypt_into(&input, &mut message).suite(SIGNED).frame_length(65_536).wait()?;
                Ok(())
            }),
            Contestant::new("SHA-384", || {
                std::hint::black_box(sha384(65_536, &input));
                Ok(())
            }),
        ],
    )?;
    let [first, second, ours, hash] = times[..] else { return Err("four contestants".into()) };
    let limit = rate(len, first.min(second) + hash);
    Ok(Row { name: "signed-1t".into(), ours: rate(len, ours), limit, target: 0.9 })
}

pub(crate) const STREAM: usize = 1024 * MIB;

/// Streams are held against the bare AEAD over one buffer of 64 KiB, again and again.
fn bare_stream(bare: &Bare, input: &[u8], out: &mut [u8]) -> Outcome<()> {
    (0..STREAM / input.len()).try_for_each(|_| Ok(bare.seal_frames(65_536, input, out)?))
}

fn stream_write(client: &Client, rounds: usize) -> Outcome<Row> {
    let input = plaintext(65_536);
    let libraries = Bare::all()?;
    let [(first, bare), (second, bare_too)] = &libraries;
    let (mut out, mut out_too) = (input.clone(), input.clone());
    let times = medians(
        rounds,
        &mut [
            Contestant::new(first, || bare_stream(bare, &input, &mut out)),
            Contestant::new(second, || bare_stream(bare_too, &input, &mut out_too)),
            Contestant::new("waxseal", || {
                let request = client.encrypt_writer(io::sink()).suite(UNSIGNED).frame_length(65_536);
                let mut writer = request.wait()?;
                (0..STREAM / input.len()).try_for_each(|_| writer.write_all(&input))?;
                writer.finish()?;
                Ok(())
            }),
        ],
    )?;
    row("stream-write-64k".into(), STREAM, &times, 0.75)
}

fn stream_read(client: &Client, rounds: usize) -> Outcome<Row> {
    let input = plaintext(65_536);
    let message = encrypted(client, UNSIGNED, 65_536, &plaintext(STREAM))?;
    let libraries = Bare::all()?;
    let [(first, bare), (second, bare_too)] = &libraries;
    let (mut out, mut out_too) = (input.clone(), input.clone());
    let mut buffer = vec![0; 65_536];
    let times = medians(
        rounds,
        &mut [
            Contestant::new(first, || bare_stream(bare, &input, &mut out)),
            Contestant::new(second, || bare_stream(bare_too, &input, &mut out_too)),
            Contestant::new("waxseal", || {
                let mut reader = client.decrypt_reader(message.as_slice()).wait()?;
                while reader.read(&mut buffer)? > 0 {}
                Ok(())
            }),
        ],
    )?;
    row("stream-read-64k".into(), STREAM, &times, 0.75)
}

pub(crate) fn encrypted(
    client: &Client,
    suite: &'static AlgorithmSuite,
    frame: usize,
    input: &[u8],
) -> Outcome<Vec<u8>> {
    let request = client.encrypt(input).suite(suite).frame_length(u32::try_from(frame)?);
    Ok(request.wait()?.message)
}

/// The faster of the two libraries is the limit.
fn row(name: String, bytes: usize, times: &[f64], target: f64) -> Outcome<Row> {
    let [first, second, ours] = times[..] else { return Err("three contestants".into()) };
    Ok(Row { name, ours: rate(bytes, ours), limit: rate(bytes, first.min(second)), target })
}

#[expect(clippy::cast_precision_loss, reason = "megabytes a second need no 53 bits")]
pub(crate) fn rate(bytes: usize, seconds: f64) -> f64 {
    bytes as f64 / 1e6 / seconds
}
