//! Keyrings for the measurements of the cache: the embedded KMS, and one that costs nothing.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use waxseal::{
    CryptoProvider, DecryptionMaterials, EncryptedDataKey, EncryptionMaterials, Keyring, MaterialsError,
    SecretBytes, async_trait,
};
use waxseal_kms::AwsKmsKeyring;
use waxseal_local_kms::{Caller, LocalKms};

use crate::rows::Outcome;

/// A keyring of an embedded KMS, which counts the calls that arrive there.
#[derive(Clone, Debug)]
pub struct Counted {
    /// The keyring.
    pub keyring: Arc<dyn Keyring>,
    calls: Calls,
}

impl Counted {
    /// One key of an embedded KMS whose calls take so long.
    ///
    /// # Errors
    /// If the KMS makes no key.
    pub fn local_kms(latency: Duration) -> Outcome<Self> {
        let kms = LocalKms::volatile();
        let caller = Caller::new("arn:aws:iam::111122223333:user/benches", "eu-west-1");
        let reply = kms.call(&caller, "CreateKey", b"{}")?;
        let reply: serde_json::Value = serde_json::from_slice(reply.expose())?;
        let arn = reply.pointer("/KeyMetadata/Arn").and_then(serde_json::Value::as_str).ok_or("no ARN")?;
        let calls = Calls::default();
        kms.audit_to(calls.clone());
        let client = kms.client(&caller.principal, &caller.region).with_latency(latency);
        Ok(Self { keyring: Arc::new(AwsKmsKeyring::new(Arc::new(client), arn)?), calls })
    }

    /// Calls to the KMS since the last time this was asked.
    #[must_use]
    pub fn take_calls(&self) -> u64 {
        self.calls.0.swap(0, Ordering::Relaxed)
    }
}

/// The lines of an audit log: the KMS writes one for every call.
#[derive(Clone, Debug, Default)]
struct Calls(Arc<AtomicU64>);

impl Write for Calls {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let lines = text.iter().filter(|byte| **byte == b'\n').count();
        self.0.fetch_add(lines as u64, Ordering::Relaxed);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a KMS keyring does without its call: a random data key, and a ciphertext that is always
/// the same, as long as one of AWS KMS.
#[derive(Debug)]
pub struct NoCall {
    /// Where the data key comes from.
    pub crypto: &'static CryptoProvider,
}

#[async_trait]
impl Keyring for NoCall {
    async fn on_encrypt(
        &self,
        mut materials: EncryptionMaterials,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
        materials.data_key_or_generate(|suite| {
            Ok(SecretBytes::random(self.crypto.random, suite.data_key_len())?)
        })?;
        materials.add_encrypted_data_key(EncryptedDataKey::new("aws-kms", ARN, [0; 184]))?;
        Ok(materials)
    }

    async fn on_decrypt(
        &self,
        mut materials: DecryptionMaterials,
        _: &[EncryptedDataKey],
    ) -> Result<DecryptionMaterials, MaterialsError> {
        let len = materials.suite().data_key_len();
        materials.set_data_key(SecretBytes::random(self.crypto.random, len)?)?;
        Ok(materials)
    }
}
