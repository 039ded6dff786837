/** The model's answers to the steps that all three candidates are put before. */
import type { Instant, Uuid } from '#base'
import * as model from './model.ts'
import type { Picture, Step, StepResult } from './step.ts'

/** One step of the rules; the book is not changed, a new one is returned. */
export function runStep(
  book: model.ModelBook,
  step: Step,
  now: Instant,
): { book: model.ModelBook; result: StepResult } {
  switch (step.do) {
    case 'transfer': {
      const applied = model.apply(book, step.request, now)
      return { book: applied.book, result: { do: 'transfer', result: applied.result } }
    }
    case 'command':
      return runCommand(book, step, now)
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

function runCommand(
  book: model.ModelBook,
  step: Extract<Step, { do: 'command' }>,
  now: Instant,
): { book: model.ModelBook; result: StepResult } {
  const applied = model.applyAll(book, step.transfers, now)
  if (applied.refused !== undefined) {
    const { code, at } = applied.refused
    const result = { do: 'command', status: 'refused', code, transfer: at } as const
    return { book: applied.book, result }
  }
  const replayed = applied.results.every((result) => result.replayed)
  const status = replayed ? 'replayed' : 'committed'
  return { book: applied.book, result: { do: 'command', status, transfers: applied.results } }
}

function done(book: model.ModelBook): { book: model.ModelBook; result: StepResult } {
  return { book, result: { do: 'done' } }
}

/** Balances and holds as the other candidates report them. */
export function picture(
  book: model.ModelBook,
  accounts: readonly Uuid[],
  holds: readonly Uuid[],
): Picture {
  return {
    balances: accounts.map((id) => {
      const account = book.accounts.get(id)
      if (account === undefined) throw new Error(`no account ${id}`)
      const { debitsPosted, creditsPosted, debitsPending, creditsPending } = account
      return { debitsPosted, creditsPosted, debitsPending, creditsPending }
    }),
    holds: [...book.holds.values()]
      .filter(({ id }) => holds.includes(id))
      .map(({ id, remaining, state, pinned }) => ({ id, remaining, state, pinned })),
  }
}
