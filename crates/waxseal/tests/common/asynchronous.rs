//! The asynchronous paths, over sources and sinks that are ready every other time only.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::io::AsyncWriteExt as _;
use futures_util::{Stream, TryStreamExt as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, ReadBuf};
use waxseal::{AlgorithmSuite, Client, DecryptOptions, Error};

use super::{Outcome, io_class};

/// A pipe's end that lets through `max` bytes a time, and is pending before each.
#[derive(Debug, Default)]
pub struct Hesitant {
    pub bytes: Vec<u8>,
    pub max: usize,
    at: usize,
    hesitated: bool,
    pub closed: bool,
}

impl Hesitant {
    pub fn source(bytes: &[u8], max: usize) -> Self {
        Self { bytes: bytes.to_vec(), max, ..Self::default() }
    }

    pub fn sink(max: usize) -> Self {
        Self { max, ..Self::default() }
    }

    fn hesitate(&mut self, context: &mut Context<'_>) -> bool {
        self.hesitated = !self.hesitated;
        if self.hesitated {
            context.waker().wake_by_ref();
        }
        self.hesitated
    }

    fn next(&mut self, room: usize) -> &[u8] {
        let len = self.max.min(room).min(self.bytes.len() - self.at);
        self.at += len;
        &self.bytes[self.at - len..self.at]
    }

    fn poll_take(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        assert!(!self.closed, "nothing is written behind the end");
        if self.hesitate(context) {
            return Poll::Pending;
        }
        let len = self.max.min(bytes.len());
        self.bytes.extend_from_slice(&bytes[..len]);
        Poll::Ready(Ok(len))
    }

    fn poll_end(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.hesitate(context) {
            return Poll::Pending;
        }
        self.closed = true;
        Poll::Ready(Ok(()))
    }
}

impl tokio::io::AsyncRead for Hesitant {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.hesitate(context) {
            return Poll::Pending;
        }
        out.put_slice(self.next(out.remaining()));
        Poll::Ready(Ok(()))
    }
}

impl futures_util::AsyncRead for Hesitant {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if self.hesitate(context) {
            return Poll::Pending;
        }
        let bytes = self.next(out.len());
        out[..bytes.len()].copy_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }
}

impl tokio::io::AsyncWrite for Hesitant {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_take(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_end(context)
    }
}

impl futures_util::AsyncWrite for Hesitant {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_take(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_end(context)
    }
}

/// Items of `max` bytes, pending before each.
impl Stream for Hesitant {
    type Item = Result<bytes::Bytes, io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.hesitate(context) {
            return Poll::Pending;
        }
        let item = bytes::Bytes::copy_from_slice(self.next(usize::MAX));
        Poll::Ready((!item.is_empty()).then_some(Ok(item)))
    }
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Decrypts by every asynchronous path.
pub fn decrypt(
    client: &Client,
    options: &DecryptOptions,
    message: &[u8],
    cut: usize,
) -> Vec<(String, Outcome)> {
    block_on(async {
        vec![
            (format!("tokio reader, {cut}"), read_tokio(client, options, message, cut).await),
            (format!("futures reader, {cut}"), read_futures(client, options, message, cut).await),
            (format!("tokio writer, {cut}"), write_tokio(client, options, message, cut).await),
            (format!("futures writer, {cut}"), write_futures(client, options, message, cut).await),
            (format!("stream, {cut}"), stream(client, options, message, cut).await),
        ]
    })
}

async fn read_tokio(client: &Client, options: &DecryptOptions, message: &[u8], cut: usize) -> Outcome {
    let source = Hesitant::source(message, cut);
    let mut reader = client.aio().decrypt_reader(source).options(options.clone()).open();
    let (mut plaintext, mut buffer) = (Vec::new(), vec![0; cut * 3]);
    loop {
        match tokio::io::AsyncReadExt::read(&mut reader, &mut buffer).await {
            Ok(0) => return Ok(plaintext),
            Ok(len) => plaintext.extend_from_slice(&buffer[..len]),
            Err(error) => {
                assert!(reader.read_u8().await.is_err(), "no reader recovers from an error");
                return Err(io_class(&error));
            }
        }
    }
}

async fn read_futures(client: &Client, options: &DecryptOptions, message: &[u8], cut: usize) -> Outcome {
    let source = Hesitant::source(message, cut);
    let mut reader = client.aio().decrypt_reader(source).options(options.clone()).open();
    let mut plaintext = Vec::new();
    let read = futures_util::AsyncReadExt::read_to_end(&mut reader, &mut plaintext).await;
    read.map(|_| plaintext).map_err(|error| io_class(&error))
}

async fn write_tokio(client: &Client, options: &DecryptOptions, message: &[u8], cut: usize) -> Outcome {
    let mut writer = client.aio().decrypt_writer(Hesitant::sink(cut)).options(options.clone()).open();
    let written = async {
        tokio::io::AsyncWriteExt::write_all(&mut writer, message).await?;
        writer.shutdown().await
    };
    match written.await {
        Ok(()) => Ok(writer.into_inner().bytes),
        Err(error) => {
            assert!(writer.shutdown().await.is_err(), "no writer recovers from an error");
            Err(io_class(&error))
        }
    }
}

async fn write_futures(client: &Client, options: &DecryptOptions, message: &[u8], cut: usize) -> Outcome {
    let mut writer = client.aio().decrypt_writer(Hesitant::sink(cut)).options(options.clone()).open();
    for piece in message.chunks(cut) {
        let written = futures_util::AsyncWriteExt::write_all(&mut writer, piece).await;
        written.map_err(|error| io_class(&error))?;
    }
    writer.close().await.map_err(|error| io_class(&error))?;
    Ok(writer.into_inner().bytes)
}

async fn stream(client: &Client, options: &DecryptOptions, message: &[u8], cut: usize) -> Outcome {
    let source = Hesitant::source(message, cut);
    let stream = client.aio().decrypt_stream(source).options(options.clone()).open();
    let items: Vec<bytes::Bytes> = stream.try_collect().await.map_err(|error| io_class(&error))?;
    Ok(items.concat())
}

/// Encrypts by every asynchronous path.
pub fn encrypt(
    client: &Client,
    suite: &'static AlgorithmSuite,
    plain: &[u8],
    cut: usize,
) -> Vec<(String, Vec<u8>)> {
    let messages: Result<_, Error> = block_on(async {
        Ok(vec![
            (format!("tokio reader, {cut}"), seal_by_tokio_reader(client, suite, plain, cut).await?),
            (format!("futures writer, {cut}"), seal_by_futures_writer(client, suite, plain, cut).await?),
            (format!("stream, {cut}"), seal_by_stream(client, suite, plain, cut).await?),
        ])
    });
    messages.unwrap()
}

async fn seal_by_tokio_reader(
    client: &Client,
    suite: &'static AlgorithmSuite,
    plain: &[u8],
    cut: usize,
) -> Result<Vec<u8>, Error> {
    let request = client.aio().encrypt_reader(Hesitant::source(plain, cut));
    let mut reader = request.suite(suite).frame_length(64).context("a", "b").await?;
    let mut message = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut reader, &mut message).await?;
    Ok(message)
}

async fn seal_by_futures_writer(
    client: &Client,
    suite: &'static AlgorithmSuite,
    plain: &[u8],
    cut: usize,
) -> Result<Vec<u8>, Error> {
    let request = client.aio().encrypt_writer(Hesitant::sink(cut));
    let mut writer = request.suite(suite).frame_length(64).context("a", "b").await?;
    futures_util::AsyncWriteExt::write_all(&mut writer, plain).await?;
    futures_util::AsyncWriteExt::flush(&mut writer).await?;
    writer.close().await?;
    let sink = writer.into_inner();
    assert!(sink.closed);
    Ok(sink.bytes)
}

async fn seal_by_stream(
    client: &Client,
    suite: &'static AlgorithmSuite,
    plain: &[u8],
    cut: usize,
) -> Result<Vec<u8>, Error> {
    let request = client.aio().encrypt_stream(Hesitant::source(plain, cut));
    let stream = request.suite(suite).frame_length(64).context("a", "b").await?;
    let items: Vec<bytes::Bytes> = stream.try_collect().await?;
    Ok(items.concat())
}
