/**
 * The last payout of an amount to a payee: the guard by which, of two payouts like each other, exactly
 * one passes without a second person. One row per book, payee and amount, and the row is the guard.
 */
import {
  type Effect,
  type Instant,
  instantColumn,
  intColumn,
  type Tx,
  textColumn,
  type Uuid,
} from '#base'
import { bigColumn, uuidColumn } from './attempt-store.ts'

export interface PayeeAmount {
  readonly orgId: number
  readonly payee: string
  readonly amount: bigint
  readonly payout: Uuid
  /** Moves only when the last one was at this instant or before it. */
  readonly before: Instant
  /** 1: moves whenever the last one was; for what a second person looks at anyway. */
  readonly always: 0 | 1
}

const amountKey = ({ payee, amount }: Pick<PayeeAmount, 'payee' | 'amount'>) => `${payee} ${amount}`

/** Makes a payout the last one; does not move when another was too lately. */
export const claimPayeeAmount: Effect<PayeeAmount> = {
  name: 'payments.claim_payee_amount',
  sql: `with asked as (
      select * from unnest($3::int[], $4::text[], $5::int8[], $6::uuid[], $7::timestamptz[],
        $8::int[]) as u (org_id, payee, amount, payout, before, always)
    ), moved as (
      update payments.payee_amount p set payout = u.payout, at = $2 from asked u
      where p.book_id = $1 and p.payee = u.payee and p.amount = u.amount
        and (u.always = 1 or p.at <= u.before)
      returning p.payee, p.amount
    ), begun as (
      insert into payments.payee_amount (book_id, org_id, payee, amount, payout, at)
      select $1, u.org_id, u.payee, u.amount, u.payout, $2 from asked u
      on conflict (book_id, payee, amount) do nothing
      returning payee, amount
    )
    select payee || ' ' || amount as moved
    from (select * from moved union all select * from begun) as claimed`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    textColumn(rows.map((row) => row.payee)),
    bigColumn(rows.map((row) => row.amount)),
    uuidColumn(rows.map((row) => row.payout)),
    instantColumn(rows.map((row) => row.before)),
    intColumn(rows.map((row) => row.always)),
  ],
  key: amountKey,
}

export interface LastOfAmount {
  readonly book: number
  readonly payout: Uuid
  readonly at: Instant
}

/** The latest payout of this amount to this payee after an instant, in any book of the organisation. */
export async function lastOfAmount(
  tx: Tx,
  of: {
    readonly orgId: number
    readonly payee: string
    readonly amount: bigint
    readonly after: Instant
  },
): Promise<LastOfAmount | undefined> {
  const [row] = await tx.query<{ book: number; payout: Uuid; at: Date }>(
    `select book_id as book, payout, at from payments.payee_amount
     where org_id = $1 and payee = $2 and amount = $3 and at > $4 order by at desc limit 1`,
    [of.orgId, of.payee, of.amount, new Date(of.after)],
  )
  return row && { ...row, at: row.at.getTime() }
}
