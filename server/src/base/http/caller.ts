/**
 * Who sends a request, and what a route asks of him. Routes declare it as data; the server refuses
 * by default, and identity, which this layer knows nothing of, is asked through the `Guard`.
 *
 * The easy mistake: trusting an id in a request because the caller may use the route. The server
 * checks every public id against the caller's organisation before the handler runs; what belongs to
 * a merchant only the handler can tell, by `caller.merchant`.
 */
import type { Instant } from '../world.ts'
import type { Problem } from './problem.ts'

/** Who sent a request, as far as it has been proved. */
export interface Caller {
  /** `operator`: this machine's own, over loopback, where no guard is given. */
  readonly kind: 'user' | 'key' | 'operator'
  /** The public id of the user or key. */
  readonly id: string
  /** The natural person behind it: two users of one person are one. A key's is its maker. */
  readonly person: string
  readonly orgId: number
  /** The public id of the merchant whose things alone may be seen; absent for the organisation's own. */
  readonly merchant?: string
  readonly permissions: ReadonlySet<string>
  /** When the user last proved presence, on the wall clock, ms; absent for keys. */
  readonly steppedUpAt?: Instant
  /** Whether each message of it was signed (RFC 9421), not only accompanied by a secret. */
  readonly signed: boolean
  /** The address it came from. */
  readonly from: string
}

/** What a route asks of its caller. */
export interface Permitted {
  /** One of identity's permissions, such as `payments.create`. */
  readonly permission: string
  /** Whether those bound to a merchant may call it; the handler looks at `caller.merchant`. */
  readonly merchants?: true
  /** Only within minutes of the user's last proof of presence; keys must sign. */
  readonly stepUp?: true
}

/** A request as the guard sees it, before anything of it was believed. */
export interface Knock {
  readonly method: string
  /** As it stood in the request line, with its query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Uint8Array | undefined
  /** The address of the connection, or of the proxy's client where a proxy is trusted. */
  readonly from: string
  /** The route's pattern, such as `/v1/payments/{id}`. */
  readonly route: string
}

/** Identity, as the server asks it. */
export interface Guard {
  /** Knows nobody but this machine's own: the server then listens on loopback alone. */
  readonly loopbackOnly?: true
  /** Who calls, or why that cannot be told (401) or may not be now (429). */
  identify(knock: Knock): Promise<Caller | { readonly refused: Problem }>
  /** Whether a public route takes one more request from this address now. */
  admit(knock: Knock): Promise<Problem | undefined>
  /** The organisation of a book; `undefined` when there is no such book. */
  orgOf(book: number): number | undefined
  /** Whether a proof of presence still counts. */
  isFresh(steppedUpAt: Instant): boolean
}

/**
 * The person who acts. Whoever signed in acts in his own name, whatever his request says; the operator of
 * a server without sign-in says in whose.
 */
export function actingPerson(caller: Caller, named: string): string {
  return caller.kind === 'operator' ? named : caller.person
}
