/** The model's answers to the steps that all three candidates are put before. */
import type { Instant, Uuid } from '#base'
import { apply, applyAll } from './model.ts'
import { change, closeBefore, type ModelBook, pin } from './model-book.ts'
import type { Picture, Step, StepResult } from './step.ts'

/** One step of the rules; the book is not changed, a new one is returned. */
export function runStep(
  book: ModelBook,
  step: Step,
  now: Instant,
): { book: ModelBook; result: StepResult } {
  switch (step.do) {
    case 'transfer': {
      const applied = apply(book, step.request, now)
      return { book: applied.book, result: { do: 'transfer', result: applied.result } }
    }
    case 'command':
      return runCommand(book, step, now)
    case 'change':
      return done(change(book, step.account, step.state, now))
    case 'close':
      return done(closeBefore(book, step.before, now))
    case 'pin':
      return done(pin(book, step.hold, step.pinned, now))
    case 'clock':
      return done(book)
  }
}

function runCommand(
  book: ModelBook,
  step: Extract<Step, { do: 'command' }>,
  now: Instant,
): { book: ModelBook; result: StepResult } {
  const applied = applyAll(book, step.transfers, now)
  if (applied.refused !== undefined) {
    const { code, at } = applied.refused
    const result = { do: 'command', status: 'refused', code, transfer: at } as const
    return { book: applied.book, result }
  }
  const replayed = applied.results.every((result) => result.replayed)
  const status = replayed ? 'replayed' : 'committed'
  return { book: applied.book, result: { do: 'command', status, transfers: applied.results } }
}

function done(book: ModelBook): { book: ModelBook; result: StepResult } {
  return { book, result: { do: 'done' } }
}

/** Balances and holds as the other candidates report them. */
export function picture(
  book: ModelBook,
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
