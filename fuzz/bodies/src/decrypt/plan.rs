//! Legal messages, and options to read them with.

use waxseal::format::BlockKind;
use waxseal::{CommitmentPolicy, DecryptOptions, SignedMessages};

use crate::Choices;
use crate::model::{Block, Footer, HeaderFault, Message};
use crate::setup::{decrypt_options, pick_suite};

/// A legal message of up to 200 bytes.
pub(super) fn message(choices: &mut Choices<'_>) -> Message {
    let suite = pick_suite(choices);
    let frame_length = choices.pick(&[16, 0, 1, 2, 5, 64, 200, 4096, u32::MAX]);
    let seed = choices.u8();
    let plaintext: Vec<u8> = (0..choices.below(201)).map(|at| at.to_le_bytes()[0] ^ seed).collect();
    let mut blocks = blocks(&plaintext, frame_length, choices.one_in(2));
    if choices.one_in(4) {
        blocks.iter_mut().for_each(|block| block.iv = choices.array());
    }
    Message {
        suite,
        frame_length,
        context: choices.pick(&CONTEXTS).to_vec(),
        only_authenticated: None,
        counted_empty: choices.one_in(2),
        foreign_keys: choices.pick(&[0, 0, 1, 3]),
        header_iv: if choices.one_in(4) { choices.array() } else { [0; 12] },
        header_fault: HeaderFault::None,
        blocks,
        footer: if suite.signs() { Footer::Right } else { Footer::Missing },
        trailing: Vec::new(),
    }
}

const CONTEXTS: [&[(&str, &str)]; 4] = [
    &[("purpose", "\u{e9}t\u{e9}"), ("tenant", "7")],
    &[],
    &[("tenant", "7"), ("purpose", ""), ("\u{1f600}", "2"), ("\u{ff5e}", "1"), ("", "0")],
    &[("tenant", "7")],
];

/// Where the plaintext fills its frames, the last of them is either full, or empty.
fn blocks(plaintext: &[u8], frame_length: u32, full_final: bool) -> Vec<Block> {
    if frame_length == 0 {
        return vec![Block::new(BlockKind::Unframed, 1, plaintext)];
    }
    let mut pieces: Vec<&[u8]> = plaintext.chunks(usize::try_from(frame_length).unwrap()).collect();
    let is_full = |piece: &&[u8]| piece.len() as u64 == u64::from(frame_length);
    if pieces.last().is_none_or(|last| is_full(last) && !full_final) {
        pieces.push(&[]);
    }
    let last = pieces.len();
    let numbered = pieces.into_iter().zip(1..);
    numbered.map(|(piece, number)| Block::new(kind(number, last), number, piece)).collect()
}

fn kind(number: u32, last: usize) -> BlockKind {
    if number as usize == last { BlockKind::Final } else { BlockKind::Regular }
}

/// Options that open the message, or one of a few that don't.
pub(super) fn options(choices: &mut Choices<'_>, message: &mut Message) -> DecryptOptions {
    let mut options = decrypt_options();
    if message.frame_length == u32::MAX {
        options.max_frame_length = u32::MAX;
    }
    match choices.below(16) {
        1 => options.commitment_policy = CommitmentPolicy::RequireEncryptRequireDecrypt,
        2 => options.signed_messages = SignedMessages::Refuse,
        3 => options.max_frame_length = 8,
        4 => options.max_unframed_len = 8,
        5 => require(&mut options, "tenant", "7"),
        6 => require(&mut options, "tenant", "8"),
        7 => require(&mut options, "aws-crypto-x", "1"),
        8 => require(&mut options, "only", "1"),
        9 => message.only_authenticated = Some(("only", "1")),
        10 | 11 => {
            message.only_authenticated = Some(("only", "1"));
            require(&mut options, "only", "1");
        }
        12 => options.max_encrypted_data_keys = 1,
        _ => {}
    }
    options
}

fn require(options: &mut DecryptOptions, key: &str, value: &str) {
    options.reproduced_context.insert(key.to_owned(), value.to_owned());
}
