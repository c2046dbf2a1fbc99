//! Keys that sign and verify: those of AWS KMS, or of one embedded KMS.

use std::future::Future;
use std::str::FromStr;
use std::sync::Arc;

use waxseal_kms::{AwsClientSupplier, AwsKmsIdentifier, ClientSupplier, KmsClient, KmsError};

use super::KeyArgument;
use super::local::{LocalKey, Stores};
use super::runtime::Runtime;
use crate::failure::Failure;

/// A key of a KMS, as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SigningKey {
    /// Of AWS KMS: an ARN, an alias or a key id.
    Kms(String),
    Local(LocalKey),
}

impl FromStr for SigningKey {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.starts_with("local:") {
            return match text.parse()? {
                KeyArgument::Local(key) => Ok(Self::Local(key)),
                _ => Err("not a key of the embedded KMS".into()),
            };
        }
        let identifier: Result<AwsKmsIdentifier, _> = text.parse();
        identifier.map(|_| Self::Kms(text.to_owned())).map_err(|error| error.to_string())
    }
}

/// A way to the keys of a run.
pub(crate) struct KeyService {
    pub(crate) clients: Arc<dyn ClientSupplier>,
    /// The keys, as their service names them.
    pub(crate) keys: Vec<String>,
    runtime: Runtime,
}

impl KeyService {
    /// The service of these keys; AWS KMS, by the usual settings, if there is none.
    pub(crate) fn open(
        keys: &[SigningKey],
        region: Option<&str>,
        profile: Option<&str>,
    ) -> Result<Self, Failure> {
        let runtime = Runtime::start()?;
        let local: Vec<&LocalKey> = keys.iter().filter_map(SigningKey::local).collect();
        match local.first() {
            None => {
                let clients =
                    Arc::new(Aws { clients: runtime.run(aws(profile)), region: region.map(str::to_owned) });
                Ok(Self { clients, keys: keys.iter().filter_map(SigningKey::kms).collect(), runtime })
            }
            Some(first) if local.len() == keys.len() => Self::of_store(first, &local, runtime),
            Some(_) => Err(Failure::usage("keys of AWS KMS and of an embedded one don't go together")),
        }
    }

    fn of_store(first: &LocalKey, keys: &[&LocalKey], runtime: Runtime) -> Result<Self, Failure> {
        let store = first.store.canonical()?;
        for key in keys {
            if key.store.canonical()? != store || key.caller != first.caller {
                return Err(Failure::usage("local: keys of one run have one store and one caller"));
            }
        }
        let mut stores = Stores::default();
        let (client, _) = stores.client(first)?;
        let arns: Result<Vec<_>, _> = keys.iter().map(|key| Ok(stores.client(key)?.1)).collect();
        Ok(Self { clients: Arc::new(client), keys: arns?, runtime })
    }

    /// Waits for what asks the service.
    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.run(future)
    }
}

impl SigningKey {
    fn kms(&self) -> Option<String> {
        match self {
            Self::Kms(name) => Some(name.clone()),
            Self::Local(_) => None,
        }
    }

    fn local(&self) -> Option<&LocalKey> {
        match self {
            Self::Kms(_) => None,
            Self::Local(key) => Some(key),
        }
    }
}

async fn aws(profile: Option<&str>) -> AwsClientSupplier {
    match profile {
        Some(profile) => AwsClientSupplier::from_profile(profile).await,
        None => AwsClientSupplier::from_env().await,
    }
}

/// AWS KMS, with a region for names that say none.
#[derive(Debug)]
struct Aws {
    clients: AwsClientSupplier,
    region: Option<String>,
}

#[waxseal::async_trait]
impl ClientSupplier for Aws {
    async fn client(&self, region: Option<&str>) -> Result<Arc<dyn KmsClient>, KmsError> {
        self.clients.client(region.or(self.region.as_deref())).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_services_sign_and_no_others() {
        for name in ["alias/a", "1234abcd-12ab", "arn:aws:kms:us-east-1:111122223333:key/1"] {
            assert_eq!(name.parse(), Ok(SigningKey::Kms(name.into())));
        }
        assert!(matches!("local:alias/a?store=s".parse(), Ok(SigningKey::Local(_))));
        for wrong in ["raw-aes:k", "rsa:k.pem", "", "local:", "alias/"] {
            assert!(wrong.parse::<SigningKey>().is_err(), "{wrong:?}");
        }
    }
}
