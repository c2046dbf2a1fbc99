//! `waxseal decrypt --range`: a part of a message's plaintext, read from the frames that hold it.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use waxseal::range::RangeReader;
use waxseal::target::Ranges;
use waxseal::{DecryptRequest, MessageError};

use crate::batch::FileArgs;
use crate::failure::{Direction, Failure};
use crate::output::Output;
use crate::plan::Job;
use crate::stream;

/// Which part is read, and on what terms.
#[derive(Debug, clap::Args)]
pub(crate) struct RangeArgs {
    /// Write only these bytes of the plaintext: A.., ..B or A..B, from 0 on, without B. Only the
    /// header, the message's end and the frames that hold them are read and verified; FILE must
    /// be one regular file
    #[arg(long, value_name = "A..B", value_parser = part, conflicts_with_all = ["armor", "recursive"])]
    range: Option<Part>,
    /// Let --range read signed messages. The signature is over the whole message and is NOT
    /// verified: whoever can decrypt the message could have changed what comes
    #[arg(long, requires = "range", conflicts_with = "decrypt_unsigned")]
    danger_without_message_signature: bool,
}

impl RangeArgs {
    /// The part that is asked for, if one is and these files can give it.
    pub(crate) fn part(&self, files: &FileArgs) -> Result<Option<Part>, Failure> {
        if self.range.is_some() {
            files.require_one_name("--range")?;
        }
        Ok(self.range)
    }

    /// Writes the `part` of the request's message to `output`.
    pub(crate) fn decrypt<S: Read + Seek>(
        &self,
        part: Part,
        request: DecryptRequest<'_, Ranges<S>>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        let request = match self.danger_without_message_signature {
            true => request.danger_without_message_signature(),
            false => request,
        };
        let mut plaintext = request.wait().map_err(refused)?;
        let bytes = part.within(plaintext.plaintext_len())?;
        seek(&mut plaintext, bytes.start)?;
        let len = bytes.end.saturating_sub(bytes.start);
        stream::copy_plaintext(&mut plaintext.take(len), output)
    }
}

/// Fails where the input can't be read in the middle. A pipe is not opened for that: opening
/// could wait for its writer.
pub(crate) fn require_regular(job: &Job) -> Result<(), Failure> {
    let not_regular = || Failure::usage("is no regular file, and --range reads in the middle of one");
    job.input.len().map(drop).ok_or_else(not_regular)
}

fn seek<S: Read + Seek>(plaintext: &mut RangeReader<S>, to: u64) -> Result<(), Failure> {
    let fail = |error: std::io::Error| Failure::client(error.into(), Direction::Decrypt);
    plaintext.seek(SeekFrom::Start(to)).map(drop).map_err(fail)
}

/// What the message's kind forbids, in the words of the option.
fn refused(error: waxseal::Error) -> Failure {
    match error {
        waxseal::Error::Message(MessageError::Usage(why)) if why.starts_with("an unframed") => {
            Failure::usage(
                "the message is unframed: it has no frames to choose from; decrypt it without --range",
            )
        }
        waxseal::Error::Message(MessageError::SignedMessage(_)) => Failure::client(error, Direction::Decrypt)
            .hint("--danger-without-message-signature reads a part without verifying the signature"),
        other => Failure::client(other, Direction::Decrypt),
    }
}

/// Bytes from `start`, to before `end` or to the plaintext's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    start: u64,
    end: Option<u64>,
}

impl Part {
    /// The bytes meant, of a plaintext that has `len`.
    fn within(self, len: u64) -> Result<Range<u64>, Failure> {
        let end = self.end.unwrap_or(len);
        if self.start <= end && end <= len {
            return Ok(self.start..end);
        }
        Err(Failure::usage(format!("the range {self} is not inside the plaintext, which has {len} bytes")))
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = self.end.map(|end| end.to_string());
        write!(f, "{}..{}", self.start, end.unwrap_or_default())
    }
}

/// `A..`, `..B` or `A..B`.
fn part(text: &str) -> Result<Part, String> {
    let expected = || "expected A.., ..B or A..B, numbers of bytes such as 4096 or 4_096".to_owned();
    let (start, end) = text.split_once("..").ok_or_else(expected)?;
    if start.is_empty() && end.is_empty() {
        return Err(expected());
    }
    let bound = |text: &str| match text {
        "" => Ok(None),
        _ => number(text).map(Some).ok_or_else(expected),
    };
    let (start, end) = (bound(start)?, bound(end)?);
    let start = start.unwrap_or(0);
    if end.is_some_and(|end| end < start) {
        return Err("the range ends before it starts".into());
    }
    Ok(Part { start, end })
}

/// Decimal digits, with underscores between them where one likes.
fn number(text: &str) -> Option<u64> {
    let well_placed = !text.starts_with('_') && !text.ends_with('_');
    let digits: String = text.chars().filter(|character| *character != '_').collect();
    let plain = well_placed && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| digits.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_a_start_an_end_or_both() {
        let of = |start, end| Ok(Part { start, end });
        assert_eq!(part("5.."), of(5, None));
        assert_eq!(part("..7"), of(0, Some(7)));
        assert_eq!(part("5..7"), of(5, Some(7)));
        assert_eq!(part("0..0"), of(0, Some(0)));
        assert_eq!(part("1_000..1_000_000"), of(1000, Some(1_000_000)));
        assert_eq!(part("18446744073709551615.."), of(u64::MAX, None));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        let wrong = [
            "",
            "..",
            "5",
            "7..5",
            "a..b",
            "-1..",
            "+1..2",
            "1...2",
            "1..=2",
            "1.. 2",
            "_1..",
            "1_..",
            "_..",
            "1K..2K",
            "0x1..",
            "1..2..3",
            "18446744073709551616..",
            "١..",
        ];
        for wrong in wrong {
            assert!(part(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_range_lies_inside_the_plaintext_or_is_refused_with_its_length() {
        let within = |text: &str| part(text).unwrap().within(10).map_err(|failure| failure.text().unwrap());
        assert_eq!(within("..10"), Ok(0..10));
        assert_eq!(within("10.."), Ok(10..10));
        assert_eq!(within("3..4"), Ok(3..4));
        for outside in ["11..", "..11", "3..11", "20..30"] {
            assert!(within(outside).unwrap_err().contains("10 bytes"), "{outside}");
        }
    }
}
