//! What a reader must make of a message.
//!
//! Source: `client-apis/decrypt.md`, in its order of steps.

use waxseal::format::{BlockKind, MAX_UNFRAMED_LEN, MessageVersion};
use waxseal::{CommitmentPolicy, DecryptOptions, ErrorClass, SignedMessages};

use super::{Block, Footer, HeaderFault, Message};

/// What a reader must make of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Expected {
    pub(crate) verdict: Verdict,
    /// Whether the header is refused, before any frame is looked at.
    pub(crate) in_header: bool,
    /// Plaintext that a stream may give out: all of it, or what verified before the fault.
    pub(crate) authentic: Vec<u8>,
}

/// How reading ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    Opens,
    Fails(ErrorClass),
    /// A wrong length puts the reader out of step: it must fail, and where is chance.
    FailsSomehow,
}

use Verdict::{Fails, FailsSomehow, Opens};

/// What a reader with these options must make of `message`. Of the pairs that the options
/// require, those that the message lacks are taken for authenticated if they are.
pub(crate) fn expected(message: &Message, options: &DecryptOptions) -> Expected {
    let mut authentic = Vec::new();
    let class = header_class(message, options);
    let verdict = class.map_or_else(|| body_verdict(message, options, &mut authentic), Fails);
    Expected { verdict, in_header: class.is_some(), authentic }
}

fn header_class(message: &Message, options: &DecryptOptions) -> Option<ErrorClass> {
    let suite = message.suite;
    let fault = effective(message);
    let is = |faults: &[HeaderFault]| faults.contains(&fault);
    use HeaderFault as F;
    let early = [F::Version, F::Type, F::SuiteOfOtherVersion, F::DuplicatePair, F::NotUtf8];
    let late = [F::ContentType, F::Reserved, F::IvLength, F::FrameLength];
    let checks = [
        (is(&early) || is(&[F::ContextLength, F::NoDataKeys]), ErrorClass::Format),
        (u16::from(message.foreign_keys) >= options.max_encrypted_data_keys, ErrorClass::Limit),
        (is(&late), ErrorClass::Format),
        (
            !suite.commits() && options.commitment_policy == CommitmentPolicy::RequireEncryptRequireDecrypt,
            ErrorClass::Policy,
        ),
        (suite.signs() && options.signed_messages == SignedMessages::Refuse, ErrorClass::Policy),
        (message.frame_length > options.max_frame_length, ErrorClass::Limit),
        (is(&[F::PublicKeyMisplaced, F::PublicKeyMalformed]), ErrorClass::Context),
        (context_mismatches(message, options), ErrorClass::Context),
        (only_authenticated_differs(message, options), ErrorClass::Key),
        (is(&[F::NotMine, F::WrappedKeyChanged, F::WrappedKeyOfOtherLength]), ErrorClass::Key),
        (is(&[F::Commitment]), ErrorClass::Commitment),
        (is(&[F::Tag, F::TagOverOther]), ErrorClass::HeaderTag),
    ];
    checks.into_iter().find(|(fails, _)| *fails).map(|(_, class)| class)
}

/// The fault, unless this suite's headers have no such field.
fn effective(message: &Message) -> HeaderFault {
    use HeaderFault as F;
    match message.header_fault {
        F::Type | F::Reserved | F::IvLength if message.suite.version == MessageVersion::V2 => F::None,
        F::PublicKeyMalformed if !message.suite.signs() => F::None,
        F::DuplicatePair | F::NotUtf8 if message.context.is_empty() => F::None,
        F::Commitment if !message.suite.commits() => F::None,
        fault => fault,
    }
}

fn context_mismatches(message: &Message, options: &DecryptOptions) -> bool {
    options.reproduced_context.iter().any(|(key, value)| {
        let stored = message.context.iter().find(|(stored, _)| stored == key);
        stored.map_or(key.starts_with("aws-crypto-"), |(_, stored)| stored != value)
    })
}

fn only_authenticated_differs(message: &Message, options: &DecryptOptions) -> bool {
    let stored = |key: &str| message.context.iter().any(|(stored, _)| *stored == key);
    let given = options.reproduced_context.iter().filter(|(key, _)| !stored(key));
    let given: Vec<_> = given.map(|(key, value)| (key.as_str(), value.as_str())).collect();
    given != Vec::from_iter(message.only_authenticated)
}

fn body_verdict(message: &Message, options: &DecryptOptions, authentic: &mut Vec<u8>) -> Verdict {
    for (block, (index, next)) in message.blocks.iter().zip((0..).zip(1..)) {
        if let Some(verdict) = head_verdict(message, options, block, next) {
            return verdict;
        }
        let is_last = block.kind != BlockKind::Regular;
        let blocks_behind = message.blocks.len() > index + 1;
        if is_last && let Some(verdict) = signature_verdict(message, blocks_behind) {
            return verdict;
        }
        if !block.tag_is_right() {
            return Fails(ErrorClass::BodyTag);
        }
        authentic.extend_from_slice(&block.plaintext);
        if is_last {
            return end_verdict(message, blocks_behind);
        }
    }
    let ends = message.footer == Footer::Missing && message.trailing.is_empty();
    if ends { Fails(ErrorClass::Truncated) } else { FailsSomehow }
}

/// `None` for a head that may stand here.
fn head_verdict(message: &Message, options: &DecryptOptions, block: &Block, next: u32) -> Option<Verdict> {
    let framed = message.frame_length > 0;
    let len = block.plaintext.len() as u64;
    let (sequence, claimed, frame_length) = (block.sequence, block.claimed_len, message.frame_length.into());
    match block.kind {
        // It reads as the mark of a final frame.
        BlockKind::Regular if framed && sequence == u32::MAX => Some(FailsSomehow),
        BlockKind::Regular if framed && sequence != next => Some(Fails(ErrorClass::Sequence)),
        BlockKind::Regular if framed => (len != frame_length).then_some(FailsSomehow),
        BlockKind::Final if framed && claimed > frame_length => Some(Fails(ErrorClass::Format)),
        BlockKind::Final if framed && sequence != next => Some(Fails(ErrorClass::Sequence)),
        BlockKind::Final if framed => (len != claimed).then_some(FailsSomehow),
        BlockKind::Unframed if !framed && claimed > MAX_UNFRAMED_LEN => Some(Fails(ErrorClass::Format)),
        BlockKind::Unframed if !framed && claimed > options.max_unframed_len => {
            Some(Fails(ErrorClass::Limit))
        }
        BlockKind::Unframed if !framed => (len != claimed).then_some(FailsSomehow),
        _ => Some(FailsSomehow),
    }
}

/// `None` for a signature that verifies, and where there is none to verify.
fn signature_verdict(message: &Message, blocks_behind: bool) -> Option<Verdict> {
    if !message.suite.signs() {
        return None;
    }
    let cut = matches!(message.footer, Footer::Missing | Footer::Cut(_));
    match message.footer {
        _ if blocks_behind => Some(FailsSomehow),
        Footer::Right => None,
        _ if cut && message.trailing.is_empty() => Some(Fails(ErrorClass::Truncated)),
        _ if cut => Some(FailsSomehow),
        _ => Some(Fails(ErrorClass::Signature)),
    }
}

fn end_verdict(message: &Message, blocks_behind: bool) -> Verdict {
    let footer_behind = !message.suite.signs() && message.footer != Footer::Missing;
    let ends = !blocks_behind && !footer_behind && message.trailing.is_empty();
    if ends { Opens } else { Fails(ErrorClass::TrailingBytes) }
}
