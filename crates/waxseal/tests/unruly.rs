//! Sources and callers that don't keep to what their traits promise, on the way to plaintext.
#![allow(unreachable_pub, clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::io::{self, Cursor, ErrorKind, Read, Seek, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use common::asynchronous::block_on;
use common::{client, client_for, plaintext};
use futures_util::AsyncWriteExt as _;
use waxseal::{AlgorithmSuite, Error, ErrorClass, native};

const UNSIGNED: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;

/// Tells the truth about so many bytes, then says that it read more than it had room for.
struct OverReporting {
    bytes: Cursor<Vec<u8>>,
    honest: u64,
}

impl Read for OverReporting {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let honest = self.honest.saturating_sub(self.bytes.position());
        if honest > 0 {
            return self.bytes.by_ref().take(honest).read(out);
        }
        let len = self.bytes.read(out)?;
        Ok(if len == 0 { 0 } else { out.len() + 8 })
    }
}

impl Seek for OverReporting {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.bytes.seek(to)
    }
}

impl futures_util::AsyncRead for OverReporting {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, out: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.read(out))
    }
}

#[test]
fn a_source_that_says_what_cannot_be_ends_the_stream() {
    let client = client_for(native::provider(), UNSIGNED);
    let plain = plaintext(5000);
    let message = client.encrypt(&plain).suite(UNSIGNED).frame_length(1000).wait().unwrap().message;
    let source = |honest| OverReporting { bytes: Cursor::new(message.clone()), honest };
    let error = client.decrypt_reader(source(0)).wait().unwrap_err();
    assert!(matches!(&error, Error::Io(error) if error.kind() == ErrorKind::InvalidData), "{error}");
    for (honest, threads) in [(1000, 1), (3000, 1), (1000, 2), (3000, 2)] {
        let mut reader = client.decrypt_reader(source(honest)).threads(threads).wait().unwrap();
        let mut out = Vec::new();
        assert_eq!(reader.read_to_end(&mut out).unwrap_err().kind(), ErrorKind::InvalidData);
        assert!(plain.starts_with(&out) && out.len() < plain.len());
        let error = reader.read(&mut [0]).unwrap_err();
        assert!(matches!(Error::behind(&error), Some(Error::StreamEnded)), "{error}");
    }
    block_on(async {
        let mut reader = client.aio().decrypt_reader(source(1000)).open();
        let error = futures_util::AsyncReadExt::read_to_end(&mut reader, &mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        let error = futures_util::AsyncReadExt::read(&mut reader, &mut [0]).await.unwrap_err();
        assert!(matches!(Error::behind(&error), Some(Error::StreamEnded)), "{error}");
    });
}

/// What follows a message must not be hidden by a source that takes it and doesn't hand it over.
#[test]
fn a_message_that_ends_with_the_room_has_no_hidden_end() {
    let client = client_for(native::provider(), UNSIGNED);
    let overhead = client.encrypt(&[]).suite(UNSIGNED).frame_length(9000).wait().unwrap().message.len();
    let plain = plaintext(8192 - overhead);
    let message = client.encrypt(&plain).suite(UNSIGNED).frame_length(9000).wait().unwrap().message;
    assert_eq!(message.len(), 8192);
    let bytes = Cursor::new([message.as_slice(), &[0; 8]].concat());
    let opened = client.decrypt_reader(OverReporting { bytes, honest: 0 }).wait();
    assert!(opened.is_err());
}

#[test]
fn a_range_of_a_source_that_says_what_cannot_be_is_an_error() {
    let client = client_for(native::provider(), UNSIGNED);
    let plain = plaintext(5000);
    let message = client.encrypt(&plain).suite(UNSIGNED).frame_length(1000).wait().unwrap().message;
    for honest in [0, 2000] {
        let source = OverReporting { bytes: Cursor::new(message.clone()), honest };
        let opened = client.decrypt_range(source).wait().map_err(io::Error::from);
        let error = opened.and_then(|mut range| range.read_to_end(&mut Vec::new())).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{honest}: {error}");
    }
    let cut = Cursor::new(&message[..3000]);
    assert!(client.decrypt_range(cut).wait().is_err());
}

/// Nobody is told of the frames in front of a bad one, so that nobody would wipe them.
#[test]
fn no_plaintext_is_left_in_a_buffer_of_the_callers_behind_an_error() {
    let client = client(native::provider());
    let plain = [0x55; 5010];
    let sealed = client.encrypt(&plain).frame_length(1000).wait().unwrap();
    let body = sealed.header.encoded_len() + sealed.header.suite.header_auth_len();
    for (bad, class) in
        [(body + 3 * 1032 - 1, ErrorClass::BodyTag), (sealed.message.len() - 1, ErrorClass::Signature)]
    {
        let mut message = sealed.message.clone();
        message[bad] ^= 1;
        let mut out = vec![0xee; 1 << 20];
        let mut reader = client.decrypt_reader(message.as_slice()).wait().unwrap();
        let error = reader.read(&mut out).unwrap_err();
        assert_eq!(Error::behind(&error).unwrap().class(), class);
        assert!(!out.windows(8).any(|bytes| bytes == &plain[..8]), "{class:?}");

        let error = block_on(async {
            let mut reader = client.aio().decrypt_reader(message.as_slice()).open();
            loop {
                out.fill(0xee);
                if let Err(error) = futures_util::AsyncReadExt::read(&mut reader, &mut out).await {
                    break error;
                }
            }
        });
        assert_eq!(Error::behind(&error).unwrap().class(), class);
        assert!(!out.windows(8).any(|bytes| bytes == &plain[..8]), "{class:?}, async");
    }
}

#[test]
fn a_write_behind_the_end_is_no_end() {
    let client = client_for(native::provider(), UNSIGNED);
    let message = client.encrypt(&plaintext(100)).suite(UNSIGNED).wait().unwrap().message;
    block_on(async {
        let mut writer = client.aio().decrypt_writer(futures_util::io::sink()).open();
        writer.write_all(&message).await.unwrap();
        writer.close().await.unwrap();
        writer.close().await.unwrap();
        assert!(writer.write_all(&[0]).await.is_err());
        assert!(writer.close().await.is_err());
    });
}
