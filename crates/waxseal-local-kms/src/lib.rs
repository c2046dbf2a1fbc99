//! An embedded KMS for development, tests and demos.
