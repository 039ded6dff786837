/** Every statement on `payments.cleared_collection`, and what is on its way to an account. */
import { type Effect, intColumn, publicId, type Tx, textColumn, type Uuid } from '#base'
import { bigColumn, uuidColumn } from './attempt-store.ts'

export interface ClearedCollection {
  readonly orgId: number
  /** The attempt that collected it. */
  readonly attempt: Uuid
  readonly flow: string
  readonly amount: bigint
}

/** Does not move when its cash has come before. */
export const insertCleared: Effect<ClearedCollection> = {
  name: 'payments.clear_collection',
  sql: `insert into payments.cleared_collection (book_id, org_id, attempt, flow, amount, cleared_at)
    select $1, u.*, $2::timestamptz from unnest($3::int[], $4::uuid[], $5::text[], $6::int8[]) as u
    on conflict do nothing
    returning replace(attempt::text, '-', '') as moved`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    uuidColumn(rows.map((row) => row.attempt)),
    textColumn(rows.map((row) => row.flow)),
    bigColumn(rows.map((row) => row.amount)),
  ],
  key: (row) => row.attempt,
}

/** The bank's number of the entry that brought the cash of a collection. */
export async function clearedBy(tx: Tx, book: number, attempt: Uuid): Promise<string | undefined> {
  const rows = await tx.query<{ flow: string }>(
    'select flow from payments.cleared_collection where book_id = $1 and attempt = $2',
    [book, attempt],
  )
  return rows[0]?.flow
}

/** References of ours among some words: collections only. */
export async function collectionsNamed(
  tx: Tx,
  book: number,
  words: readonly string[],
): Promise<readonly string[]> {
  if (words.length === 0) return []
  const rows = await tx.query<{ reference: string }>(
    `select reference from payments.attempt
     where book_id = $1 and reference = any($2::text[]) and direction = 'collect'`,
    [book, words],
  )
  return rows.map(({ reference }) => reference)
}

/** The payer's own transfer that an entry was recorded as, when what it was recorded for went no further. */
export async function transferTakenBy(
  tx: Tx,
  book: number,
  flow: string,
): Promise<string | undefined> {
  const rows = await tx.query<{ reference: string }>(
    `select reference from payments.attempt
     where book_id = $1 and method = 'bank_transfer' and channel_reference = $2`,
    [book, flow],
  )
  return rows[0]?.reference
}

export interface OnItsWay {
  /** Paid by the payer, and credited to the account: the channel still owes the cash. */
  readonly uncleared: bigint
  /** Ordered over a rail and not final: the payer may have paid. A transfer may always come. */
  readonly open: bigint
}

/** What payments over channels are bringing to accounts, minor units; accounts without any are absent. */
export async function listOnItsWay(
  tx: Tx,
  book: number,
  accounts: readonly Uuid[],
): Promise<ReadonlyMap<Uuid, OnItsWay>> {
  const payIns = await tx.query<{ id: Uuid; destination: Uuid }>(
    `select replace(id::text, '-', '') as id, replace(destination::text, '-', '') as destination
     from payments.pay_in where book_id = $1 and destination = any($2::uuid[])`,
    [book, accounts],
  )
  const accountOf = new Map(
    payIns.map((each) => [publicId('pay', book, each.id), each.destination]),
  )
  const rows = await tx.query<{ owner: string; uncleared: bigint; open: bigint }>(
    `select a.owner,
       coalesce(sum(a.amount) filter (where a.booked_to = 'destination' and c.attempt is null), 0)::int8
         as uncleared,
       coalesce(sum(a.amount) filter (where a.state not in ('succeeded', 'failed')
         and a.method <> 'bank_transfer'), 0)::int8 as open
     from payments.attempt a
     left join payments.cleared_collection c on c.book_id = a.book_id and c.attempt = a.id
     where a.book_id = $1 and a.owner = any($2::text[]) and a.direction = 'collect'
     group by a.owner`,
    [book, [...accountOf.keys()]],
  )
  const found = new Map<Uuid, OnItsWay>()
  for (const { owner, uncleared, open } of rows) {
    if (uncleared + open === 0n) continue
    const account = accountOf.get(owner) as Uuid
    const before = found.get(account) ?? { uncleared: 0n, open: 0n }
    found.set(account, { uncleared: before.uncleared + uncleared, open: before.open + open })
  }
  return found
}
