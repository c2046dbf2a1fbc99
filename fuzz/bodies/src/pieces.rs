//! Sources and sinks that take pieces of sizes of their own.

use std::io::{Read, Result, Write};

use crate::choices::Sizes;

/// A source or a sink that takes less than it is offered.
pub(crate) struct InPieces<'s, T> {
    pub(crate) inner: T,
    pub(crate) sizes: &'s mut Sizes,
}

impl<T: Read> Read for InPieces<'_, T> {
    fn read(&mut self, out: &mut [u8]) -> Result<usize> {
        let len = self.sizes.next_size().min(out.len());
        self.inner.read(&mut out[..len])
    }
}

impl<T: Write> Write for InPieces<'_, T> {
    fn write(&mut self, input: &[u8]) -> Result<usize> {
        let len = self.sizes.next_size().min(input.len());
        self.inner.write(&input[..len])
    }

    fn flush(&mut self) -> Result<()> {
        self.inner.flush()
    }
}
