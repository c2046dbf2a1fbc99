//! `waxseal demo`: the main job on a real file, by the very commands that it prints.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use clap::Parser;

use crate::cli::{Cli, Session};
use crate::failure::{Exit, Failure};
use crate::key;
use crate::kms::Store;
use crate::terminal::{print, printable};

const ALIAS: &str = "alias/demo";
const CONTEXT: &str = "purpose=demo";

/// Encrypt a file, show its message's header, decrypt it and compare
///
/// Makes a key in an embedded KMS, whose store is in a temporary directory and removed at the end,
/// and runs the commands that it prints. The exit code is 0 only if the decrypted file is the same as FILE.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file to encrypt [default: this program itself]
    file: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let make = || tempfile::Builder::new().prefix("waxseal-demo-").tempdir();
    let (directory, _registration) =
        session.cleanup.create(make, |directory| directory.path()).map_err(Failure::io)?;
    let original = match &args.file {
        Some(file) => file.clone(),
        None => std::env::current_exe().map_err(Failure::io)?,
    };
    let exit = Demo { original, directory: directory.path(), session }.run()?;
    directory.close().map_err(Failure::io)?;
    Ok(exit)
}

struct Demo<'a> {
    original: PathBuf,
    directory: &'a Path,
    session: &'a Session,
}

impl Demo<'_> {
    fn run(&self) -> Result<Exit, Failure> {
        let [store, message, opened] =
            ["kms.redb", "message", "opened"].map(|name| self.directory.join(name));
        let key = key::for_local(ALIAS, &Store { file: Some(store.clone()), ..Store::default() }, None);
        let [original, store, message, opened_text] =
            [&self.original, &store, &message, &opened].map(|path| text(path));
        let steps: [(&str, Vec<&str>); 4] = [
            (
                "Make a key in an embedded KMS.",
                vec!["kms", "create-key", "--alias", ALIAS, "--store", &store],
            ),
            (
                "Encrypt the file under a data key of this key. The context is authenticated with it.",
                vec!["encrypt", &original, "-o", &message, "--key", &key, "--context", CONTEXT],
            ),
            ("Show the message's header. This takes no key.", vec!["inspect", &message]),
            (
                "Decrypt the message, and require its context.",
                vec!["decrypt", &message, "-o", &opened_text, "--key", &key, "--context", CONTEXT],
            ),
        ];
        for (number, (what, args)) in (1..).zip(&steps) {
            match self.step(number, what, args)? {
                Exit::Done => {}
                exit => return Ok(exit),
            }
        }
        self.compare(&opened)
    }

    /// Prints a command and runs it.
    fn step(&self, number: usize, what: &str, args: &[&str]) -> Result<Exit, Failure> {
        let quoted: Vec<String> = args.iter().map(|arg| quoted(arg)).collect();
        print(&format!("{number}. {what}\n   $ waxseal {}\n", quoted.join(" ")))?;
        let program = ["waxseal"].iter().chain(args);
        let cli = Cli::try_parse_from(program).map_err(|error| Failure::usage(error.to_string()))?;
        let exit = cli.command.run(self.session)?;
        print("\n")?;
        Ok(exit)
    }

    fn compare(&self, opened: &Path) -> Result<Exit, Failure> {
        let name = self.original.display();
        match same_len(&self.original, opened)? {
            Some(len) => {
                let line = format!("5. Compare. What came back is {name}, byte for byte: {len} bytes.\n");
                print(&line).map(|()| Exit::Done)
            }
            None => {
                print(&format!("5. Compare. What came back is NOT {name}.\n")).map(|()| Exit::NotVerified)
            }
        }
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// An argument as a shell takes it.
fn quoted(arg: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+@%".contains(c);
    match arg.chars().all(is_plain) && !arg.is_empty() {
        true => arg.to_owned(),
        false => format!("'{}'", printable(arg).replace('\'', r"'\''")),
    }
}

/// The length of both files, if they have the same bytes.
fn same_len(one: &Path, other: &Path) -> Result<Option<u64>, Failure> {
    let open = |path: &Path| {
        File::open(path)
            .map(|file| BufReader::with_capacity(256 << 10, file))
            .map_err(|error| Failure::io(error).about(path.display()))
    };
    let (mut one, mut other) = (open(one)?, open(other)?);
    let mut total = 0_u64;
    loop {
        let (a, b) = (one.fill_buf().map_err(Failure::io)?, other.fill_buf().map_err(Failure::io)?);
        let len = a.len().min(b.len());
        if a.get(..len) != b.get(..len) || (len == 0 && a.len() != b.len()) {
            return Ok(None);
        }
        if len == 0 {
            return Ok(Some(total));
        }
        one.consume(len);
        other.consume(len);
        total = total.saturating_add(len as u64);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn files_are_compared_to_their_ends() {
        let directory = tempfile::tempdir().unwrap();
        let file = |name: &str, content: &[u8]| {
            let path = directory.path().join(name);
            fs::write(&path, content).unwrap();
            path
        };
        let long = vec![7; 600_000];
        let a = file("a", &long);
        assert_eq!(same_len(&a, &file("b", &long)).unwrap(), Some(600_000));
        assert_eq!(same_len(&a, &file("c", &long[1..])).unwrap(), None);
        assert_eq!(same_len(&file("d", b""), &a).unwrap(), None);
        assert_eq!(same_len(&file("e", b""), &file("f", b"")).unwrap(), Some(0));
    }

    #[test]
    fn arguments_are_quoted_where_a_shell_needs_it() {
        assert_eq!(quoted("raw-aes:/tmp/key"), "raw-aes:/tmp/key");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
