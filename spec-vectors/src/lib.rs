//! Test vectors and their runner
