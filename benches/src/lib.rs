//! Benchmarks of waxseal beside the bare primitives
