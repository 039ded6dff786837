/**
 * The SQL of the book writer. Rows go in as binary arrays, one statement per table and batch.
 */
import type { Uuid } from '#base'

/** The table of a book's partition. */
export function partitionTable(book: number, partition: number): string {
  return `ledger.transfer_b${book}_p${partition}`
}

const COMMON = `id, key, debit, credit, amount, debit_after, credit_after, debit_prev, credit_prev`
const COMMON_TYPES = `$4::int8[], $5::uuid[], $6::int4[], $7::int4[], $8::int8[], $9::int8[],
  $10::int8[], $11::int8[], $12::int8[]`

/** $1 book, $2 org, $3 instant, then `Rows.transferParams()` of a plain batch. */
export function insertPlain(table: string): string {
  return `insert into ${table} (book_id, org_id, booked_at, leg, type, ${COMMON})
    select $1::int4, $2::int4, $3::timestamptz, 0, 0, ${COMMON}
    from unnest(${COMMON_TYPES}) as d (${COMMON})`
}

const EXTRA = `leg, type, subject_id, effective_at, purpose`

/** $1 book, $2 org, $3 instant, then `Rows.transferParams()`. */
export function insertFull(table: string): string {
  return `insert into ${table} (book_id, org_id, booked_at, ${COMMON}, ${EXTRA})
    select $1::int4, $2::int4, $3::timestamptz, ${COMMON}, ${EXTRA}
    from unnest(${COMMON_TYPES}, $13::int2[], $14::int2[], $15::int8[], $16::timestamptz[],
      $17::text[]) as d (${COMMON}, ${EXTRA})`
}

export const INSERT_REFUSED = `insert into ledger.refused
    (book_id, org_id, seq, after_id, at, key, code, request, position)
  select $1::int4, $2::int4, $3::int8, $4::int8, $5::timestamptz, d.key, d.code, d.request::json,
    d.position
  from unnest($6::uuid[], $7::text[], $8::text[]) with ordinality
    as d (key, code, request, position)`

export const INSERT_ACCOUNTS = `insert into ledger.account
    (book_id, org_id, opened_at, as_of_id, number, id, code, name, holder, side, credit_limit,
     state, debits_posted, credits_posted, debits_pending, credits_pending, last_entry)
  select $1::int4, $2::int4, $3::timestamptz, $4::int8, d.number, d.id, d.code, d.name, d.holder,
    d.side, d.credit_limit, 'open', 0, 0, 0, 0, 0
  from unnest($5::int4[], $6::uuid[], $7::text[], $8::text[], $9::text[], $10::text[],
    $11::int8[]) as d (number, id, code, name, holder, side, credit_limit)`

/** Counters, state and limit together: the row's CHECK must see one moment. */
export const UPDATE_ACCOUNTS = `update ledger.account a set
    debits_posted = d.debits_posted, credits_posted = d.credits_posted,
    debits_pending = d.debits_pending, credits_pending = d.credits_pending,
    last_entry = d.last_entry, credit_limit = d.credit_limit,
    state = (array['open', 'frozen', 'closed'])[d.state + 1], as_of_id = $2::int8
  from unnest($3::int4[], $4::int8[], $5::int8[], $6::int8[], $7::int8[], $8::int8[], $9::int8[],
    $10::int2[]) as d (number, debits_posted, credits_posted, debits_pending, credits_pending,
    last_entry, credit_limit, state)
  where a.book_id = $1::int4 and a.number = d.number`

export const INSERT_HOLDS = `insert into ledger.hold
    (book_id, org_id, id, key, debit, credit, amount, remaining, state, expires_at, pinned)
  select $1::int4, $2::int4, d.* from unnest($3::int8[], $4::uuid[], $5::int4[], $6::int4[],
    $7::int8[], $8::int8[], $9::text[], $10::timestamptz[], $11::bool[]) as d`

export const UPDATE_HOLDS = `update ledger.hold h
  set remaining = d.remaining, state = d.state, pinned = d.pinned
  from unnest($2::int8[], $3::int8[], $4::text[], $5::bool[]) as d (id, remaining, state, pinned)
  where h.book_id = $1::int4 and h.id = d.id`

export const INSERT_REVERSALS = `insert into ledger.reversal
    (book_id, org_id, subject_id, reversal_id)
  select $1::int4, $2::int4, d.* from unnest($3::int8[], $4::int8[]) as d`

export const CLOSE_BEFORE = `update ledger.book set closed_before = $2::timestamptz
  where book_id = $1::int4 and (closed_before is null or closed_before < $2::timestamptz)`

/**
 * Seals a batch. The head moves only for the epoch that wrote it and only by one; when it does not
 * move, the division by zero fails the statement, and the COMMIT behind it becomes a ROLLBACK.
 */
export const SEAL = `with moved as (
    update ledger.head set seq = $4::int8, last_id = $6::int8, checkpoint_id = $7::int8,
      chain = $10::bytea, sealed_at = $8::timestamptz
    where book_id = $1::int4 and epoch = $3::int8 and seq = $4::int8 - 1
    returning book_id
  ), sealed as (
    insert into ledger.seal (book_id, org_id, seq, first_id, last_id, at, rows_hash, hash)
    select $1::int4, $2::int4, $4::int8, $5::int8, $6::int8, $8::timestamptz, $9::bytea, $10::bytea
    from moved
  )
  select 1 / count(*) from moved`

/** What a batch that was not sealed by this epoch fails with. */
export const FENCED_SQLSTATE = '22012'

/** Takes the book for a new epoch. Waits for the row lock of whoever is committing under the old one. */
export const TAKE_OVER = `update ledger.head set epoch = epoch + 1, owner_url = $2
  where book_id = $1 returning epoch, seq, last_id, checkpoint_id, chain, sealed_at`

/** The same for a writer that only wants to know how far it came; no row when it was fenced. */
export const BUMP_EPOCH = `update ledger.head set epoch = epoch + 1
  where book_id = $1 and epoch = $2 returning epoch, seq`

/** The seal of one batch. */
export const SEAL_AT = `select hash from ledger.seal where book_id = $1 and seq = $2`

export const EPOCH = `select epoch from ledger.head where book_id = $1`

export const BOOK = `select book_id, org_id, name, currency, chart, closed_before
  from ledger.book where book_id = $1`

export const BOOKS_AFTER = `select book_id, org_id, name, currency, chart, closed_before
  from ledger.book where book_id > $1 order by book_id limit $2`

/** $1 org, $2 name, $3 currency, $4 chart, $5 instant; returns the new book's number. */
export const INSERT_BOOK = `insert into ledger.book
    (book_id, org_id, name, currency, chart, created_at)
  select coalesce(max(book_id), 0) + 1, $1, $2, $3, $4, $5 from ledger.book
  returning book_id`

export const INSERT_HEAD = `insert into ledger.head
    (book_id, org_id, epoch, seq, last_id, checkpoint_id, chain, sealed_at)
  values ($1, $2, 0, 0, 0, 0, $3, $4)`

/** One book is created at a time, so that numbers have no gaps. */
export const LOCK_BOOKS = `lock table ledger.book in share row exclusive mode`

export const OWNER_URL = `select owner_url from ledger.head where book_id = $1`

/** Only elects; what fences is the epoch. The first number tells the lock from other uses. */
export const TRY_OWN = `select pg_try_advisory_lock(7663, $1) as owned`

export const DISOWN = `select pg_advisory_unlock(7663, $1)`

export const ACCOUNT_COUNT = `select count(*)::int4 as accounts from ledger.account
  where book_id = $1`

/** Accounts by number in binary columns: a million of them load in seconds. */
export const LOAD_ACCOUNTS = `select
    string_agg(uuid_send(id), ''::bytea order by number) as ids,
    string_agg(int8send(debits_posted) || int8send(credits_posted) || int8send(debits_pending)
      || int8send(credits_pending) || int8send(as_of_id) || int8send(last_entry)
      || int8send(coalesce(credit_limit, -1)), ''::bytea order by number) as counters,
    json_agg(code order by number)::text as codes,
    json_agg(name order by number)::text as names,
    json_agg(holder order by number)::text as holders,
    string_agg(case side when 'debit' then 'd' else 'c' end
      || case state when 'open' then 'o' when 'frozen' then 'f' else 'c' end, ''
      order by number) as flags
  from ledger.account where book_id = $1 and number > $2 and number <= $3`

const HOLD = `id, key, debit, credit, amount, remaining, state, expires_at, pinned`

export const OPEN_HOLDS = `select ${HOLD} from ledger.hold where book_id = $1 and state = 'open'`

export const HOLDS_BY_ID = `select ${HOLD} from ledger.hold
  where book_id = $1 and id = any($2::int8[])`

export const HOLDS_BY_KEY = `select ${HOLD} from ledger.hold
  where book_id = $1 and key = any($2::uuid[])`

export const TAIL = `select id, type, debit, credit, amount, subject_id from ledger.transfer
  where book_id = $1 and id > $2 and id <= $3 order by id`

export const PARTITIONS = `select number, first_id, end_id, sealed_at is not null as sealed,
    key_filter
  from ledger.partition where book_id = $1 order by number`

export const INSERT_PARTITION = `insert into ledger.partition
    (book_id, org_id, number, first_id, end_id) values ($1, $2, $3, $4, $5)
  on conflict do nothing`

export const SEAL_PARTITION = `update ledger.partition set sealed_at = $3, key_filter = $4
  where book_id = $1 and number = $2 and sealed_at is null`

/** Keys of a range of transfers and of the refusals beside them, as bytes. */
export const KEYS_IN_RANGE = `select
    (select string_agg(uuid_send(key), ''::bytea) from ledger.transfer
      where book_id = $1 and id >= $2 and id < $3 and key is not null) as booked,
    (select string_agg(uuid_send(key), ''::bytea) from ledger.refused
      where book_id = $1 and after_id >= $2 - 1 and after_id < $3 - 1) as refused`

/**
 * Statements that make a partition's table ready: made apart, then attached under a short lock. Rows
 * are only ever added, so there is nothing to vacuum but against wraparound, which is done all the
 * same; its statistics are taken when it is sealed.
 */
export function createPartition(
  book: number,
  number: number,
  first: number,
  end: number,
): string[] {
  const table = partitionTable(book, number)
  const name = table.replace('ledger.', '')
  return [
    `create table if not exists ${table}
      (like ledger.transfer including defaults including constraints including indexes)
      with (autovacuum_enabled = off)`,
    `create unique index if not exists ${name}_key on ${table} (book_id, key)`,
    `do $attach$ begin
      if not exists (select from pg_inherits where inhrelid = '${table}'::regclass) then
        alter table ledger.transfer attach partition ${table}
          for values from (${book}, ${first}) to (${book}, ${end});
      end if;
    end $attach$`,
  ]
}

/** The indexes that make history quick to search, built in bulk once a partition is full. */
export function historyIndexes(book: number, number: number): string[] {
  const table = partitionTable(book, number)
  const name = table.replace('ledger.', '')
  return [
    `create index if not exists ${name}_debit on ${table} (debit, id)`,
    `create index if not exists ${name}_credit on ${table} (credit, id)`,
    `create index if not exists ${name}_subject on ${table} (subject_id)
      where subject_id is not null`,
  ]
}

export const analyzePartition = (table: string): string => `analyze ${table}`

/**
 * What is stored under ids, leg by leg: to answer a repeated request. The ids are asked of one
 * partition's own table and without a range of numbers, and their legs one by one: otherwise a table
 * that nobody has analysed yet is read from end to end.
 */
export function storedTransfers(table: string): string {
  return `with first as materialized (
    select id from ${table} where book_id = $1 and key = any($2::uuid[])
  )
  select t.id, t.key, t.leg, t.type, t.debit, t.credit, t.amount, t.subject_id, t.effective_at,
    t.purpose, t.booked_at, f.id as first_id
  from first f cross join lateral (
    select * from ledger.transfer l
    where l.book_id = $1 and l.id >= f.id and l.id < f.id + 1000 order by l.id limit 1000
  ) t
  where t.id - t.leg = f.id
  order by t.id`
}

export const STORED_REFUSALS = `select key, code, request from ledger.refused
  where book_id = $1 and key = any($2::uuid[])`

export const REVERSED = `select subject_id from ledger.reversal
  where book_id = $1 and subject_id = any($2::int8[])`

export const KEYS_OF_IDS = `select id, key from ledger.transfer
  where book_id = $1 and id = any($2::int8[])`

/** Types of rows the statements above return. */
export interface HoldRow {
  id: bigint
  key: Uuid
  debit: number
  credit: number
  amount: bigint
  remaining: bigint
  state: 'open' | 'released' | 'voided' | 'expired'
  expires_at: Date | null
  pinned: boolean
}

export interface StoredRow {
  id: bigint
  key: Uuid | null
  leg: number
  type: number
  debit: number
  credit: number
  amount: bigint
  subject_id: bigint | null
  effective_at: Date | null
  purpose: string | null
  booked_at: Date
  first_id: bigint
}
