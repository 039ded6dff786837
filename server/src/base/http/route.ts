/**
 * Routes as data: what a module's `http.ts` exports. The server, the OpenAPI document and the wall in
 * front of the handlers are all read from these, so `policy` is required: a route that says nothing
 * about who may call it does not compile.
 */
import { type Static, type TSchema, Type } from 'typebox'
import type { StoredAnswer } from '../effect.ts'
import type { Caller, Permitted } from './caller.ts'
import type { Problem } from './problem.ts'

/**
 * Who may call a route: anyone who reaches the server, only this machine, or who has a permission.
 * `always`: anyone and at any rate, because it must answer when nothing else can be asked.
 */
export type Policy = 'public' | 'loopback' | 'always' | Permitted

/** Bodies of the good answers by status. Those of problems are the same for every route. */
export type Replies = { readonly [status: number]: TSchema }

/** A good answer of a route. */
export type Reply<R extends Replies> = {
  [S in keyof R & number]: {
    readonly status: S
    readonly body: Static<R[S]>
    readonly headers?: Readonly<Record<string, string>>
    /** The branch of a union the body belongs to: it is written faster when it is named. */
    readonly as?: TSchema
  }
}[keyof R & number]

/** What a handler returns. */
export type Answer<R extends Replies> = Reply<R> | Refused

/** A problem as an answer. */
export interface Refused {
  readonly problem: Problem
  readonly headers?: Readonly<Record<string, string>>
}

/** What is known of a request that carried an Idempotency-Key. */
export interface Keyed {
  readonly key: string
  /** SHA-256 of (tenant, method, path, key), 32 bytes hex. */
  readonly keyHash: string
  readonly requestHash: string
  /** The answer to put into the command, so that it is stored in the same database tx. */
  answer(status: number, body: unknown): StoredAnswer
}

/** A checked request, as a handler sees it. */
export interface Call<P, Q, B> {
  readonly params: P
  readonly query: Q
  readonly body: B
  readonly requestId: string
  /** Who calls a route that asks for a permission. On any other route there is none to be read. */
  readonly caller: Caller
  readonly keyed: Keyed | undefined
  /** The request as it came, for a signature over its bytes. */
  readonly received: Received
}

export interface Received {
  readonly method: string
  /** With its query, as it stood in the request line. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Absent when the request had none. */
  readonly body: Uint8Array | undefined
  /** The address of the connection, or of the proxy's client where a proxy is trusted. */
  readonly from: string
}

/** How a POST route treats `Idempotency-Key`. */
export interface Idempotency<P = unknown, B = unknown> {
  /**
   * `stored`: the answer is kept under the key and replayed. `passed`: the handler makes an id from
   * the key, and the id's own rules do the rest.
   */
  readonly kind: 'stored' | 'passed'
  /** The book in which answers of `stored` are kept. */
  book?(call: { params: P; body: B }): number
  /** Whether the body names an id of the caller's, which does the key's work. */
  unless?(body: B): boolean
}

export interface RouteSpec<
  P extends TSchema,
  Q extends TSchema,
  B extends TSchema,
  R extends Replies,
> {
  readonly method: 'GET' | 'POST'
  /** With parameters in braces: `/v1/accounts/{id}`. */
  readonly path: string
  /** The operation's name in the OpenAPI document, `verbNoun`. */
  readonly name: string
  /** A sentence for the reference. */
  readonly summary: string
  readonly tags: readonly string[]
  readonly policy: Policy
  readonly params?: P
  readonly query?: Q
  readonly body?: B
  readonly replies: R
  readonly idempotency?: Idempotency<Static<P>, Static<B>>
  handle(
    call: Call<Static<P>, Static<Q>, Static<B>>,
  ): Answer<NoInfer<R>> | Promise<Answer<NoInfer<R>>>
}

/** A route with its types forgotten; the contracts it was made with still hold. */
export interface Route
  extends Omit<RouteSpec<TSchema, TSchema, TSchema, Replies>, 'handle' | 'idempotency'> {
  /** Takes bytes of any content type, with any query; see `rawRoute`. */
  readonly raw?: true
  readonly idempotency?: Idempotency<never, never>
  handle(call: Call<never, never, never>): AnyAnswer | Promise<AnyAnswer>
}

export interface AnyReply {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
  readonly as?: TSchema
}

export type AnyAnswer = AnyReply | Refused

/** Checks a route's handler against its contracts. */
export function route<
  P extends TSchema,
  Q extends TSchema,
  B extends TSchema,
  const R extends Replies,
>(spec: RouteSpec<P, Q, B, R>): Route {
  return spec as unknown as Route
}

/** A route of somebody else's protocol: his bytes, his fields, his words for an answer. */
export interface RawRouteSpec<P extends TSchema>
  extends Pick<
    RouteSpec<P, never, never, Replies>,
    'path' | 'name' | 'summary' | 'tags' | 'policy'
  > {
  readonly params?: P
  /** The bytes are in `received.body`, as they came and within the limit of all bodies. */
  handle(
    call: Pick<Call<Static<P>, unknown, unknown>, 'params' | 'received' | 'requestId' | 'caller'>,
  ): Promise<RawReply | Refused>
}

export interface RawReply {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

/** A POST route whose body nobody reads before its handler does. Its policy still holds. */
export function rawRoute<P extends TSchema>({ handle, ...spec }: RawRouteSpec<P>): Route {
  return {
    ...spec,
    method: 'POST',
    raw: true,
    replies: { 200: Type.String({ description: 'In the words of whoever called' }) },
    handle: async (call: Call<never, never, never>): Promise<AnyAnswer> => {
      const answer = await handle(call)
      if ('problem' in answer) return answer
      const { status, contentType, body } = answer
      return { status, body: Buffer.from(body), headers: { 'content-type': contentType } }
    },
  }
}
