/** The engine as one of the three that are compared: a ledger of its own in a database of its own. */
import type { World } from '#base'
import { type Hold, openLedger, type TransferResult } from '../index.ts'
import { readRows } from './read-rows.ts'
import type { Candidate, HoldPicture, Step, StepResult } from './step.ts'

export interface EngineCandidate extends Candidate {
  readonly name: 'engine'
  readonly book: number
  close(): Promise<void>
}

/** Opens a book of the chart `plain`. The world's clock is the caller's to move. */
export async function openEngine(world: World): Promise<EngineCandidate> {
  const ledger = await openLedger({ world })
  const { number } = await ledger.createBook({
    orgId: 1,
    name: 'Engine',
    currency: 'CNY',
    chart: 'plain',
  })
  const writer = ledger.writer(number)

  const run = async (step: Step): Promise<StepResult> => {
    switch (step.do) {
      case 'transfer':
        return { do: 'transfer', result: await writer.transfer(step.request) }
      case 'command': {
        const result = await writer.submit({ roots: [], transfers: step.transfers })
        if (result.status === 'stale') throw new Error(`stale without an effect: ${result.effect}`)
        if (result.status === 'refused') {
          return { do: 'command', status: 'refused', code: result.code, transfer: result.transfer }
        }
        const { status, transfers } = result
        return { do: 'command', status, transfers }
      }
      case 'change': {
        const change = [{ account: step.account, state: step.state }]
        return done(await writer.submit({ roots: [], change }))
      }
      case 'close':
        return done(await writer.submit({ roots: [], closeBefore: step.before }))
      case 'pin': {
        const pin = [{ hold: step.hold, pinned: step.pinned }]
        return done(await writer.submit({ roots: [], pin }))
      }
      case 'clock':
        return { do: 'done' }
    }
  }

  return {
    name: 'engine',
    book: number,
    close: () => ledger.close(),
    open: async (open) => {
      done(await writer.submit({ roots: [], open }))
    },
    run: (steps) => Promise.all(steps.map(run)),
    picture: async (accounts, holds) => ({
      balances: await Promise.all(
        accounts.map(async (id) => {
          const balance = await writer.balance(id)
          if (balance === undefined) throw new Error(`the engine does not know account ${id}`)
          const { debitsPosted, creditsPosted, debitsPending, creditsPending } = balance
          return { debitsPosted, creditsPosted, debitsPending, creditsPending }
        }),
      ),
      holds: (await Promise.all(holds.map((id) => writer.hold(id))))
        .filter((hold) => hold !== undefined)
        .sort((a, b) => (a.number < b.number ? -1 : 1))
        .map(holdPicture),
    }),
    rows: (after) => readRows(world.db, number, after),
    end: async () => {
      const [row] = await world.db.query<{ transfer: bigint; account: number }>(
        `select h.last_id as transfer,
           coalesce((select max(number) from ledger.account where book_id = $1), 0) as account
         from ledger.head h where h.book_id = $1`,
        [number],
      )
      return row ?? { transfer: 0n, account: 0 }
    },
  }
}

function done(result: { status: string; transfers?: readonly TransferResult[] }): StepResult {
  if (result.status !== 'committed') throw new Error(`a change was ${result.status}`)
  return { do: 'done' }
}

function holdPicture({ id, remaining, state, pinned }: Hold): HoldPicture {
  return { id, remaining, state, pinned }
}
