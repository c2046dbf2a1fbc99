//! SHA-2: answers of FIPS 180-4, and one input longer than several blocks.

use waxseal_format::HashAlgorithm;

use super::{Fault, hex, require_eq};
use crate::CryptoProvider;

const ALGORITHMS: [HashAlgorithm; 3] = [HashAlgorithm::Sha256, HashAlgorithm::Sha384, HashAlgorithm::Sha512];

/// Digests of nothing, of `abc`, and of [`long_input`].
fn answers(algorithm: HashAlgorithm) -> [&'static str; 3] {
    match algorithm {
        HashAlgorithm::Sha256 => [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            "4e4c294b331f7a2099a379bec34b9f9fc03dc46ab465d998f4d683da53487e6d",
        ],
        HashAlgorithm::Sha384 => [
            "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fb
             d51ad2f14898b95b",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc23
             58baeca134c825a7",
            "7a2f8c7f12344964a13cb9260492b845e56615d6152b9eb9e54b580fc88405e64f31813bfda10de2
             a642fdf1676c61b4",
        ],
        HashAlgorithm::Sha512 => [
            "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0
             ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a8
             36ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            "5096498d96f50f9a137c4db5b8b0cd38383ad55350fb5a98805fedc31fa1262f1f0cf4d6f12d7ecd
             8dedd933a4c9126344fe22e937a8ad35fdeae1e876ae698b",
        ],
    }
}

fn long_input() -> Vec<u8> {
    (0u8..=250).cycle().take(1000).collect()
}

pub(super) fn known_answers(provider: &CryptoProvider) -> Result<(), Fault> {
    for algorithm in ALGORITHMS {
        for (input, answer) in [Vec::new(), b"abc".to_vec(), long_input()].iter().zip(answers(algorithm)) {
            digest_is(provider, algorithm, &[input], &hex(answer))?;
        }
    }
    Ok(())
}

pub(super) fn cuts_agree(provider: &CryptoProvider) -> Result<(), Fault> {
    let input = long_input();
    for algorithm in ALGORITHMS {
        let [_, _, answer] = answers(algorithm);
        for cut in [0, 1, 63, 64, 65, 127, 128, 129, 256, 999, 1000] {
            let (head, tail) = input.split_at_checked(cut).unwrap_or_default();
            digest_is(provider, algorithm, &[head, &[], tail], &hex(answer))?;
        }
        digest_is(provider, algorithm, &input.chunks(7).collect::<Vec<_>>(), &hex(answer))?;
    }
    Ok(())
}

fn digest_is(
    provider: &CryptoProvider,
    algorithm: HashAlgorithm,
    parts: &[&[u8]],
    answer: &[u8],
) -> Result<(), Fault> {
    let mut digest = provider.digest.start(algorithm);
    parts.iter().for_each(|part| digest.update(part));
    let output = digest.finish();
    super::require(output.algorithm() == algorithm, "a digest of another algorithm")?;
    require_eq(output.as_ref(), answer, "digest")
}
