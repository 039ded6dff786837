/** Every statement on `payments.exception`. */
import {
  type Effect,
  type Instant,
  instantColumn,
  intColumn,
  jsonColumn,
  type Tx,
  textColumn,
  type Uuid,
} from '#base'
import { bigColumn, hex, uuidColumn } from './attempt-store.ts'
import type { ExceptionAction, ExceptionKind, Raised } from './exceptions.ts'
import type { ExceptionState } from './states.ts'

interface RaisedRow extends Raised {
  readonly id: Uuid
  readonly deadline: Instant
}

/** Always moves: a second one about the same thing is noted on the first, also within one batch. */
export const upsertException: Effect<RaisedRow> = {
  name: 'payments.raise_exception',
  sql: `insert into payments.exception as e (book_id, org_id, id, kind, about, state, amount,
      evidence, opened_at, deadline, moved_at)
    select distinct on (u.kind, u.about) $1, u.org_id, u.id, u.kind, u.about, 'open', u.amount,
      u.evidence, $2, u.deadline, $2
    from unnest($3::int[], $4::uuid[], $5::text[], $6::text[], $7::int8[], $8::jsonb[],
      $9::timestamptz[]) as u (org_id, id, kind, about, amount, evidence, deadline)
    on conflict (book_id, kind, about) where state = 'open'
      do update set seen = e.seen + 1, evidence = excluded.evidence, amount = excluded.amount,
        moved_at = excluded.moved_at
    returning e.kind || ' ' || e.about as moved`,
  columns: (rows) => [
    intColumn(rows.map((row) => row.orgId)),
    uuidColumn(rows.map((row) => row.id)),
    textColumn(rows.map((row) => row.kind)),
    textColumn(rows.map((row) => row.about)),
    bigColumn(rows.map((row) => row.amount)),
    jsonColumn(rows.map((row) => row.evidence)),
    instantColumn(rows.map((row) => row.deadline)),
  ],
  key: (row) => `${row.kind} ${row.about}`,
}

export interface Resolution {
  readonly id: Uuid
  readonly action: ExceptionAction
  readonly note: string
  readonly by: string
}

export const resolveException: Effect<Resolution> = {
  name: 'payments.resolve_exception',
  sql: `update payments.exception e
    set state = 'resolved', action = u.action, note = u.note, resolved_by = u.by, moved_at = $2
    from unnest($3::uuid[], $4::text[], $5::text[], $6::text[]) as u (id, action, note, by)
    where e.book_id = $1 and e.id = u.id and e.state = 'open'
    returning ${hex('e.id')} as moved`,
  columns: (rows) => [
    uuidColumn(rows.map((row) => row.id)),
    textColumn(rows.map((row) => row.action)),
    textColumn(rows.map((row) => row.note)),
    textColumn(rows.map((row) => row.by)),
  ],
  key: (row) => row.id,
}

/** Marks an open exception whose deadline has passed, once. */
export const markLate: Effect<{ readonly id: Uuid }> = {
  name: 'payments.mark_exception_overdue',
  sql: `update payments.exception e set overdue = true
    from unnest($3::uuid[]) as u (id)
    where e.book_id = $1 and e.id = u.id and e.state = 'open' and not e.overdue
      and e.deadline <= $2
    returning ${hex('e.id')} as moved`,
  columns: (rows) => [uuidColumn(rows.map((row) => row.id))],
  key: (row) => row.id,
}

/** An exception as it stands. */
export interface PaymentException {
  readonly book: number
  readonly orgId: number
  readonly id: Uuid
  readonly kind: ExceptionKind
  readonly about: string
  readonly state: ExceptionState
  readonly amount: bigint
  readonly evidence: Readonly<Record<string, unknown>>
  readonly seen: number
  readonly openedAt: Instant
  readonly deadline: Instant
  /** Whether its deadline has passed while it was open. */
  readonly overdue: boolean
  readonly action: string
  readonly note: string
  readonly resolvedBy: string
  readonly movedAt: Instant
}

type ExceptionRow = Omit<PaymentException, 'openedAt' | 'deadline' | 'movedAt'> & {
  readonly openedAt: Date
  readonly deadline: Date
  readonly movedAt: Date
}

const EXCEPTION = `select book_id as book, org_id as "orgId", id, kind, about, state, amount,
  evidence, seen, opened_at as "openedAt", deadline, overdue, action, note, resolved_by as "resolvedBy",
  moved_at as "movedAt" from payments.exception`

function exceptionOf(row: ExceptionRow): PaymentException {
  return {
    ...row,
    openedAt: row.openedAt.getTime(),
    deadline: row.deadline.getTime(),
    movedAt: row.movedAt.getTime(),
  }
}

export async function findException(
  tx: Tx,
  book: number,
  id: Uuid,
): Promise<PaymentException | undefined> {
  const [row] = await tx.query<ExceptionRow>(`${EXCEPTION} where book_id = $1 and id = $2`, [
    book,
    id,
  ])
  return row === undefined ? undefined : exceptionOf(row)
}

/** The open exception of a kind about a thing. */
export async function findOpenException(
  tx: Tx,
  of: { readonly book: number; readonly kind: ExceptionKind; readonly about: string },
): Promise<PaymentException | undefined> {
  const [row] = await tx.query<ExceptionRow>(
    `${EXCEPTION} where book_id = $1 and kind = $2 and about = $3 and state = 'open'`,
    [of.book, of.kind, of.about],
  )
  return row === undefined ? undefined : exceptionOf(row)
}

/** Exceptions of a book, those with the nearest deadline first. */
export async function listExceptions(
  tx: Tx,
  of: {
    readonly book: number
    readonly state?: ExceptionState
    readonly about?: string
    readonly limit?: number
  },
): Promise<PaymentException[]> {
  const rows = await tx.query<ExceptionRow>(
    `${EXCEPTION} where book_id = $1 and ($2::text is null or state = $2)
       and ($3::text is null or about = $3)
     order by deadline, id limit $4`,
    [of.book, of.state ?? null, of.about ?? null, of.limit ?? 200],
  )
  return rows.map(exceptionOf)
}
