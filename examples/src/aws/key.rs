//! A program's KMS key, found by its alias.

use std::time::Duration;

use anyhow::{Context, bail};
use aws_sdk_kms::Client;
use aws_sdk_kms::error::ProvideErrorMetadata;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{KeyMetadata, KeyState};
use tokio::time::sleep;

/// KMS may take some seconds until all of it knows that a key was enabled or disabled.
const TRIES: u32 = 30;

/// The ARN of the key behind `alias`. It is made if there is none, and enabled if an earlier run
/// has disabled it.
///
/// # Errors
/// What KMS says.
pub async fn set_up_key(kms: &Client, alias: &str) -> anyhow::Result<String> {
    let key = match kms.describe_key().key_id(alias).send().await {
        Ok(found) => found.key_metadata.context("KMS describes nothing")?,
        Err(error) if error.code() == Some("NotFoundException") => make(kms, alias).await?,
        Err(error) => return Err(error.into()),
    };
    let arn = key.arn.context("KMS tells no ARN")?;
    if key.key_state == Some(KeyState::Disabled) {
        kms.enable_key().key_id(&arn).send().await?;
        println!("  it was disabled: enabled again");
    }
    wait_until(kms, &arn, KeyState::Enabled).await?;
    Ok(arn)
}

async fn make(kms: &Client, alias: &str) -> anyhow::Result<KeyMetadata> {
    let made = kms.create_key().description("An example of waxseal").send().await?;
    let key = made.key_metadata.context("KMS describes nothing")?;
    kms.create_alias().alias_name(alias).target_key_id(&key.key_id).send().await?;
    println!("  there was none of the name {alias}: made");
    Ok(key)
}

/// Disables the key, and waits until KMS uses it no longer. Whoever may use a key need not be
/// allowed to disable it: then it stays as it is, and the answer is `false`.
///
/// # Errors
/// What KMS says; if it goes on using the key.
pub async fn disable_key(kms: &Client, arn: &str) -> anyhow::Result<bool> {
    match kms.disable_key().key_id(arn).send().await {
        Err(error) if error.code() == Some("AccessDeniedException") => return Ok(false),
        disabled => disabled?,
    };
    wait_until(kms, arn, KeyState::Disabled).await?;
    Ok(true)
}

async fn wait_until(kms: &Client, arn: &str, state: KeyState) -> anyhow::Result<()> {
    for _ in 0..TRIES {
        if state_in_use(kms, arn).await? == state {
            return Ok(());
        }
        sleep(Duration::from_secs(1)).await;
    }
    bail!("to KMS the key still isn't {state}")
}

/// What a call that needs the key says of it.
async fn state_in_use(kms: &Client, arn: &str) -> anyhow::Result<KeyState> {
    match kms.encrypt().key_id(arn).plaintext(Blob::new("?")).send().await {
        Ok(_) => Ok(KeyState::Enabled),
        Err(error) if error.code() == Some("DisabledException") => Ok(KeyState::Disabled),
        Err(error) => Err(error.into()),
    }
}
