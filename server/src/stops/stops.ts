/** Stops put together: what is paused and frozen, and who may end it. */

import type { GuardedAction } from '#approvals'
import type { Clock, Db, Log, StoredAnswer, Uuid } from '#base'
import type { By, StopsContext, StopsLedger } from './context.ts'
import { createFreezeBooks } from './freeze-book.ts'
import { type FreezeView, freeze, liftAction, type NewFreeze, viewFreeze } from './freezes.ts'
import { type NewPause, pause, resumeAction } from './pauses.ts'
import type { StopRefusalCode } from './refusals.ts'
import type { Movement, Stopped } from './scope.ts'
import { listPauses, type Pause } from './store.ts'
import { createWatch } from './watch.ts'

export interface StopsOptions {
  readonly db: Db
  /** Business time. */
  readonly clock: Pick<Clock, 'now'>
  /** The machinery's clock: the wall's, also where business time is moved. */
  readonly wall: Pick<Clock, 'mono' | 'sleep'>
  readonly log: Log
  readonly ledger: StopsLedger
}

/** What whoever sends money asks, just before. */
export interface StopGate {
  /** False when nothing can be stopped: ask no further. */
  any(): boolean
  /** Why it may not be sent now. A stopped movement is kept, and sent when nothing stops it. */
  stoppedBy(movement: Movement): Stopped | undefined
}

export interface Stops {
  readonly gate: StopGate
  /** For the ledger: whether an account opened for this holder is frozen from the start. */
  isFrozen(orgId: number, holder: string): boolean
  /** Whether what stands cannot be read, so that nothing is sent. */
  isBlind(): boolean
  pause(asked: NewPause, by: By, answer?: (pause: Pause) => StoredAnswer): Promise<Pause>
  /** Pauses of an organisation, the newest first; `all` lists those that were ended, too. */
  pauses(of: {
    readonly orgId: number
    readonly all: boolean
    readonly limit: number
  }): Promise<Pause[]>
  /** Orders a freeze of all that a party holds, or answers the one ordered before under this id. */
  freeze(
    asked: NewFreeze,
    by: By,
    answer?: (view: FreezeView) => StoredAnswer,
  ): Promise<FreezeView | { readonly refused: StopRefusalCode }>
  /** An order and which books have acknowledged it. */
  freezeView(of: { readonly orgId: number; readonly id: Uuid }): Promise<FreezeView | undefined>
  /** What takes two persons. */
  readonly actions: readonly GuardedAction[]
  /** Reads what stands now. */
  refresh(): Promise<void>
  /** Begins to look. Until the first look nothing is sent. */
  start(): Promise<void>
  /** Waits for the look that is under way, and for what it has begun in the books. */
  settled(): Promise<void>
  stop(): Promise<void>
}

export function createStops(options: StopsOptions): Stops {
  const { db, clock, wall, log, ledger } = options
  const books = createFreezeBooks({ db, clock, log, ledger })
  const watch = createWatch({
    ...{ db, clock, wall, log },
    onLook: books.reconcile,
    onNewParties: books.noteFrozenBefore,
  })
  const context: StopsContext = { db, clock, log, ledger, watch }
  return {
    gate: watch,
    isFrozen: watch.isFrozen,
    isBlind: watch.isBlind,
    pause: (asked, by, answer) => pause(context, asked, by, answer),
    pauses: (of) => listPauses(db, of),
    freeze: (asked, by, answer) => freeze(context, asked, by, answer),
    freezeView: (of) => viewFreeze(context, of),
    actions: [resumeAction(context), liftAction(context)],
    refresh: watch.refresh,
    start: watch.start,
    settled: async () => {
      await watch.settled()
      await books.settled()
    },
    stop: async () => {
      await watch.stop()
      await books.settled()
    },
  }
}
