//! Unsigned messages by two threads, over ours by one.

use std::io::{self, Read, Write};

use waxseal::Client;

use super::{MIB, Outcome, Row, encrypted, rate};
use crate::timing::{Clock, Contestant, Rounds, seconds};
use crate::{UNSIGNED, plaintext};

const LEN: usize = 256 * MIB;
const FRAME: usize = 65_536;

pub(super) fn all(client: &Client, rounds: Rounds) -> Outcome<Vec<Row>> {
    let input = plaintext(LEN);
    let message = encrypted(client, UNSIGNED, FRAME, &input)?;
    let [mut sealed, mut sealed_too, mut opened, mut opened_too] = [(); 4].map(|()| Vec::new());
    let seal = |threads: usize, out: &mut Vec<u8>| -> Outcome<()> {
        let request = client.encrypt_into(&input, out).suite(UNSIGNED).frame_length(u32::try_from(FRAME)?);
        request.threads(threads).wait()?;
        Ok(())
    };
    let open = |threads: usize, out: &mut Vec<u8>| -> Outcome<()> {
        client.decrypt_into(&message, out).threads(threads).wait()?;
        Ok(())
    };
    let times = seconds(
        rounds,
        Clock::Wall,
        &mut [
            Contestant::new("seal, 1 thread", || seal(1, &mut sealed)),
            Contestant::new("seal, 2 threads", || seal(2, &mut sealed_too)),
            Contestant::new("open, 1 thread", || open(1, &mut opened)),
            Contestant::new("open, 2 threads", || open(2, &mut opened_too)),
            Contestant::new("writer, 1 thread", || write(client, &input, 1)),
            Contestant::new("writer, 2 threads", || write(client, &input, 2)),
            Contestant::new("reader, 1 thread", || read(client, &message, 1)),
            Contestant::new("reader, 2 threads", || read(client, &message, 2)),
        ],
    )?;
    // Streams over memory are bound by the copies that one thread makes: no target.
    let names = [
        ("parallel-2t", 1.75),
        ("parallel-2t-open", 1.75),
        ("parallel-2t-writer", 0.0),
        ("parallel-2t-reader", 0.0),
    ];
    let row = |((name, target), pair): ((&str, f64), &[f64])| {
        let [one, two] = *pair else { return None };
        Some(Row::rates(name, rate(LEN, two), rate(LEN, one), target))
    };
    Ok(names.into_iter().zip(times.chunks(2)).filter_map(row).collect())
}

fn write(client: &Client, input: &[u8], threads: usize) -> Outcome<()> {
    let request = client.encrypt_writer(io::sink()).suite(UNSIGNED).frame_length(u32::try_from(FRAME)?);
    let mut writer = request.threads(threads).wait()?;
    input.chunks(FRAME).try_for_each(|piece| writer.write_all(piece))?;
    writer.finish()?;
    Ok(())
}

fn read(client: &Client, message: &[u8], threads: usize) -> Outcome<()> {
    let mut buffer = vec![0; 4 * FRAME];
    let mut reader = client.decrypt_reader(message).threads(threads).wait()?;
    while reader.read(&mut buffer)? > 0 {}
    Ok(())
}
