//! What every decrypting async stream shares.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use waxseal_format::Header;
use waxseal_message::{BodyDecryptor, DecryptOptions, MessageError, ParsedHeader};

use super::pool::{Pool, Worker};
use crate::decrypt::authenticate;
use crate::parallel::Threads;
use crate::pump::{Opener, Step};
use crate::{Client, Error};

/// An opener, here or on the pool, and the wait for its materials.
pub(super) struct OpenCore {
    client: Client,
    options: DecryptOptions,
    worker: Worker<Opener, Step>,
    authenticating: Option<Authenticating>,
    header: Option<Arc<Header>>,
    heavy: bool,
}

type Authenticating = Pin<Box<dyn Future<Output = Result<BodyDecryptor, Error>> + Send>>;

/// What a stream has to do next.
pub(super) enum Wanted {
    /// Give out what is waiting.
    Plaintext,
    /// Bring more of the message, or say that it ended.
    Input,
    /// Make sure that nothing follows.
    End,
}

impl OpenCore {
    pub(super) fn new(client: Client, options: DecryptOptions, pool: Option<Arc<dyn Pool>>) -> Self {
        let worker = Worker::new(Opener::new(&options, Threads::default()), pool);
        Self { client, options, worker, authenticating: None, header: None, heavy: false }
    }

    pub(super) fn header(&self) -> Option<&Arc<Header>> {
        self.header.as_ref()
    }

    pub(super) fn opener(&mut self) -> Result<&mut Opener, Error> {
        self.worker.here()
    }

    /// Does what can be done with the bytes that are there.
    pub(super) fn poll_wanted(&mut self, context: &mut Context<'_>) -> Poll<Result<Wanted, Error>> {
        loop {
            if let Some(authenticating) = &mut self.authenticating {
                let body = ready!(authenticating.as_mut().poll(context));
                self.authenticating = None;
                self.authenticated(body)?;
            }
            // Only opening is heavy; what waits already is given out here.
            let heavy = self.heavy && self.worker.get().is_some_and(Opener::holds_block);
            match ready!(self.worker.poll(context, heavy, Opener::advance))? {
                Step::Plaintext => return Poll::Ready(Ok(Wanted::Plaintext)),
                Step::Input => return Poll::Ready(Ok(Wanted::Input)),
                Step::End => return Poll::Ready(Ok(Wanted::End)),
                Step::Authenticate(header) => self.authenticating = Some(self.authenticate(*header)),
            }
        }
    }

    /// Takes the front of `input`, when more is wanted.
    pub(super) fn take(&mut self, input: &[u8]) -> Result<usize, Error> {
        let heavy = self.heavy;
        let opener = self.worker.here()?;
        if heavy { opener.buffer(input) } else { opener.take(input) }
    }

    /// Whether [`OpenCore::open_to`] may do anything.
    pub(super) fn may_open_to(&self) -> bool {
        !self.heavy && self.worker.get().is_some_and(Opener::holds_message)
    }

    /// Opens straight to `out` where that is no heavy work; returns bytes written.
    pub(super) fn open_to(&mut self, out: &mut [u8]) -> Result<usize, Error> {
        if self.heavy || self.worker.is_away() { Ok(0) } else { self.worker.here()?.open_to(out) }
    }

    /// The message is complete, and bytes follow it.
    pub(super) fn trailing_bytes(&mut self) -> Error {
        if let Ok(opener) = self.worker.here() {
            opener.fail();
        }
        MessageError::TrailingBytes.into()
    }

    fn authenticate(&self, header: ParsedHeader) -> Authenticating {
        let (client, options) = (self.client.clone(), self.options.clone());
        Box::pin(async move { authenticate(&client, &options, header).await })
    }

    fn authenticated(&mut self, body: Result<BodyDecryptor, Error>) -> Result<(), Error> {
        let has_pool = self.worker.has_pool();
        let opener = self.worker.here()?;
        match body {
            Ok(body) => {
                self.header = Some(Arc::clone(body.header()));
                opener.authenticated(body);
                self.heavy = has_pool && opener.is_heavy();
                Ok(())
            }
            Err(error) => {
                opener.fail();
                Err(error)
            }
        }
    }
}
