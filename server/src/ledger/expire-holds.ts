import { applied, type DueHandler, derivedUuid, doneDue, postponeDue } from '#base'
import type { Ledger } from './ledger.ts'

/** The kind of due work that ends a hold whose time has come. */
export const EXPIRE_HOLD = 'ledger.expire_hold'

/** A hold that backs an instruction is looked at again after this. */
const AGAIN_MS = 300_000

/**
 * Gives back what is left of holds whose time has come. The sweep only tidies up: a release after
 * the expiry is refused whether or not it has come by.
 */
export function expireHolds(ledger: Pick<Ledger, 'writer'>): DueHandler {
  return {
    run: async (work) => {
      const { book, key, attempts, dueAt } = work
      // A refusal is recorded under the id, so every attempt has an id of its own.
      const id = derivedUuid(EXPIRE_HOLD, `${book}:${key}:${attempts}`)
      await ledger.writer(book).submit({
        roots: [`due:${EXPIRE_HOLD}:${key}`],
        transfers: [{ type: 'expire', id, hold: key }],
        effects: [applied(doneDue, work)],
        refused: (code) =>
          code === 'hold_not_expired'
            ? { effects: [applied(postponeDue, { ...work, dueAt: dueAt + AGAIN_MS })] }
            : { effects: [applied(doneDue, work)] },
      })
    },
  }
}
