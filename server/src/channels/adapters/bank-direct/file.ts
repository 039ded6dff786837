/**
 * The statement: entries after a cursor, and the payouts of a day read out of it.
 *
 * The one thing to get wrong: the bank's cursor has no end. It is taken up again later to read what
 * came since. Only a day the bank has ended is final: before that it hides and sums up entries.
 */
import { createHash } from 'node:crypto'
import { Personal } from '#base'
import { isMoneyRefusal, parseDecimal } from '#money'
import type {
  BankLine,
  BankLines,
  ChannelFile,
  ChannelFileProblem,
  ChannelFileRow,
} from '../../payment-channel.ts'
import { ChannelUnavailable } from '../../port.ts'
import { printedAccount } from '../../printed-account.ts'
import { CNY, FUNCTIONS, LINE_KINDS } from './spec.ts'
import { TAKEN } from './status.ts'
import { type Json, post, records, shanghai, text, type Wire } from './wire.ts'

/** A page of the statement as the bank gives it. */
interface Page {
  readonly lines: readonly BankLine[]
  readonly cursor: string
  readonly more: boolean
  /** Whether the bank has ended the last day asked for. */
  readonly final: boolean
}

class Broken extends Error {}

const KINDS: Readonly<Record<string, BankLine['kind']>> = LINE_KINDS

/** One record of the statement; throws what is wrong with it. */
export function readLine(record: Json): BankLine {
  const broken = (name: string) => new Broken(`the field ${name} of an entry is malformed`)
  const flow = text(record, 'transSequenceIdn')
  if (!/^[0-9A-Za-z]{1,15}$/.test(flow)) throw broken('transSequenceIdn')
  const date = text(record, 'transDate')
  if (!/^\d{8}$/.test(date)) throw broken('transDate')
  const amount = parseDecimal(text(record, 'transAmount'), 'CNY', { exact: true, signed: true })
  if (isMoneyRefusal(amount) || amount === 0n) throw broken('transAmount')
  const side = amount > 0n ? 'in' : 'out'
  if (text(record, 'loanCode') !== (side === 'in' ? 'C' : 'D')) throw broken('loanCode')
  const currency = text(record, 'currencyNbr')
  if (!/^[0-9A-Z]{2}$/.test(currency)) throw broken('currencyNbr')
  const name = text(record, 'ctpAcctName')
  const account = text(record, 'ctpAcctNbr')
  const paidTo = text(record, 'virtualNbr')
  return {
    flow,
    side,
    amount: amount < 0n ? -amount : amount,
    currency: currency === CNY ? 'CNY' : currency,
    date,
    ...(name === '' ? {} : { counterpartName: new Personal('name', name) }),
    ...(account === '' ? {} : { counterpartAccount: printedAccount(account) }),
    memo: text(record, 'remarkTextClt'),
    reference: text(record, 'yurRef'),
    ...(paidTo === '' ? {} : { paidTo }),
    kind: KINDS[text(record, 'textCode')] ?? 'plain',
  }
}

const CURSOR = /^([0-9A-Za-z]{1,35}):(\d{8}):(\d{1,9})$/

/** One page from a cursor of ours, `account:date:next`, or from the first day when it is ''. */
async function page(
  wire: Wire,
  cursor: string,
  range: { from: string; to: string },
): Promise<Page | ChannelFileProblem> {
  const at = CURSOR.exec(cursor)
  if (cursor !== '' && at === null) throw new Error('this is not a cursor of the bank')
  const [, acctNbr, transDate, expectNextSequence] = at ?? []
  const reply = await post(wire, {
    funcode: FUNCTIONS.statement,
    body: {
      TRANSQUERYBYBREAKPOINT_X1: [
        {
          cardNbr: wire.account,
          beginDate: range.from,
          endDate: range.to,
          currencyCode: CNY,
          queryAcctNbr: '',
        },
      ],
      ...(at === null
        ? {}
        : { TRANSQUERYBYBREAKPOINT_Y1: [{ acctNbr, transDate, expectNextSequence }] }),
    },
  })
  if (reply.kind !== 'replied') return { problem: 'unreachable', says: reply.why }
  if (reply.code !== TAKEN) {
    return { problem: 'refused', says: `${reply.code} ${reply.message}`.trim() }
  }
  try {
    return readPage(reply.body)
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    return { problem: 'refused', says: `The statement is refused whole: ${error.message}.` }
  }
}

/** Checks a page against its own totals. */
function readPage(body: Json): Page {
  const next = records(body, 'TRANSQUERYBYBREAKPOINT_Y1')
  const sums = records(body, 'TRANSQUERYBYBREAKPOINT_Z1')
  const rows = records(body, 'TRANSQUERYBYBREAKPOINT_Z2')
  const [sum] = sums ?? []
  if (next?.length !== 1 || sum === undefined || sums?.length !== 1 || rows === undefined) {
    throw new Broken('it does not hold one cursor, one summary and a list of entries')
  }
  const lines = rows.map((row, i) => {
    try {
      return readLine(row)
    } catch (error) {
      throw new Broken(`row ${i + 1}: ${error instanceof Error ? error.message : 'unreadable'}`)
    }
  })
  for (const [side, count, total] of [
    ['out', 'debitNums', 'debitAmount'],
    ['in', 'creditNums', 'creditAmount'],
  ] as const) {
    const own = lines.filter((line) => line.side === side)
    const amount = own.reduce((all, line) => all + line.amount, 0n)
    const told = parseDecimal(text(sum, total), 'CNY', { exact: true, signed: true })
    if (text(sum, count) !== String(own.length)) {
      throw new Broken(`${count} is ${text(sum, count)} and it has ${own.length} such entries`)
    }
    if (told !== (side === 'out' ? -amount : amount)) {
      throw new Broken(`${total} is not the sum of its entries`)
    }
  }
  const { acctNbr, transDate, expectNextSequence } = {
    acctNbr: text(next[0]!, 'acctNbr'),
    transDate: text(next[0]!, 'transDate'),
    expectNextSequence: text(next[0]!, 'expectNextSequence'),
  }
  const cursor = `${acctNbr}:${transDate}:${expectNextSequence}`
  if (!CURSOR.test(cursor)) throw new Broken('its cursor is malformed')
  const flag = text(sum, 'ctnFlag')
  if (flag !== 'Y' && flag !== 'N') throw new Broken('ctnFlag is neither Y nor N')
  return { lines, cursor, more: flag === 'Y', final: text(sum, 'reserve') === 'DAYEND' }
}

/** Entries after a cursor, at most 200. Throws `ChannelUnavailable` when the bank does not tell. */
export async function readBankLines(
  wire: Wire,
  firstDate: string,
  cursor: string,
): Promise<BankLines> {
  const to = shanghai(wire.clock.now()).slice(0, 8)
  const got = await page(wire, cursor, { from: firstDate, to })
  if ('problem' in got) throw new ChannelUnavailable(`statement: ${got.says}`)
  return { lines: got.lines, cursor: got.cursor }
}

/** No account has this many pages in a day; a bank that never ends its list is not read for ever. */
const PAGES_MOST = 5_000

/** The payouts of a day and what came back on it, once the bank has ended the day. */
export async function downloadDay(
  wire: Wire,
  date: string,
): Promise<ChannelFile | ChannelFileProblem> {
  const lines: BankLine[] = []
  let cursor = ''
  for (let count = 0; count < PAGES_MOST; count += 1) {
    const got = await page(wire, cursor, { from: date, to: date })
    if ('problem' in got) return got
    if (!got.final) {
      return { problem: 'not_ready', says: `The bank has not ended ${date}; ask after midnight.` }
    }
    const stray = got.lines.find((line) => line.date !== date)
    if (stray !== undefined) {
      const says = `The statement of ${date} is refused whole: it holds an entry of ${stray.date}.`
      return { problem: 'refused', says }
    }
    lines.push(...got.lines)
    if (!got.more) return fileOf(date, lines)
    if (got.cursor === cursor) break
    cursor = got.cursor
  }
  return { problem: 'refused', says: `The statement of ${date} does not end.` }
}

function fileOf(date: string, lines: readonly BankLine[]): ChannelFile | ChannelFileProblem {
  const flows = new Set(lines.map(({ flow }) => flow))
  if (flows.size !== lines.length) {
    return { problem: 'refused', says: `The statement of ${date} holds an entry twice.` }
  }
  const rows: ChannelFileRow[] = []
  const digest = createHash('sha256')
  for (const line of lines) {
    digest.update(`${line.flow}|${line.side}|${line.amount}|${line.reference}|${line.kind}\n`)
    const came = line.kind === 'payout_returned' && line.side === 'in'
    const went = line.kind === 'plain' && line.side === 'out'
    if (line.reference === '' || !(came || went)) continue
    rows.push({
      row: rows.length + 1,
      direction: came ? 'payout_returned' : 'pay',
      reference: line.reference,
      channelReference: line.flow,
      amount: line.amount,
      fee: 0n,
      result: 'succeeded',
    })
  }
  return {
    date,
    currency: 'CNY',
    rows,
    hash: digest.digest('hex'),
    settled: 0n,
    settlementReference: `BANK-DIRECT-${date}`,
  }
}
