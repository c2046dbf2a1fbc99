//! Opens a message in every way there is. Each returns the plaintext that came out, and the
//! error if there was one.

use std::io::{BufRead, Read, Write};

use waxseal::io::DecryptingReader;
use waxseal::parallel::Threads;
use waxseal::{Client, DecryptOptions, Error};

use crate::choices::Sizes;
use crate::pieces::InPieces;
use crate::setup::under;

/// A way to open a message by a stream.
pub(crate) type Stream = fn(&Client, &DecryptOptions, &Threads, &[u8], &mut Sizes) -> Outcome;

/// Every such way.
pub(crate) const STREAMS: [Stream; 3] = [reader, buffered_reader, writer];

pub(crate) type Outcome = (Vec<u8>, Option<Error>);

/// All at once, into a buffer that held something else.
pub(crate) fn one_shot(
    client: &Client,
    options: &DecryptOptions,
    threads: &Threads,
    message: &[u8],
) -> Outcome {
    let mut plaintext = vec![0xee; 100];
    let result = under(client, options.commitment_policy)
        .decrypt_into(message, &mut plaintext)
        .options(options.clone())
        .threads(threads.clone())
        .wait();
    assert!(result.is_ok() || plaintext.is_empty(), "plaintext beside an error");
    (plaintext, result.err())
}

/// Read from a source that gives pieces, by reads of other sizes.
pub(crate) fn reader(
    client: &Client,
    options: &DecryptOptions,
    threads: &Threads,
    message: &[u8],
    sizes: &mut Sizes,
) -> Outcome {
    let mut read_sizes = sizes.clone();
    let mut plaintext = Vec::new();
    let mut reader = match open_reader(client, options, threads, InPieces { inner: message, sizes }) {
        Ok(reader) => reader,
        Err(error) => return (plaintext, Some(error)),
    };
    loop {
        let mut piece = vec![0; read_sizes.next_size()];
        match reader.read(&mut piece) {
            Ok(0) => break,
            Ok(len) => plaintext.extend_from_slice(&piece[..len]),
            Err(error) => {
                assert!(reader.read(&mut [0]).is_err(), "goes on after an error");
                return (plaintext, Some(error.into()));
            }
        }
    }
    assert_eq!(reader.read(&mut [0]).unwrap(), 0, "goes on after its end");
    (plaintext, None)
}

/// The same through `BufRead`.
pub(crate) fn buffered_reader(
    client: &Client,
    options: &DecryptOptions,
    threads: &Threads,
    message: &[u8],
    sizes: &mut Sizes,
) -> Outcome {
    let mut read_sizes = sizes.clone();
    let mut plaintext = Vec::new();
    let mut reader = match open_reader(client, options, threads, InPieces { inner: message, sizes }) {
        Ok(reader) => reader,
        Err(error) => return (plaintext, Some(error)),
    };
    loop {
        let piece = match reader.fill_buf() {
            Ok([]) => return (plaintext, None),
            Ok(piece) => piece,
            Err(error) => return (plaintext, Some(error.into())),
        };
        let len = read_sizes.next_size().min(piece.len());
        plaintext.extend_from_slice(&piece[..len]);
        reader.consume(len);
    }
}

fn open_reader<R: Read>(
    client: &Client,
    options: &DecryptOptions,
    threads: &Threads,
    source: R,
) -> Result<DecryptingReader<R>, Error> {
    let client = under(client, options.commitment_policy);
    client.decrypt_reader(source).options(options.clone()).threads(threads.clone()).wait()
}

/// Written in pieces, to a sink that takes pieces of other sizes.
pub(crate) fn writer(
    client: &Client,
    options: &DecryptOptions,
    threads: &Threads,
    message: &[u8],
    sizes: &mut Sizes,
) -> Outcome {
    let pieces = sizes.cut(message);
    let mut plaintext = Vec::new();
    let sink = InPieces { inner: &mut plaintext, sizes };
    let mut writer = under(client, options.commitment_policy)
        .decrypt_writer(sink)
        .options(options.clone())
        .threads(threads.clone())
        .wait()
        .unwrap();
    let failed = pieces.into_iter().find_map(|piece| writer.write_all(piece).err());
    let error = match failed {
        Some(error) => {
            assert!(writer.write_all(&[0]).is_err() && writer.finish().is_err(), "goes on after an error");
            Some(error.into())
        }
        None => writer.finish().err(),
    };
    (plaintext, error)
}
