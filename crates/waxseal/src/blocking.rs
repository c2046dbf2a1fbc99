//! Synchronous calls over materials that may have to wait.

use std::fmt::Debug;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use crate::Error;

/// Something that can wait for a future: a runtime of the caller's.
///
/// With the feature `tokio`, `tokio::runtime::Handle` is one.
pub trait Runtime: Send + Sync + Debug {
    /// Runs `future` to its end on the calling thread.
    fn block_on(&self, future: Pin<&mut (dyn Future<Output = ()> + Send)>);
}

/// The least of a runtime: the calling thread sleeps until another one wakes it.
///
/// For materials that are ready at once but for waiting on other threads, such as a cache over raw
/// keys. What needs timers or sockets waits for ever here, and needs a runtime that has them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parking;

impl Runtime for Parking {
    fn block_on(&self, mut future: Pin<&mut (dyn Future<Output = ()> + Send)>) {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        while future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
            std::thread::park();
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Polls once; what is not ready then waits on the runtime, if there is one. With a runtime
/// the first poll too happens inside it, since such futures may need its timers and sockets.
pub(crate) fn wait<T: Send>(
    runtime: Option<&dyn Runtime>,
    future: impl Future<Output = Result<T, Error>> + Send,
) -> Result<T, Error> {
    match runtime {
        Some(runtime) => {
            let mut output = None;
            runtime.block_on(pin!(async { output = Some(future.await) }));
            output.unwrap_or(Err(Error::NotReady))
        }
        None => match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => output,
            Poll::Pending => Err(Error::NotReady),
        },
    }
}

#[cfg(feature = "tokio")]
impl Runtime for tokio::runtime::Handle {
    fn block_on(&self, mut future: Pin<&mut (dyn Future<Output = ()> + Send)>) {
        // What is ready at once is done without blocking, so that it works inside the
        // runtime's own threads too.
        let _inside = self.enter();
        if future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            tokio::runtime::Handle::block_on(self, future);
        }
    }
}
