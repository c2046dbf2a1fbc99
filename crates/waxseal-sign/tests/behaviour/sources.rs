//! Content from files, async readers and streams gives one digest.

use std::io::Write;

use bytes::Bytes;
use waxseal_sign::{ContentDigest, ContentHasher, DigestKind, Method};

use crate::place::{Place, crypto};

/// Longer than the buffers, and no multiple of them.
fn content() -> Vec<u8> {
    (0..=250_u8).cycle().take(1_000_003).collect()
}

#[tokio::test]
async fn every_source_gives_one_digest() {
    let content = content();
    for kind in [DigestKind::Sha256, DigestKind::Sha512, DigestKind::Sha512AndBlake2b512OfBase64] {
        let whole = ContentDigest::of(crypto(), kind, &content);
        assert_eq!(ContentDigest::of_async_reader(crypto(), kind, content.as_slice()).await.unwrap(), whole);
        let pieces =
            content.chunks(70_001).map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece)));
        let stream = futures_util::stream::iter(pieces);
        assert_eq!(ContentDigest::of_stream(crypto(), kind, stream).await.unwrap(), whole);
        let mut hasher = ContentHasher::new(crypto(), kind);
        hasher.write_all(&content).unwrap();
        assert_eq!(hasher.finish(), whole);
    }
}

#[tokio::test]
async fn a_failing_source_gives_no_digest() {
    let failing = || [Ok(Bytes::from_static(b"a")), Err(std::io::Error::other("gone"))];
    let stream = futures_util::stream::iter(failing());
    assert!(ContentDigest::of_stream(crypto(), DigestKind::Sha512, stream).await.is_err());
}

#[tokio::test]
async fn an_async_file_is_signed() {
    let place = Place::new();
    let key = place.key_for(Method::EncryptedDigest);
    let signer = place.signer(Method::EncryptedDigest, &key, &[]);
    let content = content();
    let digest = signer.digest_async_reader(content.as_slice()).await.unwrap();
    assert_eq!(digest, signer.digest_reader(content.as_slice()).unwrap());
    let envelope = signer.sign(&digest).await.unwrap();
    place.verifier(&[&key]).verify(&envelope, &digest).await.unwrap();
}
