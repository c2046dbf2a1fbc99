//! The AWS SDK behind the seam: its KMS client, and clients by the usual AWS settings.

mod client;
mod failure;
mod names;
mod supplier;
mod user_agent;

pub use self::supplier::AwsClientSupplier;
