//! `waxseal kms create-key`.

use std::path::PathBuf;

use serde_json::{Map, Value, json};
use waxseal_kms::client::{KeySpec, KeyUsage};

use super::calls::{CallerArgs, Calls, text};
use super::{Store, audit, policy};
use crate::cli::Session;
use crate::failure::{Exit, Failure};
use crate::key;
use crate::terminal::{print, printable, say};

/// Make a key, and the store if there is none
///
/// Prints the key's ARN.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A name for the key: alias/NAME
    #[arg(long, value_name = "ALIAS")]
    alias: Option<String>,
    /// The kind of key, as KMS names it: SYMMETRIC_DEFAULT, RSA_2048, ECC_NIST_P256, HMAC_256, ...
    #[arg(long, value_name = "SPEC", default_value_t = KeySpec::SymmetricDefault)]
    spec: KeySpec,
    /// What the key is for: ENCRYPT_DECRYPT, SIGN_VERIFY, KEY_AGREEMENT or GENERATE_VERIFY_MAC
    /// [default: the one that KMS has for symmetric and HMAC keys]
    #[arg(long, value_name = "USAGE")]
    usage: Option<KeyUsage>,
    /// A primary key that other regions can have replicas of
    #[arg(long)]
    multi_region: bool,
    /// A word on the key
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// A file with the key policy, in JSON [default: the account may do everything]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Print what KMS says of the key, as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    caller: CallerArgs,
    #[command(flatten)]
    store: Store,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let request = args.request()?;
    let calls = Calls::new(args.store.open_or_create(session, audit::from_env().as_deref())?, &args.caller);
    args.refuse_taken_alias(&calls)?;
    let reply = calls.call("CreateKey", &request)?;
    let metadata = reply.get("KeyMetadata").unwrap_or(&Value::Null);
    // The key is there from now on, whatever becomes of its name.
    let printed = print(&args.shown(metadata));
    if let Some(alias) = &args.alias {
        let request = json!({ "AliasName": alias, "TargetKeyId": text(metadata, "KeyId") });
        let named = calls.call("CreateAlias", &request);
        named.map_err(|failure| failure.about(alias).hint("the key is made, and has no name"))?;
    }
    printed?;
    if let (Some(alias), false) = (&args.alias, session.quiet) {
        let argument = key::for_local(alias, &args.store, args.caller.region.as_deref());
        say(&format!("use it as --key '{}'", printable(&argument)));
    }
    Ok(Exit::Done)
}

impl Args {
    fn request(&self) -> Result<Value, Failure> {
        let mut request = Map::new();
        let mut put = |name: &str, value: Value| drop(request.insert(name.to_owned(), value));
        put("KeySpec", json!(self.spec.as_str()));
        put("MultiRegion", json!(self.multi_region));
        if let Some(usage) = self.usage.or_else(|| only_usage(self.spec)) {
            put("KeyUsage", json!(usage.as_str()));
        }
        if let Some(description) = &self.description {
            put("Description", json!(description));
        }
        if let Some(file) = &self.policy {
            put("Policy", json!(policy::read(file)?));
        }
        Ok(Value::Object(request))
    }

    /// So that no key without its name is left behind.
    fn refuse_taken_alias(&self, calls: &Calls) -> Result<(), Failure> {
        let Some(alias) = &self.alias else { return Ok(()) };
        if !is_alias(alias) {
            let text = "no name for a key: alias/ and letters, digits, /, _ and -, but not alias/aws/, \
                at most 256 in all";
            return Err(Failure::usage(text).about(alias));
        }
        if calls.aliases()?.iter().any(|other| text(other, "AliasName") == alias) {
            return Err(Failure::usage("is taken; `waxseal kms alias` gives it to another key").about(alias));
        }
        Ok(())
    }

    fn shown(&self, metadata: &Value) -> String {
        if self.json { format!("{metadata:#}\n") } else { format!("{}\n", text(metadata, "Arn")) }
    }
}

/// Whether KMS takes this as an alias of a user's key.
fn is_alias(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/_-".contains(&byte);
    let name = text.strip_prefix("alias/").filter(|name| !name.is_empty() && !name.starts_with("aws/"));
    text.len() <= 256 && name.is_some_and(|name| name.bytes().all(allowed))
}

/// The one usage that keys of this spec have.
fn only_usage(spec: KeySpec) -> Option<KeyUsage> {
    match spec {
        KeySpec::SymmetricDefault => Some(KeyUsage::EncryptDecrypt),
        KeySpec::Hmac256 | KeySpec::Hmac384 | KeySpec::Hmac512 => Some(KeyUsage::GenerateVerifyMac),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_kms_takes() {
        for name in ["alias/a", "alias/a/b_c-D9", &format!("alias/{}", "a".repeat(250))] {
            assert!(is_alias(name), "{name}");
        }
        for name in [
            "a",
            "alias/",
            "alias/a b",
            "alias/aws/s3",
            "alias/\u{e4}",
            &format!("alias/{}", "a".repeat(251)),
        ] {
            assert!(!is_alias(name), "{name}");
        }
    }
}
