//! Changes bytes that were right.

use crate::Choices;

/// `bytes` with up to `most` changes: bits, pieces cut out, doubled, moved, put in, an end cut off.
pub(crate) fn edited(choices: &mut Choices<'_>, mut bytes: Vec<u8>, most: usize) -> Vec<u8> {
    for _ in 0..choices.below(most + 1) {
        edit(choices, &mut bytes);
    }
    bytes
}

fn edit(choices: &mut Choices<'_>, bytes: &mut Vec<u8>) {
    let at = place(choices, bytes.len());
    let len = 1 + choices.below(64).min(bytes.len() - at);
    let piece = bytes[at..].iter().take(len).copied();
    match choices.below(7) {
        0 => flip(bytes, at, choices.below(8)),
        1 => set(bytes, at, choices.pick(&[0, 0xff, 0x80, 0x7f, 1])),
        2 => bytes.truncate(at),
        3 => drop(bytes.drain(at..(at + len).min(bytes.len()))),
        4 => drop(bytes.splice(at..at, piece.collect::<Vec<_>>())),
        5 => drop(bytes.splice(at..at, choices.bytes(len).to_vec())),
        _ => {
            let piece: Vec<u8> = piece.collect();
            bytes.drain(at..at + piece.len());
            let to = place(choices, bytes.len());
            bytes.splice(to..to, piece);
        }
    }
}

/// From the start, or from the end, up to a place behind the last byte.
fn place(choices: &mut Choices<'_>, len: usize) -> usize {
    match choices.below(3) {
        0 => choices.below(256).min(len),
        1 => len - choices.below(256).min(len),
        _ => usize::from(choices.u16()) * 97 % (len + 1),
    }
}

fn flip(bytes: &mut [u8], at: usize, bit: usize) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte ^= 1 << bit;
    }
}

fn set(bytes: &mut [u8], at: usize, value: u8) {
    if let Some(byte) = bytes.get_mut(at) {
        *byte = value;
    }
}
