//! The waxseal command
