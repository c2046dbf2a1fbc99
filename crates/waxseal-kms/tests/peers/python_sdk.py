"""The Python SDK at work, told what to do by lines of JSON on standard input.

Each line is a task: op (encrypt, decrypt), mode (strict, discovery, mrk-strict, mrk-discovery),
keys, accounts, region, context, data (base64). Each answer is a line: data (base64), or error.
Region, credentials and endpoint come from the environment, as for any AWS program.
"""
import base64
import json
import sys

import aws_encryption_sdk
from aws_encryption_sdk.key_providers.kms import (
    DiscoveryAwsKmsMasterKeyProvider,
    DiscoveryFilter,
    MRKAwareDiscoveryAwsKmsMasterKeyProvider,
    MRKAwareStrictAwsKmsMasterKeyProvider,
    StrictAwsKmsMasterKeyProvider,
)


def provider(task):
    mode = task["mode"]
    accounts = task.get("accounts")
    discovery = {"discovery_filter": DiscoveryFilter(partition="aws", account_ids=accounts)} if accounts else {}
    if mode == "strict":
        return StrictAwsKmsMasterKeyProvider(key_ids=task["keys"])
    if mode == "mrk-strict":
        return MRKAwareStrictAwsKmsMasterKeyProvider(key_ids=task["keys"])
    if mode == "discovery":
        return DiscoveryAwsKmsMasterKeyProvider(**discovery)
    if mode == "mrk-discovery":
        return MRKAwareDiscoveryAwsKmsMasterKeyProvider(discovery_region=task["region"], **discovery)
    raise ValueError(mode)


def run(task):
    client = aws_encryption_sdk.EncryptionSDKClient()
    data = base64.b64decode(task["data"])
    context = task.get("context", {})
    if task["op"] == "encrypt":
        out, _ = client.encrypt(source=data, key_provider=provider(task), encryption_context=context)
        return out
    out, header = client.decrypt(source=data, key_provider=provider(task))
    for pair in context.items():
        if pair not in header.encryption_context.items():
            raise ValueError(f"the context lacks {pair}")
    return out


for line in sys.stdin:
    try:
        answer = {"data": base64.b64encode(run(json.loads(line))).decode()}
    except Exception as error:  # pylint: disable=broad-except
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
