// The test keys of a keys manifest, as keyrings of the JavaScript SDK.

import { constants } from 'node:crypto'

import { MultiKeyringNode, RawAesKeyringNode, RawAesWrappingSuiteIdentifier, RawRsaKeyringNode } from '@aws-crypto/client-node'

const AES_SUITES = {
  128: RawAesWrappingSuiteIdentifier.AES128_GCM_IV12_TAG16_NO_PADDING,
  192: RawAesWrappingSuiteIdentifier.AES192_GCM_IV12_TAG16_NO_PADDING,
  256: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
}

/** The keyring of one key description. */
export function keyring(description, keys) {
  const key = keys[description.key]
  const names = { keyNamespace: description['provider-id'], keyName: key['key-id'] }
  return key.algorithm === 'aes' ? aesKeyring(names, key) : rsaKeyring(names, key, description)
}

/** One keyring of all the descriptions; the first makes the data key. */
export function keyrings(descriptions, keys) {
  const [generator, ...children] = descriptions.map((description) => keyring(description, keys))
  return new MultiKeyringNode({ generator, children })
}

function aesKeyring(names, key) {
  return new RawAesKeyringNode({
    ...names,
    // The SDK wants bytes with a buffer of their own.
    unencryptedMasterKey: Uint8Array.from(Buffer.from(key.material, 'base64')),
    wrappingSuite: AES_SUITES[key.bits],
    // Sorts the context by UTF-8, as all other SDKs do; by default it sorts by UTF-16.
    utf8Sorting: true,
  })
}

function rsaKeyring(names, key, description) {
  const rsaKey = key.type === 'private' ? { privateKey: key.material } : { publicKey: key.material }
  if (description['padding-algorithm'] === 'pkcs1') {
    return new RawRsaKeyringNode({ ...names, rsaKey, padding: constants.RSA_PKCS1_PADDING })
  }
  const oaepHash = description['padding-hash']
  return new RawRsaKeyringNode({ ...names, rsaKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash })
}
