//! Randomness: that it is there at all. Its quality can't be seen from outside.

use super::{Fault, require};
use crate::{CryptoProvider, SecretBytes};

pub(super) fn fills_and_differs(provider: &CryptoProvider) -> Result<(), Fault> {
    provider.random.fill(&mut [])?;
    for len in [32, 33, 5000] {
        let first = SecretBytes::random(provider.random, len)?;
        let second = SecretBytes::random(provider.random, len)?;
        require(!first.ct_eq(&second), "the same bytes twice")?;
        // 32 random bytes end, or start, with 16 zeros once in 2^128 runs.
        let (head, tail) = first.expose().split_at_checked(len / 2).unwrap_or_default();
        let filled = |half: &[u8]| half.iter().any(|byte| *byte != 0);
        require(filled(head) && filled(tail), "a buffer was not filled to its end")?;
    }
    Ok(())
}
