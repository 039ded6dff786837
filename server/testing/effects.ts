/**
 * Applies effects the way the book writer does: one statement per kind, all in one tx, and `stale`
 * when a row did not move. For tests of effects on their own; the writer itself has its own tests.
 */
import type { Db } from '../src/base/db.ts'
import type { Effect, EffectRow } from '../src/base/effect.ts'
import type { Instant } from '../src/base/world.ts'

export class StaleEffect extends Error {
  override name = 'StaleEffect'
}

/** Applies the rows in the order in which their effects first appear, all or none. */
export async function applyEffects(
  db: Db,
  at: { book: number; now: Instant },
  rows: readonly EffectRow[],
): Promise<void> {
  const byEffect = new Map<Effect<unknown>, unknown[]>()
  for (const { effect, row } of rows) {
    byEffect.set(effect, [...(byEffect.get(effect) ?? []), row])
  }
  await db.tx(async (tx) => {
    for (const [effect, group] of byEffect) {
      const params = [at.book, new Date(at.now), ...effect.columns(group)]
      const moved = await tx.query<{ moved: string }>(effect.sql, params)
      const keys = new Set(moved.map((row) => row.moved))
      const stale = group.map((row) => effect.key(row)).filter((key) => !keys.has(key))
      if (stale.length > 0) throw new StaleEffect(`${effect.name}: ${stale.join(', ')}`)
    }
  })
}
