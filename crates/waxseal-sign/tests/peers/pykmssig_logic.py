"""pykmssig's logic over the Python SDK: what it signs, and what it calls valid.

Told what to do by lines of JSON on standard input: op (sign, verify), message (text), key (an ARN) to sign, and
signature (base64) to verify. Each answer is a line: signature (base64), or status with both pairs of
digests, or error. Credentials and endpoint come from the environment, as for any AWS program.

pykmssig had one KMSMasterKeyProvider of SDK 1.x for both ways. That class is gone. It encrypted with the
keys that it was given, as the strict provider does, and decrypted with whatever key the message names, as
the discovery provider does; so each way has its successor here. That is the fault too: nothing is pinned.
"""

import base64
import hashlib
import json
import sys

import aws_encryption_sdk
from aws_encryption_sdk.identifiers import AlgorithmSuite, CommitmentPolicy
from aws_encryption_sdk.key_providers.kms import (
    DiscoveryAwsKmsMasterKeyProvider,
    StrictAwsKmsMasterKeyProvider,
)


def digests(message):
    """The pair that a signature holds: of the base64 text, and sha256 is a name alone."""
    text = base64.b64encode(message.encode())
    return {"sha256": hashlib.sha512(text).hexdigest(), "blake2": hashlib.blake2b(text).hexdigest()}


def client():
    """What 1.x of the SDK wrote and read."""
    return aws_encryption_sdk.EncryptionSDKClient(
        commitment_policy=CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
    )


def sign(task):
    """The pair as an encrypted message."""
    provider = StrictAwsKmsMasterKeyProvider(key_ids=[task["key"]])
    message, _ = client().encrypt(
        source=json.dumps(digests(task["message"])),
        key_provider=provider,
        algorithm=AlgorithmSuite.AES_256_GCM_IV12_TAG16_HKDF_SHA384_ECDSA_P384,
        frame_length=4096,
    )
    return {"signature": base64.b64encode(message).decode()}


def verify(task):
    """Opens the message and compares the pairs."""
    provider = DiscoveryAwsKmsMasterKeyProvider()
    opened, _ = client().decrypt(source=base64.b64decode(task["signature"]), key_provider=provider)
    ours, theirs = digests(task["message"]), json.loads(opened)
    return {"status": "valid" if ours == theirs else "invalid", "sigs_a": ours, "sigs_b": theirs}


for line in sys.stdin:
    TASK = json.loads(line)
    try:
        ANSWER = sign(TASK) if TASK["op"] == "sign" else verify(TASK)
    except Exception as error:  # pylint: disable=broad-except
        ANSWER = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(ANSWER), flush=True)
