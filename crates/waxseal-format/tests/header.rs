//! Headers of both versions: written, read in one piece and in many, cut and flipped.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use waxseal_format::{
    AlgorithmSuite, ContentType, EncryptedDataKey, EncryptionContext, FormatError, FormatProblem, Header,
    HeaderAuthentication, HeaderDecoder, HeaderLimits, HeaderProgress, MessageId,
};

fn header(suite: &'static AlgorithmSuite) -> Header {
    Header::new(
        suite,
        MessageId::new(suite.version, &vec![7; suite.version.message_id_len()]).unwrap(),
        EncryptionContext::from([("tenant", "7"), ("purpose", "backup")]),
        vec![
            EncryptedDataKey::new("aws-kms", "arn:a", [1; 40]),
            EncryptedDataKey::new("raw", "name", [2; 48]),
        ],
        ContentType::Framed(4096),
        suite.commits().then_some([9; 32]),
    )
}

fn bytes(header: &Header) -> Vec<u8> {
    let mut out = Vec::new();
    header.encode(&mut out).unwrap();
    assert_eq!(out.len(), header.encoded_len());
    let authentication = HeaderAuthentication { iv: [0; 12], tag: [5; 16] };
    authentication.encode(header.suite.version, &mut out);
    out
}

fn decode(message: &[u8]) -> Result<Header, FormatError> {
    HeaderDecoder::decode(message, HeaderLimits::default()).map(|(decoded, _)| decoded.header)
}

const V1: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384;
const V2: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;

#[test]
fn every_suites_header_reads_back_as_written() {
    for suite in AlgorithmSuite::ALL.iter().copied() {
        let header = header(suite);
        let message = [bytes(&header).as_slice(), b"body"].concat();
        let (decoded, consumed) = HeaderDecoder::decode(&message, HeaderLimits::default()).unwrap();
        assert_eq!(decoded.header, header);
        assert_eq!(decoded.bytes, message[..consumed]);
        assert_eq!(&message[consumed..], b"body");
        assert_eq!(decoded.body_bytes().len(), header.encoded_len());
        assert_eq!(decoded.authentication.tag, [5; 16]);
    }
}

#[test]
fn a_header_in_pieces_is_the_header_in_one_and_needs_are_never_too_large() {
    for suite in [V1, V2] {
        let message = [bytes(&header(suite)).as_slice(), b"body"].concat();
        for size in [1, 2, 3, 7, 64] {
            let mut decoder = HeaderDecoder::new(HeaderLimits::default());
            let (mut taken, mut whole) = (0, None);
            for piece in message.chunks(size) {
                match decoder.push(piece).unwrap() {
                    HeaderProgress::Need(more) => {
                        taken += piece.len();
                        assert!(more > 0 && taken + more <= message.len() - 4);
                    }
                    HeaderProgress::Done { header, consumed } => {
                        taken += consumed;
                        whole = Some(header);
                        break;
                    }
                }
            }
            assert_eq!(taken, message.len() - 4);
            assert_eq!(whole.unwrap().header, header(suite));
        }
    }
}

#[test]
fn every_cut_is_truncation() {
    for suite in [V1, V2] {
        let message = bytes(&header(suite));
        for cut in 0..message.len() {
            let error = decode(&message[..cut]).unwrap_err();
            assert!(matches!(error.problem, FormatProblem::Truncated(more) if cut + more <= message.len()));
        }
    }
}

/// Writes `value` at `offset` of a header of `suite` and returns the error.
fn flipped(suite: &'static AlgorithmSuite, offset: usize, value: &[u8]) -> FormatError {
    let mut message = bytes(&header(suite));
    message[offset..offset + value.len()].copy_from_slice(value);
    decode(&message).unwrap_err()
}

#[test]
fn fields_with_values_that_are_not_allowed_are_named_with_their_place() {
    let tail = header(V1).encoded_len();
    for (offset, value, field) in [
        (0, &[3][..], "version"),
        (1, &[0x81], "type"),
        (2, &[0, 0x70], "algorithm suite id"),
        (2, &[4, 0x78], "algorithm suite id"),
        (tail - 10, &[3], "content type"),
        (tail - 9, &[0, 0, 0, 1], "reserved"),
        (tail - 5, &[16], "IV length"),
        (tail - 4, &[0, 0, 0, 0], "frame length"),
    ] {
        let error = flipped(V1, offset, value);
        assert_eq!((error.field, error.offset), (field, offset), "{error}");
    }
    let error = flipped(V2, 1, &[0, 0x78]);
    assert_eq!((error.field, error.offset), ("algorithm suite id", 1), "{error}");
}

#[test]
fn an_unframed_header_has_a_frame_length_of_zero() {
    let tail = header(V1).encoded_len();
    assert_eq!(flipped(V1, tail - 10, &[1]).field, "frame length");
    let mut message = bytes(&header(V1));
    message[tail - 10] = 1;
    message[tail - 4..tail].fill(0);
    assert_eq!(decode(&message).unwrap().content_type, ContentType::Unframed);
}

#[test]
fn data_keys_are_counted_against_the_limit_before_they_are_read() {
    let message = bytes(&header(V2));
    let mut limits = HeaderLimits::default();
    limits.max_encrypted_data_keys = 1;
    let error = HeaderDecoder::decode(&message, limits).unwrap_err();
    assert_eq!(error.problem, FormatProblem::OverLimit { found: 2, limit: 1 });

    let count = header(V2).encoded_len() - 32 - 4 - 1 - (6 + 7 + 5 + 40) - (6 + 3 + 4 + 48) - 2;
    let error = flipped(V2, count, &[0, 0]);
    assert_eq!((error.field, error.offset), ("encrypted data key count", count));
}

#[test]
fn a_header_is_held_only_up_to_its_limit() {
    let message = bytes(&header(V2));
    let mut limits = HeaderLimits::default();
    limits.max_header_len = message.len() - 1;
    let error = HeaderDecoder::decode(&message, limits).unwrap_err();
    assert!(matches!(error.problem, FormatProblem::OverLimit { .. }));
    limits.max_header_len = message.len();
    assert!(HeaderDecoder::decode(&message, limits).is_ok());
}

#[test]
fn base64_text_is_recognised() {
    for start in [b"AYADeA".as_slice(), b"AgR4", b"AgV4"] {
        assert_eq!(decode(start).unwrap_err().problem, FormatProblem::Base64);
    }
}

/// The context of a version 2 header starts behind version, suite, id and its own length.
const CONTEXT: usize = 1 + 2 + 32;

#[test]
fn an_empty_context_may_have_a_count_of_zero() {
    let mut plain = header(V2);
    plain.encryption_context = EncryptionContext::new();
    let message = bytes(&plain);
    assert_eq!(message[CONTEXT..CONTEXT + 2], [0, 0]);
    let counted = [&message[..CONTEXT], &[0, 2, 0, 0], &message[CONTEXT + 2..]].concat();
    assert_eq!(decode(&counted).unwrap(), plain);
}

#[test]
fn contexts_that_do_not_fit_their_length_are_refused() {
    let mut message = bytes(&header(V2));
    message[CONTEXT + 1] -= 1;
    assert_eq!(decode(&message).unwrap_err().field, "encryption context");
    let mut message = bytes(&header(V2));
    message[CONTEXT + 6] = 0xff;
    assert_eq!(decode(&message).unwrap_err().problem, FormatProblem::NotUtf8);
}

#[test]
fn headers_that_no_reader_takes_are_not_written() {
    let refused = |change: fn(&mut Header)| {
        let mut header = header(V2);
        change(&mut header);
        header.encode(&mut Vec::new()).unwrap_err().field
    };
    assert_eq!(refused(|header| header.encrypted_data_keys.clear()), "encrypted data key count");
    assert_eq!(refused(|header| header.content_type = ContentType::Framed(0)), "frame length");
    assert_eq!(refused(|header| header.commitment = None), "algorithm suite data");
    assert_eq!(refused(|header| header.suite = V1), "message id");
    let long = |header: &mut Header| header.encrypted_data_keys[0].ciphertext = vec![0; 65_536];
    assert_eq!(refused(long), "encrypted data key");
}
