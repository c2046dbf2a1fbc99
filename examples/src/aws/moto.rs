//! moto's server: S3 and DynamoDB on this machine.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;

const PROGRAM: &str = "moto_server";
const HOW_TO_GET_IT: &str = "\
    S3 and DynamoDB are played by moto's server, and the command moto_server is not there.\n\
    Get it by `pip install 'moto[server]'`, best in a virtual environment, and have it on the PATH;\n\
    or name another server by AWS_ENDPOINT_URL; or run the program with --aws, in an account";

/// It is slow to start: it is a large program in Python.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server of its own on a free port of 127.0.0.1. It ends when this is dropped, and what it
/// kept is gone.
#[derive(Debug)]
pub struct Moto {
    server: Child,
    endpoint: String,
}

impl Moto {
    /// Starts it, and waits until it answers.
    ///
    /// # Errors
    /// If it isn't installed, with how to get it; if it doesn't come up within a minute.
    pub async fn start() -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0").await?.local_addr()?.port();
        let mut command = Command::new(program());
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let server = match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::NotFound => bail!(HOW_TO_GET_IT),
            server => server.context(PROGRAM)?,
        };
        let mut moto = Self { server, endpoint: format!("http://127.0.0.1:{port}") };
        moto.wait_for_answer(port).await?;
        Ok(moto)
    }

    /// The URL that AWS's clients take as `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    async fn wait_for_answer(&mut self, port: u16) -> anyhow::Result<()> {
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            if let Some(status) = self.server.try_wait()? {
                bail!("{PROGRAM} ended with {status}: is it of `moto[server]`, and not of `moto` alone?");
            }
            ensure!(begun.elapsed() < PATIENCE, "{PROGRAM} doesn't come up");
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // An error of either says that it has ended by itself.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// The one of the checks' virtual environment, if they run this; else the one on the PATH.
fn program() -> OsString {
    let of_checks = std::env::var_os("WAXSEAL_PEERS_BIN").map(|folder| PathBuf::from(folder).join(PROGRAM));
    of_checks.filter(|path| path.exists()).map_or(PROGRAM.into(), PathBuf::into_os_string)
}
