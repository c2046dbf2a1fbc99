//! A message is written to it, the plaintext comes out at the async sink.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use waxseal_format::Header;

use super::open_core::{OpenCore, Wanted};

/// An async writer that takes a message and writes its plaintext to a sink.
///
/// Closing it (`shutdown` in Tokio, `close` in futures) says that the message has ended, and
/// fails unless it is complete; then it closes the sink. What else it promises is what
/// [`io::DecryptingWriter`](crate::io::DecryptingWriter) promises, but that a frame which a write
/// completes is passed on by the next write, flush or close.
#[must_use = "unless it is closed nobody knows whether the message was complete"]
pub struct DecryptingWriter<W> {
    sink: W,
    core: OpenCore,
    ended: bool,
}

impl<W> DecryptingWriter<W> {
    pub(super) fn new(sink: W, core: OpenCore) -> Self {
        Self { sink, core, ended: false }
    }

    /// The message's header, once it was written and verified.
    pub fn header(&self) -> Option<&Arc<Header>> {
        self.core.header()
    }

    pub(super) fn sink(&mut self) -> &mut W {
        &mut self.sink
    }

    /// The sink. Unless the writer was closed, what is in it may be incomplete.
    pub fn into_inner(self) -> W {
        self.sink
    }

    /// Opens and writes all that is there.
    pub(super) fn poll_drain(
        &mut self,
        context: &mut Context<'_>,
        write: impl Fn(&mut W, &mut Context<'_>, &[u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<()>> {
        while let Wanted::Plaintext = ready!(self.core.poll_wanted(context))? {
            let opener = self.core.opener()?;
            match ready!(write(&mut self.sink, context, opener.waiting()))? {
                0 => return Poll::Ready(Err(ErrorKind::WriteZero.into())),
                len => opener.gave(len),
            }
        }
        Poll::Ready(Ok(()))
    }

    pub(super) fn poll_take(
        &mut self,
        context: &mut Context<'_>,
        input: &[u8],
        write: impl Fn(&mut W, &mut Context<'_>, &[u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_drain(context, write))?;
        Poll::Ready(Ok(self.core.take(input)?))
    }

    pub(super) fn poll_end(
        &mut self,
        context: &mut Context<'_>,
        write: impl Fn(&mut W, &mut Context<'_>, &[u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(context, write))?;
        if !self.ended {
            self.core.opener()?.end()?;
            self.ended = true;
        }
        Poll::Ready(Ok(()))
    }
}

impl<W> std::fmt::Debug for DecryptingWriter<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DecryptingWriter").field("header", &self.header()).finish_non_exhaustive()
    }
}
