//! Signed messages: on one thread over the AEAD and the hash after each other, on two over the
//! hash alone.

use waxseal::Client;

use super::{MIB, Outcome, Row, encrypted, rate};
use crate::bare::{Bare, sha384};
use crate::timing::{Clock, Contestant, Rounds, seconds};
use crate::{SIGNED, plaintext};

const LEN: usize = 256 * MIB;
const FRAME: usize = 65_536;

pub(super) fn all(client: &Client, rounds: Rounds) -> Outcome<Vec<Row>> {
    let input = plaintext(LEN);
    let message = encrypted(client, SIGNED, FRAME, &input)?;
    let mut rows = by_one_thread(client, rounds, &input, &message)?;
    rows.extend(by_two_threads(client, rounds, &input, &message)?);
    Ok(rows)
}

fn by_one_thread(client: &Client, rounds: Rounds, input: &[u8], message: &[u8]) -> Outcome<Vec<Row>> {
    let [(first, bare), (second, bare_too)] = &Bare::all()?;
    let (mut out, mut out_too) = (vec![0; LEN], vec![0; LEN]);
    let (mut sealed, mut opened) = (Vec::new(), Vec::new());
    let times = seconds(
        rounds,
        Clock::Thread,
        &mut [
            Contestant::new(first, || Ok(bare.seal_frames(FRAME, input, &mut out)?)),
            Contestant::new(second, || Ok(bare_too.seal_frames(FRAME, input, &mut out_too)?)),
            Contestant::new("SHA-384", || hash(input)),
            Contestant::new("seal", || seal(client, input, 1, &mut sealed)),
            Contestant::new("open", || open(client, message, 1, &mut opened)),
        ],
    )?;
    let [first, second, hash, seal, open] = times[..] else { return Err("five contestants".into()) };
    let limit = rate(LEN, first.min(second) + hash);
    Ok(vec![
        Row::rates("signed-1t", rate(LEN, seal), limit, 0.95),
        Row::rates("signed-1t-open", rate(LEN, open), limit, 0.95),
    ])
}

fn by_two_threads(client: &Client, rounds: Rounds, input: &[u8], message: &[u8]) -> Outcome<Vec<Row>> {
    let (mut sealed, mut opened) = (Vec::new(), Vec::new());
    let times = seconds(
        rounds,
        Clock::Wall,
        &mut [
            Contestant::new("SHA-384", || hash(input)),
            Contestant::new("seal", || seal(client, input, 2, &mut sealed)),
            Contestant::new("open", || open(client, message, 2, &mut opened)),
        ],
    )?;
    let [hash, seal, open] = times[..] else { return Err("three contestants".into()) };
    Ok(vec![
        Row::rates("signed-pipelined", rate(LEN, seal), rate(LEN, hash), 0.95),
        Row::rates("signed-pipelined-open", rate(LEN, open), rate(LEN, hash), 0.95),
    ])
}

fn hash(input: &[u8]) -> Outcome<()> {
    std::hint::black_box(sha384(FRAME, input));
    Ok(())
}

fn seal(client: &Client, input: &[u8], threads: usize, out: &mut Vec<u8>) -> Outcome<()> {
    let request = client.encrypt_into(input, out).suite(SIGNED).frame_length(u32::try_from(FRAME)?);
    request.threads(threads).wait()?;
    Ok(())
}

fn open(client: &Client, message: &[u8], threads: usize, out: &mut Vec<u8>) -> Outcome<()> {
    client.decrypt_into(message, out).threads(threads).wait()?;
    Ok(())
}
