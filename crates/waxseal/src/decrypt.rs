//! Requests to decrypt, and the one-shot way.

use std::future::{Future, IntoFuture};
use std::io::{Read, Write};
use std::pin::Pin;
use std::sync::Arc;

use waxseal_format::{EncryptionContext, Header, HeaderDecoder};
use waxseal_message::{BodyDecryptor, DecryptOptions, MessageError, ParsedHeader, Progress, SignedMessages};
use zeroize::Zeroize;

use crate::encrypt::{MessageInfo, set_len};
use crate::io::{DecryptingReader, DecryptingWriter};
use crate::parallel::{Threads, open_runs};
use crate::wiping::or_wiped;
use crate::{Client, Error, blocking, target};

/// A message that is going to be decrypted: set options, then `.wait()` or `.await`.
#[derive(Debug)]
#[must_use = "nothing is decrypted before `.wait()` or `.await`"]
pub struct DecryptRequest<'a, T> {
    pub(crate) client: &'a Client,
    pub(crate) options: DecryptOptions,
    threads: Threads,
    pub(crate) target: T,
}

/// A plaintext, and the header of its message.
#[derive(Clone)]
#[non_exhaustive]
pub struct Decrypted {
    /// The whole plaintext, all of it verified.
    pub plaintext: Vec<u8>,
    /// The message's header: suite, context, message id, encrypted data keys, frame length.
    pub header: Arc<Header>,
    /// The whole encryption context: what the header stores, and what was only authenticated.
    pub encryption_context: Arc<EncryptionContext>,
}

impl std::fmt::Debug for Decrypted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Decrypted")
            .field("plaintext", &format_args!("{} bytes", self.plaintext.len()))
            .field("header", &self.header)
            .finish()
    }
}

impl<'a, T> DecryptRequest<'a, T> {
    pub(crate) fn new(client: &'a Client, options: DecryptOptions, target: T) -> Self {
        Self { client, options, threads: Threads::default(), target }
    }

    #[cfg(feature = "aio")]
    pub(crate) fn map_target<U>(self, map: impl FnOnce(T) -> U) -> DecryptRequest<'a, U> {
        let Self { client, options, threads, target } = self;
        DecryptRequest { client, options, threads, target: map(target) }
    }

    #[cfg(feature = "aio")]
    pub(crate) fn into_parts(self) -> (&'a Client, DecryptOptions, T) {
        (self.client, self.options, self.target)
    }

    /// Requires a pair: the message has it, or it was authenticated and not stored.
    pub fn context(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.reproduced_context.insert(key.into(), value.into());
        self
    }

    /// Replaces the pairs that are required.
    pub fn encryption_context(mut self, context: EncryptionContext) -> Self {
        self.options.reproduced_context = context;
        self
    }

    /// Whether signed messages are opened.
    pub fn signed_messages(mut self, signed_messages: SignedMessages) -> Self {
        self.options.signed_messages = signed_messages;
        self
    }

    /// Plaintext bytes of a frame at most.
    pub fn max_frame_length(mut self, bytes: u32) -> Self {
        self.options.max_frame_length = bytes;
        self
    }

    /// Plaintext bytes of an unframed body at most.
    pub fn max_unframed_len(mut self, bytes: u64) -> Self {
        self.options.max_unframed_len = bytes;
        self
    }

    /// Tries a header that doesn't verify once more as the .NET SDK 4.0.0 wrote it.
    pub fn net_v4_0_0_retry(mut self, retry: bool) -> Self {
        self.options.net_v4_0_0_retry = retry;
        self
    }

    /// Lets several threads work on the message: see [`parallel`](crate::parallel). Async streams
    /// and ranges don't take them.
    pub fn threads(mut self, threads: impl Into<Threads>) -> Self {
        self.threads = threads.into();
        self
    }

    /// Replaces the options, but for what the client decides (see [`Client::decrypt_options`])
    /// and a refusal of signed messages.
    pub fn options(mut self, options: DecryptOptions) -> Self {
        let signed_messages = self.options.signed_messages;
        self.options = self.client.constrain_decrypt(options);
        if signed_messages == SignedMessages::Refuse {
            self.options.signed_messages = signed_messages;
        }
        self
    }
}

type Running<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

impl<'a> DecryptRequest<'a, target::ToVec<'a>> {
    /// Decrypts here.
    ///
    /// # Errors
    /// An [`Error`]; [`Error::NotReady`] if materials have to wait and the client has no runtime.
    pub fn wait(self) -> Result<Decrypted, Error> {
        blocking::wait(self.client.runtime.as_deref(), self.run())
    }

    async fn run(self) -> Result<Decrypted, Error> {
        let mut plaintext = Vec::new();
        let info =
            decrypt(self.client, &self.options, &self.threads, self.target.input, &mut plaintext).await?;
        Ok(Decrypted { plaintext, header: info.header, encryption_context: info.encryption_context })
    }
}

impl<'a> IntoFuture for DecryptRequest<'a, target::ToVec<'a>> {
    type Output = Result<Decrypted, Error>;
    type IntoFuture = Running<'a, Decrypted>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<'a> DecryptRequest<'a, target::ToBuffer<'a>> {
    /// Decrypts here; the plaintext is in the buffer.
    ///
    /// # Errors
    /// An [`Error`]; [`Error::NotReady`] if materials have to wait and the client has no runtime.
    pub fn wait(self) -> Result<MessageInfo, Error> {
        blocking::wait(self.client.runtime.as_deref(), self.run())
    }

    async fn run(self) -> Result<MessageInfo, Error> {
        decrypt(self.client, &self.options, &self.threads, self.target.input, self.target.out).await
    }
}

impl<'a> IntoFuture for DecryptRequest<'a, target::ToBuffer<'a>> {
    type Output = Result<MessageInfo, Error>;
    type IntoFuture = Running<'a, MessageInfo>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<R: Read> DecryptRequest<'_, target::FromReader<R>> {
    /// Reads the header, gets the materials and verifies the header.
    ///
    /// # Errors
    /// An [`Error`]; [`Error::NotReady`] if materials have to wait and the client has no runtime.
    pub fn wait(self) -> Result<DecryptingReader<R>, Error> {
        DecryptingReader::open(self.client, &self.options, self.threads, self.target.source)
    }
}

impl<W: Write> DecryptRequest<'_, target::ToWriter<W>> {
    /// Opens the stream. Materials are asked for when the header has been written to it.
    ///
    /// # Errors
    /// None today.
    pub fn wait(self) -> Result<DecryptingWriter<W>, Error> {
        Ok(DecryptingWriter::new(self.client.clone(), self.options, self.threads, self.target.sink))
    }
}

async fn decrypt(
    client: &Client,
    options: &DecryptOptions,
    threads: &Threads,
    message: &[u8],
    out: &mut Vec<u8>,
) -> Result<MessageInfo, Error> {
    let opened = open_header(client, options, message).await;
    or_wiped(out, |out| {
        let (body, rest) = opened?;
        open_body(body, threads, rest, out)
    })
}

/// The authenticated header, and the bytes behind it.
async fn open_header<'m>(
    client: &Client,
    options: &DecryptOptions,
    message: &'m [u8],
) -> Result<(BodyDecryptor, &'m [u8]), Error> {
    let (decoded, consumed) =
        HeaderDecoder::decode(message, options.header_limits()).map_err(MessageError::from)?;
    let body = authenticate(client, options, decoded.into()).await?;
    Ok((body, message.get(consumed..).unwrap_or_default()))
}

/// The one await between two pure halves.
pub(crate) async fn authenticate(
    client: &Client,
    options: &DecryptOptions,
    header: ParsedHeader,
) -> Result<BodyDecryptor, Error> {
    let materials = client.decryption_materials(header.request(options)?).await?;
    Ok(header.authenticate(client.crypto, &materials, options)?)
}

/// [`set_len`] for plaintext: an allocation that is left behind is wiped.
pub(crate) fn set_len_wiping(out: &mut Vec<u8>, len: usize) {
    if out.capacity() < len {
        out.zeroize();
    }
    set_len(out, len);
}

fn open_body(
    mut body: BodyDecryptor,
    threads: &Threads,
    input: &[u8],
    out: &mut Vec<u8>,
) -> Result<MessageInfo, Error> {
    set_len_wiping(out, body.plaintext_bound(input.len()));
    let regular = if threads.are_worthwhile(input.len()) {
        open_runs(&mut body, threads, input, out)?
    } else {
        Progress::default()
    };
    let unread = input.get(regular.read..).unwrap_or_default();
    let rest = body.push(unread, out.get_mut(regular.written..).unwrap_or_default())?;
    body.finish(unread.get(rest.read..).unwrap_or_default())?;
    out.truncate(regular.written.saturating_add(rest.written));
    let encryption_context = Arc::clone(body.encryption_context());
    Ok(MessageInfo { header: Arc::clone(body.header()), encryption_context })
}
