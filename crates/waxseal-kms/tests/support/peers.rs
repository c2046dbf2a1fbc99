//! The peers' own programs: moto's server, the Python SDK.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "123456789012";

fn python() -> Command {
    let folder = std::env::var_os("WAXSEAL_PEERS_BIN").map(PathBuf::from);
    Command::new(folder.expect("WAXSEAL_PEERS_BIN is not set: run peers/run.sh").join("python"))
}

/// moto's server on a free port; ends with the test.
pub(crate) struct Moto {
    server: Child,
    port: u16,
}

impl Moto {
    pub(crate) fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = python();
        command.args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()]);
        let server = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let moto = Self { server, port };
        let deadline = Instant::now() + Duration::from_secs(60);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "moto's server does not come up");
            std::thread::sleep(Duration::from_millis(100));
        }
        moto
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The Python SDK, waiting for tasks.
pub(crate) struct PythonSdk {
    process: Child,
    tasks: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl PythonSdk {
    pub(crate) fn start(endpoint: &str, region: &str) -> Self {
        let mut command = python();
        command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peers/python_sdk.py"));
        command.envs([
            ("AWS_ENDPOINT_URL_KMS", endpoint),
            ("AWS_DEFAULT_REGION", region),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
        ]);
        // It writes every refusal to standard error at length; the answers say it too.
        command.stderr(Stdio::null());
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (tasks, answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { process, tasks, answers: BufReader::new(answers) }
    }

    /// What the task gives, or the SDK's error.
    pub(crate) fn run(&mut self, mut task: Value, data: &[u8]) -> Result<Vec<u8>, String> {
        task["data"] = json!(STANDARD.encode(data));
        writeln!(self.tasks, "{task}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
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
