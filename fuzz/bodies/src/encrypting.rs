//! Encrypting streams, whatever their source, sink and caller do: one message of all the plaintext.

mod asynchronous;

use std::io::{BufRead, ErrorKind, IoSliceMut, Read, Result, Write};
use std::ops::Not;
use std::sync::Mutex;

use waxseal::format::MessageLengths;
use waxseal::parallel::Threads;
use waxseal::{AlgorithmSuite, Client, EncryptOptions};

use crate::Choices;
use crate::setup::{clients, decrypt_options, encrypt_options, openers, restart_randomness, under};

/// What is encrypted, and how.
struct Case<'a, 'c> {
    client: Client,
    options: EncryptOptions,
    threads: Threads,
    plaintext: Vec<u8>,
    turns: &'a Turns<'c>,
}

impl<'a, 'c> Case<'a, 'c> {
    fn source(&'a self) -> Source<'a, 'c> {
        Source { left: &self.plaintext, turns: self.turns }
    }

    fn sink(&self) -> Sink<'a, 'c> {
        Sink { message: Vec::new(), turns: self.turns }
    }
}

/// A way to encrypt by a stream.
type Seal = fn(&Case<'_, '_>) -> Vec<u8>;

const UNSIGNED: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;
const SIGNED: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384;

/// Choices of the message, then what source, sink and caller do, turn by turn.
pub fn body(input: &[u8]) {
    restart_randomness();
    let mut choices = Choices::new(input);
    let mut options = encrypt_options(choices.pick(&[UNSIGNED, UNSIGNED, UNSIGNED, SIGNED]));
    let frame = frame_length(&mut choices);
    options.frame_length = u32::try_from(frame).unwrap();
    let threads = Threads::from(choices.pick(&[1, 1, 2, 3])).batch(choices.pick(&[1, 100, 100_000]));
    let seal: Seal = choices.pick(&[read, write, asynchronous::read, asynchronous::write]);
    let plaintext = plaintext((frame * choices.below(6) + usize::from(choices.u16())).min(1000 * frame));
    let turns = Turns { choices: Mutex::new(choices), frame };
    let client = under(&clients(1)[0], options.commitment_policy);
    let case = Case { client, options, threads, plaintext, turns: &turns };
    let message = seal(&case);
    let opened = under(&openers()[0], case.options.commitment_policy)
        .decrypt(&message)
        .options(decrypt_options())
        .wait()
        .unwrap();
    assert!(opened.plaintext == case.plaintext, "another plaintext");
    let lengths = MessageLengths::of(&opened.header, case.plaintext.len() as u64).unwrap();
    assert_eq!(lengths.total(), Some(message.len() as u64));
}

/// About a power of two, where buffers end, up to 2^17.
fn frame_length(choices: &mut Choices<'_>) -> usize {
    let power = 1_usize << choices.below(18);
    let [by] = choices.array().map(u8::cast_signed);
    power.saturating_add_signed(by.into()).max(1)
}

/// Bytes that repeat themselves after a prime number, so that none stands at its place by chance.
fn plaintext(len: usize) -> Vec<u8> {
    (0..251).cycle().take(len).collect()
}

/// What is done next; once the choices are used up, all goes well and at once.
struct Turns<'a> {
    choices: Mutex<Choices<'a>>,
    frame: usize,
}

impl Turns<'_> {
    fn one_in(&self, n: usize) -> bool {
        self.choices.lock().unwrap().one_in(n)
    }

    /// A number of bytes, one at least.
    fn len(&self) -> usize {
        let mut choices = self.choices.lock().unwrap();
        let frame = self.frame;
        let len = match choices.below(8) {
            0 => 1 << 20,
            1 => 1,
            2 => choices.u8().into(),
            3 => choices.u16().into(),
            4 => usize::from(choices.u16()) * 8,
            5 => frame + 32,
            6 => frame * usize::from(choices.u8()) / 128,
            _ => (frame + 32) * choices.below(5) + choices.below(64),
        };
        len.clamp(1, 1 << 20)
    }

    /// An error now and then.
    fn fails(&self) -> Result<()> {
        self.one_in(16).not().then_some(()).ok_or_else(|| ErrorKind::TimedOut.into())
    }
}

/// A source of any kind: short reads, one place or several filled, errors.
struct Source<'a, 'c> {
    left: &'a [u8],
    turns: &'a Turns<'c>,
}

impl Read for Source<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        assert!(!out.is_empty(), "no place to read to");
        self.turns.fails()?;
        let len = self.turns.len().min(out.len());
        self.left.read(&mut out[..len])
    }

    fn read_vectored(&mut self, places: &mut [IoSliceMut<'_>]) -> Result<usize> {
        if self.turns.one_in(4) {
            return self.read(places.first_mut().map_or(&mut [], |place| place));
        }
        self.turns.fails()?;
        assert!(places.iter().any(|place| !place.is_empty()), "no place to read to");
        let (mut now, _) = self.left.split_at(self.turns.len().min(self.left.len()));
        let len = now.read_vectored(places)?;
        self.left = &self.left[len..];
        Ok(len)
    }
}

fn read(case: &Case<'_, '_>) -> Vec<u8> {
    let request = case.client.encrypt_reader(case.source()).options(case.options.clone());
    let mut reader = request.threads(case.threads.clone()).wait().unwrap();
    let turns = case.turns;
    let (mut message, mut buffer) = (Vec::new(), vec![0; 1 << 20]);
    loop {
        let len = turns.len();
        let done = if turns.one_in(2) {
            reader.read(&mut buffer[..len]).map(|len| buffer[..len].to_vec())
        } else {
            let piece = reader.fill_buf().map(|piece| piece[..len.min(piece.len())].to_vec());
            piece.inspect(|piece| reader.consume(piece.len()))
        };
        match done {
            Ok(piece) if piece.is_empty() => break,
            Ok(piece) => message.extend(piece),
            Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut),
        }
    }
    assert_eq!(reader.read(&mut [0]).unwrap(), 0, "goes on after its end");
    message
}

/// A sink that takes less than it is offered, or fails.
struct Sink<'a, 'c> {
    message: Vec<u8>,
    turns: &'a Turns<'c>,
}

impl Write for Sink<'_, '_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        self.turns.fails()?;
        let len = self.turns.len().min(bytes.len());
        self.message.extend(&bytes[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> Result<()> {
        self.turns.fails()
    }
}

fn write(case: &Case<'_, '_>) -> Vec<u8> {
    let request = case.client.encrypt_writer(case.sink()).options(case.options.clone());
    let mut writer = request.threads(case.threads.clone()).wait().unwrap();
    let (turns, mut left) = (case.turns, case.plaintext.as_slice());
    while !left.is_empty() {
        let piece = &left[..turns.len().min(left.len())];
        match writer.write(piece) {
            Ok(len) => left = &left[len..],
            Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut),
        }
        if turns.one_in(4) {
            assert!(writer.flush().err().is_none_or(|error| error.kind() == ErrorKind::TimedOut));
        }
    }
    // Nobody could try again behind it.
    turns.choices.lock().unwrap().rest();
    writer.finish().unwrap().message
}
