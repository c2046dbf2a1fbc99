//! Opens a message's body. The caller owns all buffers.
//!
//! Source: `client-apis/decrypt.md`, "Decrypt the message body", "Verify the signature".

use std::ops::Range;
use std::sync::Arc;

use waxseal_crypto::{AeadKey, CryptoProvider};
use waxseal_format::{
    BlockHead, BlockKind, ContentType, Decoded, DecodedHeader, EncryptionContext, Header, decode_footer,
};
use waxseal_materials::DecryptionMaterials;

use crate::body_progress::{BodyProgress, InPlace, Next};
use crate::signature::Verification;
use crate::{DecryptOptions, FrameCipher, FrameCollector, MessageError, OpenRun, Progress};

/// Opens the blocks of one message, in order.
///
/// It holds no plaintext and no ciphertext. The last block of a signed message is a unit
/// with the footer: the signature is verified first, then the block is opened, so that no
/// plaintext of it exists before.
pub struct BodyDecryptor {
    crypto: &'static CryptoProvider,
    cipher: Arc<FrameCipher>,
    verification: Option<Verification>,
    /// Elsewhere while it is lent, and gone behind the last block.
    collector: Option<FrameCollector>,
    header: Arc<Header>,
    encryption_context: Arc<EncryptionContext>,
    max_unframed_len: u64,
    next_sequence: u32,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open,
    Done,
    /// An error was given out: nothing more is.
    Failed,
}

/// A block that stands whole in the input, with its footer if it has one.
struct Block {
    head: BlockHead,
    len: usize,
    signature: Option<Range<usize>>,
    total: usize,
}

const LENT: MessageError = MessageError::Usage("going on while runs of frames are not collected");

impl BodyDecryptor {
    pub(crate) fn new(
        crypto: &'static CryptoProvider,
        decoded: DecodedHeader,
        key: Box<dyn AeadKey>,
        materials: &DecryptionMaterials,
        options: &DecryptOptions,
    ) -> Self {
        let verification = Verification::of(materials);
        let digest = verification.as_ref().map(|verification| verification.digest(crypto));
        Self {
            crypto,
            cipher: Arc::new(FrameCipher::new(key, decoded.header.message_id)),
            verification,
            collector: Some(FrameCollector::new(digest, &decoded.bytes)),
            header: Arc::new(decoded.header),
            encryption_context: Arc::clone(materials.shared_encryption_context()),
            max_unframed_len: options.max_unframed_len,
            next_sequence: 1,
            state: State::Open,
        }
    }

    /// The header: authentic, and for a signed message not yet signed for.
    #[must_use]
    pub fn header(&self) -> &Arc<Header> {
        &self.header
    }

    /// Opens blocks from the front of `input` to the front of `out`, as many as the one holds
    /// and the other has room for.
    ///
    /// # Errors
    /// Any error ends the message: [`MessageError::BodyTag`], [`MessageError::Signature`],
    /// [`MessageError::Sequence`], [`MessageError::Limit`], [`MessageError::Format`]. What an
    /// earlier push gave out was authentic and must, for a signed message, be discarded.
    pub fn push(&mut self, input: &[u8], out: &mut [u8]) -> Result<BodyProgress, MessageError> {
        let result = self.open_blocks(input, out);
        self.end_if_failed(result)
    }

    fn open_blocks(&mut self, input: &[u8], out: &mut [u8]) -> Result<BodyProgress, MessageError> {
        let Progress { mut read, mut written } = self.open_regular_frames(input, out)?;
        let next = loop {
            let unread = input.get(read..).unwrap_or_default();
            let block = match self.next_block(unread)? {
                Some(Decoded::Value(block)) => block,
                Some(Decoded::Need(total)) => break Next::Input(total),
                None => break Next::End,
            };
            let room = out.get_mut(written..).unwrap_or_default();
            let content_len = usize::try_from(block.head.content_len).unwrap_or(usize::MAX);
            let Some(room) = room.get_mut(..content_len) else { break Next::Room(content_len) };
            self.before_opening(&block, unread)?;
            let sealed = unread.get(..block.len).unwrap_or_default();
            self.cipher.open(&block.head, sealed, room)?;
            self.opened(&block);
            read = read.saturating_add(block.total);
            written = written.saturating_add(content_len);
        };
        Ok(BodyProgress { read, written, next })
    }

    /// Opens the regular frames that come next and stand whole in `input`, as many as `out` has room
    /// for. All else, also what is wrong, is for [`BodyDecryptor::next_block`].
    fn open_regular_frames(&mut self, input: &[u8], out: &mut [u8]) -> Result<Progress, MessageError> {
        let mut progress = Progress::default();
        let (State::Open, Some(collector)) = (self.state, &mut self.collector) else { return Ok(progress) };
        let ContentType::Framed(frame_length) = self.header.content_type else { return Ok(progress) };
        let Some((block_len, content_len)) = regular_lens(frame_length) else { return Ok(progress) };
        self.state = State::Failed;
        for (block, room) in input.chunks_exact(block_len).zip(out.chunks_exact_mut(content_len)) {
            let head = BlockHead::decode_regular(block, self.next_sequence, frame_length);
            let Some(head) = head else { break };
            collector.add(block);
            self.next_sequence = self.next_sequence.saturating_add(1);
            self.cipher.open(&head, block, room)?;
            progress.add(Progress { read: block_len, written: content_len });
        }
        self.state = State::Open;
        Ok(progress)
    }

    /// Opens one block at the front of `input` where it stands.
    ///
    /// # Errors
    /// As [`BodyDecryptor::push`].
    pub fn open_in_place(&mut self, input: &mut [u8]) -> Result<InPlace, MessageError> {
        let result = self.open_block_in_place(input);
        self.end_if_failed(result)
    }

    fn open_block_in_place(&mut self, input: &mut [u8]) -> Result<InPlace, MessageError> {
        let block = match self.next_block(input)? {
            Some(Decoded::Value(block)) => block,
            Some(Decoded::Need(total)) => return Ok(InPlace::Need(total)),
            None => return Ok(InPlace::End),
        };
        self.before_opening(&block, input)?;
        let sealed = input.get_mut(..block.len).unwrap_or_default();
        self.cipher.open_in_place(&block.head, sealed)?;
        self.opened(&block);
        let start = block.head.kind.head_len();
        let end = block.len.saturating_sub(waxseal_format::TAG_LEN);
        Ok(InPlace::Opened { plaintext: start..end, consumed: block.total })
    }

    /// Lends the collector to whoever opens regular frames on other threads. Until it is back
    /// ([`BodyDecryptor::take_back`]), the machine hands out runs and opens nothing itself.
    ///
    /// # Errors
    /// [`MessageError::Usage`] after an error, behind the end, or if it is lent already.
    pub fn lend_collector(&mut self) -> Result<FrameCollector, MessageError> {
        self.collector.take().filter(|_| self.state == State::Open).ok_or(LENT)
    }

    /// Hands out the regular frames that stand whole at the front of `input`, `max_len` bytes of
    /// it at most, or one; `None` if another block stands there, or none whole.
    ///
    /// # Errors
    /// As [`BodyDecryptor::push`], of the frame at the very front. Those of later frames come
    /// with the run that would start with them. [`MessageError::Usage`] if the collector is not
    /// lent: frames that nobody collects would be missing from the signature.
    pub fn next_run(&mut self, input: &[u8], max_len: usize) -> Result<Option<OpenRun>, MessageError> {
        if self.collector.is_some() {
            return self.end_if_failed(Err(MessageError::Usage("a run while the collector is not lent")));
        }
        let (first, mut len) = (self.next_sequence, 0_usize);
        let result = loop {
            match self.next_block(input.get(len..).unwrap_or_default()) {
                Ok(Some(Decoded::Value(block))) if block.head.kind == BlockKind::Regular => {
                    len = len.saturating_add(block.total);
                    self.next_sequence = self.next_sequence.saturating_add(1);
                    if len.saturating_add(block.total) > max_len {
                        break Ok(());
                    }
                }
                Err(error) if len == 0 => break Err(error),
                _ => break Ok(()),
            }
        };
        self.end_if_failed(result)?;
        let (numbers, cipher) = (first..self.next_sequence, Arc::clone(&self.cipher));
        let run = OpenRun::new(cipher, numbers, self.header.content_type.frame_length());
        Ok((len > 0).then_some(run))
    }

    /// Takes the collector back, once it has collected every run that was handed out.
    ///
    /// # Errors
    /// [`MessageError::Usage`] if it hasn't. The message is lost then.
    pub fn take_back(&mut self, collector: FrameCollector) -> Result<(), MessageError> {
        let in_step = self.collector.is_none() && collector.next() == self.next_sequence;
        self.collector = Some(collector);
        self.end_if_failed(if in_step { Ok(()) } else { Err(LENT) })
    }

    fn end_if_failed<T>(&mut self, result: Result<T, MessageError>) -> Result<T, MessageError> {
        if result.is_err() {
            self.state = State::Failed;
        }
        result
    }

    /// Whether the message is complete, and all of it verified.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    pub(crate) fn into_cipher(self) -> (Arc<FrameCipher>, Arc<Header>) {
        (self.cipher, self.header)
    }

    /// Bytes of plaintext that `len` bytes of the body hold at most: those that they hold, and
    /// less than a frame's head, the end and a signature more.
    #[must_use]
    pub fn plaintext_bound(&self, len: usize) -> usize {
        let Some(block_len) = self.regular_block_len() else { return len };
        let frame_length = block_len.saturating_sub(BlockKind::Regular.head_len() + waxseal_format::TAG_LEN);
        let (frames, rest) = (len.checked_div(block_len), len.checked_rem(block_len));
        let rest = rest.unwrap_or(0).min(frame_length);
        frames.unwrap_or(0).saturating_mul(frame_length).saturating_add(rest)
    }

    /// Bytes of a regular frame in the message; `None` for an unframed body.
    #[must_use]
    pub fn regular_block_len(&self) -> Option<usize> {
        let ContentType::Framed(frame_length) = self.header.content_type else { return None };
        Some(regular_lens(frame_length)?.0)
    }

    /// The whole encryption context: what the header stores, and what was only authenticated.
    #[must_use]
    pub fn encryption_context(&self) -> &Arc<EncryptionContext> {
        &self.encryption_context
    }

    /// The cipher of this message's blocks, for whoever opens them out of order. It knows
    /// nothing of the message's signature, nor of the order and number of its blocks.
    #[must_use]
    pub fn danger_frame_cipher(&self) -> &FrameCipher {
        &self.cipher
    }

    /// Says that the input has ended, with `unread` bytes of it not taken.
    ///
    /// # Errors
    /// [`MessageError::Truncated`] if the message isn't complete, [`MessageError::TrailingBytes`]
    /// if it is and bytes follow it.
    pub fn finish(&self, unread: &[u8]) -> Result<(), MessageError> {
        match self.next_block(unread)? {
            None if unread.is_empty() => Ok(()),
            None => Err(MessageError::TrailingBytes),
            Some(Decoded::Need(total)) => Err(MessageError::Truncated(total.saturating_sub(unread.len()))),
            Some(Decoded::Value(_)) => Err(MessageError::Usage("a block that was not opened")),
        }
    }

    /// The block at the front of `input`; `None` behind the last one.
    #[inline(always)]
    fn next_block(&self, input: &[u8]) -> Result<Option<Decoded<Block>>, MessageError> {
        match self.state {
            State::Open => {}
            State::Done => return Ok(None),
            State::Failed => return Err(MessageError::Usage("going on after an error")),
        }
        let head = match self.header.content_type {
            ContentType::Framed(frame_length) => BlockHead::decode_frame(input, frame_length)?,
            _ => BlockHead::decode_unframed(input)?,
        };
        let head = match head {
            Decoded::Need(total) => return Ok(Some(Decoded::Need(total))),
            Decoded::Value(head) => head,
        };
        self.check(&head)?;
        self.whole_block(head, input).map(Some)
    }

    fn check(&self, head: &BlockHead) -> Result<(), MessageError> {
        let (expected, found) = (self.next_sequence, head.sequence_number);
        if found != expected {
            return Err(MessageError::Sequence { expected, found });
        }
        if head.kind == BlockKind::Unframed && head.content_len > self.max_unframed_len {
            let (found, limit) = (head.content_len, self.max_unframed_len);
            return Err(MessageError::Limit { what: "unframed body length", found, limit });
        }
        Ok(())
    }

    #[inline(always)]
    fn whole_block(&self, head: BlockHead, input: &[u8]) -> Result<Decoded<Block>, MessageError> {
        let Some(len) = head.block_len() else {
            return Err(MessageError::Usage("a block that this machine can't address"));
        };
        let Some(behind) = input.get(len..) else { return Ok(Decoded::Need(len)) };
        if head.kind == BlockKind::Regular || self.verification.is_none() {
            return Ok(Decoded::Value(Block { head, len, signature: None, total: len }));
        }
        Ok(match decode_footer(behind)? {
            Decoded::Need(total) => Decoded::Need(len.saturating_add(total)),
            Decoded::Value(signature) => {
                let start = len.saturating_add(2);
                let total = start.saturating_add(signature.len());
                Decoded::Value(Block { head, len, signature: Some(start..total), total })
            }
        })
    }

    /// Hashes the block; if it is the last one, verifies the signature. The message has failed until
    /// the block is [opened](BodyDecryptor::opened): who catches a panic can't go on without it.
    fn before_opening(&mut self, block: &Block, input: &[u8]) -> Result<(), MessageError> {
        self.state = State::Failed;
        let Some(collector) = self.collector.as_mut() else { return Err(LENT) };
        collector.add(input.get(..block.len).unwrap_or_default());
        if block.head.kind == BlockKind::Regular {
            self.next_sequence = self.next_sequence.saturating_add(1);
            return Ok(());
        }
        let digest = self.collector.take().and_then(FrameCollector::finish);
        let signature = block.signature.clone().and_then(|range| input.get(range));
        match (self.verification.take(), digest, signature) {
            (None, ..) => Ok(()),
            (Some(verification), Some(digest), Some(signature)) => {
                verification.verify(self.crypto, &digest, signature)
            }
            (Some(_), ..) => Err(MessageError::Signature),
        }
    }

    /// Goes on behind the block, or has come to the message's end.
    fn opened(&mut self, block: &Block) {
        self.state = if block.head.kind == BlockKind::Regular { State::Open } else { State::Done };
    }
}

/// Bytes of a regular frame and of its content; `None` if they are none, or can't be addressed here.
fn regular_lens(frame_length: u32) -> Option<(usize, usize)> {
    let content_len = usize::try_from(frame_length).ok().filter(|len| *len > 0)?;
    Some((content_len.checked_add(BlockKind::Regular.head_len() + waxseal_format::TAG_LEN)?, content_len))
}

impl std::fmt::Debug for BodyDecryptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BodyDecryptor")
            .field("header", &self.header)
            .field("next_sequence", &self.next_sequence)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
