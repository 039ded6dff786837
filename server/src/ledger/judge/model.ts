/**
 * The plain model of a book: maps, no database, no batches, nothing clever. It is written from the
 * rules of the ledger and not from the engine's code, so that the two can disagree. Nothing in it
 * changes a book it was given: each answer comes with a new one.
 */
import type { Instant, Uuid } from '#base'
import type { TransferResult } from '../command.ts'
import type { RefusalCode } from '../refusals.ts'
import type { TransferRequest } from '../transfer.ts'
import { accountNumbered, copy, type ModelBook } from './model-book.ts'
import { decide } from './model-decide.ts'

/** Books one transfer, or refuses it and remembers that. */
export function apply(
  book: ModelBook,
  request: TransferRequest,
  now: Instant,
): { book: ModelBook; result: TransferResult } {
  const known = book.taken.get(request.id)
  if (known !== undefined) {
    const code = difference(book, known.request, request)
    if (code === undefined) return { book, result: { ...known.result, replayed: true } }
    return { book, result: { status: 'refused', replayed: false, code } }
  }
  const draft = copy(book)
  const number = draft.lastNumber + 1n
  const code = decide(draft, request, now)
  if (code === undefined) {
    const result = { status: 'accepted', replayed: false, number, bookedAt: now } as const
    draft.taken.set(request.id, { request: asBooked(draft, request, number), result })
    draft.sealedAt = now
    return { book: draft, result }
  }
  const result = { status: 'refused', replayed: false, code } as const
  const next = copy(book)
  next.taken.set(request.id, { request, result })
  next.sealedAt = now
  return { book: next, result }
}

/**
 * All transfers, or none; then only the refused one's id is remembered. A command that was booked
 * before is answered again; one of which only some ids are taken is another command.
 */
export function applyAll(
  book: ModelBook,
  requests: readonly TransferRequest[],
  now: Instant,
): { book: ModelBook; results: TransferResult[]; refused?: { code: RefusalCode; at: number } } {
  const known = requests.map(({ id }) => book.taken.has(id))
  if (known.includes(true)) return { book, ...answerKnown(book, requests, { known, now }) }
  let draft = book
  const results: TransferResult[] = []
  for (const [at, request] of requests.entries()) {
    const { book: after, result } = apply(draft, request, now)
    if (result.status === 'refused') {
      const next = copy(book)
      next.taken.set(request.id, { request, result })
      next.sealedAt = now
      return { book: next, results, refused: { code: result.code, at } }
    }
    results.push(result)
    draft = after
  }
  return { book: draft, results }
}

function answerKnown(
  book: ModelBook,
  requests: readonly TransferRequest[],
  { known, now }: { known: readonly boolean[]; now: Instant },
): { results: TransferResult[]; refused?: { code: RefusalCode; at: number } } {
  const results: TransferResult[] = []
  for (const [at, request] of requests.entries()) {
    if (known[at] !== true) continue
    const { result } = apply(book, request, now)
    if (result.status === 'refused') return { results, refused: { code: result.code, at } }
    results.push(result)
  }
  if (!known.includes(false)) return { results }
  const at = known.indexOf(true)
  return { results, refused: { code: 'exists_with_different_legs', at } }
}

// --- An id that was used before ---

/** A release that named no parts is remembered with the one it came to. */
function asBooked(book: ModelBook, request: TransferRequest, number: bigint): TransferRequest {
  if (request.type !== 'release') return request
  const own = book.rows.filter((row) => row.number >= number)
  const parts = own.map((row) => ({
    credit: accountNumbered(book, row.credit),
    amount: row.amount,
  }))
  return { ...request, parts }
}

/** The first field in which the second request under an id differs from the first. */
function difference(
  book: ModelBook,
  first: TransferRequest,
  again: TransferRequest,
): RefusalCode | undefined {
  if (first.type !== again.type) return 'exists_with_different_type'
  const ownCredit = 'hold' in again ? book.holds.get(again.hold)?.credit : undefined
  const before = comparedLegs(first, ownCredit)
  const now = comparedLegs(again, ownCredit)
  if (before !== undefined && now !== undefined) {
    if (before.length !== now.length) return 'exists_with_different_legs'
    for (const [at, leg] of before.entries()) {
      const other = now[at]
      if (leg.debit !== other?.debit) return 'exists_with_different_debit_account'
      if (leg.credit !== other?.credit) return 'exists_with_different_credit_account'
      if (leg.amount !== other?.amount) return 'exists_with_different_amount'
    }
  }
  const field = <K extends string>(request: TransferRequest, name: K): unknown =>
    (request as Partial<Record<K, unknown>>)[name]
  const differs = (name: string) => field(first, name) !== field(again, name)
  if (differs('hold')) return 'exists_with_different_hold'
  if (differs('subject')) return 'exists_with_different_subject'
  if (differs('effectiveAt')) return 'exists_with_different_effective_at'
  if (differs('expiresAt')) return 'exists_with_different_expires_at'
  if (differs('purpose')) return 'exists_with_different_purpose'
  return undefined
}

type ComparedLeg = { debit: Uuid | undefined; credit: Uuid | undefined; amount: bigint }

/** The legs a request names; none where it names none. A part without credit means the hold's. */
function comparedLegs(
  request: TransferRequest,
  ownCredit: Uuid | undefined,
): ComparedLeg[] | undefined {
  switch (request.type) {
    case 'post':
      return request.legs.map(({ debit, credit, amount }) => ({ debit, credit, amount }))
    case 'hold':
      return [{ debit: request.debit, credit: request.credit, amount: request.amount }]
    case 'release':
      return request.parts?.map(({ credit = ownCredit, amount }) => ({
        debit: undefined,
        credit,
        amount,
      }))
    case 'void':
    case 'expire':
    case 'reverse':
      return undefined
  }
}
