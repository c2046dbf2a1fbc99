//! Outputs appear whole, replace nothing unasked, and keep others out.

use std::fs;

use crate::support::Place;

#[test]
fn existing_outputs_stay_unless_forced() {
    let place = Place::new();
    place.write("file", "new");
    place.write("file.waxseal", "old");
    place.encrypt(&["file"]).ends(3).says("--force");
    assert_eq!(place.read("file.waxseal"), b"old");
    place.encrypt(&["file", "--force"]).ends(0);
    place.decrypt(&["file.waxseal"]).ends(3).says("exists");
    assert_eq!(place.decrypt(&["file.waxseal", "-o", "-"]).ends(0).stdout, b"new");
    assert_eq!(place.names(), ["file", "file.waxseal"]);
}

#[test]
fn an_output_that_is_the_input_is_refused() {
    let place = Place::new();
    place.write("file", "content");
    place.encrypt(&["file", "-o", "file", "--force"]).ends(2).says("the output is an input");
    fs::hard_link(place.path("file"), place.path("same")).unwrap();
    place.encrypt(&["file", "-o", "./same", "--force"]).ends(2);
    assert_eq!(place.read("file"), b"content");

    let output = fs::File::options().append(true).open(place.path("file")).unwrap();
    let mut command = place.command(&["encrypt", "--key", "raw-aes:key", "file", "-o", "-"]);
    assert_eq!(command.stdout(output).output().unwrap().status.code(), Some(2));
    let input = fs::File::open(place.path("file")).unwrap();
    let mut command = place.command(&["encrypt", "--key", "raw-aes:key", "-", "-o", "file", "--force"]);
    assert_eq!(command.stdin(input).output().unwrap().status.code(), Some(2));
    assert_eq!(place.read("file"), b"content");
}

#[test]
fn two_inputs_with_one_output_are_refused() {
    let place = Place::new();
    place.write("a/file", "1");
    place.write("b/file", "2");
    place.encrypt(&["a/file", "b/file", "-o", "out"]).ends(2).says("same output");
    assert!(!place.path("out").exists());
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(place: &Place, name: &str) -> u32 {
        fs::metadata(place.path(name)).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn plaintext_is_its_owners_and_a_replaced_file_keeps_its_mode() {
        let place = Place::new();
        place.write("file", "secret");
        let usual = mode(&place, "file");
        place.encrypt(&["file"]).ends(0);
        assert_eq!(mode(&place, "file.waxseal"), usual);
        place.decrypt(&["file.waxseal", "-o", "back"]).ends(0);
        assert_eq!(mode(&place, "back"), 0o600);
        fs::set_permissions(place.path("back"), fs::Permissions::from_mode(0o640)).unwrap();
        place.decrypt(&["file.waxseal", "-o", "back", "--force"]).ends(0);
        assert_eq!(mode(&place, "back"), 0o640);
    }

    #[test]
    fn links_stay_links_and_their_targets_are_replaced() {
        let place = Place::new();
        place.write("file", "new");
        place.write("target", "old");
        symlink("target", place.path("link")).unwrap();
        place.encrypt(&["file", "-o", "link"]).ends(3);
        assert_eq!(place.read("target"), b"old");
        place.encrypt(&["file", "-o", "link", "--force"]).ends(0);
        assert!(place.path("link").is_symlink());
        assert_eq!(place.decrypt(&["target", "-o", "-"]).ends(0).stdout, b"new");
        symlink("nowhere", place.path("dangling")).unwrap();
        place.encrypt(&["file", "-o", "dangling", "--force"]).ends(3);
        assert!(!place.path("nowhere").exists());
    }

    #[test]
    fn devices_are_written_to_and_never_replaced() {
        let place = Place::new();
        place.write("file", "content");
        place.encrypt(&["file", "-o", "/dev/null"]).ends(0);
        place.encrypt(&["file", "-o", "/dev/null", "--force"]).ends(0);
        assert!(!place.path("/dev/null").metadata().unwrap().is_file());
    }

    #[test]
    fn links_in_directories_are_not_followed() {
        let place = Place::new();
        place.write("tree/a", "a");
        place.write("outside", "outside");
        symlink("../outside", place.path("tree/link")).unwrap();
        symlink(".", place.path("tree/loop")).unwrap();
        place.encrypt(&["tree", "-r", "-o", "sealed"]).ends(0);
        let names = fs::read_dir(place.path("sealed")).unwrap().map(|entry| entry.unwrap().file_name());
        assert_eq!(names.collect::<Vec<_>>(), ["a.waxseal"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_device_without_room_is_an_output_error() {
        let place = Place::new();
        place.write("file", "content");
        place.encrypt(&["file", "-o", "/dev/full"]).ends(3).says("cannot write the output");
        place.encrypt(&["file", "-o", "/dev/full", "--armor"]).ends(3).says("cannot write the output");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn names_need_not_be_text() {
        use std::os::unix::ffi::OsStrExt;
        let place = Place::new();
        let name = std::ffi::OsStr::from_bytes(b"\xff name");
        fs::write(place.path("").join(name), "content").unwrap();
        let mut command = place.command(&["encrypt", "--key", "raw-aes:key"]);
        assert!(command.arg(name).status().unwrap().success());
        place.decrypt(&["-r", ".", "-o", "back"]).ends(0);
        assert_eq!(fs::read(place.path("back").join(name)).unwrap(), b"content");
    }
}

#[test]
fn outputs_can_be_put_on_the_disk_first() {
    let place = Place::new();
    place.write("file", "content");
    place.encrypt(&["file", "--sync"]).ends(0);
    place.decrypt(&["file.waxseal", "--sync", "-o", "back"]).ends(0);
    assert_eq!(place.read("back"), b"content");
}
