//! 1 GiB through the synchronous streams, over the bare AEAD in place.

use std::io::{self, Read, Write};

use waxseal::Client;

use super::growth::growth_of;
use super::{Outcome, Row, STREAM, encrypted, rate};
use crate::bare::Bare;
use crate::timing::{Clock, Contestant, Rounds, seconds};
use crate::{UNSIGNED, plaintext};

const FRAME: usize = 65_536;

pub(super) fn all(client: &Client, rounds: Rounds) -> Outcome<Vec<Row>> {
    let mut rows = vec![write(client, rounds)?, read(client, rounds)?];
    for (name, frame) in [("stream-encrypt-read-64k", FRAME), ("stream-encrypt-read-4k", FRAME / 16)] {
        rows.push(encrypt_read(client, rounds, name, frame)?);
    }
    Ok(rows)
}

/// The limit seals one buffer of 64 KiB where it stands, again and again.
fn write(client: &Client, rounds: Rounds) -> Outcome<Row> {
    let input = plaintext(FRAME);
    let [(first, bare), (second, bare_too)] = &Bare::all()?;
    let (mut hot, mut hot_too) = (input.clone(), input.clone());
    let frames = STREAM / FRAME;
    let times = seconds(
        rounds,
        Clock::Thread,
        &mut [
            Contestant::new(first, || Ok((0..frames).try_for_each(|_| bare.seal_in_place(&mut hot))?)),
            Contestant::new(second, || {
                Ok((0..frames).try_for_each(|_| bare_too.seal_in_place(&mut hot_too))?)
            }),
            Contestant::new("waxseal", || encrypt(client, &input)),
        ],
    )?;
    row("stream-write-64k", &times)
}

pub(super) fn encrypt(client: &Client, piece: &[u8]) -> Outcome<()> {
    let request = client.encrypt_writer(io::sink()).suite(UNSIGNED).frame_length(u32::try_from(FRAME)?);
    let mut writer = request.wait()?;
    (0..STREAM / piece.len()).try_for_each(|_| writer.write_all(piece))?;
    writer.finish()?;
    Ok(())
}

/// The source is a gigabyte in memory, out of any cache. The limit reads the same bytes from it
/// to one buffer, by the frame, and opens them there.
fn read(client: &Client, rounds: Rounds) -> Outcome<Row> {
    let [(first, bare), (second, bare_too)] = &Bare::all()?;
    let message = encrypted(client, UNSIGNED, FRAME, &plaintext(STREAM))?;
    let (sealed, tags) = bare.sealed(FRAME, &plaintext(STREAM))?;
    let (mut hot, mut hot_too) = (vec![0; FRAME], vec![0; FRAME]);
    let mut buffer = vec![0; 4 * FRAME];
    let bare_read = |bare: &Bare, hot: &mut [u8]| -> Outcome<()> {
        let mut source = sealed.as_slice();
        for (number, tag) in (0_u64..).zip(&tags) {
            source.read_exact(hot)?;
            bare.open_in_place(number, hot, tag)?;
        }
        Ok(())
    };
    let times = seconds(
        rounds,
        Clock::Thread,
        &mut [
            Contestant::new(first, || bare_read(bare, &mut hot)),
            Contestant::new(second, || bare_read(bare_too, &mut hot_too)),
            Contestant::new("waxseal", || decrypt(client, message.as_slice(), &mut buffer)),
        ],
    )?;
    row("stream-read-64k", &times)
}

pub(super) fn decrypt(client: &Client, source: impl Read, buffer: &mut [u8]) -> Outcome<()> {
    let mut reader = client.decrypt_reader(source).wait()?;
    while reader.read(buffer)? > 0 {}
    Ok(())
}

/// The plaintext is a gigabyte in memory, out of any cache. The limit reads it to one buffer, by the
/// frame, and seals it there.
fn encrypt_read(client: &Client, rounds: Rounds, name: &'static str, frame: usize) -> Outcome<Row> {
    let [(first, bare), (second, bare_too)] = &Bare::all()?;
    let input = plaintext(STREAM);
    let (mut hot, mut hot_too, mut buffer) = (vec![0; frame], vec![0; frame], vec![0; 8 * FRAME]);
    let bare_read = |bare: &Bare, hot: &mut [u8]| -> Outcome<()> {
        let mut source = input.as_slice();
        for _ in 0..STREAM / frame {
            source.read_exact(hot)?;
            bare.seal_in_place(hot)?;
        }
        Ok(())
    };
    let times = seconds(
        rounds,
        Clock::Thread,
        &mut [
            Contestant::new(first, || bare_read(bare, &mut hot)),
            Contestant::new(second, || bare_read(bare_too, &mut hot_too)),
            Contestant::new("waxseal", || seal(client, &input, frame, &mut buffer)),
        ],
    )?;
    let [first, second, ours] = times[..] else { return Err("three contestants".into()) };
    Ok(Row::rates(name, rate(STREAM, ours), rate(STREAM, first.min(second)), 0.75))
}

fn seal(client: &Client, source: &[u8], frame: usize, buffer: &mut [u8]) -> Outcome<()> {
    let request = client.encrypt_reader(source).suite(UNSIGNED).frame_length(u32::try_from(frame)?);
    let mut reader = request.wait()?;
    while reader.read(buffer)? > 0 {}
    Ok(())
}

fn row(name: &'static str, times: &[f64]) -> Outcome<Row> {
    let [first, second, ours] = times[..] else { return Err("three contestants".into()) };
    let mut row = Row::rates(name, rate(STREAM, ours), rate(STREAM, first.min(second)), 0.75);
    row.growth = growth_of(name)?;
    Ok(row)
}
