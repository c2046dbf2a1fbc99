//! Messages opened in the middle. A range sees its own frames and the last one, so it may open
//! where something else is wrong; where nothing is, it must.

use std::io::{Cursor, Read, Seek, SeekFrom};

use waxseal::range::RangeReader;
use waxseal::{Client, DecryptOptions, Error, ErrorClass};

use crate::Choices;
use crate::model::{Expected, Verdict};
use crate::setup::under;

type Reader<'m> = RangeReader<Cursor<&'m [u8]>>;

fn open<'m>(client: &Client, options: &DecryptOptions, message: &'m [u8]) -> Result<Reader<'m>, Error> {
    let client = under(client, options.commitment_policy);
    let request = client.decrypt_range(Cursor::new(message)).options(options.clone());
    request.danger_without_message_signature().wait()
}

pub(super) fn check(
    client: &Client,
    options: &DecryptOptions,
    message: &[u8],
    (framed, expected): (bool, &Expected),
    choices: &mut Choices<'_>,
) {
    let opened = open(client, options, message);
    match (expected.verdict, opened) {
        (Verdict::Fails(class), Err(error)) if expected.in_header => assert_eq!(error.class(), class),
        (_, Ok(_)) if expected.in_header => panic!("a range behind a header that is refused"),
        (Verdict::Opens, Ok(reader)) => check_reader(reader, &expected.authentic, choices),
        (Verdict::Opens, Err(error)) if framed => panic!("a legal message is refused: {error}"),
        (Verdict::Opens, Err(error)) => assert_eq!(error.class(), ErrorClass::Usage),
        (_, Ok(mut reader)) => drop(reader.read_range(0..reader.plaintext_len())),
        (_, Err(_)) => {}
    }
}

/// What was cut off is missed, whatever range is asked for.
pub(super) fn check_refused(client: &Client, options: &DecryptOptions, message: &[u8]) {
    assert!(open(client, options, message).is_err(), "a range of a message that was cut");
}

fn check_reader(mut reader: Reader<'_>, plaintext: &[u8], choices: &mut Choices<'_>) {
    let len = plaintext.len();
    assert_eq!(reader.plaintext_len(), len as u64);
    let (one, other) = (choices.below(len + 1), choices.below(len + 1));
    let (start, end) = (one.min(other), one.max(other));
    assert_eq!(reader.read_range(start as u64..end as u64).unwrap(), plaintext[start..end]);
    assert!(reader.read_range(start as u64..len as u64 + 1).is_err());
    let mut rest = Vec::new();
    reader.seek(SeekFrom::Start(end as u64)).unwrap();
    reader.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, plaintext[end..]);
}
