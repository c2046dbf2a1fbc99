//! 100 MiB into memory that the system has yet to hand out, over the same into a reused buffer.

use waxseal::Client;

use super::{MIB, Outcome, Row, rate};
use crate::timing::{Clock, Contestant, Rounds, seconds};
use crate::{UNSIGNED, plaintext};

const LEN: usize = 100 * MIB;

/// Page faults are the difference; several threads share them.
pub(super) fn all(client: &Client, rounds: Rounds) -> Outcome<Vec<Row>> {
    let (input, mut message) = (plaintext(LEN), Vec::new());
    let fresh = |threads: usize| -> Outcome<()> {
        client.encrypt(&input).suite(UNSIGNED).frame_length(65_536).threads(threads).wait()?;
        Ok(())
    };
    let times = seconds(
        rounds,
        Clock::Wall,
        &mut [
            Contestant::new("reused", || {
                let request = client.encrypt_into(&input, &mut message).suite(UNSIGNED);
                request.frame_length(65_536).wait()?;
                Ok(())
            }),
            Contestant::new("fresh, 1 thread", || fresh(1)),
            Contestant::new("fresh, 2 threads", || fresh(2)),
        ],
    )?;
    let [reused, one, two] = times[..] else { return Err("three contestants".into()) };
    let row = |name, time| Row::rates(name, rate(LEN, time), rate(LEN, reused), 0.0);
    Ok(vec![row("fresh-1t", one), row("fresh-2t", two)])
}
