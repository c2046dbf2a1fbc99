"""Opens with the Python SDK what waxseal wrote.

Usage: check_python.py FOLDER

Every message is opened at once and as a stream, with every one of its keys, and compared with
its plaintext and its encryption context.
"""

import json
import pathlib
import sys

import aws_encryption_sdk
from aws_encryption_sdk import CommitmentPolicy

import raw_keys
from mpl_keyrings import Keyrings


def read(folder, reference):
    """The bytes that a reference means."""
    return (folder / reference.removeprefix("file://")).read_bytes()


def opens(description, keys):
    """What opens a message: a master key provider, or a keyring for ECDH."""
    if description["type"] == "raw-ecdh":
        return {"keyring": Keyrings(keys).make(description)}
    return {"key_provider": raw_keys.provider(description, keys)}


def open_both_ways(client, message, **keys):
    """Plaintext and header, twice."""
    yield client.decrypt(source=message, **keys)
    with client.stream(mode="d", source=message, **keys) as stream:
        yield stream.read(), stream.header


def check(client, folder, name, test, keys):
    """What is wrong with one message."""
    message = read(folder, test["ciphertext"])
    plaintext = read(folder, test["result"]["output"]["plaintext"])
    for description in test["master-keys"]:
        for found, header in open_both_ways(client, message, **opens(description, keys)):
            if found != plaintext:
                yield f"{name}: another plaintext"
            if not test["encryption-context"].items() <= header.encryption_context.items():
                yield f"{name}: another encryption context"
            if len(header.encrypted_data_keys) != len(test["master-keys"]):
                yield f"{name}: {len(header.encrypted_data_keys)} data keys"


def main():
    """Checks all and tells."""
    folder = pathlib.Path(sys.argv[1])
    tests = json.loads((folder / "manifest.json").read_text())["tests"]
    keys = json.loads((folder / "keys.json").read_text())["keys"]
    client = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT)
    failed = 0
    for name, test in tests.items():
        try:
            faults = list(check(client, folder, name, test, keys))
        except Exception as error:  # pylint: disable=broad-except
            faults = [f"{name}: {type(error).__name__}: {error}"]
        print(*faults, sep="\n", end="\n" if faults else "")
        failed += bool(faults)
    print(f"Python SDK: {len(tests) - failed} opened, {failed} failed")
    sys.exit(1 if failed or not tests else 0)


if __name__ == "__main__":
    main()
