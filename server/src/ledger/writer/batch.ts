/**
 * One batch: what was decided together, is written in one database tx, and is answered together.
 * A batch keeps everything needed to write it, to take it back, and to decide its entries again.
 */
import {
  Column,
  type Effect,
  type EffectRow,
  type Instant,
  OID,
  type OutboxEvent,
  type Uuid,
} from '#base'
import type { CommandResult, TransferResult } from '../command.ts'
import type { Decision } from './decide.ts'
import { AccountRows } from './dirty.ts'
import type { Entry } from './entry.ts'
import { type HeldMoney, type Memory, Undo } from './memory.ts'
import { Rows, type TransferRow } from './rows.ts'

/** How a batch ended. */
export type Outcome =
  | { readonly kind: 'committed' }
  /** The database refused the data of some command in it. */
  | { readonly kind: 'data'; readonly sqlState: string; readonly error: Error }
  /** An effect's row did not move; the entries that must leave. */
  | { readonly kind: 'stale'; readonly entries: ReadonlyMap<Entry, string> }
  /** Another epoch writes the book. */
  | { readonly kind: 'fenced' }
  /** Not committed for a passing reason: a lock, a time-out, a batch before it. */
  | { readonly kind: 'retry'; readonly error: Error | undefined }
  /** Not committed because the database has no room. */
  | { readonly kind: 'full'; readonly error: Error }
  /** COMMIT was sent and no answer came. */
  | { readonly kind: 'doubt'; readonly error: Error }

interface EffectGroup {
  readonly effect: Effect<unknown>
  readonly rows: unknown[]
  readonly entries: Entry[]
}

export class Batch {
  readonly rows = new Rows()
  readonly undo = new Undo()
  /** Ids decided in this batch. */
  readonly keys = new Set<Uuid>()
  readonly accounts = new AccountRows()
  readonly entries: Entry[] = []
  readonly results: (CommandResult | TransferResult)[] = []
  readonly roots = new Set<string>()
  readonly pendingRows: TransferRow[] = []
  readonly touchedHolds = new Set<HeldMoney>()
  readonly reversals: { subject: number; reversal: number }[] = []
  readonly openings = new AccountOpenings()
  readonly forced = new Set<number>()
  readonly effects = new Map<Effect<unknown>, EffectGroup>()
  readonly events: OutboxEvent[] = []
  /** Entries whose id is in this batch: decided again when it has ended. */
  readonly waiting: Entry[] = []
  /** Entries answered while it was decided, without a part in it. */
  readonly settled: Entry[] = []
  /** Which of the writer's two connections it flies on. */
  slot = 0
  /** Accounts whose rows it writes. */
  flushed: number[] = []
  /** For the first of them, not those written for a change of state: see `DirtyAccounts.take`. */
  readonly behind: number[] = []
  holdRows: HoldColumns | undefined
  closeBefore: Instant | undefined
  seq = 0
  firstId = 1
  lastId = 0
  checkpointId = 0
  at: Instant = 0
  mono = 0
  rowsHash: Buffer = Buffer.alloc(0)
  hash: Buffer = Buffer.alloc(0)
  ended: Promise<Outcome> | undefined
  outcome: Outcome | undefined

  begin(on: { seq: number; firstId: number; at: Instant; mono: number }): void {
    this.seq = on.seq
    this.firstId = on.firstId
    this.lastId = on.firstId - 1
    this.at = on.at
    this.mono = on.mono
  }

  /** Empties the batch; nothing of it may be in use any more. */
  reset(): void {
    this.rows.reset()
    this.undo.clear()
    this.keys.clear()
    this.accounts.reset()
    this.entries.length = 0
    this.results.length = 0
    this.roots.clear()
    this.pendingRows.length = 0
    this.touchedHolds.clear()
    this.reversals.length = 0
    this.openings.reset()
    this.forced.clear()
    this.effects.clear()
    this.events.length = 0
    this.waiting.length = 0
    this.settled.length = 0
    this.flushed = []
    this.behind.length = 0
    this.holdRows = undefined
    this.closeBefore = undefined
    this.ended = undefined
    this.outcome = undefined
  }

  /** Whether it changes more than bare transfers do: such a batch is alone in flight. */
  get alone(): boolean {
    return (
      this.effects.size > 0 ||
      this.events.length > 0 ||
      this.openings.count > 0 ||
      this.forced.size > 0 ||
      this.closeBefore !== undefined
    )
  }

  get empty(): boolean {
    return this.entries.length === 0
  }

  decision(memory: Memory, entry: Entry): Decision {
    return {
      memory,
      undo: this.undo,
      now: this.at,
      rows: this.pendingRows,
      touchedHolds: this.touchedHolds,
      reversals: this.reversals,
      found: entry.looked,
    }
  }

  addEffects(entry: Entry, rows: readonly EffectRow[]): void {
    for (const { effect, row } of rows) {
      const group = this.effects.get(effect)
      if (group === undefined) this.effects.set(effect, { effect, rows: [row], entries: [entry] })
      else {
        group.rows.push(row)
        group.entries.push(entry)
      }
    }
  }
}

/** Accounts opened in a batch. */
export class AccountOpenings {
  private readonly number = new Column(OID.int4)
  private readonly id = new Column(OID.uuid)
  private readonly texts = [0, 1, 2, 3].map(() => new Column(OID.text))
  private readonly limit = new Column(OID.int8)

  get count(): number {
    return this.number.count
  }

  reset(): void {
    for (const column of [this.number, this.id, ...this.texts, this.limit]) column.reset()
  }

  add(memory: Memory, account: number): void {
    const [code, name, holder, side] = this.texts
    this.number.int4(account + 1)
    this.id.uuid(memory.words(account))
    code!.text(memory.codeOf(account))
    name!.text(memory.nameOf(account))
    const heldBy = memory.holderOf(account)
    if (heldBy === undefined) holder!.null()
    else holder!.text(heldBy)
    side!.text(memory.creditSide[account] === 1 ? 'credit' : 'debit')
    if (memory.limited(account)) this.limit.big(memory.limit[account]!)
    else this.limit.null()
  }

  params(): Buffer[] {
    return [this.number, this.id, ...this.texts, this.limit].map((column) => column.param())
  }
}

/** Holds changed in a batch, as they stand when it is decided. */
export interface HoldColumns {
  readonly inserts: Buffer[] | undefined
  readonly updates: Buffer[] | undefined
}

export function holdColumns(memory: Memory, holds: ReadonlySet<HeldMoney>): HoldColumns {
  const oids = [OID.int8, OID.uuid, OID.int4, OID.int4, OID.int8, OID.int8, OID.text]
  const inserted = [...oids, OID.timestamptz, OID.bool].map((oid) => new Column(oid))
  const updated = [OID.int8, OID.int8, OID.text, OID.bool].map((oid) => new Column(oid))
  for (const hold of holds) {
    if (hold.stored) {
      updated[0]!.int8(hold.id)
      updated[1]!.big(hold.remaining)
      updated[2]!.text(hold.state)
      updated[3]!.bool(hold.pinned)
    } else addInsert(memory, inserted, hold)
  }
  const params = (columns: readonly Column[]): Buffer[] | undefined =>
    columns[0]!.count === 0 ? undefined : columns.map((column) => column.param())
  return { inserts: params(inserted), updates: params(updated) }
}

function addInsert(memory: Memory, columns: readonly Column[], hold: HeldMoney): void {
  columns[0]!.int8(hold.id)
  columns[1]!.uuid(memory.parse(hold.key))
  columns[2]!.int4(hold.debit + 1)
  columns[3]!.int4(hold.credit + 1)
  columns[4]!.big(hold.amount)
  columns[5]!.big(hold.remaining)
  columns[6]!.text(hold.state)
  if (hold.expiresAt === undefined) columns[7]!.null()
  else columns[7]!.instant(hold.expiresAt)
  columns[8]!.bool(hold.pinned)
}
