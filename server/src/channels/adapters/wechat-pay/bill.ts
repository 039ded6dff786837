/**
 * The daily bill (交易账单): lines of values with a backtick before each, a header, and two lines of
 * sums at the end. It is read whole or refused with row and column: every row, every sum.
 *
 * The one thing to get wrong is the fee's sign: WeChat Pay keeps it on a payment and gives it back on a
 * refund, where it stands with a minus. It has five decimals, of which only two are ever used.
 */
import { createHash } from 'node:crypto'
import { isMoneyRefusal, parseDecimal } from '#money'
import type { ChannelFile, ChannelFileProblem, ChannelFileRow } from '../../payment-channel.ts'
import { BILL_COLUMNS, BILL_SUMS, type BillColumn } from './spec.ts'
import { resultOf } from './status.ts'

class Refused extends Error {}

const refuse = (row: number, column: string, what: string): never => {
  throw new Refused(`row ${row}, column ${column}: ${what}`)
}

export interface BillContext {
  /** `yyyymmdd`. */
  readonly date: string
  readonly mchId: string
  readonly currency: string
  readonly settlementReference: string
}

/** Reads a bill's bytes. Never throws. */
export function readBill(
  bytes: Uint8Array,
  context: BillContext,
): ChannelFile | ChannelFileProblem {
  try {
    return read(bytes, context)
  } catch (error) {
    if (error instanceof Refused) return { problem: 'refused', says: error.message }
    throw error
  }
}

function linesOf(bytes: Uint8Array): string[] {
  let text: string
  try {
    // The decoder drops the byte order mark that WeChat Pay puts first.
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return refuse(1, BILL_COLUMNS[0], 'the file is not UTF-8')
  }
  const lines = text.split(/\r?\n/)
  if (lines.pop() !== '') return refuse(lines.length + 1, BILL_COLUMNS[0], 'the file is cut off')
  if (lines.length < 3) return refuse(lines.length + 1, BILL_COLUMNS[0], 'the sums are missing')
  return lines
}

/** Values of a line; the backtick keeps spreadsheets from taking long numbers for floats. */
function valuesOf(line: string, row: number, wanted: number, first: string): string[] {
  if (!line.startsWith('`')) return refuse(row, first, 'a value has no backtick before it')
  const values = line.slice(1).split(',`')
  if (values.length === wanted) return values
  return refuse(row, first, `${values.length} values, not ${wanted}`)
}

interface BillLine {
  readonly row: number
  text(column: BillColumn): string
  /** Minor units; `places` after the point, more than two only when they are zeros. */
  money(column: BillColumn, places?: number): bigint
}

function lineOf(line: string, row: number, currency: string): BillLine {
  const values = valuesOf(line, row, BILL_COLUMNS.length, BILL_COLUMNS[0])
  const text = (column: BillColumn) => values[BILL_COLUMNS.indexOf(column)]!
  const money = (column: BillColumn, places = 2) =>
    amount(text(column), row, column, currency, places)
  return { row, text, money }
}

function amount(value: string, row: number, column: string, currency: string, places: number) {
  const spare = '0'.repeat(places - 2)
  const whole = value.endsWith(spare) ? value.slice(0, value.length - spare.length) : value
  const read = parseDecimal(whole, currency as 'CNY', {
    exact: true,
    signed: column.startsWith('手续费'),
  })
  if (isMoneyRefusal(read)) return refuse(row, column, `${JSON.stringify(value)} is not an amount`)
  return read
}

function read(bytes: Uint8Array, context: BillContext): ChannelFile {
  const lines = linesOf(bytes)
  if (lines[0] !== BILL_COLUMNS.join(',')) refuse(1, BILL_COLUMNS[0], 'the header is another one')
  const rows: ChannelFileRow[] = []
  const sums = new Map<string, bigint>(BILL_SUMS.map(([, column]) => [column, 0n]))
  const add = (column: string, value: bigint) => sums.set(column, sums.get(column)! + value)
  const seen = new Set<string>()
  for (const [index, text] of lines.slice(1, -2).entries()) {
    const line = lineOf(text, index + 2, context.currency)
    const row = rowOf(line, context)
    const key = `${row.direction} ${row.reference}`
    if (seen.has(key)) refuse(line.row, '商户订单号', 'the order stands in the bill twice')
    seen.add(key)
    rows.push(row)
    add('rows', 1n)
    for (const [, column] of BILL_SUMS) {
      if (column !== 'rows') add(column, line.money(column, column === '手续费' ? 5 : 2))
    }
  }
  checkSums(lines, sums, context)
  const settled = sums.get('订单金额')! - sums.get('申请退款金额')! - sums.get('手续费')!
  return {
    date: context.date,
    currency: context.currency,
    rows,
    hash: createHash('sha256').update(bytes).digest('hex'),
    settled,
    settlementReference: context.settlementReference,
  }
}

function checkSums(
  lines: readonly string[],
  sums: ReadonlyMap<string, bigint>,
  context: BillContext,
) {
  const titles = BILL_SUMS.map(([title]) => title)
  const row = lines.length
  if (lines.at(-2) !== titles.join(','))
    refuse(row - 1, titles[0]!, 'the titles of the sums differ')
  const values = valuesOf(lines.at(-1)!, row, titles.length, titles[0]!)
  for (const [index, [title, column]] of BILL_SUMS.entries()) {
    const value = values[index]!
    const wanted = sums.get(column)!
    const same =
      column === 'rows'
        ? value === String(wanted)
        : amount(value, row, title, context.currency, column === '手续费' ? 5 : 2) === wanted
    if (!same) refuse(row, title, `says ${value.slice(0, 40)}, and the rows do not add up to it`)
  }
}

const REFERENCE = /^[0-9A-Za-z_*|-]{6,64}$/

function rowOf(line: BillLine, { date, mchId, currency }: BillContext): ChannelFileRow {
  const { row } = line
  if (line.text('商户号') !== mchId) refuse(row, '商户号', 'another merchant')
  if (line.text('货币种类') !== currency) refuse(row, '货币种类', 'another currency')
  const day = /^(\d{4})-(\d{2})-(\d{2}) \d{2}:\d{2}:\d{2}$/.exec(line.text('交易时间'))
  // What happens while a day is being closed counts for the next, so the time may be an earlier one.
  if (day === null || day.slice(1).join('') > date) refuse(row, '交易时间', 'not of this day')
  const fee = line.money('手续费', 5)
  const state = line.text('交易状态')
  if (state === 'SUCCESS') {
    return {
      row,
      direction: 'collect',
      reference: number(line, '商户订单号'),
      channelReference: number(line, '微信订单号'),
      amount: positive(line, '订单金额'),
      fee,
      result: 'succeeded',
    }
  }
  if (state !== 'REFUND' && state !== 'REVOKED')
    refuse(row, '交易状态', 'a state that is not known')
  const result = resultOf('refund_state', line.text('退款状态'))
  return {
    row,
    direction: 'refund',
    reference: number(line, '商户退款单号'),
    channelReference: number(line, '微信退款单号'),
    amount: positive(line, '申请退款金额'),
    fee,
    result: result === 'accepted' || state === 'REVOKED' ? 'unknown' : result,
  }
}

function number(line: BillLine, column: BillColumn): string {
  const value = line.text(column)
  return REFERENCE.test(value) ? value : refuse(line.row, column, 'not a number of an order')
}

function positive(line: BillLine, column: BillColumn): bigint {
  const value = line.money(column)
  return value > 0n ? value : refuse(line.row, column, 'the amount is zero')
}
