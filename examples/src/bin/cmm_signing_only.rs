//! A materials manager that lets signing suites pass alone, above a cache and below one.
//!
//! `cargo run -p waxseal-examples --bin cmm_signing_only`
//!
//! Above the cache it sees every message: a policy that becomes stricter holds from then on. Below
//! the cache it sees misses alone. A suite that it refuses never gets into the cache, and since the
//! suite is a part of an entry's name no other request is answered by a signing one's entry; but
//! what was let in before the policy became stricter goes on until its entry is gone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{bail, ensure};
use waxseal::{
    AlgorithmSuite, Client, CryptographicMaterialsManager, DecryptMaterialsRequest, DecryptionMaterials,
    EncryptionMaterials, EncryptionMaterialsRequest, MaterialsError, async_trait, native,
};
use waxseal_examples::{cached, default_cmm};

const SIGNED: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384;
const UNSIGNED: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;

/// Refuses suites that don't sign, while the switch is on.
#[derive(Debug)]
struct SigningOnly<M> {
    underlying: M,
    enforced: Arc<AtomicBool>,
}

impl<M> SigningOnly<M> {
    fn check(&self, suite: &AlgorithmSuite) -> Result<(), MaterialsError> {
        if suite.signs() || !self.enforced.load(Ordering::SeqCst) {
            return Ok(());
        }
        Err(MaterialsError::Other(format!("only signed messages are allowed, not {suite}").into()))
    }
}

#[async_trait]
impl<M: CryptographicMaterialsManager> CryptographicMaterialsManager for SigningOnly<M> {
    async fn get_encryption_materials(
        &self,
        request: EncryptionMaterialsRequest,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        // Before a key is asked for; and behind it, for managers below that choose for themselves.
        self.check(request.suite.unwrap_or_else(|| request.commitment_policy.default_suite()))?;
        let materials = self.underlying.get_encryption_materials(request).await?;
        self.check(materials.suite())?;
        Ok(materials)
    }

    async fn decrypt_materials(
        &self,
        request: DecryptMaterialsRequest,
    ) -> Result<DecryptionMaterials, MaterialsError> {
        self.check(request.suite)?;
        self.underlying.decrypt_materials(request).await
    }
}

fn main() -> anyhow::Result<()> {
    let enforced = Arc::new(AtomicBool::new(false));
    let above = SigningOnly { underlying: cached(default_cmm()?)?, enforced: Arc::clone(&enforced) };
    let below = cached(SigningOnly { underlying: default_cmm()?, enforced: Arc::clone(&enforced) })?;
    let above = Client::with_cmm(native::provider(), above);
    let below = Client::with_cmm(native::provider(), below);
    let passes = |client: &Client, suite| client.encrypt(b"a payment").suite(suite).wait().is_ok();

    ensure!(passes(&above, UNSIGNED) && passes(&below, UNSIGNED), "nothing is enforced yet");
    enforced.store(true, Ordering::SeqCst);
    ensure!(!passes(&above, UNSIGNED), "above the cache the policy sees every message");
    println!("above the cache: an unsigned message is refused from now on");
    ensure!(passes(&below, UNSIGNED), "below the cache an entry from before is still there");
    println!("below the cache: the entry from before is used until it expires");
    let other = below.encrypt(b"a payment").context("tenant", "8").suite(UNSIGNED).wait();
    let Err(refused) = other else { bail!("a miss reaches the policy") };
    println!("below the cache: an unsigned message that misses is refused: {refused}");
    ensure!(passes(&above, SIGNED) && passes(&below, SIGNED), "signed messages pass");
    println!("signed messages pass everywhere");
    Ok(())
}
