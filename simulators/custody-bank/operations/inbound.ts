/**
 * Money from outside: the test transfer (6211), the list of what came in (6050), and suspense money
 * registered to a member (6139) or taken back (6140).
 *
 * Who is credited: the sub-account whose own or virtual number was paid to; else the one member to
 * whom the payer's bank account is bound; else the one member named in the remark; else suspense.
 */
import type { Desk } from '../book.ts'
import * as book from '../book.ts'
import { businessDate, businessTime } from '../clock.ts'
import { Refused } from '../codes.ts'
import type { ArmedFault } from '../faults.ts'
import { fen, text } from '../fields.ts'
import { formatYuan } from '../money.ts'
import { queueNotice } from '../notices.ts'
import type { Sql } from '../store.ts'
import { type Operation, paged } from './operation.ts'

export interface Transfer {
  /** A sub-account's own or virtual number, or the pool's. */
  to: string
  fen: bigint
  payerAcctNo: string
  payerName: string
  payerBank: string
  remark: string
  seq?: string
}

async function onlyOne(tx: Sql, sql: string, params: unknown[]): Promise<string | undefined> {
  const rows = await tx.query<{ sub_acct_no: string }>(sql, params)
  return rows.length === 1 ? rows[0]!.sub_acct_no : undefined
}

/** The sub-account a transfer belongs to; suspense when nobody can tell. */
async function credited({ tx, bank }: Desk, transfer: Transfer): Promise<string> {
  const own =
    (await book.findSubAccount(tx, 'sub_acct_no', transfer.to)) ??
    (await book.findSubAccount(tx, 'virtual_no', transfer.to))
  if (own?.property === '1') return own.sub_acct_no
  if (transfer.to !== bank.poolNo && transfer.to !== book.SUSPENSE)
    throw new Refused('unknown_sub_account', transfer.to)
  const payer = await onlyOne(
    tx,
    'select distinct sub_acct_no from custody_bank.bound_account where acct_no = $1',
    [transfer.payerAcctNo],
  )
  if (payer !== undefined) return payer
  const named = await onlyOne(
    tx,
    `select sub_acct_no from custody_bank.sub_account
     where property = '1' and (sub_acct_no = any($1) or virtual_no = any($1) or member_code = any($1))`,
    [transfer.remark.split(/[^0-9A-Za-z_-]+/).filter((word) => word !== '')],
  )
  return named ?? book.SUSPENSE
}

async function bookInbound(
  desk: Desk,
  transfer: Transfer,
): Promise<{ flow: string; account: string }> {
  const { tx, now } = desk
  const account = await credited(desk, transfer)
  const flow = await book.move(desk, {
    kind: 'inbound',
    from: book.OUTSIDE,
    to: account,
    fen: transfer.fen,
    remark: transfer.remark,
    ...(transfer.seq === undefined ? {} : { seq: transfer.seq }),
  })
  await tx.query(
    `insert into custody_bank.inbound (front_seq_no, cnsmr_seq_no, in_acct_type, sub_acct_no, fen,
       payer_acct_no, payer_name, payer_bank, remark, accounting_date)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      ...[
        flow,
        transfer.seq ?? null,
        account === book.SUSPENSE ? '03' : '02',
        account,
        transfer.fen,
      ],
      ...[transfer.payerAcctNo, transfer.payerName, transfer.payerBank, transfer.remark],
      businessDate(now),
    ],
  )
  await queueNotice(desk, 'InboundTransfer', {
    ...(await transferItem(tx, flow)),
    TranDate: businessDate(now),
    TranTime: businessTime(now),
  })
  return { flow, account }
}

function payable(transfer: Transfer, fault: ArmedFault | undefined): bigint {
  const by =
    fault?.fault === 'over-pay' ? fault.fen : fault?.fault === 'under-pay' ? -fault.fen : 0n
  if (transfer.fen + by <= 0n) throw new Refused('bad_field', 'ApplyTakeCashAmt 不足以少付')
  return transfer.fen + by
}

/** Books a transfer into the pool, with the inbound fault that strikes, and gives its bank flow. */
export async function receive(
  desk: Desk,
  transfer: Transfer,
): Promise<{ flow: string; account: string; fen: bigint }> {
  const fault = desk.bank.faults.take('inbound')
  const paid = { ...transfer, fen: payable(transfer, fault) }
  const first = await bookInbound(desk, paid)
  if (fault?.fault === 'duplicate-inbound') await bookInbound(desk, paid)
  return { ...first, fen: paid.fen }
}

/** The reserved fields HoldOne to HoldThree carry the payer's account, name and bank. */
export const testTransfer: Operation = async (call) => {
  const { body, seq } = call
  const {
    flow,
    account,
    fen: paid,
  } = await receive(call, {
    to: text(body, 'RecvAcctNo'),
    fen: fen(body, 'ApplyTakeCashAmt'),
    payerAcctNo: text(body, 'HoldOne') || '6226000000000001',
    payerName: text(body, 'HoldTwo') || '测试付款人',
    payerBank: text(body, 'HoldThree') || '测试银行',
    remark: text(body, 'Remark') || seq,
    seq,
  })
  return {
    fields: { WitnessSysSeqNo: flow, HoldOne: '', HoldTwo: '' },
    outcome: {
      ...{ state: 'succeeded', bookingFlag: '4', fen: paid },
      ...{ inAcct: account, outAcct: '', frontSeqNo: flow },
    },
  }
}

interface TransferItem extends Record<string, string> {}

const TRANSFER_ITEM = `select i.in_acct_type as "InAcctType", coalesce(s.member_code, '') as "TranNetMemberCode",
    i.sub_acct_no as "SubAcctNo", i.fen, i.payer_acct_no as "InAcctNo", i.payer_name as "InAcctName",
    i.accounting_date as "AccountingDate", i.payer_bank as "BankName", i.remark as "Remark",
    i.front_seq_no as "FrontSeqNo"
  from custody_bank.inbound i join custody_bank.movement m using (front_seq_no)
  join custody_bank.sub_account s on s.sub_acct_no = i.sub_acct_no`

function withAmount({ fen: amount, ...rest }: { fen: bigint }): TransferItem {
  return { ...rest, TranAmt: formatYuan(amount), Ccy: 'RMB' }
}

/** One inbound row as operation 6050 and the notices tell it. */
export async function transferItem(tx: Sql, frontSeqNo: string): Promise<TransferItem> {
  const rows = await tx.query<{ fen: bigint }>(`${TRANSFER_ITEM} where i.front_seq_no = $1`, [
    frontSeqNo,
  ])
  return withAmount(rows[0]!)
}

export const inboundList: Operation = async ({ tx, body, now }) => {
  const today = businessDate(now)
  const current = text(body, 'FunctionFlag') === '1'
  const range = current ? [today, today] : [text(body, 'StartDate'), text(body, 'EndDate')]
  const found = await tx.query<{ fen: bigint }>(
    `${TRANSFER_ITEM} where i.accounting_date between $1 and $2 order by m.id`,
    range,
  )
  const { fields, rows } = paged(found, text(body, 'PageNum'))
  return { fields: { ...fields, TranItemArray: rows.map(withAmount), ReservedMsg: '' } }
}

/** Takes from one inbound row when ReservedMsgOne names its flow, else from suspense as a whole. */
export const registerSuspense: Operation = async (call) => {
  const { tx, body, seq } = call
  const code = text(body, 'TranNetMemberCode')
  const account = await book.findSubAccount(tx, 'member_code', code)
  if (account === undefined) throw new Refused('unknown_sub_account', code)
  const amount = fen(body, 'SuspendAmt')
  const orderNo = text(body, 'OrderNo')
  await book.takeOrderNumber(tx, orderNo, '6139')
  const inbound = text(body, 'ReservedMsgOne')
  const suspense = await book.findSubAccount(tx, 'sub_acct_no', book.SUSPENSE)
  if (suspense!.available < amount) throw new Refused('insufficient_suspense')
  if (inbound !== '') {
    const rows = await tx.query(
      `update custody_bank.inbound set registered = registered + $2
       where front_seq_no = $1 and in_acct_type = '03' and registered + $2 <= fen returning 1`,
      [inbound, amount],
    )
    if (rows.length === 0) throw new Refused('insufficient_suspense', inbound)
  }
  const flow = await book.move(call, {
    ...{ kind: 'register', from: book.SUSPENSE, to: account.sub_acct_no, fen: amount },
    ...{ seq, orderNo, remark: text(body, 'Remark') },
  })
  await tx.query(
    `insert into custody_bank.registration (order_no, sub_acct_no, fen, inbound) values ($1, $2, $3, $4)`,
    [orderNo, account.sub_acct_no, amount, inbound || null],
  )
  return {
    fields: { FrontSeqNo: flow, ReservedMsg: '' },
    outcome: {
      ...{ state: 'succeeded', bookingFlag: '1', fen: amount },
      ...{ inAcct: account.sub_acct_no, outAcct: book.SUSPENSE, frontSeqNo: flow },
    },
  }
}

export const revokeRegistration: Operation = async (call) => {
  const { tx, body, seq } = call
  const orderNo = text(body, 'OldOrderNo')
  const amount = fen(body, 'CancelAmt')
  const account = await book.findSubAccount(tx, 'member_code', text(body, 'TranNetMemberCode'))
  const [order] = await tx.query<{ fen: bigint; revoked: bigint; inbound: string | null }>(
    'select * from custody_bank.registration where order_no = $1 and sub_acct_no = $2',
    [orderNo, account?.sub_acct_no ?? ''],
  )
  if (account === undefined || order === undefined) throw new Refused('unknown_order', orderNo)
  if (order.fen - order.revoked < amount) throw new Refused('over_registered', orderNo)
  if (account.available < amount) throw new Refused('insufficient_balance')
  if (account.withdrawable < amount) throw new Refused('not_withdrawable')
  const sql = 'update custody_bank.registration set revoked = revoked + $2 where order_no = $1'
  await tx.query(sql, [orderNo, amount])
  await tx.query(
    'update custody_bank.inbound set registered = registered - $2 where front_seq_no = $1',
    [order.inbound, amount],
  )
  const flow = await book.move(call, {
    ...{ kind: 'revoke', from: account.sub_acct_no, to: book.SUSPENSE, fen: amount },
    ...{ seq, orderNo, remark: text(body, 'Remark') },
  })
  return {
    fields: { FrontSeqNo: flow, ReservedMsg: '' },
    outcome: {
      ...{ state: 'succeeded', bookingFlag: 'N', fen: amount },
      ...{ inAcct: book.SUSPENSE, outAcct: account.sub_acct_no, frontSeqNo: flow },
    },
  }
}
