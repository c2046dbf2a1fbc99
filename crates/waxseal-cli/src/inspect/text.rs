//! A report for people.

use super::report::{DataKey, Report};
use crate::terminal::printable;

/// The report in lines of a label and a value.
pub(super) fn of(report: &Report<'_>) -> String {
    let mut text = Lines(String::new());
    text.line("format version", report.format_version);
    text.line("algorithm suite", &suite(report));
    text.line("message id", &report.message_id);
    context(&mut text, report);
    for (index, key) in report.encrypted_data_keys.iter().enumerate() {
        data_key(&mut text, index.saturating_add(1), key);
    }
    body(&mut text, report);
    report.problem.iter().for_each(|problem| text.line("problem", &printable(problem)));
    text.0
}

struct Lines(String);

impl Lines {
    fn line(&mut self, label: &str, value: &str) {
        self.0.push_str(&format!("{label:<17}{value}\n"));
    }
}

fn suite(report: &Report<'_>) -> String {
    let suite = &report.algorithm_suite;
    let commitment = if suite.key_commitment { "key commitment" } else { "no key commitment" };
    let signature = if suite.signed { "signed" } else { "not signed" };
    format!("{} {}, {commitment}, {signature}", suite.id, suite.name)
}

fn context(text: &mut Lines, report: &Report<'_>) {
    if report.encryption_context.is_empty() {
        text.line("context", "none");
    }
    let mut label = "context";
    for (key, value) in report.encryption_context {
        text.line(label, &format!("{} = {}", printable(key), printable(value)));
        label = "";
    }
}

fn data_key(text: &mut Lines, number: usize, key: &DataKey<'_>) {
    let name = key.key.map_or_else(|| format!("(hex) {}", key.provider_info), printable);
    text.line(&format!("data key {number}"), &format!("provider {}", printable(key.provider)));
    text.line("", &format!("key {name}"));
    key.wrapping_iv.iter().for_each(|iv| text.line("", &format!("wrapping IV {iv}")));
    text.line("", &format!("{} bytes wrapped", key.wrapped_length));
}

fn body(text: &mut Lines, report: &Report<'_>) {
    let bytes = |len: u64| format!("{len} bytes");
    match (report.frame_length, report.frames) {
        (Some(frame_length), Some(frames)) => {
            text.line("frame length", &bytes(frame_length.into()));
            text.line("frames", &frames.to_string());
        }
        _ => text.line("frames", "none, the body is unframed"),
    }
    text.line("plaintext", &bytes(report.plaintext_length));
    text.line("header", &bytes(report.header_length));
    text.line("body", &bytes(report.body_length));
    match report.signature_length {
        Some(len) => text.line("signature", &bytes(len.into())),
        None => text.line("signature", "none"),
    }
    text.line("message", &bytes(report.message_length));
}
