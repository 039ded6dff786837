/**
 * Statement files (6103 and the download): GB18030, fields separated and ended by `&`, lines ended by
 * LF, plain text. The first line holds the control totals; a file with fewer rows than it announces is
 * broken off.
 */
import { createHmac } from 'node:crypto'
import iconv from 'iconv-lite'
import type { Bank } from '../book.ts'
import { OUTSIDE } from '../book.ts'
import { businessDate, businessTime } from '../clock.ts'
import { Refused } from '../codes.ts'
import { text } from '../fields.ts'
import { formatYuan } from '../money.ts'
import type { Sql } from '../store.ts'
import type { Operation } from './operation.ts'

/** CZ pay-ins, TX withdrawals, JY transfers between sub-accounts, YE balances. */
export type FileType = 'CZ' | 'TX' | 'JY' | 'YE'

interface Line {
  fen: bigint
  columns: string[]
}

/** `&` and line ends would break the file. */
function clean(value: string | null): string {
  return (value ?? '').replaceAll('&', '＆').replace(/[\r\n]+/g, ' ')
}

interface PayInRow {
  member_code: string | null
  name: string
  sub_acct_no: string
  fen: bigint
  booked_at: Date
  front_seq_no: string
  cnsmr_seq_no: string | null
  remark: string
  in_acct_type: string
}

const FEE = '0.00'

function dateAndTime(at: Date): string[] {
  return [businessDate(at.getTime()), businessTime(at.getTime())]
}

async function payIns(tx: Sql, date: string): Promise<Line[]> {
  const rows = await tx.query<PayInRow>(
    `select s.member_code, s.name, i.sub_acct_no, m.fen, m.booked_at, m.front_seq_no, m.cnsmr_seq_no,
       m.remark, i.in_acct_type
     from custody_bank.movement m join custody_bank.inbound i using (front_seq_no)
     join custody_bank.sub_account s on s.sub_acct_no = i.sub_acct_no
     where m.business_date = $1 order by m.id`,
    [date],
  )
  return rows.map((row) => ({
    fen: row.fen,
    columns: [
      ...[
        clean(row.member_code),
        row.sub_acct_no,
        formatYuan(row.fen),
        FEE,
        ...dateAndTime(row.booked_at),
      ],
      ...[row.front_seq_no, row.cnsmr_seq_no ?? '', clean(row.remark), row.in_acct_type, ''],
    ],
  }))
}

/** A withdrawal stands on the date it left the pool, under the flow number of its acceptance. */
async function withdrawals(tx: Sql, date: string): Promise<Line[]> {
  const rows = await tx.query<Omit<PayInRow, 'in_acct_type'>>(
    `select s.member_code, s.name, w.sub_acct_no, m.fen, m.booked_at, w.front_seq_no, w.cnsmr_seq_no,
       w.remark
     from custody_bank.movement m join custody_bank.withdrawal w on w.paid_flow = m.front_seq_no
     join custody_bank.sub_account s on s.sub_acct_no = w.sub_acct_no
     where m.kind = 'withdraw_paid' and m.business_date = $1 order by m.id`,
    [date],
  )
  return rows.map((row) => ({
    fen: row.fen,
    columns: [
      ...[clean(row.member_code), row.sub_acct_no, clean(row.name), formatYuan(row.fen), FEE],
      ...[...dateAndTime(row.booked_at), row.front_seq_no, row.cnsmr_seq_no ?? ''],
      ...[clean(row.remark), '03', ''],
    ],
  }))
}

/** Booking types as in the bank's own detail query; revoking a registration has none there. */
const BOOKING_TYPE = { freeze: '2', unfreeze: '3', register: '4', revoke: 'N', pay: '7' } as const

interface TransferRow {
  kind: keyof typeof BOOKING_TYPE
  from_acct: string
  from_name: string
  from_member: string | null
  to_acct: string
  to_name: string
  to_member: string | null
  fen: bigint
  booked_at: Date
  front_seq_no: string
  cnsmr_seq_no: string | null
  remark: string
  order_no: string | null
}

/** While money lies on the guarantee sub-account, the member code beside it is that of its owner. */
async function transfers(tx: Sql, date: string): Promise<Line[]> {
  const rows = await tx.query<TransferRow>(
    `select m.*, f.name as from_name, t.name as to_name,
       coalesce(f.member_code, case when f.property = '5' then o.member_code end) as from_member,
       coalesce(t.member_code, case when t.property = '5' then o.member_code end) as to_member
     from custody_bank.movement m
     join custody_bank.sub_account f on f.sub_acct_no = m.from_acct
     join custody_bank.sub_account t on t.sub_acct_no = m.to_acct
     left join custody_bank.sub_account o on o.sub_acct_no = m.on_behalf_of
     where m.business_date = $1 and m.kind = any($2) order by m.id`,
    [date, Object.keys(BOOKING_TYPE)],
  )
  return rows.map((row) => ({
    fen: row.fen,
    columns: [
      ...[BOOKING_TYPE[row.kind], clean(row.from_member), row.from_acct, clean(row.from_name)],
      ...[clean(row.to_member), row.to_acct, clean(row.to_name), formatYuan(row.fen), FEE],
      ...[...dateAndTime(row.booked_at), row.front_seq_no, row.cnsmr_seq_no ?? ''],
      ...[clean(row.remark), clean(row.order_no)],
    ],
  }))
}

interface BalanceRow {
  member_code: string | null
  sub_acct_no: string
  name: string
  property: string
  fen: bigint
}

/**
 * Balances at the end of the date, computed from the movements. Withdrawals in transit are listed per
 * member, so that a member's lines together change by exactly what CZ, TX and JY say.
 */
async function balances(tx: Sql, date: string): Promise<Line[]> {
  const rows = await tx.query<BalanceRow>(
    `with side as (
       select to_acct as acct, fen, on_behalf_of from custody_bank.movement where business_date <= $1
       union all
       select from_acct, -fen, on_behalf_of from custody_bank.movement where business_date <= $1
     ), sums as (
       select s.acct, case when a.property = '12' then s.on_behalf_of end as owner, sum(s.fen)::int8 as fen
       from side s join custody_bank.sub_account a on a.sub_acct_no = s.acct
       where s.acct <> $2 group by 1, 2
     )
     select coalesce(o.member_code, a.member_code) as member_code, a.sub_acct_no, a.name, a.property,
       coalesce(sums.fen, 0) as fen
     from custody_bank.sub_account a left join sums on sums.acct = a.sub_acct_no
     left join custody_bank.sub_account o on o.sub_acct_no = sums.owner
     where a.opened_on <= $1 and (a.property <> '12' or sums.fen <> 0)
     order by a.sub_acct_no, member_code`,
    [date, OUTSIDE],
  )
  return rows.map((row) => ({
    fen: row.fen,
    columns: [clean(row.member_code), row.sub_acct_no, formatYuan(row.fen), clean(row.name)],
  }))
}

const MAKERS: Record<FileType, (tx: Sql, date: string) => Promise<Line[]>> = {
  CZ: payIns,
  TX: withdrawals,
  JY: transfers,
  YE: balances,
}

/** The file's text: `type&date&rows&total&`, then the rows, numbered from 1. */
export async function statementText(tx: Sql, type: FileType, date: string): Promise<string> {
  const lines = await MAKERS[type](tx, date)
  const total = lines.reduce((sum, { fen }) => sum + fen, 0n)
  const head = [type, date, String(lines.length), formatYuan(total)]
  const rows = lines.map(({ columns }, i) => [String(i + 1), ...columns])
  return [head, ...rows].map((columns) => `${columns.join('&')}&\n`).join('')
}

function drawCode(bank: Bank, fileName: string, secret: string): string {
  return createHmac('sha256', secret)
    .update(`${bank.poolNo} ${fileName}`)
    .digest('hex')
    .slice(0, 32)
}

function isReady(bank: Bank, date: string): boolean {
  const today = businessDate(bank.clock.now())
  return date < today || (date === today && bank.settings.intradayFiles)
}

/** Where to fetch a file. `secret` makes the draw code. */
export function statementPlace(secret: string): Operation {
  return async ({ bank, body }) => {
    const date = text(body, 'FileDate')
    if (!isReady(bank, date) || bank.faults.take('statement') !== undefined)
      throw new Refused('file_not_ready', date)
    const name = `${bank.poolNo}_${text(body, 'FileType')}_${date}.txt`
    const item = {
      FileName: name,
      RandomPassword: '',
      FilePath: `/files/${name}`,
      DrawCode: drawCode(bank, name, secret),
    }
    return { fields: { ResultNum: '1', TranItemArray: [item], ReservedMsg: '' } }
  }
}

/** The file's bytes; refuses a wrong name or draw code. */
export async function statementFile(
  bank: Bank,
  secret: string,
  asked: { name: string; drawCode: string },
): Promise<Buffer> {
  const match = /^(\d+)_(CZ|TX|JY|YE)_(\d{8})\.txt$/.exec(asked.name)
  const right =
    match !== null &&
    match[1] === bank.poolNo &&
    asked.drawCode === drawCode(bank, asked.name, secret) &&
    isReady(bank, match[3]!)
  if (!right) throw new Refused('no_such_file')
  const content = await bank.store.tx(async (tx) => {
    await tx.query('set transaction isolation level repeatable read, read only')
    return statementText(tx, match[2] as FileType, match[3]!)
  })
  const bytes = iconv.encode(content, 'gb18030')
  const cut = bank.faults.take('download') !== undefined
  return cut ? bytes.subarray(0, Math.floor((bytes.length * 2) / 3)) : bytes
}
