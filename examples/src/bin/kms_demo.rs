//! The KMS Developer Demo: a key, a text, a picture in a bucket, and what its code left open.
//!
//! `cargo run -p waxseal-examples --bin kms_demo [-- --local | --aws]`
//!
//! The demo shows envelope encryption by hand. Part one sets up a KMS key. Part two encrypts a text
//! by AES-CBC under a data key, and a password by KMS itself. Part three puts a JPEG into a bucket,
//! encrypted the same way, its wrapped data key in the object's metadata. Part four cleans up. Here
//! all that it wrote is made and read as it did it; then two things are shown that it left open:
//! whoever can write the bucket changes the text and the picture, and nobody notices (no integrity);
//! or puts one object in another's place (no context). The same as waxseal messages follows each
//! time: one object that is all, streamed both ways, and every change is refused. KMS is embedded
//! and the bucket is on moto's server, unless you say `--aws`: see `cloudformation/kms-demo.yaml`.

use std::io;
use std::sync::Arc;

use anyhow::{Context, ensure};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::stream;
use waxseal::format::MessageLengths;
use waxseal::{Client, Error, ErrorClass, SecretBytes, native};
use waxseal_examples::aws::{Bucket, Cloud, Store, disable_key, refused, set_up_key};
use waxseal_examples::developer_demo::{FILE_HEADER, jpeg, open_file, open_text, seal_file, seal_text};
use waxseal_kms::{AwsKmsArn, AwsKmsKeyring};

const ALIAS: &str = "alias/waxseal-kms-demo";
const TEXT: &[u8] = b"Hello world of cryptography with managed keys";
const PASSWORD: &[u8] = b"correct horse battery staple";
const PICTURE_LEN: usize = 6 << 20;

/// The picture as the original stored it, as one message, and that in another's place.
const ORIGINAL: &str = "wifi.jpg.enc";
const MESSAGE: &str = "wifi.jpg.waxseal";
const OTHER: &str = "cat.jpg.waxseal";

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let cloud = Cloud::by_arguments(Store::S3).await?;
    let demo = Demo::set_up(&cloud).await?;
    let told = demo.tell().await;
    let cleaned = demo.clean_up().await;
    told.and(cleaned)
}

struct Demo {
    kms: aws_sdk_kms::Client,
    key: String,
    bucket: Bucket,
    client: Client,
}

impl Demo {
    /// Part one. Whatever is there is used: what an earlier run, or the template, has made.
    async fn set_up(cloud: &Cloud) -> anyhow::Result<Self> {
        println!("1. Set up");
        let kms = aws_sdk_kms::Client::new(&cloud.kms);
        let key = set_up_key(&kms, ALIAS).await?;
        ensure!(set_up_key(&kms, ALIAS).await? == key, "the alias names another key now");
        println!("  key {key}");
        let arn: AwsKmsArn = key.parse()?;
        let name = format!("waxseal-kms-demo-{}-{}", arn.account(), arn.region());
        let bucket = Bucket::set_up(aws_sdk_s3::Client::new(&cloud.store), name, arn.account()).await?;
        let client = Client::new(native::provider(), AwsKmsKeyring::new(Arc::new(kms.clone()), &key)?);
        Ok(Self { kms, key, bucket, client })
    }

    async fn tell(&self) -> anyhow::Result<()> {
        println!("2. A text");
        self.text_as_the_original().await?;
        self.text_as_a_message().await?;
        self.password().await?;
        println!("3. A picture in the bucket");
        let picture = jpeg(PICTURE_LEN);
        self.picture_as_the_original(&picture).await?;
        self.picture_as_a_message(&picture).await?;
        self.message_is_changed(&picture).await?;
        self.message_is_moved().await
    }

    async fn text_as_the_original(&self) -> anyhow::Result<()> {
        let ((key, wrapped), mut iv) = (self.data_key().await?, random_iv()?);
        let ciphertext = seal_text(&key, &iv, TEXT)?;
        drop(key);
        let key = self.unwrap(&wrapped).await?;
        ensure!(open_text(&key, &iv, &ciphertext)? == TEXT, "another text came back");
        println!("  AES-CBC: three values to keep, wrapped key, IV and ciphertext; read back");

        // The IV goes into the first block bit by bit: a change of it is one of the text.
        let [first, ..] = &mut iv;
        *first ^= b'H' ^ b'J';
        let changed = open_text(&key, &iv, &ciphertext)?;
        ensure!(changed == b"Jello world of cryptography with managed keys", "CBC noticed a change");
        println!("  no integrity: a bit of the IV is flipped, and it reads {:?}", text(&changed));
        Ok(())
    }

    async fn text_as_a_message(&self) -> anyhow::Result<()> {
        let sealed = self.client.encrypt(TEXT).context("document", "greeting").await?.message;
        println!("  waxseal: one value to keep, {} bytes", sealed.len());
        for position in (0..sealed.len()).step_by(sealed.len() / 8) {
            let error = refusal(self.client.decrypt(&flipped(&sealed, position)).await)?;
            println!("  a bit of byte {position} is flipped: refused ({:?})", error.class());
        }
        let other = self.client.decrypt(&sealed).context("document", "contract").await;
        println!("  taken for another document: {}", refusal(other)?);
        let opened = self.client.decrypt(&sealed).context("document", "greeting").await?;
        ensure!(opened.plaintext == TEXT, "another text came back");
        println!("  unchanged, and as what it is: read back");
        Ok(())
    }

    /// A short secret needs no data key: KMS takes up to 4096 bytes.
    async fn password(&self) -> anyhow::Result<()> {
        let encrypt = || self.kms.encrypt().key_id(&self.key).plaintext(Blob::new(PASSWORD));
        let decrypt = |blob: &Blob| self.kms.decrypt().key_id(&self.key).ciphertext_blob(blob.clone());

        let bare = encrypt().send().await?.ciphertext_blob.context("no ciphertext")?;
        let read = decrypt(&bare).send().await?.plaintext.context("no plaintext")?;
        ensure!(read.as_ref() == PASSWORD, "another password came back");
        println!("  Encrypt and Decrypt of a password; no context: it would pass for any other secret");

        let bound = encrypt().encryption_context("secret", "database").send().await?;
        let bound = bound.ciphertext_blob.context("no ciphertext")?;
        let read = decrypt(&bound).encryption_context("secret", "database").send().await?;
        ensure!(read.plaintext.context("no plaintext")?.as_ref() == PASSWORD, "another password came back");
        let elsewhere = decrypt(&bound).encryption_context("secret", "mail").send().await;
        println!("  with one, as another secret: {}", refused(elsewhere, "InvalidCiphertextException")?);
        Ok(())
    }

    async fn picture_as_the_original(&self, picture: &[u8]) -> anyhow::Result<()> {
        let (file, metadata) = self.put_original(picture).await?;
        ensure!(self.read_original().await? == picture, "another picture came back");
        println!("  AES-CBC: {} bytes, and the wrapped key in metadata; read back", file.len());

        self.bucket.put(ORIGINAL, flipped(&file, FILE_HEADER + (1 << 20)), &[("key", &metadata)]).await?;
        let changed = self.read_original().await?;
        let differing = changed.iter().zip(picture).filter(|(one, other)| one != other).count();
        ensure!(changed.len() == picture.len() && differing > 0, "CBC noticed a change");
        println!(
            "  no integrity: a bit of the object is flipped, and {differing} bytes of the picture differ"
        );

        let other = jpeg(1000);
        self.put_original(&other).await?;
        ensure!(self.read_original().await? == other, "the other picture was refused");
        println!("  no context: another picture is put in its place, and is read as it");
        Ok(())
    }

    /// The object as the original writes it, and its metadata `key`.
    async fn put_original(&self, picture: &[u8]) -> anyhow::Result<(Vec<u8>, String)> {
        let (key, wrapped) = self.data_key().await?;
        let (file, metadata) = (seal_file(&key, &random_iv()?, picture)?, STANDARD.encode(&wrapped));
        self.bucket.put(ORIGINAL, file.clone(), &[("key", &metadata)]).await?;
        Ok((file, metadata))
    }

    /// By the object's metadata and its header, as the original reads it.
    async fn read_original(&self) -> anyhow::Result<Vec<u8>> {
        let object = self.bucket.get(ORIGINAL).await?;
        let key = object.metadata().and_then(|metadata| metadata.get("key")).context("no key in metadata")?;
        let key = self.unwrap(&STANDARD.decode(key)?).await?;
        open_file(&key, &object.body.collect().await?.to_vec())
    }

    /// Up and down as streams: the message never is in memory. Its length is known from the picture's.
    async fn picture_as_a_message(&self, picture: &[u8]) -> anyhow::Result<()> {
        let source = stream::iter(pieces(picture));
        let message = self.client.aio().encrypt_stream(source).context("object", MESSAGE).await?;
        let lengths = MessageLengths::of(message.header(), picture.len() as u64);
        let len = lengths.and_then(|lengths| lengths.total()).context("no length")?;
        self.bucket.upload(MESSAGE, len, message).await?;

        let object = self.bucket.get(MESSAGE).await?;
        ensure!(object.content_length() == Some(i64::try_from(len)?), "the message has another length");
        ensure!(object.metadata().is_none_or(|metadata| metadata.is_empty()), "something is in metadata");
        ensure!(self.read_message(MESSAGE).await? == picture, "another picture came back");
        println!("  waxseal: {len} bytes, streamed up and down; nothing in metadata");
        Ok(())
    }

    /// An object's plaintext. Nothing is done with it before its end: only that says that it is whole.
    async fn read_message(&self, object: &str) -> anyhow::Result<Vec<u8>> {
        let body = Box::pin(self.bucket.get(object).await?.body.into_async_read());
        let mut plaintext = self.client.aio().decrypt_reader(body).context("object", object).open();
        let mut picture = Vec::new();
        tokio::io::copy(&mut plaintext, &mut picture).await?;
        Ok(picture)
    }

    async fn message_is_changed(&self, picture: &[u8]) -> anyhow::Result<()> {
        let message = self.bucket.bytes(MESSAGE).await?;
        self.bucket.put(MESSAGE, flipped(&message, 1 << 20), &[]).await?;
        println!("  a bit of it is flipped: {}", stream_refusal(self.read_message(MESSAGE).await)?);
        let cut = message.get(..picture.len() / 2).context("a short message")?;
        self.bucket.put(MESSAGE, cut.to_vec(), &[]).await?;
        println!("  half of it is cut off: {}", stream_refusal(self.read_message(MESSAGE).await)?);
        self.bucket.put(MESSAGE, message, &[]).await?;
        ensure!(self.read_message(MESSAGE).await? == picture, "another picture came back");
        Ok(())
    }

    async fn message_is_moved(&self) -> anyhow::Result<()> {
        self.bucket.put(OTHER, self.bucket.bytes(MESSAGE).await?, &[]).await?;
        println!("  it is put in another's place: {}", stream_refusal(self.read_message(OTHER).await)?);
        Ok(())
    }

    /// Part four. The next run enables the key again; on AWS it is paid for until it is deleted.
    async fn clean_up(&self) -> anyhow::Result<()> {
        println!("4. Clean up");
        self.bucket.clean_up(&[ORIGINAL, MESSAGE, OTHER]).await?;
        println!("  the objects are deleted");
        match disable_key(&self.kms, &self.key).await? {
            true => println!("  the key is disabled: KMS refuses to use it"),
            false => println!("  the key stays enabled: who uses it may not disable it"),
        }
        Ok(())
    }

    /// A data key, in the clear and wrapped.
    async fn data_key(&self) -> anyhow::Result<(SecretBytes, Vec<u8>)> {
        let request = self.kms.generate_data_key().key_id(&self.key).key_spec(DataKeySpec::Aes256);
        let made = request.send().await?;
        let key = SecretBytes::from(made.plaintext.context("no key")?.into_inner());
        Ok((key, made.ciphertext_blob.context("no wrapped key")?.into_inner()))
    }

    async fn unwrap(&self, wrapped: &[u8]) -> anyhow::Result<SecretBytes> {
        let request = self.kms.decrypt().key_id(&self.key).ciphertext_blob(Blob::new(wrapped));
        Ok(SecretBytes::from(request.send().await?.plaintext.context("no key")?.into_inner()))
    }
}

/// What waxseal says of a message that it refuses.
fn refusal<T>(opened: Result<T, Error>) -> anyhow::Result<Error> {
    let error = opened.err().context("a changed message was opened")?;
    ensure!(error.class() != ErrorClass::Io, "{error}");
    Ok(error)
}

/// The same of a stream.
fn stream_refusal<T>(read: anyhow::Result<T>) -> anyhow::Result<Error> {
    let error = read.err().context("a changed message was opened")?.downcast::<io::Error>()?;
    refusal(Err::<(), _>(error.downcast::<Error>()?))
}

/// The picture as a program would get it from elsewhere.
fn pieces(picture: &[u8]) -> Vec<io::Result<Bytes>> {
    picture.chunks(64 << 10).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect()
}

fn flipped(bytes: &[u8], position: usize) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    flipped.iter_mut().skip(position).take(1).for_each(|byte| *byte ^= 1);
    flipped
}

fn random_iv() -> anyhow::Result<[u8; 16]> {
    let mut iv = [0; 16];
    native::provider().random.fill(&mut iv)?;
    Ok(iv)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
