//! Messages as base64 text (RFC 4648, section 4), in lines of 76 characters.

use std::io::{self, BufReader, BufWriter, Read, Write};

use base64::DecodeError;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::STANDARD;
use base64::read::DecoderReader;
use base64::write::EncoderWriter;
use thiserror::Error;

const LINE_LEN: usize = 76;
const BUFFER_LEN: usize = 64 << 10;

/// Takes a message, writes it as text.
pub(crate) struct ArmorWriter<W: Write>(EncoderWriter<'static, GeneralPurpose, Lines<BufWriter<W>>>);

impl<W: Write> ArmorWriter<W> {
    pub(crate) fn new(sink: W) -> Self {
        let lines = Lines { sink: BufWriter::with_capacity(BUFFER_LEN, sink), column: 0 };
        Self(EncoderWriter::new(lines, &STANDARD))
    }

    /// Writes what is left, and the end of the last line.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        let mut lines = self.0.finish()?;
        if lines.column > 0 {
            lines.sink.write_all(b"\n")?;
        }
        lines.sink.flush()
    }
}

impl<W: Write> Write for ArmorWriter<W> {
    fn write(&mut self, input: &[u8]) -> io::Result<usize> {
        self.0.write(input)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Breaks what is written to it into lines.
struct Lines<W: Write> {
    sink: W,
    column: usize,
}

impl<W: Write> Write for Lines<W> {
    fn write(&mut self, input: &[u8]) -> io::Result<usize> {
        let mut rest = input;
        while !rest.is_empty() {
            let room = LINE_LEN.saturating_sub(self.column).min(rest.len());
            let (line, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            self.sink.write_all(line)?;
            self.column = self.column.saturating_add(line.len());
            if self.column == LINE_LEN {
                self.sink.write_all(b"\n")?;
                self.column = 0;
            }
            rest = later;
        }
        Ok(input.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

/// Base64 text was expected.
#[derive(Debug, Error)]
#[error("not base64 text: {0}")]
pub(crate) struct NotBase64(DecodeError);

/// Reads text, gives out the message. White space in the text doesn't count.
pub(crate) struct ArmorReader<R: Read>(DecoderReader<'static, GeneralPurpose, WithoutSpace<BufReader<R>>>);

impl<R: Read> ArmorReader<R> {
    pub(crate) fn new(source: R) -> Self {
        let source = WithoutSpace(BufReader::with_capacity(BUFFER_LEN, source));
        Self(DecoderReader::new(source, &STANDARD))
    }
}

impl<R: Read> Read for ArmorReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.0.read(out).map_err(|error| match error.downcast::<DecodeError>() {
            Ok(error) => io::Error::new(io::ErrorKind::InvalidData, NotBase64(error)),
            Err(error) => error,
        })
    }
}

/// Leaves white space out.
struct WithoutSpace<R: Read>(R);

impl<R: Read> Read for WithoutSpace<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.0.read(out)?;
            let kept = compact(out.get_mut(..read).unwrap_or_default());
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}

/// Moves the bytes that are no white space to the front; returns their number.
fn compact(bytes: &mut [u8]) -> usize {
    let cells = std::cell::Cell::from_mut(bytes).as_slice_of_cells();
    let kept = cells.iter().filter(|cell| !cell.get().is_ascii_whitespace());
    cells.iter().zip(kept).map(|(to, from)| to.set(from.get())).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn armored(message: &[u8]) -> String {
        let mut text = Vec::new();
        let mut writer = ArmorWriter::new(&mut text);
        message.chunks(7).for_each(|piece| writer.write_all(piece).unwrap());
        writer.finish().unwrap();
        String::from_utf8(text).unwrap()
    }

    fn read(text: impl Read) -> io::Result<Vec<u8>> {
        let mut message = Vec::new();
        ArmorReader::new(text).read_to_end(&mut message).map(|_| message)
    }

    #[test]
    fn text_has_short_lines_and_reads_back() {
        for len in [0, 1, 2, 56, 57, 58, 113, 114, 115, 3000] {
            let message: Vec<u8> = (0..len).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let text = armored(&message);
            assert!(text.lines().all(|line| !line.is_empty() && line.len() <= LINE_LEN), "{len}");
            assert_eq!(text.is_empty(), len == 0);
            assert!(text.is_empty() || text.ends_with('\n'));
            assert_eq!(read(text.as_bytes()).unwrap(), message);
        }
    }

    #[test]
    fn white_space_of_any_kind_is_left_out() {
        assert_eq!(read(&b" YX\r\nNk\n\n\tZg= = \n"[..]).unwrap(), b"asdf");
        let spaces = " ".repeat(5000);
        assert_eq!(read(format!("{spaces}YXNk{spaces}Zg=={spaces}").as_bytes()).unwrap(), b"asdf");
    }

    #[test]
    fn what_is_not_base64_is_told_apart_from_input_that_fails() {
        for wrong in ["YXNk*g==", "YXNkZ", "YXNkZg==YXNk", "\u{1}\u{80}"] {
            let error = read(wrong.as_bytes()).unwrap_err();
            assert!(error.get_ref().is_some_and(|inner| inner.is::<NotBase64>()), "{wrong:?}");
        }
    }
}
