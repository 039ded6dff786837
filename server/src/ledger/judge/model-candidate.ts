/** The model as one of the three that are compared: its state held, its steps run in order. */
import type { Instant, Uuid } from '#base'
import * as model from './model.ts'
import { withChart } from './oracle.ts'
import type { Candidate, Step, StepResult } from './step.ts'

/** What a sequence asks of the model before it runs: which steps make sense where it stands. */
export interface ModelCandidate extends Candidate {
  readonly name: 'model'
  /** Where the model stands, to decide whether a step is in the rules at all. */
  book(): model.ModelBook
}

export function openModel(start: { transfer: bigint; account: number }): ModelCandidate {
  let book: model.ModelBook = {
    ...model.emptyBook(),
    lastNumber: start.transfer,
    lastAccount: start.account,
  }
  const run = (step: Step, clock: Instant): StepResult => {
    const now = model.instant(book, clock)
    const ran = runStep(book, step, now)
    book = ran.book
    return ran.result
  }
  return {
    name: 'model',
    book: () => book,
    open: async (accounts) => {
      for (const account of accounts) book = model.open(book, withChart(account))
    },
    run: async (steps, clock) => steps.map((step) => run(step, clock)),
    picture: async (accounts, holds) => ({
      balances: accounts.map((id) => balance(book, id)),
      holds: [...book.holds.values()]
        .filter(({ id }) => holds.includes(id))
        .map(({ id, remaining, state, pinned }) => ({ id, remaining, state, pinned })),
    }),
    rows: async (after) => book.rows.filter((row) => row.number > after),
    end: async () => ({ transfer: book.lastNumber, account: book.lastAccount }),
  }
}

function runStep(
  book: model.ModelBook,
  step: Step,
  now: Instant,
): { book: model.ModelBook; result: StepResult } {
  switch (step.do) {
    case 'transfer': {
      const applied = model.apply(book, step.request, now)
      return { book: applied.book, result: { do: 'transfer', result: applied.result } }
    }
    case 'command': {
      const applied = model.applyAll(book, step.transfers, now)
      const last = applied.results.at(-1)
      if (applied.refused !== undefined && last?.status === 'refused') {
        const { code } = last
        const result = {
          do: 'command',
          status: 'refused',
          code,
          transfer: applied.refused,
        } as const
        return { book: applied.book, result }
      }
      const replayed = applied.results.every((result) => result.replayed)
      const status = replayed ? 'replayed' : 'committed'
      return {
        book: applied.book,
        result: { do: 'command', status, transfers: applied.results },
      }
    }
    case 'change':
      return done(model.change(book, step.account, step.state, now))
    case 'close':
      return done(model.closeBefore(book, step.before, now))
    case 'pin':
      return done(model.pin(book, step.hold, step.pinned, now))
    case 'clock':
      return done(book)
  }
}

function done(book: model.ModelBook): { book: model.ModelBook; result: StepResult } {
  return { book, result: { do: 'done' } }
}

function balance(book: model.ModelBook, id: Uuid) {
  const account = book.accounts.get(id)
  if (account === undefined) throw new Error(`no account ${id}`)
  const { debitsPosted, creditsPosted, debitsPending, creditsPending } = account
  return { debitsPosted, creditsPosted, debitsPending, creditsPending }
}
