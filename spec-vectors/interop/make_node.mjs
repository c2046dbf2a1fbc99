// Makes messages with the JavaScript SDK, and a manifest that describes them.
//
// Usage: node make_node.mjs FOLDER
//
// Writes node.json (awses-decrypt, version 3) with its messages in node/, plaintexts in
// plaintexts/, and expects keys.json in the folder.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { AlgorithmSuiteIdentifier, CommitmentPolicy, buildClient } from '@aws-crypto/client-node'

import { keyrings } from './raw_keys.mjs'

const FRAME_LENGTH = 64
const AES = ['aes-128', 'aes-192', 'aes-256']
const RSA = [
  ['rsa-2048', 'pkcs1', 'sha1'],
  ['rsa-2048', 'oaep-mgf1', 'sha1'],
  ['rsa-4096', 'oaep-mgf1', 'sha256'],
  ['rsa-2048', 'oaep-mgf1', 'sha384'],
  ['rsa-2048', 'oaep-mgf1', 'sha512'],
]
const CONTEXTS = [{}, { tenant: '7', purpose: 'interop' }, { '\u{ff5e}': 'wide', '\u{1f511}': 'key', b: '2', a: '1' }]

const folder = process.argv[2]
const { keys } = JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8'))

const aes = (key) => ({ type: 'raw', 'provider-id': 'waxseal-test', key, 'encryption-algorithm': 'aes' })

const rsa = ([name, padding, hash], half) => ({
  type: 'raw',
  'provider-id': 'waxseal-test',
  key: `${name}-${half}`,
  'encryption-algorithm': 'rsa',
  'padding-algorithm': padding,
  'padding-hash': hash,
})

/** The ids of all suites that messages can have. */
function suiteIds() {
  const ids = Object.values(AlgorithmSuiteIdentifier).filter((id) => typeof id === 'number')
  return [...new Set(ids)].sort((a, b) => a - b)
}

/** Lengths, frames and keys: around one frame, one-byte frames, RSA, several data keys. */
function shapes(aesKey, publicKey, privateKey) {
  return [
    ['empty', 0, FRAME_LENGTH, [aesKey], [aesKey]],
    ['one-byte', 1, FRAME_LENGTH, [aesKey], [aesKey]],
    ['two-frames-exactly', 2 * FRAME_LENGTH, FRAME_LENGTH, [aesKey], [aesKey]],
    ['three-frames', 2 * FRAME_LENGTH + 9, FRAME_LENGTH, [publicKey], [privateKey]],
    ['one-byte-frames', 5, 1, [aesKey], [aesKey]],
    ['two-data-keys', 100, 4096, [aesKey, publicKey], [privateKey]],
  ]
}

async function encrypt(name, suiteId, length, frameLength, encryptionContext, wrap) {
  const committing = suiteId === 0x0478 || suiteId === 0x0578
  const policy = committing
    ? CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
    : CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT
  const plaintext = Uint8Array.from({ length }, (_, index) => index % 251)
  const options = { suiteId, frameLength, encryptionContext }
  const { result } = await buildClient(policy).encrypt(keyrings(wrap, keys), plaintext, options)
  writeFileSync(join(folder, 'node', name), result)
  writeFileSync(join(folder, 'plaintexts', String(length)), plaintext)
}

const tests = {}
mkdirSync(join(folder, 'node'), { recursive: true })
mkdirSync(join(folder, 'plaintexts'), { recursive: true })
for (const [index, suiteId] of suiteIds().entries()) {
  const padding = RSA[index % RSA.length]
  for (const shape of shapes(aes(AES[index % AES.length]), rsa(padding, 'public'), rsa(padding, 'private'))) {
    const [label, length, frameLength, wrap, unwrap] = shape
    const name = `${suiteId.toString(16).padStart(4, '0')}-${label}`
    const context = CONTEXTS[Object.keys(tests).length % CONTEXTS.length]
    await encrypt(name, suiteId, length, frameLength, context, wrap)
    tests[name] = {
      ciphertext: `file://node/${name}`,
      'master-keys': unwrap,
      result: { output: { plaintext: `file://plaintexts/${length}` } },
    }
  }
}
const manifest = {
  manifest: { type: 'awses-decrypt', version: 3 },
  client: { name: 'aws/aws-encryption-sdk-javascript', version: '5.0.2' },
  keys: 'file://keys.json',
  tests,
}
writeFileSync(join(folder, 'node.json'), JSON.stringify(manifest, null, 1) + '\n')
console.log(`${Object.keys(tests).length} messages made by the JavaScript SDK`)
