//! Streams that fail, end early, or are left.
#![allow(
    unreachable_pub,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use std::io::{self, ErrorKind, Read, Write};

use common::{client, plaintext, providers};
use waxseal::parallel::Threads;
use waxseal::{Error, ErrorClass};

/// Takes so many bytes, then fails.
#[derive(Debug)]
struct FailingSink {
    left: usize,
    taken: Vec<u8>,
}

impl Write for FailingSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::from(ErrorKind::StorageFull));
        }
        let len = bytes.len().min(self.left);
        self.left -= len;
        self.taken.extend_from_slice(&bytes[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Gives out its bytes, then fails; before each piece it is interrupted once.
struct FailingSource {
    bytes: io::Cursor<Vec<u8>>,
    interrupted: bool,
}

impl Read for FailingSource {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(ErrorKind::Interrupted.into());
        }
        let len = out.len().min(50);
        match self.bytes.read(&mut out[..len])? {
            0 => Err(ErrorKind::ConnectionReset.into()),
            len => Ok(len),
        }
    }
}

fn source(bytes: &[u8]) -> FailingSource {
    FailingSource { bytes: io::Cursor::new(bytes.to_vec()), interrupted: false }
}

/// Notes the length of each write.
#[derive(Default)]
struct Writes(Vec<usize>);

impl Write for Writes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.push(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_header_leaves_with_the_first_frames_or_when_it_is_flushed() {
    for crypto in providers() {
        let client = client(crypto);
        let request = || client.encrypt_writer(Writes::default()).frame_length(100);
        let mut writer = request().wait().unwrap();
        let header = writer.header().encoded_len() + writer.header().suite.header_auth_len();
        writer.write_all(&[0; 50]).unwrap();
        writer.write_all(&[0; 70]).unwrap();
        let writes = writer.finish().unwrap().0;
        assert_eq!((writes.len(), writes[0]), (2, header + 132), "{writes:?}");
        let whole = request().wait().unwrap().finish().unwrap().0;
        assert_eq!(whole.len(), 1, "an empty message is one write");
        let mut writer = request().wait().unwrap();
        writer.write_all(&[0; 50]).unwrap();
        writer.flush().unwrap();
        assert_eq!(writer.finish().unwrap().0[0], header);
        let two = || Threads::from(2).batch(100);
        let mut writer = request().threads(two()).wait().unwrap();
        let header = writer.header().encoded_len() + writer.header().suite.header_auth_len();
        writer.write_all(&[0; 450]).unwrap();
        assert_eq!(writer.finish().unwrap().0[..2], [header + 132, 132], "with the first batch");
        let whole = request().threads(two()).wait().unwrap().finish().unwrap().0;
        assert_eq!(whole.len(), 1, "an empty message is one write");
        // Frames that are shorter than the header wait for nothing.
        let mut writer = client.encrypt_writer(Writes::default()).frame_length(1).wait().unwrap();
        let header = writer.header().encoded_len() + writer.header().suite.header_auth_len();
        writer.write_all(&[0; 1]).unwrap();
        writer.write_all(&[0; 1]).unwrap();
        writer.write_all(&[0; 1]).unwrap();
        assert_eq!(writer.finish().unwrap().0[..3], [header + 33, 33, 33]);
    }
}

#[test]
fn a_writer_dropped_unfinished_leaves_a_truncated_message() {
    for crypto in providers() {
        let client = client(crypto);
        let mut message = Vec::new();
        let mut writer = client.encrypt_writer(&mut message).frame_length(100).wait().unwrap();
        writer.write_all(&plaintext(350)).unwrap();
        drop(writer);
        assert!(message.len() > 300, "three frames were written");
        for (path, outcome) in common::decrypt_by_every_path(&client, &common::reading_all(), &message) {
            assert_eq!(outcome, Err(ErrorClass::Truncated), "{path}");
        }
    }
}

#[test]
fn a_sink_that_fails_is_reported_and_ends_the_message() {
    for crypto in providers() {
        let client = client(crypto);
        for left in [0, 10, 600] {
            let sink = FailingSink { left, taken: Vec::new() };
            let mut writer = client.encrypt_writer(sink).frame_length(100).wait().unwrap();
            let error = writer.write_all(&plaintext(1000)).and_then(|()| writer.flush()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull);
            assert!(writer.write(b"more").is_err());
            assert_eq!(writer.finish().unwrap_err().class(), ErrorClass::Io);
        }
        let sink = FailingSink { left: 600, taken: Vec::new() };
        let mut writer = client.encrypt_writer(sink).wait().unwrap();
        writer.write_all(&plaintext(1000)).unwrap();
        let error = writer.finish().unwrap_err();
        assert_eq!(error.class(), ErrorClass::Io, "finishing writes, and says when it can't");
    }
}

#[test]
fn a_source_that_fails_is_reported_and_never_looks_like_the_end() {
    for crypto in providers() {
        let client = client(crypto);
        let mut reader = client.encrypt_reader(source(&plaintext(500))).frame_length(100).wait().unwrap();
        let mut message = Vec::new();
        let error = reader.read_to_end(&mut message).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        assert!(reader.read(&mut [0; 10]).is_err());
        assert!(client.decrypt(&message).wait().is_err());

        let whole = client.encrypt(&plaintext(500)).frame_length(100).wait().unwrap().message;
        let mut reader = client.decrypt_reader(source(&whole[..whole.len() - 1])).wait().unwrap();
        let error = reader.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset);
        let outcome = client.decrypt_reader(source(&whole[..20])).wait();
        assert_eq!(outcome.unwrap_err().class(), ErrorClass::Io);
    }
}

#[test]
fn a_signed_messages_last_frame_waits_for_the_signature() {
    for crypto in providers() {
        let client = client(crypto);
        let mut message = client.encrypt(&plaintext(250)).frame_length(100).wait().unwrap().message;
        let last = message.len() - 1;
        message[last] ^= 1;
        let mut reader = client.decrypt_reader(message.as_slice()).wait().unwrap();
        let mut out = Vec::new();
        let error = reader.read_to_end(&mut out).unwrap_err();
        assert_eq!(Error::behind(&error).unwrap().class(), ErrorClass::Signature);
        assert_eq!(out, plaintext(200), "regular frames came, the last did not");

        let mut sink = Vec::new();
        let mut writer = client.decrypt_writer(&mut sink).wait().unwrap();
        assert!(writer.write_all(&message).is_err());
        drop(writer);
        assert!(plaintext(200).starts_with(&sink));
    }
}

#[test]
fn the_header_can_be_read_from_every_stream() {
    for crypto in providers() {
        let client = client(crypto);
        let mut writer = client.encrypt_writer(Vec::new()).context("k", "v").wait().unwrap();
        let header = writer.header().clone();
        writer.write_all(b"x").unwrap();
        let message = writer.finish().unwrap();
        let reader = client.decrypt_reader(message.as_slice()).wait().unwrap();
        assert_eq!(reader.header(), &header);
        let mut writer = client.decrypt_writer(Vec::new()).wait().unwrap();
        assert!(writer.header().is_none());
        writer.write_all(&message).unwrap();
        assert_eq!(writer.header(), Some(&header));
        assert_eq!(writer.finish().unwrap(), b"x");
        let reader = client.encrypt_reader(b"x".as_slice()).context("k", "v").wait().unwrap();
        assert_eq!(reader.header().encryption_context.get("k").unwrap(), "v");
    }
}

#[test]
fn the_plaintext_bound_holds_on_every_path() {
    for crypto in providers() {
        let client = client(crypto);
        let plain = plaintext(1001);
        // What is in memory has its own length: the specification has the bound ignored there.
        assert!(client.encrypt(&plain).plaintext_len_bound(1000).wait().is_ok());
        let request = client.encrypt_writer(Vec::new()).frame_length(100).plaintext_len_bound(1000);
        let mut writer = request.wait().unwrap();
        writer.write_all(&plain[..1000]).unwrap();
        writer.write_all(&plain[1000..]).unwrap();
        assert_eq!(writer.finish().unwrap_err().class(), ErrorClass::Limit);
        let request = client.encrypt_reader(plain.as_slice()).frame_length(100).plaintext_len_bound(1000);
        let error = request.wait().unwrap().read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(Error::behind(&error).unwrap().class(), ErrorClass::Limit);
        assert!(client.encrypt(&plain).plaintext_len_bound(1001).wait().is_ok());
    }
}

/// Who looks at `flush` alone must not take the data as sent.
#[test]
fn a_writer_that_failed_does_not_flush() {
    let client = client(waxseal::native::provider());
    for threads in [1, 2] {
        let request = client.encrypt_writer(Vec::new()).frame_length(4).plaintext_len_bound(4);
        let mut writer = request.threads(Threads::from(threads).batch(1)).wait().unwrap();
        writer.flush().unwrap();
        let written = writer.write_all(&[0; 8]).and_then(|()| writer.flush());
        assert_eq!(Error::behind(&written.unwrap_err()).unwrap().class(), ErrorClass::Limit);
        for _ in 0..2 {
            let error = writer.flush().unwrap_err();
            assert!(matches!(Error::behind(&error), Some(Error::StreamEnded)), "{threads}: {error}");
        }
        assert!(matches!(writer.finish(), Err(Error::StreamEnded)));
    }
}

/// Fails twenty times, on every other call, and takes a few bytes on those between.
#[derive(Debug, Default)]
struct FlakySink {
    calls: usize,
    taken: Vec<u8>,
}

impl Write for FlakySink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.calls.is_multiple_of(2) && self.calls <= 40 {
            return Err(ErrorKind::TimedOut.into());
        }
        let len = bytes.len().min(33);
        self.taken.extend_from_slice(&bytes[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes all of `input`, trying again after errors of the sink.
fn write_stubbornly(writer: &mut impl Write, mut input: &[u8]) {
    while !input.is_empty() {
        match writer.write(input) {
            Ok(len) => input = &input[len..],
            Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut),
        }
    }
    while writer.flush().is_err() {}
}

#[test]
fn an_error_of_the_sink_loses_nothing_and_the_call_may_be_tried_again() {
    for crypto in providers() {
        let client = client(crypto);
        let plain = plaintext(1050);
        let mut sealing = client.encrypt_writer(FlakySink::default()).frame_length(100).wait().unwrap();
        write_stubbornly(&mut sealing, &plain);
        let whole = sealing.finish().unwrap().taken;
        assert_eq!(client.decrypt(&whole).wait().unwrap().plaintext, plain);
        let mut opening = client.decrypt_writer(FlakySink::default()).wait().unwrap();
        write_stubbornly(&mut opening, &whole);
        assert_eq!(opening.finish().unwrap().taken, plain);
    }
}
