/**
 * Which limits a request counts against: by what the route does and by who asks.
 *
 * The easy mistake: one limit for all. A client that reads in a loop must not use up what its
 * payments need, so reading and writing are counted apart.
 */
import type { Knock } from '#base'
import type { Limit } from './rate-limits.ts'

/** What is done on a route that asks for no sign-in. */
export type PublicClass = 'sign_in' | 'notice' | 'public'

export interface LimitTable {
  /** One API key. */
  readonly key: Readonly<Record<'read' | 'write', Limit>>
  /** All keys and users of one merchant together. */
  readonly merchant: Readonly<Record<'read' | 'write', Limit>>
  readonly user: Readonly<Record<'read' | 'write', Limit>>
  /** One address on routes that ask for no sign-in. */
  readonly address: Readonly<Record<PublicClass, Limit>>
  /** How often one key is told which component of a wrong signature differs. */
  readonly suspects: Limit
}

const second = (requests: number): Limit => ({ requests, windowMs: 1_000 })

/** What is asked of callers unless the settings say otherwise. */
export const LIMITS: LimitTable = {
  key: { read: second(2_000), write: second(2_000) },
  merchant: { read: second(4_000), write: second(4_000) },
  user: { read: second(100), write: second(20) },
  // A rail tells of every payment from a few addresses, and its notices are signed.
  address: {
    ...{ sign_in: { requests: 30, windowMs: 60_000 }, notice: second(5_000) },
    public: second(200),
  },
  suspects: second(5),
}

/** The class of a public route. Asking who is signed in tries nothing, and pages do it often. */
export function publicClass({ method, route }: Knock): PublicClass {
  if (method !== 'POST') return 'public'
  if (route.startsWith('/v1/channels/')) return 'notice'
  return route.startsWith('/v1/auth/') ? 'sign_in' : 'public'
}

/** The class of any other route. */
export function signedInClass({ method }: Knock): 'read' | 'write' {
  return method === 'GET' ? 'read' : 'write'
}
