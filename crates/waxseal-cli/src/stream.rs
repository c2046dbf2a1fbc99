//! One message on its way from an input to an output.

use std::io::{self, BufRead, ErrorKind, Read, Write};

use waxseal::{DecryptRequest, EncryptRequest, SecretBytes, target::FromReader};

use crate::armor::{ArmorReader, ArmorWriter};
use crate::failure::{Direction, Failure};
use crate::output::Output;

/// Large enough that calls don't count, small enough for a core's cache.
const BUFFER_LEN: usize = 512 << 10;

/// Encrypts all of the request's source to `output`, as text if `armor` is set.
pub(crate) fn encrypt<R: Read>(
    request: EncryptRequest<'_, FromReader<R>>,
    output: &mut Output,
    armor: bool,
) -> Result<(), Failure> {
    let fail = |error| Failure::client(error, Direction::Encrypt);
    let mut message = request.wait().map_err(fail)?;
    if !armor {
        return pass_on(&mut message, output, Direction::Encrypt);
    }
    let mut text = ArmorWriter::new(output);
    pass_on(&mut message, &mut text, Direction::Encrypt)?;
    text.finish().map_err(Failure::output)
}

/// Decrypts the request's source to `output`. Only an `Ok` says that all of it verified.
pub(crate) fn decrypt<R: Read>(
    request: DecryptRequest<'_, FromReader<R>>,
    threads: usize,
    output: &mut Output,
) -> Result<(), Failure> {
    let fail = |error| Failure::client(error, Direction::Decrypt);
    let mut plaintext = request.wait().map_err(fail)?;
    // One thread alone gives out frame by frame, unless there is a buffer for many.
    if threads > 1 {
        return pass_on(&mut plaintext, output, Direction::Decrypt);
    }
    copy_plaintext(&mut plaintext, output)
}

/// Writes all of a plaintext to `output`, through a buffer.
pub(crate) fn copy_plaintext(plaintext: &mut impl Read, output: &mut Output) -> Result<(), Failure> {
    pump(plaintext, output, Direction::Decrypt)
}

/// A source as it is, or the message in its base64 text.
pub(crate) enum Armored<R: Read> {
    No(R),
    Yes(Box<ArmorReader<R>>),
}

impl<R: Read> Armored<R> {
    pub(crate) fn new(source: R, armor: bool) -> Self {
        if armor { Self::Yes(Box::new(ArmorReader::new(source))) } else { Self::No(source) }
    }
}

impl<R: Read> Read for Armored<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::No(source) => source.read(out),
            Self::Yes(text) => text.read(out),
        }
    }
}

/// Writes what `from` holds from where it stands.
fn pass_on(from: &mut impl BufRead, to: &mut impl Write, direction: Direction) -> Result<(), Failure> {
    loop {
        let piece = match from.fill_buf() {
            Ok([]) => return Ok(()),
            Ok(piece) => piece,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::client(error.into(), direction)),
        };
        let len = piece.len();
        to.write_all(piece).map_err(Failure::output)?;
        from.consume(len);
    }
}

fn pump(from: &mut impl Read, to: &mut impl Write, direction: Direction) -> Result<(), Failure> {
    let mut buffer = SecretBytes::zeroed(BUFFER_LEN);
    loop {
        let read = match from.read(buffer.expose_mut()) {
            Ok(0) => return Ok(()),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(Failure::client(error.into(), direction)),
        };
        to.write_all(buffer.expose().get(..read).unwrap_or_default()).map_err(Failure::output)?;
    }
}
