// The JavaScript SDK's worker: `node node_sdk.mjs KEY-FILE`. Its lines are those of `src/lib.rs`.

import { createReadStream, createWriteStream, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import {
  AlgorithmSuiteIdentifier,
  RawAesKeyringNode,
  RawAesWrappingSuiteIdentifier,
  buildClient,
} from '@aws-crypto/client-node'

const SUITES = {
  signed: AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY_ECDSA_P384,
  unsigned: AlgorithmSuiteIdentifier.ALG_AES256_GCM_IV12_TAG16_HKDF_SHA512_COMMIT_KEY,
}
// What is read of a file at a time.
const PIECE = 256 << 10

const client = buildClient()
const keyring = new RawAesKeyringNode({
  keyNamespace: 'peers',
  keyName: 'key',
  // The SDK wants bytes with a buffer of their own.
  unencryptedMasterKey: Uint8Array.from(readFileSync(process.argv[2])),
  wrappingSuite: RawAesWrappingSuiteIdentifier.AES256_GCM_IV12_TAG16_NO_PADDING,
})
let input = Buffer.alloc(0)

const now = () => process.hrtime.bigint()

/** Reads the input of calls to come. */
function load(file) {
  input = readFileSync(file)
  return `ready ${input.length}`
}

/** Calls with the loaded bytes until the time is up. */
async function whole(direction, suite, frame, milliseconds, file) {
  const call = direction === 'encrypt' ? () => encrypt(suite, frame) : decrypt
  const end = now() + BigInt(milliseconds) * 1_000_000n
  let [calls, taken, output] = [0, 0n, null]
  while (calls === 0 || now() < end) {
    output = null
    const start = now()
    output = await call()
    taken += now() - start
    calls += 1
  }
  if (file !== '-') writeFileSync(file, output)
  return `done ${taken} ${calls} ${output.length}`
}

async function encrypt(suite, frame) {
  return (await client.encrypt(keyring, input, writing(suite, frame))).result
}

async function decrypt() {
  return (await client.decrypt(keyring, input)).plaintext
}

/** One stream from a file to another, or to nowhere. */
async function stream(direction, suite, frame, source, file) {
  const writes = direction === 'encrypt'
  const machine = writes ? client.encryptStream(keyring, writing(suite, frame)) : client.decryptStream(keyring)
  let count = 0
  const counter = new Transform({
    transform(piece, _encoding, done) {
      count += piece.length
      done(null, file === '-' ? undefined : piece)
    },
  })
  const sink = file === '-' ? new Writable({ write: (_piece, _encoding, done) => done() }) : createWriteStream(file)
  const start = now()
  await pipeline(createReadStream(source, { highWaterMark: PIECE }), machine, counter, sink)
  return `done ${now() - start} 1 ${count}`
}

/** The options of a message that is written. */
function writing(suite, frame) {
  return { suiteId: SUITES[suite], frameLength: Number(frame) }
}

const requests = { load, whole, stream }
for await (const line of createInterface({ input: process.stdin })) {
  const [request, ...words] = line.split(' ')
  console.log(await requests[request](...words))
}
