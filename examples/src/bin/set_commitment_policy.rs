//! From messages without key commitment to messages with it, in three steps.
//!
//! `cargo run -p waxseal-examples --bin set_commitment_policy`
//!
//! Suites of before 2020 don't commit to their key: who makes a message can make it open to one
//! plaintext under one key and to another plaintext under another. Suites with commitment exclude
//! that, and the default policy writes and reads these alone. An application that still has old
//! readers, or old messages, gets there in three steps: it writes the old suites and reads all; when
//! every reader knows the new ones, it writes those and reads all; when no old message is left, it
//! takes the default. The program shows what each policy writes and reads, converts an old message,
//! and shows that no call can loosen its client's policy.

use anyhow::ensure;
use waxseal::{AlgorithmSuite, Client, CommitmentPolicy, EncryptOptions, ErrorClass};
use waxseal_examples::{client, refused};

const TEXT: &[u8] = b"a letter";

/// A suite of before 2020: it derives a key for each message and doesn't commit to it.
const OLD: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_IV12_TAG16_HKDF_SHA256;

fn main() -> anyhow::Result<()> {
    // One wrapping key. The suite is left to each policy.
    let client = client()?.encrypt_options(EncryptOptions::default());
    let under = |policy| client.clone().commitment_policy(policy);
    let first = under(CommitmentPolicy::ForbidEncryptAllowDecrypt);
    let second = under(CommitmentPolicy::RequireEncryptAllowDecrypt);
    let third = under(CommitmentPolicy::RequireEncryptRequireDecrypt);

    let old = first.encrypt(TEXT).wait()?;
    let new = second.encrypt(TEXT).wait()?;
    println!("first policy writes  {}", old.header.suite);
    println!("second policy writes {}", new.header.suite);
    ensure!(!old.header.suite.commits() && new.header.suite.commits());
    for (name, client) in [("first", &first), ("second", &second)] {
        ensure!(client.decrypt(&old.message).wait()?.plaintext == TEXT);
        ensure!(client.decrypt(&new.message).wait()?.plaintext == TEXT);
        println!("{name} policy reads both");
    }
    let refusal = refused(third.decrypt(&old.message).wait(), ErrorClass::Policy)?;
    println!("third policy reads the new one alone: {refusal}");
    ensure!(third.decrypt(&new.message).wait()?.plaintext == TEXT);

    let converted = convert(&second, &old.message)?;
    ensure!(third.decrypt(&converted).wait()?.plaintext == TEXT);
    println!("the old message, encrypted anew under the second policy, passes the third");

    nothing_loosens(&second, &third)?;
    is_default(&client)
}

/// There is no other way: the header of a message is never rewritten.
fn convert(client: &Client, old: &[u8]) -> anyhow::Result<Vec<u8>> {
    let opened = client.decrypt(old).wait()?;
    let mut context = (*opened.encryption_context).clone();
    // The old message's own public key: the new message gets one of its own.
    context.retain(|key, _| !key.starts_with("aws-crypto-"));
    Ok(client.encrypt(&opened.plaintext).encryption_context(context).wait()?.message)
}

/// Neither a suite nor options of a call go past the client's policy.
fn nothing_loosens(second: &Client, third: &Client) -> anyhow::Result<()> {
    let refusal = refused(second.encrypt(TEXT).suite(OLD).wait(), ErrorClass::Policy)?;
    println!("second policy, asked for an old suite: {refusal}");
    let mut options = EncryptOptions::default();
    options.commitment_policy = CommitmentPolicy::ForbidEncryptAllowDecrypt;
    options.suite = Some(OLD);
    let refusal = refused(third.encrypt(TEXT).options(options).wait(), ErrorClass::Policy)?;
    println!("third policy, given options with another policy: {refusal}");
    Ok(())
}

fn is_default(client: &Client) -> anyhow::Result<()> {
    refused(client.encrypt(TEXT).suite(OLD).wait(), ErrorClass::Policy)?;
    println!("a client that is told nothing has the third policy");
    Ok(())
}
