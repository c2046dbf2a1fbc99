//! How much memory a stream of 1 GiB takes: measured in a process of its own, since the system
//! counts the most that a process ever held.

use std::io;
use std::process::Command;

use waxseal::Client;

use super::streams;
use super::{Outcome, STREAM};
use crate::{UNSIGNED, plaintext};

const FRAME: usize = 65_536;

/// The growth of another process that runs this one stream; `None` where the system doesn't say.
pub(super) fn growth_of(stream: &str) -> Outcome<Option<u64>> {
    let output = Command::new(std::env::current_exe()?).args(["--growth", stream]).output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse().ok())
}

/// Streams a gigabyte, after a short message to warm up; returns the bytes that memory grew by.
///
/// # Errors
/// What the stream gives, and a stream that has no such name.
pub fn grow(client: &Client, stream: &str) -> Outcome<Option<u64>> {
    let (piece, mut buffer) = (plaintext(FRAME), vec![0; 4 * FRAME]);
    client.decrypt(&client.encrypt(&piece).wait()?.message).wait()?;
    let before = high_water_mark();
    match stream {
        "stream-write-64k" => streams::encrypt(client, &piece)?,
        "stream-read-64k" => {
            let endless = io::Read::take(io::repeat(1), STREAM as u64);
            let request = client.encrypt_reader(endless).suite(UNSIGNED);
            let source = request.frame_length(u32::try_from(FRAME)?).wait()?;
            streams::decrypt(client, source, &mut buffer)?;
        }
        _ => return Err("no such stream".into()),
    }
    Ok(before.zip(high_water_mark()).map(|(before, after)| after.saturating_sub(before)))
}

/// The most memory that this process has held, in bytes.
fn high_water_mark() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
}
