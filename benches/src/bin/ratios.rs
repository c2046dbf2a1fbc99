//! Measures in one process, interleaved, and prints for each row our figure, the limit measured
//! beside it, and the ratio.
//!
//! `cargo run --release -p waxseal-benches --bin ratios [-- [--json] [--best] [GROUP...]]`

use waxseal_benches::rows::{Row, Unit, grow, measure};
use waxseal_benches::timing::{Pick, Rounds};

/// Medians of an odd number of interleaved rounds.
const ROUNDS: usize = 15;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = waxseal_benches::client()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, stream] = arguments.as_slice()
        && flag == "--growth"
    {
        if let Some(bytes) = grow(&client, stream)? {
            println!("{bytes}");
        }
        return Ok(());
    }
    let (flags, groups): (Vec<String>, Vec<String>) =
        arguments.into_iter().partition(|argument| argument.starts_with('-'));
    let has = |name: &str| flags.iter().any(|flag| flag == name);
    let pick = if has("--best") { Pick::Best } else { Pick::Median };
    let rounds = Rounds { count: ROUNDS, pick };
    if has("--json") {
        let mut lines = Vec::new();
        measure(&client, rounds, &groups, |row| lines.push(json_line(row)))?;
        println!("[\n{}\n]", lines.join(",\n"));
        return Ok(());
    }
    println!("{:<26} {:>10} {:>10}      {:>7} {:>7}  growth", "row", "ours", "limit", "ratio", "target");
    measure(&client, rounds, &groups, print_row)
}

fn print_row(row: &Row) {
    let (ours, limit, ratio, unit) = (row.ours, row.limit, row.ratio(), unit(row));
    let growth = row.growth.map_or(String::new(), |bytes| format!("{} KiB", bytes / 1024));
    println!("{:<26} {ours:>10.1} {limit:>10.1} {unit} {ratio:>7.3} {:>7.2}  {growth}", row.name, row.target);
}

fn unit(row: &Row) -> &'static str {
    match row.unit {
        Unit::MegabytesPerSecond => "MB/s",
        Unit::Microseconds => "us  ",
    }
}

fn json_line(row: &Row) -> String {
    let (name, ours, limit, ratio, target) = (&row.name, row.ours, row.limit, row.ratio(), row.target);
    let unit = unit(row).trim();
    let growth = row.growth.map_or("null".into(), |bytes| bytes.to_string());
    format!(
        r#"  {{"row":"{name}","unit":"{unit}","ours":{ours:.2},"limit":{limit:.2},"ratio":{ratio:.4},"target":{target},"growth_bytes":{growth}}}"#
    )
}
