"""The test keys of a keys manifest, as master key providers of the Python SDK."""

import base64

from aws_encryption_sdk.identifiers import EncryptionKeyType, WrappingAlgorithm
from aws_encryption_sdk.internal.crypto.wrapping_keys import WrappingKey
from aws_encryption_sdk.key_providers.raw import RawMasterKeyProvider

AES_ALGORITHMS = {
    128: WrappingAlgorithm.AES_128_GCM_IV12_TAG16_NO_PADDING,
    192: WrappingAlgorithm.AES_192_GCM_IV12_TAG16_NO_PADDING,
    256: WrappingAlgorithm.AES_256_GCM_IV12_TAG16_NO_PADDING,
}

RSA_ALGORITHMS = {
    ("pkcs1", "sha1"): WrappingAlgorithm.RSA_PKCS1,
    ("oaep-mgf1", "sha1"): WrappingAlgorithm.RSA_OAEP_SHA1_MGF1,
    ("oaep-mgf1", "sha256"): WrappingAlgorithm.RSA_OAEP_SHA256_MGF1,
    ("oaep-mgf1", "sha384"): WrappingAlgorithm.RSA_OAEP_SHA384_MGF1,
    ("oaep-mgf1", "sha512"): WrappingAlgorithm.RSA_OAEP_SHA512_MGF1,
}

KEY_TYPES = {
    "symmetric": EncryptionKeyType.SYMMETRIC,
    "private": EncryptionKeyType.PRIVATE,
    "public": EncryptionKeyType.PUBLIC,
}


class OneKey(RawMasterKeyProvider):
    """A provider of one key."""

    provider_id = None

    def __init__(self, **kwargs):
        self.wrapping_keys = {}

    def _get_raw_key(self, key_id):
        return self.wrapping_keys[key_id]


def key_bytes(key):
    """The material of a key: bytes of an AES key, PEM of an RSA key."""
    material = key["material"]
    return base64.b64decode(material) if key["encoding"] == "base64" else material.encode()


def wrapping_key(key, description):
    """The key as one that wraps in the way that the description says."""
    if description["encryption-algorithm"] == "aes":
        algorithm = AES_ALGORITHMS[key["bits"]]
    else:
        algorithm = RSA_ALGORITHMS[description["padding-algorithm"], description["padding-hash"]]
    return WrappingKey(
        wrapping_algorithm=algorithm,
        wrapping_key=key_bytes(key),
        wrapping_key_type=KEY_TYPES[key["type"]],
    )


def provider(description, keys):
    """The master key provider of one key description."""
    key = keys[description["key"]]
    one = OneKey()
    one.provider_id = description["provider-id"]
    key_id = key["key-id"].encode()
    one.wrapping_keys[key_id] = wrapping_key(key, description)
    one.add_master_key(key_id)
    return one


def providers(descriptions, keys):
    """One provider of all the descriptions; the first makes the data key."""
    first, *others = [provider(description, keys) for description in descriptions]
    for other in others:
        first.add_master_key_provider(other)
    return first
