/**
 * How the model decides each type of transfer. Checks stand in the order of REFUSALS. A function that
 * returns a refusal may already have changed the book it was given: the caller throws it away.
 */
import type { Instant, Uuid } from '#base'
import type { RefusalCode } from '../refusals.ts'
import type {
  HoldRequest,
  Leg,
  PostRequest,
  ReleaseRequest,
  ReverseRequest,
  TransferRequest,
  VoidRequest,
} from '../transfer.ts'
import { accountNumbered, at, LARGEST, type ModelBook, type ModelHold } from './model-book.ts'
import type { TransferRow } from './step.ts'

/** Decides a request on a draft of the book; `undefined` means booked. */
export function decide(book: ModelBook, request: TransferRequest, now: Instant) {
  switch (request.type) {
    case 'post':
      return decidePost(book, request, now)
    case 'hold':
      return decideHold(book, request, now)
    case 'release':
      return decideRelease(book, request, now)
    case 'void':
      return decideVoid(book, request, now)
    case 'expire':
      return decideExpire(book, request, now)
    case 'reverse':
      return decideReverse(book, request, now)
  }
}

function decidePost(book: ModelBook, request: PostRequest, now: Instant): RefusalCode | undefined {
  return (
    legsWrong(request.legs.length) ??
    firstOf(request.legs, (leg) => amountWrong(leg.amount) ?? accountsWrong(book, leg)) ??
    timeWrong(book, request, now) ??
    postAll(book, { request, now, legs: request.legs, subject: undefined })
  )
}

function decideHold(book: ModelBook, request: HoldRequest, now: Instant): RefusalCode | undefined {
  const wrong =
    amountWrong(request.amount) ??
    accountsWrong(book, request) ??
    timeWrong(book, request, now) ??
    (request.expiresAt !== undefined && request.expiresAt <= now ? 'hold_expired' : undefined) ??
    statesWrong(book, request) ??
    debitFundsWrong(book, request) ??
    creditFundsWrong(book, request)
  if (wrong !== undefined) return wrong
  const { debit, credit, amount } = request
  at(book, debit).debitsPending += amount
  at(book, credit).creditsPending += amount
  const tooLarge = countersWrong(book, request)
  if (tooLarge !== undefined) return tooLarge
  const number = write(book, { request, now, leg: 0, moved: request, subject: undefined })
  book.holds.set(request.id, {
    id: request.id,
    number,
    debit,
    credit,
    remaining: amount,
    state: 'open',
    expiresAt: request.expiresAt,
    pinned: request.pinned ?? false,
  })
  return undefined
}

function decideRelease(
  book: ModelBook,
  request: ReleaseRequest,
  now: Instant,
): RefusalCode | undefined {
  const wrong =
    (request.parts === undefined ? undefined : legsWrong(request.parts.length)) ??
    firstOf(request.parts ?? [], (part) => amountWrong(part.amount)) ??
    timeWrong(book, request, now) ??
    holdWrong(book, request.hold, now)
  if (wrong !== undefined) return wrong
  const hold = book.holds.get(request.hold)!
  const parts = request.parts ?? [{ amount: hold.remaining }]
  const legs = parts.map((part) => ({
    debit: hold.debit,
    credit: part.credit ?? hold.credit,
    amount: part.amount,
  }))
  const sum = legs.reduce((total, leg) => total + leg.amount, 0n)
  const refused =
    firstOf(legs, (leg) => accountsWrong(book, leg)) ??
    (sum > hold.remaining ? 'release_exceeds_hold' : undefined)
  if (refused !== undefined) return refused
  at(book, hold.debit).debitsPending -= sum
  at(book, hold.credit).creditsPending -= sum
  hold.remaining -= sum
  if (hold.remaining === 0n) hold.state = 'released'
  for (const [position, leg] of legs.entries()) {
    // The debit account's money was reserved by the hold: only the other side can lack funds.
    const wrongState = statesWrong(book, leg, hold.pinned)
    const short = wrongState ?? creditFundsWrong(book, leg) ?? movePosted(book, leg)
    if (short !== undefined) return short
    write(book, { request, now, leg: position, moved: leg, subject: hold.number })
  }
  return undefined
}

function decideVoid(book: ModelBook, request: VoidRequest, now: Instant): RefusalCode | undefined {
  const wrong = timeWrong(book, request, now) ?? holdWrong(book, request.hold, now)
  if (wrong !== undefined) return wrong
  return giveBack(book, request, { now, state: 'voided' })
}

function decideExpire(
  book: ModelBook,
  request: Extract<TransferRequest, { type: 'expire' }>,
  now: Instant,
): RefusalCode | undefined {
  const wrong = timeWrong(book, request, now) ?? holdEnded(book, request.hold)
  if (wrong !== undefined) return wrong
  const hold = book.holds.get(request.hold)!
  if (!isPast(hold, now)) return 'hold_not_expired'
  return giveBack(book, request, { now, state: 'expired' })
}

/** Ends a hold without posting anything. Frozen and closed accounts get their money back too. */
function giveBack(
  book: ModelBook,
  request: TransferRequest & { readonly hold: Uuid },
  { now, state }: { now: Instant; state: 'voided' | 'expired' },
): undefined {
  const hold = book.holds.get(request.hold)!
  const moved = { debit: hold.debit, credit: hold.credit, amount: hold.remaining }
  at(book, hold.debit).debitsPending -= hold.remaining
  at(book, hold.credit).creditsPending -= hold.remaining
  hold.remaining = 0n
  hold.state = state
  write(book, { request, now, leg: 0, moved, subject: hold.number })
  return undefined
}

function decideReverse(
  book: ModelBook,
  request: ReverseRequest,
  now: Instant,
): RefusalCode | undefined {
  const wrong = timeWrong(book, request, now)
  if (wrong !== undefined) return wrong
  const taken = book.taken.get(request.subject)
  if (taken === undefined || taken.result.status === 'refused') return 'transfer_not_found'
  const { type } = taken.request
  if (type !== 'post' && type !== 'release') return 'transfer_not_reversible'
  const subject = taken.result.number
  if (book.reversed.has(subject)) return 'already_reversed'
  const own = legsFrom(book.rows, subject)
  const legs = own.reverse().map((row) => ({
    debit: accountNumbered(book, row.credit),
    credit: accountNumbered(book, row.debit),
    amount: row.amount,
  }))
  book.reversed.add(subject)
  return postAll(book, { request, now, legs, subject })
}

/** The rows of the transfer whose first leg has this number. */
function legsFrom(rows: readonly TransferRow[], first: bigint): TransferRow[] {
  const start = rows.findIndex((row) => row.number === first)
  const next = rows.findIndex((row, position) => position > start && row.leg === 0)
  return rows.slice(start, next === -1 ? undefined : next)
}

// --- Checks ---

function firstOf<T>(
  items: readonly T[],
  check: (item: T) => RefusalCode | undefined,
): RefusalCode | undefined {
  for (const item of items) {
    const code = check(item)
    if (code !== undefined) return code
  }
  return undefined
}

function legsWrong(count: number): RefusalCode | undefined {
  return count < 1 || count > 1000 ? 'legs_out_of_range' : undefined
}

function amountWrong(amount: bigint): RefusalCode | undefined {
  if (amount < 1n) return 'amount_not_positive'
  return amount > LARGEST ? 'amount_too_large' : undefined
}

function accountsWrong(book: ModelBook, { debit, credit }: Leg): RefusalCode | undefined {
  if (debit === credit) return 'accounts_are_the_same'
  if (!book.accounts.has(debit)) return 'debit_account_not_found'
  return book.accounts.has(credit) ? undefined : 'credit_account_not_found'
}

function timeWrong(
  book: ModelBook,
  { effectiveAt }: TransferRequest,
  now: Instant,
): RefusalCode | undefined {
  if (effectiveAt !== undefined && effectiveAt > now) return 'effective_at_in_future'
  const open = book.closedBefore === undefined || (effectiveAt ?? now) >= book.closedBefore
  return open ? undefined : 'period_closed'
}

function holdEnded(book: ModelBook, id: Uuid): RefusalCode | undefined {
  const hold = book.holds.get(id)
  if (hold === undefined) return 'hold_not_found'
  if (hold.state === 'released') return 'hold_already_released'
  if (hold.state === 'voided') return 'hold_already_voided'
  return hold.state === 'expired' ? 'hold_expired' : undefined
}

/** A hold ends at its time, whether or not the sweeper has come by. */
function holdWrong(book: ModelBook, id: Uuid, now: Instant): RefusalCode | undefined {
  const ended = holdEnded(book, id)
  if (ended !== undefined) return ended
  return isPast(book.holds.get(id)!, now) ? 'hold_expired' : undefined
}

function isPast(hold: ModelHold, now: Instant): boolean {
  return !hold.pinned && hold.expiresAt !== undefined && hold.expiresAt <= now
}

/** What a pinned hold reserved was instructed before the freeze: it may leave. */
function statesWrong(book: ModelBook, leg: Leg, instructed = false): RefusalCode | undefined {
  return (
    debitClosed(book, leg) ??
    creditClosed(book, leg) ??
    (instructed ? undefined : debitFrozen(book, leg)) ??
    creditFrozen(book, leg)
  )
}

function debitClosed(book: ModelBook, leg: Leg): RefusalCode | undefined {
  return at(book, leg.debit).state === 'closed' ? 'debit_account_closed' : undefined
}

function creditClosed(book: ModelBook, leg: Leg): RefusalCode | undefined {
  return at(book, leg.credit).state === 'closed' ? 'credit_account_closed' : undefined
}

/** A frozen account lets money in: only the entry that lowers it is refused. */
function debitFrozen(book: ModelBook, leg: Leg): RefusalCode | undefined {
  const { state, side } = at(book, leg.debit)
  return state === 'frozen' && side === 'credit' ? 'debit_account_frozen' : undefined
}

function creditFrozen(book: ModelBook, leg: Leg): RefusalCode | undefined {
  const { state, side } = at(book, leg.credit)
  return state === 'frozen' && side === 'debit' ? 'credit_account_frozen' : undefined
}

function debitFundsWrong(book: ModelBook, leg: Leg): RefusalCode | undefined {
  const account = at(book, leg.debit)
  if (account.side !== 'credit' || account.creditLimit === null) return undefined
  const { creditsPosted, debitsPosted, debitsPending, creditLimit } = account
  const left = creditsPosted - debitsPosted - debitsPending - leg.amount + creditLimit
  return left < 0n ? 'insufficient_funds' : undefined
}

function creditFundsWrong(book: ModelBook, leg: Leg): RefusalCode | undefined {
  const account = at(book, leg.credit)
  if (account.side !== 'debit' || account.creditLimit === null) return undefined
  const { creditsPosted, debitsPosted, creditsPending, creditLimit } = account
  const left = debitsPosted - creditsPosted - creditsPending - leg.amount + creditLimit
  return left < 0n ? 'credit_account_overdrawn' : undefined
}

/** What is posted and what is pending must fit together, so that a release never overflows. */
function countersWrong(book: ModelBook, leg: Leg): RefusalCode | undefined {
  const tooLarge = [at(book, leg.debit), at(book, leg.credit)].some(
    ({ debitsPosted, creditsPosted, debitsPending, creditsPending }) =>
      debitsPosted + debitsPending > LARGEST || creditsPosted + creditsPending > LARGEST,
  )
  return tooLarge ? 'balance_too_large' : undefined
}

// --- Changes ---

interface Posting {
  readonly request: TransferRequest
  readonly now: Instant
  readonly legs: readonly Leg[]
  readonly subject: bigint | undefined
}

/** Posts leg by leg; each sees what the ones before it did. */
function postAll(book: ModelBook, posting: Posting): RefusalCode | undefined {
  const { request, now, legs, subject } = posting
  for (const [position, leg] of legs.entries()) {
    const wrong =
      statesWrong(book, leg) ??
      debitFundsWrong(book, leg) ??
      creditFundsWrong(book, leg) ??
      movePosted(book, leg)
    if (wrong !== undefined) return wrong
    write(book, { request, now, leg: position, moved: leg, subject })
  }
  return undefined
}

function movePosted(book: ModelBook, leg: Leg): RefusalCode | undefined {
  at(book, leg.debit).debitsPosted += leg.amount
  at(book, leg.credit).creditsPosted += leg.amount
  return countersWrong(book, leg)
}

interface Entry {
  readonly request: TransferRequest
  readonly now: Instant
  readonly leg: number
  readonly moved: Leg
  readonly subject: bigint | undefined
}

/** Adds the row of one leg, after its accounts have moved. Returns its number. */
function write(book: ModelBook, { request, now, leg, moved, subject }: Entry): bigint {
  const debit = at(book, moved.debit)
  const credit = at(book, moved.credit)
  book.lastNumber += 1n
  book.rows.push({
    number: book.lastNumber,
    id: leg === 0 ? request.id : undefined,
    leg,
    type: request.type,
    debit: debit.number,
    credit: credit.number,
    amount: moved.amount,
    debitAfter: debit.debitsPosted - debit.creditsPosted,
    creditAfter: credit.debitsPosted - credit.creditsPosted,
    debitPrev: debit.last,
    creditPrev: credit.last,
    subject,
    bookedAt: now,
    effectiveAt: request.effectiveAt,
    purpose: request.purpose,
  })
  debit.last = book.lastNumber
  credit.last = book.lastNumber
  return book.lastNumber
}
