/** What the commands of custody share: its pools, its desk, and how a command on a case is decided. */
import { Bug, type EffectRow, type PersonalSeal, present, type Uuid, type World } from '#base'
import { createDesk, type Desk, isBookedSince, type Parts, type StopGate } from '#channels'
import type { Ledger } from '#ledger'
import * as reads from './case-store.ts'
import { type Clearing, NO_CLEARING } from './clearing.ts'
import { type Draft, draftOf, isUnchanged, type PoolAccounts } from './draft.ts'
import { createOwner } from './owner.ts'
import { partsOf } from './parts.ts'
import type { Problem } from './problem.ts'
import type { CustodyRefusalCode } from './refusals.ts'
import type { Scheme } from './scheme.ts'

export interface CustodyOptions {
  readonly world: World
  readonly ledger: Ledger
  readonly seal: PersonalSeal
  readonly schemes: readonly Scheme[]
  /** What is collected over payment channels; absent where nothing is. */
  readonly clearing?: Clearing
  /** How long an instruction stays good before it is cancelled as never sent. */
  readonly validMs?: number
  /** How often the bank's list of what came in is read. */
  readonly listEveryMs?: number
  /** Work may be due at once: wakes the sweeper. */
  readonly onPlanned?: () => void
  /** What is paused; absent where nothing can be. */
  readonly stops?: StopGate
}

export interface CaseRefused {
  readonly refused: CustodyRefusalCode
  readonly problems?: readonly Problem[]
}

export interface Pool extends PoolAccounts {
  readonly orgId: number
  readonly currency: string
}

type Decision = CustodyRefusalCode | undefined

export interface CustodyContext extends CustodyOptions {
  readonly clearing: Clearing
  readonly desk: Desk
  pool(book: number): Pool
  addPool(book: number, pool: Pool): void
  /** The command of a draft. */
  parts(draft: Draft): Parts
  /** Decides on a case as it stands and submits, until nothing has moved in between. */
  command(
    at: { readonly book: number; readonly id: Uuid },
    decide: (draft: Draft) => Decision | Promise<Decision>,
    also?: readonly EffectRow[],
  ): Promise<CaseRefused | undefined>
}

/** Each round one of the contenders commits, so this many would have to meet on one case. */
const DECISIONS_MAX = 100

export function createContext(options: CustodyOptions): CustodyContext {
  const { world, ledger, seal, validMs, listEveryMs, onPlanned, stops } = options
  const { clearing = NO_CLEARING } = options
  const { db, clock, log } = world
  const pools = new Map<number, Pool>()
  const pool = (book: number) => present(pools.get(book), `book ${book} is not an open pool`)
  const parts = (draft: Draft) => partsOf(draft, (intent) => desk.intend(draft.before.book, intent))
  const desk: Desk = createDesk({
    db,
    clock,
    log,
    seal,
    writer: (book) => ledger.writer(book),
    owner: createOwner({ db, clock, seal, pool, parts, clearing }),
    ...(validMs === undefined ? {} : { validMs }),
    ...(listEveryMs === undefined ? {} : { listEveryMs }),
    ...(onPlanned === undefined ? {} : { onPlanned }),
    ...(stops === undefined ? {} : { stops }),
  })
  return {
    ...options,
    clearing,
    desk,
    pool,
    parts,
    addPool: (book, added) => {
      pools.set(book, added)
    },
    command: async ({ book, id }, decide, also = []) => {
      for (let attempt = 1; attempt <= DECISIONS_MAX; attempt += 1) {
        const view = await reads.loadCase(db, book, id)
        if (view === undefined) return { refused: 'case_not_found' }
        const draft = draftOf(view, clock.now(), pool(book))
        const refused = await decide(draft)
        if (refused !== undefined) return { refused }
        if (isUnchanged(draft) && also.length === 0) return undefined
        const { effects = [], ...rest } = parts(draft)
        const result = await ledger.writer(book).submit({ ...rest, effects: [...effects, ...also] })
        if (result.status === 'committed') {
          onPlanned?.()
          return undefined
        }
        if (result.status === 'refused' && !isBookedSince(result.code)) {
          throw new Bug(`the ledger refused transfer ${result.transfer}: ${result.code}`)
        }
        // `replayed`: another command has booked these very transfers since; decided again, as stale.
      }
      throw new Error(`Case ${id} moved ${DECISIONS_MAX} times while a command was decided.`)
    },
  }
}
