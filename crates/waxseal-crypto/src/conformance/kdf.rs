//! HKDF: the inputs of RFC 5869, appendix A.1, for three hashes, with and without salt.

use waxseal_format::HashAlgorithm;

use super::{Fault, hex, require_eq, require_err};
use crate::{CryptoError, CryptoProvider, HkdfOutput};

const KEY_MATERIAL: [u8; 22] = [0x0b; 22];
const SALT: [u8; 13] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
const INFO: [u8; 10] = [0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9];

struct Answer {
    hash: HashAlgorithm,
    /// 42 bytes for [`INFO`].
    salted: &'static str,
    /// 42 bytes without salt and info.
    unsalted: &'static str,
    /// 100 bytes, longer than one digest, for the info `second`.
    second: &'static str,
}

const ANSWERS: [Answer; 3] = [
    Answer {
        hash: HashAlgorithm::Sha256,
        salted: "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
        unsalted: "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
        second: "04bb5d9ec4643edc20cda8e2b87086b2ef003b28339315603d85440cda4b78fa944f51eb51b6d0905d63
            01a5b0b2600f23d77436e7f54d42fdcb67d3c3d553932013d6a535b0bb1c294c3722219b59fdbad88731
            c24f0971e76a5fc347ca9c99b801f666",
    },
    Answer {
        hash: HashAlgorithm::Sha384,
        salted: "9b5097a86038b805309076a44b3a9f38063e25b516dcbf369f394cfab43685f748b6457763e4f0204fc5",
        unsalted: "c8c96e710f89b0d7990bca68bcdec8cf854062e54c73a7abc743fade9b242daacc1cea5670415b52849c",
        second: "061ed2d2a136dcc0ed42f78ec8713b4f9d04fa8f5606d45cee3fa18e7ce961bfb068d9d98cc35b73c0fb
            0e76610bbabdd225b3a225038d20a0009de3a97830d74cdcc4c640a3654daa6bab60c2f4bf134af813f7
            96986d3bcee30fca7460693d886106d4",
    },
    Answer {
        hash: HashAlgorithm::Sha512,
        salted: "832390086cda71fb47625bb5ceb168e4c8e26a1a16ed34d9fc7fe92c1481579338da362cb8d9f925d7cb",
        unsalted: "f5fa02b18298a72a8c23898a8703472c6eb179dc204c03425c970e3b164bf90fff22d04836d0e2343bac",
        second: "5f36ef56d62e447553298e6771fe62df3c2b4372632368faebdff127381d5371a6de797cccb9ae47c24e
            9725ade2e610853555981a6feb8cef05f24e81cf9d14f0f56d46bb3cb23c664416bc91762587b953936e
            30e796bf6d9d36cfc164e2e5e2a1fcbe",
    },
];

pub(super) fn known_answers(provider: &CryptoProvider) -> Result<(), Fault> {
    for answer in &ANSWERS {
        let salted = derive(provider, answer.hash, &SALT, &INFO, 42)?;
        require_eq(&salted, &hex(answer.salted), "with salt")?;
        let unsalted = derive(provider, answer.hash, &[], &[], 42)?;
        require_eq(&unsalted, &hex(answer.unsalted), "without salt")?;
        let zeros = vec![0; answer.hash.output_len()];
        let zero_salted = derive(provider, answer.hash, &zeros, &[], 42)?;
        require_eq(&zero_salted, &unsalted, "with a salt of zeros")?;
    }
    Ok(())
}

pub(super) fn outputs_are_independent(provider: &CryptoProvider) -> Result<(), Fault> {
    for answer in &ANSWERS {
        let (mut first, mut none, mut second) = ([0xee; 42], [], [0xee; 100]);
        let mut outputs = [
            HkdfOutput { info: &INFO, output: &mut first },
            HkdfOutput { info: b"nothing", output: &mut none },
            HkdfOutput { info: b"second", output: &mut second },
        ];
        provider.kdf.hkdf(answer.hash, &SALT, &KEY_MATERIAL, &mut outputs)?;
        require_eq(&first, &hex(answer.salted), "first of two outputs")?;
        require_eq(&second, &hex(answer.second), "second of two outputs")?;
    }
    Ok(())
}

pub(super) fn long_outputs_are_refused(provider: &CryptoProvider) -> Result<(), Fault> {
    for answer in &ANSWERS {
        let longest = 255 * answer.hash.output_len();
        derive(provider, answer.hash, &SALT, &INFO, longest)?;
        let mut output = vec![0; longest + 1];
        let mut outputs = [HkdfOutput { info: &INFO, output: &mut output }];
        let result = provider.kdf.hkdf(answer.hash, &SALT, &KEY_MATERIAL, &mut outputs);
        require_err(result, &CryptoError::BufferLength, "256 digests")?;
    }
    Ok(())
}

fn derive(
    provider: &CryptoProvider,
    hash: HashAlgorithm,
    salt: &[u8],
    info: &[u8],
    len: usize,
) -> Result<Vec<u8>, Fault> {
    let mut output = vec![0xee; len];
    let mut outputs = [HkdfOutput { info, output: &mut output }];
    provider.kdf.hkdf(hash, salt, &KEY_MATERIAL, &mut outputs)?;
    Ok(output)
}
