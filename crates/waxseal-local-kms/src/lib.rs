//! An embedded KMS for development, tests and demos. It is no HSM: whoever can read this
//! process's memory has the keys.
//!
//! [`LocalKms`] holds keys, aliases, policies and grants, in one file or in memory, and does what
//! AWS KMS does with them. There are two ways in, over the same code:
//!
//! - [`LocalKms::client`] is a client of the seam `waxseal_kms::KmsClient`, in process;
//! - [`LocalKms::call`] takes one call of the AWS KMS JSON 1.1 protocol: what `server` hands in
//!   (feature `server`).
//!
//! ```
//! use waxseal_kms::client::{DecryptRequest, EncryptionAlgorithm, GenerateDataKeyRequest};
//! use waxseal_kms::KmsClient;
//! use waxseal_local_kms::{Caller, LocalKms};
//!
//! # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
//! let kms = LocalKms::volatile();
//! let alice = Caller::new("arn:aws:iam::111122223333:user/alice", "eu-west-1");
//! let reply = kms.call(&alice, "CreateKey", br#"{"Description": "orders"}"#)?;
//! let reply: serde_json::Value = serde_json::from_slice(reply.expose())?;
//! let arn = reply["KeyMetadata"]["Arn"].as_str().ok_or("an ARN")?;
//!
//! let client = kms.client(&alice.principal, &alice.region);
//! let context = [("tenant", "7")].into();
//! let data_key = client
//!     .generate_data_key(GenerateDataKeyRequest {
//!         key_id: arn,
//!         number_of_bytes: 32,
//!         encryption_context: &context,
//!         grant_tokens: &[],
//!     })
//!     .await?;
//! let opened = client
//!     .decrypt(DecryptRequest {
//!         key_id: Some(arn),
//!         ciphertext: &data_key.ciphertext,
//!         encryption_context: &context,
//!         encryption_algorithm: EncryptionAlgorithm::SymmetricDefault,
//!         grant_tokens: &[],
//!     })
//!     .await?;
//! assert!(opened.plaintext.ct_eq(&data_key.plaintext));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The way of a call
//!
//! ```text
//! client.rs (typed)   service.rs (JSON -> operations/dispatch.rs)
//!        \              /
//!      operations/*         one file a family; finds the key, asks policy/, uses material/
//!        -> engine/         the state in memory; a change goes to the store first
//!        -> store/          one redb file; key material sealed
//!        -> audit.rs        one line of JSON, before the answer leaves
//! ```
//!
//! # What it simplifies
//!
//! There is no IAM. A principal of the store's account may do what needs no key (`CreateKey`,
//! `ListKeys`, `GenerateRandom`, ...). A key policy that allows something to the account's root
//! (`arn:aws:iam::ACCOUNT:root`) allows it to every principal of the account, as if IAM did.
//! `docs/local-kms.md` has every operation and feature, and what is left out.

mod access_key;
mod arn;
mod audit;
mod caller;
mod ciphertext;
mod client;
mod clock;
mod engine;
mod error;
mod material;
mod operations;
mod policy;
#[cfg(feature = "server")]
pub mod server;
mod service;
mod store;
mod timestamp;
mod wire;

pub use access_key::AccessKey;
pub use caller::Caller;
pub use client::LocalKmsClient;
pub use clock::{Clock, ManualClock, SystemClock};
pub use error::{LocalKmsError, ServiceError};
pub use service::{LocalKms, LocalKmsOptions, StoreKey};
