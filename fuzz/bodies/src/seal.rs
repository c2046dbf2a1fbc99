//! Makes messages through the encrypting streams.

use std::io::{Read, Write};

use waxseal::parallel::Threads;
use waxseal::{Client, EncryptOptions};

use crate::choices::Sizes;
use crate::pieces::InPieces;
use crate::setup::under;

/// Written in pieces, to a sink that takes pieces of other sizes.
pub(crate) fn writer(
    client: &Client,
    options: &EncryptOptions,
    threads: &Threads,
    plaintext: &[u8],
    sizes: &mut Sizes,
) -> Vec<u8> {
    let pieces = sizes.cut(plaintext);
    let mut message = Vec::new();
    let sink = InPieces { inner: &mut message, sizes };
    let mut writer = under(client, options.commitment_policy)
        .encrypt_writer(sink)
        .options(options.clone())
        .threads(threads.clone())
        .wait()
        .unwrap();
    pieces.into_iter().for_each(|piece| writer.write_all(piece).unwrap());
    writer.finish().unwrap();
    message
}

/// The same, dropped before its end.
pub(crate) fn unfinished_writer(
    client: &Client,
    options: &EncryptOptions,
    threads: &Threads,
    plaintext: &[u8],
    sizes: &mut Sizes,
) -> Vec<u8> {
    let mut message = Vec::new();
    let sink = InPieces { inner: &mut message, sizes };
    let mut writer = under(client, options.commitment_policy)
        .encrypt_writer(sink)
        .options(options.clone())
        .threads(threads.clone())
        .wait()
        .unwrap();
    writer.write_all(plaintext).unwrap();
    drop(writer);
    message
}

/// Read in pieces, from a source that gives pieces of other sizes.
pub(crate) fn reader(
    client: &Client,
    options: &EncryptOptions,
    threads: &Threads,
    plaintext: &[u8],
    sizes: &mut Sizes,
) -> Vec<u8> {
    let mut read_sizes = sizes.clone();
    let source = InPieces { inner: plaintext, sizes };
    let mut reader = under(client, options.commitment_policy)
        .encrypt_reader(source)
        .options(options.clone())
        .threads(threads.clone())
        .wait()
        .unwrap();
    let mut message = Vec::new();
    loop {
        let mut piece = vec![0; read_sizes.next_size()];
        match reader.read(&mut piece).unwrap() {
            0 => break,
            len => message.extend_from_slice(&piece[..len]),
        }
    }
    assert_eq!(reader.read(&mut [0]).unwrap(), 0, "goes on after its end");
    message
}
