//! `waxseal inspect`.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};

use serde_json::{Value, json};
use waxseal::AlgorithmSuite;
use waxseal::format::{
    BlockHead, BlockKind, ContentType, EncryptedDataKey, EncryptionContext, Header, HeaderAuthentication,
    MessageId,
};

use crate::support::{Place, Run, noise};

fn parsed(run: &Run) -> Value {
    serde_json::from_str(run.text()).unwrap()
}

/// The JSON of the message `m`, which must be whole.
fn inspected(place: &Place) -> Value {
    parsed(&place.run(&["inspect", "--json", "m"]).ends(0))
}

#[test]
fn versions_suites_and_signatures() {
    let place = Place::new();
    place.write("file", noise(10_000));
    for (id, version, signature) in [
        ("0x0014", "1.0", None),
        ("0x0178", "1.0", None),
        ("0x0214", "1.0", Some(71)),
        ("0x0378", "1.0", Some(103)),
        ("0x0478", "2.0", None),
        ("0x0578", "2.0", Some(103)),
    ] {
        let policy =
            if version == "1.0" { "ForbidEncryptAllowDecrypt" } else { "RequireEncryptAllowDecrypt" };
        let args = ["file", "-o", "m", "--force", "--algorithm", id, "--commitment-policy", policy];
        place.encrypt(&[&args[..], &["--context", "a=1", "--frame-length", "4K"]].concat()).ends(0);
        let found = inspected(&place);
        let message_len = place.read("m").len();
        let footer_len = signature.map_or(0, |len| len + 2);
        let body_len = 2 * (16 + 4096 + 16) + 24 + (10_000 - 8192) + 16;
        assert_eq!(found["format_version"], version);
        assert_eq!(found["algorithm_suite"]["id"], id);
        assert_eq!(found["algorithm_suite"]["signed"], signature.is_some());
        assert_eq!(found["algorithm_suite"]["key_commitment"], version == "2.0");
        assert_eq!(found["message_id"].as_str().unwrap().len(), if version == "1.0" { 32 } else { 64 });
        assert_eq!(found["encryption_context"]["a"], "1");
        assert_eq!(
            found["encryption_context"].as_object().unwrap().len(),
            1 + usize::from(signature.is_some())
        );
        assert_eq!((&found["frame_length"], &found["frames"]), (&json!(4096), &json!(3)));
        assert_eq!(found["plaintext_length"], 10_000);
        assert_eq!(found["body_length"], body_len);
        assert_eq!(found["signature_length"], json!(signature));
        assert_eq!(found["header_length"], message_len - body_len - footer_len);
        assert_eq!(found["message_length"], message_len);
        assert_eq!(found["problem"], Value::Null);
    }
}

#[test]
fn data_keys_of_every_provider() {
    let place = Place::new();
    place.run(&["-q", "keygen", "rsa", "r.pem", "--bits", "2048"]).ends(0);
    place.write("file", "content");
    place.encrypt(&["file", "-o", "m", "--key", "rsa:r.pem?namespace=ns&name=my%20rsa"]).ends(0);
    let keys = inspected(&place)["encrypted_data_keys"].clone();
    assert_eq!((&keys[0]["provider"], &keys[0]["key"]), (&json!("waxseal"), &json!("one")));
    assert_eq!(keys[0]["wrapping_iv"].as_str().unwrap().len(), 24);
    assert_eq!(keys[0]["wrapped_length"], 48);
    assert_eq!((&keys[1]["provider"], &keys[1]["key"]), (&json!("ns"), &json!("my rsa")));
    assert_eq!((&keys[1]["wrapping_iv"], &keys[1]["wrapped_length"]), (&Value::Null, &json!(256)));
    assert_eq!(keys[1]["provider_info"], "6d7920727361");
}

#[test]
fn the_text_has_what_the_json_has() {
    let place = Place::new();
    place.write("file", noise(5000));
    place.encrypt(&["file", "-o", "m", "--context", "a=\u{1b}[31m"]).ends(0);
    let (found, run) = (inspected(&place), place.run(&["inspect", "m"]).ends(0));
    let text = run.text();
    let public_key = found["encryption_context"]["aws-crypto-public-key"].as_str().unwrap();
    for part in [
        "format version   2.0\n",
        "algorithm suite  0x0578 AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384, key commitment, signed\n",
        &format!("message id       {}\n", found["message_id"].as_str().unwrap()),
        "context          a = \\u{1b}[31m\n",
        &format!("                 aws-crypto-public-key = {public_key}\n"),
        "data key 1       provider waxseal\n                 key one\n",
        "frame length     4096 bytes\nframes           2\nplaintext        5000 bytes\n",
        "signature        103 bytes\n",
        &format!("message          {} bytes\n", place.read("m").len()),
    ] {
        assert!(text.contains(part), "{part:?} is missing in\n{text}");
    }
}

#[test]
fn standard_input_and_armor_show_the_same() {
    let place = Place::new();
    place.write("file", noise(50_000));
    place.encrypt(&["file", "-o", "m"]).ends(0);
    let (found, message) = (inspected(&place), place.read("m"));
    assert_eq!(parsed(&place.run_with(&["inspect", "--json", "-"], &message).ends(0)), found);
    let file = File::open(place.path("m")).unwrap();
    let output = place.command(&["inspect", "--json", "-"]).stdin(file).output().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&output.stdout).unwrap(), found);

    place.encrypt(&["file", "-o", "m", "--armor", "--force"]).ends(0);
    let armored = parsed(&place.run(&["inspect", "--json", "--armor", "m"]).ends(0));
    assert_eq!(armored["message_length"], found["message_length"]);
    place.run(&["inspect", "m"]).ends(1).says("--armor");
}

#[test]
fn what_is_cut_or_followed_is_shown_as_far_as_it_goes() {
    let place = Place::new();
    place.write("file", noise(10_000));
    place.encrypt(&["file", "-o", "m"]).ends(0);
    let (whole, message) = (inspected(&place), place.read("m"));
    let header_len = whole["header_length"].as_u64().unwrap() as usize;
    let body_end = header_len + whole["body_length"].as_u64().unwrap() as usize;
    for cut in [
        header_len,
        header_len + 10,
        header_len + 4128,
        body_end - 1,
        body_end,
        body_end + 1,
        message.len() - 1,
    ] {
        for from_stdin in [false, true] {
            place.write("cut", &message[..cut]);
            let run = match from_stdin {
                true => place.run_with(&["inspect", "--json", "-"], &message[..cut]),
                false => place.run(&["inspect", "--json", "cut"]),
            };
            let found = parsed(&run.ends(1).says("truncated"));
            let regular = ((cut - header_len) / 4128).min(2);
            assert_eq!(found["frames"], regular + usize::from(cut >= body_end));
            assert_eq!(found["body_length"], cut.min(body_end) - header_len);
            assert!(found["problem"].as_str().unwrap().contains("truncated"));
        }
    }
    place.write("cut", &message[..header_len - 1]);
    assert!(place.run(&["inspect", "cut"]).ends(1).says("truncated").stdout.is_empty());
    place.write("m", [message.as_slice(), b"more"].concat());
    let run = place.run(&["inspect", "m"]).ends(1).says("follow");
    assert!(run.text().contains("problem "), "{}", run.text());
    place.write("m", noise(1000));
    assert!(place.run(&["inspect", "m"]).ends(1).stdout.is_empty());
}

#[test]
fn frames_out_of_order_are_told_of() {
    let place = Place::empty();
    let mut message = header(ContentType::Framed(10));
    for sequence_number in [1, 3] {
        let mut block = vec![0; 16 + 10 + 16];
        BlockHead::new(BlockKind::Regular, sequence_number, 10).encode(&mut block);
        message.extend(block);
    }
    place.write("m", message);
    let run = place.run(&["inspect", "--json", "m"]).ends(1).says("frame 3 stands where frame 2 belongs");
    assert_eq!(parsed(&run)["frames"], 1);
}

#[test]
fn unframed_bodies() {
    let place = Place::empty();
    let mut message = header(ContentType::Unframed);
    let mut block = vec![0; 20 + 1000 + 16];
    BlockHead::new(BlockKind::Unframed, 1, 1000).encode(&mut block);
    message.extend(block);
    place.write("m", message);
    let found = inspected(&place);
    assert_eq!((&found["content_type"], &found["frames"]), (&json!("unframed"), &Value::Null));
    assert_eq!((&found["plaintext_length"], &found["body_length"]), (&json!(1000), &json!(1036)));
    assert!(place.run(&["inspect", "m"]).ends(0).text().contains("unframed"));
}

/// Frames of 256 MiB and one of a byte, in a file with holes: under a limit of memory that
/// holds no such frame.
#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_message() {
    const FRAME: u32 = 256 << 20;
    let place = Place::empty();
    let mut file = File::create(place.path("m")).unwrap();
    file.write_all(&header(ContentType::Framed(FRAME))).unwrap();
    let mut head = [0; 24];
    BlockHead::new(BlockKind::Regular, 1, FRAME).encode(&mut head);
    file.write_all(&head[..16]).unwrap();
    file.seek(SeekFrom::Current(i64::from(FRAME) + 16)).unwrap();
    BlockHead::new(BlockKind::Final, 2, 1).encode(&mut head);
    file.write_all(&head).unwrap();
    file.write_all(&[0; 17]).unwrap();
    for script in ["\"$0\" inspect --json m", "cat m | (ulimit -v 65536; \"$0\" inspect --json -)"] {
        let script = format!("ulimit -v 65536; {script}");
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_waxseal")]).current_dir(place.path(""));
        let found: Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
        assert_eq!((&found["frames"], &found["plaintext_length"]), (&json!(2), &json!(FRAME + 1)));
    }
}

/// A header with a provider's information that is no text.
fn header(content_type: ContentType) -> Vec<u8> {
    let suite = AlgorithmSuite::AES_256_GCM_IV12_TAG16_NO_KDF;
    let id = MessageId::new(suite.version, &[7; 16]).unwrap();
    let key = EncryptedDataKey::new("provider", [0xff, 0xfe], [1; 48]);
    let context = EncryptionContext::from([("a", "b")]);
    let mut bytes = Vec::new();
    Header::new(suite, id, context, vec![key], content_type, None).encode(&mut bytes).unwrap();
    HeaderAuthentication { iv: [0; 12], tag: [0; 16] }.encode(suite.version, &mut bytes);
    bytes
}
