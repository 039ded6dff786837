/**
 * Effects: a module's own state changes, applied by the book writer in the same database tx as the
 * money they belong to.
 *
 * An effect is set-based: one statement for all rows of its kind in a batch. Its WHERE clause may
 * read only the row it changes (architecture: the writer's point 1); a sum over rows is a ledger
 * account instead. The statement returns the key of every row that moved. A row that did not move
 * throws its command out of the batch as `stale`.
 */
export interface Effect<Row> {
  /** `<module>.<verb>_<noun>`, for example `custody.mark_sending`. */
  readonly name: string
  /**
   * One statement. `$1` is the book number, `$2` the batch's instant (timestamptz), `$3…` the
   * columns. Returns `moved` (text): the key of each row that moved.
   */
  readonly sql: string
  /** The parameters after `$2`: one array per column, in the order of the rows. */
  columns(rows: readonly Row[]): unknown[]
  /** The key of a row, as the statement returns it in `moved`. Unique within a batch. */
  key(row: Row): string
}

/** One row for one effect. */
export interface EffectRow {
  readonly effect: Effect<unknown>
  readonly row: unknown
}

/** Binds a row to its effect, checking the row's type. */
export function applied<Row>(effect: Effect<Row>, row: Row): EffectRow {
  return { effect: effect as Effect<unknown>, row }
}

/** A fact for other modules, written in the same tx. Position is (book, seq, n), given by the writer. */
export interface OutboxEvent {
  /** What happened, past tense: `custody.milestone_reached`. */
  readonly kind: string
  /** The aggregate's public id; events of one aggregate are delivered in order. */
  readonly aggregate: string
  /** JSON; money as strings of minor units, never floats. */
  readonly payload: unknown
  /** The tenant it belongs to; 0, the installation itself, when absent. */
  readonly orgId?: number
}

/** The stored answer to an HTTP `Idempotency-Key`, written in the same tx as what it answers. */
export interface StoredAnswer {
  /** SHA-256 of (tenant, method, path, key), 32 bytes hex. */
  readonly keyHash: string
  /** SHA-256 of the canonical request body, 32 bytes hex. */
  readonly requestHash: string
  readonly status: number
  readonly body: unknown
  /** The tenant that asked; 0, the installation itself, when absent. */
  readonly orgId?: number
}
