//! It draws plaintext from an async source, and the message is read from it.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use waxseal_format::Header;

use super::seal_core::SealCore;

/// An async reader that reads plaintext from a source and gives out the message.
pub struct EncryptingReader<R> {
    source: R,
    core: SealCore,
}

impl<R> EncryptingReader<R> {
    pub(super) fn new(source: R, core: SealCore) -> Self {
        Self { source, core }
    }

    /// The message's header.
    pub fn header(&self) -> &Arc<Header> {
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
        loop {
            let written = self.core.seal_to(out)?;
            if written > 0 {
                return Poll::Ready(Ok(written));
            }
            let sealer = ready!(self.core.poll_settled(context))?;
            if !sealer.waiting().is_empty() || sealer.is_ended() || out.is_empty() {
                return Poll::Ready(Ok(sealer.give(out)));
            }
            match ready!(read(&mut self.source, context, sealer.space()?))? {
                0 => self.core.end(),
                len => sealer.filled(len),
            }
        }
    }
}

impl<R> std::fmt::Debug for EncryptingReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncryptingReader").field("header", self.header()).finish_non_exhaustive()
    }
}
