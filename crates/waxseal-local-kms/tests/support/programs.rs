//! The peers' own programs, sent to a server by the settings that every AWS program takes.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::served::{ID, REGIONS, SECRET, Served};

/// A program of the packages that `run.sh` installs.
fn program(name: &str, served: &Served) -> Command {
    let folder = std::env::var_os("WAXSEAL_PEERS_BIN").map(PathBuf::from);
    let folder = folder.expect("WAXSEAL_PEERS_BIN is not set: run peers/run.sh");
    let mut command = Command::new(folder.join(name));
    command.env("AWS_ENDPOINT_URL_KMS", served.server.endpoint()).envs([
        ("AWS_DEFAULT_REGION", REGIONS[0]),
        ("AWS_ACCESS_KEY_ID", ID),
        ("AWS_SECRET_ACCESS_KEY", SECRET),
        ("AWS_CONFIG_FILE", "none"),
        ("AWS_SHARED_CREDENTIALS_FILE", "none"),
        ("AWS_PAGER", ""),
    ]);
    command
}

/// The aws command.
pub(crate) struct AwsCommand<'a> {
    pub(crate) served: &'a Served,
    pub(crate) folder: &'a Path,
}

impl AwsCommand<'_> {
    /// What `aws kms` prints, or what it says on standard error.
    pub(crate) fn kms_as(&self, secret: &str, args: &[&str]) -> Result<Value, String> {
        let mut command = program("aws", self.served);
        command.args(["kms", "--output", "json"]).args(args).current_dir(self.folder);
        let output = command.env("AWS_SECRET_ACCESS_KEY", secret).output().unwrap();
        match output.status.success() {
            true => Ok(serde_json::from_slice(&output.stdout).unwrap_or_default()),
            false => Err(String::from_utf8(output.stderr).unwrap()),
        }
    }

    pub(crate) fn kms(&self, args: &[&str]) -> Result<Value, String> {
        self.kms_as(SECRET, args)
    }

    /// The bytes of one field of what it prints.
    pub(crate) fn bytes(&self, field: &str, args: &[&str]) -> Vec<u8> {
        let reply = self.kms(args).unwrap();
        STANDARD.decode(reply[field].as_str().unwrap()).unwrap()
    }

    /// Bytes as an argument: a file of them.
    pub(crate) fn file(&self, name: &str, content: &[u8]) -> String {
        std::fs::write(self.folder.join(name), content).unwrap();
        format!("fileb://{name}")
    }
}

/// The Python SDK, waiting for tasks.
pub(crate) struct PythonSdk {
    process: Child,
    tasks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl PythonSdk {
    pub(crate) fn start(served: &Served) -> Self {
        let mut command = program("python", served);
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/python_sdk.py"));
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (tasks, answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { process, tasks, answers: BufReader::new(answers) }
    }

    /// What the task gives, or the SDK's error.
    pub(crate) fn run(&mut self, op: &str, mut task: Value, data: &[u8]) -> Result<Vec<u8>, String> {
        task["op"] = json!(op);
        task["context"] = json!({ "tenant": "7" });
        task["data"] = json!(STANDARD.encode(data));
        writeln!(self.tasks, "{task}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).expect("the Python packages are there");
        match answer["data"].as_str() {
            Some(data) => Ok(STANDARD.decode(data).unwrap()),
            None => Err(answer["error"].as_str().unwrap().to_owned()),
        }
    }
}

impl Drop for PythonSdk {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
