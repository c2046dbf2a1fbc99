//! Lets messages of certain algorithm suites pass alone, both ways.
//!
//! `cargo run -p waxseal-examples --bin restrict_algorithm_suite`
//!
//! A pump sends its readings as messages, and a controller acts on each frame as it comes. A message
//! signature stands at the end, so it would come too late: in this house messages are unsigned and
//! commit to their key, 0x0478 and nothing else. A client's options choose a suite, and any call may
//! choose another. A commitment policy excludes suites without commitment. `SignedMessages::Refuse`
//! excludes signed ones, in this reader. A materials manager with a list excludes whatever is not in
//! it, in every program that gets its client from the house, both ways, and before a key is asked for.
//! The program tries each of them out, also with messages of writers who don't keep the rule.

use std::io::Read;

use anyhow::ensure;
use waxseal::{
    AlgorithmSuite, Client, CommitmentPolicy, CryptographicMaterialsManager, DecryptMaterialsRequest,
    DecryptionMaterials, DefaultCmm, EncryptionMaterials, EncryptionMaterialsRequest, ErrorClass,
    MaterialsError, async_trait, native,
};
use waxseal_examples::{default_cmm, refused};

const READING: &[u8] = b"pressure 3.2 bar";

const UNSIGNED: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY;
const SIGNED: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384;
const UNCOMMITTED: &AlgorithmSuite = AlgorithmSuite::AES_256_GCM_IV12_TAG16_HKDF_SHA256;

/// Lets these suites pass. The first is written unless a call asks for another of them.
#[derive(Debug)]
struct AllowedSuites<M> {
    underlying: M,
    suites: &'static [&'static AlgorithmSuite],
}

impl<M> AllowedSuites<M> {
    fn check(&self, suite: &AlgorithmSuite) -> Result<(), MaterialsError> {
        if self.suites.contains(&suite) {
            return Ok(());
        }
        Err(MaterialsError::Other(format!("the suite {suite} is not allowed here").into()))
    }
}

#[async_trait]
impl<M: CryptographicMaterialsManager> CryptographicMaterialsManager for AllowedSuites<M> {
    async fn get_encryption_materials(
        &self,
        mut request: EncryptionMaterialsRequest,
    ) -> Result<EncryptionMaterials, MaterialsError> {
        request.suite = request.suite.or(self.suites.first().copied());
        let materials = self.underlying.get_encryption_materials(request).await?;
        // What is there counts, not what was asked for.
        self.check(materials.suite())?;
        Ok(materials)
    }

    async fn decrypt_materials(
        &self,
        request: DecryptMaterialsRequest,
    ) -> Result<DecryptionMaterials, MaterialsError> {
        self.check(request.suite)?;
        self.underlying.decrypt_materials(request).await
    }
}

fn main() -> anyhow::Result<()> {
    // One wrapping key: with it as it is, and with the rule of the house.
    let cmm = default_cmm()?;
    let anyone = Client::with_cmm(native::provider(), cmm.clone());
    let house = house(cmm);

    let sealed = house.encrypt(READING).wait()?;
    ensure!(sealed.header.suite == UNSIGNED, "another suite was written");
    ensure!(house.decrypt(&sealed.message).wait()?.plaintext == READING, "another reading came back");
    println!("the house writes {}", sealed.header.suite);

    let refusal = refused(house.encrypt(READING).suite(SIGNED).wait(), ErrorClass::Materials)?;
    println!("a call that asks for another: {refusal}");

    let signed = anyone.encrypt(READING).wait()?;
    let refusal = refused(house.decrypt(&signed.message).wait(), ErrorClass::Materials)?;
    println!("a message from elsewhere: {refusal}");

    commitment_policy(&anyone, &house)?;
    signed_messages(&anyone, &signed.message)
}

fn house(underlying: DefaultCmm) -> Client {
    Client::with_cmm(native::provider(), AllowedSuites { underlying, suites: &[UNSIGNED] })
}

/// The policy comes before any manager, and is right without one.
fn commitment_policy(anyone: &Client, house: &Client) -> anyhow::Result<()> {
    let old = anyone.clone().commitment_policy(CommitmentPolicy::ForbidEncryptAllowDecrypt);
    let old = old.encrypt(READING).suite(UNCOMMITTED).wait()?;
    let refusal = refused(house.decrypt(&old.message).wait(), ErrorClass::Policy)?;
    println!("a message without commitment: {refusal}");
    refused(anyone.decrypt(&old.message).wait(), ErrorClass::Policy)?;
    Ok(())
}

/// A reader that refuses signed messages needs no manager: before the first byte, not at the end.
fn signed_messages(anyone: &Client, signed: &[u8]) -> anyhow::Result<()> {
    let refusal = refused(anyone.decrypt_unsigned_reader(signed).wait(), ErrorClass::Policy)?;
    println!("a reader of unsigned messages: {refusal}");
    let unsigned = anyone.encrypt(READING).suite(UNSIGNED).wait()?;
    let mut reading = Vec::new();
    anyone.decrypt_unsigned_reader(unsigned.message.as_slice()).wait()?.read_to_end(&mut reading)?;
    ensure!(reading == READING, "another reading came back");
    Ok(())
}
