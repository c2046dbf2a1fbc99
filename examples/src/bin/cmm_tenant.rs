//! A materials manager that puts the tenant into every message and reads that tenant's alone,
//! above a cache and below one.
//!
//! `cargo run -p waxseal-examples --bin cmm_tenant`
//!
//! Above the cache its pair is a part of what the cache sees, so every tenant has an entry, and a
//! data key, of its own. Below the cache the pair comes too late: the cache sees the same request
//! from every tenant and answers it with the first one's materials. What changes requests by
//! something that is not in them belongs above a cache, never below.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::ensure;
use waxseal::{
    Client, CryptographicMaterialsManager, DecryptMaterialsRequest, DecryptionMaterials, EncryptionMaterials,
    EncryptionMaterialsRequest, MaterialsError, async_trait, native,
};
use waxseal_examples::{cached, default_cmm};

/// Who the program works for just now, as a web server knows it of the request at hand.
#[derive(Clone, Debug, Default)]
struct Current(Arc<Mutex<String>>);

impl Current {
    fn set(&self, tenant: &str) {
        tenant.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    fn get(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Adds the pair `tenant` to what is encrypted, and demands it of what is decrypted.
#[derive(Debug)]
struct ForTenant<M> {
    underlying: M,
    current: Current,
}

#[async_trait]
impl<M: CryptographicMaterialsManager> CryptographicMaterialsManager for ForTenant<M> {
    async fn get_encryption_materials(
        &self,
        mut request: EncryptionMaterialsRequest,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        request.encryption_context.insert("tenant".to_owned(), self.current.get());
        self.underlying.get_encryption_materials(request).await
    }

    async fn decrypt_materials(
        &self,
        request: DecryptMaterialsRequest,
    ) -> Result<DecryptionMaterials, MaterialsError> {
        if request.encryption_context.get("tenant") != Some(&self.current.get()) {
            return Err(MaterialsError::ContextMismatch("tenant".to_owned()));
        }
        self.underlying.decrypt_materials(request).await
    }
}

/// The tenants that stand in messages which two tenants had encrypted, how many data keys those
/// messages have, and whether the second tenant reads the first one's.
fn try_out(client: &Client, current: &Current) -> anyhow::Result<(Vec<String>, usize, bool)> {
    let (mut tenants, mut keys, mut first) = (Vec::new(), BTreeSet::new(), None);
    for tenant in ["7", "8", "7", "8"] {
        current.set(tenant);
        let sealed = client.encrypt(b"an invoice").wait()?;
        tenants.push(sealed.encryption_context.get("tenant").cloned().unwrap_or_default());
        keys.extend(sealed.header.encrypted_data_keys.first().map(|key| key.ciphertext.clone()));
        first.get_or_insert(sealed.message);
    }
    current.set("7");
    client.decrypt(first.as_deref().unwrap_or_default()).wait()?;
    current.set("8");
    let reads = client.decrypt(first.as_deref().unwrap_or_default()).wait().is_ok();
    Ok((tenants, keys.len(), reads))
}

fn main() -> anyhow::Result<()> {
    let current = Current::default();
    let above = ForTenant { underlying: cached(default_cmm()?)?, current: current.clone() };
    let (tenants, keys, reads) = try_out(&Client::with_cmm(native::provider(), above), &current)?;
    println!("above the cache: messages of {tenants:?} with {keys} data keys; 8 reads 7's: {reads}");
    ensure!(tenants == ["7", "8", "7", "8"] && keys == 2 && !reads);

    let below = cached(ForTenant { underlying: default_cmm()?, current: current.clone() })?;
    let (tenants, keys, reads) = try_out(&Client::with_cmm(native::provider(), below), &current)?;
    println!("below the cache: messages of {tenants:?} with {keys} data key; 8 reads 7's: {reads}");
    ensure!(tenants == ["7", "7", "7", "7"] && keys == 1 && reads, "the fault that this shows is gone");
    println!("so a manager that adds to requests belongs above the cache");
    Ok(())
}
