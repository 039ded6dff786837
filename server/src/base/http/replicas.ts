/**
 * What one replica tells another with a request it sends on: who called, already proved, and that
 * nobody else says so. The first replica has used up the caller's nonce, so the second could not prove
 * it again; it believes a MAC under a key that only the servers of one database can read.
 *
 * The thing to get wrong: what the MAC does not cover, an onlooker may change. It covers the method,
 * the path with its query, the body, the Idempotency-Key and the time. Times are on the wall clock.
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { Db } from '../db.ts'
import { must, present } from '../must.ts'
import type { Instant, Rng } from '../world.ts'
import type { Caller } from './caller.ts'

/** How far apart the sending and the taking may be, the clocks' difference among it. */
export const VOUCHED_MS = 30_000
const KEY_BYTES = 32

/** A request as far as a MAC covers it before its body was read. */
export interface SentOn {
  readonly method: string
  /** With its query, as it stood in the request line. */
  readonly path: string
  /** The Idempotency-Key, if there is one. */
  readonly key: string | undefined
}

/** What another replica says of a request. */
export interface Vouched {
  readonly requestId: string
  /** Absent on routes that ask for nobody. */
  readonly caller?: Caller
  /** SHA-256 of the body; the reader compares it by `isBody`. */
  readonly body: string
}

/** The servers of one database, among themselves. */
export interface Replicas {
  /** The value of the header that goes with a request sent on. */
  vouch(
    sent: SentOn,
    what: { requestId: string; caller?: Caller | undefined; body: Uint8Array | undefined },
  ): string
  /** Reads such a value; `undefined` when it is forged, altered, of another request, or late. */
  believe(got: SentOn, header: unknown): Vouched | undefined
}

/** Builds both sides from the shared key. */
export function createReplicas(on: {
  readonly key: Uint8Array
  readonly wall: { now(): Instant }
}): Replicas {
  const { wall } = on
  const key = Buffer.from(on.key)
  must(key.length >= KEY_BYTES, 'a key between replicas has 32 bytes')
  const mac = ({ method, path, key: named }: SentOn, payload: string): Buffer =>
    createHmac('sha256', key)
      .update(JSON.stringify([method, path, named ?? null, payload]))
      .digest()
  return {
    vouch: (sent, { requestId, caller, body }) => {
      const said = {
        ...{ at: wall.now(), requestId, body: sha256(body) },
        // An operator is proved by his address alone, and each server sees for itself.
        ...(caller !== undefined &&
          caller.kind !== 'operator' && {
            caller: { ...caller, permissions: [...caller.permissions] },
          }),
      }
      const payload = Buffer.from(JSON.stringify(said)).toString('base64url')
      return `${payload}.${mac(sent, payload).toString('base64url')}`
    },
    believe: (got, header) => {
      if (typeof header !== 'string') return undefined
      const [payload = '', given = ''] = header.split('.')
      const [mine, theirs] = [mac(got, payload), Buffer.from(given, 'base64url')]
      if (mine.length !== theirs.length || !timingSafeEqual(mine, theirs)) return undefined
      const { at, caller, ...said } = JSON.parse(Buffer.from(payload, 'base64url').toString())
      if (Math.abs(wall.now() - at) > VOUCHED_MS) return undefined
      if (caller === undefined) return said
      return { ...said, caller: { ...caller, permissions: new Set(caller.permissions) } }
    },
  }
}

/** Whether the body that came is the one that was vouched for. */
export function isBody(vouched: Vouched, body: Uint8Array | undefined): boolean {
  return vouched.body === sha256(body)
}

function sha256(body: Uint8Array | undefined): string {
  return createHash('sha256')
    .update(body ?? '')
    .digest('base64url')
}

/** The key the replicas of a database share; the first that asks makes it. */
export async function clusterKey(db: Db, rng: Rng): Promise<Uint8Array> {
  const read = () => db.query<{ key: Buffer }>('select key from base.cluster_key')
  const [found] = await read()
  if (found !== undefined) return found.key
  await db.query('insert into base.cluster_key (key) values ($1) on conflict do nothing', [
    Buffer.from(rng.bytes(KEY_BYTES)),
  ])
  return present((await read())[0], 'the key of the replicas').key
}
