//! Regular frames by the run: handed out in order by a machine, sealed or opened wherever and
//! whenever, collected in order.
//!
//! ```text
//! Encryptor::lend_collector
//! Encryptor::next_run -> SealRun::seal (any thread, any order) -> FrameCollector::collect (in order)
//! Encryptor::take_back, push, finish
//! ```
//!
//! A [`BodyDecryptor`](crate::BodyDecryptor) hands out [`OpenRun`]s the same way. The machine
//! keeps all rules: which frame comes next, how many there may be, what the last block needs.

use std::ops::Range;
use std::sync::Arc;

use waxseal_crypto::{DigestOutput, DigestState};
use waxseal_format::{BlockHead, BlockKind, Decoded, TAG_LEN};

use crate::{FrameCipher, MessageError};

const NO_FIT: MessageError = MessageError::Usage("buffers that don't fit a run of frames");

/// Regular frames that follow each other.
struct Run {
    cipher: Arc<FrameCipher>,
    numbers: Range<u32>,
    frame_length: u32,
}

impl Run {
    fn frame_length(&self) -> usize {
        usize::try_from(self.frame_length).unwrap_or(usize::MAX)
    }

    fn block_len(&self) -> usize {
        self.frame_length().saturating_add(BlockKind::Regular.head_len() + TAG_LEN)
    }

    fn total(&self, each: usize) -> usize {
        self.numbers.len().saturating_mul(each)
    }

    fn check(&self, plaintext: &[u8], blocks: &[u8]) -> Result<(), MessageError> {
        let fits = plaintext.len() == self.total(self.frame_length());
        if fits { self.check_blocks(blocks) } else { Err(NO_FIT) }
    }

    fn check_blocks(&self, blocks: &[u8]) -> Result<(), MessageError> {
        if blocks.len() == self.total(self.block_len()) { Ok(()) } else { Err(NO_FIT) }
    }

    fn heads(&self) -> impl Iterator<Item = BlockHead> + use<> {
        let frame_length = self.frame_length;
        self.numbers.clone().map(move |number| BlockHead::new(BlockKind::Regular, number, frame_length))
    }

    fn done(self, blocks: &[u8]) -> DoneRun {
        DoneRun { numbers: self.numbers, sealed_len: blocks.len() }
    }
}

/// Regular frames that are still to be sealed, once: from `Encryptor::next_run`.
pub struct SealRun(Run);

/// Regular frames that are still to be opened: from `BodyDecryptor::next_run`.
pub struct OpenRun(Run);

/// Regular frames that were sealed or opened, and wait for their turn to be collected.
#[derive(Debug)]
#[must_use = "frames that are not collected are missing in the message"]
pub struct DoneRun {
    numbers: Range<u32>,
    sealed_len: usize,
}

/// A run that didn't open.
#[derive(Debug)]
pub struct FailedRun {
    /// Bytes of plaintext of the frames in front of the one that failed: they verified.
    pub opened: usize,
    /// Why.
    pub error: MessageError,
}

impl SealRun {
    pub(crate) fn new(cipher: Arc<FrameCipher>, numbers: Range<u32>, frame_length: u32) -> Self {
        Self(Run { cipher, numbers, frame_length })
    }

    /// Bytes of its plaintext.
    #[must_use]
    pub fn plaintext_len(&self) -> usize {
        self.0.total(self.0.frame_length())
    }

    /// Bytes of its frames in the message.
    #[must_use]
    pub fn sealed_len(&self) -> usize {
        self.0.total(self.0.block_len())
    }

    /// Writes the frames to `blocks`, all of it.
    ///
    /// # Errors
    /// [`MessageError::Usage`] if the buffers have other lengths than the run.
    pub fn seal(self, plaintext: &[u8], blocks: &mut [u8]) -> Result<DoneRun, MessageError> {
        let Self(run) = self;
        run.check(plaintext, blocks)?;
        let plaintexts = plaintext.chunks_exact(run.frame_length());
        let frames = plaintexts.zip(blocks.chunks_exact_mut(run.block_len()));
        for (head, (plaintext, block)) in run.heads().zip(frames) {
            run.cipher.seal(&head, plaintext, block)?;
        }
        Ok(run.done(blocks))
    }

    /// The same where each frame's plaintext stands in `blocks` already, behind the room for its
    /// head.
    ///
    /// # Errors
    /// As [`SealRun::seal`].
    pub fn seal_in_place(self, blocks: &mut [u8]) -> Result<DoneRun, MessageError> {
        let Self(run) = self;
        run.check_blocks(blocks)?;
        for (head, block) in run.heads().zip(blocks.chunks_exact_mut(run.block_len())) {
            run.cipher.seal_in_place(&head, block)?;
        }
        Ok(run.done(blocks))
    }
}

impl OpenRun {
    pub(crate) fn new(cipher: Arc<FrameCipher>, numbers: Range<u32>, frame_length: u32) -> Self {
        Self(Run { cipher, numbers, frame_length })
    }

    /// Bytes of its plaintext.
    #[must_use]
    pub fn plaintext_len(&self) -> usize {
        self.0.total(self.0.frame_length())
    }

    /// Bytes of its frames in the message.
    #[must_use]
    pub fn sealed_len(&self) -> usize {
        self.0.total(self.0.block_len())
    }

    /// Verifies the frames in `blocks` and writes their plaintext, frame by frame.
    ///
    /// # Errors
    /// A [`FailedRun`] with [`MessageError::BodyTag`] for the first frame that doesn't verify;
    /// behind those in front of it there is no plaintext. [`MessageError::Usage`] if the buffers
    /// have other lengths than the run, or the blocks are others than those it was made for.
    pub fn open(self, blocks: &[u8], plaintext: &mut [u8]) -> Result<DoneRun, FailedRun> {
        let Self(run) = self;
        run.check(plaintext, blocks).map_err(|error| FailedRun { opened: 0, error })?;
        let frame_length = run.frame_length();
        let frames = blocks.chunks_exact(run.block_len()).zip(plaintext.chunks_exact_mut(frame_length));
        for (done, (number, (block, plaintext))) in run.numbers.clone().zip(frames).enumerate() {
            open_frame(&run, number, block, plaintext)
                .map_err(|error| FailedRun { opened: done.saturating_mul(frame_length), error })?;
        }
        Ok(run.done(blocks))
    }
}

fn open_frame(run: &Run, number: u32, block: &[u8], plaintext: &mut [u8]) -> Result<(), MessageError> {
    match BlockHead::decode_frame(block, run.frame_length)? {
        Decoded::Value(head) if head.kind == BlockKind::Regular && head.sequence_number == number => {
            run.cipher.open(&head, block, plaintext)
        }
        _ => Err(NO_FIT),
    }
}

/// Follows the frames of a message in their order, and hashes them if it is signed.
///
/// A machine has it, or has lent it out to whoever collects runs: then the machine hands out
/// runs, and takes no other call until the collector is back and all runs were collected.
pub struct FrameCollector {
    digest: Option<Box<dyn DigestState>>,
    next: u32,
}

impl FrameCollector {
    /// Behind the header, which is hashed first.
    pub(crate) fn new(mut digest: Option<Box<dyn DigestState>>, header: &[u8]) -> Self {
        if let Some(digest) = &mut digest {
            digest.update(header);
        }
        Self { digest, next: 1 }
    }

    /// Takes the frames that come next.
    ///
    /// # Errors
    /// [`MessageError::Usage`] if others come next, or if `blocks` has another length.
    pub fn collect(&mut self, run: DoneRun, blocks: &[u8]) -> Result<(), MessageError> {
        if run.numbers.start != self.next || run.sealed_len != blocks.len() {
            return Err(MessageError::Usage("frames that are collected out of order"));
        }
        self.next = run.numbers.end;
        self.hash(blocks);
        Ok(())
    }

    /// Whether the message is signed, so that collecting takes its time.
    #[must_use]
    pub fn hashes(&self) -> bool {
        self.digest.is_some()
    }

    /// Takes the block that comes next.
    pub(crate) fn add(&mut self, block: &[u8]) {
        self.next = self.next.saturating_add(1);
        self.hash(block);
    }

    /// The number of the block that comes next.
    pub(crate) fn next(&self) -> u32 {
        self.next
    }

    pub(crate) fn finish(self) -> Option<DigestOutput> {
        self.digest.map(DigestState::finish)
    }

    fn hash(&mut self, blocks: &[u8]) {
        if let Some(digest) = &mut self.digest {
            digest.update(blocks);
        }
    }
}

impl std::fmt::Debug for SealRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealRun({:?})", self.0.numbers)
    }
}

impl std::fmt::Debug for OpenRun {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OpenRun({:?})", self.0.numbers)
    }
}

impl std::fmt::Debug for FrameCollector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrameCollector").field("next", &self.next).finish_non_exhaustive()
    }
}
