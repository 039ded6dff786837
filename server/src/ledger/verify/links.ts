/**
 * What transfers say about each other: legs of one transfer, holds and what ended them, reversals and
 * what they mirror. Only open holds stay in memory; the stored rows that a chunk of transfers speaks
 * of are read once for the chunk.
 */
import type { Tx } from '#base'
import { TYPE } from './balances.ts'
import { holdsOf, type ReversedLeg, reversedLegs } from './verify-store.ts'
import { type HoldRow, NOTHING, type StoredTransfer, type WrongRow, wrong } from './wrong-row.ts'

interface OpenHold {
  readonly debit: number
  readonly credit: number
  remaining: bigint
}

/** A hold and the transfer that opened it differ: the chain says which of them was changed. */
export interface Contradiction {
  readonly hold: WrongRow
  readonly transfer: WrongRow
}

const STATES = new Map<number, HoldRow['state']>([
  [TYPE.release, 'released'],
  [TYPE.void, 'voided'],
  [TYPE.expire, 'expired'],
])

export class Links {
  private readonly open = new Map<number, OpenHold>()
  private stored = new Map<number, HoldRow>()
  private reversed = new Map<number, ReversedLeg[]>()
  private before: StoredTransfer | undefined
  /** Legs of the reversal being read that are still to come. */
  private mirror: ReversedLeg[] = []
  private contradiction: Contradiction | undefined
  reversals = 0n

  /** Reads what the coming transfers speak of. */
  async prepare(tx: Tx, book: number, rows: readonly StoredTransfer[]): Promise<void> {
    const holds = rows.flatMap((row) => {
      if (row.type === TYPE.hold) return [row.id]
      return STATES.has(row.type) && row.subject !== undefined ? [row.subject] : []
    })
    const subjects = rows.flatMap((row) =>
      row.type === TYPE.reverse && row.leg === 0 && row.subject !== undefined ? [row.subject] : [],
    )
    this.stored = new Map()
    if (holds.length > 0) {
      const found = await holdsOf(tx, book, [...new Set(holds)])
      this.stored = new Map(found.map((row) => [Number(row.id), row]))
    }
    this.reversed = new Map()
    if (subjects.length === 0) return
    for (const leg of await reversedLegs(tx, book, [...new Set(subjects)])) {
      const legs = this.reversed.get(Number(leg.subject))
      if (legs === undefined) this.reversed.set(Number(leg.subject), [leg])
      else legs.push(leg)
    }
  }

  /** What was found since it was last asked. */
  takeContradiction(): Contradiction | undefined {
    const found = this.contradiction
    this.contradiction = undefined
    return found
  }

  /** The hold whose reserve this row takes back. */
  holdOf(row: StoredTransfer): OpenHold | undefined {
    return STATES.has(row.type) ? this.open.get(row.subject ?? -1) : undefined
  }

  /** Checks a row against the rows before it; called before its amounts are applied. */
  check(row: StoredTransfer): WrongRow | undefined {
    const legs = this.checkLegs(row)
    this.before = row
    if (legs !== undefined) return legs
    switch (row.type) {
      case TYPE.post:
        return row.subject === undefined ? undefined : at(row, ['subject_id', NOTHING, row.subject])
      case TYPE.hold:
        return this.openHold(row)
      case TYPE.reverse:
        return this.checkMirror(row)
      default:
        return this.endHold(row)
    }
  }

  private checkLegs(row: StoredTransfer): WrongRow | undefined {
    const { before } = this
    if (row.leg === 0) {
      if (this.mirror.length > 0) return at(row, ['leg', (before?.leg ?? 0) + 1, 0])
      return row.key === undefined ? at(row, ['key', 'the id of the transfer', NOTHING]) : undefined
    }
    const leg = before === undefined ? 0 : before.leg + 1
    if (row.leg !== leg) return at(row, ['leg', leg, row.leg])
    if (row.key !== undefined) return at(row, ['key', NOTHING, row.key])
    if (row.type !== before?.type) return at(row, ['type', before?.type, row.type])
    return row.subject === before.subject
      ? undefined
      : at(row, ['subject_id', before.subject, row.subject])
  }

  private openHold(row: StoredTransfer): WrongRow | undefined {
    const { debit, credit, amount } = row
    this.open.set(row.id, { debit, credit, remaining: amount })
    const stored = this.stored.get(row.id)
    if (stored === undefined) {
      this.contradiction ??= {
        hold: wrong('ledger.hold', row.id, ['id', row.id, NOTHING]),
        transfer: at(row, ['type', 'any but a hold', row.type]),
      }
      return undefined
    }
    for (const field of ['key', 'debit', 'credit', 'amount'] as const) {
      if (stored[field] === row[field]) continue
      this.contradiction ??= {
        hold: wrong('ledger.hold', row.id, [field, row[field], stored[field]]),
        transfer: at(row, [field, stored[field], row[field]]),
      }
    }
    return undefined
  }

  private endHold(row: StoredTransfer): WrongRow | undefined {
    const hold = this.open.get(row.subject ?? -1)
    if (hold === undefined) return at(row, ['subject_id', 'an open hold', row.subject])
    if (row.debit !== hold.debit) return at(row, ['debit', hold.debit, row.debit])
    const whole = row.type !== TYPE.release
    if (whole && row.credit !== hold.credit) return at(row, ['credit', hold.credit, row.credit])
    if (row.amount > hold.remaining || (whole && row.amount !== hold.remaining)) {
      const most = whole ? hold.remaining : `at most ${hold.remaining}`
      return at(row, ['amount', most, row.amount])
    }
    hold.remaining -= row.amount
    if (hold.remaining > 0n) return undefined
    // Left in `open` until the row is applied: its balances are taken back from there.
    this.compareEnd(row, row.subject!)
    return undefined
  }

  private compareEnd(row: StoredTransfer, id: number): void {
    const stored = this.stored.get(id)
    const state = STATES.get(row.type)
    if (stored?.state === state) return
    this.contradiction ??= {
      hold: wrong('ledger.hold', id, ['state', state, stored?.state]),
      transfer: at(row, ['type', `what leaves the hold ${stored?.state ?? NOTHING}`, row.type]),
    }
  }

  /** Forgets a hold that the row has ended. */
  settle(row: StoredTransfer): void {
    const hold = this.holdOf(row)
    if (hold?.remaining === 0n) this.open.delete(row.subject!)
  }

  private checkMirror(row: StoredTransfer): WrongRow | undefined {
    if (row.leg === 0) {
      const subject = this.reversed.get(row.subject ?? -1)
      const [first] = subject ?? []
      if (subject === undefined || (first?.type !== TYPE.post && first?.type !== TYPE.release)) {
        return at(row, ['subject_id', 'a post or a release', row.subject])
      }
      this.reversals += 1n
      if (Number(first.reversal ?? 0n) !== row.id) {
        return wrong('ledger.reversal', row.subject ?? 0, ['reversal_id', row.id, first.reversal])
      }
      this.mirror = [...subject].reverse()
    }
    const leg = this.mirror.shift()
    if (leg === undefined) return at(row, ['leg', 'no further leg', row.leg])
    if (row.debit !== leg.credit) return at(row, ['debit', leg.credit, row.debit])
    if (row.credit !== leg.debit) return at(row, ['credit', leg.debit, row.credit])
    return row.amount === leg.amount ? undefined : at(row, ['amount', leg.amount, row.amount])
  }

  /** Holds a row of `ledger.hold` to what the transfers left of it. */
  checkHold(row: HoldRow): WrongRow | undefined {
    const hold = this.open.get(Number(row.id))
    const state = hold === undefined ? 'released, voided or expired' : 'open'
    if ((hold !== undefined) !== (row.state === 'open')) {
      return wrong('ledger.hold', row.id, ['state', state, row.state])
    }
    const remaining = hold?.remaining ?? 0n
    this.open.delete(Number(row.id))
    return row.remaining === remaining
      ? undefined
      : wrong('ledger.hold', row.id, ['remaining', remaining, row.remaining])
  }

  /** A hold that is open by the transfers and has no row. */
  missingHold(): WrongRow | undefined {
    const [id] = this.open.keys()
    return id === undefined ? undefined : wrong('ledger.hold', id, ['id', id, NOTHING])
  }
}

function at(row: StoredTransfer, what: readonly [string, unknown, unknown]): WrongRow {
  return wrong('ledger.transfer', row.id, what)
}
