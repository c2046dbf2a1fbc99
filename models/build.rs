//! Gives the modelled file loom's atomics, here and nowhere else: no crate below sees this `cfg`.

fn main() {
    println!("cargo::rustc-cfg=loom");
}
