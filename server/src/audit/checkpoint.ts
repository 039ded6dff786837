/**
 * A checkpoint: the ends of all chains at one moment, signed with a key the database does not have,
 * as one line of a file outside it.
 *
 * A line lists the chains that moved since the line before, or all of them where it is `whole`; its
 * root covers all either way. The signature is over the line's text as it stands, without the
 * signature itself: written differently, the same content is not the same checkpoint.
 */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { type Instant, parseInstant, writeInstant } from '#base'
import type { Head } from './chain.ts'
import { merkleRoot } from './merkle.ts'

export interface BookHead extends Head {
  readonly book: number
}

export interface Checkpoint {
  /** Counts up from 1, over all files. */
  readonly n: number
  /** On the wall clock. */
  readonly at: Instant
  /** SHA-256 of the line before, hex; 64 zeros before the first. */
  readonly previous: string
  /** Whether all chains are listed, and not only those that moved. */
  readonly whole: boolean
  readonly heads: readonly BookHead[]
  /** `headsRoot` of all chains, hex. */
  readonly root: string
  /** The public key, 32 bytes in base64. */
  readonly key: string
}

/** The value of `previous` in the first line. */
export const NO_LINE = '0'.repeat(64)

const DOMAIN = 'tenon audit checkpoint 1\n'
const FORM = /^(\{.*),"signature":"([A-Za-z0-9+/]{86}==)"\}$/

/** Writes and signs a checkpoint as the line of its file. */
export function writeCheckpoint(checkpoint: Omit<Checkpoint, 'key'>, key: KeyObject): string {
  const { n, at, previous, whole, heads, root } = checkpoint
  const body = JSON.stringify({
    ...{ n, at: writeInstant(at), previous, whole },
    heads: heads.map(({ book, seq, hash }) => [book, seq, Buffer.from(hash).toString('hex')]),
    ...{ root, key: publicKeyText(key) },
  })
  const signature = sign(null, signedBytes(body), key).toString('base64')
  return `${body.slice(0, -1)},"signature":"${signature}"}`
}

/** Reads a line; `undefined` when it is none of a checkpoint, or not as it was signed. */
export function readCheckpoint(line: string): Checkpoint | undefined {
  const match = FORM.exec(line)
  if (match === null) return undefined
  const body = `${match[1]}}`
  try {
    const read = checkpointOf(JSON.parse(body))
    if (read === undefined) return undefined
    const signature = Buffer.from(match[2]!, 'base64')
    return verify(null, signedBytes(body), publicKeyOf(read.key), signature) ? read : undefined
  } catch {
    return undefined
  }
}

/** SHA-256 of a line, hex: what the next line names. */
export function lineHash(line: string): string {
  return createHash('sha256').update(line).digest('hex')
}

/** The RFC 6962 tree hash over (book, 4 bytes; number, 8 bytes; hash) in the order of the books. */
export function headsRoot(heads: Iterable<BookHead>): string {
  const inOrder = [...heads].sort((a, b) => a.book - b.book)
  return Buffer.from(merkleRoot(inOrder.map(headBytes))).toString('hex')
}

/** The public half of an ed25519 key as it stands in checkpoints: 32 bytes in base64. */
export function publicKeyText(key: KeyObject): string {
  const half = key.type === 'private' ? createPublicKey(key) : key
  return half.export({ type: 'spki', format: 'der' }).subarray(SPKI.length).toString('base64')
}

/** What goes before the 32 bytes of an ed25519 key in its SPKI form (RFC 8410 section 4). */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex')

function publicKeyOf(text: string): KeyObject {
  const der = Buffer.concat([SPKI, Buffer.from(text, 'base64')])
  return createPublicKey({ key: der, type: 'spki', format: 'der' })
}

const signedBytes = (body: string) => Buffer.from(DOMAIN + body)

function headBytes({ book, seq, hash }: BookHead): Buffer {
  const numbers = Buffer.allocUnsafe(12)
  numbers.writeInt32BE(book, 0)
  numbers.writeBigInt64BE(BigInt(seq), 4)
  return Buffer.concat([numbers, hash])
}

function checkpointOf(json: Record<string, unknown>): Checkpoint | undefined {
  const { n, at, previous, whole, heads, root, key } = json
  const instant = typeof at === 'string' ? parseInstant(at) : undefined
  if (typeof n !== 'number' || instant === undefined || !Array.isArray(heads)) return undefined
  if (typeof previous !== 'string' || typeof root !== 'string' || typeof key !== 'string') {
    return undefined
  }
  const read = (heads as [number, number, string][]).map(([book, seq, hash]) => ({
    ...{ book, seq, hash: Buffer.from(hash, 'hex') },
  }))
  return { n, at: instant, previous, whole: whole === true, heads: read, root, key }
}
