//! `waxseal kms policy`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::Store;
use super::calls::{CallerArgs, Calls, text};
use crate::failure::{Exit, Failure};
use crate::terminal::print;

/// Show a key's policy, or put another in its place
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The key: its id, ARN or alias
    key: String,
    /// A file with the policy that the key gets, in JSON
    file: Option<PathBuf>,
    /// Put a policy that lets you change it no more
    #[arg(long, requires = "file")]
    bypass_policy_lockout_safety_check: bool,
    #[command(flatten)]
    caller: CallerArgs,
    #[command(flatten)]
    store: Store,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let policy = args.file.as_deref().map(read).transpose()?;
    let calls = Calls::new(args.store.open()?, &args.caller);
    // Unlike these operations, the command takes aliases.
    let key = calls.without_alias(&args.key)?;
    match policy {
        Some(policy) => args.put(&calls, &key, &policy),
        None => show(&calls, &key),
    }
    .map_err(|failure| failure.about(&args.key))?;
    Ok(Exit::Done)
}

impl Args {
    fn put(&self, calls: &Calls, key: &str, policy: &str) -> Result<(), Failure> {
        let bypass = self.bypass_policy_lockout_safety_check;
        let request = json!({ "KeyId": key, "PolicyName": "default", "Policy": policy,
            "BypassPolicyLockoutSafetyCheck": bypass });
        calls.call("PutKeyPolicy", &request).map(drop)
    }
}

fn show(calls: &Calls, key: &str) -> Result<(), Failure> {
    let reply = calls.call("GetKeyPolicy", &json!({ "KeyId": key, "PolicyName": "default" }))?;
    print(&format!("{}\n", text(&reply, "Policy").trim_end()))
}

/// A policy's text.
pub(super) fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| Failure::io(error).about(file.display()))
}
