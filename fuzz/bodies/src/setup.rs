//! What the bodies share: providers, keys and clients, set up once.

use std::cell::Cell;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use waxseal::crypto::{CryptoError, Random, SigningKey};
use waxseal::format::SignatureAlgorithm;
use waxseal::{
    AlgorithmSuite, Client, CommitmentPolicy, CryptoProvider, DecryptOptions, EncryptOptions, MultiKeyring,
    RawAesKeyring, SecretBytes, native, rustcrypto,
};

use crate::Choices;

/// The namespace of the fuzzers' own key.
pub(crate) const NAMESPACE: &str = "waxseal-fuzz";

/// Its name.
pub(crate) const KEY_NAME: &str = "key";

/// The key itself.
pub(crate) const KEY: [u8; 32] = [0x42; 32];

/// Keys of test vectors, the project's own and published ones, so that messages from there are
/// opened too: namespace, name, bytes in base64.
const VECTOR_KEYS: [(&str, &str, &str); 6] = [
    ("waxseal-test", "aes-128", "U9QEUWBZGeC/CCb6vN2Qkw=="),
    ("waxseal-test", "aes-192", "XZBbadYE4+w7vNbHRdzSOE88/0IeaEqS"),
    ("waxseal-test", "aes-256", "UZqkdhD2xBnn75Yj4B9UVmbi9czkURjxcTztGCMyl0g="),
    ("aws-raw-vectors-persistant", "aes-256", "AAECAwQFBgcICRAREhMUFRYXGBkgISIjJCUmJygpMDE="),
    ("aws-raw-vectors-persistent-aes-256", "aes-256", "AAECAwQFBgcICRAREhMUFRYXGBkgISIjJCUmJygpMDE="),
    ("aws-raw-vectors-persistent-aes-128", "aes-128", "AAECAwQFBgcICRAREhMUFQ=="),
];

/// Most messages that are made have this many encrypted data keys at most.
pub(crate) const MAX_DATA_KEYS: usize = 4;

/// Both providers, with randomness that repeats itself, so that a finding does too. Keys and
/// signatures of ECDSA and RSA padding still take the libraries' own.
pub(crate) fn providers() -> [&'static CryptoProvider; 2] {
    static PROVIDERS: OnceLock<[CryptoProvider; 2]> = OnceLock::new();
    PROVIDERS
        .get_or_init(|| {
            [native::provider(), rustcrypto::provider()]
                .map(|provider| CryptoProvider { random: &Repeatable, ..*provider })
        })
        .each_ref()
}

thread_local! {
    static DRAWN: Cell<u64> = const { Cell::new(0) };
}

/// Starts the randomness over. Every body that uses it does this first.
pub(crate) fn restart_randomness() {
    DRAWN.set(0);
}

/// Bytes that differ from call to call, and are the same in every run.
#[derive(Debug)]
struct Repeatable;

impl Random for Repeatable {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), CryptoError> {
        for byte in bytes {
            let drawn = DRAWN.get() + 1;
            DRAWN.set(drawn);
            *byte = drawn.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes()[0];
        }
        Ok(())
    }
}

/// A client of each provider whose messages have this many encrypted data keys, from 1 to
/// [`MAX_DATA_KEYS`]. Each opens what any other wrote.
pub(crate) fn clients(data_keys: usize) -> &'static [Client; 2] {
    static CLIENTS: OnceLock<Vec<[Client; 2]>> = OnceLock::new();
    let all = CLIENTS.get_or_init(|| {
        (1..=VECTOR_KEYS.len() + 1).map(|count| providers().map(|crypto| client(crypto, count))).collect()
    });
    &all[data_keys - 1]
}

/// A client of each provider that opens the fuzzers' own messages and those of the vectors. It
/// would also encrypt, slowly, for all those keys.
pub(crate) fn openers() -> &'static [Client; 2] {
    clients(VECTOR_KEYS.len() + 1)
}

fn client(crypto: &'static CryptoProvider, data_keys: usize) -> Client {
    let own = RawAesKeyring::new(crypto, NAMESPACE, KEY_NAME, SecretBytes::from(KEY)).unwrap();
    let more = VECTOR_KEYS.iter().take(data_keys - 1).map(|(namespace, name, key)| {
        let key = SecretBytes::from(STANDARD.decode(key).unwrap());
        RawAesKeyring::new(crypto, *namespace, *name, key).unwrap()
    });
    Client::new(crypto, more.fold(MultiKeyring::with_generator(own), MultiKeyring::with_child))
}

/// Whose signature it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signer {
    Right,
    Other,
}

/// A signing key of one process.
pub(crate) fn signer(algorithm: SignatureAlgorithm, who: Signer) -> &'static dyn SigningKey {
    static SIGNERS: OnceLock<[Box<dyn SigningKey>; 4]> = OnceLock::new();
    let signers = SIGNERS.get_or_init(|| {
        let (p256, p384) = (SignatureAlgorithm::EcdsaP256Sha256, SignatureAlgorithm::EcdsaP384Sha384);
        [p256, p256, p384, p384].map(|algorithm| providers()[0].signatures.generate(algorithm).unwrap())
    });
    let pair = 2 * usize::from(algorithm == SignatureAlgorithm::EcdsaP384Sha384);
    &*signers[pair + who as usize]
}

/// Any suite; those without signature, which are faster, more often.
pub(crate) fn pick_suite(choices: &mut Choices<'_>) -> &'static AlgorithmSuite {
    let fast = AlgorithmSuite::ALL.iter().copied().filter(|suite| !suite.signs());
    let suites: Vec<_> = fast.clone().chain(fast).chain(AlgorithmSuite::ALL.iter().copied()).collect();
    choices.pick(&suites)
}

/// The client under the policy of a call's options, which by themselves don't change it.
pub(crate) fn under(client: &Client, policy: CommitmentPolicy) -> Client {
    client.clone().commitment_policy(policy)
}

/// Options that let `suite` be written.
pub(crate) fn encrypt_options(suite: &'static AlgorithmSuite) -> EncryptOptions {
    let mut options = EncryptOptions::default();
    options.suite = Some(suite);
    if !suite.commits() {
        options.commitment_policy = CommitmentPolicy::ForbidEncryptAllowDecrypt;
    }
    options
}

/// Options that let every suite be read, with limits that keep a run short.
pub(crate) fn decrypt_options() -> DecryptOptions {
    let mut options = DecryptOptions::default();
    options.commitment_policy = CommitmentPolicy::RequireEncryptAllowDecrypt;
    options.max_frame_length = 1 << 20;
    options.max_unframed_len = 1 << 20;
    options
}
