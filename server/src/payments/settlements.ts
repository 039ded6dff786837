/**
 * The settlement of a channel's business day: its file, compared row by row with our attempts; the fee
 * our own book owes; and the cash that is expected for it.
 *
 * The one thing to get wrong: booking what the file says instead of what we know. A row we do not
 * know, or know differently, books nothing and opens an exception; the channel's transit account then
 * keeps the difference until somebody has explained it.
 */
import {
  applied,
  type DueWork,
  derivedUuid,
  doneDue,
  type EffectRow,
  ensureDue,
  postponeDue,
} from '#base'
import type { ChannelFile, ChannelFileRow } from '#channels'
import type { AccountOpening, Command, TransferRequest } from '#ledger'
import { takeChargeback } from './chargeback.ts'
import { type Handlers, mustCommand, transitOf } from './context.ts'
import { raise } from './exceptions.ts'
import { ownName } from './outside.ts'
import { shanghaiDay } from './payout.ts'
import { type ReturnPolicy, takeReturn } from './payout-returns.ts'
import type { Payouts, PayoutsContext } from './payouts.ts'
import { dayTotals } from './settlement-day.ts'
import { settleEarly } from './settlement-early.ts'
import { movementSent } from './settlement-movement.ts'
import type { SettlementRowState } from './settlement-states.ts'
import {
  attemptsListed,
  findSettlement,
  insertSettlement,
  insertSettlementRow,
  type Listed,
  type SettlementRow,
} from './settlement-store.ts'

const READ_FILE = 'payments.read_channel_file'

const DAY_MS = 86_400_000
const RETRY_MS = 1_800_000
const SHANGHAI_MS = 8 * 3_600_000
/** Files of a day are ready in the morning after it. */
const READY_MS = 10 * 3_600_000

export type SettlementContext = PayoutsContext & { readonly returnsTo: ReturnPolicy }

export type FileTaken = 'taken' | 'known' | 'changed'

/** Takes the file of a channel's day into a book; the same one any number of times. */
export async function takeChannelFile(
  context: SettlementContext,
  at: { readonly book: number; readonly channel: string },
  file: ChannelFile,
): Promise<FileTaken> {
  await learnFrom(context, at, file)
  let taken: FileTaken = 'known'
  await mustCommand(context, at.book, async () => {
    const known = await findSettlement(context.db, { ...at, date: file.date })
    taken = known === undefined ? 'taken' : known.fileHash === file.hash ? 'known' : 'changed'
    if (taken === 'known') return undefined
    if (taken === 'changed') return changed(context, at, file)
    return decide(context, at, file)
  })
  await settleEarly(context, at.book)
  return taken
}

/** A file is one more way to learn what became of an order, and of payouts that came back. */
async function learnFrom(
  context: SettlementContext,
  at: { readonly book: number; readonly channel: string },
  file: ChannelFile,
): Promise<void> {
  const { book, channel } = at
  const ours = await attemptsListed(
    context.db,
    book,
    file.rows.map(({ reference }) => reference),
  )
  for (const row of file.rows) {
    const attempt = ours.get(row.reference)
    if (attempt === undefined || attempt.channel !== channel || row.result === 'unknown') continue
    const { amount, reference, channelReference: flow } = row
    if (row.direction === 'payout_returned') {
      if (attempt.direction !== 'pay') continue
      const told = { code: 'FILE', says: 'listed in the file of the day', date: file.date }
      const returned = { flow, reference, amount, currency: file.currency, ...told }
      await takeReturn(context, at, returned)
    } else if (row.direction === 'chargeback') {
      await takeChargeback(context, at, { reference, amount })
    } else if (row.direction === attempt.direction && row.result !== attempt.state) {
      await context.desk.record(book, attempt.id, {
        result: row.result,
        code: row.result === 'succeeded' ? 'FILE_SUCCEEDED' : 'FILE_FAILED',
        message: 'listed in the file of the day',
        amount,
        currency: file.currency,
        bankReference: flow,
      })
    }
  }
}

async function decide(
  context: SettlementContext,
  at: { readonly book: number; readonly channel: string },
  file: ChannelFile,
): Promise<Command> {
  const { book, channel: name } = at
  const { orgId, desk, ledger } = context
  const { date, settled } = file
  const channel = desk.channel(name)
  const ours = await attemptsListed(
    context.db,
    book,
    file.rows.map(({ reference }) => reference),
  )
  const seen = new Set<string>()
  const rows = file.rows.map((row): SettlementRow => {
    const state = stateOf(row, ours.get(row.reference), { channel: name, seen })
    return { orgId, channel: name, date, row, state }
  })
  const writer = ledger.writer(book)
  const { kind } = channel.capability.settlement
  const totals = dayTotals(file, kind)
  const fee = kind === 'net' ? feeOf(rows) : 0n
  const fromBalance = totals.agrees ? totals.fromBalance : 0n
  const transit = transitOf(writer, name)
  const fees = feeParts(context, { book, channel: name, date, fee, transit: transit.id })
  const expected = {
    orgId,
    channel: name,
    date,
    reference: file.settlementReference,
    settled,
    fee,
    fromBalance,
    rows: rows.length,
    fileHash: file.hash,
    state: settled === 0n ? 'settled' : 'expected',
    flow: '',
    difference: 0n,
  } as const
  const to = context.places.channelBook(book, name)
  const movement = derivedUuid('payments.refund_from_balance', `${book}/${name}/${date}`)
  const sent = { movement, kind: 'refund_from_balance', amount: fromBalance } as const
  return {
    roots: [`settlement:${name}/${date}`],
    open: [...transit.open, ...fees.open],
    transfers: fees.transfers,
    effects: [
      applied(insertSettlement, expected),
      ...rows.map((row) => applied(insertSettlementRow, row)),
      ...rows.flatMap((row) => rowException(context, row)),
      ...(totals.agrees ? [] : totalsDiffer(context, at, file, totals)),
    ],
    events: [
      ...fees.events,
      ...(fromBalance > 0n && to !== undefined
        ? [movementSent({ book, orgId }, { ...sent, to })]
        : []),
    ],
  }
}

/** What a row is to us. Anything but `matched` and `idle` opens an exception. */
function stateOf(
  row: ChannelFileRow,
  ours: Listed | undefined,
  of: { readonly channel: string; readonly seen: Set<string> },
): SettlementRowState {
  if (ours === undefined || ours.channel !== of.channel) return 'unknown'
  if (row.direction === 'payout_returned') return ours.direction === 'pay' ? 'idle' : 'differs'
  if (row.direction === 'chargeback') return ours.direction === 'collect' ? 'idle' : 'differs'
  if (ours.direction !== row.direction || ours.amount !== row.amount) return 'differs'
  if (row.result !== 'succeeded') return ours.state === 'succeeded' ? 'differs' : 'idle'
  // Said to have failed and done after all, it was booked as that when the row was learnt from.
  if (ours.state !== 'succeeded' && ours.state !== 'failed') return 'differs'
  const key = `${row.direction} ${row.reference}`
  if (ours.matched || of.seen.has(key)) return 'repeated'
  of.seen.add(key)
  return 'matched'
}

/** The channel's own charge for what we know of; a channel may give some of it back. */
const feeOf = (rows: readonly SettlementRow[]) =>
  rows
    .filter(({ state, row }) => state === 'matched' && row.direction !== 'pay')
    .reduce((sum, { row }) => sum + row.fee, 0n)

/** The fee is owed by our own book: a movement to it, never a customer's money. */
function feeParts(
  context: SettlementContext,
  of: {
    readonly book: number
    readonly channel: string
    readonly date: string
    readonly fee: bigint
    readonly transit: string
  },
) {
  const { book, channel, date, fee, transit } = of
  const none: { open: AccountOpening[]; transfers: TransferRequest[]; events: never[] } = {
    open: [],
    transfers: [],
    events: [],
  }
  if (fee === 0n) return none
  const own = transitOf(context.ledger.writer(book), ownName(context, book))
  const movement = derivedUuid('payments.channel_fee', `${book}/${channel}/${date}`)
  const amount = fee < 0n ? -fee : fee
  const [debit, credit] = fee < 0n ? [transit, own.id] : [own.id, transit]
  const to = context.places.ownBook(book)
  const kind = fee < 0n ? 'channel_fee_returned' : 'channel_fee'
  const { orgId } = context
  const transfer: TransferRequest = {
    type: 'post',
    id: movement,
    legs: [{ debit, credit, amount }],
    purpose: kind,
  }
  const sent =
    to === undefined ? [] : [movementSent({ book, orgId }, { movement, kind, to, amount })]
  return { open: own.open, transfers: [transfer], events: sent }
}

/** A bank line is not what its settlement was expected to be. */
export function lineDiffers(
  context: SettlementContext,
  of: {
    readonly channel: string
    readonly date: string
    readonly flow: string
    readonly difference: bigint
  },
): EffectRow[] {
  const { channel, date, flow, difference } = of
  const amount = difference < 0n ? -difference : difference
  const evidence = { channel, date, flow, difference: String(difference) }
  const at = { now: context.clock.now(), id: context.ids.uuid() }
  const { orgId } = context
  const about = `${channel}/${date}`
  return raise(at, { orgId, kind: 'settlement_differs', about, amount, evidence })
}

function totalsDiffer(
  context: SettlementContext,
  at: { readonly book: number; readonly channel: string },
  file: ChannelFile,
  totals: { readonly rowsSay: bigint; readonly fileSays: bigint },
): EffectRow[] {
  const difference = totals.fileSays - totals.rowsSay
  const amount = difference < 0n ? -difference : difference
  const { orgId } = context
  const about = `${at.channel}/${file.date}/file`
  const evidence = { rows: String(totals.rowsSay), file: String(totals.fileSays), hash: file.hash }
  const raised = { now: context.clock.now(), id: context.ids.uuid() }
  return raise(raised, { orgId, kind: 'settlement_differs', about, amount, evidence })
}

function rowException(context: SettlementContext, of: SettlementRow): EffectRow[] {
  const { state, row, channel, date, orgId } = of
  if (state === 'matched' || state === 'idle') return []
  const { amount, reference, direction } = row
  const about = `${channel}/${date}/${row.row}`
  const evidence = { state, reference, direction, amount: String(amount), fee: String(row.fee) }
  const at = { now: context.clock.now(), id: context.ids.uuid() }
  return raise(at, { orgId, kind: 'file_row_unknown', about, amount, evidence })
}

/** A later file of a day that was taken: nothing is booked again; somebody compares the two. */
function changed(
  context: SettlementContext,
  at: { readonly book: number; readonly channel: string },
  file: ChannelFile,
): Command {
  const { orgId } = context
  const about = `${at.channel}/${file.date}/changed`
  const evidence = { hash: file.hash, settled: String(file.settled), rows: file.rows.length }
  const raised = { now: context.clock.now(), id: context.ids.uuid() }
  const exception = { orgId, kind: 'settlement_differs', about, amount: 0n, evidence } as const
  return { roots: [`settlement:${about}`], effects: raise(raised, exception) }
}

/** The effect that begins to read a channel's files for a book, from today's on. */
export function startSettlement(context: SettlementContext, channel: string): EffectRow {
  return planFile(context, channel, shanghaiDay(context.clock.now()))
}

function planFile(context: SettlementContext, channel: string, date: string): EffectRow {
  const { orgId } = context
  const dueAt = startOf(date) + DAY_MS + READY_MS
  return applied(ensureDue, {
    orgId,
    kind: READ_FILE,
    key: `${channel}/${date}`,
    dueAt,
    payload: null,
  })
}

/** Midnight in Shanghai. */
const startOf = (date: string) =>
  Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6))) -
  SHANGHAI_MS

export function settlementHandlers(context: SettlementContext, payouts: Payouts): Handlers {
  return { [READ_FILE]: { run: (work) => readFile(context, payouts, work) } }
}

/**
 * Due work: reads a day's file when it is ready, and plans the next day's: also when this one is not
 * ready at first, for it may never be.
 */
async function readFile(
  context: SettlementContext,
  payouts: Payouts,
  work: DueWork,
): Promise<void> {
  const { book, key } = work
  const at = key.lastIndexOf('/')
  const [channel, date] = [key.slice(0, at), key.slice(at + 1)]
  const file = await context.desk.channel(channel).downloadFile(date)
  const roots = [`file:${key}`]
  const next = planFile(context, channel, shanghaiDay(startOf(date) + DAY_MS))
  if ('problem' in file) {
    context.log.warn({ book, channel, date, problem: file.problem }, 'a file could not be read yet')
    const dueAt = context.clock.now() + RETRY_MS
    await mustCommand(context, book, async () => ({
      roots,
      effects: [applied(postponeDue, { ...work, dueAt }), ...(work.attempts === 1 ? [next] : [])],
    }))
    return
  }
  await takeChannelFile(context, { book, channel }, file)
  await mustCommand(context, book, async () => ({ roots, effects: [next, applied(doneDue, work)] }))
  await payouts.retryWaiting(book)
}
