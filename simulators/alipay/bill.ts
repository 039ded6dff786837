/**
 * The bill of a day (业务明细): GBK text in a zip of two files, the rows and their summary. Values end
 * with a tab so that spreadsheets keep long numbers; a fee is negative when the rail takes it.
 */
import iconv from 'iconv-lite'
import {
  type BookOrder,
  DAY_MS,
  type RailGround,
  type RailMovement,
  startOfDate,
  yuan,
  zip,
} from '../channel/index.ts'
import { dateTime } from './yuan.ts'

const COLUMNS = [
  '支付宝交易号',
  '商户订单号',
  '业务类型',
  '商品名称',
  '创建时间',
  '完成时间',
  '门店编号',
  '门店名称',
  '操作员',
  '终端号',
  '对方账户',
  '订单金额（元）',
  '商家实收（元）',
  '支付宝红包（元）',
  '集分宝（元）',
  '支付宝优惠（元）',
  '商家优惠（元）',
  '券核销金额（元）',
  '券名称',
  '商家红包消费金额（元）',
  '卡消费金额（元）',
  '退款批次号/请求号',
  '服务费（元）',
  '分润（元）',
  '备注',
]

const SUMMARY_COLUMNS = [
  '门店编号',
  '门店名称',
  '交易订单总笔数',
  '退款订单总笔数',
  '订单金额（元）',
  '商家实收（元）',
  '支付宝优惠（元）',
  '商家优惠（元）',
  '卡消费金额（元）',
  '服务费（元）',
  '分润（元）',
  '实收净额（元）',
]

const rule = (title: string) =>
  `#-----------------------------------------${title}----------------------------------------`

/** The archive of a business day that is closed. */
export function billArchive(ground: RailGround, sellerId: string, date: string): Buffer {
  const movements = ground.book
    .movementsOn(date)
    .filter(({ kind }) => kind === 'collect' || kind === 'refund')
  const head = headOf(sellerId, date)
  const written = `#导出时间：[${chinese(startOfDate(date)! + DAY_MS)}]`
  const detail = [
    '#支付宝业务明细查询',
    ...head,
    rule('业务明细列表'),
    COLUMNS.join(','),
    ...movements.map((movement) => rowOf(ground, movement)),
    `${rule('业务明细列表')}结束`,
    ...totalsOf(movements),
    written,
  ]
  const summary = [
    '#支付宝业务汇总查询',
    ...head,
    rule('业务汇总列表'),
    SUMMARY_COLUMNS.join(','),
    summaryOf(movements),
    `${rule('业务汇总列表')}结束`,
    written,
  ]
  const bytes = (lines: readonly string[]) => iconv.encode(`${lines.join('\r\n')}\r\n`, 'gbk')
  return zip([
    { name: `${sellerId}_${date}_业务明细.csv`, bytes: bytes(detail) },
    { name: `${sellerId}_${date}_业务明细(汇总).csv`, bytes: bytes(summary) },
  ])
}

const chinese = (at: number) => dateTime(at).replace(/^(....)-(..)-(..) /, '$1年$2月$3日 ')

function headOf(sellerId: string, date: string): string[] {
  const start = startOfDate(date)!
  return [
    `#账号：[${sellerId}0156]`,
    `#起始日期：[${chinese(start)}]   终止日期：[${chinese(start + DAY_MS)}]`,
  ]
}

function rowOf(ground: RailGround, { kind, reference, amount, fee, at }: RailMovement): string {
  const order = ground.book.find(kind === 'refund' ? 'refund' : 'collect', reference)!
  const trade = tradeOf(ground, order)
  const refund = kind === 'refund'
  const values = [
    trade.number,
    trade.reference,
    refund ? '退款' : '交易',
    trade.detail.subject ?? '',
    dateTime(trade.madeAt),
    dateTime(at),
    '',
    '',
    '',
    '',
    'buy***@example.com',
    yuan(amount),
    yuan(amount),
    ...Array.from({ length: 5 }, () => '0.00'),
    '',
    '0.00',
    '0.00',
    refund ? reference : '',
    yuan(-fee),
    '0.00',
    order.detail.reason ?? '',
  ]
  // A comma in a text would shift the columns; the bill has no quotes.
  return values.map((value) => `${value.replaceAll(/[,\r\n\t]/g, ' ')}\t`).join(',')
}

function tradeOf(ground: RailGround, order: BookOrder): BookOrder {
  return order.original === undefined ? order : ground.book.find('collect', order.original)!
}

function sums(movements: readonly RailMovement[]) {
  const of = (kind: string) => movements.filter((movement) => movement.kind === kind)
  const total = (list: readonly RailMovement[]) =>
    list.reduce((sum, { amount }) => sum + amount, 0n)
  return {
    trades: of('collect').length,
    refunds: of('refund').length,
    collected: total(of('collect')),
    refunded: total(of('refund')),
    fees: movements.reduce((sum, { fee }) => sum + fee, 0n),
  }
}

function totalsOf(movements: readonly RailMovement[]): string[] {
  const { trades, refunds, collected, refunded } = sums(movements)
  const back = refunded === 0n ? '-0.00' : yuan(refunded)
  return [
    `#交易合计：${trades}笔，商家实收共${yuan(collected)}元，商家优惠共0.00元`,
    `#退款合计：${refunds}笔，商家实收退款共${back}元，商家优惠退款共0.00元`,
  ]
}

function summaryOf(movements: readonly RailMovement[]): string {
  const { trades, refunds, collected, refunded, fees } = sums(movements)
  const net = collected + refunded
  const values = ['合计', '', `${trades}`, `${refunds}`, yuan(net), yuan(net)]
  values.push('0.00', '0.00', '0.00', yuan(-fees), '0.00', yuan(net - fees))
  return values.map((value) => `${value}\t`).join(',')
}
