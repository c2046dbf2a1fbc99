//! What the programs that use AWS's services share: where they run, and what they keep there.

mod addresses;
mod bucket;
mod cloud;
mod key;
mod moto;

pub use addresses::Addresses;
pub use bucket::Bucket;
pub use cloud::{Cloud, Store};
pub use key::{disable_key, set_up_key};
pub use moto::Moto;

use std::error::Error;

use anyhow::{anyhow, bail};
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};

/// What the service says when it refuses with this code.
///
/// # Errors
/// If it doesn't refuse, or refuses with another code.
pub fn refused<T, E, R>(answer: Result<T, SdkError<E, R>>, code: &str) -> anyhow::Result<String>
where
    SdkError<E, R>: ProvideErrorMetadata + Error + Send + Sync + 'static,
{
    match answer {
        Ok(_) => bail!("{code} was expected, and the service did it"),
        Err(error) if error.code() == Some(code) => match error.message() {
            Some(message) if !message.is_empty() => Ok(format!("{code}: {message}")),
            _ => Ok(code.to_owned()),
        },
        Err(error) => Err(anyhow!(error).context(format!("{code} was expected"))),
    }
}
