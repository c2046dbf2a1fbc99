//! AWS KMS for waxseal: master key providers and keyrings over one client seam.

pub mod client;
mod supplier;

pub use client::{KmsClient, KmsError, KmsErrorKind};
pub use supplier::ClientSupplier;
