/**
 * Chart templates: the accounts a book of a kind may hold. Codes follow China GAAP's numbering with
 * our own sub-codes. A customer's account may never go negative; what a bank owes us may not either.
 */
import type { Side } from './account.ts'

export interface ChartRow {
  readonly code: string
  readonly name: string
  readonly nameZh: string
  readonly side: Side
  /** How far below zero, minor units; `null` without limit. */
  readonly creditLimit: bigint | null
  /** Opened with the book: there is exactly one. */
  readonly single: boolean
}

const row = (
  code: string,
  name: string,
  nameZh: string,
  side: Side,
  more: { single?: boolean; creditLimit?: bigint | null } = {},
): ChartRow => ({ code, name, nameZh, side, creditLimit: 0n, single: false, ...more })

export const CHARTS: Readonly<Record<string, readonly ChartRow[]>> = {
  /** A pool at a custody bank: mirrors the bank's sub-accounts; nothing in it is ours. */
  custody_pool: [
    row('1012.02', 'Cash at the custody bank', '银行存管资金', 'debit', { single: true }),
    row('1221.01', 'In transit with a counterpart', '在途资金', 'debit', { creditLimit: null }),
    row('2241.02', 'Held for a payer, not yet under guarantee', '待划付资金', 'credit'),
    row('2241.03', 'Owed to a payee', '应付收款方', 'credit'),
    row('2241.04', 'Payouts on their way', '出款在途', 'credit'),
    row('2241.05', 'Under guarantee', '担保资金', 'credit'),
    row('2241.06', 'Suspense: money of unknown origin', '挂账', 'credit', { single: true }),
    row('2241.07', 'Refunds owed', '应付退款', 'credit'),
    row('2241.08', 'Interest of the pool, not yet assigned', '待分配利息', 'credit'),
    row('1221.03', 'Taken by a court, to be recovered', '司法扣划待追偿', 'debit'),
    row('1221.04', "Taken back by payers' banks, to be recovered", '拒付待追偿', 'debit'),
    row('1221.05', 'Left the pool, nobody knows why', '不明扣款', 'debit'),
  ],
  /** Our balance at a payment channel: funded from pools so that refunds can leave it. */
  channel: [
    row('1012.03', 'Balance at the payment channel', '渠道备付余额', 'debit', { single: true }),
    row('1221.01', 'In transit with a counterpart', '在途资金', 'debit', { creditLimit: null }),
  ],
  /** Our own money: fees earned, costs, receivables. */
  own: [
    row('1002.01', 'Cash at bank, own', '银行存款-自有', 'debit', { single: true }),
    row('1221.01', 'In transit with a counterpart', '在途资金', 'debit', { creditLimit: null }),
    row('1122', 'Fees receivable', '应收账款', 'debit'),
    row('2221.01', 'Output VAT', '应交增值税(销项)', 'credit', { single: true }),
    row('6021', 'Fee income', '手续费收入', 'credit', { single: true }),
    row('6421', 'Channel costs', '渠道成本', 'debit', { single: true }),
    row('6603', 'Bank charges', '手续费支出', 'debit'),
    row('6711', 'Losses borne for a pool', '营业外支出', 'debit'),
    row('2241.09', 'Paid by hand for a pool', '其他应付款-线下垫付', 'credit'),
  ],
  /** Accounts for benches, tests and learners: any side, with and without limits. */
  plain: [
    row('A', 'Asset', '资产', 'debit'),
    row('A-open', 'Asset without floor', '资产(可透支)', 'debit', { creditLimit: null }),
    row('L', 'Liability', '负债', 'credit'),
    row('L-open', 'Liability without floor', '负债(可透支)', 'credit', { creditLimit: null }),
  ],
}
