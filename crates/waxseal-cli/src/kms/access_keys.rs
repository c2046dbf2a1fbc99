//! `waxseal kms access-keys`.

use super::{Store, store};
use crate::failure::{Exit, Failure};
use crate::terminal::{print, printable};

/// Show the ids of the store's access keys and whom they stand for, or forget one
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Forget the access key of this id: what it signs is refused from then on
    #[arg(long, value_name = "ID")]
    remove: Option<String>,
    #[command(flatten)]
    store: Store,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let kms = args.store.open()?;
    if let Some(id) = &args.remove {
        return match kms.remove_access_key(id).map_err(store::failure)? {
            true => Ok(Exit::Done),
            false => Err(Failure::usage("the store has no such access key").about(printable(id))),
        };
    }
    let keys = kms.access_keys();
    print(
        &keys
            .iter()
            .map(|key| printable(&key.id) + "  " + &printable(&key.principal) + "\n")
            .collect::<String>(),
    )?;
    Ok(Exit::Done)
}
