/** SQL of nonces. Their tables are unlogged: see `nonce.ts` for why that is safe. */
import { columnOf, type Db, intColumn, OID, type Tx } from '#base'

/** Tables of the ring. */
export const NONCE_TABLES = 4

export interface NonceRow {
  /** The table of the ring. */
  readonly slot: number
  /** 16 bytes, hex. */
  readonly hash: string
}

/** Adds nonces, each once in the list, and gives the hashes of those that were not there. */
export async function insertNonces(tx: Tx, rows: readonly NonceRow[]): Promise<Set<string>> {
  const inserted = await tx.query<{ hash: Buffer }>(
    `insert into identity.nonce (slot, hash)
     select u.slot, u.hash from unnest($1::int4[], $2::bytea[]) as u (slot, hash)
     on conflict do nothing
     returning hash`,
    [
      intColumn(rows.map(({ slot }) => slot)),
      columnOf(OID.bytea, rows, (column, { hash }) => column.hex(hash)),
    ],
  )
  return new Set(inserted.map(({ hash }) => hash.toString('hex')))
}

/** Empties a table of the ring, without waiting long for whoever uses it. */
export async function emptyNonces(db: Db, slot: number): Promise<void> {
  const table = `identity.nonce_${slot}`
  const [found] = await db.query<{ filled: boolean }>(
    `select exists (select from ${table}) as filled`,
  )
  if (found?.filled !== true) return
  await db.tx(async (tx) => {
    await tx.query("set local lock_timeout = '1s'")
    await tx.query(`truncate ${table}`)
  })
}
