//! Where async streams begin.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;

use super::open_core::OpenCore;
use super::pool::Pool;
use super::seal_core::SealCore;
use super::{
    DecryptStream, DecryptingReader, DecryptingWriter, EncryptStream, EncryptingReader, EncryptingWriter,
};
use crate::encrypt::open;
use crate::{Client, DecryptRequest, EncryptRequest, Error, target};

/// The async streams of a client: [`Client::aio`].
///
/// Requests to encrypt are awaited, since that is when the materials are made. Requests to
/// decrypt are opened at once: the materials wait for the header, and the stream for both.
#[derive(Clone, Debug)]
pub struct Aio<'a> {
    client: &'a Client,
    pool: Option<Arc<dyn Pool>>,
}

impl Client {
    /// The async streams of this client.
    #[must_use]
    pub fn aio(&self) -> Aio<'_> {
        Aio { client: self, pool: None }
    }
}

impl<'a> Aio<'a> {
    /// The same with a pool for frames of more than 256 KiB, and for unframed bodies, of streams, not
    /// of ranges.
    #[must_use]
    pub fn pool(mut self, pool: impl Pool + 'static) -> Self {
        self.pool = Some(Arc::new(pool));
        self
    }

    /// An async reader that draws plaintext from `source` and gives out the message.
    pub fn encrypt_reader<R>(&self, source: R) -> EncryptRequest<'a, target::Async<Reader<R>>> {
        self.client.encrypt_request(self.target(Reader(source)))
    }

    /// An async writer that takes plaintext and writes the message to `sink`.
    pub fn encrypt_writer<W>(&self, sink: W) -> EncryptRequest<'a, target::Async<Writer<W>>> {
        self.client.encrypt_request(self.target(Writer(sink)))
    }

    /// A stream of the message's bytes over a stream of plaintext.
    pub fn encrypt_stream<S>(&self, source: S) -> EncryptRequest<'a, target::Async<Items<S>>> {
        self.client.encrypt_request(self.target(Items(source)))
    }

    /// An async reader that draws a message from `source` and gives out its plaintext.
    pub fn decrypt_reader<R>(&self, source: R) -> DecryptRequest<'a, target::Async<Reader<R>>> {
        self.client.decrypt_request(self.target(Reader(source)))
    }

    /// An async writer that takes a message and writes its plaintext to `sink`.
    pub fn decrypt_writer<W>(&self, sink: W) -> DecryptRequest<'a, target::Async<Writer<W>>> {
        self.client.decrypt_request(self.target(Writer(sink)))
    }

    /// A stream of plaintext over a stream of a message's bytes.
    pub fn decrypt_stream<S>(&self, source: S) -> DecryptRequest<'a, target::Async<Items<S>>> {
        self.client.decrypt_request(self.target(Items(source)))
    }

    pub(super) fn client(&self) -> &'a Client {
        self.client
    }

    fn target<T>(&self, end: T) -> target::Async<T> {
        target::Async { end, pool: self.pool.clone() }
    }
}

/// The source of a reader.
#[derive(Debug)]
pub struct Reader<R>(R);

/// The sink of a writer.
#[derive(Debug)]
pub struct Writer<W>(W);

/// The source of a stream of items.
#[derive(Debug)]
pub struct Items<S>(S);

/// What a stream is made of, with the core that goes into it.
pub trait EncryptEnd {
    /// The stream.
    type Stream;
    #[doc(hidden)]
    fn stream(self, core: Sealing) -> Self::Stream;
}

/// What a stream is made of, with the core that goes into it.
pub trait DecryptEnd {
    /// The stream.
    type Stream;
    #[doc(hidden)]
    fn stream(self, core: Opening) -> Self::Stream;
}

#[doc(hidden)]
pub struct Sealing(SealCore);

#[doc(hidden)]
pub struct Opening(OpenCore);

macro_rules! ends {
    ($($end:ident => $encrypting:ident, $decrypting:ident;)*) => {$(
        impl<T> EncryptEnd for $end<T> {
            type Stream = $encrypting<T>;

            fn stream(self, core: Sealing) -> Self::Stream {
                $encrypting::new(self.0, core.0)
            }
        }

        impl<T> DecryptEnd for $end<T> {
            type Stream = $decrypting<T>;

            fn stream(self, core: Opening) -> Self::Stream {
                $decrypting::new(self.0, core.0)
            }
        }
    )*};
}

ends! {
    Reader => EncryptingReader, DecryptingReader;
    Writer => EncryptingWriter, DecryptingWriter;
    Items => EncryptStream, DecryptStream;
}

impl<'a, T: EncryptEnd + Send + 'a> IntoFuture for EncryptRequest<'a, target::Async<T>> {
    type Output = Result<T::Stream, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let (client, options, target) = self.into_parts();
        Box::pin(async move {
            let (encryptor, header) = open(client, &options).await?;
            Ok(target.end.stream(Sealing(SealCore::new(encryptor, header, target.pool))))
        })
    }
}

impl<T: DecryptEnd> DecryptRequest<'_, target::Async<T>> {
    /// Opens the stream. Materials are asked for once the header has come.
    pub fn open(self) -> T::Stream {
        let (client, options, target) = self.into_parts();
        target.end.stream(Opening(OpenCore::new(client.clone(), options, target.pool)))
    }
}
