//! An embedded KMS behind a socket, and AWS's own client of it.

use std::sync::Arc;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::config::{Credentials, SharedCredentialsProvider};
use aws_sdk_kms::types::{KeySpec, KeyUsageType};
use waxseal::{Keyring, MasterKeyProviderKeyring, native};
use waxseal_crypto::{EcPublicKey, EcdhCurveSpec, SecretBytes};
use waxseal_kms::{
    AwsClientSupplier, AwsKmsEcdhKeyring, AwsKmsMrkKeyring, ClientSupplier, KmsClient, KmsEcdhSchema,
    StrictAwsKmsMasterKeyProvider,
};
use waxseal_local_kms::server::{Server, ServerOptions};
use waxseal_local_kms::{AccessKey, LocalKms};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];
pub(crate) const ID: &str = "AKIDEXAMPLE";
pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

/// A server, and clients of it as the account's user `alice`.
pub(crate) struct Served {
    pub(crate) server: Server,
    pub(crate) supplier: Arc<AwsClientSupplier>,
    settings: SdkConfig,
}

impl Served {
    pub(crate) async fn start() -> Self {
        let kms = LocalKms::volatile();
        let secret = Arc::new(SecretBytes::copy_of(SECRET.as_bytes()));
        let principal = format!("arn:aws:iam::{ACCOUNT}:user/alice");
        kms.add_access_key(AccessKey { id: ID.into(), secret, principal }).unwrap();
        let address = "127.0.0.1:0".parse().unwrap();
        let server = Server::bind(address, kms, ServerOptions::default()).await.unwrap();
        let settings = settings(&server.endpoint(), SECRET);
        Self { server, supplier: Arc::new(AwsClientSupplier::new(settings.clone())), settings }
    }

    /// AWS's client of one region.
    pub(crate) fn aws(&self, region: &'static str) -> aws_sdk_kms::Client {
        let config = aws_sdk_kms::config::Builder::from(&self.settings).region(Region::new(region));
        aws_sdk_kms::Client::from_conf(config.build())
    }

    /// The seam's client of one region.
    pub(crate) async fn client(&self, region: &str) -> Arc<dyn KmsClient> {
        self.supplier.client(Some(region)).await.unwrap()
    }

    /// A symmetric key's ARN.
    pub(crate) async fn key(&self, region: &'static str) -> String {
        arn(self.aws(region).create_key().send().await.unwrap().key_metadata)
    }

    /// The ARN of an asymmetric key, and its public half.
    pub(crate) async fn key_pair(&self, spec: KeySpec, usage: KeyUsageType) -> (String, Vec<u8>) {
        let aws = self.aws(REGIONS[0]);
        let key = arn(aws.create_key().key_spec(spec).key_usage(usage).send().await.unwrap().key_metadata);
        let public = aws.get_public_key().key_id(&key).send().await.unwrap().public_key.unwrap();
        (key, public.into_inner())
    }

    /// A multi-Region key's ARN in the first and in the second region.
    pub(crate) async fn multi_region_key(&self) -> [String; 2] {
        let aws = self.aws(REGIONS[0]);
        let primary = arn(aws.create_key().multi_region(true).send().await.unwrap().key_metadata);
        let replica = aws.replicate_key().key_id(&primary).replica_region(REGIONS[1]).send().await.unwrap();
        [primary, arn(replica.replica_key_metadata)]
    }

    pub(crate) fn strict(&self, keys: &[String]) -> Arc<dyn Keyring> {
        let provider = StrictAwsKmsMasterKeyProvider::new(self.supplier.clone(), keys).unwrap();
        Arc::new(MasterKeyProviderKeyring::new(provider))
    }

    pub(crate) async fn mrk_keyring(&self, region: &str, key: &str) -> Arc<dyn Keyring> {
        Arc::new(AwsKmsMrkKeyring::new(self.client(region).await, key).unwrap())
    }

    /// A P-256 key for key agreement.
    pub(crate) async fn agreement_key(&self) -> (String, Vec<u8>) {
        self.key_pair(KeySpec::EccNistP256, KeyUsageType::KeyAgreement).await
    }

    /// From a KMS key to a public key.
    pub(crate) async fn ecdh(&self, sender: &str, recipient: &[u8]) -> Arc<dyn Keyring> {
        self.ecdh_of(KmsEcdhSchema::KmsPrivateKeyToStaticPublicKey {
            sender_kms_key_id: sender.to_owned(),
            sender_public_key: None,
            recipient_public_key: EcPublicKey::from_der(recipient).unwrap(),
        })
        .await
    }

    /// From anyone to a KMS key.
    pub(crate) async fn ecdh_discovery(&self, recipient: &str) -> Arc<dyn Keyring> {
        let recipient_kms_key_id = recipient.to_owned();
        self.ecdh_of(KmsEcdhSchema::KmsPublicKeyDiscovery {
            recipient_kms_key_id,
            recipient_public_key: None,
        })
        .await
    }

    async fn ecdh_of(&self, schema: KmsEcdhSchema) -> Arc<dyn Keyring> {
        let (client, curve) = (self.client(REGIONS[0]).await, EcdhCurveSpec::P256);
        Arc::new(AwsKmsEcdhKeyring::new(native::provider(), client, Vec::new(), curve, schema).await.unwrap())
    }
}

/// Settings of AWS's clients.
pub(crate) fn settings(endpoint: &str, secret: &str) -> SdkConfig {
    let credentials = Credentials::new(ID, secret, None, None, "test");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGIONS[0]))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .build()
}

fn arn(metadata: Option<aws_sdk_kms::types::KeyMetadata>) -> String {
    metadata.unwrap().arn.unwrap()
}
