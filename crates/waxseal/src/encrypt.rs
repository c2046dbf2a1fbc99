//! Requests to encrypt, and the one-shot way.

use std::future::{Future, IntoFuture};
use std::io::{Read, Write};
use std::pin::Pin;
use std::sync::Arc;

use waxseal_format::{AlgorithmSuite, EncryptionContext, Header};
use waxseal_materials::EncryptionMaterials;
use waxseal_message::{EncryptOptions, Encryptor, MessageError};

use crate::io::{EncryptingReader, EncryptingWriter};
use crate::parallel::{Threads, seal_runs};
use crate::wiping::or_wiped;
use crate::{Client, Error, blocking, target};

/// A message that is going to be encrypted: set options, then `.wait()` or `.await`.
#[derive(Debug)]
#[must_use = "nothing is encrypted before `.wait()` or `.await`"]
pub struct EncryptRequest<'a, T> {
    client: &'a Client,
    options: EncryptOptions,
    threads: Threads,
    target: T,
}

/// What is known of a message besides its bytes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MessageInfo {
    /// The message's header: suite, stored context, message id, encrypted data keys, frame length.
    pub header: Arc<Header>,
    /// The whole encryption context: what the header stores, and what was only authenticated.
    pub encryption_context: Arc<EncryptionContext>,
}

/// A message, and its header.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Encrypted {
    /// The whole message.
    pub message: Vec<u8>,
    /// Its header: suite, context, message id, encrypted data keys, frame length.
    pub header: Arc<Header>,
    /// The whole encryption context: what the header stores, and what is only authenticated.
    pub encryption_context: Arc<EncryptionContext>,
}

impl<'a, T> EncryptRequest<'a, T> {
    pub(crate) fn new(client: &'a Client, options: EncryptOptions, target: T) -> Self {
        Self { client, options, threads: Threads::default(), target }
    }

    #[cfg(feature = "aio")]
    pub(crate) fn into_parts(self) -> (&'a Client, EncryptOptions, T) {
        (self.client, self.options, self.target)
    }

    /// Adds a pair to the encryption context.
    pub fn context(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.encryption_context.insert(key.into(), value.into());
        self
    }

    /// Replaces the encryption context.
    pub fn encryption_context(mut self, context: EncryptionContext) -> Self {
        self.options.encryption_context = context;
        self
    }

    /// Asks for a suite.
    pub fn suite(mut self, suite: &'static AlgorithmSuite) -> Self {
        self.options.suite = Some(suite);
        self
    }

    /// Plaintext bytes of a regular frame: 1 to 4,294,967,295.
    pub fn frame_length(mut self, bytes: u32) -> Self {
        self.options.frame_length = bytes;
        self
    }

    /// Plaintext bytes at most; more is an error. For streams: where the plaintext is in memory
    /// its own length counts, and this is ignored.
    pub fn plaintext_len_bound(mut self, bytes: u64) -> Self {
        self.options.plaintext_len_bound = Some(bytes);
        self
    }

    /// Lets several threads work on the message: see [`parallel`](crate::parallel). Async streams
    /// don't take them.
    pub fn threads(mut self, threads: impl Into<Threads>) -> Self {
        self.threads = threads.into();
        self
    }

    /// Replaces the options, but for what the client decides: see [`Client::encrypt_options`].
    pub fn options(mut self, options: EncryptOptions) -> Self {
        self.options = self.client.constrain_encrypt(options);
        self
    }
}

type Running<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

impl<'a> EncryptRequest<'a, target::ToVec<'a>> {
    /// Encrypts here.
    ///
    /// # Errors
    /// An [`Error`]; [`Error::NotReady`] if materials have to wait and the client has no runtime.
    pub fn wait(self) -> Result<Encrypted, Error> {
        blocking::wait(self.client.runtime.as_deref(), self.run())
    }

    async fn run(self) -> Result<Encrypted, Error> {
        let mut message = Vec::new();
        let info = encrypt(self.client, self.options, &self.threads, self.target.input, &mut message).await?;
        Ok(Encrypted { message, header: info.header, encryption_context: info.encryption_context })
    }
}

impl<'a> IntoFuture for EncryptRequest<'a, target::ToVec<'a>> {
    type Output = Result<Encrypted, Error>;
    type IntoFuture = Running<'a, Encrypted>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<'a> EncryptRequest<'a, target::ToBuffer<'a>> {
    /// Encrypts here; the message is in the buffer.
    ///
    /// # Errors
    /// An [`Error`]; [`Error::NotReady`] if materials have to wait and the client has no runtime.
    pub fn wait(self) -> Result<MessageInfo, Error> {
        blocking::wait(self.client.runtime.as_deref(), self.run())
    }

    async fn run(self) -> Result<MessageInfo, Error> {
        encrypt(self.client, self.options, &self.threads, self.target.input, self.target.out).await
    }
}

impl<'a> IntoFuture for EncryptRequest<'a, target::ToBuffer<'a>> {
    type Output = Result<MessageInfo, Error>;
    type IntoFuture = Running<'a, MessageInfo>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl<W: Write> EncryptRequest<'_, target::ToWriter<W>> {
    /// Gets the materials and opens the stream; nothing is written before the first byte.
    ///
    /// # Errors
    /// An [`Error`]; [`Error::NotReady`] if materials have to wait and the client has no runtime.
    pub fn wait(self) -> Result<EncryptingWriter<W>, Error> {
        let opening = open(self.client, &self.options);
        let (encryptor, header) = blocking::wait(self.client.runtime.as_deref(), opening)?;
        Ok(EncryptingWriter::new(self.target.sink, encryptor, header, self.threads))
    }
}

impl<R: Read> EncryptRequest<'_, target::FromReader<R>> {
    /// Gets the materials and opens the stream; nothing is read before the first byte is
    /// asked for.
    ///
    /// # Errors
    /// An [`Error`]; [`Error::NotReady`] if materials have to wait and the client has no runtime.
    pub fn wait(self) -> Result<EncryptingReader<R>, Error> {
        let opening = open(self.client, &self.options);
        let (encryptor, header) = blocking::wait(self.client.runtime.as_deref(), opening)?;
        Ok(EncryptingReader::new(self.target.source, encryptor, header, self.threads))
    }
}

/// A machine for a stream, and the bytes of the message's header.
pub(crate) async fn open(client: &Client, options: &EncryptOptions) -> Result<(Encryptor, Vec<u8>), Error> {
    let materials = client.encryption_materials(options).await?;
    let mut header = Vec::new();
    let encryptor = Encryptor::new(client.crypto, materials, options, &mut header)?;
    Ok((encryptor, header))
}

async fn encrypt(
    client: &Client,
    mut options: EncryptOptions,
    threads: &Threads,
    plaintext: &[u8],
    out: &mut Vec<u8>,
) -> Result<MessageInfo, Error> {
    // The bound of a plaintext whose length is known is that length
    // (`client-apis/encrypt.md`, "Plaintext Length Bound"). Materials managers see it.
    options.plaintext_len_bound = Some(plaintext.len() as u64);
    let materials = client.encryption_materials(&options).await;
    // A provider may seal in place, where it copied the plaintext to.
    or_wiped(out, |out| write_message(client, &options, materials?, threads, plaintext, out))
}

fn write_message(
    client: &Client,
    options: &EncryptOptions,
    materials: EncryptionMaterials,
    threads: &Threads,
    plaintext: &[u8],
    out: &mut Vec<u8>,
) -> Result<MessageInfo, Error> {
    const NO_ROOM: MessageError = MessageError::Usage("a message that this machine can't address");
    let mut start = Vec::new();
    let mut encryptor = Encryptor::new(client.crypto, materials, options, &mut start)?;
    let (header, encryption_context) =
        (Arc::clone(encryptor.header()), Arc::clone(encryptor.encryption_context()));
    let total = encryptor.message_len(plaintext.len() as u64)?;
    set_len(out, usize::try_from(total).map_err(|_| NO_ROOM)?);
    let (head, body) = out.split_at_mut_checked(start.len()).ok_or(NO_ROOM)?;
    head.copy_from_slice(&start);
    let progress = if threads.are_worthwhile(plaintext.len()) {
        seal_runs(&mut encryptor, threads, plaintext, body)?
    } else {
        encryptor.push(plaintext, body)?
    };
    let rest = plaintext.get(progress.read..).unwrap_or_default();
    encryptor.finish(rest, body.get_mut(progress.written..).unwrap_or_default())?;
    Ok(MessageInfo { header, encryption_context })
}

/// Gives `out` this length. Bytes that are there stay, since all are written over; a new
/// allocation comes zeroed from the system, which costs nothing until it is touched.
pub(crate) fn set_len(out: &mut Vec<u8>, len: usize) {
    if out.capacity() < len {
        *out = vec![0; len];
    } else {
        out.resize(len, 0);
    }
}
