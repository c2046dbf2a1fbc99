//! Heads of frames and of unframed bodies, footers, and lengths.

use waxseal_format::{
    BlockHead, BlockKind, ContentType, Decoded, EncryptedDataKey, EncryptionContext, FormatError,
    FormatProblem, Header, MAX_REGULAR_FRAMES, MAX_UNFRAMED_LEN, MessageId, MessageLengths, body_len,
    decode_footer, encode_footer,
};

use crate::Choices;
use crate::setup::pick_suite;

/// A frame length, a plaintext length and a message id, then bytes of a body.
pub fn body(input: &[u8]) {
    let mut choices = Choices::new(input);
    let frame_length = choices.u32() >> choices.below(32);
    let plaintext_len = plaintext_len(&mut choices, frame_length);
    let suite = pick_suite(&mut choices);
    let id = choices.array::<32>();
    let id = MessageId::new(suite.version, &id[..suite.version.message_id_len()]).unwrap();
    let bytes = choices.rest();

    check_head(bytes, &id, |bytes| BlockHead::decode_frame(bytes, frame_length), frame_length.into());
    check_head(bytes, &id, BlockHead::decode_unframed, MAX_UNFRAMED_LEN);
    check_footer(bytes);
    check_lengths(frame_length, plaintext_len);
    if frame_length > 0 {
        let keys = vec![EncryptedDataKey::new("p", bytes.get(..9).unwrap_or_default(), [1; 48])];
        let commitment = suite.commits().then_some([9; 32]);
        let content = ContentType::Framed(frame_length);
        let header = Header::new(suite, id, EncryptionContext::new(), keys, content, commitment);
        check_message_len(&header, plaintext_len);
    }
}

/// Any length, or one near the most that frames of this length can hold.
fn plaintext_len(choices: &mut Choices<'_>, frame_length: u32) -> u64 {
    let any = choices.u64() >> choices.below(64);
    let most = (MAX_REGULAR_FRAMES + 1) * u64::from(frame_length);
    if choices.one_in(4) { most.saturating_add(any).saturating_sub(2) } else { any }
}

type Head = Result<Decoded<BlockHead>, FormatError>;

fn check_head(bytes: &[u8], id: &MessageId, decode: impl Fn(&[u8]) -> Head, limit: u64) {
    match decode(bytes) {
        Ok(Decoded::Value(head)) => {
            assert!(head.content_len <= limit);
            let len = head.kind.head_len();
            let mut written = vec![0xa5; len];
            head.encode(&mut written);
            assert_eq!(written, bytes[..len]);
            check_need(&decode, bytes, len);
            check_aad(&head, id);
        }
        Ok(Decoded::Need(total)) => assert!(total > bytes.len() && total <= 24),
        Err(error) => {
            assert!(
                matches!(error.problem, FormatProblem::TooLong { found, limit: l } if found > l && l == limit)
            );
        }
    }
}

/// What is shorter than the head needs more, and never more than the head.
fn check_need(decode: impl Fn(&[u8]) -> Head, bytes: &[u8], len: usize) {
    for cut in 0..len {
        let Ok(Decoded::Need(total)) = decode(&bytes[..cut]) else { panic!("a head of {cut} bytes") };
        assert!(total > cut && total <= len);
    }
}

fn check_aad(head: &BlockHead, id: &MessageId) {
    let label: &[u8] = match head.kind {
        BlockKind::Regular => b"AWSKMSEncryptionClient Frame",
        BlockKind::Final => b"AWSKMSEncryptionClient Final Frame",
        _ => b"AWSKMSEncryptionClient Single Block",
    };
    let (sequence, len) = (head.sequence_number.to_be_bytes(), head.content_len.to_be_bytes());
    assert_eq!(head.aad(id).as_ref(), [id.as_ref(), label, &sequence, &len].concat());
}

fn check_footer(bytes: &[u8]) {
    match decode_footer(bytes).unwrap() {
        Decoded::Value(signature) => {
            let mut written = Vec::new();
            encode_footer(signature, &mut written).unwrap();
            assert_eq!(written, bytes[..2 + signature.len()]);
        }
        Decoded::Need(total) => assert!(total > bytes.len() && total <= 2 + usize::from(u16::MAX)),
    }
}

/// The same sum, in integers that can't overflow.
fn check_lengths(frame_length: u32, plaintext_len: u64) {
    let (frame, plaintext) = (u128::from(frame_length), u128::from(plaintext_len));
    let expected = plaintext.checked_div(frame).filter(|frames| *frames <= u128::from(MAX_REGULAR_FRAMES));
    let expected = expected.and_then(|frames| u64::try_from(frames * 32 + plaintext + 40).ok());
    assert_eq!(body_len(frame_length, plaintext_len), expected);
}

fn check_message_len(header: &Header, plaintext_len: u64) {
    let Some(lengths) = MessageLengths::of(header, plaintext_len) else {
        assert_eq!(body_len(header.content_type.frame_length(), plaintext_len), None);
        return;
    };
    let mut written = Vec::new();
    header.encode(&mut written).unwrap();
    assert_eq!(lengths.header, (written.len() + header.suite.header_auth_len()) as u64);
    let parts = u128::from(lengths.header) + u128::from(lengths.body) + u128::from(lengths.footer);
    assert_eq!(lengths.total(), u64::try_from(parts).ok());
}
