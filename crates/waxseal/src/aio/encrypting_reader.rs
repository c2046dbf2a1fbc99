//! It draws plaintext from an async source, and the message is read from it.

use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use waxseal_format::Header;

use super::seal_core::SealCore;
use crate::Error;
use crate::pump::Ahead;
use crate::wiping::or_wiped;

/// An async reader that reads plaintext from a source and gives out the message.
///
/// Plaintext is read to where it is sealed, a frame at a time; frames shorter than 16 KiB by large
/// reads to a buffer of their own, and from there.
pub struct EncryptingReader<R> {
    source: R,
    core: SealCore,
    ahead: Ahead,
}

impl<R> EncryptingReader<R> {
    pub(super) fn new(source: R, core: SealCore) -> Self {
        Self { source, core, ahead: Ahead::new(true) }
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
            let written = self.seal_ahead(out)?;
            if written > 0 {
                return Poll::Ready(Ok(written));
            }
            let sealer = ready!(self.core.poll_settled(context))?;
            if !sealer.waiting().is_empty() || sealer.is_ended() || out.is_empty() {
                return Poll::Ready(Ok(sealer.give(out)));
            }
            let written = ready!(self.poll_fill(context, out, &read))?;
            if written > 0 {
                return Poll::Ready(Ok(written));
            }
        }
    }

    /// Takes what was read ahead, straight to `out` where that can be; returns bytes written.
    fn seal_ahead(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        let progress = self.core.seal_to(self.ahead.unread(), out)?;
        self.ahead.consume(progress.read);
        Ok(progress.written)
    }

    /// Brings the sealer more plaintext, or the end, when nothing waits. Where whole frames have room
    /// in `out` they are sealed there; returns bytes written.
    fn poll_fill(
        &mut self,
        context: &mut Context<'_>,
        out: &mut [u8],
        mut read: impl FnMut(&mut R, &mut Context<'_>, &mut [u8]) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        let Self { source, core, ahead } = self;
        let mut read = |place: &mut [u8]| read(source, context, place);
        if ahead.is_over()? {
            core.end();
        } else if !ahead.is_straight(core.sealer()?) {
            if ahead.unread().is_empty() {
                let space = ahead.space();
                let (len, room) = (ready!(read(space))?, space.len());
                ahead.filled(len, room)?;
            }
            let taken = core.take(ahead.unread())?;
            ahead.consume(taken);
        } else if let Some(place) = core.space_in(out) {
            // What a source wrote before it failed is plaintext.
            let len = ready!(or_wiped(place, |place| match read(place)? {
                Poll::Ready(len) => ahead.was_read_straight(len, place.len()).map(|()| Poll::Ready(len)),
                Poll::Pending => Ok(Poll::Pending),
            })?);
            return Poll::Ready(Ok(core.sealer()?.seal_in(out, len)?));
        } else {
            let sealer = core.sealer()?;
            let place = sealer.space()?.next().unwrap_or_default();
            let (len, room) = (ready!(read(place))?, place.len());
            ahead.was_read_straight(len, room)?;
            sealer.filled(len);
        }
        Poll::Ready(Ok(0))
    }
}

impl<R> std::fmt::Debug for EncryptingReader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EncryptingReader").field("header", self.header()).finish_non_exhaustive()
    }
}
