//! Plaintext that is read from a source: it comes to where it is sealed, whatever the source and the
//! caller's buffer are like, and whatever fails on the way.
#![allow(
    unreachable_pub,
    clippy::cast_possible_truncation,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod common;

use std::cell::RefCell;
use std::io::{self, BufRead, ErrorKind, IoSliceMut, Read};
use std::iter;
use std::ops::Range;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use common::asynchronous::{Hesitant, block_on};
use common::{client, plaintext};
use waxseal::{AlgorithmSuite, Client, Error, ErrorClass, native};

const UNSIGNED: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;
/// Shorter and longer than what is read ahead, than a chunk, and than a batch.
const FRAMES: [usize; 6] = [1, 100, 4096, 20_000, 65_536, 300_000];

/// How a source behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Fills as many places as it has bytes for.
    Vectored,
    /// Has `read` alone, as most sources of users have.
    OnePlace,
}

/// Notes where its bytes went.
struct Source {
    bytes: io::Cursor<Vec<u8>>,
    kind: Kind,
    max: usize,
    /// Fails on every other call.
    flaky: bool,
    calls: usize,
    places: Rc<RefCell<Vec<Range<usize>>>>,
}

impl Source {
    fn new(bytes: &[u8], kind: Kind, max: usize) -> Self {
        let bytes = io::Cursor::new(bytes.to_vec());
        Self { bytes, kind, max, flaky: false, calls: 0, places: Rc::default() }
    }

    fn fill(&mut self, place: &mut [u8], max: usize) -> usize {
        let len = place.len().min(max);
        let len = self.bytes.read(&mut place[..len]).unwrap();
        let start = place.as_ptr().addr();
        if len > 0 {
            self.places.borrow_mut().push(start..start + len);
        }
        len
    }
}

impl Read for Source {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        if self.flaky && self.calls.is_multiple_of(2) {
            return Err(ErrorKind::TimedOut.into());
        }
        Ok(self.fill(out, self.max))
    }

    fn read_vectored(&mut self, places: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        if self.kind == Kind::OnePlace {
            let first = places.iter_mut().find(|place| !place.is_empty());
            return self.read(first.map_or(&mut [], |place| place));
        }
        self.read(&mut [])?;
        let mut left = self.max;
        for place in places {
            left -= self.fill(place, left);
        }
        Ok(self.max - left)
    }
}

/// Reads all, trying again after errors of the source.
fn by_read(mut reader: impl Read, room: usize) -> Vec<u8> {
    let (mut message, mut buffer) = (Vec::new(), vec![0xee; room]);
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return message,
            Ok(len) => message.extend_from_slice(&buffer[..len]),
            Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut),
        }
    }
}

fn by_fill_buf(mut reader: impl BufRead, most: usize) -> Vec<u8> {
    let mut message = Vec::new();
    loop {
        match reader.fill_buf() {
            Ok([]) => return message,
            Ok(piece) => {
                let taken = piece.len().min(most);
                message.extend_from_slice(&piece[..taken]);
                reader.consume(taken);
            }
            Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut),
        }
    }
}

fn assert_opens(client: &Client, message: &[u8], plain: &[u8], what: &str) {
    assert!(client.decrypt(message).wait().unwrap().plaintext == plain, "{what}");
}

#[test]
fn every_source_and_every_buffer_gives_the_message() {
    let client = client(native::provider());
    for frame in FRAMES {
        let len = if frame == 1 { 500 } else { 3 * frame + frame / 2 };
        let plain = plaintext(len);
        for (kind, max) in [Kind::Vectored, Kind::OnePlace]
            .into_iter()
            .flat_map(|kind| [frame / 3 + 1, frame, frame * 5 / 2, 1 << 20].map(|max| (kind, max)))
        {
            for (threads, flaky) in [(1, false), (1, true), (2, true)] {
                for room in [frame / 2 + 1, frame + 31, frame + 32, 2 * frame + 100, 1 << 20] {
                    let what = format!("{frame} {kind:?} {max} {threads} {flaky} {room}");
                    let open = || {
                        let source = Source { flaky, ..Source::new(&plain, kind, max) };
                        let request = client.encrypt_reader(source).suite(UNSIGNED).threads(threads);
                        request.frame_length(frame as u32).wait().unwrap()
                    };
                    assert_opens(&client, &by_read(open(), room), &plain, &what);
                    assert_opens(&client, &by_fill_buf(open(), room), &plain, &what);
                }
            }
        }
    }
}

/// Frame lengths by which some room that grew by fours would end within a tag, and first reads that
/// leave such room behind.
#[test]
fn no_frame_length_and_no_first_read_ends_a_message_early() {
    let client = client(native::provider());
    let lengths = [8161, 8168, 8176, 32_740, 32_752, 131_041, 131_050, 131_056, 524_260, 524_272];
    let rooms = lengths.map(|frame| (frame, 1 << 20)).into_iter();
    let reads = [(1 << 18, 16_369), (1 << 18, 65_524), (1 << 18, 65_527), (1 << 20, 262_132)];
    for (frame, max) in rooms.chain(reads) {
        let plain = plaintext(3 * frame + 7);
        for threads in [1, 2] {
            let open = || {
                let source = Source::new(&plain, Kind::Vectored, max);
                let request = client.encrypt_reader(source).suite(UNSIGNED).threads(threads);
                request.frame_length(frame as u32).wait().unwrap()
            };
            let what = format!("{frame} {max} {threads}");
            assert_opens(&client, &by_fill_buf(open(), usize::MAX), &plain, &what);
            assert_opens(&client, &by_read(open(), 8192), &plain, &what);
            assert_opens(&client, &by_read(open(), frame + 32), &plain, &what);
        }
        let message = block_on(async {
            let request = client.aio().encrypt_reader(Hesitant::source(&plain, max)).suite(UNSIGNED);
            let (mut reader, mut message) = (request.frame_length(frame as u32).await.unwrap(), Vec::new());
            tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut message).await.unwrap();
            message
        });
        assert_opens(&client, &message, &plain, &format!("async {frame} {max}"));
    }
}

#[test]
fn calls_of_both_kinds_may_alternate() {
    let client = client(native::provider());
    for (kind, max) in [(Kind::Vectored, 5000), (Kind::Vectored, 700), (Kind::OnePlace, 1000)] {
        let plain = plaintext(20_000);
        let request = client.encrypt_reader(Source::new(&plain, kind, max)).suite(UNSIGNED);
        let mut reader = request.frame_length(1000).wait().unwrap();
        let (mut message, mut buffer) = (Vec::new(), [0; 2100]);
        for turn in 0.. {
            let len = if turn % 3 == 0 {
                let piece = reader.fill_buf().unwrap();
                let taken = piece.len().min(300 + turn);
                message.extend_from_slice(&piece[..taken]);
                reader.consume(taken);
                taken
            } else {
                let len = reader.read(&mut buffer).unwrap();
                message.extend_from_slice(&buffer[..len]);
                len
            };
            if len == 0 {
                break;
            }
        }
        assert_opens(&client, &message, &plain, "alternating");
    }
}

/// No copy: the bytes were read to where the message's bytes are found.
#[test]
fn plaintext_is_read_to_where_its_ciphertext_is_given_out() {
    let client = client(native::provider());
    for frame in [4096, 65_536] {
        let plain = plaintext(200 * frame);
        let source = Source::new(&plain, Kind::Vectored, usize::MAX);
        let places = Rc::clone(&source.places);
        let request = client.encrypt_reader(source).suite(UNSIGNED).frame_length(frame as u32);
        let mut reader = request.wait().unwrap();
        let mut buffer = vec![0; 10 * frame];
        let header = reader.read(&mut buffer).unwrap();
        assert!(header < 1000 && places.borrow().is_empty());
        let len = reader.read(&mut buffer).unwrap();
        let own = buffer.as_ptr_range();
        let own = own.start.addr()..own.end.addr();
        assert_eq!((len, places.borrow().len()), (9 * (frame + 32), 9));
        assert!(places.borrow().iter().all(|place| own.contains(&place.start) && place.len() == frame));

        // The stream's own buffer, once it has grown.
        for _ in 0..4 {
            let len = reader.fill_buf().unwrap().len();
            reader.consume(len);
        }
        places.borrow_mut().clear();
        reader.fill_buf().unwrap();
        let waits = reader.fill_buf().unwrap().as_ptr_range();
        let first = places.borrow()[0].clone();
        assert_eq!(first.start, waits.start.addr() + 16, "behind the head of the first block");
        assert!(first.start.is_multiple_of(64), "at a cache line");
    }
}

#[test]
fn a_buffer_of_the_callers_keeps_no_plaintext_that_is_not_sealed() {
    let client = client(native::provider());
    let plain = [0x55; 1000];
    for (max, bound) in [(150, u64::MAX), (90, u64::MAX), (1000, 450)] {
        let request = client.encrypt_reader(Source::new(&plain, Kind::Vectored, max)).suite(UNSIGNED);
        let request = request.plaintext_len_bound(bound);
        let mut reader = request.frame_length(100).wait().unwrap();
        let mut buffer = [0; 2000];
        while let Ok(1..) = reader.read(&mut buffer) {
            assert!(!buffer.windows(8).any(|bytes| bytes == &plain[..8]), "{max} {bound}");
        }
        assert!(!buffer.windows(8).any(|bytes| bytes == &plain[..8]), "{max} {bound}, failed");
    }
}

/// Writes to a place, then fails, or says that it wrote more than fits.
struct Scribbler {
    says: Option<usize>,
    calls: usize,
}

impl Scribbler {
    const WRITES: [u8; 20] = [0x55; 20];

    fn scribble(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.calls += 1;
        let len = out.len().min(20);
        out[..len].copy_from_slice(&Self::WRITES[..len]);
        self.says.ok_or_else(|| ErrorKind::WouldBlock.into())
    }
}

impl Read for Scribbler {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.scribble(out)
    }
}

impl tokio::io::AsyncRead for Scribbler {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        out: &mut tokio::io::ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Ready(self.scribble(out.initialize_unfilled()).map(drop))
    }
}

impl futures_util::AsyncRead for Scribbler {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, out: &mut [u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(self.scribble(out))
    }
}

#[test]
fn what_a_source_wrote_before_it_failed_is_not_left_in_a_buffer_of_the_callers() {
    let client = client(native::provider());
    let mut buffer = [0xee; 2 * (20 + 32)];
    let source = Scribbler { says: None, calls: 0 };
    let request = client.encrypt_reader(source).suite(UNSIGNED).frame_length(20);
    let mut reader = request.wait().unwrap();
    let header = reader.fill_buf().unwrap_err();
    assert_eq!(header.kind(), ErrorKind::WouldBlock);
    while reader.read(&mut buffer).is_ok() {}
    assert!(!buffer.windows(4).any(|bytes| bytes == &Scribbler::WRITES[..4]));
    assert!(reader.into_inner().calls > 1);

    let frame = 20_000;
    let mut buffer = vec![0xee; 2 * (frame + 32)];
    let calls = block_on(async {
        let source = Scribbler { says: None, calls: 0 };
        let request = client.aio().encrypt_reader(source).suite(UNSIGNED).frame_length(frame as u32);
        let mut reader = request.await.unwrap();
        while tokio::io::AsyncReadExt::read(&mut reader, &mut buffer).await.is_ok() {}
        reader.into_inner().calls
    });
    assert!(!buffer.windows(4).any(|bytes| bytes == &Scribbler::WRITES[..4]));
    assert!(calls > 0);
}

/// Nobody knows what such a source read, so that no message may end as if nothing were missing.
#[test]
fn a_source_that_says_what_cannot_be_ends_the_stream() {
    let client = client(native::provider());
    for (frame, room) in [(20, 10), (20, 1000), (20_000, 100), (20_000, 50_000)] {
        let source = || Scribbler { says: Some(1 << 30), calls: 0 };
        let request = client.encrypt_reader(source()).suite(UNSIGNED).frame_length(frame);
        let mut reader = request.wait().unwrap();
        let mut buffer = vec![0; room];
        let mut read = || {
            let read = iter::repeat_with(|| reader.read(&mut buffer)).find_map(Result::err);
            read.map(|error| (error.kind(), Error::from(error).class()))
        };
        assert_eq!(read().map(|(kind, _)| kind), Some(ErrorKind::InvalidData), "{frame} {room}");
        assert_eq!(read().map(|(_, class)| class), Some(ErrorClass::Usage), "{frame} {room}");
        assert_eq!(reader.into_inner().calls, 1);

        let kinds = block_on(async {
            let request = client.aio().encrypt_reader(source()).suite(UNSIGNED).frame_length(frame);
            let mut reader = request.await.unwrap();
            let (mut kinds, mut buffer) = (Vec::new(), vec![0; room]);
            while kinds.len() < 3 {
                let read = futures_util::AsyncReadExt::read(&mut reader, &mut buffer).await;
                kinds.extend(read.map_err(|error| error.kind()).err());
            }
            kinds
        });
        assert_eq!(kinds[0], ErrorKind::InvalidData, "{frame} {room}");
        assert!(kinds[1..].iter().all(|kind| *kind != ErrorKind::InvalidData), "{kinds:?}");
    }
}

#[test]
fn reads_are_large_whatever_the_source_and_the_frames() {
    let client = client(native::provider());
    let plain = plaintext(4 << 20);
    for (kind, frame, most) in [
        (Kind::Vectored, 4096, 30),
        (Kind::Vectored, 65_536, 40),
        // The source is found out by its first reads, and read ahead.
        (Kind::OnePlace, 4096, 30),
        (Kind::OnePlace, 65_536, 80),
    ] {
        let source = Source::new(&plain, kind, usize::MAX);
        let request = client.encrypt_reader(source).suite(UNSIGNED).frame_length(frame);
        let mut reader = request.wait().unwrap();
        while !reader.fill_buf().unwrap().is_empty() {
            let len = reader.fill_buf().unwrap().len();
            reader.consume(len);
        }
        let calls = reader.into_inner().calls;
        assert!(calls <= most, "{kind:?} {frame}: {calls}");
    }
}

#[test]
fn async_readers_give_the_message_whatever_comes_and_whatever_fits() {
    let client = client(native::provider());
    for frame in FRAMES {
        let len = if frame == 1 { 500 } else { 3 * frame + frame / 2 };
        let plain = plaintext(len);
        for max in [frame / 3 + 1, frame, 1 << 20] {
            for room in [frame / 2 + 1, frame + 32, 2 * frame + 100] {
                let message = block_on(async {
                    let request = client.aio().encrypt_reader(Hesitant::source(&plain, max));
                    let request = request.suite(UNSIGNED).frame_length(frame as u32);
                    let (mut reader, mut message) = (request.await.unwrap(), Vec::new());
                    let mut buffer = vec![0; room];
                    loop {
                        match tokio::io::AsyncReadExt::read(&mut reader, &mut buffer).await.unwrap() {
                            0 => break message,
                            len => message.extend_from_slice(&buffer[..len]),
                        }
                    }
                });
                assert_opens(&client, &message, &plain, &format!("{frame} {max} {room}"));
            }
        }
    }
}
