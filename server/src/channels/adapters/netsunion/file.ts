/**
 * The clearing file: a summary per batch of a day, and the rows of each batch page by page. It is
 * taken whole or refused with what is wrong: half a file proves nothing.
 */
import { createHash } from 'node:crypto'
import type { ChannelFile, ChannelFileProblem, ChannelFileRow } from '../../payment-channel.ts'
import { amountOf } from './callback.ts'
import { CATEGORIES, MESSAGES, ROWS_MOST } from './spec.ts'
import { NOT_CLEARED, PROCESSED, resultOfBusiness } from './status.ts'
import { post, type Wire } from './wire.ts'
import { type Element, inner, rows, text } from './xml.ts'

class Broken extends Error {}

/** What a summary or the rows of a batch add up to, per category. */
interface Totals {
  paid: { count: number; amount: bigint }
  returned: { count: number; amount: bigint }
}

const nothing = (): Totals => ({
  paid: { count: 0, amount: 0n },
  returned: { count: 0, amount: 0n },
})

/** Reads the file of a business date, `yyyymmdd`. Never throws. */
export async function downloadDay(
  wire: Wire,
  date: string,
): Promise<ChannelFile | ChannelFileProblem> {
  const reply = await post(wire, {
    type: MESSAGES.summary,
    replyType: MESSAGES.summaryReply,
    body: () => ({ FileInf: { ClrDt: date, InstgAcctId: wire.reserveAccount } }),
  })
  if (reply.kind !== 'replied') return { problem: 'unreachable', says: reply.why }
  const { system, says } = reply
  if (system === NOT_CLEARED) return { problem: 'not_ready', says: says || 'not cleared yet' }
  if (system !== PROCESSED) return { problem: 'refused', says: `${system} ${says}`.trim() }
  try {
    const batches = readSummary(date, reply.body)
    const all: ChannelFileRow[] = []
    for (const [batch, totals] of batches) {
      const problem = await readBatch(wire, batch, totals, all)
      if (problem !== undefined) return problem
    }
    return fileOf(wire, date, all)
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    const why = `The clearing file of ${date} is refused whole: ${error.message}.`
    return { problem: 'refused', says: why }
  }
}

function totalsOf(element: Element, where: string): Totals {
  const part = (count: string, amount: string) => {
    const number = text(element, count)
    if (!/^\d{1,9}$/.test(number)) throw new Broken(`${count} of ${where} is not a number`)
    const written = text(element, amount)
    const money = written === 'CNY0.00' ? { amount: 0n, currency: 'CNY' } : amountOf(written)
    if (money?.currency !== 'CNY') throw new Broken(`${amount} of ${where} is not an amount in CNY`)
    return { count: Number.parseInt(number, 10), amount: money.amount }
  }
  return { paid: part('TrxCnt', 'TrxAmt'), returned: part('RtnCnt', 'RtnAmt') }
}

function readSummary(date: string, body: Element): Map<string, Totals> {
  const summary = inner(body, 'SumryInf')
  if (text(summary, 'ClrDt') !== date) throw new Broken('the summary is of another day')
  const list = rows(inner(body, 'BatchList'))
  if (list === undefined) throw new Broken('the list of batches is unreadable')
  const batches = new Map<string, Totals>()
  const sum = nothing()
  for (const row of list) {
    const batch = text(row, 'BatchId')
    if (!new RegExp(`^B${date}\\d{4}$`).test(batch)) throw new Broken('a batch is of another day')
    if (batches.has(batch)) throw new Broken(`the batch ${batch} stands twice`)
    const totals = totalsOf(row, batch)
    batches.set(batch, totals)
    for (const kind of ['paid', 'returned'] as const) {
      sum[kind].count += totals[kind].count
      sum[kind].amount += totals[kind].amount
    }
  }
  mustEqual(totalsOf(summary, 'the summary'), sum, 'the summary and its batches')
  return batches
}

function mustEqual(told: Totals, counted: Totals, what: string): void {
  for (const kind of ['paid', 'returned'] as const) {
    const same =
      told[kind].count === counted[kind].count && told[kind].amount === counted[kind].amount
    if (!same) throw new Broken(`${what} do not add up`)
  }
}

/** Reads all pages of a batch behind the rows read so far; a problem when the rail does not tell. */
async function readBatch(
  wire: Wire,
  batch: string,
  totals: Totals,
  all: ChannelFileRow[],
): Promise<ChannelFileProblem | undefined> {
  const counted = nothing()
  const wanted = totals.paid.count + totals.returned.count
  const pages = Math.max(1, Math.ceil(wanted / ROWS_MOST))
  for (let page = 1; page <= pages; page += 1) {
    const reply = await post(wire, {
      type: MESSAGES.detail,
      replyType: MESSAGES.detailReply,
      body: () => ({ FileInf: { BatchId: batch, PageNo: String(page) } }),
    })
    if (reply.kind !== 'replied') return { problem: 'unreachable', says: reply.why }
    if (reply.system !== PROCESSED) {
      return { problem: 'refused', says: `${reply.system} ${reply.says}`.trim() }
    }
    const list = rows(inner(reply.body, 'TrxList'))
    const about = inner(reply.body, 'FileInf')
    if (list === undefined) throw new Broken(`page ${page} of ${batch} is unreadable`)
    if (text(about, 'BatchId') !== batch || text(about, 'PageNo') !== String(page)) {
      throw new Broken(`page ${page} of ${batch} is another one`)
    }
    for (const row of list) all.push(readRow(row, all.length + 1, counted))
  }
  mustEqual(totals, counted, `the totals of ${batch} and its rows`)
  return undefined
}

function readRow(row: Element, number: number, counted: Totals): ChannelFileRow {
  const broken = (column: string) => new Broken(`row ${number}, column ${column} is malformed`)
  const reference = text(row, 'TrxId')
  if (!/^\d{29,31}$/.test(reference)) throw broken('TrxId')
  const channelReference = text(row, 'PltfrmSeqNo')
  if (!/^[0-9A-Za-z]{1,40}$/.test(channelReference)) throw broken('PltfrmSeqNo')
  const money = amountOf(text(row, 'TrxAmt'))
  if (money?.currency !== 'CNY') throw broken('TrxAmt')
  const category = text(row, 'TrxCtgy')
  const paid = category === CATEGORIES.paid
  if (!paid && category !== CATEGORIES.returned) throw broken('TrxCtgy')
  const result = resultOfBusiness(text(row, 'BizStsCd'))
  if (result === 'accepted') throw broken('BizStsCd')
  const kind = paid ? 'paid' : 'returned'
  counted[kind].count += 1
  counted[kind].amount += money.amount
  return {
    row: number,
    direction: paid ? 'pay' : 'payout_returned',
    reference,
    channelReference,
    amount: money.amount,
    fee: 0n,
    result,
  }
}

function fileOf(wire: Wire, date: string, all: readonly ChannelFileRow[]): ChannelFile {
  const seen = new Set(all.map(({ channelReference }) => channelReference))
  if (seen.size !== all.length) throw new Broken('a row stands twice')
  const digest = createHash('sha256')
  for (const row of all) {
    const { direction, reference, channelReference, amount, result } = row
    digest.update(`${direction}|${reference}|${channelReference}|${amount}|${result}\n`)
  }
  return {
    date,
    currency: 'CNY',
    rows: all,
    hash: digest.digest('hex'),
    // Payouts are prefunded: no cash is sent for a day.
    settled: 0n,
    settlementReference: `EPCC-${wire.issuerId}-${date}`,
  }
}
