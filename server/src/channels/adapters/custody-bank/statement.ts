/**
 * The bank's statement files: GB18030, columns separated and ended by `&`, lines ended by LF, the
 * first line holding type, date, number of rows and total. A file is taken whole or refused with the
 * row and column that is wrong: half a statement proves nothing.
 */
import { createHash } from 'node:crypto'
import iconv from 'iconv-lite'
import { isMoneyRefusal, parseDecimal } from '#money'
import type { FileKind, StatementFile, StatementProblem, StatementRow } from '../../port.ts'
import { FILE_TYPES } from './spec.ts'

type Check = 'text' | 'account' | 'amount' | 'fee' | 'date' | 'time' | 'flow' | 'reference'

interface Column {
  readonly name: string
  readonly check: Check
}

const c = (name: string, check: Check = 'text'): Column => ({ name, check })

/** Columns after the row number, in their order. */
export const COLUMNS: Record<FileKind, readonly Column[]> = {
  pay_ins: [
    c('会员代码'),
    c('子账户', 'account'),
    c('交易金额', 'amount'),
    c('手续费', 'fee'),
    c('交易日期', 'date'),
    c('交易时间', 'time'),
    c('银行见证系统流水号', 'flow'),
    c('交易网流水号', 'reference'),
    c('备注'),
    c('记账类型'),
    c('订单号'),
  ],
  withdrawals: [
    c('会员代码'),
    c('子账户', 'account'),
    c('子账户名称'),
    c('交易金额', 'amount'),
    c('手续费', 'fee'),
    c('交易日期', 'date'),
    c('交易时间', 'time'),
    c('银行见证系统流水号', 'flow'),
    c('交易网流水号', 'reference'),
    c('备注'),
    c('记账类型'),
    c('订单号'),
  ],
  transfers: [
    c('记账标志'),
    c('转出会员'),
    c('转出子账户', 'account'),
    c('转出名称'),
    c('转入会员'),
    c('转入子账户', 'account'),
    c('转入名称'),
    c('金额', 'amount'),
    c('手续费', 'fee'),
    c('日期', 'date'),
    c('时间', 'time'),
    c('银行流水', 'flow'),
    c('交易网流水', 'reference'),
    c('备注'),
    c('订单号'),
  ],
  balances: [c('网站会员代码'), c('子账户', 'account'), c('金额', 'amount'), c('备注')],
}

const SHAPES: Record<Exclude<Check, 'text' | 'amount'>, RegExp> = {
  account: /^\d{1,50}$/,
  fee: /^0\.00$/,
  date: /^\d{8}$/,
  time: /^\d{6}$/,
  flow: /^[0-9A-Za-z]{1,52}$/,
  reference: /^[0-9A-Za-z]{0,52}$/,
}

class Broken extends Error {}

/** Reads a file's bytes; any row that is not right refuses all of it. */
export function readStatement(
  kind: FileKind,
  date: string,
  bytes: Uint8Array,
): StatementFile | StatementProblem {
  try {
    return readWhole(kind, date, bytes)
  } catch (error) {
    if (!(error instanceof Broken)) throw error
    const says = `Statement ${FILE_TYPES[kind]} of ${date} is refused whole: ${error.message}.`
    return { problem: 'refused', says }
  }
}

function readWhole(kind: FileKind, date: string, bytes: Uint8Array): StatementFile {
  const text = iconv.decode(Buffer.from(bytes), 'gb18030')
  // Decoding never fails; encoding back shows what was not GB18030.
  if (!iconv.encode(text, 'gb18030').equals(bytes)) throw new Broken('it is not GB18030 text')
  if (text === '') throw new Broken('it is empty')
  if (!text.endsWith('\n')) throw new Broken('its last line is cut off')
  const lines = text.slice(0, -1).split('\n')
  const head = cells(lines[0]!, 0)
  if (head.length !== 4) throw new Broken('row 0 does not have 4 columns')
  if (head[0] !== FILE_TYPES[kind]) throw new Broken(`row 0, column 1 is not ${FILE_TYPES[kind]}`)
  if (head[1] !== date) throw new Broken(`row 0, column 2 is not ${date}`)
  if (head[2] !== String(lines.length - 1)) {
    throw new Broken(`it announces ${head[2]} rows and has ${lines.length - 1}`)
  }
  const announced = amountOf(head[3]!, 'row 0, column 4', kind)
  const rows = lines.slice(1).map((line, i) => readRow(kind, date, line, i + 1))
  const total = rows.reduce((sum, row) => sum + row.amount, 0n)
  if (total !== announced) throw new Broken(`it announces ${head[3]} and its rows sum to otherwise`)
  const hash = createHash('sha256').update(bytes).digest('hex')
  return { kind, date, rows, total, hash }
}

function cells(line: string, row: number): string[] {
  if (line.includes('\r')) throw new Broken(`row ${row} holds a carriage return`)
  if (!line.endsWith('&')) throw new Broken(`row ${row} does not end with &`)
  return line.slice(0, -1).split('&')
}

function amountOf(text: string, where: string, kind: FileKind): bigint {
  const amount = parseDecimal(text, 'CNY', { exact: true, signed: kind === 'balances' })
  if (isMoneyRefusal(amount)) throw new Broken(`${where} is not an amount`)
  return amount
}

function readRow(kind: FileKind, date: string, line: string, number: number): StatementRow {
  const [first, ...rest] = cells(line, number)
  const columns = COLUMNS[kind]
  if (first !== String(number)) throw new Broken(`row ${number}, column 1 is not its number`)
  if (rest.length !== columns.length) {
    throw new Broken(`row ${number} has ${rest.length + 1} columns, not ${columns.length + 1}`)
  }
  columns.forEach(({ name, check }, i) => {
    const where = `row ${number}, column ${i + 2} (${name})`
    if (check === 'amount') amountOf(rest[i]!, where, kind)
    else if (check !== 'text' && !SHAPES[check].test(rest[i]!)) {
      throw new Broken(`${where} is malformed`)
    }
    if (check === 'date' && rest[i] !== date) throw new Broken(`${where} is not ${date}`)
  })
  const value = (name: string) => rest[columns.findIndex((column) => column.name === name)] ?? ''
  const amountColumn = columns.findIndex(({ check }) => check === 'amount')
  const amount = amountOf(rest[amountColumn]!, 'amount', kind)
  return { row: number, amount, ...partsOf(kind, value) }
}

type Parts = Omit<StatementRow, 'row' | 'amount'>

/** The columns of each kind under the port's names. */
function partsOf(kind: FileKind, value: (name: string) => string): Parts {
  switch (kind) {
    case 'pay_ins':
    case 'withdrawals': {
      const account = value('子账户')
      const paidIn = kind === 'pay_ins'
      return {
        flow: value('银行见证系统流水号'),
        reference: value('交易网流水号'),
        from: paidIn ? '' : account,
        to: paidIn ? account : '',
        member: value('会员代码'),
        kind: value('记账类型'),
        memo: value('备注'),
      }
    }
    case 'transfers':
      return {
        flow: value('银行流水'),
        reference: value('交易网流水'),
        from: value('转出子账户'),
        to: value('转入子账户'),
        member: value('转出会员') || value('转入会员'),
        kind: value('记账标志'),
        memo: value('备注'),
      }
    case 'balances':
      return {
        flow: '',
        reference: '',
        from: '',
        to: value('子账户'),
        member: value('网站会员代码'),
        kind: '',
        memo: value('备注'),
      }
  }
}
