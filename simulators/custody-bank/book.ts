/**
 * The bank's book: sub-accounts of one pool and the movements between them.
 *
 * Money changes only in `move`, and `assertBook` compares the pool with the sub-accounts before every
 * commit. Whoever moves money first takes the pool's row lock, so movements happen one after another.
 */

import { type BankClock, businessDate, type Instant } from './clock.ts'
import { Refused } from './codes.ts'
import type { FaultBoard } from './faults.ts'
import type { Sql, Store } from './store.ts'

/** The other side of everything that enters or leaves the pool. */
export const OUTSIDE = 'OUTSIDE'

/** Function sub-accounts. The numbers follow from the property, so that they are the same in every bank. */
export const FUNCTION_ACCOUNTS = [
  { property: '2', name: '挂账子账户' },
  { property: '3', name: '手续费子账户' },
  { property: '4', name: '利息子账户' },
  { property: '5', name: '平台担保子账户' },
  { property: '12', name: '提现在途子账户' },
] as const

function functionAccountNo(property: string): string {
  return `362000000000${property.padStart(4, '0')}`
}

export const SUSPENSE = functionAccountNo('2')
export const GUARANTEE = functionAccountNo('5')
export const TRANSIT = functionAccountNo('12')

export interface Settings {
  /** From a withdrawal's acceptance to its payment or failure. */
  withdrawalMs: number
  /** Shanghai time between which withdrawals are taken, `HHmm`; null: always. */
  withdrawalHours: { from: string; to: string } | null
  /** When money paid from guarantee can be withdrawn. */
  paidOut: 'T+0' | 'T+1'
  /** Give out the unfinished file of the current day too. */
  intradayFiles: boolean
}

export const DEFAULT_SETTINGS: Settings = {
  withdrawalMs: 200,
  withdrawalHours: null,
  paidOut: 'T+0',
  intradayFiles: false,
}

/** What every part of the bank is handed. */
export interface Bank {
  store: Store
  clock: BankClock
  faults: FaultBoard
  settings: Settings
  mrchCode: string
  poolNo: string
}

/** One database tx of the bank, with its instant. */
export interface Desk {
  bank: Bank
  tx: Sql
  now: Instant
}

export type MoveKind =
  | 'inbound'
  | 'returned'
  | 'register'
  | 'revoke'
  | 'freeze'
  | 'unfreeze'
  | 'pay'
  | 'withdraw'
  | 'withdraw_paid'
  | 'withdraw_failed'

export interface Move {
  kind: MoveKind
  from: string
  to: string
  fen: bigint
  seq?: string
  onBehalfOf?: string
  orderNo?: string
  tranSeqNo?: string
  remark?: string
}

/** Books one movement and gives its bank flow number (FrontSeqNo). */
export async function move(desk: Desk, m: Move): Promise<string> {
  const { tx, now } = desk
  const date = businessDate(now)
  const [next] = await tx.query<{ n: bigint }>(`select nextval('custody_bank.front_seq') as n`)
  const frontSeqNo = `${date}${String(next!.n).padStart(8, '0')}`
  for (const [account, fen] of [
    [m.from, -m.fen],
    [m.to, m.fen],
  ] as const) {
    const rows =
      account === OUTSIDE
        ? await tx.query('update custody_bank.pool set balance = balance - $1 returning 1', [fen])
        : await tx.query(
            `update custody_bank.sub_account set available = available + $1, updated_on = $3
             where sub_acct_no = $2 returning 1`,
            [fen, account, date],
          )
    if (rows.length !== 1)
      throw new Error(`movement over ${account}, which is no account of the book`)
  }
  await tx.query(
    `insert into custody_bank.movement (front_seq_no, cnsmr_seq_no, kind, from_acct, to_acct, fen,
       on_behalf_of, order_no, tran_seq_no, remark, booked_at, business_date)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      ...[frontSeqNo, m.seq ?? null, m.kind, m.from, m.to, m.fen, m.onBehalfOf ?? null],
      ...[m.orderNo ?? null, m.tranSeqNo ?? null, m.remark ?? '', new Date(now), date],
    ],
  )
  return frontSeqNo
}

export interface SubAccount {
  sub_acct_no: string
  property: string
  member_code: string | null
  member_property: string | null
  name: string
  global_type: string | null
  global_id: string | null
  virtual_no: string | null
  available: bigint
  withdrawable: bigint
  frozen: bigint
  updated_on: string
}

/** A sub-account by number, or by member code. */
export async function findSubAccount(
  tx: Sql,
  by: 'sub_acct_no' | 'member_code' | 'virtual_no',
  value: string,
): Promise<SubAccount | undefined> {
  const sql = `select * from custody_bank.sub_account where ${by} = $1`
  return (await tx.query<SubAccount>(sql, [value]))[0]
}

/** A member's sub-account; refuses when it is unknown or belongs to another member code. */
export async function memberAccount(
  tx: Sql,
  subAcctNo: string,
  memberCode: string,
): Promise<SubAccount> {
  const account = await findSubAccount(tx, 'sub_acct_no', subAcctNo)
  if (account?.property !== '1') throw new Refused('unknown_sub_account', subAcctNo)
  if (account.member_code !== memberCode) throw new Refused('member_mismatch', memberCode)
  return account
}

/** Claims an order number for ever. */
export async function takeOrderNumber(tx: Sql, orderNo: string, txnCode: string): Promise<void> {
  const rows = await tx.query(
    `insert into custody_bank.order_number (order_no, txn_code) values ($1, $2)
     on conflict do nothing returning 1`,
    [orderNo, txnCode],
  )
  if (rows.length === 0) throw new Refused('duplicate_order', orderNo)
}

/** Waits for the pool's lock: from here to the end of the database tx nobody else moves money. */
export async function lockPool(tx: Sql): Promise<void> {
  await tx.query('select 1 from custody_bank.pool for update')
}

export interface Proof {
  pool: bigint
  subAccounts: bigint
  guarantee: bigint
  frozen: bigint
  frozenOrders: bigint
  transit: bigint
  withdrawalsInFlight: bigint
}

export async function proof(tx: Sql): Promise<Proof> {
  const [row] = await tx.query<Proof>(
    `select
       (select balance from custody_bank.pool) as "pool",
       (select coalesce(sum(available), 0)::int8 from custody_bank.sub_account) as "subAccounts",
       (select available from custody_bank.sub_account where property = '5') as "guarantee",
       (select coalesce(sum(frozen), 0)::int8 from custody_bank.sub_account) as "frozen",
       (select coalesce(sum(remaining), 0)::int8 from custody_bank.freeze_order
         where remaining > 0) as "frozenOrders",
       (select available from custody_bank.sub_account where property = '12') as "transit",
       (select coalesce(sum(fen), 0)::int8 from custody_bank.withdrawal
         where state = 'processing') as "withdrawalsInFlight"`,
  )
  return row!
}

/** Stops the database tx when the book does not add up. Run after the last movement of each. */
export async function assertBook(tx: Sql): Promise<void> {
  const p = await proof(tx)
  const holds =
    p.pool === p.subAccounts &&
    p.guarantee === p.frozen &&
    p.frozen === p.frozenOrders &&
    p.transit === p.withdrawalsInFlight
  if (holds) return
  const says = Object.entries(p).map(([name, fen]) => `${name} ${fen}`)
  throw new Error(`the bank's book does not add up: ${says.join(', ')}`)
}

/** Pool and function sub-accounts of a new book; they are older than any date the clock is set to. */
export async function openBook(store: Store, poolNo: string): Promise<void> {
  await store.tx(async (tx) => {
    await tx.query('insert into custody_bank.pool (pool_no) values ($1) on conflict do nothing', [
      poolNo,
    ])
    const pools = await tx.query<{ pool_no: string }>('select pool_no from custody_bank.pool')
    if (pools.length !== 1 || pools[0]?.pool_no !== poolNo)
      throw new Error(`this database holds the book of pool ${pools[0]?.pool_no}, not ${poolNo}`)
    for (const { property, name } of FUNCTION_ACCOUNTS) {
      await tx.query(
        `insert into custody_bank.sub_account (sub_acct_no, property, name, opened_on, updated_on)
         values ($1, $2, $3, $4, $4) on conflict do nothing`,
        [functionAccountNo(property), property, name, '20000101'],
      )
    }
  })
}
