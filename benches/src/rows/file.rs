//! The command over a file in the page cache, beside `cat FILE > OUT`.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use waxseal::Client;

use super::{MIB, Outcome, Row, STREAM, rate};
use crate::plaintext;
use crate::timing::{Clock, Contestant, Rounds, seconds};

/// `waxseal encrypt` and `decrypt` of 1 GiB, unsigned, by two threads. Files are made where
/// `TMPDIR` says: a file system in memory leaves the disk out of it.
pub(super) fn all(_: &Client, rounds: Rounds) -> Outcome<Vec<Row>> {
    let place = tempfile::tempdir()?;
    let [plain, copy, sealed, opened, key] =
        ["plain", "copy", "sealed", "opened", "key"].map(|name| place.path().join(name));
    fill(&plain)?;
    let command = command()?;
    waxseal(&command, &["keygen".as_ref(), "raw-aes".as_ref(), &key])?;
    let key = PathBuf::from(format!("raw-aes:{}", key.display()));
    let run = |direction: &str, from: &Path, to: &Path, more: &[&str]| {
        remove(to)?;
        let mut arguments: Vec<&Path> = vec![direction.as_ref(), "--quiet".as_ref()];
        arguments.extend(["--threads", "2", "--key"].map(Path::new));
        arguments.extend([&*key, from, "-o".as_ref(), to]);
        arguments.extend(more.iter().map(Path::new));
        waxseal(&command, &arguments)
    };
    let times = seconds(
        rounds,
        Clock::Wall,
        &mut [
            Contestant::new("cat", || cat(&plain, &copy)),
            Contestant::new("encrypt", || run("encrypt", &plain, &sealed, &["--algorithm", "0x0478"])),
            Contestant::new("decrypt", || run("decrypt", &sealed, &opened, &[])),
        ],
    )?;
    let [cat, encrypt, decrypt] = times[..] else { return Err("three contestants".into()) };
    let row = |name, time| Row::rates(name, rate(STREAM, time), rate(STREAM, cat), 0.7);
    Ok(vec![row("file-encrypt", encrypt), row("file-decrypt", decrypt)])
}

fn fill(path: &Path) -> Outcome<()> {
    let (mut file, piece) = (File::create(path)?, plaintext(MIB));
    (0..STREAM / MIB).try_for_each(|_| file.write_all(&piece))?;
    Ok(())
}

/// The command of this same build, built if it is not there.
fn command() -> Outcome<PathBuf> {
    let arguments = ["build", "--release", "--quiet", "-p", "waxseal-cli"];
    if !Command::new("cargo").args(arguments).status()?.success() {
        return Err("the command didn't build".into());
    }
    Ok(std::env::current_exe()?.with_file_name("waxseal"))
}

/// A file that is replaced is put on the disk first, and that would be measured.
fn remove(path: &Path) -> Outcome<()> {
    if path.exists() { Ok(std::fs::remove_file(path)?) } else { Ok(()) }
}

fn waxseal(command: &Path, arguments: &[&Path]) -> Outcome<()> {
    let status =
        Command::new(command).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    if status.success() { Ok(()) } else { Err(format!("waxseal {arguments:?}: {status}").into()) }
}

fn cat(from: &Path, to: &Path) -> Outcome<()> {
    remove(to)?;
    let status = Command::new("cat").arg(from).stdout(File::create(to)?).status()?;
    if status.success() { Ok(()) } else { Err(format!("cat: {status}").into()) }
}
