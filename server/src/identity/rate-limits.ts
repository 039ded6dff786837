/**
 * Rate limits shared by all replicas without a question to the database per request. Time is cut into
 * windows; a replica takes a lease of permits of the current window, a tenth of the limit, by one
 * conditional statement, and gives them out from memory. When less than half of a lease is left it
 * fetches the next one beside the requests.
 *
 * All replicas together never give out more than the limit in what the database holds to be one
 * window. What a replica leased and did not need is lost when the window ends.
 *
 * The easy mistake: counting in memory and writing later. Two replicas would both find room.
 */
import type { Db, Instant } from '#base'
import { takePermits } from './rate-limit-store.ts'
import type { Wall } from './session.ts'

/** So many requests in so much time. All replicas must hold a name to the same limit. */
export interface Limit {
  readonly requests: number
  readonly windowMs: number
}

/** A request over its limit. */
export interface OverLimit {
  readonly limit: Limit
  /** Until the next window, whole seconds, at least 1. */
  readonly retryAfterS: number
}

export interface RateLimits {
  /** Takes a permit of a name, such as `key_0_…:write`; `undefined` when there was one. */
  take(name: string, limit: Limit): Promise<OverLimit | undefined>
}

interface Lease {
  window: number
  permits: number
  /** The window the database has refused more permits of. */
  spent: number
  /** The statement under way. */
  asked: Promise<void> | undefined
}

const MOST_KEPT = 20_000

/** Opens the limits of one database. */
export function createRateLimits({
  db,
  wall,
}: {
  readonly db: Db
  readonly wall: Wall
}): RateLimits {
  const leases = new Map<string, Lease>()

  const ask = async (name: string, limit: Limit, lease: Lease): Promise<void> => {
    const window = windowOf(wall.now(), limit)
    const size = sizeOf(limit)
    const taken = await takePermits(db, { name, window, size, most: limit.requests })
    if (taken === undefined) {
      lease.spent = Math.max(lease.spent, window)
      return
    }
    const granted = grantedBy(taken, limit)
    if (lease.window === window) lease.permits += granted
    else {
      lease.window = window
      lease.permits = granted
    }
  }

  const refill = (name: string, limit: Limit, lease: Lease): Promise<void> => {
    lease.asked ??= ask(name, limit, lease).finally(() => {
      lease.asked = undefined
    })
    return lease.asked
  }

  return {
    take: async (name, limit) => {
      const lease = leaseOf(leases, name)
      for (;;) {
        const now = wall.now()
        const window = windowOf(now, limit)
        if (lease.window === window && lease.permits > 0) {
          lease.permits -= 1
          if (lease.permits * 2 < sizeOf(limit) && lease.spent < window) {
            // Whoever needs its permits asks again, and hears then what went wrong.
            refill(name, limit, lease).catch(() => undefined)
          }
          return undefined
        }
        if (lease.spent >= window) return { limit, retryAfterS: untilNext(now, limit) }
        await refill(name, limit, lease)
      }
    },
  }
}

function leaseOf(leases: Map<string, Lease>, name: string): Lease {
  let lease = leases.get(name)
  if (lease === undefined) {
    // Forgetting leases loses permits, never gives out too many.
    if (leases.size >= MOST_KEPT) leases.clear()
    lease = { window: -1, permits: 0, spent: -1, asked: undefined }
    leases.set(name, lease)
  }
  return lease
}

function windowOf(now: Instant, { windowMs }: Limit): number {
  return Math.floor(now / windowMs)
}

function untilNext(now: Instant, { windowMs }: Limit): number {
  return Math.max(1, Math.ceil((windowMs - (now % windowMs)) / 1000))
}

/** A tenth of the limit, and at least one permit. */
function sizeOf({ requests }: Limit): number {
  return Math.max(1, Math.floor(requests / 10))
}

/** What the statement gave: a whole lease, or what was left behind the last whole one. */
function grantedBy(taken: number, limit: Limit): number {
  const size = sizeOf(limit)
  return taken < limit.requests ? size : limit.requests - Math.floor((taken - 1) / size) * size
}
