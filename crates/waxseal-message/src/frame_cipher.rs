//! Seals and opens one block at a time, wherever in the message it stands.

use waxseal_crypto::{AeadKey, Tag};
use waxseal_format::{BlockHead, BlockKind, BodyAad, MessageId, TAG_LEN};

use crate::MessageError;

/// A message's key, set up once. It takes a block's position from the block's head, holds no
/// state and is `Sync`: blocks may be sealed and opened by several threads, in any order.
pub struct FrameCipher {
    key: Box<dyn AeadKey>,
    message_id: MessageId,
    /// Made once: regular frames differ in their numbers alone.
    regular_aad: BodyAad,
}

impl FrameCipher {
    pub(crate) fn new(key: Box<dyn AeadKey>, message_id: MessageId) -> Self {
        let regular_aad = BlockHead::new(BlockKind::Regular, 0, 0).aad(&message_id);
        Self { key, message_id, regular_aad }
    }

    /// Made where it is used: moving what was just written costs more than writing it.
    #[inline(always)]
    fn with_aad<T>(&self, head: &BlockHead, run: impl FnOnce(&dyn AeadKey, &[u8]) -> T) -> T {
        if head.kind == BlockKind::Regular {
            let mut aad = self.regular_aad;
            aad.renumber(head);
            return run(&*self.key, aad.as_ref());
        }
        run(&*self.key, head.aad(&self.message_id).as_ref())
    }

    /// Writes the whole block: head, the plaintext encrypted, tag. `block` has
    /// [`BlockHead::block_len`] bytes.
    ///
    /// # Errors
    /// [`MessageError::Usage`] if the lengths don't fit the head.
    pub fn seal(&self, head: &BlockHead, plaintext: &[u8], block: &mut [u8]) -> Result<(), MessageError> {
        head.encode(block);
        let (content, tag) = parts_mut(head, block)?;
        if plaintext.len() != content.len() {
            return Err(MessageError::Usage("a plaintext of another length than its block"));
        }
        *tag = self.with_aad(head, |key, aad| key.seal(&head.iv, aad, plaintext, content))?;
        Ok(())
    }

    /// The same where the plaintext stands in the block already, behind the room for the head.
    ///
    /// # Errors
    /// As [`FrameCipher::seal`].
    pub fn seal_in_place(&self, head: &BlockHead, block: &mut [u8]) -> Result<(), MessageError> {
        head.encode(block);
        let (content, tag) = parts_mut(head, block)?;
        *tag = self.with_aad(head, |key, aad| key.seal_in_place(&head.iv, aad, content))?;
        Ok(())
    }

    /// Verifies the block and decrypts its content into `plaintext`, which has as many bytes.
    ///
    /// # Errors
    /// [`MessageError::BodyTag`] if it doesn't verify; `plaintext` then holds no plaintext.
    /// [`MessageError::Usage`] if the lengths don't fit the head.
    pub fn open(&self, head: &BlockHead, block: &[u8], plaintext: &mut [u8]) -> Result<(), MessageError> {
        let (content, tag) = parts(head, block)?;
        if plaintext.len() != content.len() {
            return Err(MessageError::Usage("room of another length than the plaintext"));
        }
        self.with_aad(head, |key, aad| key.open(&head.iv, aad, content, tag, plaintext))
            .map_err(|_| MessageError::BodyTag)
    }

    /// Verifies the block and decrypts its content where it stands.
    ///
    /// # Errors
    /// As [`FrameCipher::open`].
    pub fn open_in_place(&self, head: &BlockHead, block: &mut [u8]) -> Result<(), MessageError> {
        let (content, tag) = parts_mut(head, block)?;
        self.with_aad(head, |key, aad| key.open_in_place(&head.iv, aad, content, tag))
            .map_err(|_| MessageError::BodyTag)
    }
}

impl std::fmt::Debug for FrameCipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "FrameCipher({})", self.message_id)
    }
}

const NO_FIT: MessageError = MessageError::Usage("a block of another length than its head says");

fn parts<'a>(head: &BlockHead, block: &'a [u8]) -> Result<(&'a [u8], &'a Tag), MessageError> {
    // Not `ok_or`: for each frame it would make an error and drop it.
    let sealed = block.get(head.kind.head_len()..);
    let Some((content, tag)) = sealed.and_then(<[u8]>::split_last_chunk::<TAG_LEN>) else {
        return Err(NO_FIT);
    };
    if content.len() as u64 == head.content_len { Ok((content, tag)) } else { Err(NO_FIT) }
}

fn parts_mut<'a>(head: &BlockHead, block: &'a mut [u8]) -> Result<(&'a mut [u8], &'a mut Tag), MessageError> {
    let sealed = block.get_mut(head.kind.head_len()..);
    let Some((content, tag)) = sealed.and_then(<[u8]>::split_last_chunk_mut::<TAG_LEN>) else {
        return Err(NO_FIT);
    };
    if content.len() as u64 == head.content_len { Ok((content, tag)) } else { Err(NO_FIT) }
}
