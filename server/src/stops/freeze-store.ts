/** How far orders are in each book: what the books' writers have acknowledged, and what was tried. */
import { type Effect, type Instant, intColumn, type Tx, textColumn, type Uuid } from '#base'
import type { FreezeBookState } from './states.ts'

/** The orders in force against a party in one book. */
export interface FrozenParty {
  readonly orgId: number
  readonly holder: string
  readonly orders: readonly Uuid[]
  /** Accounts that were frozen before the first order. */
  readonly kept: readonly Uuid[]
  /** 0 while there is no row; what a change was decided on. */
  readonly version: number
}

const list = (ids: readonly Uuid[]) => `{${ids.join(',')}}`

/** Writes which orders are in force; does not move when that has changed since `version`. */
export const putFrozenParty: Effect<FrozenParty> = {
  name: 'stops.put_frozen_party',
  sql: `with asked as (
      select u.org_id, u.holder, u.orders::uuid[] as orders, u.kept::uuid[] as kept, u.version
      from unnest($3::int[], $4::text[], $5::text[], $6::text[], $7::int[])
        as u (org_id, holder, orders, kept, version)
    ), moved as (
      update stops.frozen_party p
      set orders = u.orders, kept = u.kept, version = p.version + 1, moved_at = $2 from asked u
      where p.book_id = $1 and p.holder = u.holder and p.version = u.version
      returning p.holder
    ), begun as (
      insert into stops.frozen_party (book_id, org_id, holder, orders, kept, version, moved_at)
      select $1, u.org_id, u.holder, u.orders, u.kept, 1, $2 from asked u where u.version = 0
      on conflict (book_id, holder) do nothing
      returning holder
    )
    select holder as moved from (select * from moved union all select * from begun) as put`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    textColumn(rows.map((row) => row.holder)),
    textColumn(rows.map((row) => list(row.orders))),
    textColumn(rows.map((row) => list(row.kept))),
    intColumn(rows.map((row) => row.version)),
  ],
  key: (row) => row.holder,
}

export interface Acknowledged {
  readonly orgId: number
  readonly freeze: Uuid
  /** The party's accounts in the book. */
  readonly accounts: number
}

/** The book has frozen what it holds of the party. Again when more accounts were found. */
export const acknowledgeFreeze: Effect<Acknowledged> = {
  name: 'stops.acknowledge_freeze',
  sql: `insert into stops.freeze_book as b
      (book_id, org_id, freeze_id, state, accounts, moved_at)
    select $1, u.org_id, u.freeze_id, 'frozen', u.accounts, $2
    from unnest($3::int[], $4::uuid[], $5::int[]) as u (org_id, freeze_id, accounts)
    on conflict (book_id, freeze_id) do update
      set accounts = excluded.accounts, moved_at = excluded.moved_at where b.state = 'frozen'
    returning replace(freeze_id::text, '-', '') as moved`,
  columns: acknowledgedColumns,
  key: (row) => row.freeze,
}

/** The order has ended in the book. */
export const endFreezeInBook: Effect<Acknowledged> = {
  name: 'stops.end_freeze_in_book',
  sql: `insert into stops.freeze_book as b
      (book_id, org_id, freeze_id, state, accounts, moved_at)
    select $1, u.org_id, u.freeze_id, 'lifted', u.accounts, $2
    from unnest($3::int[], $4::uuid[], $5::int[]) as u (org_id, freeze_id, accounts)
    on conflict (book_id, freeze_id) do update
      set state = 'lifted', moved_at = excluded.moved_at where b.state = 'frozen'
    returning replace(freeze_id::text, '-', '') as moved`,
  columns: acknowledgedColumns,
  key: (row) => row.freeze,
}

function acknowledgedColumns(rows: readonly Acknowledged[]): unknown[] {
  return [
    intColumn(rows.map((row) => row.orgId)),
    rows.map((row) => row.freeze),
    intColumn(rows.map((row) => row.accounts)),
  ]
}

export async function findFrozenParty(
  tx: Tx,
  book: number,
  holder: string,
): Promise<Omit<FrozenParty, 'orgId' | 'holder'>> {
  const [row] = await tx.query<{ orders: Uuid[]; kept: Uuid[]; version: number }>(
    'select orders, kept, version from stops.frozen_party where book_id = $1 and holder = $2',
    [book, holder],
  )
  return row ?? { orders: [], kept: [], version: 0 }
}

/** Whether an order has been acknowledged in a book, or has ended there. */
export async function findFreezeInBook(
  tx: Tx,
  book: number,
  freeze: Uuid,
): Promise<FreezeBookState | undefined> {
  const [row] = await tx.query<{ state: FreezeBookState }>(
    'select state from stops.freeze_book where book_id = $1 and freeze_id = $2',
    [book, freeze],
  )
  return row?.state
}

/** Orders that books still keep in force though they have ended, and those that never reached them. */
export async function ordersToEnd(
  tx: Tx,
  of: { readonly book: number; readonly now: Instant },
): Promise<Uuid[]> {
  const rows = await tx.query<{ freeze: Uuid }>(
    `select o.id as freeze from stops.freeze_order o
     join (
       select freeze_id, book_id from stops.freeze_target where book_id = $1
       union select freeze_id, book_id from stops.freeze_book where book_id = $1
     ) t on t.freeze_id = o.id
     left join stops.freeze_book b on b.book_id = t.book_id and b.freeze_id = o.id
     where (o.state = 'lifted' or o.until <= $2) and b.state is distinct from 'lifted'`,
    [of.book, new Date(of.now)],
  )
  return rows.map(({ freeze }) => freeze)
}

/** Sends an order to a book; configuration, in the tx of the order. */
export async function insertTargets(
  tx: Tx,
  of: { readonly orgId: number; readonly freeze: Uuid; readonly books: readonly number[] },
): Promise<void> {
  await tx.query(
    `insert into stops.freeze_target (freeze_id, book_id, org_id, why, tries)
     select $1, b.book, $2, $4, 0 from unnest($3::int[]) as b (book)`,
    [of.freeze, of.orgId, of.books, 'No server that writes this book has answered yet'],
  )
}

/** Notes why a book has not answered; says nothing about what is frozen. */
export async function noteTry(
  tx: Tx,
  of: { readonly freeze: Uuid; readonly book: number; readonly why: string; readonly at: Instant },
): Promise<void> {
  await tx.query(
    `update stops.freeze_target set why = $3, tries = tries + 1, tried_at = $4
     where freeze_id = $1 and book_id = $2`,
    [of.freeze, of.book, of.why.slice(0, 300), new Date(of.at)],
  )
}

export interface FreezeInBook {
  readonly book: number
  /** Absent while the book has not acknowledged the order. */
  readonly state: FreezeBookState | null
  readonly accounts: number | null
  readonly movedAt: Date | null
  readonly why: string
  readonly tries: number
}

/** How far an order is in each book it was sent to or that has taken it since. */
export async function listFreezeBooks(tx: Tx, freeze: Uuid): Promise<FreezeInBook[]> {
  return tx.query<FreezeInBook>(
    `select coalesce(t.book_id, b.book_id) as book, b.state, b.accounts, b.moved_at as "movedAt",
       coalesce(t.why, '') as why, coalesce(t.tries, 0) as tries
     from (select * from stops.freeze_target where freeze_id = $1) t
     full join (select * from stops.freeze_book where freeze_id = $1) b using (book_id)
     order by 1`,
    [freeze],
  )
}
