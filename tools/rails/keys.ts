/**
 * The keys of the sandbox's rails, both sides of each, made once and kept in one file: they protect
 * money that does not exist. An installation with real contracts has its own in its folder of keys.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
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

function rsaPair(): PemPair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

/** Fresh keys. Making them takes about a second. */
export function newRailKeys(): RailKeys {
  const sm2 = newKeyPair()
  return {
    wechat: { ours: rsaPair(), theirs: rsaPair(), apiV3Key: randomBytes(16).toString('hex') },
    alipay: { ours: rsaPair(), theirs: rsaPair() },
    netsunion: { ours: rsaPair(), theirs: rsaPair() },
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
  const keys = newRailKeys()
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const draft = `${path}.${randomBytes(4).toString('hex')}`
  await writeFile(draft, JSON.stringify(keys), { mode: 0o600, flag: 'wx' })
  await rename(draft, path)
  return keys
}
