/**
 * Between the wire and the ledger: ids, money and times of a request that its contract let through,
 * and the ledger's answers as JSON.
 *
 * The contract has checked every id's form, so an id is cut by position here. What it cannot know is
 * checked here: that all ids are of one book, money is in the book's currency, and days exist.
 */
import {
  type Instant,
  parseInstant,
  publicId,
  type Uuid,
  type Violation,
  writeInstant,
} from '#base'
import type { Currency, MoneyJson } from '#money'
import { type Account, available, type Balance, posted } from './account.ts'
import { type Book, bookId } from './book.ts'
import type { TransferResult } from './command.ts'
import type {
  AccountJson,
  BalancesJson,
  LegJson,
  ReleaseJson,
  TransferItemJson,
  TransferJson,
  TransferResultJson,
  VoidJson,
} from './contract.ts'
import { type RefusalCode, refusal } from './refusals.ts'
import { routeProblem, routeViolation } from './route-refusals.ts'
import type { Leg, ReleaseRequest, TransferRequest, TransferType, VoidRequest } from './transfer.ts'

const ZERO = 48

/** The book number in a public id whose form is known to be right. */
export function bookOf(id: string): number {
  let book = 0
  for (let index = id.indexOf('_') + 1; index < id.length; index += 1) {
    const digit = id.charCodeAt(index) - ZERO
    if (digit < 0 || digit > 9) break
    book = book * 10 + digit
  }
  return book
}

/** The uuid in a public id whose form is known to be right. */
export function uuidOf(id: string): Uuid {
  return id.slice(-32)
}

/** Reads one request into the ledger's terms, collecting what is wrong with its fields. */
export class Reading {
  readonly violations: Violation[] = []
  readonly book: Book

  constructor(book: Book) {
    this.book = book
  }

  /** The uuid of an id that must be of this book. */
  id(text: string, pointer: string): Uuid {
    if (bookOf(text) !== this.book.number) {
      const words = { book: bookId(this.book.number) }
      this.violations.push(routeViolation(pointer, 'book_differs', words))
    }
    return uuidOf(text)
  }

  /** Minor units of money that must be in the book's currency. */
  amount(money: MoneyJson, pointer: string): bigint {
    const { currency } = this.book
    if (money.currency !== currency) {
      this.violations.push(routeViolation(`${pointer}/currency`, 'currency_differs', { currency }))
    }
    return BigInt(money.amount)
  }

  /** The instant of a time that must exist. */
  instant(text: string, pointer: string): Instant {
    const instant = parseInstant(text)
    if (instant === undefined) this.violations.push(routeViolation(pointer, 'instant_unreal'))
    return instant ?? 0
  }

  /** A transfer of any type that `POST /v1/transfers` takes. `at` leads every pointer. */
  transfer(body: TransferJson, at: string): TransferRequest {
    const common = this.common(body, at)
    const base = { id: this.id(body.id, `${at}/id`), ...common }
    switch (body.type) {
      case 'post':
        return { type: 'post', ...base, legs: this.legs(body, at) }
      case 'hold':
        return {
          type: 'hold',
          ...base,
          ...this.leg(body, at),
          ...(body.expires_at !== undefined && {
            expiresAt: this.instant(body.expires_at, `${at}/expires_at`),
          }),
        }
      case 'reverse':
        return { type: 'reverse', ...base, subject: this.id(body.subject, `${at}/subject`) }
    }
  }

  /** A release of a hold, under the id of the caller's or one made from his key. */
  release(body: ReleaseJson, id: Uuid, hold: Uuid): ReleaseRequest {
    const parts = body.parts?.map((part, index) => ({
      amount: this.amount(part.amount, `/parts/${index}/amount`),
      ...(part.credit_account !== undefined && {
        credit: this.id(part.credit_account, `/parts/${index}/credit_account`),
      }),
    }))
    return { type: 'release', id, hold, ...this.common(body, ''), ...(parts && { parts }) }
  }

  /** A void of a hold. */
  voiding(body: VoidJson, id: Uuid, hold: Uuid): VoidRequest {
    return { type: 'void', id, hold, ...this.common(body, '') }
  }

  private legs(body: Extract<TransferJson, { type: 'post' }>, at: string): Leg[] {
    if (!('legs' in body)) return [this.leg(body, at)]
    return body.legs.map((leg, index) => this.leg(leg, `${at}/legs/${index}`))
  }

  private leg(leg: LegJson, at: string): Leg {
    return {
      debit: this.id(leg.debit_account, `${at}/debit_account`),
      credit: this.id(leg.credit_account, `${at}/credit_account`),
      amount: this.amount(leg.amount, `${at}/amount`),
    }
  }

  private common(body: VoidJson, at: string): { effectiveAt?: Instant; purpose?: string } {
    const { effective_at: effectiveAt, purpose } = body
    if (effectiveAt === undefined) return purpose === undefined ? NOTHING : { purpose }
    const instant = this.instant(effectiveAt, `${at}/effective_at`)
    return { effectiveAt: instant, ...(purpose !== undefined && { purpose }) }
  }
}

const NOTHING = {}

/** Writes money of a book. */
export function moneyJson(amount: bigint, book: Book): MoneyJson {
  return { amount: amount.toString(), currency: book.currency as Currency }
}

export function accountJson(account: Account, book: Book): AccountJson {
  const { code, name, holder, side, state, creditLimit } = account
  return {
    id: publicId('acc', book.number, account.id),
    book: bookId(book.number),
    code,
    name,
    side,
    state,
    ...(holder !== undefined && { holder }),
    ...(creditLimit !== null && { credit_limit: moneyJson(creditLimit, book) }),
  }
}

export function balancesJson(balance: Balance, account: Account, book: Book): BalancesJson {
  return {
    posted: moneyJson(posted(balance, account.side), book),
    available: moneyJson(available(balance, account.side), book),
    pending_debits: moneyJson(balance.debitsPending, book),
    pending_credits: moneyJson(balance.creditsPending, book),
  }
}

type Accepted = Extract<TransferResult, { status: 'accepted' }>

export function acceptedJson(id: string, type: TransferType, result: Accepted): TransferResultJson {
  return {
    id,
    type,
    status: 'accepted',
    replayed: result.replayed,
    number: result.number.toString(),
    booked_at: writeInstant(result.bookedAt),
    ...(type === 'hold' && { hold: `hold${id.slice(2)}` }),
  }
}

/** The answer to one transfer of several. */
export function itemJson(id: string, result: TransferResult): TransferItemJson {
  const { status, replayed } = result
  if (result.status === 'refused') {
    return { id, status, replayed, code: result.code, detail: refusal(result.code).says }
  }
  const { number, bookedAt } = result
  return { id, status, replayed, number: number.toString(), booked_at: writeInstant(bookedAt) }
}

/** The answer to one transfer of several that was not decided. */
export function notTakenJson(id: string): TransferItemJson {
  const { code, detail } = routeProblem('queue_full')
  return { id, status: 'not_taken', replayed: false, code, detail }
}

/** The field of a request with one leg that a refusal is about; `undefined` when none is. */
export function fieldOf(code: RefusalCode, body: object): string | undefined {
  const has = (field: string): string | undefined =>
    Object.hasOwn(body, field) ? `/${field}` : undefined
  const inLegs = has('legs') ?? has('parts')
  if (code.startsWith('exists_with_different_')) {
    return has(code.slice('exists_with_different_'.length)) ?? inLegs ?? '/id'
  }
  if (code.startsWith('debit_account_')) return has('debit_account') ?? inLegs
  if (code.startsWith('credit_account_')) return has('credit_account') ?? inLegs
  return has(FIELDS[code] ?? '') ?? (FIELDS[code] === undefined ? undefined : inLegs)
}

const FIELDS: Readonly<Partial<Record<RefusalCode, string>>> = {
  legs_out_of_range: 'legs',
  amount_not_positive: 'amount',
  amount_too_large: 'amount',
  accounts_are_the_same: 'credit_account',
  effective_at_in_future: 'effective_at',
  period_closed: 'effective_at',
  hold_expired: 'expires_at',
  release_exceeds_hold: 'parts',
  transfer_not_found: 'subject',
  transfer_not_reversible: 'subject',
  already_reversed: 'subject',
  insufficient_funds: 'amount',
  balance_too_large: 'amount',
}
