//! Where a program's KMS keys are: in an embedded KMS, or in AWS's.

use std::sync::Arc;

use anyhow::{Context, ensure};
use waxseal::async_trait;
use waxseal_kms::{AwsClientSupplier, AwsKmsArn, AwsKmsKeyring, ClientSupplier, KmsClient, KmsError};

use crate::{ALICE, EmbeddedKms};

/// KMS in every region: AWS's if the program is given keys, else an embedded one.
#[derive(Clone, Debug)]
pub struct Kms(Arc<dyn ClientSupplier>);

impl Kms {
    /// KMS, and the keys that the program works with.
    ///
    /// If the program has arguments they are the ARNs of the keys, in AWS's KMS, which is called by the
    /// usual settings: `AWS_PROFILE`, `AWS_ENDPOINT_URL_KMS`, a machine's role, ... Without any, `make`
    /// makes the keys, in an embedded KMS that is gone when the program ends.
    ///
    /// # Errors
    /// If the arguments are not so many ARNs of KMS keys; what `make` says.
    pub async fn from_args<const N: usize>(
        make: impl FnOnce(&EmbeddedKms) -> anyhow::Result<[String; N]>,
    ) -> anyhow::Result<(Self, [String; N])> {
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        let (kms, keys) = if arguments.is_empty() {
            let embedded = EmbeddedKms::default();
            let keys = make(&embedded)?;
            (Self::embedded(&embedded), keys)
        } else {
            let supplier = AwsClientSupplier::from_env().await;
            (Self(Arc::new(supplier)), key_arns(arguments)?)
        };
        println!("keys:\n  {}", keys.join("\n  "));
        Ok((kms, keys))
    }

    /// An embedded KMS as Alice calls it.
    #[must_use]
    pub fn embedded(kms: &EmbeddedKms) -> Self {
        Self(Arc::new(kms.client(ALICE, "us-east-1")))
    }

    /// The client of the region that this key is in.
    ///
    /// # Errors
    /// If `key` is no ARN, or there is no client of its region.
    pub async fn client_of(&self, key: &str) -> anyhow::Result<Arc<dyn KmsClient>> {
        Ok(self.client(Some(arn(key)?.region())).await?)
    }

    /// A keyring of this key alone.
    ///
    /// # Errors
    /// As [`Kms::client_of`].
    pub async fn keyring(&self, key: &str) -> anyhow::Result<AwsKmsKeyring> {
        Ok(AwsKmsKeyring::new(self.client_of(key).await?, key)?)
    }
}

#[async_trait]
impl ClientSupplier for Kms {
    async fn client(&self, region: Option<&str>) -> Result<Arc<dyn KmsClient>, KmsError> {
        self.0.client(region).await
    }
}

/// The parts of a key's ARN.
///
/// # Errors
/// If it is none.
pub fn arn(key: &str) -> anyhow::Result<AwsKmsArn> {
    key.parse().with_context(|| format!("{key:?} is no ARN of a KMS key"))
}

fn key_arns<const N: usize>(arguments: Vec<String>) -> anyhow::Result<[String; N]> {
    for argument in &arguments {
        ensure!(arn(argument)?.is_key(), "{argument:?} names an alias; give the key's own ARN");
    }
    arguments.try_into().map_err(|given: Vec<String>| {
        anyhow::anyhow!(
            "give the ARNs of {N} KMS keys, or none for an embedded KMS; {} were given",
            given.len()
        )
    })
}
