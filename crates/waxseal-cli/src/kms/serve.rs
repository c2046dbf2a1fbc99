//! `waxseal kms serve`.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use waxseal_local_kms::LocalKms;
use waxseal_local_kms::server::{Server, ServerOptions};

use super::access_key::{self, AccessKeyArgument};
use super::{Store, audit, notice, store};
use crate::cli::Session;
use crate::failure::{Exit, Failure};
use crate::terminal::{print, printable, say};

const NOT_LOOPBACK: &str = "Warning: this is not a loopback address. What goes over the network, keys too, is not \
    encrypted.";

/// Be AWS KMS for the clients on this machine
///
/// Speaks AWS's protocol over HTTP, in all regions at once. Prints what a shell needs to send AWS's
/// clients there, and serves until it is interrupted.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Where to listen; port 0 is one that is free
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:7466")]
    listen: SocketAddr,
    /// Keep keys in memory alone: they end with the server
    #[arg(long, conflicts_with_all = ["store_file", "store_key", "passphrase_file"])]
    volatile: bool,
    /// Who may call, and as which principal; can be repeated [default: one that the server makes,
    /// as the account's root]. Without an ARN it is the account's user of the name ID
    #[arg(long = "access-key", value_name = "ID:SECRET[=ARN]")]
    access_keys: Vec<AccessKeyArgument>,
    /// Append a line of JSON for every call to this file [default: WAXSEAL_KMS_AUDIT in the environment]
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
    #[command(flatten)]
    store: Store,
}

pub(super) fn run(args: &Args, session: &Session) -> Result<Exit, Failure> {
    let kms = args.open(session)?;
    let credentials = args.credentials(&kms)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Failure::io)?;
    runtime.block_on(serve(args.listen, kms, &credentials))?;
    Ok(Exit::Done)
}

async fn serve(listen: SocketAddr, kms: LocalKms, credentials: &str) -> Result<(), Failure> {
    let region = kms.region().to_owned();
    let accepted = kms.access_keys();
    let stopped = stopped().map_err(Failure::io)?;
    let server = Server::bind(listen, kms, ServerOptions::default()).await;
    let server = server.map_err(|error| Failure::io(error).about(listen))?;
    notice::insist();
    if !server.local_addr().ip().is_loopback() {
        say(NOT_LOOPBACK);
    }
    let endpoint = server.endpoint();
    // Some of AWS's clients look for the region under the one name, some under the other.
    print(&format!(
        "export AWS_ENDPOINT_URL_KMS={endpoint}\nexport AWS_REGION={region}\nexport AWS_DEFAULT_REGION={region}\n\
         {credentials}"
    ))?;
    for key in accepted {
        say(&format!("Accepts {} as {}", printable(&key.id), printable(&key.principal)));
    }
    say(&format!("Listening on {endpoint}"));
    stopped.await;
    server.shutdown().await;
    Ok(())
}

impl Args {
    fn open(&self, session: &Session) -> Result<LocalKms, Failure> {
        let log = self.audit.clone().or_else(audit::from_env);
        if !self.volatile {
            return self.store.open_or_create(session, log.as_deref());
        }
        let kms = LocalKms::volatile_with(self.store.options()).map_err(store::failure)?;
        log.map_or(Ok(()), |log| audit::write_to(&kms, &log))?;
        Ok(kms)
    }

    /// The lines that let a shell sign; secrets that were given are not repeated.
    fn credentials(&self, kms: &LocalKms) -> Result<String, Failure> {
        self.access_keys.iter().try_for_each(|key| key.add_to(kms))?;
        if !self.access_keys.is_empty() {
            return Ok(String::new());
        }
        let own = access_key::own(kms)?;
        let secret = String::from_utf8_lossy(own.secret.expose());
        Ok(format!("export AWS_ACCESS_KEY_ID={}\nexport AWS_SECRET_ACCESS_KEY={secret}\n", own.id))
    }
}

/// Ready when the run is interrupted. From this call on the signals don't end the process.
#[cfg(unix)]
fn stopped() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn stopped() -> io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a way to be told, the server ends with the process.
        let _ = tokio::signal::ctrl_c().await;
    })
}
