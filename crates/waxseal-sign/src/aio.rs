//! Digests of async content, over Tokio's `AsyncRead` and over streams of `Bytes`.

use std::future::poll_fn;
use std::io;
use std::pin::{Pin, pin};
use std::task::Poll;

use bytes::Bytes;
use futures_core::Stream;
use tokio::io::{AsyncRead, ReadBuf};
use waxseal_crypto::CryptoProvider;

use crate::{ContentDigest, ContentHasher, DigestKind, SignError, Signer};

const BUFFER_LEN: usize = 128 << 10;

impl ContentDigest {
    /// The digest of all that `reader` gives. Memory is 128 KiB, whatever the length.
    ///
    /// # Errors
    /// What the reader fails with.
    pub async fn of_async_reader(
        crypto: &CryptoProvider,
        kind: DigestKind,
        reader: impl AsyncRead,
    ) -> io::Result<Self> {
        let mut reader = pin!(reader);
        let mut hasher = ContentHasher::new(crypto, kind);
        let mut buffer = vec![0; BUFFER_LEN];
        loop {
            let mut unfilled = ReadBuf::new(&mut buffer);
            poll_fn(|context| reader.as_mut().poll_read(context, &mut unfilled)).await?;
            match unfilled.filled() {
                [] => return Ok(hasher.finish()),
                read => hasher.update(read),
            }
            yield_now().await;
        }
    }

    /// The digest of all pieces of a stream.
    ///
    /// # Errors
    /// What the stream fails with.
    pub async fn of_stream<E>(
        crypto: &CryptoProvider,
        kind: DigestKind,
        stream: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<Self, E> {
        let mut stream = pin!(stream);
        let mut hasher = ContentHasher::new(crypto, kind);
        while let Some(piece) = poll_fn(|context| Pin::as_mut(&mut stream).poll_next(context)).await {
            hasher.update(&piece?);
            yield_now().await;
        }
        Ok(hasher.finish())
    }
}

impl Signer {
    /// The digest of all that `reader` gives.
    ///
    /// # Errors
    /// [`SignError::Io`].
    pub async fn digest_async_reader(&self, reader: impl AsyncRead) -> Result<ContentDigest, SignError> {
        Ok(ContentDigest::of_async_reader(self.crypto, self.digest_kind(), reader).await?)
    }
}

/// Lets other tasks of the thread run between two pieces, also where input is always there.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| match std::mem::replace(&mut yielded, true) {
        true => Poll::Ready(()),
        false => {
            context.waker().wake_by_ref();
            Poll::Pending
        }
    })
    .await;
}
