// Opens with the JavaScript SDK what waxseal wrote.
//
// Usage: node --security-revert=CVE-2023-46809 check_node.mjs FOLDER
//
// Every message is opened with every one of its keys, and compared with its plaintext and its
// encryption context. The JavaScript SDK has no ECDH: those messages are left out. Node refuses to decrypt PKCS#1 v1.5 without that option.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { CommitmentPolicy, buildClient } from '@aws-crypto/client-node'

import { keyring } from './raw_keys.mjs'

const folder = process.argv[2]
const { decrypt } = buildClient(CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT)

const parse = (name) => JSON.parse(readFileSync(join(folder, name), 'utf8'))
const read = (reference) => readFileSync(join(folder, reference.replace('file://', '')))

/** Throws if something is wrong with a message. */
async function check(test, keys) {
  const plaintext = read(test.result.output.plaintext)
  for (const description of test['master-keys']) {
    const { plaintext: found, messageHeader } = await decrypt(keyring(description, keys), read(test.ciphertext))
    if (!found.equals(plaintext)) throw new Error('another plaintext')
    for (const [key, value] of Object.entries(test['encryption-context'])) {
      if (messageHeader.encryptionContext[key] !== value) throw new Error('another encryption context')
    }
    const count = messageHeader.encryptedDataKeys.length
    if (count !== test['master-keys'].length) throw new Error(`${count} data keys`)
  }
}

const { keys } = parse('keys.json')
const opens = ([, test]) => test['master-keys'].every(({ type }) => type === 'raw')
const tests = Object.entries(parse('manifest.json').tests).filter(opens)
let failed = 0
for (const [name, test] of tests) {
  try {
    await check(test, keys)
  } catch (error) {
    failed += 1
    console.log(`${name}: ${error}`)
  }
}
console.log(`JavaScript SDK: ${tests.length - failed} opened, ${failed} failed`)
process.exitCode = failed > 0 || tests.length === 0 ? 1 : 0
