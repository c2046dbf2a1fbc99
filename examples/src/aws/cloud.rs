//! Where a program's AWS clients call: parts of the program's own, or an account.

use std::env;
use std::net::Ipv4Addr;
use std::sync::Arc;

use anyhow::bail;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::config::{Credentials, SharedCredentialsProvider};
use waxseal::{SecretBytes, native};
use waxseal_local_kms::server::{Server, ServerOptions};
use waxseal_local_kms::{AccessKey, LocalKms};

use super::Moto;
use crate::ALICE;

const REGION: &str = "eu-west-1";
const ACCESS_KEY_ID: &str = "AKIDEXAMPLE";

/// Settings of a program's AWS clients, and what runs for them until this is dropped.
#[derive(Debug)]
pub struct Cloud {
    /// Those of KMS's client.
    pub kms: SdkConfig,
    /// Those of the client of S3 or DynamoDB.
    pub store: SdkConfig,
    _running: Option<(Server, Option<Moto>)>,
}

/// What a program keeps its data in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// Objects in a bucket.
    S3,
    /// Items of a table.
    DynamoDb,
}

impl Cloud {
    /// What the program's arguments say. Nothing but `--aws` uses an account's credentials, so
    /// nothing else can change anything there.
    ///
    /// | argument | KMS | S3, DynamoDB |
    /// |---|---|---|
    /// | none | embedded | the server of `AWS_ENDPOINT_URL_S3`, `AWS_ENDPOINT_URL_DYNAMODB`, `AWS_ENDPOINT_URL`; where none is set, moto's |
    /// | `--local` | embedded | moto's server, started here |
    /// | `--aws` | by the usual AWS settings | by the usual AWS settings |
    ///
    /// # Errors
    /// If there are other arguments, or if what they ask for doesn't start.
    pub async fn by_arguments(store: Store) -> anyhow::Result<Self> {
        let arguments: Vec<String> = env::args().skip(1).collect();
        match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            [] => Self::embedded(store.endpoint()).await,
            ["--local"] => Self::embedded(None).await,
            ["--aws"] => Ok(Self::account().await),
            _ => {
                bail!("arguments: none, --local (moto's server is started), or --aws (your account is used)")
            }
        }
    }

    /// By profiles, variables and roles, as every AWS tool takes them.
    async fn account() -> Self {
        let settings = aws_config::load_defaults(BehaviorVersion::latest()).await;
        println!("in the account and region that the AWS settings say");
        Self { kms: settings.clone(), store: settings, _running: None }
    }

    /// An embedded KMS, and the store's server at `endpoint` or moto's.
    async fn embedded(endpoint: Option<String>) -> anyhow::Result<Self> {
        let secret = random_secret()?;
        let kms = serve_kms(&secret).await?;
        let moto = match endpoint {
            Some(_) => None,
            None => Some(Moto::start().await?),
        };
        let store = moto.as_ref().map(|moto| moto.endpoint().to_owned()).or(endpoint).unwrap_or_default();
        println!("KMS is in this program, at {}; data is kept at {store}", kms.endpoint());
        let settings = |endpoint: &str| settings(&secret, endpoint);
        Ok(Self { kms: settings(&kms.endpoint()), store: settings(&store), _running: Some((kms, moto)) })
    }
}

impl Store {
    /// The server that the environment names.
    fn endpoint(self) -> Option<String> {
        let own = match self {
            Self::S3 => "AWS_ENDPOINT_URL_S3",
            Self::DynamoDb => "AWS_ENDPOINT_URL_DYNAMODB",
        };
        let named = |variable| env::var(variable).ok().filter(|url| !url.is_empty());
        named(own).or_else(|| named("AWS_ENDPOINT_URL"))
    }
}

/// A KMS on a free port, for whoever signs with this secret.
async fn serve_kms(secret: &str) -> anyhow::Result<Server> {
    let kms = LocalKms::volatile();
    let secret = Arc::new(SecretBytes::copy_of(secret.as_bytes()));
    kms.add_access_key(AccessKey { id: ACCESS_KEY_ID.to_owned(), secret, principal: ALICE.to_owned() })?;
    let address = (Ipv4Addr::LOCALHOST, 0).into();
    Ok(Server::bind(address, kms, ServerOptions::default()).await?)
}

/// Made up, so that they open no account wherever the endpoint is.
fn settings(secret: &str, endpoint: &str) -> SdkConfig {
    let credentials = Credentials::new(ACCESS_KEY_ID, secret, None, None, "made up");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url(endpoint)
        .build()
}

fn random_secret() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    native::provider().random.fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}
