//! `waxseal kms enable`, `waxseal kms disable`.

use serde_json::json;

use super::Store;
use super::calls::{CallerArgs, Calls};
use crate::failure::{Exit, Failure};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The key: its id, ARN or alias
    key: String,
    #[command(flatten)]
    caller: CallerArgs,
    #[command(flatten)]
    store: Store,
}

pub(super) fn run(args: &Args, operation: &str) -> Result<Exit, Failure> {
    let calls = Calls::new(args.store.open()?, &args.caller);
    // Unlike these operations, the command takes aliases.
    let key = calls.without_alias(&args.key)?;
    calls.call(operation, &json!({ "KeyId": key })).map_err(|failure| failure.about(&args.key))?;
    Ok(Exit::Done)
}
