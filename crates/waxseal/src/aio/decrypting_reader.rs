//! It draws a message from an async source, and plaintext is read from it.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use waxseal_format::Header;

use super::open_core::{OpenCore, Wanted};

/// An async reader that reads a message from a source, to the source's end, and gives out its
/// plaintext. What it promises is what
/// [`io::DecryptingReader`](crate::io::DecryptingReader) promises.
pub struct DecryptingReader<R> {
    source: R,
    core: OpenCore,
    ended: bool,
}

impl<R> DecryptingReader<R> {
    pub(super) fn new(source: R, core: OpenCore) -> Self {
        Self { source, core, ended: false }
    }

    /// The message's header, once it was read and verified: with the first plaintext at the
    /// latest. For a signed message not signed for before the end.
    pub fn header(&self) -> Option<&Arc<Header>> {
        self.core.header()
    }

    /// The source. What was read ahead from it is lost.
    pub fn into_inner(self) -> R {
        self.source
    }

    pub(super) fn poll_give(
        &mut self,
        context: &mut Context<'_>,
        out: &mut [u8],
        read: impl Fn(&mut R, &mut Context<'_>, &mut [u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        while !self.ended && !out.is_empty() {
            let written = self.core.open_to(out)?;
            if written > 0 {
                return Poll::Ready(Ok(written));
            }
            match ready!(self.core.poll_wanted(context))? {
                Wanted::Plaintext => return Poll::Ready(Ok(self.core.opener()?.give(out))),
                Wanted::Input => {
                    let opener = self.core.opener()?;
                    let space = opener.space();
                    let (len, room) = (ready!(read(&mut self.source, context, space))?, space.len());
                    if len == 0 { opener.end()? } else { opener.filled(len, room)? }
                }
                Wanted::End => {
                    if ready!(read(&mut self.source, context, &mut [0]))? > 0 {
                        return Poll::Ready(Err(self.core.trailing_bytes().into()));
                    }
                    self.ended = true;
                }
            }
        }
        Poll::Ready(Ok(0))
    }
}

impl<R> std::fmt::Debug for DecryptingReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DecryptingReader").field("header", &self.header()).finish_non_exhaustive()
    }
}
