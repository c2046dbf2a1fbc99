//! A materials manager that notes every request, above a cache and below it.
//!
//! `cargo run -p waxseal-examples --bin cmm_audit`
//!
//! Above the cache the log has a line for each message: who encrypted or decrypted what. Below the
//! cache it has a line for each call to the key service: what is paid for, and what the service's
//! own log will show. Both are here at once, around one cache.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::ensure;
use waxseal::{
    Client, CryptographicMaterialsManager, DecryptMaterialsRequest, DecryptionMaterials, EncryptionContext,
    EncryptionMaterials, EncryptionMaterialsRequest, MaterialsError, async_trait, native,
};
use waxseal_examples::{cached, default_cmm};

/// Lines of a log. What is in a context is no secret; keys are never logged.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn note<T>(&self, operation: &str, context: &EncryptionContext, result: &Result<T, MaterialsError>) {
        let pairs: Vec<_> = context.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let ended = result.as_ref().map_or_else(ToString::to_string, |_| "ok".to_owned());
        let line = format!("{operation} {}: {ended}", pairs.join(","));
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[derive(Debug)]
struct Audited<M> {
    underlying: M,
    log: Log,
}

#[async_trait]
impl<M: CryptographicMaterialsManager> CryptographicMaterialsManager for Audited<M> {
    async fn get_encryption_materials(
        &self,
        request: EncryptionMaterialsRequest,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        let context = request.encryption_context.clone();
        let result = self.underlying.get_encryption_materials(request).await;
        self.log.note("encrypt", &context, &result);
        result
    }

    async fn decrypt_materials(
        &self,
        request: DecryptMaterialsRequest,
    ) -> Result<DecryptionMaterials, MaterialsError> {
        let context = request.encryption_context.clone();
        let result = self.underlying.decrypt_materials(request).await;
        self.log.note("decrypt", &context, &result);
        result
    }
}

fn main() -> anyhow::Result<()> {
    let (messages, calls) = (Log::default(), Log::default());
    let cache = cached(Audited { underlying: default_cmm()?, log: calls.clone() })?;
    let client = Client::with_cmm(native::provider(), Audited { underlying: cache, log: messages.clone() });
    for tenant in ["7", "7", "7", "8", "8"] {
        let sealed = client.encrypt(b"an order").context("tenant", tenant).wait()?;
        client.decrypt(&sealed.message).context("tenant", tenant).wait()?;
    }
    // A failure is noted on both sides: what is refused is never cached.
    let sealed = client.encrypt(b"an order").context("tenant", "7").wait()?;
    ensure!(client.decrypt(&sealed.message).context("colour", "red").wait().is_err());

    let (messages, calls) = (messages.lines(), calls.lines());
    println!("above the cache, {} lines, one for each message:\n  {}", messages.len(), messages.join("\n  "));
    println!("below the cache, {} lines, one for each call:\n  {}", calls.len(), calls.join("\n  "));
    ensure!(messages.len() == 12, "each message has a line above the cache");
    ensure!(calls.len() == 5, "two contexts, both ways, and a request that differs");
    Ok(())
}
