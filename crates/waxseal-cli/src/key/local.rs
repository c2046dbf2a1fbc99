//! Keys of the embedded KMS, in process.

use std::path::PathBuf;
use std::sync::Arc;

use waxseal::Keyring;
use waxseal_kms::AwsKmsMrkKeyring;
use waxseal_local_kms::{LocalKms, LocalKmsClient};

use crate::failure::Failure;
use crate::kms::{CallerArgs, Calls, Store};

/// A key as `local:` names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LocalKey {
    /// An alias, a key's id or its ARN.
    pub(crate) name: String,
    pub(crate) store: Store,
    pub(crate) caller: CallerArgs,
}

/// The `--key` argument of a key that was named by these options of the command line.
pub(crate) fn for_local(name: &str, store: &Store, region: Option<&str>) -> String {
    let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.display().to_string());
    let options = [
        ("store", path(&store.file)),
        ("store-key", path(&store.key)),
        ("passphrase-file", path(&store.passphrase_file)),
        ("region", region.map(str::to_owned)),
    ];
    let given =
        options.into_iter().filter_map(|(option, value)| Some(format!("{option}={}", encoded(&value?))));
    match given.collect::<Vec<_>>().join("&").as_str() {
        "" => format!("local:{name}"),
        options => format!("local:{name}?{options}"),
    }
}

/// `value` without what ends an option.
fn encoded(value: &str) -> String {
    value.replace('%', "%25").replace('&', "%26").replace('?', "%3F")
}

/// The stores of a run: each can be opened once at a time.
#[derive(Default)]
pub(super) struct Stores(Vec<(Store, LocalKms)>);

impl Stores {
    pub(super) fn keyring(&mut self, key: &LocalKey) -> Result<Arc<dyn Keyring>, Failure> {
        let (client, arn) = self.client(key)?;
        let keyring = AwsKmsMrkKeyring::new(Arc::new(client), arn.as_str());
        Ok(Arc::new(keyring.map_err(|error| Failure::wrong_use(error).about(key))?))
    }

    /// The caller's client, and the key's ARN.
    pub(super) fn client(&mut self, key: &LocalKey) -> Result<(LocalKmsClient, String), Failure> {
        let kms = self.open(&key.store)?;
        let arn = arn(&kms, key).map_err(|failure| failure.about(key))?;
        let caller = key.in_region_of(&arn).of(&kms);
        Ok((kms.client(&caller.principal, &caller.region), arn))
    }

    fn open(&mut self, store: &Store) -> Result<LocalKms, Failure> {
        let store = store.canonical()?;
        if let Some((open, kms)) = self.0.iter().find(|(open, _)| open.file == store.file) {
            return match *open == store {
                true => Ok(kms.clone()),
                false => Err(Failure::usage("one store is named with two keys that open it")),
            };
        }
        let kms = store.open()?;
        self.0.push((store, kms.clone()));
        Ok(kms)
    }
}

impl LocalKey {
    /// `option` takes an option by its name.
    pub(super) fn new(name: &str, mut option: impl FnMut(&str) -> Option<String>) -> Self {
        let mut file = |name| option(name).map(PathBuf::from);
        let (store, key, passphrase_file) = (file("store"), file("store-key"), file("passphrase-file"));
        Self {
            name: name.to_owned(),
            store: Store { file: store, key, passphrase_file, account: None },
            caller: CallerArgs { region: option("region"), principal: option("principal") },
        }
    }

    /// The caller; an ARN says its own region.
    fn in_region_of(&self, arn: &str) -> CallerArgs {
        let region = arn.split(':').nth(3).map(str::to_owned);
        CallerArgs { region, ..self.caller.clone() }
    }
}

impl std::fmt::Display for LocalKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "local:{}", self.name)
    }
}

/// The ARN that messages name the key by. Who may use the key need not be allowed to look at it,
/// so it is the store's owner who looks.
fn arn(kms: &LocalKms, key: &LocalKey) -> Result<String, Failure> {
    if key.name.starts_with("arn:") {
        return Ok(key.name.clone());
    }
    let owner = CallerArgs { principal: None, ..key.caller.clone() };
    let region = owner.of(kms).region;
    let id = Calls::new(kms.clone(), &owner).without_alias(&key.name)?;
    Ok(format!("arn:aws:kms:{region}:{}:key/{id}", kms.account()))
}
