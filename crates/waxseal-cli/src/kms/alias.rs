//! `waxseal kms alias`.

use serde_json::{Value, json};

use super::Store;
use super::calls::{CallerArgs, Calls, text};
use crate::failure::{Exit, Failure};

/// Give a key another name, or take a name away
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The name: alias/NAME. If another key has it, it is that key's no more
    alias: String,
    /// The key: its id or ARN
    #[arg(required_unless_present = "delete")]
    key: Option<String>,
    /// Take the name away; its key stays
    #[arg(long, conflicts_with = "key")]
    delete: bool,
    #[command(flatten)]
    caller: CallerArgs,
    #[command(flatten)]
    store: Store,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let calls = Calls::new(args.store.open()?, &args.caller);
    let (operation, request) = args.operation(&calls)?;
    calls.call(operation, &request).map_err(|failure| failure.about(&args.alias))?;
    Ok(Exit::Done)
}

impl Args {
    fn operation(&self, calls: &Calls) -> Result<(&'static str, Value), Failure> {
        let name = json!(self.alias);
        let Some(key) = self.key.as_ref().filter(|_| !self.delete) else {
            return Ok(("DeleteAlias", json!({ "AliasName": name })));
        };
        let exists = calls.aliases()?.iter().any(|alias| text(alias, "AliasName") == self.alias);
        let operation = if exists { "UpdateAlias" } else { "CreateAlias" };
        Ok((operation, json!({ "AliasName": name, "TargetKeyId": key })))
    }
}
