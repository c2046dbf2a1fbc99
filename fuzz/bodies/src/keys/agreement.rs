//! Both providers take the same keys, and use them alike.

use waxseal::RsaPadding;
use waxseal::crypto::{RsaPrivateDer, RsaPublicDer, RsaPublicKey};

use crate::setup::providers;

pub(super) fn check_public(key: &RsaPublicDer) {
    let [native, rustcrypto] = providers().map(|provider| provider.rsa.public_key(key));
    assert_eq!(native.is_ok(), rustcrypto.is_ok(), "{native:?}, {rustcrypto:?}: {:02x?}", key.as_der());
    if let (Ok(native), Ok(rustcrypto)) = (native, rustcrypto) {
        assert_eq!(wrapped_len(&*native), wrapped_len(&*rustcrypto));
    }
}

/// The length of a wrapped secret, if the key wraps any.
fn wrapped_len(key: &dyn RsaPublicKey) -> Option<usize> {
    key.wrap(RsaPadding::OaepSha256, &[7; 32]).ok().map(|wrapped| wrapped.len())
}

pub(super) fn check_private(key: &RsaPrivateDer, use_it: bool) {
    let [native, rustcrypto] = providers().map(|provider| provider.rsa.private_key(key));
    assert_eq!(native.is_ok(), rustcrypto.is_ok(), "{native:?}, {rustcrypto:?}");
    let (Ok(native), Ok(rustcrypto)) = (native, rustcrypto) else { return };
    let public = native.public_key().unwrap();
    assert_eq!(rustcrypto.public_key().unwrap(), public);
    for provider in providers().into_iter().filter(|_| use_it) {
        let wrapping = provider.rsa.public_key(&public).unwrap();
        let wrapped = wrapping.wrap(RsaPadding::Pkcs1v15, &[7; 32]).unwrap();
        let unwrapped = [&native, &rustcrypto].map(|key| key.unwrap(RsaPadding::Pkcs1v15, &wrapped).ok());
        let same =
            unwrapped.each_ref().map(|secret| secret.as_ref().map(|secret| secret.expose() == [7; 32]));
        assert_eq!(same, [Some(true); 2], "unwrapped by native, by rustcrypto");
    }
}
