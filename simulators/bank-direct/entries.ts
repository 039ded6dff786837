/**
 * The account's entries as the statement tells them: each movement of the book, in order, with the
 * other side, a number within its day and the balance after it.
 *
 * Movements that belong to no payment carry their story (memo, name, account, kind) as JSON in their
 * reference, so that the journal keeps it.
 */
import {
  DAY_MS,
  type RailBook,
  type RailMovement,
  shanghai,
  startOfDate,
} from '../channel/index.ts'

/** What happens to the account without the platform asking. Amounts are minor units, positive. */
export interface OutsideEntry {
  /** `unknown_debit` and `incoming` are plain entries out and in. */
  readonly kind: 'incoming' | 'unknown_debit' | 'fee' | 'interest' | 'court_deduction'
  readonly amount: bigint
  readonly memo: string
  readonly name?: string
  readonly account?: string
  /** The virtual number paid to. */
  readonly paidTo?: string
}

export interface Entry {
  readonly movement: RailMovement
  /** `yyyymmdd`, and its number within that day, from 1. */
  readonly date: string
  readonly sequence: number
  readonly balance: bigint
  readonly textCode: string
  readonly memo: string
  readonly name: string
  readonly account: string
  readonly paidTo: string
  /** The payment's reference, when it belongs to one. */
  readonly yurRef: string
}

const TEXT_CODES: Readonly<Record<OutsideEntry['kind'], string>> = {
  incoming: 'TRIN',
  unknown_debit: 'TROT',
  fee: 'FEES',
  interest: 'INTR',
  court_deduction: 'COUR',
}

/** Enters something from outside; the entry's number. Refuses an unknown kind or an amount not above zero. */
export function enter(book: RailBook, entry: OutsideEntry, at: number): string {
  const { kind, amount, ...story } = entry
  if (!Object.hasOwn(TEXT_CODES, kind)) throw new Error(`there is no entry of kind ${kind}`)
  if (amount <= 0n) throw new Error('the amount of an entry is positive; its kind says the side')
  const comesIn = kind === 'incoming' || kind === 'interest'
  const reference = JSON.stringify({ textCode: TEXT_CODES[kind], ...story })
  const movement = book.moveOther(
    kind === 'fee' ? 'fee' : 'funding',
    comesIn ? amount : -amount,
    reference,
    at,
  )
  return movement.number
}

/** Reads the book's movements as entries; each is read once. */
export function entriesOf(book: RailBook): () => readonly Entry[] {
  const entries: Entry[] = []
  const perDay = new Map<string, number>()
  let balance = 0n
  return () => {
    const movements = book.movements()
    for (let at = entries.length; at < movements.length; at += 1) {
      const movement = movements[at]!
      balance += movement.amount
      const date = dayOf(book, movement, perDay)
      const sequence = (perDay.get(date) ?? 0) + 1
      perDay.set(date, sequence)
      entries.push({ movement, date, sequence, balance, ...storyOf(book, movement) })
    }
    return entries
  }
}

/**
 * The business day the book counts a movement to: a day that was closed when it came is passed by.
 * It is the next of its day, as `perDay` have been read.
 */
function dayOf(
  book: RailBook,
  movement: RailMovement,
  perDay: ReadonlyMap<string, number>,
): string {
  let date = shanghai(movement.at).slice(0, 8)
  while (book.movementsOn(date)[perDay.get(date) ?? 0] !== movement) {
    date = shanghai(startOfDate(date)! + DAY_MS).slice(0, 8)
  }
  return date
}

type Story = Pick<Entry, 'textCode' | 'memo' | 'name' | 'account' | 'paidTo' | 'yurRef'>

function storyOf(book: RailBook, movement: RailMovement): Story {
  const order = book.find('pay', movement.reference)
  if (order !== undefined && (movement.kind === 'pay' || movement.kind === 'payout_returned')) {
    const back = movement.kind === 'payout_returned'
    return {
      textCode: back ? 'TRRJ' : 'TRPY',
      memo: back ? '退汇 收款账户异常' : (order.detail.nusAge ?? ''),
      name: order.detail.crtNam ?? '',
      account: order.detail.crtAcc ?? '',
      paidTo: '',
      yurRef: movement.reference,
    }
  }
  const plain = { textCode: 'TRIN', name: '', account: '', paidTo: '', yurRef: '' }
  if (!movement.reference.startsWith('{')) return { ...plain, memo: movement.reference }
  return { ...plain, memo: '', ...(JSON.parse(movement.reference) as Partial<Story>) }
}
