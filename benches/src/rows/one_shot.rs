//! 1 MiB in memory, unsigned, one thread, over the bare AEAD; and the reach.

use waxseal::Client;

use super::{MIB, Outcome, Row, encrypted, rate};
use crate::bare::Bare;
use crate::timing::{Clock, Contestant, Rounds, seconds};
use crate::{UNSIGNED, plaintext};

/// A 1 MiB loop is short: each round repeats it.
const REPEATS: usize = 32;

pub(super) fn all(client: &Client, rounds: Rounds) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    for (frame, target) in [(65_536, 0.93), (4096, 0.88)] {
        rows.push(seal(client, frame, rounds, target)?);
        rows.push(open(client, frame, rounds, target)?);
    }
    Ok(rows)
}

/// The best that we do in one thread, in frames of 64 KiB, over the fastest bare AEAD of any library
/// in the build, in place.
pub(super) fn reach(client: &Client, rounds: Rounds) -> Outcome<Vec<Row>> {
    let (input, mut message) = (plaintext(MIB), Vec::new());
    let (mut hot, mut hot_too) = (plaintext(65_536), plaintext(65_536));
    let [(first, bare), (second, bare_too)] = &Bare::all()?;
    let in_place = |bare: &Bare, hot: &mut [u8]| (0..16).try_for_each(|_| bare.seal_in_place(hot));
    let times = seconds(
        rounds,
        Clock::Thread,
        &mut [
            Contestant::new(first, || repeat(|| Ok(in_place(bare, &mut hot)?))),
            Contestant::new(second, || repeat(|| Ok(in_place(bare_too, &mut hot_too)?))),
            Contestant::new("waxseal", || {
                repeat(|| {
                    let request = client.encrypt_into(&input, &mut message).suite(UNSIGNED);
                    request.frame_length(65_536).wait()?;
                    Ok(())
                })
            }),
        ],
    )?;
    Ok(vec![row("reach".into(), &times, 0.0)?])
}

fn repeat(mut once: impl FnMut() -> Outcome<()>) -> Outcome<()> {
    (0..REPEATS).try_for_each(|_| once())
}

fn seal(client: &Client, frame: usize, rounds: Rounds, target: f64) -> Outcome<Row> {
    let input = plaintext(MIB);
    let (mut out, mut message) = (vec![0; MIB], Vec::new());
    let mut out_too = vec![0; MIB];
    let [(first, bare), (second, bare_too)] = &Bare::all()?;
    let times = seconds(
        rounds,
        Clock::Thread,
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
    row(format!("seal-1t-{}k", frame / 1024), &times, target)
}

fn open(client: &Client, frame: usize, rounds: Rounds, target: f64) -> Outcome<Row> {
    let input = plaintext(MIB);
    let [(first, bare), (second, bare_too)] = &Bare::all()?;
    let (sealed, tags) = bare.sealed(frame, &input)?;
    let message = encrypted(client, UNSIGNED, frame, &input)?;
    let (mut out, mut out_too, mut opened) = (vec![0; MIB], vec![0; MIB], Vec::new());
    let times = seconds(
        rounds,
        Clock::Thread,
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
    row(format!("open-1t-{}k", frame / 1024), &times, target)
}

/// The faster of the two libraries is the limit.
fn row(name: String, times: &[f64], target: f64) -> Outcome<Row> {
    let [first, second, ours] = times[..] else { return Err("three contestants".into()) };
    let bytes = MIB * REPEATS;
    Ok(Row::rates(name, rate(bytes, ours), rate(bytes, first.min(second)), target))
}
