//! Ranges of a message that is somewhere else: an HTTP server, an object store.

use std::future::{Future, IntoFuture, poll_fn};
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use waxseal_format::Header;
use waxseal_materials::async_trait;
use waxseal_message::{DecryptOptions, FrameMap, MessageError};
use zeroize::Zeroizing;

use super::Aio;
use crate::decrypt::authenticate;
use crate::pump::CHUNK;
use crate::range::{HeaderFetch, check_inside};
use crate::{Client, DecryptRequest, Error, target};

/// Anything that answers "bytes a..b": a file, an HTTP server, an object store.
#[async_trait]
pub trait RangeSource: Send + Sync {
    /// Bytes of the whole message.
    ///
    /// # Errors
    /// What the source gives.
    async fn size(&self) -> io::Result<u64>;

    /// Exactly these bytes, which lie inside the length.
    ///
    /// # Errors
    /// What the source gives.
    async fn read(&self, range: Range<u64>) -> io::Result<Bytes>;
}

/// Reads ranges of the plaintext of a framed message, each by one request of the frames that
/// cover it. Any number of tasks may share it.
pub struct RangeReader<S> {
    source: S,
    map: FrameMap,
}

impl<'a> Aio<'a> {
    /// A reader of ranges of a message in `source`. What it costs and what it refuses is what
    /// the module [`range`](crate::range) says. It takes no pool.
    pub fn decrypt_range<S: RangeSource>(&self, source: S) -> DecryptRequest<'a, target::AsyncRanges<S>> {
        self.client().decrypt_request(target::AsyncRanges(target::Ranges { source, allow_signed: false }))
    }
}

impl<S> DecryptRequest<'_, target::AsyncRanges<S>> {
    /// Opens signed messages too. Whoever can decrypt a message can change its frames
    /// unnoticed by this reader: the signature that would tell is not verified.
    pub fn danger_without_message_signature(mut self) -> Self {
        self.target.0.allow_signed = true;
        self
    }
}

impl<'a, S: RangeSource + 'a> IntoFuture for DecryptRequest<'a, target::AsyncRanges<S>> {
    type Output = Result<RangeReader<S>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let request = self.map_target(|target| target.0);
        let options = request.range_options();
        Box::pin(async move { open(request.client, &options, request.target.source).await })
    }
}

async fn open<S: RangeSource>(
    client: &Client,
    options: &DecryptOptions,
    source: S,
) -> Result<RangeReader<S>, Error> {
    let message_len = source.size().await?;
    let mut header_fetch = HeaderFetch::new(options, message_len);
    let (header, span) = loop {
        let bytes = fetch(&source, header_fetch.wanted()).await?;
        if let Some(found) = header_fetch.supply(&bytes)? {
            break found;
        }
    };
    let body = authenticate(client, options, header).await?;
    let tail = fetch(&source, FrameMap::tail(body.header(), span.clone())?).await?;
    let map = FrameMap::new(body, span, &tail)?;
    Ok(RangeReader { source, map })
}

/// The range, or an error if the source gave another number of bytes.
async fn fetch(source: &impl RangeSource, range: Range<u64>) -> Result<Bytes, Error> {
    if range.is_empty() {
        return Ok(Bytes::new());
    }
    let wanted = range.end.saturating_sub(range.start);
    let bytes = source.read(range).await?;
    if bytes.len() as u64 == wanted {
        return Ok(bytes);
    }
    Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the source gave another number of bytes").into())
}

impl<S: RangeSource> RangeReader<S> {
    /// Opens just these bytes of the plaintext: 256 KiB or one frame a poll, here, since ranges
    /// don't take a [`Pool`](super::Pool).
    ///
    /// # Errors
    /// An `io::Error` of kind `InvalidInput` if the range is not inside the plaintext; what the
    /// source gives; an [`Error`] if a frame doesn't verify.
    pub async fn read_range(&self, range: Range<u64>) -> Result<Vec<u8>, Error> {
        check_inside(&range, self.plaintext_len())?;
        let len = usize::try_from(range.end.saturating_sub(range.start));
        let len = len.map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        let mut out = Zeroizing::new(vec![0; len]);
        let fetched = fetch(&self.source, self.map.message_range(&range)).await?;
        self.open(range, &fetched, &mut out).await?;
        Ok(std::mem::take(&mut out))
    }

    /// Opens piece by piece, and lets others have the thread in between.
    async fn open(&self, mut range: Range<u64>, mut fetched: &[u8], mut out: &mut [u8]) -> Result<(), Error> {
        const TOO_LITTLE: MessageError = MessageError::Usage("a range of another length");
        while !range.is_empty() {
            let piece = range.start..self.piece_end(range.start).min(range.end);
            let sealed = fetched.split_off(..len_of(&self.map.message_range(&piece))).ok_or(TOO_LITTLE)?;
            let place = out.split_off_mut(..len_of(&piece)).ok_or(TOO_LITTLE)?;
            self.map.open(&piece, sealed, place)?;
            range.start = piece.end;
            if !range.is_empty() {
                yield_now().await;
            }
        }
        Ok(())
    }

    /// Where whole frames end that are a chunk at most together, or one.
    fn piece_end(&self, start: u64) -> u64 {
        let frame = u64::from(self.header().content_type.frame_length()).max(1);
        let piece = frame.saturating_mul((CHUNK as u64 / frame).max(1));
        start.saturating_sub(start % piece).saturating_add(piece)
    }
}

fn len_of(range: &Range<u64>) -> usize {
    usize::try_from(range.end.saturating_sub(range.start)).unwrap_or(usize::MAX)
}

/// Pending once.
async fn yield_now() {
    let mut yielded = false;
    poll_fn(|context| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

impl<S> RangeReader<S> {
    /// Bytes of the whole plaintext, authenticated.
    pub fn plaintext_len(&self) -> u64 {
        self.map.plaintext_len()
    }

    /// The bytes of the message that these bytes of the plaintext cost: whole frames, so up to
    /// two frames more than were asked for, and 32 bytes for each frame.
    pub fn message_range(&self, plaintext: &Range<u64>) -> Range<u64> {
        self.map.message_range(plaintext)
    }

    /// The message's header.
    pub fn header(&self) -> &Arc<Header> {
        self.map.header()
    }
}

impl<S> std::fmt::Debug for RangeReader<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RangeReader").field("map", &self.map).finish_non_exhaustive()
    }
}
