/**
 * The connection to the bank's own database. int8 is bigint here; everything that changes money runs
 * inside `tx`, so a killed bank has done a thing wholly or not at all.
 */
import { readFile } from 'node:fs/promises'
import pg from 'pg'

export interface Sql {
  query<T extends object>(sql: string, params?: readonly unknown[]): Promise<T[]>
}

export interface Store extends Sql {
  /** One database tx: COMMIT when `work` returns, ROLLBACK when it throws. */
  tx<T>(work: (tx: Sql) => Promise<T>): Promise<T>
  close(): Promise<void>
}

const INT8 = 20

function sqlOf(client: pg.Pool | pg.PoolClient): Sql {
  return {
    async query<T extends object>(sql: string, params: readonly unknown[] = []) {
      return (await client.query(sql, [...params])).rows as T[]
    },
  }
}

export function openStore(databaseUrl: string, onError: (error: Error) => void): Store {
  const types: pg.CustomTypesConfig = {
    getTypeParser: ((oid: number, format?: 'text' | 'binary') =>
      oid === INT8
        ? (text: string) => BigInt(text)
        : pg.types.getTypeParser(oid, format as 'text')) as typeof pg.types.getTypeParser,
  }
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: 8,
    types,
    application_name: 'custody-bank',
  })
  // An idle connection may be cut at any time; the pool opens another.
  pool.on('error', onError)
  return {
    ...sqlOf(pool),
    async tx(work) {
      const client = await pool.connect()
      try {
        await client.query('begin')
        const result = await work(sqlOf(client))
        await client.query('commit')
        client.release()
        return result
      } catch (error) {
        const gone = await client.query('rollback').then(
          () => false,
          () => true,
        )
        client.release(gone)
        throw error
      }
    },
    close: () => pool.end(),
  }
}

/** Creates the schema if it is not there. Two banks starting at once wait for each other. */
export async function createSchema(store: Store): Promise<void> {
  const statements = await readFile(new URL('schema.sql', import.meta.url), 'utf8')
  await store.tx(async (tx) => {
    await tx.query(`select pg_advisory_xact_lock(hashtext('custody_bank'))`)
    const [there] = await tx.query<{ done: boolean }>(
      `select to_regclass('custody_bank.setting') is not null as done`,
    )
    if (there?.done) return
    const [schema] = await tx.query<{ done: boolean }>(
      `select to_regnamespace('custody_bank') is not null as done`,
    )
    if (!schema?.done) await tx.query('create schema custody_bank')
    await tx.query(statements)
  })
}
