//! Writes a message: header, frames, footer. The caller owns all buffers.

use std::sync::Arc;

use waxseal_crypto::CryptoProvider;
use waxseal_format::{
    BlockHead, BlockKind, EncryptionContext, Header, MAX_REGULAR_FRAMES, MessageId, MessageLengths, TAG_LEN,
    encode_footer, written_footer_len,
};
use waxseal_materials::EncryptionMaterials;

use crate::header_authentication::only_authenticated;
use crate::header_writer::{build_header, write_header};
use crate::keys::{Binding, MessageKeys};
use crate::signature::Signing;
use crate::{EncryptOptions, FrameCipher, FrameCollector, MessageError, SealRun};

/// How far a push got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the input that were taken; the rest must be shown again.
    pub read: usize,
    /// Bytes of the output that were written.
    pub written: usize,
}

impl Progress {
    /// Counts another step.
    pub fn add(&mut self, step: Self) {
        self.read = self.read.saturating_add(step.read);
        self.written = self.written.saturating_add(step.written);
    }
}

const NO_ROOM: MessageError = MessageError::Usage("too little room");

/// Writes the body and footer of one message.
///
/// It holds no plaintext: regular frames are sealed as soon as their plaintext is there
/// whole, and [`Encryptor::finish`] seals what is left. Dropped before that, it leaves a
/// truncated message, which every reader refuses.
pub struct Encryptor {
    cipher: Arc<FrameCipher>,
    signing: Option<Signing>,
    /// Elsewhere while it is lent.
    collector: Option<FrameCollector>,
    header: Arc<Header>,
    encryption_context: Arc<EncryptionContext>,
    frame_length: u32,
    sealed_frames: u32,
    plaintext_left: u64,
    plaintext_bound: u64,
    failed: bool,
}

impl Encryptor {
    /// Appends the message's header to `out`.
    ///
    /// # Errors
    /// [`MessageError::Materials`] if the materials are not complete or break the policy,
    /// [`MessageError::Limit`] for too many encrypted data keys,
    /// [`MessageError::Format`] if the header can't hold them.
    pub fn new(
        crypto: &CryptoProvider,
        materials: EncryptionMaterials,
        options: &EncryptOptions,
        out: &mut Vec<u8>,
    ) -> Result<Self, MessageError> {
        check(&materials, options)?;
        let suite = materials.suite();
        let mut id = [0; 32];
        let id = id.get_mut(..suite.version.message_id_len()).unwrap_or_default();
        crypto.random.fill(id)?;
        let message_id = MessageId::new(suite.version, id).ok_or(MessageError::Usage("message id"))?;
        let data_key = materials.data_key().ok_or(MessageError::Usage("no data key"))?;
        let keys = MessageKeys::derive(crypto, suite, data_key, &message_id, Binding::MessageId)?;
        let signing = Signing::of(&materials);
        let encryption_context = Arc::clone(materials.shared_encryption_context());
        let only_authenticated = only_authenticated(&encryption_context, materials.required_context_keys())?;
        let header = build_header(materials, options, message_id, &keys);
        let start = out.len();
        if let Err(error) = write_header(&header, &only_authenticated, &keys, out) {
            out.truncate(start);
            return Err(error);
        }
        let digest = signing.as_ref().map(|signing| signing.digest(crypto));
        let collector = FrameCollector::new(digest, out.get(start..).unwrap_or_default());
        let plaintext_bound = options.plaintext_len_bound.unwrap_or(u64::MAX);
        Ok(Self {
            cipher: Arc::new(FrameCipher::new(keys.aead, message_id)),
            signing,
            collector: Some(collector),
            header: Arc::new(header),
            encryption_context,
            frame_length: options.frame_length,
            sealed_frames: 0,
            plaintext_left: plaintext_bound,
            plaintext_bound,
            failed: false,
        })
    }

    /// The header, as it was written.
    #[must_use]
    pub fn header(&self) -> &Arc<Header> {
        &self.header
    }

    /// The whole encryption context: what the header stores, and what is only authenticated.
    #[must_use]
    pub fn encryption_context(&self) -> &Arc<EncryptionContext> {
        &self.encryption_context
    }

    /// The cipher of this message's blocks, for whoever seals them out of order. A block that
    /// is sealed twice under one head gives its plaintext away.
    #[must_use]
    pub fn danger_frame_cipher(&self) -> &FrameCipher {
        &self.cipher
    }

    /// Plaintext bytes of a regular frame.
    #[must_use]
    pub fn frame_length(&self) -> usize {
        // Frame lengths that can't be addressed are caught by `block_len`, which saturates too.
        usize::try_from(self.frame_length).unwrap_or(usize::MAX)
    }

    /// Bytes of a regular frame in the message.
    #[must_use]
    pub fn block_len(&self) -> usize {
        self.frame_length().saturating_add(BlockKind::Regular.head_len() + TAG_LEN)
    }

    /// Bytes of the whole message, its header included, for so much plaintext.
    ///
    /// # Errors
    /// [`MessageError::Limit`] for more than frames of this length can hold.
    pub fn message_len(&self, plaintext_len: u64) -> Result<u64, MessageError> {
        message_len(&self.header, plaintext_len)
    }

    /// Seals regular frames from the front of `input` to the front of `out`, as many as both
    /// hold whole.
    ///
    /// # Errors
    /// [`MessageError::Limit`] for more plaintext than the bound, or more frames than the
    /// format has numbers for. The message is lost then.
    pub fn push(&mut self, input: &[u8], out: &mut [u8]) -> Result<Progress, MessageError> {
        let result = self.seal_frames(input, out);
        self.failed |= result.is_err();
        result
    }

    fn seal_frames(&mut self, input: &[u8], out: &mut [u8]) -> Result<Progress, MessageError> {
        let mut collector = self.own_collector()?;
        let mut progress = Progress::default();
        let (frame_length, block_len) = (self.frame_length(), self.block_len());
        for (plaintext, block) in input.chunks_exact(frame_length).zip(out.chunks_exact_mut(block_len)) {
            let number = self.next_number(BlockKind::Regular, frame_length)?;
            let head = BlockHead::new(BlockKind::Regular, number, self.frame_length);
            self.cipher.seal(&head, plaintext, block)?;
            collector.add(block);
            progress.add(Progress { read: frame_length, written: block_len });
        }
        self.collector = Some(collector);
        Ok(progress)
    }

    /// Seals the regular frames that `plaintext_len` bytes fill, where they stand: in `blocks` from
    /// its front on, each frame's plaintext behind the room for its head and in front of that for
    /// its tag.
    ///
    /// # Errors
    /// As [`Encryptor::push`]. The frames behind the one that failed are still plaintext.
    pub fn push_in_place(
        &mut self,
        blocks: &mut [u8],
        plaintext_len: usize,
    ) -> Result<Progress, MessageError> {
        let result = self.seal_frames_in_place(blocks, plaintext_len);
        self.failed |= result.is_err();
        result
    }

    fn seal_frames_in_place(&mut self, blocks: &mut [u8], len: usize) -> Result<Progress, MessageError> {
        let mut collector = self.own_collector()?;
        let mut progress = Progress::default();
        let (frame_length, block_len) = (self.frame_length(), self.block_len());
        let frames = len.checked_div(frame_length).unwrap_or(0);
        for block in blocks.chunks_exact_mut(block_len).take(frames) {
            let number = self.next_number(BlockKind::Regular, frame_length)?;
            let head = BlockHead::new(BlockKind::Regular, number, self.frame_length);
            self.cipher.seal_in_place(&head, block)?;
            collector.add(block);
            progress.add(Progress { read: frame_length, written: block_len });
        }
        self.collector = Some(collector);
        Ok(progress)
    }

    /// Lends the collector to whoever seals regular frames on other threads. Until it is back
    /// ([`Encryptor::take_back`]), the machine hands out runs and does nothing else.
    ///
    /// # Errors
    /// [`MessageError::Usage`] after an error, or if it is lent already.
    pub fn lend_collector(&mut self) -> Result<FrameCollector, MessageError> {
        self.own_collector()
    }

    /// Hands out the regular frames that `plaintext_len` more bytes of plaintext fill, numbered
    /// and counted; `None` if they fill none.
    ///
    /// # Errors
    /// As [`Encryptor::push`], and [`MessageError::Usage`] if the collector is not lent: a run
    /// that nobody collects would leave a gap in the message.
    pub fn next_run(&mut self, plaintext_len: usize) -> Result<Option<SealRun>, MessageError> {
        let result = self.hand_out(plaintext_len);
        self.failed |= result.is_err();
        result
    }

    fn hand_out(&mut self, plaintext_len: usize) -> Result<Option<SealRun>, MessageError> {
        self.check_alive()?;
        if self.collector.is_some() {
            return Err(MessageError::Usage("a run while the collector is not lent"));
        }
        let frame_length = self.frame_length();
        let first = self.sealed_frames.saturating_add(1);
        for _ in 0..plaintext_len.checked_div(frame_length).unwrap_or(0) {
            self.next_number(BlockKind::Regular, frame_length)?;
        }
        let numbers = first..self.sealed_frames.saturating_add(1);
        let run = || SealRun::new(Arc::clone(&self.cipher), numbers.clone(), self.frame_length);
        Ok((!numbers.is_empty()).then(run))
    }

    /// Takes the collector back, once it has collected every run that was handed out.
    ///
    /// # Errors
    /// [`MessageError::Usage`] if it hasn't. The message is lost then.
    pub fn take_back(&mut self, collector: FrameCollector) -> Result<(), MessageError> {
        if self.collector.is_some() || collector.next() != self.sealed_frames.saturating_add(1) {
            self.failed = true;
            return Err(MessageError::Usage("frames that were handed out and not collected"));
        }
        self.collector = Some(collector);
        Ok(())
    }

    /// Bytes that [`Encryptor::finish`] writes for a rest of this length.
    #[must_use]
    pub fn final_len(&self, rest: usize) -> usize {
        let footer = usize::try_from(written_footer_len(self.header.suite)).unwrap_or(usize::MAX);
        rest.saturating_add(BlockKind::Final.head_len() + TAG_LEN).saturating_add(footer)
    }

    /// Seals the final frame, with the plaintext that no regular frame took, and writes the
    /// footer. Returns the number of bytes written to the front of `out`.
    ///
    /// # Errors
    /// [`MessageError::Usage`] if the rest would have filled a regular frame, or if `out` has
    /// fewer bytes than [`Encryptor::final_len`]; [`MessageError::Limit`] as for a push.
    pub fn finish(self, rest: &[u8], out: &mut [u8]) -> Result<usize, MessageError> {
        self.end(rest.len(), out, |cipher, head, block| cipher.seal(head, rest, block))
    }

    /// The same where the rest, so many bytes of it, stands in `out` already, in the place that it
    /// would have in a regular frame.
    ///
    /// # Errors
    /// As [`Encryptor::finish`].
    pub fn finish_in_place(self, rest: usize, out: &mut [u8]) -> Result<usize, MessageError> {
        // The head of a final frame is longer.
        let (from, to) = (BlockKind::Regular.head_len(), BlockKind::Final.head_len());
        if out.len() < to.saturating_add(rest) {
            return Err(NO_ROOM);
        }
        out.copy_within(from..from.saturating_add(rest), to);
        self.end(rest, out, FrameCipher::seal_in_place)
    }

    fn end(
        mut self,
        rest: usize,
        out: &mut [u8],
        seal: impl FnOnce(&FrameCipher, &BlockHead, &mut [u8]) -> Result<(), MessageError>,
    ) -> Result<usize, MessageError> {
        let mut collector = self.own_collector()?;
        if rest >= self.frame_length() {
            return Err(MessageError::Usage("a rest that fills a regular frame"));
        }
        let final_len = self.final_len(rest);
        let out = out.get_mut(..final_len).ok_or(NO_ROOM)?;
        let content_len = u32::try_from(rest).map_err(|_| MessageError::Usage("frame length"))?;
        let head = BlockHead::new(BlockKind::Final, self.next_number(BlockKind::Final, rest)?, content_len);
        let block_len = head.block_len().unwrap_or(usize::MAX);
        let (block, footer) = out.split_at_mut_checked(block_len).ok_or(NO_ROOM)?;
        seal(&self.cipher, &head, block)?;
        collector.add(block);
        write_footer(self.signing, collector, footer)?;
        Ok(final_len)
    }

    fn check_alive(&self) -> Result<(), MessageError> {
        if self.failed { Err(MessageError::Usage("going on after an error")) } else { Ok(()) }
    }

    fn own_collector(&mut self) -> Result<FrameCollector, MessageError> {
        self.check_alive()?;
        self.collector.take().ok_or(MessageError::Usage("going on while the collector is lent"))
    }

    /// The number of the frame that comes next, counted. Not its head: to move what was just written
    /// costs more than to write it.
    fn next_number(&mut self, kind: BlockKind, len: usize) -> Result<u32, MessageError> {
        let left = self.plaintext_left.checked_sub(len as u64);
        self.plaintext_left = left.ok_or_else(|| self.over_bound(len))?;
        if kind == BlockKind::Regular && u64::from(self.sealed_frames) >= MAX_REGULAR_FRAMES {
            return Err(too_many_frames(u64::from(self.sealed_frames).saturating_add(1)));
        }
        self.sealed_frames = self.sealed_frames.saturating_add(1);
        Ok(self.sealed_frames)
    }

    fn over_bound(&self, len: usize) -> MessageError {
        let done = self.plaintext_bound.saturating_sub(self.plaintext_left);
        let found = done.saturating_add(len as u64);
        MessageError::Limit { what: "plaintext length", found, limit: self.plaintext_bound }
    }
}

fn check(materials: &EncryptionMaterials, options: &EncryptOptions) -> Result<(), MessageError> {
    materials.check_complete()?;
    options.commitment_policy.check_encrypt(materials.suite())?;
    let (found, limit) = (materials.encrypted_data_keys().len(), options.max_encrypted_data_keys);
    if found > usize::from(limit) {
        let what = "encrypted data key count";
        return Err(MessageError::Limit { what, found: found as u64, limit: limit.into() });
    }
    Ok(())
}

fn write_footer(
    signing: Option<Signing>,
    collector: FrameCollector,
    out: &mut [u8],
) -> Result<(), MessageError> {
    let (Some(signing), Some(digest)) = (signing, collector.finish()) else { return Ok(()) };
    let mut footer = Vec::with_capacity(out.len());
    encode_footer(&signing.sign(&digest)?, &mut footer)?;
    if footer.len() != out.len() {
        return Err(MessageError::Usage("a signature of another length than announced"));
    }
    out.copy_from_slice(&footer);
    Ok(())
}

/// Bytes of the whole message under this header for so much plaintext.
pub(crate) fn message_len(header: &Header, plaintext_len: u64) -> Result<u64, MessageError> {
    MessageLengths::of(header, plaintext_len)
        .and_then(|lengths| lengths.total())
        .ok_or_else(|| too_many_frames(plaintext_len / u64::from(header.content_type.frame_length().max(1))))
}

fn too_many_frames(found: u64) -> MessageError {
    MessageError::Limit { what: "number of frames", found, limit: MAX_REGULAR_FRAMES }
}

impl std::fmt::Debug for Encryptor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Encryptor")
            .field("header", &self.header)
            .field("sealed_frames", &self.sealed_frames)
            .finish_non_exhaustive()
    }
}
