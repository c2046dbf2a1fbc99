//! The same by async streams, over sources and sinks that are pending now and then.

use std::io::{ErrorKind, Read, Result, Write};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use futures_util::io::{AsyncRead, AsyncWrite};
use waxseal::aio::{Aio, Pool};

use super::{Case, Sink, Source};

impl AsyncRead for Source<'_, '_> {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, out: &mut [u8]) -> Poll<Result<usize>> {
        if self.turns.one_in(4) { Poll::Pending } else { Poll::Ready(self.read(out)) }
    }
}

impl AsyncWrite for Sink<'_, '_> {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<Result<usize>> {
        if self.turns.one_in(4) { Poll::Pending } else { Poll::Ready(self.write(bytes)) }
    }

    fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<()>> {
        if self.turns.one_in(4) { Poll::Pending } else { Poll::Ready(self.flush()) }
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.poll_flush(context)
    }
}

/// Does each job at once.
#[derive(Debug)]
struct Here;

impl Pool for Here {
    fn spawn(&self, job: Box<dyn FnOnce() + Send>) {
        job();
    }
}

fn aio<'a>(case: &'a Case<'_, '_>) -> Aio<'a> {
    if case.turns.one_in(2) { case.client.aio().pool(Here) } else { case.client.aio() }
}

/// Nobody wakes: whoever was pending is asked again at once.
fn until_ready<T>(mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>) -> T {
    loop {
        if let Poll::Ready(done) = poll(&mut Context::from_waker(Waker::noop())) {
            return done;
        }
    }
}

pub(super) fn read(case: &Case<'_, '_>) -> Vec<u8> {
    let request = aio(case).encrypt_reader(case.source());
    let mut opening = pin!(IntoFuture::into_future(request.options(case.options.clone())));
    let mut reader = until_ready(|context| opening.as_mut().poll(context)).unwrap();
    let (mut message, mut buffer) = (Vec::new(), vec![0; 1 << 20]);
    loop {
        let room = &mut buffer[..case.turns.len()];
        match until_ready(|context| Pin::new(&mut reader).poll_read(context, room)) {
            Ok(0) => return message,
            Ok(len) => message.extend(&room[..len]),
            Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut),
        }
    }
}

pub(super) fn write(case: &Case<'_, '_>) -> Vec<u8> {
    let request = aio(case).encrypt_writer(case.sink());
    let mut opening = pin!(IntoFuture::into_future(request.options(case.options.clone())));
    let mut writer = until_ready(|context| opening.as_mut().poll(context)).unwrap();
    let timed_out = |error: std::io::Error| assert_eq!(error.kind(), ErrorKind::TimedOut);
    let (turns, mut left) = (case.turns, case.plaintext.as_slice());
    while !left.is_empty() {
        let piece = &left[..turns.len().min(left.len())];
        match until_ready(|context| Pin::new(&mut writer).poll_write(context, piece)) {
            Ok(len) => left = &left[len..],
            Err(error) => timed_out(error),
        }
        if turns.one_in(4) {
            until_ready(|context| Pin::new(&mut writer).poll_flush(context)).unwrap_or_else(timed_out);
        }
    }
    while let Err(error) = until_ready(|context| Pin::new(&mut writer).poll_close(context)) {
        timed_out(error);
    }
    writer.into_inner().message
}
