//! Signed messages: on one thread over the AEAD and the hash after each other, on two over the
//! hash alone.

use waxseal::Client;
use waxseal::parallel::Threads;

use super::{MIB, Outcome, Row, encrypted, rate};
use crate::bare::{Bare, sha384};
use crate::timing::{Contestant, medians};
use crate::{SIGNED, plaintext};

const LEN: usize = 256 * MIB;
const FRAME: usize = 65_536;

pub(super) fn all(client: &Client, rounds: usize) -> Outcome<Vec<Row>> {
    let input = plaintext(LEN);
    let message = encrypted(client, SIGNED, FRAME, &input)?;
    let [(first, bare), (second, bare_too)] = &Bare::all()?;
    let (mut out, mut out_too) = (vec![0; LEN], vec![0; LEN]);
    let [mut seal_1, mut seal_2, mut open_1, mut open_2] = [(); 4].map(|()| Vec::new());
    let seal = |threads: usize, out: &mut Vec<u8>| -> Outcome<()> {
        let request = client.encrypt_into(&input, out).suite(SIGNED).frame_length(u32::try_from(FRAME)?);
        request.threads(threads).wait()?;
        Ok(())
    };
    let open = |threads: usize, out: &mut Vec<u8>| -> Outcome<()> {
        client.decrypt_into(&message, out).threads(Threads::from(threads)).wait()?;
        Ok(())
    };
    let times = medians(
        rounds,
        &mut [
            Contestant::new(first, || Ok(bare.seal_frames(FRAME, &input, &mut out)?)),
            Contestant::new(second, || Ok(bare_too.seal_frames(FRAME, &input, &mut out_too)?)),
            Contestant::new("SHA-384", || {
                std::hint::black_box(sha384(FRAME, &input));
                Ok(())
            }),
            Contestant::new("seal, 1 thread", || seal(1, &mut seal_1)),
            Contestant::new("seal, 2 threads", || seal(2, &mut seal_2)),
            Contestant::new("open, 1 thread", || open(1, &mut open_1)),
            Contestant::new("open, 2 threads", || open(2, &mut open_2)),
        ],
    )?;
    let [first, second, hash, seal_1, seal_2, open_1, open_2] = times[..] else {
        return Err("seven contestants".into());
    };
    let one_after_the_other = rate(LEN, first.min(second) + hash);
    Ok(vec![
        Row::rates("signed-1t", rate(LEN, seal_1), one_after_the_other, 0.95),
        Row::rates("signed-1t-open", rate(LEN, open_1), one_after_the_other, 0.95),
        Row::rates("signed-pipelined", rate(LEN, seal_2), rate(LEN, hash), 0.95),
        Row::rates("signed-pipelined-open", rate(LEN, open_2), rate(LEN, hash), 0.95),
    ])
}
