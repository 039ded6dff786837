/**
 * Forgets what is old: attempts after 30 days, ended deliveries and their events after 90, and listeners
 * after a day without a poll.
 */
import { type DueHandler, ensureDue, type Instant, postponeDue } from '#base'
import type { WebhooksContext } from './context.ts'
import { pruneBefore } from './delivery-store.ts'
import { apply } from './lane.ts'

export const PRUNE = 'webhooks.prune'

const DAY_MS = 24 * 3_600_000
export const ATTEMPTS_KEPT_MS = 30 * DAY_MS
export const DELIVERIES_KEPT_MS = 90 * DAY_MS
const BOOK = 0

/** Plans the daily pruning; a plan that stands stays. */
export async function planPrune({ world: { db, clock } }: WebhooksContext): Promise<void> {
  const at = clock.now()
  const row = { orgId: 0, kind: PRUNE, key: 'daily', dueAt: at + DAY_MS, payload: null }
  await apply(db, { effect: ensureDue, book: BOOK, at }, [row])
}

export function pruneHandler({ world: { db, clock }, wall }: WebhooksContext): DueHandler {
  return {
    run: async ({ kind, key, attempts }) => {
      const at: Instant = clock.now()
      await db.tx(async (tx) => {
        const until = {
          ...{ attempts: at - ATTEMPTS_KEPT_MS, deliveries: at - DELIVERIES_KEPT_MS },
          listeners: wall.now() - DAY_MS,
        }
        await pruneBefore(tx, until)
        const row = { kind, key, attempts, dueAt: at + DAY_MS }
        await apply(tx, { effect: postponeDue, book: BOOK, at }, [row])
      })
    },
  }
}
