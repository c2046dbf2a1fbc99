//! Where a request takes its bytes from and puts them.

/// A slice in, a fresh vector out.
#[derive(Debug)]
pub struct ToVec<'a> {
    pub(crate) input: &'a [u8],
}

/// A slice in, the caller's vector out.
#[derive(Debug)]
pub struct ToBuffer<'a> {
    pub(crate) input: &'a [u8],
    pub(crate) out: &'a mut Vec<u8>,
}

/// A `Write` that passes on to another.
#[derive(Debug)]
pub struct ToWriter<W> {
    pub(crate) sink: W,
}

/// A `Read` that draws from another.
#[derive(Debug)]
pub struct FromReader<R> {
    pub(crate) source: R,
}

/// One end of an async stream.
#[cfg(feature = "aio")]
#[derive(Debug)]
pub struct Async<T> {
    pub(crate) end: T,
    pub(crate) pool: Option<std::sync::Arc<dyn crate::aio::Pool>>,
}

/// A message to read ranges of.
#[derive(Debug)]
pub struct Ranges<S> {
    pub(crate) source: S,
    pub(crate) allow_signed: bool,
}

/// A message to read ranges of, by requests.
#[cfg(feature = "aio")]
#[derive(Debug)]
pub struct AsyncRanges<S>(pub(crate) Ranges<S>);
