//! Measures in one process, interleaved, and prints for each row our figure, the limit
//! measured beside it, and the ratio.
//!
//! `cargo run --release -p waxseal-benches --bin ratios [-- --json]`

use waxseal_benches::rows::{Row, all};

/// Medians of an odd number of interleaved rounds.
const ROUNDS: usize = 15;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let json = std::env::args().any(|argument| argument == "--json");
    let rows = all(&waxseal_benches::client()?, ROUNDS)?;
    if json {
        print_json(&rows)
    } else {
        print_table(&rows)
    }
    Ok(())
}

fn print_table(rows: &[Row]) {
    println!("{:<20} {:>10} {:>10} {:>7} {:>7}", "row", "MB/s", "limit", "ratio", "target");
    for row in rows {
        let (ours, limit, ratio) = (row.ours, row.limit, row.ratio());
        println!("{:<20} {ours:>10.0} {limit:>10.0} {ratio:>7.3} {:>7.2}", row.name, row.target);
    }
}

fn print_json(rows: &[Row]) {
    let lines: Vec<String> = rows.iter().map(json_line).collect();
    println!("[\n{}\n]", lines.join(",\n"));
}

fn json_line(row: &Row) -> String {
    let (name, ours, limit, ratio) = (&row.name, row.ours, row.limit, row.ratio());
    let target = row.target;
    format!(
        r#"  {{"row":"{name}","mb_per_s":{ours:.1},"limit_mb_per_s":{limit:.1},"ratio":{ratio:.4},"target":{target}}}"#
    )
}
