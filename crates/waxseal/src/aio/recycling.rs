//! Buffers that come back when the items over them are dropped: no copy and no allocation for
//! each item of a stream.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use waxseal_crypto::SecretBytes;

use crate::pump::Blocks;

/// Buffers kept for another time: a consumer that drops each item before the next needs one.
const KEPT: usize = 2;

/// The buffers of one stream, which wipe themselves.
pub(super) struct Recycling<B>(Arc<Mutex<Vec<B>>>);

/// What can be lent.
pub(super) trait Buffer: Send + 'static {
    fn bytes(&self) -> &[u8];
}

impl Buffer for Blocks {
    fn bytes(&self) -> &[u8] {
        self.waiting()
    }
}

impl Buffer for SecretBytes {
    fn bytes(&self) -> &[u8] {
        self.expose()
    }
}

impl<B: Buffer> Recycling<B> {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Vec::new())))
    }

    /// A buffer that came back, with its bytes as they were.
    pub(super) fn fresh(&self) -> Option<B> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    /// The buffer as shared bytes. It comes back when the last of them is dropped.
    pub(super) fn lend(&self, buffer: B) -> Bytes {
        Bytes::from_owner(Lent { buffer: Some(buffer), home: Arc::clone(&self.0) })
    }
}

struct Lent<B: Buffer> {
    /// Until it is dropped.
    buffer: Option<B>,
    home: Arc<Mutex<Vec<B>>>,
}

impl<B: Buffer> AsRef<[u8]> for Lent<B> {
    fn as_ref(&self) -> &[u8] {
        self.buffer.as_ref().map_or(&[], Buffer::bytes)
    }
}

impl<B: Buffer> Drop for Lent<B> {
    fn drop(&mut self) {
        let mut home = self.home.lock().unwrap_or_else(PoisonError::into_inner);
        if home.len() < KEPT {
            home.extend(self.buffer.take());
        }
    }
}
