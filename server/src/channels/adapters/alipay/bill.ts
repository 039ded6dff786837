/**
 * The bill of a day: GBK text in a zip of two files, the rows (业务明细) and their summary (汇总). It
 * is taken whole or refused with row and column; the two files are checked against each other.
 *
 * The one thing to get wrong is a fee's sign: the bill writes what it costs us below zero, and what a
 * refund gives back above.
 */
import { createHash } from 'node:crypto'
import iconv from 'iconv-lite'
import { isMoneyRefusal, parseDecimal } from '#money'
import type { ChannelFile, ChannelFileProblem, ChannelFileRow } from '../../payment-channel.ts'
import { readZip } from '../../zip.ts'

const COLUMNS =
  '支付宝交易号,商户订单号,业务类型,商品名称,创建时间,完成时间,门店编号,门店名称,操作员,终端号,对方账户,订单金额（元）,商家实收（元）,支付宝红包（元）,集分宝（元）,支付宝优惠（元）,商家优惠（元）,券核销金额（元）,券名称,商家红包消费金额（元）,卡消费金额（元）,退款批次号/请求号,服务费（元）,分润（元）,备注'
const NAMES = COLUMNS.split(',')
const SUMMARY_COLUMNS =
  '门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）,支付宝优惠（元）,商家优惠（元）,卡消费金额（元）,服务费（元）,分润（元）,实收净额（元）'

const [NUMBER, REFERENCE, KIND, DONE, ORDER_AMOUNT, RECEIVED, REQUEST, FEE, SHARED] = [
  0, 1, 2, 5, 11, 12, 21, 22, 23,
] as const

class Broken extends Error {}

function expectThat(condition: boolean, says: string): asserts condition {
  if (!condition) throw new Broken(says)
}

/** Reads a downloaded bill of a date, `yyyymmdd`. */
export function readBill(
  bytes: Uint8Array,
  date: string,
  sellerId: string,
): ChannelFile | ChannelFileProblem {
  try {
    const files = readZip(bytes)
    if ('says' in files) throw new Broken(files.says)
    expectThat(files.length === 2, 'the zip does not hold two files')
    const rows = readRows(textOf(files[0]!.bytes), date, sellerId)
    checkSummary(textOf(files[1]!.bytes), rows, date, sellerId)
    const settled = rows.reduce((sum, row) => sum + signed(row) - row.fee, 0n)
    return {
      date,
      currency: 'CNY',
      rows,
      hash: createHash('sha256').update(bytes).digest('hex'),
      settled,
      settlementReference: settlementReference(date, sellerId),
    }
  } catch (error) {
    if (error instanceof Broken) {
      return { problem: 'refused', says: `The bill of ${date} is refused: ${error.message}.` }
    }
    throw error
  }
}

/** The text the settling transfer of a day carries. */
export const settlementReference = (date: string, sellerId: string) =>
  `AP${date}${sellerId.slice(-6)}`

const signed = ({ direction, amount }: ChannelFileRow) =>
  direction === 'refund' ? -amount : amount

/** Lines of a GBK file; bytes that are no text, or that another text would give, are refused. */
function textOf(bytes: Buffer): string[] {
  const text = iconv.decode(bytes, 'gbk')
  expectThat(iconv.encode(text, 'gbk').equals(bytes), 'its bytes are not GBK')
  expectThat(text.endsWith('\r\n'), 'it is cut off in its last line')
  return text.slice(0, -2).split('\r\n')
}

function checkHead(lines: readonly string[], title: string, date: string, sellerId: string): void {
  const day = `${date.slice(0, 4)}年${date.slice(4, 6)}月${date.slice(6)}日`
  expectThat(lines[0] === title, `line 1 is not ${title}`)
  expectThat(lines[1] === `#账号：[${sellerId}0156]`, 'line 2 names an account that is not ours')
  expectThat(
    lines[2]?.startsWith(`#起始日期：[${day} 00:00:00]`) === true,
    `line 3 does not begin on ${date}`,
  )
}

function readRows(lines: readonly string[], date: string, sellerId: string): ChannelFileRow[] {
  checkHead(lines, '#支付宝业务明细查询', date, sellerId)
  expectThat(lines[4] === COLUMNS, 'line 5 does not name the columns agreed on')
  const end = lines.findIndex((line, at) => at > 4 && line.startsWith('#'))
  expectThat(end > 0 && lines[end]!.endsWith('结束'), 'the list of rows does not end')
  const rows = lines.slice(5, end).map((line, index) => rowOf(line, index + 6, date))
  const seen = new Set<string>()
  for (const { row, direction, reference } of rows) {
    expectThat(!seen.has(`${direction} ${reference}`), `row ${row} repeats an earlier order`)
    seen.add(`${direction} ${reference}`)
  }
  const trades = rows.filter(({ direction }) => direction === 'collect')
  const refunds = rows.filter(({ direction }) => direction === 'refund')
  checkTotal(lines[end + 1] ?? '', /^#交易合计：(\d+)笔，商家实收共(-?[\d.]+)元/, trades)
  checkTotal(lines[end + 2] ?? '', /^#退款合计：(\d+)笔，商家实收退款共-([\d.]+)元/, refunds)
  return rows
}

function checkTotal(line: string, shape: RegExp, rows: readonly ChannelFileRow[]): void {
  const match = shape.exec(line)
  expectThat(match !== null, 'a line of totals is missing')
  const sum = rows.reduce((total, { amount }) => total + amount, 0n)
  expectThat(match[1] === String(rows.length), 'its rows are counted otherwise')
  expectThat(fen(match[2]!, 'the totals') === sum, 'its rows sum to otherwise')
}

function fen(text: string, where: string): bigint {
  const amount = parseDecimal(text, 'CNY', { signed: true, exact: true })
  expectThat(!isMoneyRefusal(amount) || text === '-0.00', `${where} holds no amount`)
  return isMoneyRefusal(amount) ? 0n : amount
}

/** The values of a line, without the tab each ends with. */
function valuesOf(line: string, row: number, count: number): string[] {
  const values = line.split(',')
  expectThat(values.length === count, `row ${row} has ${values.length} columns, not ${count}`)
  return values.map((value, column) => {
    expectThat(value.endsWith('\t'), `row ${row}, column ${column + 1} does not end with a tab`)
    return value.slice(0, -1)
  })
}

function rowOf(line: string, row: number, date: string): ChannelFileRow {
  const values = valuesOf(line, row, NAMES.length)
  const where = (column: number) => `row ${row}, column ${column + 1} (${NAMES[column]})`
  const kind = values[KIND]!
  expectThat(kind === '交易' || kind === '退款', `${where(KIND)} is no kind agreed on`)
  const direction = kind === '退款' ? 'refund' : 'collect'
  const reference = values[direction === 'refund' ? REQUEST : REFERENCE]!
  expectThat(/^[0-9A-Za-z_]{1,64}$/.test(reference), `${where(REFERENCE)} is no number of ours`)
  expectThat(/^\d{16,64}$/.test(values[NUMBER]!), `${where(NUMBER)} is no number of theirs`)
  const day = values[DONE]!.slice(0, 10).replaceAll('-', '')
  expectThat(day === date, `${where(DONE)} is of another day`)
  const amount = fen(values[RECEIVED]!, where(RECEIVED))
  expectThat(
    amount === fen(values[ORDER_AMOUNT]!, where(ORDER_AMOUNT)),
    `${where(RECEIVED)} differs`,
  )
  expectThat(direction === 'refund' ? amount < 0n : amount > 0n, `${where(RECEIVED)} has no sense`)
  expectThat(values[SHARED] === '0.00', `${where(SHARED)} is shared with others`)
  return {
    row,
    direction,
    reference,
    channelReference: values[NUMBER]!,
    amount: amount < 0n ? -amount : amount,
    fee: -fen(values[FEE]!, where(FEE)),
    result: 'succeeded',
  }
}

function checkSummary(
  lines: readonly string[],
  rows: readonly ChannelFileRow[],
  date: string,
  sellerId: string,
): void {
  checkHead(lines, '#支付宝业务汇总查询', date, sellerId)
  expectThat(lines[4] === SUMMARY_COLUMNS, 'the summary does not name the columns agreed on')
  const values = valuesOf(lines[5] ?? '', 6, SUMMARY_COLUMNS.split(',').length)
  const count = (direction: string) =>
    String(rows.filter((row) => row.direction === direction).length)
  const net = rows.reduce((sum, row) => sum + signed(row), 0n)
  const fees = rows.reduce((sum, row) => sum + row.fee, 0n)
  const agrees =
    values[2] === count('collect') &&
    values[3] === count('refund') &&
    fen(values[5]!, 'the summary') === net &&
    fen(values[9]!, 'the summary') === -fees &&
    fen(values[11]!, 'the summary') === net - fees
  expectThat(agrees, 'its summary says otherwise than its rows')
}
