//! A directory to work in, and the command run in it.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;

/// An unsigned suite, for tests that are about something else than signatures.
pub(crate) const UNSIGNED: &str = "--algorithm=0x0478";

/// What the embedded KMS says of itself, once in a run.
pub(crate) const NOTICE: &str =
    "An embedded KMS for development, tests and demos. It is no HSM: use it for nothing that matters.\n";

pub(crate) struct Place(TempDir);

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(output: Output) -> Self {
        let stderr = String::from_utf8(output.stderr).unwrap();
        Self { code: output.status.code(), stdout: output.stdout, stderr }
    }

    /// Fails unless the run ended with this code; one but 0 has something to say, besides what the
    /// embedded KMS says of itself.
    #[track_caller]
    pub(crate) fn ends(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        assert_eq!(code != 0, !self.stderr.replace(NOTICE, "").is_empty(), "{}", self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "{}", self.stderr);
        self
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.stdout).unwrap()
    }
}

impl Place {
    /// With a raw AES key in the file `key`, and another in `other-key`.
    pub(crate) fn new() -> Self {
        let place = Self::empty();
        place.run(&["-q", "keygen", "raw-aes", "key", "--name", "one"]).ends(0);
        place.run(&["-q", "keygen", "raw-aes", "other-key", "--name", "other"]).ends(0);
        place
    }

    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// All names in the directory, hidden ones too, but the keys'.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name != "key" && name != "other-key");
        names.sort();
        names
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_waxseal"));
        command.args(args).current_dir(self.0.path()).stdin(Stdio::null()).env("TERM", "xterm");
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        Run::of(self.command(args).output().unwrap())
    }

    /// With `input` at standard input.
    pub(crate) fn run_with(&self, args: &[&str], input: &[u8]) -> Run {
        let mut child = self.spawn(args);
        let mut stdin = child.stdin.take().unwrap();
        std::thread::scope(|scope| {
            // The command may stop reading when it has seen enough.
            scope.spawn(move || drop(stdin.write_all(input)));
            Run::of(child.wait_with_output().unwrap())
        })
    }

    /// With pipes at its three ends.
    pub(crate) fn spawn(&self, args: &[&str]) -> Child {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// `encrypt` with the first key.
    pub(crate) fn encrypt(&self, args: &[&str]) -> Run {
        self.run(&[&["encrypt", "--key", "raw-aes:key"], args].concat())
    }

    /// `decrypt` with the first key.
    pub(crate) fn decrypt(&self, args: &[&str]) -> Run {
        self.run(&[&["decrypt", "--key", "raw-aes:key"], args].concat())
    }
}

/// A terminal that nobody looks at.
#[cfg(target_os = "linux")]
pub(crate) struct Terminal(fs::File);

#[cfg(target_os = "linux")]
impl Terminal {
    pub(crate) fn new() -> Self {
        use rustix::pty::{OpenptFlags, grantpt, openpt, unlockpt};
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        Self(terminal.into())
    }

    /// The side that a command gets.
    pub(crate) fn side(&self) -> fs::File {
        use std::os::unix::ffi::OsStrExt;
        let name = rustix::pty::ptsname(&self.0, Vec::new()).unwrap();
        let path = std::ffi::OsStr::from_bytes(name.to_bytes());
        fs::File::options().read(true).write(true).open(path).unwrap()
    }

    /// All that was shown, once nobody has the other side any more.
    pub(crate) fn shown(mut self) -> String {
        let mut shown = Vec::new();
        // It ends with an error rather than with an end of file.
        let _ = std::io::Read::read_to_end(&mut self.0, &mut shown);
        String::from_utf8_lossy(&shown).into_owned()
    }
}

/// Bytes without a pattern that a mistake could repeat.
pub(crate) fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    (0..len).map(|_| next()).collect()
}
