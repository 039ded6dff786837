/**
 * Withdrawals (6033) and the list of returned ones (6048).
 *
 * Accepted is not paid: the money first lies on the in-transit sub-account, then leaves the pool or
 * goes back. A paid withdrawal may still come back a business day later; it stays paid, and a new
 * inbound row brings the money.
 */

import type { Desk } from '../book.ts'
import * as book from '../book.ts'
import { businessDate, businessTime, nextBusinessMorning } from '../clock.ts'
import { Refused } from '../codes.ts'
import { addDue } from '../due.ts'
import { fen, text } from '../fields.ts'
import { formatYuan } from '../money.ts'
import { queueNotice } from '../notices.ts'
import { transferItem } from './inbound.ts'
import type { Call, Operation } from './operation.ts'

const RETURN_REASON = '账号户名不符，收款行退票'
const FAILURE = '收款账户状态异常'

async function checkHours({ bank, now }: Call): Promise<void> {
  const hours = bank.settings.withdrawalHours
  if (hours === null) return
  const time = businessTime(now).slice(0, 4)
  if (time < hours.from || time >= hours.to)
    throw new Refused('past_cut_off', `${hours.from}-${hours.to}`)
}

export const withdraw: Operation = async (call) => {
  const { tx, body, seq, bank, now } = call
  const account = await book.memberAccount(
    tx,
    text(body, 'SubAcctNo'),
    text(body, 'TranNetMemberCode'),
  )
  if (text(body, 'MemberName') !== account.name) throw new Refused('name_mismatch', 'MemberName')
  const [bound] = await tx.query<{ name: string; bank_name: string }>(
    'select name, bank_name from custody_bank.bound_account where sub_acct_no = $1 and acct_no = $2',
    [account.sub_acct_no, text(body, 'TakeCashAcctNo')],
  )
  if (bound === undefined) throw new Refused('not_bound', text(body, 'TakeCashAcctNo'))
  if (text(body, 'OutAmtAcctName') !== bound.name)
    throw new Refused('name_mismatch', 'OutAmtAcctName')
  await checkHours(call)
  const amount = fen(body, 'CashAmt')
  if (account.available < amount) throw new Refused('insufficient_balance')
  if (account.withdrawable < amount) throw new Refused('not_withdrawable')
  const flow = await book.move(call, {
    ...{ kind: 'withdraw', from: account.sub_acct_no, to: book.TRANSIT, fen: amount, seq },
    ...{ onBehalfOf: account.sub_acct_no, remark: text(body, 'Remark') },
  })
  const fault = bank.faults.take('withdrawal')
  const fate =
    fault === undefined ? 'succeeds' : fault.fault === 'withdrawal-fails' ? 'fails' : 'returns'
  await tx.query(
    `insert into custody_bank.withdrawal (cnsmr_seq_no, front_seq_no, sub_acct_no, fen, to_acct_no,
       to_name, to_bank, remark, fate, state)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'processing')`,
    [
      ...[seq, flow, account.sub_acct_no, amount, text(body, 'TakeCashAcctNo'), bound.name],
      ...[bound.bank_name, text(body, 'Remark'), fate],
    ],
  )
  await addDue(call, { kind: 'settle', key: seq, at: now + bank.settings.withdrawalMs })
  return {
    fields: { FrontSeqNo: flow, TransferFee: '0.00', ReservedMsg: '' },
    outcome: {
      ...{ state: 'processing', bookingFlag: '3', fen: amount, frontSeqNo: flow },
      ...{ inAcct: '', outAcct: account.sub_acct_no },
    },
  }
}

interface Withdrawal {
  cnsmr_seq_no: string
  front_seq_no: string
  sub_acct_no: string
  fen: bigint
  to_acct_no: string
  to_name: string
  to_bank: string
  remark: string
  fate: 'succeeds' | 'fails' | 'returns'
  member_code: string
}

async function findWithdrawal({ tx }: Desk, seq: string): Promise<Withdrawal> {
  const [row] = await tx.query<Withdrawal>(
    `select w.*, s.member_code from custody_bank.withdrawal w
     join custody_bank.sub_account s using (sub_acct_no) where cnsmr_seq_no = $1`,
    [seq],
  )
  return row!
}

/** Pays an accepted withdrawal, or fails it and gives the money back. */
export async function settleWithdrawal(desk: Desk, seq: string): Promise<void> {
  const { tx, now } = desk
  const w = await findWithdrawal(desk, seq)
  const failed = w.fate === 'fails'
  const flow = await book.move(desk, {
    kind: failed ? 'withdraw_failed' : 'withdraw_paid',
    from: book.TRANSIT,
    to: failed ? w.sub_acct_no : book.OUTSIDE,
    ...{ fen: w.fen, seq, onBehalfOf: w.sub_acct_no, remark: w.remark },
  })
  const state = failed ? 'failed' : 'succeeded'
  await tx.query(
    'update custody_bank.withdrawal set state = $2, paid_flow = $3 where cnsmr_seq_no = $1',
    [seq, state, flow],
  )
  await tx.query(
    'update custody_bank.request set state = $2, fail_msg = $3 where cnsmr_seq_no = $1',
    [...[seq, state, failed ? FAILURE : null]],
  )
  if (w.fate === 'returns')
    await addDue(desk, { kind: 'return', key: seq, at: nextBusinessMorning(now) })
  await queueNotice(desk, 'WithdrawResult', {
    TranNetSeqNo: seq,
    FrontSeqNo: w.front_seq_no,
    TranStatus: failed ? '1' : '0',
    FailMsg: failed ? FAILURE : '',
    TranAmt: formatYuan(w.fen),
    SubAcctNo: w.sub_acct_no,
    TranNetMemberCode: w.member_code,
    TranDate: businessDate(now),
    TranTime: businessTime(now),
  })
}

/** The payee's bank sends a paid withdrawal back. The withdrawal stays paid. */
export async function returnWithdrawal(desk: Desk, seq: string): Promise<void> {
  const { tx, now } = desk
  const w = await findWithdrawal(desk, seq)
  const remark = `提现退票${w.remark === '' ? '' : `:${w.remark}`}`
  const to = { from: book.OUTSIDE, to: w.sub_acct_no, fen: w.fen }
  const flow = await book.move(desk, { kind: 'returned', ...to, remark })
  await tx.query(
    `insert into custody_bank.inbound (front_seq_no, in_acct_type, sub_acct_no, fen, payer_acct_no,
       payer_name, payer_bank, remark, accounting_date, returned_of)
     values ($1, '02', $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      ...[flow, w.sub_acct_no, w.fen, w.to_acct_no, w.to_name, w.to_bank],
      ...[remark, businessDate(now), seq],
    ],
  )
  await queueNotice(desk, 'WithdrawReturned', {
    ...(await transferItem(tx, flow)),
    OldFrontSeqNo: w.front_seq_no,
    OldMarketSeqNo: seq,
    RejectBillReason: RETURN_REASON,
    TranDate: businessDate(now),
    TranTime: businessTime(now),
  })
}

interface ReturnRow extends Withdrawal {
  accounting_date: string
  flow: string
}

/** On the day of the return the original's fields are still empty, as at the real bank. */
export const returnedWithdrawals: Operation = async ({ tx, body, now }) => {
  const rows = await tx.query<ReturnRow>(
    `select w.*, i.accounting_date, i.front_seq_no as flow
     from custody_bank.inbound i join custody_bank.withdrawal w on w.cnsmr_seq_no = i.returned_of
     join custody_bank.movement m on m.front_seq_no = i.front_seq_no
     where i.accounting_date between $1 and $2 order by m.id`,
    [text(body, 'StartDate'), text(body, 'EndDate')],
  )
  const today = businessDate(now)
  const items = rows.map((row) => {
    const known = row.accounting_date < today
    return {
      OldTranSeqNo: known ? row.front_seq_no : '',
      OldFrontSeqNo: known ? row.front_seq_no : '',
      OldMarketSeqNo: known ? row.cnsmr_seq_no : '',
      OldAddMsg: known ? row.remark : '',
      RejectBillReason: RETURN_REASON,
      RejectBillDate: row.accounting_date,
      RejectInAcctTranSeqNo: row.flow,
      RejectInAcctTranAmt: formatYuan(row.fen),
      RejectInPayerAcctNo: row.to_acct_no,
      RejectInPayerAcctName: row.to_name,
      RejectInPayerBranchId: '',
      RejectInPayerBranchName: row.to_bank,
      PayeeWitnessSubAcctNo: row.sub_acct_no,
      PayeeFrontSeqNo: row.flow,
    }
  })
  return { fields: { ResultNum: String(items.length), TranItemArray: items } }
}
