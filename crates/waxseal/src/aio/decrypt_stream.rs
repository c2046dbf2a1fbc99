//! Message items in, plaintext items out.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use futures_core::Stream;
use waxseal_crypto::SecretBytes;
use waxseal_format::Header;
use waxseal_materials::BoxError;

use super::open_core::{OpenCore, Wanted};
use super::recycling::Recycling;
use super::{Fault, item_or_end};
use crate::Error;

/// A stream of plaintext over a stream of the message's bytes: items of `Result<Bytes, E>`.
///
/// An error of the source is passed on, as an `io::Error` around it, and may be followed by
/// more; an error of its own is the last item. Only the end, `None` with no error before it, says that the whole message verified
/// and that nothing followed it.
pub struct DecryptStream<S> {
    source: S,
    core: OpenCore,
    item: Bytes,
    ended: bool,
    buffers: Recycling<SecretBytes>,
}

impl<S> DecryptStream<S> {
    pub(super) fn new(source: S, core: OpenCore) -> Self {
        Self { source, core, item: Bytes::new(), ended: false, buffers: Recycling::new() }
    }

    /// The message's header, once it was read and verified: with the first item at the latest.
    pub fn header(&self) -> Option<&Arc<Header>> {
        self.core.header()
    }

    /// Opens the whole blocks of the window straight to a buffer that is lent out.
    fn open_from_window(&mut self) -> Result<Option<Bytes>, Error> {
        if !self.core.may_open_to() {
            return Ok(None);
        }
        let room = self.core.opener()?.room_for_window();
        let mut buffer = self.buffers.fresh().unwrap_or_else(|| SecretBytes::zeroed(0));
        if buffer.len() < room {
            buffer = SecretBytes::zeroed(room);
        }
        let written = self.core.open_to(buffer.expose_mut())?;
        // Also where nothing was written: dropped, the buffer comes back.
        let item = self.buffers.lend(buffer).slice(..written);
        Ok(Some(item).filter(|_| written > 0))
    }

    /// What is waiting: the buffer that it is in, where that can be lent, or a copy.
    fn give(&mut self) -> Result<Bytes, Error> {
        let opener = self.core.opener()?;
        if let Some((buffer, waiting)) =
            opener.give_scratch(|| self.buffers.fresh().unwrap_or_else(|| SecretBytes::zeroed(0)))
        {
            return Ok(self.buffers.lend(buffer).slice(waiting));
        }
        let item = Bytes::copy_from_slice(opener.waiting());
        opener.gave(item.len());
        Ok(item)
    }

    /// Takes what is left of the current item. True if there was some.
    fn take_item(&mut self) -> Result<bool, Error> {
        let there = !self.item.is_empty();
        if there {
            let taken = self.core.take(&self.item)?;
            self.item.advance(taken);
        }
        Ok(there)
    }
}

impl<S, E> DecryptStream<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: Into<BoxError>,
{
    fn poll_item(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Fault>> {
        while !self.ended {
            if let Some(item) = self.open_from_window()? {
                return Poll::Ready(Ok(Some(item)));
            }
            if let Wanted::Plaintext = ready!(self.core.poll_wanted(context))? {
                return Poll::Ready(Ok(Some(self.give()?)));
            }
            if self.take_item()? {
                continue;
            }
            match ready!(Pin::new(&mut self.source).poll_next(context)) {
                Some(Ok(item)) => self.item = item,
                Some(Err(error)) => return Poll::Ready(Err(Fault::Source(io::Error::other(error)))),
                None => {
                    self.core.opener()?.end()?;
                    self.ended = true;
                }
            }
        }
        Poll::Ready(Ok(None))
    }
}

impl<S, E> Stream for DecryptStream<S>
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

impl<S> std::fmt::Debug for DecryptStream<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DecryptStream").field("header", &self.header()).finish_non_exhaustive()
    }
}
