/** The key of a client: a secret sent along, or a key that signs each request. */
import { randomUUID } from 'node:crypto'
import type { Fetch } from './retry.ts'
import { requestSigner, type SigningKey, type SigningOptions } from './signature.ts'

/** `secret`: the text `tk_test_…` or `tk_live_…` that was shown once when the key was made. */
export type ApiKey = { readonly secret: string } | SigningKey

/**
 * A fetch that says who calls. Every request that passes it is signed anew: put it inside what sends
 * again, not around it.
 */
export function authenticating(key: ApiKey, fetch: Fetch, options: SigningOptions = {}): Fetch {
  if ('secret' in key) {
    const { secret } = key
    if (!/^[\x21-\x7e]+$/.test(secret)) {
      // The text itself stays out of the message: it is a secret, or the start of one.
      throw new TypeError(
        'The secret of the key holds spaces or line ends; give it as it was shown.',
      )
    }
    return (request) => {
      request.headers.set('authorization', `Bearer ${secret}`)
      return fetch(request)
    }
  }
  const sign = requestSigner(key, options)
  return async (request) => {
    const body = request.body === null ? undefined : await bytes(request)
    const fields = await sign({
      method: request.method,
      url: request.url,
      body,
      idempotencyKey: request.headers.get('idempotency-key') ?? undefined,
    })
    for (const [name, value] of Object.entries(fields)) request.headers.set(name, value)
    return fetch(request)
  }
}

/**
 * A signed POST is told apart from one sent again by its Idempotency-Key, so that each has one, also
 * where an id of the caller's in the body does the same work. Put it around what sends again.
 */
export function keyed(key: ApiKey | undefined, fetch: Fetch): Fetch {
  if (key === undefined || 'secret' in key) return fetch
  return (request) => {
    const { headers } = request
    if (request.method === 'POST' && !headers.has('idempotency-key')) {
      headers.set('idempotency-key', randomUUID())
    }
    return fetch(request)
  }
}

/** The body, which the request keeps. */
async function bytes(request: Request): Promise<Uint8Array> {
  return new Uint8Array(await request.clone().arrayBuffer())
}
