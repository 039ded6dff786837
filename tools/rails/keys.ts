/**
 * The keys of the sandbox's rails, both sides of each, made once and kept in one file: they protect
 * money that does not exist. An installation with real contracts has its own in its folder of keys.
 */
import { generateKeyPair, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { promisify } from 'node:util'
import {
  newKeyPair,
  privatePem,
  publicPem,
  type KeyPair as Sm2Pair,
} from '../../simulators/bank-direct/index.ts'

/** PEM. */
export interface PemPair {
  readonly privateKeyPem: string
  readonly publicKeyPem: string
}

export interface RailKeys {
  readonly wechat: { readonly ours: PemPair; readonly theirs: PemPair; readonly apiV3Key: string }
  readonly alipay: { readonly ours: PemPair; readonly theirs: PemPair }
  readonly netsunion: { readonly ours: PemPair; readonly theirs: PemPair }
  readonly bankDirect: {
    readonly ours: PemPair
    readonly theirs: Sm2Pair
    readonly sm4KeyHex: string
  }
}

const RSA = { modulusLength: 2048 }
/** Both sides of WeChat Pay, Alipay and NetsUnion. */
const RSA_PAIRS = 6

const pemPair = (pair: {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}): PemPair => ({
  privateKeyPem: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  publicKeyPem: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
})

/** Fresh keys, one pair after the other: about a second. */
export function newRailKeys(): RailKeys {
  return keysWith(Array.from({ length: RSA_PAIRS }, () => pemPair(generateKeyPairSync('rsa', RSA))))
}

/** Fresh keys, all pairs at the same time. */
export async function newRailKeysAtOnce(): Promise<RailKeys> {
  const make = promisify(generateKeyPair)
  const pairs = Array.from({ length: RSA_PAIRS }, async () => pemPair(await make('rsa', RSA)))
  return keysWith(await Promise.all(pairs))
}

function keysWith(pairs: readonly PemPair[]): RailKeys {
  const sm2 = newKeyPair()
  const side = (index: number) => ({ ours: pairs[index]!, theirs: pairs[index + 1]! })
  return {
    wechat: { ...side(0), apiV3Key: randomBytes(16).toString('hex') },
    alipay: side(2),
    netsunion: side(4),
    bankDirect: {
      ours: { privateKeyPem: privatePem(sm2), publicKeyPem: publicPem(sm2) },
      theirs: newKeyPair(),
      sm4KeyHex: randomBytes(16).toString('hex'),
    },
  }
}

/** The keys of a file, made when it is missing. */
export async function keptRailKeys(path: string): Promise<RailKeys> {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text !== undefined) return JSON.parse(text) as RailKeys
  const keys = await newRailKeysAtOnce()
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomBytes(4).toString('hex')}`
  await writeFile(draft, JSON.stringify(keys), { mode: 0o600, flag: 'wx' })
  await rename(draft, path)
  return keys
}
