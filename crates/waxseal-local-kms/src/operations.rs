//! What the KMS does, operation by operation.

use waxseal_crypto::SecretBytes;

use crate::engine::Engine;
use crate::{Caller, ServiceError};

/// One call of the protocol.
pub(crate) fn call(
    _engine: &Engine,
    _caller: &Caller,
    operation: &str,
    _body: &[u8],
) -> Result<SecretBytes, ServiceError> {
    Err(ServiceError::unsupported(format!("The embedded KMS has no operation {operation:?} yet.")))
}
