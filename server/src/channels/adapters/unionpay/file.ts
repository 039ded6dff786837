/**
 * The ZM file of a clearing day: fixed-width rows in a zip, which comes deflated once more and in
 * base64 inside a signed reply. Read whole or refused with row and column.
 *
 * ZM has no line of totals: the signature of the reply vouches for all of its bytes, and each row must
 * agree with itself. Fees are billed apart every month, so the net of a row must be its whole amount.
 */
import { createHash } from 'node:crypto'
import { inflateSync } from 'node:zlib'
import type { ChannelFile, ChannelFileProblem, ChannelFileRow } from '../../payment-channel.ts'
import { readZip, UNPACKED_BYTES_MOST } from '../../zip.ts'
import { amountOf } from './callback.ts'
import {
  CHARGEBACK_CODE,
  directionOf,
  type Fields,
  MESSAGES,
  ORDER_ID,
  RETURN_CODE,
  ZM_COLUMNS,
} from './spec.ts'
import { NO_SUCH_FILE, SUCCESS } from './status.ts'
import { field, post, shanghai, type Wire } from './wire.ts'

const refused = (says: string): ChannelFileProblem => ({ problem: 'refused', says })

/** The text by which UnionPay's settlement of a day is told at our bank. */
export const settlementReference = (merId: string, date: string) => `UPOP ${merId} ${date}`

/** The month of a bill of fees, by the text its debit carries at our bank. */
export function feeMonth(merId: string, memo: string): string | undefined {
  const [rail, merchant, what, month = '', ...more] = memo.split(' ')
  const isBill = rail === 'UPOP' && merchant === merId && what === 'FEE' && more.length === 0
  return isBill && /^\d{4}(0[1-9]|1[0-2])$/.test(month) ? month : undefined
}

/** Fetches and reads the file of a clearing day, `yyyymmdd`. Never throws. */
export async function downloadFile(
  wire: Wire,
  date: string,
): Promise<ChannelFile | ChannelFileProblem> {
  if (!/^\d{8}$/.test(date)) return refused(`${date} is not a date yyyymmdd`)
  const reply = await post(wire, {
    message: MESSAGES.file,
    fields: { fileType: '00', settleDate: date.slice(4), txnTime: shanghai(wire.clock.now()) },
  })
  if (reply.kind !== 'replied') return { problem: 'unreachable', says: reply.why }
  const message = field(reply.fields, 'respMsg')
  if (reply.code === NO_SUCH_FILE) {
    return { problem: 'not_ready', says: `UnionPay has no file of ${date} yet: ${message}` }
  }
  if (reply.code !== SUCCESS) return refused(`UnionPay answers ${reply.code}: ${message}`)
  return readFile(wire.merId, date, field(reply.fields, 'fileContent'))
}

/** Reads `fileContent` of a reply. */
export function readFile(
  merId: string,
  date: string,
  content: string,
): ChannelFile | ChannelFileProblem {
  let zip: Uint8Array
  try {
    if (!/^[0-9A-Za-z+/]+={0,2}$/.test(content)) return refused('fileContent is not base64')
    zip = inflateSync(Buffer.from(content, 'base64'), { maxOutputLength: UNPACKED_BYTES_MOST })
  } catch {
    return refused('fileContent cannot be inflated')
  }
  const entries = readZip(zip)
  if ('says' in entries) return refused(entries.says)
  const name = `INN${date.slice(2)}88ZM_${merId}`
  const entry = entries.find((one) => one.name === name)
  if (entry === undefined) return refused(`the zip has no file ${name}`)
  const rows = readRows(merId, entry.bytes)
  if ('problem' in rows) return rows
  return {
    date,
    currency: 'CNY',
    rows: rows.rows,
    hash: createHash('sha256').update(entry.bytes).digest('hex'),
    settled: rows.settled,
    settlementReference: settlementReference(merId, date),
  }
}

const WIDTH = ZM_COLUMNS.reduce((sum, [, width]) => sum + width + 1, -1)

function readRows(
  merId: string,
  bytes: Uint8Array,
): { rows: ChannelFileRow[]; settled: bigint } | ChannelFileProblem {
  const text = Buffer.from(bytes).toString('latin1')
  if (text !== '' && !text.endsWith('\n')) return refused('the last row of the file is cut off')
  const rows: ChannelFileRow[] = []
  const seen = new Set<string>()
  let settled = 0n
  for (const [index, line] of text.split('\n').slice(0, -1).entries()) {
    const row = index + 1
    const columns = columnsOf(line.endsWith('\r') ? line.slice(0, -1) : line)
    if (columns === undefined) return refused(`row ${row} is not ${WIDTH} bytes in its columns`)
    const read = readRow(columns, merId, row)
    if (typeof read === 'string') return refused(`row ${row}: the column ${read} is malformed`)
    if (seen.has(read.row.channelReference)) return refused(`row ${row} repeats an earlier queryId`)
    seen.add(read.row.channelReference)
    rows.push(read.row)
    settled += read.net
  }
  return { rows, settled }
}

function columnsOf(line: string): Fields | undefined {
  if (line.length !== WIDTH) return undefined
  const columns: Record<string, string> = {}
  let at = 0
  for (const [name, width] of ZM_COLUMNS) {
    if (at > 0 && line[at - 1] !== ' ') return undefined
    columns[name] = line.slice(at, at + width).trim()
    at += width + 1
  }
  return columns
}

/** C (credit) or D (debit) and 12 digits. */
function signedAmount(text: string): bigint | undefined {
  const match = /^([CD])(\d{12})$/.exec(text)
  if (match === null) return undefined
  return match[1] === 'C' ? BigInt(match[2]!) : -BigInt(match[2]!)
}

/** A row, or the name of the column that is wrong. */
function readRow(
  columns: Fields,
  merId: string,
  row: number,
): { row: ChannelFileRow; net: bigint } | string {
  const reference = field(columns, 'orderId')
  if (!ORDER_ID.test(reference)) return 'orderId'
  const channelReference = field(columns, 'queryId')
  if (!/^\d{21}$/.test(channelReference)) return 'queryId'
  if (field(columns, 'merId') !== merId) return 'merId'
  const amount = amountOf(field(columns, 'amount').replace(/^0+(?=\d)/, ''))
  if (amount === undefined || amount === 0n) return 'amount'
  const direction = directionOf(field(columns, 'txnType'))
  if (direction === undefined) return 'txnType'
  const net = signedAmount(field(columns, 'net'))
  const returned = field(columns, 'code') === RETURN_CODE
  const chargedBack = field(columns, 'code') === CHARGEBACK_CODE
  if ((returned && direction !== 'pay') || (chargedBack && direction !== 'collect')) return 'code'
  // Payouts and their returns move the balance put there for them; they settle nothing.
  const wanted = chargedBack ? -amount : { collect: amount, refund: -amount, pay: 0n }[direction]
  if (net === undefined || net !== wanted) return 'net'
  return {
    row: {
      row,
      direction: returned ? 'payout_returned' : chargedBack ? 'chargeback' : direction,
      reference,
      channelReference,
      amount,
      fee: 0n,
      result: 'succeeded',
    },
    net,
  }
}
