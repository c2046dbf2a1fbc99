//! Makes seeds of the messages and keys below some folders: `seed OUT FOLDER...`.
//!
//! Of messages that are alike in suite, layout and data keys, one is taken.
#![allow(clippy::expect_used)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Result;
use std::path::{Path, PathBuf};

use waxseal_format::{HeaderDecoder, HeaderLimits};
use waxseal_fuzz_bodies::seeds::{Seed, of_key, of_message};

/// Longer messages only make fuzzing slow.
const LONGEST: usize = 16 << 10;

fn main() -> Result<()> {
    let mut args = std::env::args().skip(1);
    let out = PathBuf::from(args.next().expect("the folder for the seeds"));
    let mut files = Vec::new();
    for folder in args {
        walk(Path::new(&folder), &mut files)?;
    }
    let mut seen = BTreeSet::new();
    let mut written = 0;
    for file in files {
        let bytes = fs::read(&file)?;
        let is_new = bytes.len() <= LONGEST && seen.insert(shape(&bytes));
        for seed in if is_new { seeds(&file, &bytes) } else { Vec::new() } {
            write(&out, seed, seen.len())?;
            written += 1;
        }
    }
    println!("{written} seeds");
    Ok(())
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    for path in paths {
        if path.is_dir() { walk(&path, files)? } else { files.push(path) }
    }
    Ok(())
}

/// What a message is like; other bytes are like nothing but themselves.
fn shape(bytes: &[u8]) -> String {
    let Ok((decoded, _)) = HeaderDecoder::decode(bytes, HeaderLimits::default()) else {
        return format!("{bytes:?}");
    };
    let header = decoded.header;
    let keys: Vec<_> = header.encrypted_data_keys.iter().map(|key| key.provider_id.as_str()).collect();
    let pairs = header.encryption_context.len();
    format!("{} {:?} {pairs} {keys:?} {}", header.suite, header.content_type, bytes.len().ilog2())
}

fn seeds(file: &Path, bytes: &[u8]) -> Vec<Seed> {
    let is_key = file.extension().is_some_and(|extension| extension == "pem");
    if is_key { vec![of_key(bytes)] } else { of_message(bytes) }
}

fn write(out: &Path, (target, bytes): Seed, number: usize) -> Result<()> {
    let folder = out.join(target);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join(format!("seed-{number:04}")), bytes)
}
