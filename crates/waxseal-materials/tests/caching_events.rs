//! What a cache tells of itself.
#![cfg(feature = "cache")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/caching.rs"]
#[allow(dead_code)]
mod caching;

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use caching::{
    Cmm, Local, MINUTE, Service, cached, cached_with, encrypt, limits, poll_once, to_decrypt, to_encrypt,
};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use waxseal_format::AlgorithmSuite;
use waxseal_materials::{CommitmentPolicy, CryptographicMaterialsManager, NullCryptographicMaterialsCache};

/// Notes the fields of every event of the target.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

/// Panics where it should note that an entry left.
#[derive(Clone, Default)]
struct Panics(Notes);

impl Subscriber for Panics {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.0.enabled(metadata)
    }

    fn event(&self, event: &Event<'_>) {
        self.0.event(event);
        let told = self.0.0.lock().unwrap().last().unwrap().contains("evicted");
        assert!(!told, "the subscriber panics");
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        self.0.new_span(span)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl Notes {
    /// Each line that was told begins as it is expected to, and there are no others.
    fn are(&self, expected: &[&str]) {
        let told = self.0.lock().unwrap();
        assert_eq!(told.len(), expected.len(), "{told:#?}");
        for (told, expected) in told.iter().zip(expected) {
            assert!(told.starts_with(expected), "{told:?} is not {expected:?}");
        }
    }
}

impl Subscriber for Notes {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "waxseal::cache"
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        self.0.lock().unwrap().push(line.0);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0 += &format!(" {}={value:?}", field.name());
    }
}

#[tokio::test]
async fn every_answer_is_an_event_with_its_operation_and_reason() {
    let notes = Notes::default();
    let _subscribed = tracing::subscriber::set_default(notes.clone());
    let service = Service::new();
    let (cmm, _, clock) = cached(&service, limits(|_| ()));
    encrypt(&cmm, "7").await;
    encrypt(&cmm, "7").await;
    let mut unknown = to_encrypt("7", 0);
    unknown.max_plaintext_len = None;
    cmm.get_encryption_materials(unknown).await.unwrap();
    service.deny(true);
    clock.turn(MINUTE * 11 / 12);
    encrypt(&cmm, "7").await;
    clock.turn(MINUTE);
    assert!(cmm.get_encryption_materials(to_encrypt("7", 1)).await.is_err());
    notes.are(&[
        "DEBUG message=miss operation=\"encrypt\"",
        "TRACE message=hit operation=\"encrypt\"",
        "DEBUG message=bypass operation=\"encrypt\" reason=\"unknown length\"",
        "DEBUG message=refresh operation=\"encrypt\"",
        "WARN message=refresh failed operation=\"encrypt\" error=",
        "DEBUG message=evicted cause=\"expired\"",
        "DEBUG message=miss operation=\"encrypt\"",
    ]);
}

#[tokio::test]
async fn a_wait_and_a_used_up_entry_are_events() {
    let notes = Notes::default();
    let _subscribed = tracing::subscriber::set_default(notes.clone());
    let service = Service::gated();
    let (cmm, ..) = cached_with(&service, |_| (), limits(|limits| limits.max_messages = 2));
    let request = || Box::pin(cmm.get_encryption_materials(to_encrypt("7", 10)));
    let (mut first, mut second) = (request(), request());
    assert!(poll_once(&mut first).is_pending() && poll_once(&mut second).is_pending());
    service.let_through(1);
    first.await.unwrap();
    second.await.unwrap();
    notes.are(&[
        "DEBUG message=miss operation=\"encrypt\"",
        "DEBUG message=wait operation=\"encrypt\"",
        "DEBUG message=exhausted operation=\"encrypt\"",
    ]);
}

#[tokio::test]
async fn decryption_is_told_as_such() {
    let notes = Notes::default();
    let service = Service::gated();
    let (cmm, cache, clock) = cached(&service, limits(|_| ()));
    service.let_through(1);
    let request = to_decrypt(&encrypt(&cmm, "7").await);
    let _subscribed = tracing::subscriber::set_default(notes.clone());
    let decrypt = || Box::pin(cmm.decrypt_materials(request.clone()));
    let (mut first, mut second) = (decrypt(), decrypt());
    assert!(poll_once(&mut first).is_pending() && poll_once(&mut second).is_pending());
    service.let_through(1);
    first.await.unwrap();
    second.await.unwrap();
    decrypt().await.unwrap();
    clock.turn(MINUTE * 11 / 12);
    service.deny(true);
    service.let_through(1);
    decrypt().await.unwrap();
    cache.clear();
    notes.are(&[
        "DEBUG message=miss operation=\"decrypt\"",
        "DEBUG message=wait operation=\"decrypt\"",
        "TRACE message=hit operation=\"decrypt\"",
        "DEBUG message=refresh operation=\"decrypt\"",
        "WARN message=refresh failed operation=\"decrypt\" error=",
        "DEBUG message=evicted cause=\"deleted\"",
        "DEBUG message=evicted cause=\"deleted\"",
    ]);
}

#[tokio::test]
async fn every_reason_to_pass_the_cache_by_has_its_name() {
    let notes = Notes::default();
    let service = Service::new();
    let (cmm, ..) = cached(&service, limits(|limits| limits.max_bytes = 100));
    encrypt(&cmm, "7").await;
    let none = Arc::new(NullCryptographicMaterialsCache::new());
    let crypto = waxseal_native::provider();
    let none = Cmm::with_keyring(crypto, service.clone(), none, limits(|_| ())).unwrap();
    let _subscribed = tracing::subscriber::set_default(notes.clone());
    encrypt(&none, "7").await;
    cmm.get_encryption_materials(to_encrypt("7", 101)).await.unwrap();
    let mut unlike = to_encrypt("7", 1);
    unlike.commitment_policy = CommitmentPolicy::RequireEncryptAllowDecrypt;
    cmm.get_encryption_materials(unlike).await.unwrap();
    let mut identity = to_encrypt("7", 1);
    identity.suite = Some(AlgorithmSuite::AES_256_GCM_IV12_TAG16_NO_KDF);
    identity.commitment_policy = CommitmentPolicy::ForbidEncryptAllowDecrypt;
    cmm.get_encryption_materials(identity).await.unwrap();
    notes.are(&[
        "DEBUG message=bypass operation=\"encrypt\" reason=\"no cache\"",
        "DEBUG message=bypass operation=\"encrypt\" reason=\"beyond limits\"",
        "DEBUG message=bypass operation=\"encrypt\" reason=\"unlike\"",
        "DEBUG message=bypass operation=\"encrypt\" reason=\"identity KDF\"",
    ]);
}

#[tokio::test]
async fn what_leaves_a_cache_is_told_with_its_cause() {
    let notes = Notes::default();
    let service = Service::new();
    let cache = Arc::new(Local::new(1));
    let cmm = caching::cmm(&service, &cache, limits(|_| ()));
    encrypt(&cmm, "7").await;
    let _subscribed = tracing::subscriber::set_default(notes.clone());
    encrypt(&cmm, "8").await;
    cache.clear();
    notes.are(&[
        "DEBUG message=miss operation=\"encrypt\"",
        "DEBUG message=evicted cause=\"capacity\"",
        "DEBUG message=evicted cause=\"deleted\"",
    ]);
}

#[tokio::test]
async fn a_subscriber_that_panics_keeps_no_key_from_being_wiped() {
    let _subscribed = tracing::subscriber::set_default(Panics::default());
    let cache = Arc::new(Local::new(1));
    let cmm = caching::cmm(&Service::new(), &cache, limits(|_| ()));
    for tenant in ["a", "b", "c"] {
        let key = Arc::downgrade(encrypt(&cmm, tenant).await.data_key().unwrap());
        assert_eq!(key.strong_count(), 1);
        encrypt(&cmm, "other").await;
        assert_eq!(key.strong_count(), 0, "{tenant}");
    }
}
