//! The sans-IO core of waxseal: header authentication, frames, signatures
