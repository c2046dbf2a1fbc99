//! Buffers that come back when the items over them are dropped: no copy and no allocation for
//! each item of a stream.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;

/// Buffers kept for another time: a consumer that drops each item before the next needs one.
const KEPT: usize = 2;

/// The buffers of one stream. They hold ciphertext alone.
#[derive(Default)]
pub(super) struct Recycling(Arc<Mutex<Vec<Vec<u8>>>>);

impl Recycling {
    /// A buffer that came back, with its bytes as they were, or an empty one.
    pub(super) fn fresh(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// The buffer as shared bytes. It comes back when the last of them is dropped.
    pub(super) fn lend(&self, buffer: Vec<u8>) -> Bytes {
        Bytes::from_owner(Lent { buffer, home: Arc::clone(&self.0) })
    }
}

struct Lent {
    buffer: Vec<u8>,
    home: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl AsRef<[u8]> for Lent {
    fn as_ref(&self) -> &[u8] {
        &self.buffer
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let mut home = self.home.lock().unwrap_or_else(PoisonError::into_inner);
        if home.len() < KEPT {
            home.push(std::mem::take(&mut self.buffer));
        }
    }
}
