//! The progress bar: on a terminal, for what takes over a second.
#![cfg(unix)]

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
    use std::process::Stdio;

    use super::*;
    use crate::support::Terminal;

    /// What a run with a terminal at standard error shows there.
    fn shown(args: &[&str], pause: Duration) -> String {
        let (place, terminal) = (Place::new(), Terminal::new());
        let mut command = place.command(args);
        let mut child = command.stdin(Stdio::piped()).stderr(terminal.side()).spawn().unwrap();
        drop(command);
        feed_slowly(&mut child, pause);
        terminal.shown()
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

    #[test]
    fn a_binary_message_is_kept_from_a_terminal() {
        let place = Place::new();
        place.write("file", "content");
        for (armor, code) in [(false, 2), (true, 0)] {
            let terminal = Terminal::new();
            let args = ["encrypt", "file", "-o", "-", "--key=raw-aes:key", "--armor"];
            let mut command = place.command(&args[..args.len() - usize::from(!armor)]);
            let status = command.stdout(terminal.side()).stderr(Stdio::null()).status().unwrap();
            drop(command);
            assert_eq!(status.code(), Some(code));
            assert_eq!(terminal.shown().is_empty(), !armor);
        }
    }
}
