//! waxseal's default cryptography: for each primitive the fastest well-kept library
