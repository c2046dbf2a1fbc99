//! The traits of Tokio and of `futures-io`, over what readers and writers share.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::{DecryptingReader, DecryptingWriter, EncryptingReader, EncryptingWriter};

macro_rules! async_read {
    ($($reader:ident),*) => {$(
        #[cfg(feature = "tokio")]
        impl<R: tokio::io::AsyncRead + Unpin> tokio::io::AsyncRead for $reader<R> {
            fn poll_read(
                self: Pin<&mut Self>,
                context: &mut Context<'_>,
                out: &mut tokio::io::ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                let given = self.get_mut().poll_give(context, out.initialize_unfilled(), read_tokio);
                given.map_ok(|len| out.advance(len))
            }
        }

        #[cfg(feature = "futures")]
        impl<R: futures_io::AsyncRead + Unpin> futures_io::AsyncRead for $reader<R> {
            fn poll_read(
                self: Pin<&mut Self>,
                context: &mut Context<'_>,
                out: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                self.get_mut().poll_give(context, out, |source, context, room| {
                    Pin::new(source).poll_read(context, room)
                })
            }
        }
    )*};
}

macro_rules! async_write {
    ($($library:literal, $trait:path, $end:ident: $($writer:ident),*;)*) => {$($(
        #[cfg(feature = $library)]
        impl<W: $trait + Unpin> $trait for $writer<W> {
            fn poll_write(
                self: Pin<&mut Self>,
                context: &mut Context<'_>,
                input: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.get_mut().poll_take(context, input, |sink, context, bytes| {
                    Pin::new(sink).poll_write(context, bytes)
                })
            }

            fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
                let this = self.get_mut();
                ready!(this.poll_drain(context, |sink, context, bytes| {
                    Pin::new(sink).poll_write(context, bytes)
                }))?;
                Pin::new(this.sink()).poll_flush(context)
            }

            /// Ends the message, then closes the sink.
            fn $end(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
                let this = self.get_mut();
                ready!(this.poll_end(context, |sink, context, bytes| {
                    Pin::new(sink).poll_write(context, bytes)
                }))?;
                Pin::new(this.sink()).$end(context)
            }
        }
    )*)*};
}

async_read!(EncryptingReader, DecryptingReader);

async_write! {
    "tokio", tokio::io::AsyncWrite, poll_shutdown: EncryptingWriter, DecryptingWriter;
    "futures", futures_io::AsyncWrite, poll_close: EncryptingWriter, DecryptingWriter;
}

/// Reads once into `room`.
#[cfg(feature = "tokio")]
fn read_tokio<R: tokio::io::AsyncRead + Unpin>(
    source: &mut R,
    context: &mut Context<'_>,
    room: &mut [u8],
) -> Poll<io::Result<usize>> {
    let mut room = tokio::io::ReadBuf::new(room);
    Pin::new(source).poll_read(context, &mut room).map_ok(|()| room.filled().len())
}
