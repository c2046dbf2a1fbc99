//! The progress bar: on a terminal, for what takes over a second.

use std::io::Write;
use std::process::Child;
use std::time::Duration;

use crate::support::{Place, noise};

const ARGS: [&str; 5] = ["encrypt", "-", "-o", "/dev/null", "--key=raw-aes:key"];

/// Gives the child input, and the end of it only later.
fn feed_slowly(child: &mut Child, pause: Duration) {
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&noise(1000)).unwrap();
    std::thread::sleep(pause);
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn without_a_terminal_nothing_is_shown() {
    let place = Place::new();
    let mut child = place.spawn(&ARGS);
    let mut stderr = child.stderr.take().unwrap();
    feed_slowly(&mut child, Duration::from_millis(1500));
    let mut shown = Vec::new();
    std::io::Read::read_to_end(&mut stderr, &mut shown).unwrap();
    assert_eq!(String::from_utf8_lossy(&shown), "");
}

#[cfg(target_os = "linux")]
mod terminal {
    use std::fs::File;
    use std::os::unix::ffi::OsStrExt;
    use std::process::Stdio;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    use super::*;

    /// What a run with a terminal at standard error shows there.
    fn shown(args: &[&str], pause: Duration) -> String {
        let place = Place::new();
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let theirs = File::options()
            .read(true)
            .write(true)
            .open(std::ffi::OsStr::from_bytes(name.to_bytes()))
            .unwrap();
        let mut command = place.command(args);
        command.env("TERM", "xterm").stdin(Stdio::piped()).stderr(theirs);
        let mut child = command.spawn().unwrap();
        drop(command);
        feed_slowly(&mut child, pause);
        let mut shown = Vec::new();
        // Ends with an error once nobody has the other side open.
        let _ = std::io::Read::read_to_end(&mut File::from(ours), &mut shown);
        String::from_utf8_lossy(&shown).into_owned()
    }

    #[test]
    fn long_work_is_shown() {
        let text = shown(&ARGS, Duration::from_millis(1800));
        assert!(text.contains("1000 B"), "{text:?}");
    }

    #[test]
    fn short_work_is_not() {
        assert_eq!(shown(&ARGS, Duration::from_millis(100)), "");
    }

    #[test]
    fn quiet_work_is_not() {
        assert_eq!(shown(&[&["--quiet"], ARGS.as_slice()].concat(), Duration::from_millis(1500)), "");
    }
}
