//! Runs a target's body over files: `replay TARGET FILE...`.
#![allow(clippy::expect_used)]

fn main() {
    let mut args = std::env::args().skip(1);
    let name = args.next().expect("a target's name");
    let target = waxseal_fuzz_bodies::TARGETS.iter().find(|target| target.0 == name);
    let (_, body) = target.expect("no target has this name");
    for file in args {
        eprintln!("{file}");
        body(&std::fs::read(&file).expect("a file that can be read"));
    }
}
