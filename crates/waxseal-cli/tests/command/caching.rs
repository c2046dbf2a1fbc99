//! A cache of data keys over many files.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::aws_kms::Kms;
use crate::support::{Place, UNSIGNED};

const KEY: &str = "--key=raw-aes:key";
const FILES: [&str; 5] = ["1", "2", "3", "4", "5"];

fn place() -> Place {
    let place = Place::new();
    FILES.iter().for_each(|name| place.write(name, format!("the content of {name}")));
    place
}

fn encrypt(place: &Place, options: &[&str]) {
    let args = [&["-q", "encrypt", KEY, UNSIGNED], options, &FILES].concat();
    place.run(&args).ends(0);
}

/// How many data keys the encrypted files have.
fn data_keys(place: &Place) -> usize {
    let key_of = |name: &str| {
        let shown = place.run(&["inspect", "--json", &format!("{name}.waxseal")]).ends(0);
        let header: Value = serde_json::from_str(shown.text()).unwrap();
        header["encrypted_data_keys"][0]["wrapping_iv"].as_str().unwrap().to_owned()
    };
    FILES.iter().map(|name| key_of(name)).collect::<BTreeSet<_>>().len()
}

#[test]
fn files_share_a_data_key_if_a_cache_is_asked_for() {
    for (options, keys) in [
        (&[][..], 5),
        (&["--cache-max-age=10m"], 1),
        (&["--cache-max-age=10m", "--cache-max-messages=2"], 3),
        (&["--cache-max-age=10m", "--cache-max-bytes=40"], 3),
        (&["--cache-max-age=10m", "--cache-capacity=0", "--jobs=1"], 5),
    ] {
        let place = place();
        encrypt(&place, options);
        assert_eq!(data_keys(&place), keys, "{options:?}");
    }
}

#[test]
fn what_was_encrypted_with_a_cache_decrypts_with_one_and_without() {
    let place = place();
    encrypt(&place, &["--cache-max-age=90s"]);
    let messages = FILES.map(|name| format!("{name}.waxseal"));
    for options in [&["-o", "with/", "--cache-max-age=1h", "--cache-capacity=10"][..], &["-o", "without/"]] {
        let mut args = [&["-q", "decrypt", KEY], options].concat();
        args.extend(messages.iter().map(String::as_str));
        place.run(&args).ends(0);
    }
    for name in FILES {
        let content = format!("the content of {name}").into_bytes();
        assert_eq!(place.read(&format!("with/{name}")), content);
        assert_eq!(place.read(&format!("without/{name}")), content);
    }
}

#[test]
fn standard_input_has_a_length_that_is_not_known_and_works_all_the_same() {
    let place = place();
    let args = ["encrypt", KEY, UNSIGNED, "--cache-max-age=60", "-"];
    let told = place.run_with(&args, b"a pipe");
    assert_eq!(told.code, Some(0));
    told.says("1 of the files went past the cache: their length was not known before, or is 0");
    let sealed = place.run_with(&[&["-q"], &args[..]].concat(), b"a pipe").ends(0);
    let opened = place.run_with(&["decrypt", KEY, "--cache-max-age=60", "-"], &sealed.stdout).ends(0);
    assert_eq!(opened.stdout, b"a pipe");
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_says_it_is_empty_and_is_not_works_all_the_same() {
    let place = place();
    let sealed = place
        .run(&["-q", "encrypt", KEY, UNSIGNED, "--cache-max-age=60", "-o", "-", "/proc/version"])
        .ends(0);
    let opened = place.run_with(&["decrypt", KEY, "-"], &sealed.stdout).ends(0);
    assert_eq!(opened.stdout, std::fs::read("/proc/version").unwrap());
}

/// The embedded KMS's own log says how often it was asked.
#[test]
fn the_cache_saves_calls_to_decrypt_and_its_capacity_and_age_count() {
    let messages = FILES.map(|name| format!("{name}.waxseal"));
    for (options, calls) in [
        (&[][..], 5),
        (&["--cache-max-age=10m"], 1),
        // One after the other, since without an entry each file that waits shares the call.
        (&["--cache-max-age=10m", "--cache-capacity=0", "--jobs=1"], 5),
        // Limits of use are those of encryption.
        (&["--cache-max-age=10m", "--cache-max-messages=1", "--cache-max-bytes=0"], 1),
    ] {
        let (kms, place) = (Kms::new(), place());
        let key = ["-q", "-k", &kms.east];
        kms.run(&place, &[&["encrypt", UNSIGNED, "--cache-max-age=10m"], &key[..], &FILES].concat()).ends(0);
        assert_eq!(kms.calls("GenerateDataKey"), 1);
        let mut args = [&["decrypt", "-o", "out/"], &key[..], options].concat();
        args.extend(messages.iter().map(String::as_str));
        kms.run(&place, &args).ends(0);
        assert_eq!(kms.calls("Decrypt"), calls, "{options:?}");
    }
}

#[test]
fn limits_need_an_age_and_are_checked() {
    let place = place();
    for options in [
        &["--cache-capacity=10"][..],
        &["--cache-max-messages=10"],
        &["--cache-max-bytes=10"],
        &["--cache-max-age=0"],
        &["--cache-max-age=soon"],
        &["--cache-max-age=1m", "--cache-max-messages=0"],
        &["--cache-max-age=1m", "--cache-max-messages=4294967297"],
        &["--cache-max-age=1m", "--cache-max-bytes=9223372036854775808"],
    ] {
        for subcommand in ["encrypt", "decrypt"] {
            let args = [&[subcommand, KEY], options, &["1"]].concat();
            place.run(&args).ends(2).says("cache");
        }
    }
}
