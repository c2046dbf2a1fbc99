"""Makes messages with the Python SDK, and manifests that describe them.

Usage: make_python.py FOLDER

Writes python.json (awses-decrypt, version 3), python-keyrings.json and python-ecdh.json
(version 5) with their messages in python/, plaintexts in plaintexts/, and expects keys.json in the folder.
"""

import json
import pathlib
import sys

import aws_encryption_sdk
from aws_cryptographic_material_providers.mpl.models import (
    CreateDefaultCryptographicMaterialsManagerInput,
    CreateRequiredEncryptionContextCMMInput,
)
from aws_encryption_sdk import CommitmentPolicy
from aws_encryption_sdk.identifiers import AlgorithmSuite

import raw_keys
from mpl_keyrings import Keyrings, ecdh

FRAME_LENGTH = 128
UNFRAMED = 0
EC = ["ec-256", "ec-384", "ec-521"]
AES = ["aes-128", "aes-192", "aes-256"]
RSA = [
    ("rsa-2048", "pkcs1", "sha1"),
    ("rsa-2048", "oaep-mgf1", "sha1"),
    ("rsa-4096", "oaep-mgf1", "sha256"),
    ("rsa-2048", "oaep-mgf1", "sha384"),
    ("rsa-2048", "oaep-mgf1", "sha512"),
]
CONTEXTS = [{}, {"tenant": "7", "purpose": "interop"}, {"\uff5e": "wide", "\U0001f511": "key", "b": "2", "a": "1"}]


def aes(name):
    """The description of a raw AES key."""
    return {"type": "raw", "provider-id": "waxseal-test", "key": name, "encryption-algorithm": "aes"}


def rsa(name, padding, padding_hash, half):
    """The description of one half of a raw RSA key pair."""
    return {
        "type": "raw",
        "provider-id": "waxseal-test",
        "key": f"{name}-{half}",
        "encryption-algorithm": "rsa",
        "padding-algorithm": padding,
        "padding-hash": padding_hash,
    }


class Maker:
    """Makes messages and writes them down."""

    def __init__(self, folder):
        self.folder = folder
        self.keys = json.loads((folder / "keys.json").read_text())["keys"]
        self.keyrings = Keyrings(self.keys)
        (folder / "python").mkdir(exist_ok=True)
        (folder / "plaintexts").mkdir(exist_ok=True)

    def client(self, suite):
        """A client whose policy allows the suite."""
        if suite.is_committing():
            policy = CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
        else:
            policy = CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
        return aws_encryption_sdk.EncryptionSDKClient(commitment_policy=policy)

    def encrypt(self, name, suite, length, frame_length, context, **keys):
        """Writes a message and its plaintext; returns the references to both."""
        plaintext = bytes(index % 251 for index in range(length))
        message, _ = self.client(suite).encrypt(
            source=plaintext,
            algorithm=suite,
            frame_length=frame_length,
            encryption_context=context,
            **keys,
        )
        (self.folder / "python" / name).write_bytes(message)
        (self.folder / "plaintexts" / str(length)).write_bytes(plaintext)
        return f"file://python/{name}", f"file://plaintexts/{length}"

    def requiring(self, description):
        """The materials manager of a description: one that requires context keys."""
        keyring = self.keyrings.make(description["underlying"])
        default = self.keyrings.mpl.create_default_cryptographic_materials_manager(
            CreateDefaultCryptographicMaterialsManagerInput(keyring=keyring)
        )
        return self.keyrings.mpl.create_required_encryption_context_cmm(
            CreateRequiredEncryptionContextCMMInput(
                underlying_cmm=default,
                required_encryption_context_keys=description["requiredEncryptionContextKeys"],
            )
        )

    def write_manifest(self, name, version, tests):
        """Writes a manifest of these tests."""
        manifest = {
            "manifest": {"type": "awses-decrypt", "version": version},
            "client": {"name": "aws/aws-encryption-sdk-python", "version": aws_encryption_sdk.identifiers.__version__},
            "keys": "file://keys.json",
            "tests": tests,
        }
        (self.folder / name).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
        return len(tests)


def suites():
    """Every suite that messages can have."""
    return sorted(AlgorithmSuite, key=lambda suite: suite.algorithm_id)


def with_master_keys(maker):
    """Every suite: frames and an unframed body, around one frame, RSA, several data keys."""
    tests = {}
    for index, suite in enumerate(suites()):
        aes_key = aes(AES[index % len(AES)])
        padding = RSA[index % len(RSA)]
        public, private = (rsa(*padding, half) for half in ("public", "private"))
        shapes = [
            ("empty", 0, FRAME_LENGTH, [aes_key], [aes_key]),
            ("one-byte", 1, FRAME_LENGTH, [aes_key], [aes_key]),
            ("two-frames-exactly", 2 * FRAME_LENGTH, FRAME_LENGTH, [aes_key], [aes_key]),
            ("three-frames", 2 * FRAME_LENGTH + 9, FRAME_LENGTH, [public], [private]),
            ("unframed", 100, UNFRAMED, [aes_key], [aes_key]),
            ("unframed-empty", 0, UNFRAMED, [aes_key], [aes_key]),
            ("two-data-keys", 100, 4096, [aes_key, public], [private]),
        ]
        for shape, length, frame_length, wrap, unwrap in shapes:
            name = f"{suite.algorithm_id:04x}-{shape}"
            context = CONTEXTS[len(tests) % len(CONTEXTS)]
            provider = raw_keys.providers(wrap, maker.keys)
            ciphertext, plaintext = maker.encrypt(name, suite, length, frame_length, context, key_provider=provider)
            tests[name] = {
                "ciphertext": ciphertext,
                "master-keys": unwrap,
                "result": {"output": {"plaintext": plaintext}},
            }
    return tests


def with_keyrings(maker):
    """Some suites with keyrings: several as one, and context pairs that are not stored."""
    several = {"type": "multi-keyring", "generator": aes("aes-256"), "childKeyrings": [aes("aes-128")]}
    required = {
        "type": "required-encryption-context-cmm",
        "underlying": aes("aes-256"),
        "requiredEncryptionContextKeys": ["tenant"],
    }
    context = {"tenant": "7", "purpose": "interop"}
    tests = {}
    for suite_id in (0x0014, 0x0178, 0x0378, 0x0478, 0x0578):
        suite = AlgorithmSuite.get_by_id(suite_id)
        name = f"{suite_id:04x}-multi-keyring"
        refs = maker.encrypt(name, suite, 100, FRAME_LENGTH, context, keyring=maker.keyrings.make(several))
        tests[name] = scenario(suite_id, refs, several, {})
        name = f"{suite_id:04x}-required-context"
        refs = maker.encrypt(name, suite, 100, FRAME_LENGTH, context, materials_manager=maker.requiring(required))
        tests[name] = scenario(suite_id, refs, required, {"tenant": "7"})
    return tests


def with_ecdh(maker):
    """Every suite and every curve, from a known sender and from a fresh one."""
    tests = {}
    for index, suite in enumerate(suites()):
        for offset, encrypts in enumerate(("static", "ephemeral")):
            key = EC[(index + offset) % len(EC)]
            decrypts = "static" if encrypts == "static" and index % 2 == 0 else "discovery"
            name = f"{suite.algorithm_id:04x}-ecdh-{encrypts}"
            context = CONTEXTS[len(tests) % len(CONTEXTS)]
            keyring = maker.keyrings.make(ecdh(key, encrypts))
            refs = maker.encrypt(name, suite, 100, FRAME_LENGTH, context, keyring=keyring)
            tests[name] = scenario(suite.algorithm_id, refs, ecdh(key, decrypts), {})
    return tests


def scenario(suite_id, references, description, reproduced):
    """A test of version 5."""
    ciphertext, plaintext = references
    return {
        "decryption-scenario": {
            "type": "positive-esdk",
            "ciphertext": ciphertext,
            "result": plaintext,
            "algorithmSuiteId": f"{suite_id:04x}",
            "decryptKeyDescription": description,
            "reproduced-encryption-context": reproduced,
        }
    }


def main():
    """Makes everything."""
    maker = Maker(pathlib.Path(sys.argv[1]))
    count = maker.write_manifest("python.json", 3, with_master_keys(maker))
    count += maker.write_manifest("python-keyrings.json", 5, with_keyrings(maker))
    count += maker.write_manifest("python-ecdh.json", 5, with_ecdh(maker))
    print(f"{count} messages made by the Python SDK")


if __name__ == "__main__":
    main()
