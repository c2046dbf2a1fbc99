//! Plaintext items in, message items out.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use waxseal_format::Header;
use waxseal_materials::BoxError;

use super::recycling::Recycling;
use super::seal_core::SealCore;
use super::{Fault, item_or_end};
use crate::pump::Blocks;

/// A stream of the message's bytes over a stream of plaintext: items of `Result<Bytes, E>`.
///
/// An error of the source is passed on, as an `io::Error` around it, and may be followed by
/// more. The stream ends when the message has ended, and behind an error of its own: then the
/// message is truncated.
pub struct EncryptStream<S> {
    source: S,
    core: SealCore,
    item: Bytes,
    ended: bool,
    buffers: Recycling<Blocks>,
}

impl<S> EncryptStream<S> {
    pub(super) fn new(source: S, core: SealCore) -> Self {
        Self { source, core, item: Bytes::new(), ended: false, buffers: Recycling::new() }
    }

    /// The message's header.
    pub fn header(&self) -> &Arc<Header> {
        self.core.header()
    }
}

impl<S, E> EncryptStream<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<BoxError>,
{
    fn poll_item(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Fault>> {
        loop {
            let sealer = ready!(self.core.poll_settled(context))?;
            if sealer.must_give() {
                let buffer = sealer.give_buffer(self.buffers.fresh());
                return Poll::Ready(Ok(Some(self.buffers.lend(buffer))));
            }
            if sealer.is_ended() {
                return Poll::Ready(Ok(None));
            }
            if !self.item.is_empty() {
                let taken = self.core.take(&self.item)?;
                self.item.advance(taken);
                continue;
            }
            match ready!(Pin::new(&mut self.source).poll_next(context)) {
                Some(Ok(item)) => self.item = item,
                Some(Err(error)) => return Poll::Ready(Err(Fault::Source(io::Error::other(error)))),
                None => self.core.end(),
            }
        }
    }
}

impl<S, E> Stream for EncryptStream<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<BoxError>,
{
    type Item = io::Result<Bytes>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        let polled = ready!(this.poll_item(context));
        Poll::Ready(item_or_end(polled, &mut this.ended))
    }
}

impl<S> std::fmt::Debug for EncryptStream<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncryptStream").field("header", self.header()).finish_non_exhaustive()
    }
}
