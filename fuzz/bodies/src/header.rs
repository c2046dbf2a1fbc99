//! Headers: any bytes, in one piece and in many.

use waxseal_format::{
    DecodedHeader, EncryptionContext, FormatError, FormatProblem, HeaderDecoder, HeaderLimits,
    HeaderProgress, MessageVersion,
};

use crate::Choices;
use crate::choices::Sizes;

/// Four bytes of choices, then a message.
pub fn body(input: &[u8]) {
    let mut choices = Choices::new(input);
    let limits = limits(&mut choices);
    let mut sizes = Sizes::new(&mut choices);
    let message = choices.rest();
    let whole = HeaderDecoder::decode(message, limits);
    let pieces = decode_pieces(&sizes.cut(message), limits);
    assert_eq!(whole, pieces, "in one piece and in many");
    match &whole {
        Ok((decoded, consumed)) => check_decoded(decoded, &message[..*consumed], limits),
        Err(error) => assert!(error.offset <= message.len(), "{error} behind the end"),
    }
    check_context(message);
}

fn limits(choices: &mut Choices<'_>) -> HeaderLimits {
    let mut limits = HeaderLimits::default();
    limits.max_encrypted_data_keys = choices.pick(&[u16::MAX, 1, 2, 40]);
    limits.max_header_len = choices.pick(&[16 << 20, 64, 256, 1024, 4096]);
    limits
}

type Outcome = Result<(DecodedHeader, usize), FormatError>;

fn decode_pieces(pieces: &[&[u8]], limits: HeaderLimits) -> Outcome {
    let mut decoder = HeaderDecoder::new(limits);
    let (mut taken, mut wanted) = (0, None);
    for piece in pieces {
        match decoder.push(piece)? {
            HeaderProgress::Need(more) => {
                taken += piece.len();
                assert!(more > 0 && taken + more <= limits.max_header_len, "needs {more}");
                wanted = wanted.max(Some(taken + more));
            }
            HeaderProgress::Done { header, consumed } => {
                assert!(wanted <= Some(taken + consumed), "needed {wanted:?}, took less");
                return Ok((*header, taken + consumed));
            }
        }
    }
    match decoder.push(&[])? {
        HeaderProgress::Need(more) => Err(decoder.truncated(more)),
        HeaderProgress::Done { .. } => panic!("a header out of nothing"),
    }
}

fn check_decoded(decoded: &DecodedHeader, bytes: &[u8], limits: HeaderLimits) {
    let header = &decoded.header;
    assert_eq!(decoded.bytes, bytes);
    assert!(bytes.len() <= limits.max_header_len);
    assert!(header.encrypted_data_keys.len() <= usize::from(limits.max_encrypted_data_keys));
    let mut written = Vec::new();
    header.encode(&mut written).unwrap();
    assert_eq!(written.len(), header.encoded_len());
    assert_eq!(written == decoded.body_bytes(), has_written_context(header.suite.version, bytes));
    decoded.authentication.encode(header.suite.version, &mut written);
    let (again, consumed) = HeaderDecoder::decode(&written, HeaderLimits::default()).unwrap();
    assert_eq!((&again.header, again.authentication), (header, decoded.authentication));
    assert_eq!(consumed, written.len());
    check_cuts(bytes, limits);
}

/// Every cut inside a header is a truncation.
fn check_cuts(bytes: &[u8], limits: HeaderLimits) {
    for cut in [0, 1, bytes.len() / 3, bytes.len() / 2, bytes.len() - 17, bytes.len() - 1] {
        let error = HeaderDecoder::decode(&bytes[..cut], limits).unwrap_err();
        assert!(matches!(error.problem, FormatProblem::Truncated(more) if cut + more <= bytes.len()));
    }
}

/// Whether the context stands there as waxseal writes it: sorted, and nothing for no pairs.
fn has_written_context(version: MessageVersion, bytes: &[u8]) -> bool {
    let start = version.message_id_len() + if version == MessageVersion::V1 { 4 } else { 3 };
    let mut rest = Choices::new(&bytes[start..]);
    let len = usize::from(rest.u16());
    let mut pairs = Choices::new(rest.bytes(len));
    let count = pairs.u16();
    let keys: Vec<&[u8]> = (0..count).map(|_| next_key(&mut pairs)).collect();
    len == 0 || (count > 0 && keys.is_sorted())
}

fn next_key<'a>(pairs: &mut Choices<'a>) -> &'a [u8] {
    let [key, _value] = [(); 2].map(|()| {
        let len = usize::from(pairs.u16());
        pairs.bytes(len)
    });
    key
}

fn check_context(bytes: &[u8]) {
    if let Ok(context) = EncryptionContext::decode(bytes) {
        let written = context.to_bytes().unwrap();
        assert_eq!(EncryptionContext::decode(&written).unwrap(), context);
        assert!(written.len() == bytes.len() || (context.is_empty() && bytes == [0, 0]));
    }
}
