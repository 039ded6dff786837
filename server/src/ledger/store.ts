/**
 * The SQL of reading. Account rows lag behind by up to a second; what is missing is the tail of
 * transfers after `head.checkpoint_id`, which every statement here adds in the same snapshot.
 */

/** Postings of type post, release and reverse move money; hold reserves; the others give back. */
const ENTRIES = (account: string) => `
  select t.debit as number, t.id,
    case when t.type in (0, 2, 5) then t.amount else 0 end as debits_posted,
    0::int8 as credits_posted,
    case when t.type = 1 then t.amount else 0 end as debits_pending, 0::int8 as credits_pending
  from ledger.transfer t, bound
  where t.book_id = $1 and t.id > bound.low and t.type in (0, 1, 2, 5) ${account && `and t.debit = ${account}`}
  union all
  select t.credit, t.id, 0, case when t.type in (0, 2, 5) then t.amount else 0 end,
    0, case when t.type = 1 then t.amount else 0 end
  from ledger.transfer t, bound
  where t.book_id = $1 and t.id > bound.low and t.type in (0, 1, 2, 5) ${account && `and t.credit = ${account}`}
  union all
  select h.debit, t.id, 0, 0, -t.amount, 0
  from bound, ledger.transfer t join ledger.hold h on h.book_id = $1 and h.id = t.subject_id
  where t.book_id = $1 and t.id > bound.low and t.type in (2, 3, 4) ${account && `and h.debit = ${account}`}
  union all
  select h.credit, t.id, 0, 0, 0, -t.amount
  from bound, ledger.transfer t join ledger.hold h on h.book_id = $1 and h.id = t.subject_id
  where t.book_id = $1 and t.id > bound.low and t.type in (2, 3, 4) ${account && `and h.credit = ${account}`}`

const ACCOUNT_FIELDS = `a.number, a.id, a.code, a.name, a.holder, a.side, a.credit_limit, a.state`

/** The row's counter, plus entries it lacks up to the bound, less those it has beyond it. */
const counter = (name: string) => `(a.${name} + coalesce(sum(case
    when e.id > a.as_of_id and e.id <= bound.high then e.${name}
    when e.id <= a.as_of_id and e.id > bound.high then -e.${name} end), 0))::int8 as ${name}`

const COUNTERS = ['debits_posted', 'credits_posted', 'debits_pending', 'credits_pending']
  .map(counter)
  .join(', ')

const BOUND = `select coalesce($2::int8, h.last_id) as high,
    least(h.checkpoint_id, coalesce($2::int8, h.last_id)) as low
  from ledger.head h where h.book_id = $1`

/** $1 book, $2 the last transfer that counts (null: all), $3 accounts opened up to then. */
export const BALANCES = `with bound as (${BOUND}), entry as (${ENTRIES('')})
  select ${ACCOUNT_FIELDS}, ${COUNTERS}
  from ledger.account a cross join bound left join entry e on e.number = a.number
  where a.book_id = $1 and ($3::timestamptz is null or a.opened_at <= $3)
  group by a.book_id, a.number, bound.high order by a.number`

/** $1 book, $2 the last transfer that counts, $3 the account's number. */
export const BALANCE = `with bound as (${BOUND}), entry as (${ENTRIES('$3::int4')})
  select ${ACCOUNT_FIELDS}, ${COUNTERS}
  from ledger.account a cross join bound left join entry e on e.number = a.number
  where a.book_id = $1 and a.number = $3::int4
  group by a.book_id, a.number, bound.high`

/** What the transfers alone say of each account, from the first on. */
export const SUMS_OF_TRANSFERS = `with bound as (select 0::int8 as low), entry as (${ENTRIES('')})
  select number, sum(debits_posted)::int8 as debits_posted,
    sum(credits_posted)::int8 as credits_posted, sum(debits_pending)::int8 as debits_pending,
    sum(credits_pending)::int8 as credits_pending
  from entry group by number order by number`

/** Per account, what open holds reserve on it. */
export const SUMS_OF_HOLDS = `select number, sum(debits)::int8 as debits_pending,
    sum(credits)::int8 as credits_pending
  from (
    select debit as number, remaining as debits, 0::int8 as credits from ledger.hold
    where book_id = $1 and state = 'open'
    union all
    select credit, 0, remaining from ledger.hold where book_id = $1 and state = 'open'
  ) held group by number order by number`

/** The last transfer booked up to an instant. */
export const LAST_ID_AT = `select coalesce(max(last_id), 0)::int8 as last_id from ledger.seal
  where book_id = $1 and at <= $2`

export const ACCOUNT_NUMBER = `select number, side from ledger.account where book_id = $1 and id = $2`

/** The account's newest transfer: the newest of the tail, or what its row knows. */
export const NEWEST_ENTRY = `select coalesce(
    (select max(t.id) from ledger.transfer t, ledger.head h
      where h.book_id = $1 and t.book_id = $1 and t.id > h.checkpoint_id
        and (t.debit = $2 or t.credit = $2)),
    (select last_entry from ledger.account where book_id = $1 and number = $2)) as id`

/** The account's entry before one of its entries. */
export const ENTRY_BEFORE = `select case when debit = $3 then debit_prev else credit_prev end as id
  from ledger.transfer where book_id = $1 and id = $2 and (debit = $3 or credit = $3)`

/**
 * A page of history: from one entry of the account back along its pointers, which works in a
 * partition that has no index on the accounts yet. $1 book, $2 account, $3 start, $4 lines.
 */
export const HISTORY = `with recursive line as (
    select 1 as n, t.* from ledger.transfer t where t.book_id = $1 and t.id = $3
    union all
    select l.n + 1, t.* from line l join ledger.transfer t
      on t.book_id = $1 and t.id = case when l.debit = $2 then l.debit_prev else l.credit_prev end
    where l.n < $4
  )
  select l.id, l.leg, l.type, l.amount, l.booked_at, l.effective_at, l.purpose,
    l.debit = $2 as debited, case when l.debit = $2 then l.debit_after else l.credit_after end as net,
    coalesce(l.key, (select f.key from ledger.transfer f
      where f.book_id = $1 and f.id = l.id - l.leg)) as key,
    (select a.id from ledger.account a where a.book_id = $1
      and a.number = case when l.debit = $2 then l.credit else l.debit end) as counterpart
  from line l order by l.id desc`

/** A transfer with its legs by the caller's id. */
export const TRANSFER = `select t.id, t.type, t.amount, t.booked_at, t.effective_at, t.purpose,
    d.id as debit, c.id as credit,
    (select h.key from ledger.hold h where h.book_id = $1 and h.id = t.subject_id
      and t.type <> 5) as hold,
    (select s.key from ledger.transfer s where s.book_id = $1 and s.id = t.subject_id
      and t.type = 5) as subject
  from ledger.transfer f
  join ledger.transfer t on t.book_id = $1 and t.id >= f.id and t.id < f.id + 1000
    and t.id - t.leg = f.id
  join ledger.account d on d.book_id = $1 and d.number = t.debit
  join ledger.account c on c.book_id = $1 and c.number = t.credit
  where f.book_id = $1 and f.key = $2 order by t.id`

export const REFUSAL = `select code, request from ledger.refused where book_id = $1 and key = $2`
