#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| waxseal_fuzz_bodies::encrypting::body(input));
