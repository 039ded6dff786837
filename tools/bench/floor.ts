/**
 * The floor: what this PostgreSQL takes when nothing is decided at all. One plain table with one
 * unique random key, 4,000 rows an insert by binary unnest, two connections. It is a yardstick, so
 * it is never made quicker or slower.
 */
import pg from 'pg'
import { int8Array, randomUuidArray } from './binary-array.ts'
import { runCallers } from './callers.ts'
import { one } from './database.ts'
import type { Design } from './measure.ts'
import { ACCOUNTS } from './plan.ts'
import { Dice, RandomPool } from './random-pool.ts'

export const FLOOR_TABLE = `create table bench_floor(id bigint not null, debit bigint not null, credit bigint not null, amount bigint not null, currency char(3) not null, created_at timestamptz not null default now(), key uuid not null unique)`

const INSERT = `insert into bench_floor (id, debit, credit, amount, currency, key)
  select id, debit, credit, amount, 'CNY', key
  from unnest($1::int8[], $2::int8[], $3::int8[], $4::int8[], $5::uuid[])
    as row (id, debit, credit, amount, key)`

const ROWS = 4_000
const CONNECTIONS = 2

export const floor: Design = {
  name: 'floor',
  open: async (url) => {
    const clients = Array.from(
      { length: CONNECTIONS },
      () => new pg.Client({ connectionString: url }),
    )
    await Promise.all(clients.map((client) => client.connect()))
    const pool = new RandomPool()
    const dice = new Dice(7)
    let last = 0
    return {
      load: (seconds) =>
        runCallers({
          callers: CONNECTIONS,
          seconds,
          call: async (connection) => {
            const first = last + 1
            last += ROWS
            const account = () => 1 + dice.below(ACCOUNTS)
            const values = [
              int8Array(ROWS, (i) => first + i),
              int8Array(ROWS, account),
              int8Array(ROWS, account),
              int8Array(ROWS, () => 1 + dice.below(1_000)),
              randomUuidArray(ROWS, pool),
            ]
            await clients[connection]!.query({ name: 'floor', text: INSERT, values })
            return ROWS
          },
        }),
      check: async ({ count }) => {
        const rows = await one<string>(clients[0]!, 'select count(*) as value from bench_floor')
        if (Number(rows) !== count) throw new Error(`floor: ${count} counted, ${rows} rows found`)
      },
      close: async () => {
        await Promise.all(clients.map((client) => client.end()))
      },
    }
  },
}
