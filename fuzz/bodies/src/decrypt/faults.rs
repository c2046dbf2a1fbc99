//! What is changed in a legal message before it is sealed.

use waxseal::format::{BlockKind, MAX_UNFRAMED_LEN};

use crate::Choices;
use crate::model::{Block, Footer, HeaderFault, Message};

/// Adds up to three faults; some of them are none, for some messages.
pub(super) fn add(choices: &mut Choices<'_>, message: &mut Message) {
    for _ in 0..choices.below(4) {
        match choices.below(16) {
            0 => message.header_fault = choices.pick(&HeaderFault::ALL),
            1 => message.footer = footer(choices),
            2 => message.trailing = choices.bytes(40).to_vec(),
            3..8 => change_order(choices, &mut message.blocks),
            _ => change_block(choices, message),
        }
    }
}

fn footer(choices: &mut Choices<'_>) -> Footer {
    match choices.below(4) {
        0 => Footer::Changed(choices.u8()),
        _ => choices.pick(&Footer::ALL),
    }
}

/// Frames dropped, repeated, swapped and renumbered, each with the tag of its own number.
fn change_order(choices: &mut Choices<'_>, blocks: &mut Vec<Block>) {
    if blocks.is_empty() {
        return;
    }
    let (at, to) = (choices.below(blocks.len()), choices.below(blocks.len()));
    match choices.below(6) {
        0 => {
            blocks.remove(at);
        }
        1 => blocks.insert(to, blocks[at].clone()),
        2 => blocks.swap(at, to),
        3 => blocks.truncate(at),
        4 => renumber(blocks, choices.below(3)),
        _ => {
            let block = blocks.remove(at);
            blocks.insert(to, block);
            renumber(blocks, 1);
        }
    }
}

/// Numbers the frames in the order in which they stand now: legal from 1, if the rest is.
fn renumber(blocks: &mut [Block], first: usize) {
    for (block, number) in blocks.iter_mut().zip(first..) {
        if block.kind != BlockKind::Unframed {
            *block = block.clone().renumbered(u32::try_from(number).unwrap());
        }
    }
}

fn change_block(choices: &mut Choices<'_>, message: &mut Message) {
    let frame_length = message.frame_length;
    let len = message.blocks.len();
    let Some(block) = message.blocks.get_mut(choices.below(len)) else { return };
    match choices.below(12) {
        0 => block.iv = choices.array(),
        1 => block.flip_tag = true,
        2 => block.aad.kind = kind(choices),
        3 => block.aad.sequence = number(choices, block.aad.sequence),
        4 => block.aad.len = number(choices, frame_length).into(),
        5 => block.aad.of_other_message = true,
        6 => block.sequence = number(choices, block.sequence),
        7 => *block = block.clone().renumbered(number(choices, block.sequence)),
        8 => block.claimed_len = claimed_len(choices, block),
        9 => change_kind(choices, block),
        _ => resize(choices, block, frame_length),
    }
    if block.kind == BlockKind::Unframed {
        block.sequence = 1;
    }
}

fn kind(choices: &mut Choices<'_>) -> BlockKind {
    choices.pick(&[BlockKind::Final, BlockKind::Regular, BlockKind::Unframed])
}

fn number(choices: &mut Choices<'_>, near: u32) -> u32 {
    match choices.below(8) {
        0 => near.wrapping_add(1),
        1 => near.wrapping_sub(1),
        2 => 0,
        3 => u32::MAX,
        4 => 1,
        _ => choices.u32(),
    }
}

fn claimed_len(choices: &mut Choices<'_>, block: &Block) -> u64 {
    if block.kind == BlockKind::Unframed {
        let beyond = [MAX_UNFRAMED_LEN + 1, MAX_UNFRAMED_LEN, u64::MAX, 1 << 20, (1 << 20) + 1, 3];
        return choices.pick(&beyond);
    }
    let near = u32::try_from(block.claimed_len).unwrap();
    number(choices, near).into()
}

/// Another head and another label, both authentic.
fn change_kind(choices: &mut Choices<'_>, block: &mut Block) {
    block.kind = kind(choices);
    block.aad.kind = block.kind;
    if block.kind == BlockKind::Unframed {
        block.aad.sequence = 1;
    }
}

/// Another content, whose length head and tag agree on.
fn resize(choices: &mut Choices<'_>, block: &mut Block, frame_length: u32) {
    let frame_length = usize::try_from(frame_length).unwrap().min(300);
    let len = choices.pick(&[frame_length, frame_length + 1, frame_length.saturating_sub(1), 0, 250]);
    block.plaintext.resize(len, 0x5a);
    block.claimed_len = len as u64;
    block.aad.len = len as u64;
}
