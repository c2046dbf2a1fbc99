//! Which library does what: the one place for choices, with the figures behind them.
//!
//! MB/s, one thread, medians of one run each; MB = 1e6 bytes. `ring` copies the input where
//! the output is apart from it, `aws-lc` doesn't.
//!
//! Intel Xeon with AVX-512, VAES and VPCLMULQDQ, Linux:
//!
//! | | ring 0.17 | aws-lc-rs 1.19 | aes-gcm 0.11 |
//! |---|---|---|---|
//! | AES-256-GCM, 1 KiB: seal in place, seal apart, open apart | 6140, 5930, 5680 | 6390, 6590, 6450 | 2410 |
//! | AES-256-GCM, 4 KiB | 8290, 7840, 8240 | 11140, 11510, 11570 | 3760 |
//! | AES-256-GCM, 64 KiB | 9470, 7610, 7960 | 15400, 14730, 15170 | 4610 |
//! | AES-128-GCM, 4 KiB | 10870, 10070, 10100 | 14260, 14220, 11160 | |
//!
//! AMD EPYC with VAES and VPCLMULQDQ, without AVX-512, Linux:
//!
//! | | ring 0.17 | aws-lc-rs 1.19 | aes-gcm 0.11 |
//! |---|---|---|---|
//! | AES-256-GCM, 4 KiB: seal in place | 5830 | 3140 | 1920 |
//! | AES-256-GCM, 64 KiB: seal in place | 6850 | 3530 | 2100 |
//!
//! AMD EPYC without either, Linux. Both libraries run the same code of AES-NI and CLMUL there, and what
//! is left between them is ring's copy:
//!
//! | | ring 0.17 | aws-lc-rs 1.19 |
//! |---|---|---|
//! | AES-256-GCM, 1 KiB: seal apart | 1730 | 1870 |
//! | AES-256-GCM, 4 KiB: seal apart | 2550 | 2660 |
//! | AES-256-GCM, 64 KiB: seal apart | 2900 | 3120 |
//!
//! The rest, on the first two machines (Intel / AMD):
//!
//! | | ring 0.17 | aws-lc-rs 1.19 | RustCrypto |
//! |---|---|---|---|
//! | SHA-384, 4 KiB and more, MB/s | 726 / 474 | 724 / 475 | 627 / 480 |
//! | SHA-256, 64 KiB, MB/s | 1780 | 1770 | 1830 |
//! | HKDF-SHA512, extract and two keys, per s | 450,000 / 313,000 | 270,000 / 190,000 | 480,000 / 325,000 |
//! | P-384 sign, per s | / 1830 | 14,000 / 9510 | / 3820 |
//! | P-384 verify, per s | / 1020 | 5800 / 3990 | / 950 |
//! | 32 random bytes, per s | 4,200,000 | 2,200,000 | |
//!
//! SHA-384 of 1 MiB on the AMD machine, MB/s, medians of 25 interleaved rounds of one run (OpenSSL
//! takes its AVX2 and BMI2 code there; ring and aws-lc have none, and keep their AVX code to Intel):
//!
//! | | MB/s |
//! |---|---|
//! | OpenSSL 3.0, by the `openssl` crate | 754 |
//! | libgcrypt 1.10 (LGPL) | 731 |
//! | ring 0.17, aws-lc-rs 1.19 | 538 |
//! | aws-lc-rs with its AVX code forced (`OPENSSL_ia32cap`) | 346 |
//! | sha2 0.11: as it comes, built for `native`, its `soft` backend with BMI2 | 535, 573, 498 |
//! | sha2 0.10 with `asm`: as it comes, and built for `native` | 532, 601 |
//! | graviola 0.4, nettle 3.8 | 523 |
//! | hmac-sha512 1.1, cryptoxide 0.5, libcrux-sha2 0.0.9 | 451, 409, 384 |
//!
//! No library that links nothing comes near OpenSSL there, so it is a choice of the caller's: the
//! feature `openssl-sha`. A switch by compiler flags is the builder's alone and gives 1.07.
//!
//! So: SHA-2 and randomness by ring, HKDF and HMAC by RustCrypto's HMAC (which wipes what it leaves, as
//! ring doesn't; wiping the stack as well costs 50 ns), ECDSA, ECDH and RSA by aws-lc, and AES-GCM
//! as follows. With a compressed public key, as in messages, P-384 verifies 5000 times a
//! second on the Intel machine; decompressing by the p384 crate first is no faster.

use waxseal_crypto::AeadAlgorithm;

/// Who does AES-GCM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AesGcmLibrary {
    AwsLc,
    Ring,
}

/// ring where it alone has code for VAES. Where neither was measured, as on ARM, aws-lc: it wipes its
/// keys by itself.
pub(crate) fn aes_gcm_library(algorithm: AeadAlgorithm) -> AesGcmLibrary {
    let ring_is_faster = ring_uses_vaes() && !aws_lc_uses_avx512();
    match algorithm {
        AeadAlgorithm::Aes128Gcm | AeadAlgorithm::Aes256Gcm if ring_is_faster => AesGcmLibrary::Ring,
        _ => AesGcmLibrary::AwsLc,
    }
}

/// The condition under which aws-lc takes its AVX-512 path, as its source has it
/// (`crypto_gcm_avx512_enabled`): never on Windows.
#[cfg(all(target_arch = "x86_64", not(windows)))]
fn aws_lc_uses_avx512() -> bool {
    std::is_x86_feature_detected!("avx512f")
        && std::is_x86_feature_detected!("avx512bw")
        && std::is_x86_feature_detected!("avx512dq")
        && std::is_x86_feature_detected!("avx512vl")
        && std::is_x86_feature_detected!("vaes")
        && std::is_x86_feature_detected!("vpclmulqdq")
}

#[cfg(not(all(target_arch = "x86_64", not(windows))))]
fn aws_lc_uses_avx512() -> bool {
    false
}

/// The condition under which ring takes its VAES path, as its source has it (`VAesClMulAvx2`).
#[cfg(target_arch = "x86_64")]
fn ring_uses_vaes() -> bool {
    std::is_x86_feature_detected!("avx2")
        && std::is_x86_feature_detected!("vaes")
        && std::is_x86_feature_detected!("vpclmulqdq")
}

#[cfg(not(target_arch = "x86_64"))]
fn ring_uses_vaes() -> bool {
    false
}
