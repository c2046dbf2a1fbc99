//! Plaintext is written to it, the message comes out at the async sink.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use waxseal_format::Header;

use super::seal_core::SealCore;

/// An async writer that takes plaintext and writes the message to a sink.
///
/// The header leaves with the first frames, or when it is flushed. A frame that a write completes
/// leaves with the next write, flush or close.
/// Closing it (`shutdown` in Tokio, `close` in futures) writes the end of the message, then
/// closes the sink. Dropped before that, the message is truncated, and every reader refuses it.
#[must_use = "unless it is closed the message is truncated"]
pub struct EncryptingWriter<W> {
    sink: W,
    core: SealCore,
}

impl<W> EncryptingWriter<W> {
    pub(super) fn new(sink: W, core: SealCore) -> Self {
        Self { sink, core }
    }

    /// The message's header.
    pub fn header(&self) -> &Arc<Header> {
        self.core.header()
    }

    pub(super) fn sink(&mut self) -> &mut W {
        &mut self.sink
    }

    /// The sink. Unless the writer was closed, the message in it is truncated.
    pub fn into_inner(self) -> W {
        self.sink
    }

    /// Writes all that is sealed, or can be.
    pub(super) fn poll_drain(
        &mut self,
        context: &mut Context<'_>,
        write: impl Fn(&mut W, &mut Context<'_>, &[u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<()>> {
        loop {
            let sealer = ready!(self.core.poll_settled(context))?;
            if sealer.waiting().is_empty() {
                return Poll::Ready(Ok(sealer.check_unfailed()?));
            }
            match ready!(write(&mut self.sink, context, sealer.waiting()))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                len => sealer.gave(len),
            }
        }
    }

    pub(super) fn poll_take(
        &mut self,
        context: &mut Context<'_>,
        input: &[u8],
        write: impl Fn(&mut W, &mut Context<'_>, &[u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_make_way(context, write))?;
        Poll::Ready(Ok(self.core.take(input)?))
    }

    /// Writes what must leave before more is sealed: not the header alone.
    fn poll_make_way(
        &mut self,
        context: &mut Context<'_>,
        write: impl Fn(&mut W, &mut Context<'_>, &[u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<()>> {
        ready!(self.core.poll_settled(context))?;
        if self.core.takes_more() { Poll::Ready(Ok(())) } else { self.poll_drain(context, write) }
    }

    /// Drains, ends the message, and drains that.
    pub(super) fn poll_end(
        &mut self,
        context: &mut Context<'_>,
        write: impl Fn(&mut W, &mut Context<'_>, &[u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_make_way(context, &write))?;
        self.core.end();
        self.poll_drain(context, write)
    }
}

impl<W> std::fmt::Debug for EncryptingWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncryptingWriter").field("header", self.header()).finish_non_exhaustive()
    }
}
