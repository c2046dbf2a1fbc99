//! Reads what Aurora's database activity streams send.
//!
//! `cargo run -p waxseal-examples --bin rds_activity_stream`, or on AWS `-- KEY_ARN`
//!
//! Aurora and RDS send who did what in a database to a Kinesis stream, as JSON. Its member `key` is a
//! data key under a KMS key, whose encryption context names the cluster (`aws:rds:dbc-id`) or the
//! instance (`aws:rds:db-id`). `databaseActivityEvents` is gzip inside a message of this format, whose
//! own data key is wrapped by that one, as a raw AES key of the namespace `BC` and the name `DataKey`.
//! The messages have the suite 0x0378, without commitment, which the default policy refuses: the
//! reader says `RequireEncryptAllowDecrypt`. A database without work sends heartbeats, which are left
//! out. The program makes such records, reads them, and is refused another cluster's.

use std::io::{Read, Write};
use std::sync::Arc;

use anyhow::{Context, ensure};
use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use waxseal::{Client, CommitmentPolicy, EncryptionContext, ErrorClass, RawAesKeyring, SecretBytes, native};
use waxseal_examples::Kms;
use waxseal_kms::client::{DecryptRequest, EncryptionAlgorithm, GenerateDataKeyRequest};
use waxseal_kms::{KmsClient, KmsError, KmsErrorKind};

const CLUSTER: &str = "cluster-VYH5W3AUKPCIRRJ6RV42BLTMLU";
const OTHER: &str = "cluster-B4TB24OQUUVX4AGWSHGSCOO6LU";
const SELECT: &str = "SELECT name FROM patients";
const DROP: &str = "DROP TABLE patients";

/// Bytes of a record's events at most. A small payload can unpack to a large one.
const MAX_EVENTS: u64 = 16 << 20;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let (kms, [key]) = Kms::from_args(|kms| kms.create_keys(["us-east-1"])).await?;
    let aurora = Aurora { kms: kms.client_of(&key).await?, key: key.clone() };
    let records = [
        aurora.record(CLUSTER, &[event("LOGON", None), heartbeat()]).await?,
        aurora.record(CLUSTER, &[heartbeat()]).await?,
        aurora.record(CLUSTER, &[event("SELECT", Some(SELECT)), event("DROP TABLE", Some(DROP))]).await?,
    ];
    println!("a record as Kinesis has it: {:.120}...", serde_json::to_string(&records[0])?);

    let reader = Reader { kms: kms.client_of(&key).await?, key, policy: READS_OLD_SUITES };
    let mut statements = Vec::new();
    for record in &records {
        for event in without_heartbeats(reader.events(record, CLUSTER).await?) {
            println!("  {}: {}", event.db_user_name.unwrap_or_default(), event.command);
            statements.extend(event.command_text);
        }
    }
    println!("{} records, heartbeats left out, with the statements {statements:?}", records.len());
    ensure!(statements == [SELECT, DROP], "other statements came back");

    let [record, ..] = &records;
    another_cluster(&reader, record).await?;
    default_policy(&reader, record).await?;
    changed(&reader, record).await
}

/// What Kinesis delivers.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Record {
    r#type: String,
    version: String,
    /// Base64 of a message.
    database_activity_events: String,
    /// Base64 of a data key under a KMS key.
    key: String,
}

/// What is in the message, behind gzip.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Activity {
    database_activity_event_list: Vec<Event>,
}

/// A few of an event's members. Heartbeats have nothing but their type.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    r#type: String,
    #[serde(default)]
    command: String,
    /// None of a logon.
    command_text: Option<String>,
    db_user_name: Option<String>,
}

/// The reader of an activity stream.
struct Reader {
    kms: Arc<dyn KmsClient>,
    /// The KMS key that the stream was started with, and no other.
    key: String,
    policy: CommitmentPolicy,
}

/// The strictest policy that reads messages without commitment; what this client wrote would commit.
/// Commitment keeps a writer from making one message that opens to two plaintexts under two keys. Here
/// the writer is Aurora, and KMS gives the key to the cluster's readers alone.
const READS_OLD_SUITES: CommitmentPolicy = CommitmentPolicy::RequireEncryptAllowDecrypt;

impl Reader {
    /// The events of a record, all of them.
    async fn events(&self, record: &Record, cluster: &str) -> anyhow::Result<Vec<Event>> {
        ensure!(record.r#type == "DatabaseActivityMonitoringRecords", "a record of type {}", record.r#type);
        let data_key = self.unwrap(&BASE64_STANDARD.decode(&record.key)?, cluster).await?;
        let keyring = RawAesKeyring::new(native::provider(), "BC", "DataKey", data_key)?;
        let client = Client::new(native::provider(), keyring).commitment_policy(self.policy);
        let message = BASE64_STANDARD.decode(&record.database_activity_events)?;
        let payload = client.decrypt(&message).await?.plaintext;
        let activity: Activity = serde_json::from_slice(&unpacked(&payload)?)?;
        Ok(activity.database_activity_event_list)
    }

    /// KMS opens the data key for this cluster's name alone.
    async fn unwrap(&self, ciphertext: &[u8], cluster: &str) -> Result<SecretBytes, KmsError> {
        let request = DecryptRequest {
            key_id: Some(&self.key),
            ciphertext,
            encryption_context: &context_of(cluster),
            encryption_algorithm: EncryptionAlgorithm::SymmetricDefault,
            grant_tokens: &[],
        };
        Ok(self.kms.decrypt(request).await?.plaintext)
    }
}

/// A cluster's name; of an instance outside a cluster it is `aws:rds:db-id`.
fn context_of(cluster: &str) -> EncryptionContext {
    [("aws:rds:dbc-id", cluster)].into()
}

fn unpacked(gzip: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut events = Vec::new();
    let read = GzDecoder::new(gzip).take(MAX_EVENTS + 1).read_to_end(&mut events)?;
    ensure!(read as u64 <= MAX_EVENTS, "more than {MAX_EVENTS} bytes of events");
    Ok(events)
}

fn without_heartbeats(events: Vec<Event>) -> impl Iterator<Item = Event> {
    events.into_iter().filter(|event| event.r#type != "heartbeat")
}

async fn another_cluster(reader: &Reader, record: &Record) -> anyhow::Result<()> {
    let refused = reader.events(record, OTHER).await.err().context("opened as another cluster's")?;
    let kind = refused.downcast_ref::<KmsError>().map(|error| error.kind);
    ensure!(kind == Some(KmsErrorKind::InvalidCiphertext), "refused for another reason: {refused}");
    println!("as another cluster's: {refused}");
    Ok(())
}

async fn default_policy(reader: &Reader, record: &Record) -> anyhow::Result<()> {
    let (kms, key, policy) = (reader.kms.clone(), reader.key.clone(), CommitmentPolicy::default());
    let refused = Reader { kms, key, policy }.events(record, CLUSTER).await.err();
    let refused = refused.context("the default policy opened a message without commitment")?;
    ensure!(class(&refused) == Some(ErrorClass::Policy), "refused for another reason: {refused}");
    println!("by the default policy: {refused}");
    Ok(())
}

/// A bit of the message's last frame: nothing is unpacked before all of it verified.
async fn changed(reader: &Reader, record: &Record) -> anyhow::Result<()> {
    let mut message = BASE64_STANDARD.decode(&record.database_activity_events)?;
    *message.iter_mut().rev().nth(130).context("a short message")? ^= 1;
    let record = Record { database_activity_events: BASE64_STANDARD.encode(message), ..record.clone() };
    let refused = reader.events(&record, CLUSTER).await.err().context("a changed record opened")?;
    ensure!(class(&refused) == Some(ErrorClass::Signature), "refused for another reason: {refused}");
    println!("with one bit changed: {refused}");
    Ok(())
}

fn class(error: &anyhow::Error) -> Option<ErrorClass> {
    error.downcast_ref::<waxseal::Error>().map(waxseal::Error::class)
}

/// The other side: makes records as Aurora sends them.
struct Aurora {
    kms: Arc<dyn KmsClient>,
    key: String,
}

impl Aurora {
    async fn record(&self, cluster: &str, events: &[Value]) -> anyhow::Result<Record> {
        let request = GenerateDataKeyRequest {
            key_id: &self.key,
            number_of_bytes: 32,
            encryption_context: &context_of(cluster),
            grant_tokens: &[],
        };
        let data_key = self.kms.generate_data_key(request).await?;
        let keyring = RawAesKeyring::new(native::provider(), "BC", "DataKey", data_key.plaintext)?;
        // Its default suite is the stream's: 0x0378, signed and without commitment.
        let client = Client::new(native::provider(), keyring)
            .commitment_policy(CommitmentPolicy::ForbidEncryptAllowDecrypt);
        let message = client.encrypt(&packed(cluster, events)?).await?.message;
        Ok(Record {
            r#type: "DatabaseActivityMonitoringRecords".to_owned(),
            version: "1.1".to_owned(),
            database_activity_events: BASE64_STANDARD.encode(message),
            key: BASE64_STANDARD.encode(data_key.ciphertext),
        })
    }
}

fn packed(cluster: &str, events: &[Value]) -> anyhow::Result<Vec<u8>> {
    let events = json!({
        "type": "DatabaseActivityMonitoringRecord",
        "clusterId": cluster,
        "instanceId": "db-FZJTMYKCXQBUUZ6VLU7NW3ITCM",
        "databaseActivityEventList": events,
    });
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(events.to_string().as_bytes())?;
    Ok(gzip.finish()?)
}

fn event(command: &str, text: Option<&str>) -> Value {
    json!({"type": "record", "command": command, "commandText": text, "dbUserName": "alice", "rowCount": 1})
}

fn heartbeat() -> Value {
    json!({"type": "heartbeat"})
}
