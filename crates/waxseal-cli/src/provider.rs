//! The cryptography that a run uses.

use clap::ValueEnum;
use waxseal::CryptoProvider;

#[cfg(not(any(feature = "native", feature = "rustcrypto")))]
compile_error!("the command needs one of the features `native` and `rustcrypto`");

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Provider {
    /// For each primitive the fastest well-kept library
    #[cfg(feature = "native")]
    Native,
    /// The same with SHA-2 by the system's OpenSSL
    #[cfg(feature = "openssl-sha")]
    NativeOpenssl,
    /// Pure Rust
    #[cfg(feature = "rustcrypto")]
    Rustcrypto,
}

impl Provider {
    #[cfg(feature = "native")]
    pub(crate) const DEFAULT: Self = Self::Native;
    #[cfg(not(feature = "native"))]
    pub(crate) const DEFAULT: Self = Self::Rustcrypto;

    pub(crate) fn crypto(self) -> &'static CryptoProvider {
        match self {
            #[cfg(feature = "native")]
            Self::Native => waxseal::native::provider(),
            #[cfg(feature = "openssl-sha")]
            Self::NativeOpenssl => waxseal::native::provider_with_openssl_digest(),
            #[cfg(feature = "rustcrypto")]
            Self::Rustcrypto => waxseal::rustcrypto::provider(),
        }
    }
}
