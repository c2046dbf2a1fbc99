//! A writes a report, B carries it, C must know that it is A's.
//!
//! `cargo run -p waxseal-examples --bin three_accounts`
//!
//! It is the design that pykmssig's README draws: three accounts, and two KMS keys of A's. By the key
//! `beta` all three read. By the key `alpha` only A signs and only C verifies. So B can read what it
//! carries, and can neither forge a signature nor even verify one; what B changes is caught by C, and a
//! key of B's own does not help, since C pins alpha. The permissions are key policies, and each refusal
//! here is the KMS's own answer to B. On AWS the policies are those of
//! `cloudformation/three-accounts.yaml`; here a KMS in this program enforces them.

use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use waxseal::{Client, native};
use waxseal_kms::{AwsKmsKeyring, ClientSupplier};
use waxseal_local_kms::{Caller, LocalKms};
use waxseal_sign::{
    ContentDigest, DigestKind, EncryptedDigest, Envelope, InvalidSignature, SignError, Signer, Verifier,
};

const REGION: &str = "eu-west-1";
const REPORT: &[u8] = b"landed: 10 barrels of rum";
const CHANGED: &[u8] = b"landed:  9 barrels of rum";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let world = World::new()?;
    println!("keys: alpha {}\n      beta  {}", world.alpha, world.beta);
    let (sealed, envelope) = a_writes(&world).await?;
    b_carries(&world, &sealed, &envelope).await?;
    c_reads(&world, &sealed, &envelope).await?;
    b_tampers(&world, &envelope).await
}

/// A seals the report under beta and signs it under alpha.
async fn a_writes(world: &World) -> anyhow::Result<(Vec<u8>, Envelope)> {
    let sealed = world.reader(&world.a).await?.encrypt(REPORT).await?.message;
    let envelope = world.signer(&world.a, &world.alpha).sign(&digest(REPORT)).await?;
    println!("A: sealed {} bytes under beta, signed them under alpha", REPORT.len());
    Ok((sealed, envelope))
}

/// B reads under beta. Under alpha KMS lets B do nothing.
async fn b_carries(world: &World, sealed: &[u8], envelope: &Envelope) -> anyhow::Result<()> {
    let read = world.reader(&world.b).await?.decrypt(sealed).await?.plaintext;
    ensure!(read == REPORT, "B read something else");
    println!("B: reads {:?}", String::from_utf8_lossy(&read));
    let verified = world.verifier(&world.b)?.verify(envelope, &digest(REPORT)).await;
    println!("B: verify under alpha: {}", denied(verified)?);
    let forged = world.signer(&world.b, &world.alpha).sign(&digest(CHANGED)).await;
    println!("B: sign under alpha:   {}", denied(forged)?);
    Ok(())
}

/// C reads, and knows whose report it is.
async fn c_reads(world: &World, sealed: &[u8], envelope: &Envelope) -> anyhow::Result<()> {
    let read = world.reader(&world.c).await?.decrypt(sealed).await?.plaintext;
    let verified = world.verifier(&world.c)?.verify(envelope, &digest(&read)).await?;
    ensure!(verified.key == world.alpha, "another key");
    println!("C: valid, signed under alpha: {:?}", String::from_utf8_lossy(&read));
    Ok(())
}

/// B delivers another report: first with A's signature, then with one under a key of B's own.
async fn b_tampers(world: &World, envelope: &Envelope) -> anyhow::Result<()> {
    let changed = digest(CHANGED);
    let verified = world.verifier(&world.c)?.verify(envelope, &changed).await;
    println!("C: {:?} with A's signature: {}", String::from_utf8_lossy(CHANGED), invalid(verified)?);

    let forged = world.signer(&world.b, &world.own).sign(&changed).await?;
    let verified = world.verifier(&world.c)?.verify(&forged, &changed).await;
    println!("C: the same, signed by B under a key that C may decrypt with: {}", invalid(verified)?);
    Ok(())
}

struct World {
    kms: LocalKms,
    a: Caller,
    b: Caller,
    c: Caller,
    alpha: String,
    beta: String,
    /// A key of B's, which lets everyone verify. It stands in A's account, since an embedded KMS has one;
    /// who may use it is up to its policy, here and there.
    own: String,
}

impl World {
    fn new() -> anyhow::Result<Self> {
        let user =
            |account: &str, name: &str| Caller::new(format!("arn:aws:iam::{account}:user/{name}"), REGION);
        let (a, b, c) = (user("111122223333", "a"), user("222233334444", "b"), user("333344445555", "c"));
        let kms = LocalKms::volatile();
        let alpha = key(
            &kms,
            &a,
            &[allow(&[&a], "kms:Encrypt"), allow(&[&a], "kms:GenerateDataKey"), allow(&[&c], "kms:Decrypt")],
        )?;
        let beta =
            key(&kms, &a, &[allow(&[&a], "kms:GenerateDataKey"), allow(&[&a, &b, &c], "kms:Decrypt")])?;
        let own = key(&kms, &a, &[allow(&[&b], "kms:Encrypt"), allow(&[&a, &b, &c], "kms:Decrypt")])?;
        Ok(Self { kms, a, b, c, alpha, beta, own })
    }

    fn clients(&self, who: &Caller) -> Arc<dyn ClientSupplier> {
        Arc::new(self.kms.client(&who.principal, &who.region))
    }

    fn signer(&self, who: &Caller, key: &str) -> Signer {
        Signer::new(native::provider(), EncryptedDigest::new(self.clients(who)), key)
    }

    fn verifier(&self, who: &Caller) -> anyhow::Result<Verifier> {
        Ok(Verifier::new(native::provider(), self.clients(who), [&self.alpha])?)
    }

    /// Who reads and writes under beta.
    async fn reader(&self, who: &Caller) -> anyhow::Result<Client> {
        let kms = self.clients(who).client(None).await?;
        Ok(Client::new(native::provider(), AwsKmsKeyring::new(kms, &self.beta)?))
    }
}

fn allow(who: &[&Caller], action: &str) -> Value {
    let principals: Vec<&str> = who.iter().map(|caller| caller.principal.as_str()).collect();
    json!({"Effect": "Allow", "Principal": {"AWS": principals}, "Action": action, "Resource": "*"})
}

/// A key with these statements, and one that lets A change them: a key that nobody can administer
/// is none that KMS makes.
fn key(kms: &LocalKms, admin: &Caller, statements: &[Value]) -> anyhow::Result<String> {
    let administration = json!({"Effect": "Allow", "Principal": {"AWS": admin.principal},
        "Action": ["kms:DescribeKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion"], "Resource": "*"});
    let statements = [&[administration], statements].concat();
    let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let reply = kms.call(admin, "CreateKey", json!({ "Policy": policy }).to_string().as_bytes())?;
    let reply: Value = serde_json::from_slice(reply.expose())?;
    reply.pointer("/KeyMetadata/Arn").and_then(Value::as_str).map(str::to_owned).context("no ARN")
}

fn digest(content: &[u8]) -> ContentDigest {
    ContentDigest::of(native::provider(), DigestKind::Sha512, content)
}

/// The KMS's own refusal.
fn denied<T>(result: Result<T, SignError>) -> anyhow::Result<String> {
    match result {
        Err(SignError::Kms { source, .. }) if source.code.as_deref() == Some("AccessDeniedException") => {
            Ok(source.to_string())
        }
        Err(error) => Err(error.into()),
        Ok(_) => bail!("KMS let B do it"),
    }
}

fn invalid<T>(result: Result<T, SignError>) -> anyhow::Result<InvalidSignature> {
    match result {
        Err(SignError::Invalid(reason)) => Ok(reason),
        Err(error) => Err(error.into()),
        Ok(_) => bail!("a forged report passed"),
    }
}
