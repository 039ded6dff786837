/**
 * Money on the guarantee sub-account: freeze and unfreeze (6007), pay to several (6163).
 *
 * A freeze moves a member's money to the guarantee sub-account under an order number; unfreezing quotes
 * that number, as often as something is left. A payment may quote it too and then draws on that freeze
 * alone; under a number of its own it draws on all the payer's freezes, the oldest first.
 */
import {
  type Desk,
  GUARANTEE,
  memberAccount,
  move,
  type SubAccount,
  takeOrderNumber,
} from '../book.ts'
import { type Instant, nextBusinessMorning } from '../clock.ts'
import { Refused } from '../codes.ts'
import { addDue } from '../due.ts'
import { type Body, fen, legs, text } from '../fields.ts'
import type { Sql } from '../store.ts'
import type { Call, Operation } from './operation.ts'

async function addFrozen(tx: Sql, subAcctNo: string, amount: bigint): Promise<void> {
  await tx.query(
    'update custody_bank.sub_account set frozen = frozen + $2 where sub_acct_no = $1',
    [subAcctNo, amount],
  )
}

async function takeFromOrder(tx: Sql, orderNo: string, amount: bigint): Promise<void> {
  await tx.query(
    'update custody_bank.freeze_order set remaining = remaining - $2 where order_no = $1',
    [orderNo, amount],
  )
}

async function freeze(call: Call, account: SubAccount): Promise<string> {
  const { tx, body, seq } = call
  const amount = fen(body, 'TranAmt')
  const orderNo = text(body, 'OrderNo')
  if (account.available < amount) throw new Refused('insufficient_balance')
  if (text(body, 'FunctionFlag') === '5' && account.withdrawable < amount)
    throw new Refused('not_withdrawable')
  await takeOrderNumber(tx, orderNo, '6007')
  await tx.query(
    'insert into custody_bank.freeze_order (order_no, sub_acct_no, fen, remaining) values ($1, $2, $3, $3)',
    [orderNo, account.sub_acct_no, amount],
  )
  await addFrozen(tx, account.sub_acct_no, amount)
  return move(call, {
    ...{ kind: 'freeze', from: account.sub_acct_no, to: GUARANTEE, fen: amount, seq, orderNo },
    ...{ onBehalfOf: account.sub_acct_no, remark: text(body, 'Remark') },
  })
}

async function unfreeze(call: Call, account: SubAccount): Promise<string> {
  const { tx, body, seq } = call
  const amount = fen(body, 'TranAmt')
  const orderNo = text(body, 'OrderNo')
  const [order] = await tx.query<{ remaining: bigint }>(
    'select remaining from custody_bank.freeze_order where order_no = $1 and sub_acct_no = $2',
    [orderNo, account.sub_acct_no],
  )
  if (order === undefined) throw new Refused('unknown_order', orderNo)
  if (order.remaining < amount) throw new Refused('over_frozen', orderNo)
  await takeFromOrder(tx, orderNo, amount)
  await addFrozen(tx, account.sub_acct_no, -amount)
  return move(call, {
    ...{ kind: 'unfreeze', from: GUARANTEE, to: account.sub_acct_no, fen: amount, seq, orderNo },
    ...{ onBehalfOf: account.sub_acct_no, remark: text(body, 'Remark') },
  })
}

export const freezeOrUnfreeze: Operation = async (call) => {
  const { tx, body } = call
  const account = await memberAccount(tx, text(body, 'SubAcctNo'), text(body, 'TranNetMemberCode'))
  const freezing = ['1', '5'].includes(text(body, 'FunctionFlag'))
  const frontSeqNo = await (freezing ? freeze(call, account) : unfreeze(call, account))
  return {
    fields: { FrontSeqNo: frontSeqNo, ReservedMsg: '' },
    outcome: {
      ...{ state: 'succeeded', bookingFlag: freezing ? '5' : '7', fen: fen(body, 'TranAmt') },
      inAcct: freezing ? GUARANTEE : account.sub_acct_no,
      outAcct: freezing ? account.sub_acct_no : GUARANTEE,
      frontSeqNo,
    },
  }
}

/** Takes `total` off the freezes a payment draws on. */
async function drawOnFreezes({ tx, body }: Call, payer: SubAccount, total: bigint): Promise<void> {
  const orderNo = text(body, 'OrderNo')
  const open = await tx.query<{ order_no: string; remaining: bigint }>(
    `select order_no, remaining from custody_bank.freeze_order
     where sub_acct_no = $1 and (remaining > 0 or order_no = $2) order by id`,
    [payer.sub_acct_no, orderNo],
  )
  const quoted = open.filter((order) => order.order_no === orderNo)
  if (quoted.length === 0) await takeOrderNumber(tx, orderNo, '6163')
  let left = total
  for (const order of quoted.length > 0 ? quoted : open) {
    const part = order.remaining < left ? order.remaining : left
    if (part > 0n) await takeFromOrder(tx, order.order_no, part)
    left -= part
  }
  if (left > 0n) throw new Refused('over_frozen', orderNo)
}

async function payLeg(call: Call, payer: SubAccount, leg: Body): Promise<Record<string, string>> {
  const { tx, body, seq } = call
  const to = await memberAccount(tx, text(leg, 'InSubAcctNo'), text(leg, 'InTranNetMemberCode'))
  const tranSeqNo = text(leg, 'TranSeqNo')
  const used = await tx.query('select 1 from custody_bank.movement where tran_seq_no = $1', [
    tranSeqNo,
  ])
  if (used.length > 0) throw new Refused('duplicate_order', tranSeqNo)
  const amount = fen(leg, 'TranAmt')
  const frontSeqNo = await move(call, {
    ...{ kind: 'pay', from: GUARANTEE, to: to.sub_acct_no, fen: amount, seq, tranSeqNo },
    ...{
      onBehalfOf: payer.sub_acct_no,
      orderNo: text(body, 'OrderNo'),
      remark: text(body, 'Remark'),
    },
  })
  if (call.bank.settings.paidOut === 'T+1')
    await hold(call, to.sub_acct_no, amount, nextBusinessMorning(call.now))
  return { TranSeqNo: tranSeqNo, FrontSeqNo: frontSeqNo }
}

async function hold(desk: Desk, subAcctNo: string, amount: bigint, until: Instant): Promise<void> {
  const sql = 'update custody_bank.sub_account set immature = immature + $2 where sub_acct_no = $1'
  await desk.tx.query(sql, [subAcctNo, amount])
  await addDue(desk, { kind: 'mature', key: subAcctNo, at: until, fen: amount })
}

/** Makes money withdrawable that was only available. */
export async function mature({ tx }: Desk, subAcctNo: string, amount: bigint): Promise<void> {
  const sql = 'update custody_bank.sub_account set immature = immature - $2 where sub_acct_no = $1'
  await tx.query(sql, [subAcctNo, amount])
}

/** All legs or none: a refusal in one rolls the others back. */
export const payFromGuarantee: Operation = async (call) => {
  const { tx, body } = call
  const code = text(body, 'OutTranNetMemberCode')
  const payer = await memberAccount(tx, text(body, 'OutSubAcctNo'), code)
  const parts = legs(body)
  if (text(body, 'InSubAcctNum') !== String(parts.length))
    throw new Refused('bad_field', 'InSubAcctNum 与 TranItemArray 条数不符')
  const total = parts.reduce((sum, leg) => sum + fen(leg, 'TranAmt'), 0n)
  await drawOnFreezes(call, payer, total)
  await addFrozen(tx, payer.sub_acct_no, -total)
  const paid: Record<string, string>[] = []
  for (const leg of parts) paid.push(await payLeg(call, payer, leg))
  const frontSeqNo = paid[0]!.FrontSeqNo!
  return {
    fields: { FrontSeqNo: frontSeqNo, TranItemArray: paid, ReservedMsg: '' },
    outcome: {
      ...{ state: 'succeeded', bookingFlag: '6', fen: total, frontSeqNo, outAcct: GUARANTEE },
      inAcct: parts.length === 1 ? text(parts[0]!, 'InSubAcctNo') : '',
    },
  }
}
