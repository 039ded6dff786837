/**
 * `Idempotency-Key`: the first request under a key is carried out and its answer stored in the same
 * database tx; the same request again gets that answer, another one under the key is refused.
 *
 * The set of keys in flight is a courtesy to callers of this process. The guard is the unique key of
 * `base.answer`: when a command fails because another process stored an answer first, the answer is
 * looked up once more.
 */
import { hash } from 'node:crypto'
import type { StoredAnswer } from '../effect.ts'
import type { Caller } from './caller.ts'
import { httpProblem, type Problem } from './problem.ts'
import type { AnyAnswer, Keyed } from './route.ts'

/** Where stored answers are looked up. */
export interface Answers {
  find(
    book: number,
    keyHash: string,
  ): Promise<Pick<StoredAnswer, 'requestHash' | 'status' | 'body'> | undefined>
}

const KEY = /^[\x21-\x7e]{1,255}$/

/** Reads the header. Two headers arrive joined by a comma and a blank, and so are refused. */
export function readKey(header: unknown): string | Problem {
  if (typeof header !== 'string' || header === '') return httpProblem('idempotency_key_missing')
  return KEY.test(header) ? header : httpProblem('idempotency_key_malformed')
}

/**
 * What the key and the body of a request are known by. Keys are the tenant's: the organisation's, or
 * the merchant's where the caller is bound to one, so that two merchants may use the same.
 */
export function keyedRequest(request: {
  caller: Caller | undefined
  method: string
  path: string
  key: string
  body: unknown
}): Keyed {
  const { caller, method, path, key, body } = request
  const orgId = caller?.orgId ?? 0
  const merchant = caller?.merchant === undefined ? [] : [caller.merchant]
  const keyHash = sha256(JSON.stringify([orgId, method, path, key, ...merchant]))
  const requestHash = sha256(canonicalJson(body))
  return {
    key,
    keyHash,
    requestHash,
    answer: (status, answered) => ({ keyHash, requestHash, status, body: answered, orgId }),
  }
}

export interface Once {
  /** Answers from the store, or runs `work`, which stores its answer. */
  run(
    at: { book: number; keyed: Keyed },
    work: () => AnyAnswer | Promise<AnyAnswer>,
  ): Promise<AnyAnswer>
}

/** Runs each keyed request once. */
export function createOnce(answers: Answers): Once {
  const inFlight = new Set<string>()
  const replayed = async (book: number, keyed: Keyed): Promise<AnyAnswer | undefined> => {
    const stored = await answers.find(book, keyed.keyHash)
    if (stored === undefined) return undefined
    if (stored.requestHash !== keyed.requestHash) {
      return { problem: httpProblem('idempotency_key_reused') }
    }
    const headers = { 'idempotency-replayed': 'true' }
    const { status, body } = stored
    return status >= 400 ? { problem: body as Problem, headers } : { status, body, headers }
  }
  return {
    run: async ({ book, keyed }, work) => {
      if (inFlight.has(keyed.keyHash)) {
        const problem = httpProblem('idempotency_key_in_flight')
        return { problem: { ...problem, retryable: true, retryAfterS: 1 } }
      }
      inFlight.add(keyed.keyHash)
      try {
        const first = await replayed(book, keyed)
        if (first !== undefined) return first
        try {
          return await work()
        } catch (error) {
          const second = await replayed(book, keyed)
          if (second !== undefined) return second
          throw error
        }
      } finally {
        inFlight.delete(keyed.keyHash)
      }
    },
  }
}

/** JSON with the keys of every object in code-unit order (the rules of RFC 8785 for our contracts). */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const fields = Object.entries(value)
    .filter(([, item]) => item !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`)
  return `{${fields.join(',')}}`
}

function sha256(text: string): string {
  return hash('sha256', text, 'hex')
}
