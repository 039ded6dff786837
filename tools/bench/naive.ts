/**
 * The naive ledger, as one writes it first: 32 pooled connections, every transfer one database tx
 * that locks both accounts in id order, inserts the transfer under its unique key and its two
 * entries, and updates both balances.
 */
import pg from 'pg'
import { runCallers } from './callers.ts'
import { one } from './database.ts'
import type { Design } from './measure.ts'
import { ACCOUNTS, FUNDING, pairs, type Spread } from './plan.ts'
import { RandomPool } from './random-pool.ts'

export const NAIVE_TABLES = `
  create schema naive;
  create table naive.account (id bigint primary key, balance bigint not null check (balance >= 0));
  create table naive.transfer (
    id bigint generated always as identity primary key,
    key uuid not null unique,
    debit bigint not null,
    credit bigint not null,
    amount bigint not null check (amount > 0),
    created_at timestamptz not null default now()
  );
  create table naive.entry (
    id bigint generated always as identity primary key,
    transfer_id bigint not null,
    account_id bigint not null,
    amount bigint not null,
    balance_after bigint not null
  );
  create index entry_history on naive.entry (account_id, id);
  insert into naive.account select n, ${FUNDING} from generate_series(1, ${ACCOUNTS}) as n;`

const CONNECTIONS = 32

const LOCK = `select id, balance from naive.account where id in ($1, $2) order by id for update`
const TRANSFER = `insert into naive.transfer (key, debit, credit, amount) values ($1, $2, $3, $4) returning id`
const ENTRIES = `insert into naive.entry (transfer_id, account_id, amount, balance_after)
  values ($1, $2, $3, $4), ($1, $5, $6, $7)`
const BALANCE = `update naive.account set balance = balance + $2 where id = $1`

export function naive(spread: Spread): Design {
  return {
    name: `naive_${spread}`,
    open: async (url) => {
      const pool = new pg.Pool({ connectionString: url, max: CONNECTIONS })
      const keys = new RandomPool()
      const next = pairs(spread)
      return {
        load: (seconds) =>
          runCallers({
            callers: CONNECTIONS,
            seconds,
            call: async () => {
              const [debit, credit] = next()
              await transfer(pool, { key: keys.hex(), debit, credit, amount: 1 })
              return 1
            },
          }),
        check: async ({ count }) => {
          const client = await pool.connect()
          try {
            const rows = await one<string>(
              client,
              `select (select count(*) from naive.transfer) || '/' || (select count(*) from naive.entry)
                 || '/' || (select sum(balance) from naive.account) as value`,
            )
            const expected = `${count}/${2 * count}/${BigInt(ACCOUNTS) * FUNDING}`
            if (rows !== expected) throw new Error(`naive: ${rows} found, ${expected} expected`)
          } finally {
            client.release()
          }
        },
        close: () => pool.end(),
      }
    },
  }
}

interface Request {
  key: string
  /** Account numbers from 1. */
  debit: number
  credit: number
  amount: number
}

async function transfer(pool: pg.Pool, { key, debit, credit, amount }: Request): Promise<void> {
  const client = await pool.connect()
  const run = (name: string, text: string, values: unknown[]) =>
    client.query({ name, text, values })
  try {
    await client.query('begin')
    const locked = await run('lock', LOCK, [debit, credit])
    const balanceOf = (id: number) =>
      Number(locked.rows.find((row: { id: string }) => Number(row.id) === id).balance)
    const booked = await run('transfer', TRANSFER, [key, debit, credit, amount])
    const before = [balanceOf(debit), balanceOf(credit)] as const
    await run('entries', ENTRIES, [
      booked.rows[0].id,
      debit,
      -amount,
      before[0] - amount,
      credit,
      amount,
      before[1] + amount,
    ])
    await run('balance', BALANCE, [debit, -amount])
    await run('balance', BALANCE, [credit, amount])
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  } finally {
    client.release()
  }
}
