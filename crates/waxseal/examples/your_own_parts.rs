//! A keyring, a master key provider and a materials manager of your own.
//!
//! `cargo run -p waxseal --example your_own_parts`
//!
//! All three are open traits. The keyring counts what another one does. The master key
//! provider keeps one key for each tenant and chooses by the message's context. The
//! materials manager, over any other, refuses messages that name no tenant.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use waxseal::materials::RawMasterKey;
use waxseal::{
    Client, CryptographicMaterialsManager, DecryptMaterialsRequest, DecryptionMaterials, DefaultCmm,
    EncryptedDataKey, EncryptionContext, EncryptionMaterials, EncryptionMaterialsRequest, KeyFailure,
    KeyFailureReason, Keyring, MasterKey, MasterKeyProvider, MaterialsError, RawAesKeyring, SecretBytes,
    async_trait, native,
};

/// Counts the data keys that another keyring wraps.
#[derive(Debug)]
struct CountingKeyring {
    inner: RawAesKeyring,
    wrapped: Arc<AtomicUsize>,
}

#[async_trait]
impl Keyring for CountingKeyring {
    async fn on_encrypt(
        &self,
        materials: EncryptionMaterials,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        self.wrapped.fetch_add(1, Ordering::Relaxed);
        self.inner.on_encrypt(materials).await
    }

    async fn on_decrypt(
        &self,
        materials: DecryptionMaterials,
        encrypted_data_keys: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        self.inner.on_decrypt(materials, encrypted_data_keys).await
    }
}

/// One master key for each tenant.
#[derive(Debug)]
struct TenantKeys(BTreeMap<String, Arc<dyn MasterKey>>);

#[async_trait]
impl MasterKeyProvider for TenantKeys {
    fn can_provide(&self, provider_id: &str) -> bool {
        provider_id == "tenants"
    }

    async fn master_key(&self, key_id: &str) -> Result<Arc<dyn MasterKey>, KeyFailure> {
        let unknown = || KeyFailure::new(format!("tenants/{key_id}"), KeyFailureReason::NotMine);
        self.0.get(key_id).cloned().ok_or_else(unknown)
    }

    async fn master_keys_for_encryption(
        &self,
        context: &EncryptionContext,
    ) -> Result<Vec<Arc<dyn MasterKey>>, MaterialsError> {
        let tenant =
            context.get("tenant").ok_or_else(|| MaterialsError::ContextKeyMissing("tenant".into()))?;
        Ok(vec![self.master_key(tenant).await.map_err(MaterialsError::Wrap)?])
    }

    /// Raw AES keys write more than their id, so each is asked whether it is meant.
    async fn master_key_for_decrypt(&self, key: &EncryptedDataKey) -> Result<Arc<dyn MasterKey>, KeyFailure> {
        let unknown = || KeyFailure::new("tenants", KeyFailureReason::NotMine);
        self.0.values().find(|candidate| candidate.owns(key)).cloned().ok_or_else(unknown)
    }
}

/// Lets no message pass that names no tenant, over any other materials manager.
#[derive(Debug)]
struct TenantRequired(Arc<dyn CryptographicMaterialsManager>);

fn require_tenant(context: &EncryptionContext) -> Result<(), MaterialsError> {
    let tenant = context.get("tenant");
    tenant.map(drop).ok_or_else(|| MaterialsError::ContextKeyMissing("tenant".into()))
}

#[async_trait]
impl CryptographicMaterialsManager for TenantRequired {
    async fn get_encryption_materials(
        &self,
        request: EncryptionMaterialsRequest,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        require_tenant(&request.encryption_context)?;
        self.0.get_encryption_materials(request).await
    }

    async fn decrypt_materials(
        &self,
        request: DecryptMaterialsRequest,
    ) -> Result<DecryptionMaterials, MaterialsError> {
        require_tenant(&request.encryption_context)?;
        self.0.decrypt_materials(request).await
    }
}

fn counting_keyring() -> Result<(), Box<dyn Error>> {
    let crypto = native::provider();
    let wrapped = Arc::new(AtomicUsize::new(0));
    let inner = RawAesKeyring::new(crypto, "demo", "key-1", SecretBytes::random(crypto.random, 32)?)?;
    let client = Client::new(crypto, CountingKeyring { inner, wrapped: Arc::clone(&wrapped) });
    let sealed = client.encrypt(b"counted").wait()?;
    assert_eq!(client.decrypt(&sealed.message).wait()?.plaintext, b"counted");
    println!("keyring: {} data key wrapped", wrapped.load(Ordering::Relaxed));
    Ok(())
}

fn tenant_keys() -> Result<TenantKeys, Box<dyn Error>> {
    let crypto = native::provider();
    let mut keys = BTreeMap::<String, Arc<dyn MasterKey>>::new();
    for tenant in ["acme", "globex"] {
        let key = SecretBytes::random(crypto.random, 32)?;
        keys.insert(tenant.into(), Arc::new(RawMasterKey::aes(crypto, "tenants", tenant, key)?));
    }
    Ok(TenantKeys(keys))
}

fn master_key_provider() -> Result<(), Box<dyn Error>> {
    let client = Client::with_master_key_provider(native::provider(), tenant_keys()?);
    let sealed = client.encrypt(b"for acme").context("tenant", "acme").wait()?;
    assert_eq!(client.decrypt(&sealed.message).wait()?.plaintext, b"for acme");
    let unknown = client.encrypt(b"for nobody").context("tenant", "initech").wait();
    println!("master key provider: {}", unknown.err().ok_or("no such tenant")?);
    Ok(())
}

fn materials_manager() -> Result<(), Box<dyn Error>> {
    let crypto = native::provider();
    let keyring = RawAesKeyring::new(crypto, "demo", "key-1", SecretBytes::random(crypto.random, 32)?)?;
    let inner: Arc<dyn CryptographicMaterialsManager> = Arc::new(DefaultCmm::new(crypto, keyring));
    let client = Client::with_cmm(crypto, TenantRequired(Arc::clone(&inner)));
    let sealed = client.encrypt(b"for acme").context("tenant", "acme").wait()?;
    assert_eq!(client.decrypt(&sealed.message).wait()?.plaintext, b"for acme");
    let stray = Client::with_cmm(crypto, inner).encrypt(b"stray").wait()?;
    let refused = client.decrypt(&stray.message).wait();
    println!("materials manager: {}", refused.err().ok_or("a message without tenant passed")?);
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    counting_keyring()?;
    master_key_provider()?;
    materials_manager()
}
