"""The Python SDK at work, told what to do by lines of JSON on standard input.

Each line is a task: op (encrypt, decrypt), mode (a key of PROVIDERS or KEYRINGS), region, context, data
(base64), and what the mode needs: keys, accounts, public_keys (PEM for RSA, base64 DER for ECDH). Each
answer is a line: data (base64), or error. Credentials and endpoint come from the environment, as for
any AWS program.
"""

import base64
import json
import sys

import aws_encryption_sdk
import boto3
from aws_cryptographic_material_providers.mpl import AwsCryptographicMaterialProviders, models
from aws_cryptographic_material_providers.mpl.config import MaterialProvidersConfig
from aws_cryptography_primitives.smithygenerated.aws_cryptography_primitives.models import ECDHCurveSpec
from aws_encryption_sdk.identifiers import AlgorithmSuite
from aws_encryption_sdk.key_providers.kms import (
    DiscoveryAwsKmsMasterKeyProvider,
    DiscoveryFilter,
    MRKAwareDiscoveryAwsKmsMasterKeyProvider,
    MRKAwareStrictAwsKmsMasterKeyProvider,
    StrictAwsKmsMasterKeyProvider,
)

MPL = AwsCryptographicMaterialProviders(config=MaterialProvidersConfig())


def discovery_filter(task):
    """The keys that discovery may use."""
    return DiscoveryFilter(partition="aws", account_ids=task["accounts"])


PROVIDERS = {
    "strict": lambda task: StrictAwsKmsMasterKeyProvider(key_ids=task["keys"]),
    "mrk-strict": lambda task: MRKAwareStrictAwsKmsMasterKeyProvider(key_ids=task["keys"]),
    "discovery": lambda task: DiscoveryAwsKmsMasterKeyProvider(discovery_filter=discovery_filter(task)),
    "mrk-discovery": lambda task: MRKAwareDiscoveryAwsKmsMasterKeyProvider(
        discovery_region=task["region"], discovery_filter=discovery_filter(task)
    ),
}


def kms(task):
    """A client of the task's region."""
    return boto3.client("kms", region_name=task["region"])


def keyring(task):
    """The keyring of one key."""
    inputs = models.CreateAwsKmsKeyringInput(kms_key_id=task["keys"][0], kms_client=kms(task))
    return MPL.create_aws_kms_keyring(input=inputs)


def mrk_keyring(task):
    """The keyring of one multi-Region key."""
    inputs = models.CreateAwsKmsMrkKeyringInput(kms_key_id=task["keys"][0], kms_client=kms(task))
    return MPL.create_aws_kms_mrk_keyring(input=inputs)


def discovery_keyring(task):
    """The keyring of the account's keys in one region."""
    allowed = models.DiscoveryFilter(partition="aws", account_ids=task["accounts"])
    inputs = models.CreateAwsKmsDiscoveryKeyringInput(kms_client=kms(task), discovery_filter=allowed)
    return MPL.create_aws_kms_discovery_keyring(input=inputs)


def rsa(task):
    """The keyring of one RSA key."""
    inputs = models.CreateAwsKmsRsaKeyringInput(
        public_key=task["public_keys"][0].encode(),
        kms_key_id=task["keys"][0],
        encryption_algorithm="RSAES_OAEP_SHA_256",
        kms_client=kms(task),
    )
    return MPL.create_aws_kms_rsa_keyring(input=inputs)


def ecdh(task):
    """The keyring of a sender, whose key is in KMS, and a recipient."""
    sender, recipient = (base64.b64decode(key) for key in task["public_keys"])
    scheme = models.KmsEcdhStaticConfigurationsKmsPrivateKeyToStaticPublicKey(
        models.KmsPrivateKeyToStaticPublicKeyInput(
            sender_kms_identifier=task["keys"][0], sender_public_key=sender, recipient_public_key=recipient
        )
    )
    return ecdh_of(task, scheme)


def ecdh_discovery(task):
    """The keyring of a recipient, whose key is in KMS, and any sender."""
    inputs = models.KmsPublicKeyDiscoveryInput(recipient_kms_identifier=task["keys"][0])
    return ecdh_of(task, models.KmsEcdhStaticConfigurationsKmsPublicKeyDiscovery(inputs))


def ecdh_of(task, scheme):
    """The keyring of a scheme."""
    inputs = models.CreateAwsKmsEcdhKeyringInput(
        key_agreement_scheme=scheme, curve_spec=ECDHCurveSpec.ECC_NIST_P256, kms_client=kms(task)
    )
    return MPL.create_aws_kms_ecdh_keyring(input=inputs)


KEYRINGS = {
    "keyring": keyring,
    "mrk-keyring": mrk_keyring,
    "discovery-keyring": discovery_keyring,
    "rsa": rsa,
    "ecdh": ecdh,
    "ecdh-discovery": ecdh_discovery,
}


def materials(task):
    """What the client takes its keys from."""
    if task["mode"] in PROVIDERS:
        return {"key_provider": PROVIDERS[task["mode"]](task)}
    return {"keyring": KEYRINGS[task["mode"]](task)}


def run(task):
    """Does a task and gives its data."""
    client = aws_encryption_sdk.EncryptionSDKClient()
    data = base64.b64decode(task["data"])
    context = task.get("context", {})
    if task["op"] == "encrypt":
        # KMS's RSA keys take no signing suites.
        signed = AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY_ECDSA_P384
        suite = AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY if task["mode"] == "rsa" else signed
        message, _ = client.encrypt(source=data, encryption_context=context, algorithm=suite, **materials(task))
        return message
    plaintext, header = client.decrypt(source=data, **materials(task))
    for pair in context.items():
        if pair not in header.encryption_context.items():
            raise ValueError(f"the context lacks {pair}")
    return plaintext


for line in sys.stdin:
    try:
        answer = {"data": base64.b64encode(run(json.loads(line))).decode()}
    except Exception as error:  # pylint: disable=broad-except
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
