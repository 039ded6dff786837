/**
 * The database as modules see it. One driver (`pg`), raw SQL. int8 comes back as bigint, int4 as
 * number, timestamptz as Date, jsonb as parsed JSON.
 */
import type pg from 'pg'

/** A row of a result; the caller names its shape. */
export type Row = Record<string, unknown>

/** Statements inside one database tx. There is no way from here to a remote call. */
export interface Tx {
  query<T extends object = Row>(sql: string, params?: readonly unknown[]): Promise<T[]>
}

export interface Db extends Tx {
  /** Runs `work` in one tx: COMMIT when it returns, ROLLBACK when it throws. */
  tx<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** A connection of one's own, for the book writer and for advisory locks. The caller ends it. */
  connect(options?: ConnectOptions): Promise<pg.Client>
  /** Ends all pooled connections. */
  close(): Promise<void>
}

export interface ConnectOptions {
  /** Shown in pg_stat_activity, so that an operator sees whose connection it is. */
  applicationName?: string
  /** Settings of the session, such as `{ lock_timeout: '2s' }`. */
  settings?: Record<string, string>
}
