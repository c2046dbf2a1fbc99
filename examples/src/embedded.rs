//! An embedded KMS for programs that would have an account.

use serde_json::{Value, json};
use waxseal_local_kms::{Caller, LocalKms, LocalKmsClient};

/// The account of the embedded KMS.
pub const ACCOUNT: &str = "111122223333";

/// Who calls, unless a program says otherwise.
pub const ALICE: &str = "arn:aws:iam::111122223333:user/alice";

/// KMS in all regions, in memory: its keys are gone when the program ends.
#[derive(Clone, Debug)]
pub struct EmbeddedKms(LocalKms);

impl Default for EmbeddedKms {
    fn default() -> Self {
        Self(LocalKms::volatile())
    }
}

impl From<LocalKms> for EmbeddedKms {
    fn from(kms: LocalKms) -> Self {
        Self(kms)
    }
}

impl EmbeddedKms {
    /// The client of `principal`, and the supplier of its clients in other regions.
    #[must_use]
    pub fn client(&self, principal: &str, region: &str) -> LocalKmsClient {
        self.0.client(principal, region)
    }

    /// A new symmetric key of the account; its ARN.
    ///
    /// # Errors
    /// What KMS says.
    pub fn create_key(&self, region: &str) -> anyhow::Result<String> {
        self.create(region, &json!({}))
    }

    /// New symmetric keys, one in each of these regions; their ARNs.
    ///
    /// # Errors
    /// What KMS says.
    pub fn create_keys<const N: usize>(&self, regions: [&str; N]) -> anyhow::Result<[String; N]> {
        let mut keys = regions.map(str::to_owned);
        for key in &mut keys {
            *key = self.create_key(key)?;
        }
        Ok(keys)
    }

    /// A new multi-Region key with a replica; the ARNs of both.
    ///
    /// # Errors
    /// What KMS says.
    pub fn create_multi_region_key(&self, region: &str, replica_region: &str) -> anyhow::Result<[String; 2]> {
        let primary = self.create(region, &json!({"MultiRegion": true}))?;
        self.call(region, "ReplicateKey", &json!({"KeyId": primary, "ReplicaRegion": replica_region}))?;
        let replica = primary.replace(region, replica_region);
        Ok([primary, replica])
    }

    /// Any call of KMS, as Alice.
    ///
    /// # Errors
    /// What KMS says.
    pub fn call(&self, region: &str, operation: &str, input: &Value) -> anyhow::Result<Value> {
        let reply = self.0.call(&Caller::new(ALICE, region), operation, input.to_string().as_bytes())?;
        Ok(serde_json::from_slice(reply.expose()).unwrap_or_default())
    }

    fn create(&self, region: &str, input: &Value) -> anyhow::Result<String> {
        let reply = self.call(region, "CreateKey", input)?;
        let arn = reply.pointer("/KeyMetadata/Arn").and_then(Value::as_str);
        Ok(arn.ok_or_else(|| anyhow::anyhow!("KMS made a key without an ARN"))?.to_owned())
    }
}
