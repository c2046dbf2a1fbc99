//! The access keys that requests are signed with.

use std::sync::Arc;

use waxseal_crypto::SecretBytes;

/// An access key: what SigV4 signatures are made with, and the principal that it stands for.
#[derive(Debug, Clone)]
pub struct AccessKey {
    /// The access key id, such as `AKIAIOSFODNN7EXAMPLE`.
    pub id: String,
    /// The secret access key: the bytes of its text.
    pub secret: Arc<SecretBytes>,
    /// The principal's ARN.
    pub principal: String,
}
