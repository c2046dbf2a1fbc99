//! waxseal's portable cryptography, in pure Rust
