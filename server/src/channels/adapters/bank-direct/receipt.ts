/**
 * Receipts (回单): the bank's own word for one entry, tied to it by date and number of the entry and
 * closed by a hash. A receipt whose hash or entry differs is refused.
 */
import { sm3 } from '#vault'
import { ChannelUnavailable } from '../../port.ts'
import { FUNCTIONS } from './spec.ts'
import { NOT_YET, TAKEN } from './status.ts'
import { type Json, parsed, post, records, text, type Wire } from './wire.ts'

export interface Receipt {
  /** Of the entry it is about: date `yyyymmdd` and the bank's number. */
  readonly date: string
  readonly flow: string
  /** The bank's number of the receipt. */
  readonly number: string
  /** What it says, as JSON text, byte for byte. */
  readonly content: string
  /** SM3 of the content, hex. */
  readonly hash: string
}

/** Reads one receipt record; a sentence when it does not hold together. */
export function readReceipt(record: Json): Receipt | string {
  const content = Buffer.from(text(record, 'fildat'), 'base64')
  const hash = text(record, 'filhsh')
  if (content.length === 0 || sm3(content).toString('hex') !== hash) {
    return 'the content of the receipt does not have the hash the bank tells'
  }
  const fields = parsed(content.toString('utf8'))
  if (fields === undefined) return 'the content of the receipt is not readable'
  const date = text(record, 'trsdat')
  const flow = text(record, 'trsseq')
  if (text(fields, 'transDate') !== date || text(fields, 'transSequenceIdn') !== flow) {
    return 'the receipt is about another entry'
  }
  return { date, flow, number: text(record, 'istnbr'), content: content.toString('utf8'), hash }
}

async function asked(wire: Wire, funcode: 'DCSIGREC' | 'ASYCALHD' | 'DCTASKID', body: Json) {
  const reply = await post(wire, { funcode, body })
  if (reply.kind !== 'replied') throw new ChannelUnavailable(`${funcode}: ${reply.why}`)
  if (reply.code === TAKEN || reply.code === NOT_YET) return reply
  throw new ChannelUnavailable(`${funcode}: ${reply.code} ${reply.message}`.trim())
}

function must(record: Json | undefined): Receipt {
  const receipt = record === undefined ? 'the bank sent no receipt' : readReceipt(record)
  if (typeof receipt === 'string') throw new ChannelUnavailable(`receipt: ${receipt}`)
  return receipt
}

/** The receipt of one entry. Throws `ChannelUnavailable` when the bank has none or it is not sound. */
export async function receiptOf(wire: Wire, date: string, flow: string): Promise<Receipt> {
  const body = { eacnbr: wire.account, quedat: date, trsseq: flow, primod: 'JSON' }
  const reply = await asked(wire, FUNCTIONS.receipt, body)
  const receipt = must(records(reply.body, 'dcsigrecz')?.[0])
  if (receipt.date === date && receipt.flow === flow) return receipt
  throw new ChannelUnavailable('receipt: the receipt is about another entry')
}

/** Asks the bank to prepare the receipts of a day; the number of the task, for `preparedReceipts`. */
export async function prepareReceipts(wire: Wire, date: string): Promise<string> {
  const body = { eacnbr: wire.account, begdat: date, enddat: date, primod: 'JSON' }
  const reply = await asked(wire, FUNCTIONS.receipts, body)
  const task = text(reply.body, 'taskid')
  if (/^[0-9A-Za-z]{1,32}$/.test(task)) return task
  throw new ChannelUnavailable('ASYCALHD: the bank names no task')
}

/** The receipts of a task, or `not_ready`. */
export async function preparedReceipts(
  wire: Wire,
  task: string,
): Promise<readonly Receipt[] | 'not_ready'> {
  const reply = await asked(wire, FUNCTIONS.task, { taskid: task })
  if (reply.code === NOT_YET) return 'not_ready'
  return (records(reply.body, 'dctaskidz') ?? []).map(must)
}
