/** The engine as one of the three that are compared: a ledger of its own in a database of its own. */
import type { Uuid, World } from '#base'
import { type Balance, type Hold, openLedger, type TransferResult } from '../index.ts'
import { readEnd, readHolds, readPicture, readRows } from './read-rows.ts'
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

  const balance = async (id: Uuid): Promise<Balance> => {
    const found = await writer.balance(id)
    if (found === undefined) throw new Error(`the engine does not know account ${id}`)
    const { debitsPosted, creditsPosted, debitsPending, creditsPending } = found
    return { debitsPosted, creditsPosted, debitsPending, creditsPending }
  }

  return {
    name: 'engine',
    book: number,
    close: () => ledger.close(),
    open: async (open) => {
      done(await writer.submit({ roots: [], open }))
    },
    run: async (steps, { accounts, holds }) => {
      const answers = await Promise.allSettled(steps.map(run))
      const results = answers.map((answer) => {
        if (answer.status === 'rejected') throw answer.reason
        return answer.value
      })
      const balances = await Promise.all(accounts.map(balance))
      return { results, picture: { balances, holds: await readHolds(world.db, number, holds) } }
    },
    picture: async (accounts, ids) => {
      const { balances } = await readPicture(world.db, number, { accounts, holds: [] })
      const holds = await Promise.all(ids.map((id) => writer.hold(id)))
      const known = holds.filter((hold) => hold !== undefined)
      known.sort((a, b) => (a.number < b.number ? -1 : 1))
      return { balances, holds: known.map(holdPicture) }
    },
    rows: (after) => readRows(world.db, number, after),
    end: () => readEnd(world.db, number),
  }
}

function done(result: { status: string; transfers?: readonly TransferResult[] }): StepResult {
  if (result.status !== 'committed') throw new Error(`a change was ${result.status}`)
  return { do: 'done' }
}

function holdPicture({ id, remaining, state, pinned }: Hold): HoldPicture {
  return { id, remaining, state, pinned }
}
