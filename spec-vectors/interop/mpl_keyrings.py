"""Keyrings of the Python material providers library, by key descriptions."""

import base64

from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptographic_material_providers.mpl.models import (
    AesWrappingAlg,
    CreateMultiKeyringInput,
    CreateRawAesKeyringInput,
    CreateRawEcdhKeyringInput,
    CreateRawRsaKeyringInput,
    EphemeralPrivateKeyToStaticPublicKeyInput,
    PaddingScheme,
    PublicKeyDiscoveryInput,
    RawEcdhStaticConfigurationsEphemeralPrivateKeyToStaticPublicKey,
    RawEcdhStaticConfigurationsPublicKeyDiscovery,
    RawEcdhStaticConfigurationsRawPrivateKeyToStaticPublicKey,
    RawPrivateKeyToStaticPublicKeyInput,
)

import raw_keys

PADDINGS = {
    ("pkcs1", "sha1"): PaddingScheme.PKCS1,
    ("oaep-mgf1", "sha1"): PaddingScheme.OAEP_SHA1_MGF1,
    ("oaep-mgf1", "sha256"): PaddingScheme.OAEP_SHA256_MGF1,
    ("oaep-mgf1", "sha384"): PaddingScheme.OAEP_SHA384_MGF1,
    ("oaep-mgf1", "sha512"): PaddingScheme.OAEP_SHA512_MGF1,
}


def ecdh(name, schema):
    """The description of an EC key pair of sender and recipient."""
    fresh = {"discovery": "discovery", "ephemeral": "ephemeral"}.get(schema)
    return {
        "type": "raw-ecdh",
        "sender": fresh or name,
        "recipient": name,
        "sender-public-key": fresh or "sender-material-public-key",
        "recipient-public-key": "recipient-material-public-key",
        "provider-id": "raw-ecdh",
        "ecc-curve": name,
        "schema": schema,
    }


class Keyrings:
    """Makes keyrings."""

    def __init__(self, keys):
        self.keys = keys
        self.mpl = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())

    def make(self, description):
        """The keyring of a description: raw AES, RSA or ECDH, or several."""
        if description["type"] == "multi-keyring":
            children = [self.make(child) for child in description["childKeyrings"]]
            generator = self.make(description["generator"])
            return self.mpl.create_multi_keyring(CreateMultiKeyringInput(generator=generator, child_keyrings=children))
        if description["type"] == "raw-ecdh":
            return self._ecdh(description)
        if description["encryption-algorithm"] == "rsa":
            return self._rsa(description)
        return self._aes(description)

    def _aes(self, description):
        key = self.keys[description["key"]]
        return self.mpl.create_raw_aes_keyring(
            CreateRawAesKeyringInput(
                key_namespace=description["provider-id"],
                key_name=key["key-id"],
                wrapping_key=raw_keys.key_bytes(key),
                wrapping_alg=getattr(AesWrappingAlg, f"ALG_AES{key['bits']}_GCM_IV12_TAG16"),
            )
        )

    def _rsa(self, description):
        key = self.keys[description["key"]]
        return self.mpl.create_raw_rsa_keyring(
            CreateRawRsaKeyringInput(
                key_namespace=description["provider-id"],
                key_name=key["key-id"],
                padding_scheme=PADDINGS[description["padding-algorithm"], description["padding-hash"]],
                public_key=raw_keys.key_bytes(key),
            )
        )

    def _ecdh(self, description):
        key = self.keys[description["recipient"]]
        public = base64.b64decode(key["recipient-material-public-key"])
        if description["schema"] == "static":
            schema = RawEcdhStaticConfigurationsRawPrivateKeyToStaticPublicKey(
                RawPrivateKeyToStaticPublicKeyInput(
                    sender_static_private_key=key["sender-material"].encode(), recipient_public_key=public
                )
            )
        elif description["schema"] == "discovery":
            schema = RawEcdhStaticConfigurationsPublicKeyDiscovery(
                PublicKeyDiscoveryInput(recipient_static_private_key=key["recipient-material"].encode())
            )
        else:
            schema = RawEcdhStaticConfigurationsEphemeralPrivateKeyToStaticPublicKey(
                EphemeralPrivateKeyToStaticPublicKeyInput(recipient_public_key=public)
            )
        curve = f"ECC_NIST_P{key['bits']}"
        return self.mpl.create_raw_ecdh_keyring(
            CreateRawEcdhKeyringInput(key_agreement_scheme=schema, curve_spec=curve)
        )
