/**
 * What the bank does later, in order of its own clock: paying or failing withdrawals, returning them,
 * making money withdrawable, sending notices. A row is deleted in the database tx of its effect; a
 * notice's row only after it was sent, so a killed bank sends it again.
 */
import { wallNow } from '../channel/clock.ts'
import type { Bank, Desk } from './book.ts'
import { assertBook, lockPool } from './book.ts'
import type { ClockSetting, Instant } from './clock.ts'
import type { Sql } from './store.ts'

export type DueKind = 'settle' | 'return' | 'mature' | 'notice'

export async function addDue(
  { tx }: { tx: Sql },
  due: { kind: DueKind; key: string; at: Instant; fen?: bigint },
): Promise<void> {
  await tx.query('insert into custody_bank.due (due_at, kind, key, fen) values ($1, $2, $3, $4)', [
    new Date(due.at),
    due.kind,
    due.key,
    due.fen ?? null,
  ])
}

export interface DueRow {
  id: bigint
  due_at: Date
  kind: DueKind
  key: string
  fen: bigint | null
}

export interface DueWork {
  /** The effect of a row that moves money or balances, inside its database tx. */
  act(desk: Desk, row: DueRow): Promise<void>
  /** Sends a notice; gives the milliseconds until the next attempt, if there is one. */
  send(noticeId: string): Promise<number | undefined>
}

export interface DueRunner {
  /** Looks at what is due, soon. */
  kick(): void
  /** Does everything due now, and resolves when it is done. */
  idle(): Promise<void>
  /** Moves the clock, stopping at each due row on the way. */
  moveClock(setting: ClockSetting): Promise<void>
  stop(): Promise<void>
}

const NEXT = 'select * from custody_bank.due where due_at <= $1 order by due_at, id limit 1'
const LONGEST_WAIT_MS = 60_000

export function createDueRunner(
  bank: Bank,
  work: DueWork,
  onError: (error: Error) => void,
): DueRunner {
  const { store, clock } = bank
  let last: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  let stopped = false

  const perform = async (row: DueRow) => {
    if (row.kind === 'notice') {
      const wait = await work.send(row.key)
      await store.tx(async (tx) => {
        await tx.query('delete from custody_bank.due where id = $1', [row.id])
        if (wait !== undefined)
          await addDue({ tx }, { kind: 'notice', key: row.key, at: clock.now() + wait })
      })
      return
    }
    await store.tx(async (tx) => {
      await lockPool(tx)
      const gone = await tx.query('delete from custody_bank.due where id = $1 returning 1', [
        row.id,
      ])
      // Another process may be working on the same book.
      if (gone.length === 0) return
      await work.act({ bank, tx, now: clock.now() }, row)
      await assertBook(tx)
    })
  }
  const next = async (until: Instant) => (await store.query<DueRow>(NEXT, [new Date(until)]))[0]
  const runDue = async () => {
    while (!stopped) {
      const row = await next(clock.now())
      if (row === undefined) return
      await perform(row)
    }
  }
  const wake = async () => {
    if (stopped || clock.setting().mode === 'fixed') return
    const [row] = await store.query<{ at: Date | null }>(
      'select min(due_at) as at from custody_bank.due',
    )
    if (row?.at == null || stopped) return
    const wait = Math.min(Math.max(row.at.getTime() - clock.now(), 1), LONGEST_WAIT_MS)
    clearTimeout(timer)
    timer = setTimeout(() => runner.kick(), wait)
    timer.unref()
  }
  /** One piece of work after another; a failure is told and does not stop the next. */
  const inTurn = (piece: () => Promise<void>) => {
    const result = last.then(piece)
    last = result.catch(() => {})
    return result
  }
  const runner: DueRunner = {
    kick() {
      if (stopped) return
      inTurn(async () => {
        await runDue()
        await wake()
      }).catch((error: Error) => {
        onError(error)
        if (stopped) return
        clearTimeout(timer)
        timer = setTimeout(() => runner.kick(), 1000)
        timer.unref()
      })
    },
    idle: () => inTurn(runDue),
    moveClock: (setting) =>
      inTurn(async () => {
        const target = targetOf(setting)
        for (let row = await next(target); row !== undefined; row = await next(target)) {
          clock.set({ mode: 'fixed', at: Math.max(clock.now(), row.due_at.getTime()) })
          await perform(row)
        }
        clock.set(setting)
        await wake()
      }),
    async stop() {
      stopped = true
      clearTimeout(timer)
      await last
    },
  }
  return runner
}

function targetOf(setting: ClockSetting): Instant {
  if (setting.mode === 'fixed') return setting.at
  return wallNow() + (setting.mode === 'offset' ? setting.by : 0)
}
