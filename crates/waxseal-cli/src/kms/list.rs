//! `waxseal kms list`.

use serde::Serialize;
use serde_json::Value;

use super::Store;
use super::calls::{CallerArgs, Calls, text};
use crate::failure::{Exit, Failure};
use crate::terminal::{print, printable};

/// Show the keys of a region and their aliases
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// As JSON: a list with one object for each key
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    caller: CallerArgs,
    #[command(flatten)]
    store: Store,
}

pub(super) fn run(args: &Args) -> Result<Exit, Failure> {
    let calls = Calls::new(args.store.open()?, &args.caller);
    let aliases = calls.aliases()?;
    let keys = calls.list("ListKeys", "Keys")?;
    let keys = keys.iter().map(|key| Key::of(&calls, key, &aliases));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    if args.json {
        let shown = serde_json::to_string_pretty(&keys).map_err(Failure::wrong_use)?;
        print(&format!("{shown}\n"))?;
    } else {
        print(&table(&keys))?;
    }
    Ok(Exit::Done)
}

#[derive(Serialize)]
struct Key {
    key_id: String,
    arn: String,
    /// This and what follows is unknown if the key's policy lets the caller not look at it.
    spec: Option<String>,
    usage: Option<String>,
    state: Option<String>,
    multi_region: Option<bool>,
    description: Option<String>,
    aliases: Vec<String>,
}

impl Key {
    fn of(calls: &Calls, listed: &Value, aliases: &[Value]) -> Result<Self, Failure> {
        let id = text(listed, "KeyId");
        let metadata = calls.describe(id)?;
        let text_of = |field| metadata.as_ref().map(|metadata| text(metadata, field).to_owned());
        let of_this_key = aliases.iter().filter(|alias| text(alias, "TargetKeyId") == id);
        Ok(Self {
            key_id: id.to_owned(),
            arn: text(listed, "KeyArn").to_owned(),
            spec: text_of("KeySpec"),
            usage: text_of("KeyUsage"),
            state: text_of("KeyState"),
            multi_region: metadata.as_ref().and_then(|metadata| metadata.get("MultiRegion")?.as_bool()),
            description: text_of("Description"),
            aliases: of_this_key.map(|alias| text(alias, "AliasName").to_owned()).collect(),
        })
    }

    fn row(&self) -> [String; 5] {
        let aliases = self.aliases.join(" ");
        let known = |field: &Option<String>| printable(field.as_deref().unwrap_or("-"));
        let [spec, usage, state] = [&self.spec, &self.usage, &self.state].map(known);
        [printable(&self.key_id), spec, usage, state, printable(&aliases)]
    }
}

/// Columns as wide as what is in them.
fn table(keys: &[Key]) -> String {
    let heading = ["KEY", "SPEC", "USAGE", "STATE", "ALIASES"].map(str::to_owned);
    let rows: Vec<_> = std::iter::once(heading).chain(keys.iter().map(Key::row)).collect();
    let widths: Vec<usize> = (0..5)
        .map(|column| rows.iter().filter_map(|row| row.get(column)).map(String::len).max().unwrap_or(0))
        .collect();
    let mut shown = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}"));
        shown.push_str(cells.collect::<Vec<_>>().join("  ").trim_end());
        shown.push('\n');
    }
    shown
}
