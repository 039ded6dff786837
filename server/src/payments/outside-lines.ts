/**
 * Lines of our account at a bank. Each is taken once, by the bank's number of it, for what it is: a
 * payout of ours, a payout that came back, a settlement, a payer's transfer, or money that moved
 * without us.
 *
 * The one thing to get wrong: the cursor. It moves in the command of the last line, so that what was
 * read and not taken is read again.
 */
import {
  applied,
  type DueWork,
  derivedUuid,
  type EffectRow,
  planDue,
  postponeDue,
  type Uuid,
} from '#base'
import type { BankLine, PaymentOutcome } from '#channels'
import type { Command, Leg } from '#ledger'
import type { Attempt } from './attempt.ts'
import { findAttempt } from './attempt-store.ts'
import { type Handlers, mustCommand, suspenseOf, transitOf } from './context.ts'
import { lineKey, outsideParts, ownName } from './outside.ts'
import type { OutsideKind } from './outside-kinds.ts'
import { findLine, insertLine, moveCursor, readCursor } from './outside-store.ts'
import { cashOf, isThere } from './payout-cash.ts'
import { recordReturn } from './payout-returns.ts'
import type { Payouts } from './payouts.ts'
import { lineAgainst } from './settlement-day.ts'
import { settleEarly } from './settlement-early.ts'
import { movementSent } from './settlement-movement.ts'
import type { LineKind } from './settlement-states.ts'
import { endSettlement, expectedBy, type Settlement } from './settlement-store.ts'
import { lineDiffers, type SettlementContext } from './settlements.ts'

const READ_LINES = 'payments.read_bank_lines'

const READ_EVERY_MS = 600_000

/** Recognises a payer's transfer: the attempt it pays and what the line says of it. */
export type MatchTransfer = (
  book: number,
  line: BankLine,
) => Promise<{ readonly attempt: Attempt; readonly outcome: PaymentOutcome } | undefined>

export type LinesContext = SettlementContext & {
  readonly payouts: Payouts
  readonly matchTransfer: MatchTransfer | undefined
}

interface At {
  readonly book: number
  /** The bank whose lines they are. */
  readonly channel: string
}

/** Takes lines, each once, and then moves the cursor; waiting payouts are tried when money came. */
export async function takeBankLines(
  context: LinesContext,
  at: At,
  lines: readonly BankLine[],
  cursor?: { readonly from: string; readonly to: string },
): Promise<void> {
  const waiting: string[] = []
  for (const line of lines) if (!(await takeLine(context, at, line))) waiting.push(line.flow)
  if (lines.length > 0) await settleEarly(context, at.book)
  // A line that waits is read again from the old cursor; those after it are known by then.
  if (waiting.length > 0) {
    context.log.warn({ ...at, waiting }, 'lines of the bank take cash that is reserved; they wait')
  } else if (cursor !== undefined && cursor.from !== cursor.to) {
    const { orgId } = context
    const moved = applied(moveCursor, { orgId, channel: at.channel, ...cursor })
    await mustCommand(context, at.book, async () => {
      const now = await readCursor(context.db, at.book, at.channel)
      return now === cursor.from ? { roots: [`lines:${at.channel}`], effects: [moved] } : undefined
    })
  }
  if (lines.some(({ side }) => side === 'in')) await context.payouts.retryWaiting(at.book)
}

/** Takes a line, once. False when it takes cash that is reserved, and has to wait for it. */
async function takeLine(context: LinesContext, at: At, line: BankLine): Promise<boolean> {
  const { book, channel } = at
  if ((await findLine(context.db, { ...at, flow: line.flow })) !== undefined) return true
  const { orgId } = context
  const taken = (takenAs: LineKind) => applied(insertLine, { orgId, channel, line, takenAs })
  const ours = await oursOf(context, book, line)
  if (line.side === 'in' && ours?.direction === 'pay') {
    const { flow, reference, amount, currency, date, memo: says } = line
    const returned = { flow, reference, amount, currency, code: line.kind, says, date }
    const also = async () =>
      (await findLine(context.db, { ...at, flow })) === undefined ? [taken('payout_returned')] : []
    if ((await recordReturn(context, at, returned, also)) !== 'not_ours') return true
  }
  const left = line.side === 'out' && ours?.direction === 'pay' && (await paid(context, ours, line))
  const transfer = line.side === 'in' ? await context.matchTransfer?.(book, line) : undefined
  const agreed = transfer !== undefined && (await agrees(context, transfer))
  let waits = false
  await mustCommand(context, book, async () => {
    waits = false
    if ((await findLine(context.db, { ...at, flow: line.flow })) !== undefined) return undefined
    if (left) return { roots: [lineRoot(at, line)], effects: [taken('payout')] }
    const settlement = await expectedBy(context.db, book, line.memo)
    if (settlement !== undefined) {
      const command = await settles(context, at, line, settlement)
      waits = command === undefined
      return command
    }
    if (agreed) return credited(context, at, line, 'bank_transfer', transfer.attempt.channel)
    if (isReimbursement(context, at, line)) {
      return reimbursed(context, at, line)
    }
    return outside(context, at, line, taken)
  })
  return !waits
}

const lineRoot = ({ channel }: At, { flow }: BankLine) => `line:${channel}/${flow}`

async function oursOf(
  context: LinesContext,
  book: number,
  line: BankLine,
): Promise<Attempt | undefined> {
  if (line.reference === '') return undefined
  return findAttempt(context.db, book, { reference: line.reference })
}

/** A line is one more way to learn that a payout has left. False when the line tells another amount. */
async function paid(context: LinesContext, attempt: Attempt, line: BankLine): Promise<boolean> {
  if (line.amount !== attempt.amount || line.currency !== attempt.currency) return false
  if (attempt.state !== 'succeeded') {
    const { amount, currency, flow } = line
    const told = { code: 'BANK_LINE', message: 'a line of the bank', bankReference: flow }
    await context.desk.record(attempt.book, attempt.id, {
      result: 'succeeded',
      amount,
      currency,
      ...told,
    })
  }
  return true
}

async function agrees(
  context: LinesContext,
  { attempt, outcome }: { readonly attempt: Attempt; readonly outcome: PaymentOutcome },
): Promise<boolean> {
  const { book, id, bookedTo, channelReference } = attempt
  // Recorded before, by whoever did not come to note the line.
  if (bookedTo !== '' && channelReference === outcome.bankReference) return true
  return (await context.desk.record(book, id, outcome)) === 'moved'
}

/** Money our own book owed, paid back to the pool. */
function isReimbursement(context: LinesContext, { book, channel }: At, line: BankLine): boolean {
  const own = context.places.ownBook(book)
  if (line.side !== 'in' || own === undefined) return false
  return context.desk.channel(channel).bookOf(line.reference) === own || isOwnMoney(context, line)
}

const isOwnMoney = ({ places }: LinesContext, { counterpartAccount: from }: BankLine) =>
  from !== undefined && places.isOwnAccount?.(from) === true

/**
 * What our own book pays back. When it came by a transfer of ours outside, nothing has told our own
 * book yet: the movement does.
 */
function reimbursed(context: LinesContext, at: At, line: BankLine): Command {
  const command = credited(context, at, line, 'reimbursement', ownName(context, at.book))
  const to = context.places.ownBook(at.book)
  if (to === undefined || !isOwnMoney(context, line)) return command
  const { orgId } = context
  const movement = lineTransfer(at, line)
  const sent = { movement, kind: 'reimbursement', to, amount: line.amount } as const
  return { ...command, events: [movementSent({ book: at.book, orgId }, sent)] }
}

/** Cash that clears what a transit account was waiting for. */
function credited(
  context: LinesContext,
  at: At,
  line: BankLine,
  takenAs: LineKind,
  counterpart: string,
): Command {
  const writer = context.ledger.writer(at.book)
  const transit = transitOf(writer, counterpart)
  const leg: Leg = { debit: cashOf(writer), credit: transit.id, amount: line.amount }
  const { orgId } = context
  return {
    roots: [lineRoot(at, line)],
    open: transit.open,
    transfers: [{ type: 'post', id: lineTransfer(at, line), legs: [leg], purpose: takenAs }],
    effects: [applied(insertLine, { orgId, channel: at.channel, line, takenAs })],
  }
}

const lineTransfer = ({ book, channel }: At, { flow }: BankLine): Uuid =>
  derivedUuid('payments.bank_line', `${book}/${channel}/${flow}`)

/**
 * The money of a channel's day: exactly what was expected to its transit, the rest to suspense.
 * Nothing while it takes cash that is reserved.
 */
async function settles(
  context: LinesContext,
  at: At,
  line: BankLine,
  settlement: Settlement,
): Promise<Command | undefined> {
  const writer = context.ledger.writer(at.book)
  const { channel, date, settled } = settlement
  const signed = line.side === 'in' ? line.amount : -line.amount
  const { transit, suspense, difference } = lineAgainst(settled, signed)
  const account = transitOf(writer, channel)
  const cash = cashOf(writer)
  const legs: Leg[] = []
  if (transit > 0n) legs.push({ debit: cash, credit: account.id, amount: transit })
  if (transit < 0n) legs.push({ debit: account.id, credit: cash, amount: -transit })
  if (suspense > 0n) legs.push({ debit: cash, credit: suspenseOf(writer), amount: suspense })
  const short = legs.find((leg) => leg.credit === cash)
  if (short !== undefined && !(await isThere(writer, short))) return undefined
  const { orgId } = context
  const { flow } = line
  const to = difference === 0n ? 'settled' : 'differs'
  return {
    roots: [lineRoot(at, line), `settlement:${channel}/${date}`],
    open: account.open,
    transfers: [{ type: 'post', id: lineTransfer(at, line), legs, purpose: 'settlement' }],
    effects: [
      applied(insertLine, { orgId, channel: at.channel, line, takenAs: 'settlement' }),
      applied(endSettlement, { channel, date, to, flow, difference }),
      ...(difference === 0n ? [] : lineDiffers(context, { channel, date, flow, difference })),
    ],
  }
}

const OUTSIDE_BY_KIND: Readonly<Partial<Record<BankLine['kind'], OutsideKind>>> = {
  fee: 'bank_fee',
  court_deduction: 'court_deduction',
  interest: 'pool_interest',
}

/** Money that moved without us. A kind that does not fit the side of the line is not believed. */
async function outside(
  context: LinesContext,
  at: At,
  line: BankLine,
  taken: (kind: LineKind) => EffectRow,
): Promise<Command> {
  const into = line.side === 'in'
  const billed = !into && context.desk.channels().some((each) => each.feeMonthOf?.(line.memo))
  const named = billed ? 'channel_fee' : OUTSIDE_BY_KIND[line.kind]
  const fits = named !== undefined && (named === 'pool_interest') === into
  const kind: Exclude<OutsideKind, 'chargeback'> = fits
    ? (named as Exclude<OutsideKind, 'chargeback'>)
    : into
      ? 'unknown_credit'
      : 'unknown_debit'
  const parts = await outsideParts(context, at.book, {
    kind,
    amount: line.amount,
    channel: at.channel,
    flow: line.flow,
    about: line.reference,
    ...(line.counterpartAccount === undefined ? {} : { payer: line.counterpartAccount }),
    key: lineKey(at.channel, line.flow),
  })
  return {
    ...parts,
    roots: [lineRoot(at, line), ...(parts?.roots ?? [])],
    effects: [taken(kind), ...(parts?.effects ?? [])],
  }
}

/** The effect that begins to read the lines of a bank for a book. */
export const startLines = (context: LinesContext, channel: string): EffectRow =>
  applied(planDue, {
    orgId: context.orgId,
    kind: READ_LINES,
    key: channel,
    dueAt: context.clock.now(),
    payload: null,
  })

export function lineHandlers(context: LinesContext): Handlers {
  return { [READ_LINES]: { run: (work) => readLines(context, work) } }
}

/** Reads on from the cursor. How many lines it was; `undefined` where the channel has none. */
export async function readNewLines(context: LinesContext, at: At): Promise<number | undefined> {
  const from = await readCursor(context.db, at.book, at.channel)
  const read = await context.desk.channel(at.channel).readBankLines?.(from)
  if (read === undefined) return undefined
  const { lines, cursor } = read
  await takeBankLines(context, at, lines, { from, to: cursor })
  return lines.length
}

/** Due work: reads on, and again a while later. */
async function readLines(context: LinesContext, work: DueWork): Promise<void> {
  const { book, key: channel } = work
  await readNewLines(context, { book, channel })
  const dueAt = context.clock.now() + READ_EVERY_MS
  await mustCommand(context, book, async () => ({
    roots: [`lines:${channel}`],
    effects: [applied(postponeDue, { ...work, dueAt })],
  }))
}
