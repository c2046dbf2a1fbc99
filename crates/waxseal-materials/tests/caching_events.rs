//! What a cache tells of itself.
#![cfg(feature = "cache")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "support/caching.rs"]
#[allow(dead_code)]
mod caching;

use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use caching::{MINUTE, Service, cached, encrypt, limits, to_encrypt};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use waxseal_materials::CryptographicMaterialsManager;

/// Notes the fields of every event of the target.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

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
    let told = notes.0.lock().unwrap();
    let expected = [
        "DEBUG message=miss operation=\"encrypt\"",
        "TRACE message=hit operation=\"encrypt\"",
        "DEBUG message=bypass operation=\"encrypt\" reason=\"unknown length\"",
        "DEBUG message=refresh operation=\"encrypt\"",
        "WARN message=refresh failed operation=\"encrypt\" error=",
        "DEBUG message=evicted cause=\"expired\"",
        "DEBUG message=miss operation=\"encrypt\"",
    ];
    assert_eq!(told.len(), expected.len(), "{told:#?}");
    for (told, expected) in told.iter().zip(expected) {
        assert!(told.starts_with(expected), "{told:?} is not {expected:?}");
    }
}
