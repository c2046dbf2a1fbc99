//! Random ranges of a message in a file, over the same reads of the plain file and the bare
//! AEAD of the frames that they touch.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};

use waxseal::Client;

use super::{MIB, Outcome, Row, rate};
use crate::bare::Bare;
use crate::timing::{Clock, Contestant, Rounds, seconds};
use crate::{UNSIGNED, plaintext};

const LEN: usize = 1024 * MIB;
const FRAME: usize = 4096;
const RANGE: usize = 4096;
const READS: usize = 10_000;

/// 10,000 random ranges of 4 KiB of 1 GiB in 4 KiB frames: each touches two frames, or one.
pub(super) fn all(client: &Client, rounds: Rounds) -> Outcome<Vec<Row>> {
    let (mut plain, mut sealed) = (tempfile::tempfile()?, tempfile::tempfile()?);
    fill(client, &mut plain, &mut sealed)?;
    let starts: Vec<u64> = starts().take(READS).collect();
    let mut reader = client.decrypt_range(sealed).wait()?;
    let libraries = Bare::all()?;
    let [(first, bare), (second, bare_too)] = &libraries;
    let (frames, tags) = bare.sealed(FRAME, &plaintext(2 * FRAME))?;
    let (mut opened, mut opened_too, mut buffer) = (vec![0; 2 * FRAME], vec![0; 2 * FRAME], vec![0; RANGE]);
    let bare_reads = |bare: &Bare, opened: &mut [u8]| {
        starts.iter().try_for_each(|start| {
            let touched = if start.is_multiple_of(FRAME as u64) { FRAME } else { 2 * FRAME };
            let (frames, opened) = (frames.get(..touched), opened.get_mut(..touched));
            bare.open_frames(FRAME, frames.unwrap_or_default(), &tags, opened.unwrap_or_default())
        })
    };
    let times = seconds(
        rounds,
        Clock::Thread,
        &mut [
            Contestant::new(first, || Ok(bare_reads(bare, &mut opened)?)),
            Contestant::new(second, || Ok(bare_reads(bare_too, &mut opened_too)?)),
            Contestant::new("plain file", || {
                for start in &starts {
                    plain.seek(SeekFrom::Start(*start))?;
                    plain.read_exact(&mut buffer)?;
                }
                Ok(())
            }),
            Contestant::new("waxseal", || {
                for start in &starts {
                    reader.read_range(*start..*start + RANGE as u64)?;
                }
                Ok(())
            }),
        ],
    )?;
    let [first, second, plain, ours] = times[..] else { return Err("four contestants".into()) };
    let limit = rate(READS * RANGE, plain + first.min(second));
    Ok(vec![Row::rates("range-4k", rate(READS * RANGE, ours), limit, 1.0 / 3.0)])
}

fn fill(client: &Client, plain: &mut File, sealed: &mut File) -> Outcome<()> {
    let piece = plaintext(MIB);
    let request = client.encrypt_writer(sealed).suite(UNSIGNED).frame_length(u32::try_from(FRAME)?);
    let mut writer = request.wait()?;
    for _ in 0..LEN / MIB {
        plain.write_all(&piece)?;
        writer.write_all(&piece)?;
    }
    writer.finish()?;
    Ok(())
}

/// Offsets all over the file, the same in every run (a linear congruential generator).
fn starts() -> impl Iterator<Item = u64> {
    let next = |state: &u64| Some(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    std::iter::successors(Some(1_u64), next).map(|state| (state >> 20) % (LEN - RANGE) as u64)
}
