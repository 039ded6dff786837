/**
 * That an approved request is carried out once: one row in `approvals.execution`, written by whoever
 * comes first. The module's command writes `done` together with what it moves; a refusal writes
 * `refused`, and from then on no command of that approval can commit.
 *
 * The statement reads the request beside the row it writes, against the rule for effects. It may: an
 * approved request moves on only once its execution row stands, and that row is what collides.
 */
import {
  type Effect,
  type Instant,
  type OutboxEvent,
  parsePublicId,
  present,
  type Tx,
  type Uuid,
} from '#base'
import type { ApprovalRef } from './action.ts'
import type { Outcome } from './states.ts'

export interface ExecutedOnce {
  readonly orgId: number
  /** The uuid of the request, in the book of the command. */
  readonly approval: Uuid
  /** SHA-256 of its content, 64 hex digits. */
  readonly hash: string
}

const INSERT = `
  insert into approvals.execution (book_id, approval_id, org_id, content_hash, outcome, at)
  select r.book_id, r.id, r.org_id, r.content_hash, u.outcome, $2
  from unnest($3::int[], $4::uuid[], $5::text[], $6::text[])
    as u (org_id, approval_id, hash, outcome)
  join approvals.request r on r.book_id = $1 and r.id = u.approval_id
  where r.org_id = u.org_id and r.content_hash = decode(u.hash, 'hex') and r.state = 'approved'
  on conflict (book_id, approval_id) do nothing
  returning replace(approval_id::text, '-', '') as moved`

const columnsOf = (rows: readonly ExecutedOnce[], outcome: Outcome): unknown[] => [
  rows.map((row) => row.orgId),
  rows.map((row) => row.approval),
  rows.map((row) => row.hash),
  rows.map(() => outcome),
]

/**
 * For the command that carries an approved request out. It moves once: not for a request that is
 * unapproved, of other content, of another organisation, carried out before, or refused for good.
 */
export const executedOnce: Effect<ExecutedOnce> = {
  name: 'approvals.mark_executed',
  sql: INSERT,
  columns: (rows) => columnsOf(rows, 'done'),
  key: (row) => row.approval,
}

/** The row of `executedOnce` for an approval. */
export function executionOf(orgId: number, approval: ApprovalRef): ExecutedOnce {
  const id = present(parsePublicId(approval.id, 'areq'), 'an approval has a public id')
  return { orgId, approval: id.uuid, hash: approval.hash }
}

/** The same for configuration, in book 0. `false`: it was done before, or may not be; roll back. */
export async function markExecuted(
  tx: Tx,
  at: Instant,
  orgId: number,
  approval: ApprovalRef,
): Promise<boolean> {
  return write(tx, at, { book: 0, ...executionOf(orgId, approval) }, 'done')
}

/** Ends an approved request as refused; `false` when it was carried out, or ended, before. */
export function markRefused(
  tx: Tx,
  at: Instant,
  of: ExecutedOnce & { readonly book: number },
): Promise<boolean> {
  return write(tx, at, of, 'refused')
}

async function write(
  tx: Tx,
  at: Instant,
  { book, ...row }: ExecutedOnce & { readonly book: number },
  outcome: Outcome,
): Promise<boolean> {
  const moved = await tx.query(INSERT, [book, new Date(at), ...columnsOf([row], outcome)])
  return moved.length === 1
}

/** What an approved request came to, if anything yet. */
export async function outcomeOf(
  tx: Tx,
  book: number,
  approval: Uuid,
): Promise<Outcome | undefined> {
  const [row] = await tx.query<{ outcome: Outcome }>(
    'select outcome from approvals.execution where book_id = $1 and approval_id = $2',
    [book, approval],
  )
  return row?.outcome
}

export const EXECUTED = 'approvals.executed'

/** The event for the same command: the request becomes `executed` by its delivery. */
export function executedEvent(orgId: number, approval: ApprovalRef): OutboxEvent {
  const { id, hash } = approval
  return { kind: EXECUTED, aggregate: id, payload: { approval: id, hash }, orgId }
}
