//! The programs of the Python SDK's README, in its order.
//!
//! `cargo run -p waxseal-examples --bin python_readme`, or on AWS `-- KEY_ARN KEY_ARN`
//!
//! Who knows the AWS Encryption SDK for Python finds each of its programs here, with the Python call
//! beside the one in Rust: one key, a context, keys of several regions, discovery with a filter, a
//! file streamed both ways, the size of frames, a cache, and threads. It is synchronous, as Python is:
//! the client is given a runtime to wait for KMS on, and each request says `.wait()`. Two things differ.
//! Bytes behind the end of a message are an error; the Python SDK lets them pass. And any client may be
//! shared by threads; Python's KMS providers may not.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::runtime::Runtime;
use waxseal::{
    CacheLimits, CachingCryptographicMaterialsManager, Client, CommitmentPolicy, ErrorClass, Keyring,
    LocalCryptographicMaterialsCache, MasterKeyProviderKeyring, native,
};
use waxseal_examples::{Kms, arn, refused, sample};
use waxseal_kms::{
    AwsKmsDiscoveryKeyring, AwsKmsKeys, DiscoveryAwsKmsMasterKeyProvider, DiscoveryFilter,
    StrictAwsKmsMasterKeyProvider, multi_keyring,
};

const TEXT: &[u8] = b"Hello World";

fn main() -> anyhow::Result<()> {
    let runtime = Runtime::new()?;
    let (kms, keys) = runtime.block_on(Kms::from_args(|kms| kms.create_keys(["us-west-2", "eu-west-1"])))?;
    let readme = Readme { runtime, kms, keys };
    readme.one_key()?;
    readme.encryption_context()?;
    readme.several_keys()?;
    readme.discovery()?;
    readme.discovery_providers()?;
    readme.streaming()?;
    readme.caching()?;
    readme.threads()
}

/// What the programs have in common.
struct Readme {
    runtime: Runtime,
    kms: Kms,
    keys: [String; 2],
}

impl Readme {
    /// "EncryptionSDKClient". Python's client is given its keys with each call.
    fn client(&self, keyring: impl Keyring + 'static) -> Client {
        // client = EncryptionSDKClient(commitment_policy=REQUIRE_ENCRYPT_REQUIRE_DECRYPT)
        Client::new(native::provider(), keyring)
            .commitment_policy(CommitmentPolicy::RequireEncryptRequireDecrypt)
            .runtime(self.runtime.handle().clone())
    }

    fn client_of_first_key(&self) -> anyhow::Result<Client> {
        let [key, _] = &self.keys;
        // keyring = mat_prov.create_aws_kms_keyring(CreateAwsKmsKeyringInput(kms_key_id, kms_client))
        Ok(self.client(self.runtime.block_on(self.kms.keyring(key))?))
    }

    fn one_key(&self) -> anyhow::Result<()> {
        let client = self.client_of_first_key()?;
        // ciphertext, header = client.encrypt(source=text, keyring=keyring)
        let sealed = client.encrypt(TEXT).wait()?;
        // plaintext, header = client.decrypt(source=ciphertext, keyring=keyring)
        let opened = client.decrypt(&sealed.message).wait()?;
        ensure!(opened.plaintext == TEXT && sealed.message != TEXT);
        println!("one key: {} bytes became a message of {}, and back", TEXT.len(), sealed.message.len());
        Ok(())
    }

    fn encryption_context(&self) -> anyhow::Result<()> {
        let client = self.client_of_first_key()?;
        let context = [("is not", "secret"), ("but adds", "useful metadata")];
        // client.encrypt(source=text, keyring=keyring, encryption_context=context)
        let sealed = client.encrypt(TEXT).encryption_context(context.into()).wait()?;
        // client.decrypt(source=ciphertext, keyring=keyring, encryption_context=context)
        let opened = client.decrypt(&sealed.message).encryption_context(context.into()).wait()?;
        ensure!(opened.plaintext == TEXT);
        // assert all(pair in header.encryption_context.items() for pair in context.items())
        let other = client.decrypt(&sealed.message).context("is not", "public").wait();
        println!("with a context; another is refused: {}", refused(other, ErrorClass::Context)?);
        Ok(())
    }

    /// "AwsKmsMultiKeyring": all keys wrap, any one of them unwraps.
    fn several_keys(&self) -> anyhow::Result<()> {
        let [first, second] = &self.keys;
        let keys = AwsKmsKeys::with_generator(first).with_child(second);
        // mat_prov.create_aws_kms_multi_keyring(CreateAwsKmsMultiKeyringInput(generator, kms_key_ids))
        let keyring = self.runtime.block_on(multi_keyring(&self.kms, keys))?;
        let sealed = self.client(keyring).encrypt(TEXT).wait()?;
        ensure!(sealed.header.encrypted_data_keys.len() == 2, "a data key for each");
        for key in [first, second] {
            let alone = self.client(self.runtime.block_on(self.kms.keyring(key))?);
            ensure!(alone.decrypt(&sealed.message).wait()?.plaintext == TEXT);
            println!("several keys: the one in {} opens the message alone", arn(key)?.region());
        }
        // provider = StrictAwsKmsMasterKeyProvider(key_ids=[first, second])
        let provider = StrictAwsKmsMasterKeyProvider::new(self.kms.clone(), [first, second])?;
        let client = self.client(MasterKeyProviderKeyring::new(provider));
        ensure!(client.decrypt(&sealed.message).wait()?.plaintext == TEXT);
        println!("several keys: so does a master key provider, of the README before version 4");
        Ok(())
    }

    /// "AwsKmsDiscoveryKeyring": the message names the key, the filter says whose keys count.
    fn discovery(&self) -> anyhow::Result<()> {
        let [key, _] = &self.keys;
        let sealed = self.client_of_first_key()?.encrypt(TEXT).wait()?;
        let discovery = |account: &str| -> anyhow::Result<Client> {
            let kms = self.runtime.block_on(self.kms.client_of(key))?;
            // DiscoveryFilter(account_ids=[account], partition="aws")
            let filter = DiscoveryFilter::new(arn(key)?.partition(), [account]);
            // mat_prov.create_aws_kms_discovery_keyring(input(kms_client, discovery_filter))
            Ok(self.client(AwsKmsDiscoveryKeyring::new(kms).with_filter(filter)))
        };
        let reader = discovery(arn(key)?.account())?;
        ensure!(reader.decrypt(&sealed.message).wait()?.plaintext == TEXT);
        println!("discovery opens it for the key's account");
        let other = discovery("888888888888")?.decrypt(&sealed.message).wait();
        println!("discovery for another account: {}", refused(other, ErrorClass::Key)?);
        let encrypted = reader.encrypt(TEXT).wait();
        println!("discovery never encrypts: {}", refused(encrypted, ErrorClass::Key)?);
        Ok(())
    }

    /// The same by a master key provider, of every region at once.
    fn discovery_providers(&self) -> anyhow::Result<()> {
        let [key, second] = &self.keys;
        let accounts = [arn(key)?.account().to_owned(), arn(second)?.account().to_owned()];
        let filter = DiscoveryFilter::new(arn(key)?.partition(), accounts);
        // provider = DiscoveryAwsKmsMasterKeyProvider(discovery_filter=filter)
        let provider = DiscoveryAwsKmsMasterKeyProvider::new(self.kms.clone()).with_filter(filter);
        let reader = self.client(MasterKeyProviderKeyring::new(provider));
        for key in &self.keys {
            let writer = self.client(self.runtime.block_on(self.kms.keyring(key))?);
            let sealed = writer.encrypt(TEXT).wait()?;
            ensure!(reader.decrypt(&sealed.message).wait()?.plaintext == TEXT);
        }
        println!("a discovery provider opens messages of both regions");
        Ok(())
    }

    /// "Streaming", and "Performance Considerations": larger frames cost less.
    fn streaming(&self) -> anyhow::Result<()> {
        let (client, directory) = (self.client_of_first_key()?, tempfile::tempdir()?);
        let path = |name: &str| directory.path().join(name);
        fs::write(path("plain"), sample(1 << 20))?;
        // with client.stream(mode="e", source=file, keyring=keyring, frame_length=65536) as encryptor:
        let mut encryptor = client.encrypt_reader(File::open(path("plain"))?).frame_length(65_536).wait()?;
        // for chunk in encryptor: sealed.write(chunk)
        io::copy(&mut encryptor, &mut File::create(path("sealed"))?)?;
        // with client.stream(mode="d", source=sealed, keyring=keyring) as decryptor: ...
        let mut decryptor = client.decrypt_reader(File::open(path("sealed"))?).wait()?;
        io::copy(&mut decryptor, &mut File::create(path("copy"))?)?;
        // assert filecmp.cmp(plain, copy)
        ensure!(fs::read(path("plain"))? == fs::read(path("copy"))?, "another file came back");
        println!("a file of 1 MiB went through a stream both ways");
        with_more_behind_it(&client, &path("sealed"))
    }

    /// "LocalCryptoMaterialsCache", with its limits: one call to KMS for many messages.
    fn caching(&self) -> anyhow::Result<()> {
        let [key, _] = &self.keys;
        let provider = StrictAwsKmsMasterKeyProvider::new(self.kms.clone(), [key])?;
        // cache = LocalCryptoMaterialsCache(capacity)
        let cache = Arc::new(LocalCryptographicMaterialsCache::new(100));
        let mut limits = CacheLimits::new(Duration::from_secs(60));
        limits.max_messages = 10;
        let crypto = native::provider();
        // CachingCryptoMaterialsManager(provider, cache, max_age=60.0, max_messages_encrypted=10)
        let cmm =
            CachingCryptographicMaterialsManager::with_master_key_provider(crypto, provider, cache, limits)?;
        let client = Client::with_cmm(crypto, cmm.clone()).runtime(self.runtime.handle().clone());
        for _ in 0..20 {
            // client.encrypt(source=text, materials_manager=cmm, encryption_context=context)
            client.encrypt(TEXT).context("purpose", "test").wait()?;
        }
        let metrics = cmm.metrics();
        println!("a cache: 20 messages, {} calls to KMS, {} from the cache", metrics.misses, metrics.hits);
        ensure!((metrics.misses, metrics.hits) == (2, 18), "10 messages for each data key");
        Ok(())
    }

    /// "Thread safety": Python wants a provider for each thread. One client does here.
    fn threads(&self) -> anyhow::Result<()> {
        let client = self.client_of_first_key()?;
        let cycle = || -> anyhow::Result<bool> {
            let sealed = client.encrypt(TEXT).wait()?;
            Ok(client.decrypt(&sealed.message).wait()?.plaintext == TEXT)
        };
        thread::scope(|scope| {
            let threads = [(); 4].map(|()| scope.spawn(cycle));
            for thread in threads {
                ensure!(thread.join().ok().context("a thread panicked")??, "another text came back");
            }
            println!("four threads shared one client");
            Ok(())
        })
    }
}

/// What a program sees of a file that goes on behind the message.
fn with_more_behind_it(client: &Client, sealed: &Path) -> anyhow::Result<()> {
    File::options().append(true).open(sealed)?.write_all(b"more")?;
    let mut decryptor = client.decrypt_reader(File::open(sealed)?).wait()?;
    let error = io::copy(&mut decryptor, &mut io::sink()).err().context("what is behind it was not seen")?;
    let class = waxseal::Error::behind(&error).map(waxseal::Error::class);
    ensure!(class == Some(ErrorClass::TrailingBytes), "refused for another reason: {error}");
    println!("the same file with four bytes more: {error}");
    Ok(())
}
