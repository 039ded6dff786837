/**
 * The World: everything impure a module may use, handed in as an argument.
 *
 * `main.ts` builds the real one, tests and the simulation build others. A module that reads the wall
 * clock, rolls dice or opens a socket by itself cannot be replayed, so the import map forbids it
 * outside this folder.
 */
import type { Db } from './db.ts'
import type { Ids } from './ids.ts'
import type { Log } from './log.ts'

/** Milliseconds since 1970-01-01T00:00:00Z, always a whole number. */
export type Instant = number

export interface Clock {
  /** Business time. Moves with the test clock; may step back. */
  now(): Instant
  /** Milliseconds on a clock that never steps back; only differences mean anything. */
  mono(): number
  /**
   * Wakes after `ms` milliseconds of this clock, or as soon as `signal` aborts; it never rejects.
   * `tag` names the sleeper in traces.
   */
  sleep(ms: number, tag: string, signal?: AbortSignal): Promise<void>
}

export interface Rng {
  /** A whole number from 0 to `bound` − 1. */
  below(bound: number): number
  /** `length` random bytes. */
  bytes(length: number): Uint8Array
}

export type NetReply =
  /** The other side answered; `status` is its HTTP status, whatever it means. */
  | { kind: 'replied'; status: number; headers: Record<string, string>; body: Uint8Array }
  /** The request never left this machine (refused connection, unknown host). Safe to send again. */
  | { kind: 'not_sent'; why: string }
  /** Sent, and no answer: the other side may or may not have acted. */
  | { kind: 'unknown'; why: string }

export interface NetRequest {
  method: 'GET' | 'POST'
  url: string
  headers?: Record<string, string>
  body?: Uint8Array | string
  timeoutMs: number
  /** Checked on the monotonic clock just before the socket write: past it nothing is sent. */
  sendBeforeMono?: number
}

export interface Net {
  call(request: NetRequest): Promise<NetReply>
}

export interface Files {
  read(path: string): Promise<Uint8Array>
  /** Writes to a temporary name, syncs, renames: a reader never sees half a file. */
  write(path: string, bytes: Uint8Array): Promise<void>
  list(folder: string): Promise<string[]>
}

export interface World {
  clock: Clock
  rng: Rng
  ids: Ids
  db: Db
  net: Net
  files: Files
  log: Log
}
