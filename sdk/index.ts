/**
 * The typed client of Tenon: types made from the OpenAPI document, and a thin layer by hand.
 *
 * A call throws `TenonProblem` for whatever is not the answer. It is sent again by itself when the
 * answer may pass (429, 503, no connection), always under the same id or key and signed anew. A call
 * made anew under no `key` is a new request: pass your own key when your program may repeat the call.
 */
import createClient from 'openapi-fetch'
import { list } from './answer.ts'
import { type ApiKey, authenticating, keyed } from './key.ts'
import { accounts, books, holds, transfers } from './ledger.ts'
import type { paths } from './openapi.ts'
import { exceptions, payments, payouts, plans, refunds } from './payments.ts'
import { type Fetch, retrying } from './retry.ts'
import type { SigningOptions } from './signature.ts'

export { type Keyed, type ListParams, type ListPath, type Page, problemOf } from './answer.ts'
export type { ApiKey } from './key.ts'
export type * from './ledger.ts'
export { holdIdOf, newTransferId } from './ledger.ts'
export { type Currency, type Money, minorUnits, money } from './money.ts'
export type { components, operations, paths } from './openapi.ts'
export type * from './payments.ts'
export { type FieldProblem, TenonProblem } from './problem.ts'
export {
  contentDigest,
  requestSigner,
  type Signable,
  type SignatureAlgorithm,
  type SignatureFields,
  type SigningKey,
  type SigningOptions,
} from './signature.ts'
export {
  type PlatformEvent,
  type VerifyOptions,
  type WebhookEvent,
  type WebhookHeaders,
  type WebhookRefusal,
  WebhookRefused,
  webhooks,
} from './webhooks.ts'

export interface TenonOptions extends SigningOptions {
  /** Where the server listens, such as `http://127.0.0.1:4000`. */
  readonly baseUrl: string
  /** Who calls; without one only what is public, or open to its own machine, answers. */
  readonly key?: ApiKey
  /** How many times a request is sent again; 4 when absent. */
  readonly retries?: number
  readonly fetch?: Fetch
  readonly sleep?: (ms: number) => Promise<void>
  readonly random?: () => number
}

/** The client. */
export type Tenon = ReturnType<typeof createTenon>

/** Opens a client; nothing is sent yet. Throws `TypeError` for a key that cannot sign. */
export function createTenon(options: TenonOptions) {
  const {
    key,
    retries = 4,
    fetch = globalThis.fetch,
    sleep = (ms) => new Promise<void>((resolve) => setTimeout(resolve, ms)),
    random = Math.random,
    ...signing
  } = options
  const baseUrl = options.baseUrl.replace(/\/+$/, '')
  const once = key === undefined ? fetch : authenticating(key, fetch, signing)
  const send = keyed(key, retrying({ fetch: once, retries, sleep, random }))
  // A redirect would carry a signature, or a secret, to an address it was not made for.
  const client = createClient<paths>({ baseUrl, fetch: send, redirect: 'manual' })
  return {
    /** The client below, for routes that have no method here. It returns problems, throws none. */
    client,
    /** Walks any list: `tenon.list('/v1/exceptions', { query: { book } })`. */
    list: list(client),
    /**
     * A request by its path, signed and sent again like every other; for streams and for routes
     * newer than these types. Give a POST its Idempotency-Key. Gives the reply, throws no problem.
     */
    fetch: (path: string, init: RequestInit = {}): Promise<Response> =>
      send(new Request(`${baseUrl}${path}`, { redirect: 'manual', ...init })),
    books: books(client),
    accounts: accounts(client),
    transfers: transfers(client),
    holds: holds(client),
    payments: payments(client),
    plans: plans(client),
    payouts: payouts(client),
    refunds: refunds(client),
    exceptions: exceptions(client),
  }
}
