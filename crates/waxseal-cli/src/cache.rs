//! A cache of data keys for the files of one run.

use std::sync::Arc;
use std::time::Duration;

use waxseal::{CacheLimits, Client, LocalCryptographicMaterialsCache};

use crate::cli::Session;
use crate::failure::Failure;
use crate::input::Input;
use crate::terminal::say;
use crate::value;

/// Data keys that several files share.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Cache of data keys")]
pub(crate) struct CacheArgs {
    /// Use a data key for several files, for so long: 90, 90s, 10m or 1h. Saves calls to a key
    /// service when many files go through; those whose length is not known before still get a key
    /// each
    #[arg(long, value_name = "AGE", value_parser = value::age)]
    cache_max_age: Option<Duration>,
    /// Keep so many data keys at most
    #[arg(long, value_name = "N", default_value_t = 1000, requires = "cache_max_age")]
    cache_capacity: usize,
    /// Encrypt so many files at most with a data key [default: 2^32]
    #[arg(long, value_name = "N", requires = "cache_max_age", value_parser = clap::value_parser!(u64).range(1..=1 << 32))]
    cache_max_messages: Option<u64>,
    /// Encrypt so many bytes at most with a data key [default: 2^63 - 1]
    #[arg(long, value_name = "BYTES", requires = "cache_max_age", value_parser = value::size)]
    cache_max_bytes: Option<u64>,
}

impl CacheArgs {
    /// The client with a cache, if one is asked for.
    pub(crate) fn apply(&self, client: Client) -> Result<Client, Failure> {
        let Some(max_age) = self.cache_max_age else { return Ok(client) };
        let mut limits = CacheLimits::new(max_age);
        limits.max_messages = self.cache_max_messages.unwrap_or(limits.max_messages);
        limits.max_bytes = self.cache_max_bytes.unwrap_or(limits.max_bytes);
        let cache = Arc::new(LocalCryptographicMaterialsCache::new(self.cache_capacity));
        client.with_cache(cache, limits).map_err(Failure::wrong_use)
    }

    /// Says what went past the cache: a run that was to save calls should not quietly make them.
    pub(crate) fn tell(client: &Client, session: &Session) {
        let Some(metrics) = client.cache_metrics().filter(|_| !session.quiet) else { return };
        let bypasses = metrics.bypasses;
        for (count, why) in [
            (bypasses.unknown_length, "their length was not known before, or is 0"),
            (bypasses.identity_kdf, "their suite uses each data key once"),
            (bypasses.beyond_limits, "the cache's limits leave no second use of a data key"),
            (bypasses.no_cache, "the cache has no room"),
            (
                bypasses.unlike.saturating_add(bypasses.late),
                "the key that was kept could not be used for them",
            ),
        ] {
            if count > 0 {
                say(&format!("waxseal: {count} of the files went past the cache: {why}"));
            }
        }
    }

    /// What a cache must know of a file. A file that grows meanwhile is refused then. Files such
    /// as those of `/proc` have content though they say that they are empty: nothing is known of
    /// theirs.
    pub(crate) fn plaintext_len_bound(&self, input: &Input<'_>) -> Option<u64> {
        input.len().filter(|len| self.cache_max_age.is_some() && *len > 0)
    }
}
