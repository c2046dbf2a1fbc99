//! The runtime that calls to key services wait on.

use std::future::Future;
use std::pin::Pin;

use crate::failure::Failure;

/// A runtime of the run's own; the client keeps it alive.
#[derive(Debug)]
pub(super) struct Runtime(tokio::runtime::Runtime);

impl Runtime {
    /// Two threads: they only move what sockets bring, the files have threads of their own.
    pub(super) fn start() -> Result<Self, Failure> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(2).enable_all().build().map(Self).map_err(Failure::io)
    }

    pub(super) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.0.block_on(future)
    }
}

impl waxseal::Runtime for Runtime {
    fn block_on(&self, future: Pin<&mut (dyn Future<Output = ()> + Send)>) {
        self.0.block_on(future);
    }
}
