/**
 * Sub-accounts: opening (6248), binding a bank account (6055) and unbinding it (6065), balances
 * (6010, 6037) and the pool (6011).
 */
import { findSubAccount, memberAccount, OUTSIDE, type SubAccount } from '../book.ts'
import { businessDate } from '../clock.ts'
import { Refused } from '../codes.ts'
import { text } from '../fields.ts'
import { formatYuan } from '../money.ts'
import type { Sql } from '../store.ts'
import { type Operation, paged } from './operation.ts'

export const openSubAccount: Operation = async ({ tx, body, now }) => {
  const code = text(body, 'TranNetMemberCode')
  if (await findSubAccount(tx, 'member_code', code)) throw new Refused('member_exists', code)
  const [row] = await tx.query<{ n: bigint }>(`select nextval('custody_bank.sub_acct_seq') as n`)
  const serial = String(row!.n + 999n)
  const subAcctNo = `3620${serial.padStart(12, '0')}`
  // The number a payer transfers to: the bank calls it the smart-collection account.
  const virtualNo = `9555${serial.padStart(12, '0')}`
  const today = businessDate(now)
  await tx.query(
    `insert into custody_bank.sub_account (sub_acct_no, property, member_code, member_property, name,
       global_type, global_id, nickname, mobile, virtual_no, opened_on, updated_on)
     values ($1, '1', $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)`,
    [
      ...[subAcctNo, code, text(body, 'MemberProperty'), text(body, 'MemberName')],
      ...[text(body, 'MemberGlobalType'), text(body, 'MemberGlobalId'), text(body, 'UserNickname')],
      ...[text(body, 'Mobile'), virtualNo, today],
    ],
  )
  return { fields: { SubAcctNo: subAcctNo, ReservedMsg: virtualNo } }
}

/** The name and the document must be those of the sub-account; then there is nothing left to verify. */
export const bindAccount: Operation = async ({ tx, body }) => {
  const code = text(body, 'TranNetMemberCode')
  const account = await findSubAccount(tx, 'member_code', code)
  if (account === undefined) throw new Refused('unknown_sub_account', code)
  const name = text(body, 'MemberName')
  const sameDocument =
    account.global_type === text(body, 'MemberGlobalType') &&
    account.global_id === text(body, 'MemberGlobalId')
  if (account.name !== name || !sameDocument) throw new Refused('name_mismatch', 'MemberName')
  await tx.query(
    `insert into custody_bank.bound_account (sub_acct_no, acct_no, name, bank_name)
     values ($1, $2, $3, $4) on conflict do nothing`,
    [account.sub_acct_no, text(body, 'MemberAcctNo'), name, text(body, 'AcctOpenBranchName')],
  )
  return { fields: { ReservedMsg: 'VERIFIED' } }
}

export const unbindAccount: Operation = async ({ tx, body }) => {
  const account = await memberAccount(tx, text(body, 'SubAcctNo'), text(body, 'TranNetMemberCode'))
  const number = text(body, 'MemberAcctNo')
  const gone = await tx.query(
    'delete from custody_bank.bound_account where sub_acct_no = $1 and acct_no = $2 returning 1',
    [account.sub_acct_no, number],
  )
  if (gone.length === 0) throw new Refused('not_bound', number)
  return { fields: { ReservedMsg: '' } }
}

function balances(account: SubAccount): Record<string, string> {
  return {
    SubAcctNo: account.sub_acct_no,
    SubAcctProperty: account.property,
    TranNetMemberCode: account.member_code ?? '',
    SubAcctName: account.name,
    AcctAvailBal: formatYuan(account.available),
    CashAmt: formatYuan(account.withdrawable),
    MaintenanceDate: account.updated_on,
  }
}

async function listAccounts(tx: Sql, where: string, params: unknown[]): Promise<SubAccount[]> {
  return tx.query<SubAccount>(
    `select * from custody_bank.sub_account where ${where} order by sub_acct_no`,
    params,
  )
}

export const subAccountBalances: Operation = async ({ tx, body }) => {
  const one = text(body, 'QueryFlag') === '2'
  const number = text(body, 'SubAcctNo')
  if (one && number === '') throw new Refused('bad_field', 'SubAcctNo 必输')
  const found = one
    ? await listAccounts(tx, `property = '1' and sub_acct_no = $1`, [number])
    : await listAccounts(tx, `property <> '1'`, [])
  if (found.length === 0) throw new Refused('unknown_sub_account', number)
  const { fields, rows } = paged(found, text(body, 'PageNum'))
  return { fields: { ...fields, AcctArray: rows.map(balances) } }
}

export const memberBalances: Operation = async ({ tx, body }) => {
  const code = text(body, 'TranNetMemberCode')
  const account = await findSubAccount(tx, 'member_code', code)
  if (account === undefined) throw new Refused('unknown_sub_account', code)
  return {
    fields: {
      SubAcctNo: account.sub_acct_no,
      SubAcctCashBal: formatYuan(account.withdrawable),
      SubAcctAvailBal: formatYuan(account.available),
      SubAcctFreezeAmt: formatYuan(account.frozen),
      ReservedMsg: account.virtual_no ?? '',
    },
  }
}

export const poolBalance: Operation = async ({ tx, now }) => {
  const [row] = await tx.query<{ balance: bigint; today: bigint }>(
    `select balance, (select coalesce(sum(case when from_acct = $2 then fen else -fen end), 0)::int8
       from custody_bank.movement
       where business_date = $1 and $2 in (from_acct, to_acct)) as today
     from custody_bank.pool`,
    [businessDate(now), OUTSIDE],
  )
  const { balance, today } = row!
  return {
    fields: {
      LastBalance: formatYuan(balance - today),
      // The real interface spells it so.
      CurBalabce: formatYuan(balance),
      Balance: formatYuan(balance),
      AddedBalance: formatYuan(today),
      ReservedMsg: '',
    },
  }
}
