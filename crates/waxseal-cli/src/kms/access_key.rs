//! `--access-key`: who may call the server, and as whom.

use std::str::FromStr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use waxseal::SecretBytes;
use waxseal_local_kms::{AccessKey, LocalKms};
use zeroize::Zeroizing;

use super::store;
use crate::failure::Failure;
use crate::provider::Provider;

/// The id of the access key that a server makes when it has been given none: the same in every
/// run, so that a store keeps one.
const OWN_ID: &str = "AKIAWAXSEALLOCALKMS0";
/// AWS's secrets have 40 characters of base64.
const SECRET_LEN: usize = 30;

/// `ID:SECRET[=ARN]`.
#[derive(Clone)]
pub(super) struct AccessKeyArgument {
    id: String,
    secret: Arc<SecretBytes>,
    principal: Option<String>,
}

impl FromStr for AccessKeyArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const FORM: &str = "expected ID:SECRET, or ID:SECRET=ARN with the ARN of a principal";
        let (id, rest) = text.split_once(':').ok_or(FORM)?;
        // Secrets and names of sessions can have equals signs too.
        let (secret, principal) = match rest.rsplit_once("=arn:") {
            Some((secret, principal)) => (secret, Some(format!("arn:{principal}"))),
            None => (rest, None),
        };
        let is_id = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_id(id) || secret.is_empty() {
            return Err(FORM.to_owned());
        }
        let secret = Arc::new(SecretBytes::copy_of(secret.as_bytes()));
        Ok(Self { id: id.to_owned(), secret, principal })
    }
}

impl AccessKeyArgument {
    /// Makes it known to `kms`.
    pub(super) fn add_to(&self, kms: &LocalKms) -> Result<(), Failure> {
        let principal = self.principal.clone().unwrap_or_else(|| user_of(kms.account(), &self.id));
        let key = AccessKey { id: self.id.clone(), secret: Arc::clone(&self.secret), principal };
        kms.add_access_key(key).map_err(store::failure)
    }
}

/// Secrets are not printed.
impl std::fmt::Debug for AccessKeyArgument {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AccessKeyArgument").field("id", &self.id).finish_non_exhaustive()
    }
}

/// The access key that a server has of itself; the account's root calls by it.
pub(super) fn own(kms: &LocalKms) -> Result<AccessKey, Failure> {
    if let Some(key) = kms.access_key(OWN_ID) {
        return Ok(key);
    }
    let random =
        SecretBytes::random(Provider::DEFAULT.crypto().random, SECRET_LEN).map_err(Failure::randomness)?;
    let secret = Zeroizing::new(STANDARD.encode(random.expose()));
    let secret = Arc::new(SecretBytes::copy_of(secret.as_bytes()));
    let principal = format!("arn:aws:iam::{}:root", kms.account());
    let key = AccessKey { id: OWN_ID.to_owned(), secret, principal };
    kms.add_access_key(key.clone()).map_err(store::failure)?;
    Ok(key)
}

fn user_of(account: &str, id: &str) -> String {
    format!("arn:aws:iam::{account}:user/{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_principal_is_an_arn_behind_an_equals_sign() {
        let key: AccessKeyArgument = "AKID:a/b+c=arn:aws:iam::111122223333:user/a".parse().unwrap();
        assert_eq!((key.id.as_str(), key.secret.expose()), ("AKID", b"a/b+c".as_slice()));
        assert_eq!(key.principal.as_deref(), Some("arn:aws:iam::111122223333:user/a"));
        let session = "arn:aws:sts::111122223333:assumed-role/r/who=a";
        let key: AccessKeyArgument = format!("AKID:a+c===arn:aws:iam::1:root={session}").parse().unwrap();
        assert_eq!(key.principal.as_deref(), Some(session));
        let key: AccessKeyArgument = format!("AKID:YWI=={session}").parse().unwrap();
        assert_eq!((key.secret.expose(), key.principal.as_deref()), (b"YWI=".as_slice(), Some(session)));
        let key: AccessKeyArgument = "AKID:YWI=".parse().unwrap();
        assert_eq!((key.secret.expose(), key.principal), (b"YWI=".as_slice(), None));
        assert_eq!("AKID:secret".parse::<AccessKeyArgument>().unwrap().principal, None);
    }

    #[test]
    fn other_forms_are_refused() {
        for wrong in ["", "AKID", "AKID:", ":secret", "A KID:secret", "AKID:=arn:aws:iam::1:root"] {
            assert!(wrong.parse::<AccessKeyArgument>().is_err(), "{wrong:?}");
        }
    }
}
