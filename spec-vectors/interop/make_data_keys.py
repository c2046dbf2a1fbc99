"""Wraps data keys with the Python material providers library, without messages.

Usage: make_data_keys.py FOLDER

Writes python-data-keys.json (awses-mpl-decrypt, version 4); expects keys.json in the folder.
"""

import base64
import json
import pathlib
import sys

from aws_cryptographic_material_providers.mpl.models import (
    AlgorithmSuiteIdESDK,
    ESDKAlgorithmSuiteId,
    InitializeEncryptionMaterialsInput,
    OnEncryptInput,
)

from make_python import AES, CONTEXTS, EC, RSA, aes, rsa
from mpl_keyrings import Keyrings, ecdh

SUITES = {
    "0014": ESDKAlgorithmSuiteId.ALG_AES_128_GCM_IV12_TAG16_NO_KDF,
    "0146": ESDKAlgorithmSuiteId.ALG_AES_192_GCM_IV12_TAG16_HKDF_SHA256,
    "0178": ESDKAlgorithmSuiteId.ALG_AES_256_GCM_IV12_TAG16_HKDF_SHA256,
    "0478": ESDKAlgorithmSuiteId.ALG_AES_256_GCM_HKDF_SHA512_COMMIT_KEY,
}
REQUIRED = {"type": "required-encryption-context-cmm", "requiredEncryptionContextKeys": ["tenant"]}


def pairs():
    """Descriptions of what wraps and of what unwraps, and whether the context is bound."""
    for name in AES:
        yield name, aes(name), aes(name), True
    for padding in RSA:
        yield "-".join(padding), rsa(*padding, "public"), rsa(*padding, "private"), False
    for name in EC:
        yield f"{name}-static", ecdh(name, "static"), ecdh(name, "static"), True
        yield f"{name}-static-to-discovery", ecdh(name, "static"), ecdh(name, "discovery"), True
        yield f"{name}-ephemeral", ecdh(name, "ephemeral"), ecdh(name, "discovery"), True
    several = {"type": "multi-keyring", "generator": aes("aes-256"), "childKeyrings": [ecdh("ec-256", "static")]}
    yield "multi-first", several, aes("aes-256"), True
    yield "multi-second", several, ecdh("ec-256", "discovery"), True
    yield "multi", several, several, True


class Maker:
    """Wraps data keys and writes them down."""

    def __init__(self, folder):
        self.folder = folder
        self.keyrings = Keyrings(json.loads((folder / "keys.json").read_text())["keys"])
        self.tests = {}

    def wrap(self, suite, context, description):
        """The data key, and its wrapped forms as a manifest has them."""
        materials = self.keyrings.mpl.initialize_encryption_materials(
            InitializeEncryptionMaterialsInput(
                algorithm_suite_id=AlgorithmSuiteIdESDK(SUITES[suite]),
                encryption_context=context,
                required_encryption_context_keys=[],
            )
        )
        keyring = self.keyrings.make(description)
        materials = keyring.on_encrypt(OnEncryptInput(materials=materials)).materials
        wrapped = [
            {
                "keyProviderId": edk.key_provider_id,
                "keyProviderInfo": base64.b64encode(edk.key_provider_info).decode(),
                "ciphertext": base64.b64encode(edk.ciphertext).decode(),
            }
            for edk in materials.encrypted_data_keys
        ]
        return base64.b64encode(materials.plaintext_data_key).decode(), wrapped

    def add(self, name, suite, description, wrapped, stored, reproduced=None, result=None):
        """Writes a test down; without a result it must fail."""
        test = {
            "type": "positive-keyring" if result else "negative-keyring",
            "algorithmSuiteId": suite,
            "keyDescription": description,
            "encryptedDataKeys": wrapped,
            "encryptionContext": stored,
        }
        if reproduced:
            test["reproducedEncryptionContext"] = reproduced
        if result:
            required = description.get("requiredEncryptionContextKeys", [])
            test["result"] = {"plaintextDataKey": result, "requiredEncryptionContextKeys": required}
        self.tests[f"{suite}-{name}"] = test

    def add_all(self, suite, context):
        """Each pair: right, with another context, with a changed data key, with a required pair."""
        for name, wraps, unwraps, binds in pairs():
            data_key, wrapped = self.wrap(suite, context, wraps)
            self.add(name, suite, unwraps, wrapped, context, result=data_key)
            if binds:
                self.add(f"{name}-other-context", suite, unwraps, wrapped, {**context, "more": "1"})
            self.add(f"{name}-changed", suite, unwraps, [changed(edk) for edk in wrapped], context)
            if "tenant" in context:
                description = {**REQUIRED, "underlying": unwraps}
                stored = {key: value for key, value in context.items() if key != "tenant"}
                right, wrong = {"tenant": context["tenant"]}, {"tenant": "none"}
                self.add(f"{name}-required", suite, description, wrapped, stored, right, data_key)
                self.add(f"{name}-required-missing", suite, description, wrapped, stored)
                if binds:
                    self.add(f"{name}-required-other", suite, description, wrapped, stored, wrong)

    def write(self):
        """Writes the manifest."""
        manifest = {
            "manifest": {"type": "awses-mpl-decrypt", "version": 4},
            "keys": "file://keys.json",
            "tests": self.tests,
        }
        text = json.dumps(manifest, indent=1, ensure_ascii=False) + "\n"
        (self.folder / "python-data-keys.json").write_text(text)


def changed(edk):
    """The wrapped data key with its last bit flipped."""
    ciphertext = bytearray(base64.b64decode(edk["ciphertext"]))
    ciphertext[-1] ^= 1
    return {**edk, "ciphertext": base64.b64encode(ciphertext).decode()}


def main():
    """Makes everything."""
    maker = Maker(pathlib.Path(sys.argv[1]))
    for index, suite in enumerate(SUITES):
        maker.add_all(suite, CONTEXTS[index % len(CONTEXTS)])
    maker.write()
    print(f"{len(maker.tests)} tests of data keys made by the Python library")


if __name__ == "__main__":
    main()
