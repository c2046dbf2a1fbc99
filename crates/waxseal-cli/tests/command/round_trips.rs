//! What goes in comes out again.

use crate::support::{Place, UNSIGNED, noise};

#[test]
fn a_file_of_any_length() {
    let place = Place::new();
    for len in [0, 1, 4095, 4096, 4097, 12_288, (1 << 20) + 3] {
        let content = noise(len);
        place.write("file", &content);
        place.encrypt(&["file", "--force"]).ends(0);
        assert_ne!(place.read("file.waxseal"), content);
        place.decrypt(&["file.waxseal", "-o", "back", "--force"]).ends(0);
        assert_eq!(place.read("back"), content, "{len} bytes");
    }
    assert_eq!(place.names(), ["back", "file", "file.waxseal"]);
}

#[test]
fn a_large_file_by_several_threads_asked_for_or_not() {
    let place = Place::new();
    let content = noise((17 << 20) + 5);
    place.write("file", &content);
    for threads in [&[][..], &["--threads", "1"], &["--threads", "3"]] {
        place.encrypt(&[&["file", "--force"], threads].concat()).ends(0);
        place.decrypt(&[&["file.waxseal", "-o", "back", "--force"], threads].concat()).ends(0);
        assert!(place.read("back") == content, "{threads:?}");
    }
    let mut cut = place.read("file.waxseal");
    cut.truncate(16 << 20);
    place.write("cut", cut);
    let run = place.decrypt(&["cut", "-o", "gone", "--threads", "3"]).ends(1);
    assert!(run.stderr.contains("truncated"), "{}", run.stderr);
    assert_eq!(place.names(), ["back", "cut", "file", "file.waxseal"]);
    place.encrypt(&["file", "--threads", "0"]).ends(2);
}

#[test]
fn default_names_add_and_remove_the_extension() {
    let place = Place::new();
    place.write("a.txt", "one");
    place.encrypt(&["a.txt"]).ends(0);
    std::fs::remove_file(place.path("a.txt")).unwrap();
    place.decrypt(&["a.txt.waxseal"]).ends(0);
    assert_eq!(place.read("a.txt"), b"one");
}

#[test]
fn standard_input_and_output() {
    let place = Place::new();
    let content = noise(300_000);
    let sealed = place.run_with(&["encrypt", "-", "--key", "raw-aes:key"], &content).ends(0).stdout;
    let opened = place.run_with(&["decrypt", "-", "--key", "raw-aes:key"], &sealed).ends(0).stdout;
    assert_eq!(opened, content);
    place.write("m", sealed);
    assert_eq!(place.decrypt(&["m", "-o", "-"]).ends(0).stdout, content);
    assert_eq!(place.names(), ["m"]);
}

#[test]
fn several_files_to_a_directory_that_is_made() {
    let place = Place::new();
    let names: Vec<String> = (0..20).map(|n| format!("in/file-{n}")).collect();
    names.iter().enumerate().for_each(|(n, name)| place.write(name, noise(n * 1000)));
    let mut args: Vec<&str> = names.iter().map(String::as_str).collect();
    args.extend(["-o", "sealed", UNSIGNED]);
    place.encrypt(&args).ends(0);
    place.decrypt(&["-r", "sealed", "-o", "back", "--jobs", "3"]).ends(0);
    for (n, name) in names.iter().enumerate() {
        assert_eq!(place.read(&name.replace("in/", "back/")), noise(n * 1000));
    }
    assert_eq!(place.names(), ["back", "in", "sealed"]);
}

#[test]
fn directories_with_what_is_below_them() {
    let place = Place::new();
    for name in ["tree/a", "tree/b/c", "tree/b/d/e.txt"] {
        place.write(name, name);
    }
    place.encrypt(&["tree", "--recursive", "-o", "sealed"]).ends(0);
    place.decrypt(&["sealed", "--recursive", "-o", "back"]).ends(0);
    for name in ["a", "b/c", "b/d/e.txt"] {
        assert!(place.path(&format!("sealed/{name}.waxseal")).is_file());
        assert_eq!(place.read(&format!("back/{name}")), format!("tree/{name}").as_bytes());
    }
    place.encrypt(&["tree", "-r"]).ends(0);
    place.encrypt(&["tree", "-r", "--force"]).ends(0);
    assert!(place.path("tree/b/c.waxseal").is_file());
    assert!(!place.path("tree/b/c.waxseal.waxseal").exists(), "what is encrypted is left alone");
}

#[test]
fn armor_both_ways() {
    let place = Place::new();
    let content = noise(100_000);
    place.write("file", &content);
    place.encrypt(&["file", "--armor"]).ends(0);
    let text = String::from_utf8(place.read("file.waxseal")).unwrap();
    assert!(text.starts_with("Ag") && text.ends_with('\n'));
    assert!(text.lines().all(|line| line.len() <= 76));
    place.decrypt(&["file.waxseal", "--armor", "-o", "back"]).ends(0);
    assert_eq!(place.read("back"), content);

    let one_line: String = text.split_whitespace().collect();
    let args = ["decrypt", "-a", "-", "--key", "raw-aes:key"];
    assert_eq!(place.run_with(&args, one_line.as_bytes()).ends(0).stdout, content);
}

#[test]
fn either_of_two_keys_opens() {
    let place = Place::new();
    place.write("file", "for two");
    place.encrypt(&["file", "--key", "raw-aes:other-key"]).ends(0);
    for key in ["raw-aes:key", "raw-aes:other-key"] {
        let run = place.run(&["decrypt", "file.waxseal", "-o", "-", "--key", key]).ends(0);
        assert_eq!(run.stdout, b"for two");
    }
}

#[test]
fn rsa_keys_with_every_padding() {
    let place = Place::empty();
    place.run(&["-q", "keygen", "rsa", "key.pem", "--bits", "2048"]).ends(0);
    place.write("file", "rsa");
    for padding in
        ["", "?padding=pkcs1", "?padding=oaep-sha1", "?padding=oaep-sha384", "?padding=oaep-sha512"]
    {
        let [private, public] = ["rsa:key.pem", "rsa:key.pub.pem"].map(|key| format!("{key}{padding}"));
        for key in [&private, &public] {
            place.run(&["encrypt", "file", "--force", "--key", key]).ends(0);
            let run = place.run(&["decrypt", "file.waxseal", "-o", "-", "--key", &private]).ends(0);
            assert_eq!(run.stdout, b"rsa");
        }
    }
    place.run(&["decrypt", "file.waxseal", "-o", "-", "--key", "rsa:key.pem"]).ends(1);
    place
        .run(&["decrypt", "file.waxseal", "-o", "-", "--key", "rsa:key.pub.pem?padding=oaep-sha512"])
        .ends(1);
}

#[test]
fn every_suite_under_its_policy() {
    let place = Place::new();
    place.write("file", noise(10_000));
    for suite in waxseal::AlgorithmSuite::ALL.iter().copied() {
        let policy =
            if suite.commits() { "RequireEncryptRequireDecrypt" } else { "ForbidEncryptAllowDecrypt" };
        let id = format!("0x{:04x}", suite.id);
        for algorithm in [suite.name, &id] {
            place
                .encrypt(&["file", "--force", "--algorithm", algorithm, "--commitment-policy", policy])
                .ends(0);
        }
        let run = place.decrypt(&["file.waxseal", "-o", "-", "--commitment-policy", policy]).ends(0);
        assert_eq!(run.stdout, noise(10_000), "{suite}");
    }
}

#[test]
fn bare_keys_under_the_names_of_other_tools() {
    let place = Place::new();
    place.write("raw", [0x77; 24]);
    place.write("hex", "77".repeat(24) + "\n");
    place.write("file", "other");
    let names = "namespace=my%20app&name=a%26b";
    place.run(&["encrypt", "file", "--key", &format!("raw-aes:raw?{names}")]).ends(0);
    let key = format!("raw-aes:hex?{names}&encoding=hex");
    assert_eq!(place.run(&["decrypt", "file.waxseal", "-o", "-", "--key", &key]).ends(0).stdout, b"other");
    place
        .run(&["decrypt", "file.waxseal", "-o", "-", "--key", "raw-aes:hex"])
        .ends(1)
        .says("waxseal/raw-aes");
}

#[test]
fn frame_lengths_that_were_asked_for_and_that_were_chosen() {
    let place = Place::new();
    let frame_length = |args: &[&str]| -> u64 {
        place.encrypt(&[&["file", "--force", UNSIGNED], args].concat()).ends(0);
        let json = place.run(&["inspect", "--json", "file.waxseal"]).ends(0);
        serde_json::from_str::<serde_json::Value>(json.text()).unwrap()["frame_length"].as_u64().unwrap()
    };
    place.write("file", noise(1 << 20));
    assert_eq!(frame_length(&[]), 4096);
    assert_eq!(frame_length(&["--frame-length", "1K"]), 1024);
    place.write("file", noise((1 << 20) + 1));
    assert_eq!(frame_length(&[]), 65_536);
}

#[cfg(target_os = "linux")]
#[test]
fn memory_does_not_grow_with_the_file() {
    let place = Place::new();
    let file = std::fs::File::create(place.path("large")).unwrap();
    file.set_len(192 << 20).unwrap();
    let limited = |script: &str| {
        let script = format!("ulimit -v 120000; {script}");
        let program = env!("CARGO_BIN_EXE_waxseal");
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &script, program]).current_dir(place.path(""));
        assert!(command.status().unwrap().success(), "{script}");
    };
    limited("\"$0\" encrypt large --algorithm 0x0478 --key raw-aes:key");
    limited("\"$0\" decrypt large.waxseal -o back --key raw-aes:key");
    assert_eq!(place.path("back").metadata().unwrap().len(), 192 << 20);
    assert!(place.path("large.waxseal").metadata().unwrap().len() > 192 << 20);
}

#[test]
fn each_provider_opens_what_the_other_sealed() {
    let place = Place::empty();
    place.write("file", noise(9000));
    for provider in ["native", "rustcrypto"] {
        let pem = format!("{provider}.pem");
        place.run(&["-q", "keygen", "rsa", &pem, "--bits", "2048", "--provider", provider]).ends(0);
        place.run(&["-q", "keygen", "raw-aes", provider, "--provider", provider]).ends(0);
    }
    for (one, other) in [("native", "rustcrypto"), ("rustcrypto", "native")] {
        let keys = [format!("raw-aes:{one}"), format!("rsa:{one}.pem")];
        let seal = ["encrypt", "file", "-f", "-k", &keys[0], "-k", &keys[1], "--provider", one];
        place.run(&seal).ends(0);
        for key in &keys {
            let run =
                place.run(&["decrypt", "file.waxseal", "-o", "-", "-k", key, "--provider", other]).ends(0);
            assert_eq!(run.stdout, noise(9000), "{key} from {one} to {other}");
        }
    }
}
