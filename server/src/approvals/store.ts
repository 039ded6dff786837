/**
 * Requests and decisions: every statement but the one that marks an approval as used.
 *
 * The easy mistake: a move of a request without its guard. Each names the state and the content it was
 * decided on, and whoever gets no row back lost to another and reads again.
 */
import { type EffectRow, type Instant, present, type Tx, type Uuid } from '#base'
import type { EffectPreview } from './action.ts'
import type { Policies } from './policy.ts'
import type { RequestState, Verdict } from './states.ts'

export interface Decision {
  /** Public id of the user. */
  readonly checker: string
  readonly person: string
  readonly verdict: Verdict
  readonly note: string
  /** What it would have done at that moment; absent for a rejection. */
  readonly seen: EffectPreview | null
  readonly at: Instant
}

/** What the module said of what it did, or why it refused. */
export type Result =
  | { readonly done: unknown }
  | { readonly refused: string; readonly detail: string }

export interface Request {
  readonly book: number
  readonly id: Uuid
  readonly orgId: number
  readonly action: string
  /** The text that is approved: canonical JSON of action, content and org. */
  readonly bound: string
  /** SHA-256 of it, 64 hex digits. */
  readonly hash: string
  readonly state: RequestState
  readonly makerKind: 'user' | 'key' | 'operator'
  readonly makerId: string
  readonly makerPerson: string
  readonly reason: string
  /** The rule of the policies it was made under. */
  readonly rule: string
  readonly needed: 1 | 2
  readonly permission: string
  readonly breakGlass: boolean
  readonly requestedAt: Instant
  readonly expiresAt: Instant
  readonly preview: EffectPreview
  /** Public ids, empty when there is none. */
  readonly replaces: string
  readonly replacedBy: string
  readonly result: Result | null
  /** Public id of who withdrew or rejected it. */
  readonly endedBy: string
  readonly note: string
  readonly movedAt: Instant
  readonly decisions: readonly Decision[]
}

export type NewRequest = Omit<
  Request,
  'state' | 'replacedBy' | 'result' | 'endedBy' | 'note' | 'movedAt' | 'decisions'
>

/** Writes a request; `false` when its id is taken. */
export async function insertRequest(tx: Tx, of: NewRequest): Promise<boolean> {
  const rows = await tx.query(
    `insert into approvals.request (book_id, id, org_id, action, bound, content_hash, maker_kind,
       maker_id, maker_person, reason, rule, needed, permission, break_glass, requested_at,
       expires_at, preview, replaces, moved_at)
     values ($1, $2, $3, $4, $5, decode($6, 'hex'), $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
       $17, $18, $15)
     on conflict (book_id, id) do nothing returning 1`,
    [
      ...[of.book, of.id, of.orgId, of.action, of.bound, of.hash],
      ...[of.makerKind, of.makerId, of.makerPerson, of.reason, of.rule, of.needed],
      ...[of.permission, of.breakGlass, new Date(of.requestedAt), new Date(of.expiresAt)],
      ...[JSON.stringify(of.preview), of.replaces],
    ],
  )
  return rows.length === 1
}

/** Names a request as somebody saw it. */
export interface Seen {
  readonly book: number
  readonly id: Uuid
  readonly orgId: number
  readonly hash: string
}

const SEEN = `r.book_id = $1 and r.id = $2 and r.org_id = $3 and r.content_hash = decode($4, 'hex')`

export interface NewDecision {
  readonly person: string
  readonly checker: string
  readonly verdict: Verdict
  readonly note: string
  readonly seen?: EffectPreview
  readonly steppedUpAt?: Instant
  readonly from: string
  readonly at: Instant
}

/**
 * Notes a decision; `false` when the request waits no more, has other content, or the person has
 * decided on it before. Fails on the maker's own, whatever the caller checked.
 */
export async function insertDecision(tx: Tx, on: Seen, of: NewDecision): Promise<boolean> {
  const rows = await tx.query(
    `insert into approvals.decision (book_id, request_id, org_id, content_hash, maker_person,
       checker_person, checker_id, verdict, note, seen, stepped_up_at, came_from, at)
     select r.book_id, r.id, r.org_id, r.content_hash, r.maker_person, $6, $7, $8, $9, $10, $11,
       $12, $5
     from approvals.request r
     where ${SEEN} and r.state = 'requires_review' and r.expires_at > $5
     on conflict (book_id, request_id, checker_person) do nothing returning 1`,
    [
      ...[on.book, on.id, on.orgId, on.hash, new Date(of.at), of.person, of.checker, of.verdict],
      ...[of.note, of.seen === undefined ? null : JSON.stringify(of.seen)],
      ...[of.steppedUpAt === undefined ? null : new Date(of.steppedUpAt), of.from],
    ],
  )
  return rows.length === 1
}

/**
 * Counts an approval; the last one needed approves. Returns the state and the count, or nothing when
 * the request waits no more.
 */
export async function countApproval(
  tx: Tx,
  on: Seen,
  at: Instant,
): Promise<{ readonly state: RequestState; readonly approvals: number } | undefined> {
  const [row] = await tx.query<{ state: RequestState; approvals: number }>(
    `update approvals.request r set approvals = r.approvals + 1, moved_at = $5,
       state = case when r.approvals + 1 >= r.needed then 'approved' else r.state end
     where ${SEEN} and r.state = 'requires_review' and r.expires_at > $5
     returning r.state, r.approvals`,
    [on.book, on.id, on.orgId, on.hash, new Date(at)],
  )
  return row
}

/** Ends a request that waits; `false` when it lost to another move. */
export async function endRequest(
  tx: Tx,
  on: Seen,
  to: {
    readonly state: 'rejected' | 'canceled'
    readonly by: string
    readonly note: string
    readonly replacedBy?: string
    readonly at: Instant
  },
): Promise<boolean> {
  const rows = await tx.query(
    `update approvals.request r
     set state = $6, moved_at = $5, ended_by = $7, note = $8, replaced_by = $9
     where ${SEEN} and r.state = 'requires_review' and r.expires_at > $5 returning 1`,
    [
      ...[on.book, on.id, on.orgId, on.hash, new Date(to.at)],
      ...[to.state, to.by, to.note, to.replacedBy ?? ''],
    ],
  )
  return rows.length === 1
}

/** Ends a request whose time is over. */
export async function expireRequest(
  tx: Tx,
  of: { readonly book: number; readonly id: Uuid; readonly at: Instant },
): Promise<boolean> {
  const rows = await tx.query(
    `update approvals.request r set state = 'expired', moved_at = $3
     where r.book_id = $1 and r.id = $2 and r.state = 'requires_review' and r.expires_at <= $3
     returning 1`,
    [of.book, of.id, new Date(of.at)],
  )
  return rows.length === 1
}

/** Ends an approved request; the execution row that says so stands already. */
export async function concludeRequest(
  tx: Tx,
  on: Pick<Seen, 'book' | 'id' | 'hash'>,
  to: { readonly state: 'executed' | 'failed'; readonly result?: Result; readonly at: Instant },
): Promise<boolean> {
  const rows = await tx.query(
    `update approvals.request r set state = $4, moved_at = $5, result = coalesce($6, r.result)
     where r.book_id = $1 and r.id = $2 and r.content_hash = decode($3, 'hex')
       and r.state = 'approved' returning 1`,
    [
      ...[on.book, on.id, on.hash, to.state, new Date(to.at)],
      to.result === undefined ? null : JSON.stringify(to.result),
    ],
  )
  return rows.length === 1
}

/** Keeps what the module said of what it did; the first saying stands. */
export async function keepResult(
  tx: Tx,
  on: { readonly book: number; readonly id: Uuid },
  result: Result,
): Promise<void> {
  await tx.query(
    `update approvals.request set result = $3
     where book_id = $1 and id = $2 and state in ('approved', 'executed') and result is null`,
    [on.book, on.id, JSON.stringify(result)],
  )
}

const REQUEST = `
  select r.book_id as book, r.id, r.org_id as "orgId", r.action, r.bound,
    encode(r.content_hash, 'hex') as hash, r.state, r.maker_kind as "makerKind",
    r.maker_id as "makerId", r.maker_person as "makerPerson", r.reason, r.rule, r.needed,
    r.permission, r.break_glass as "breakGlass", r.requested_at as "requestedAt",
    r.expires_at as "expiresAt", r.preview, r.replaces, r.replaced_by as "replacedBy", r.result,
    r.ended_by as "endedBy", r.note, r.moved_at as "movedAt", coalesce(d.list, '[]') as decisions
  from approvals.request r
  left join lateral (
    select jsonb_agg(jsonb_build_object('checker', d.checker_id, 'person', d.checker_person,
      'verdict', d.verdict, 'note', d.note, 'seen', d.seen,
      'at', (extract(epoch from d.at) * 1000)::int8) order by d.at, d.checker_id) as list
    from approvals.decision d where d.book_id = r.book_id and d.request_id = r.id
  ) d on true`

type RequestRow = Omit<Request, 'requestedAt' | 'expiresAt' | 'movedAt'> & {
  readonly requestedAt: Date
  readonly expiresAt: Date
  readonly movedAt: Date
}

const requestOf = (row: RequestRow): Request => ({
  ...row,
  requestedAt: row.requestedAt.getTime(),
  expiresAt: row.expiresAt.getTime(),
  movedAt: row.movedAt.getTime(),
})

/** A request of an organisation, or of any when none is named. */
export async function findRequest(
  tx: Tx,
  of: { readonly book: number; readonly id: Uuid; readonly orgId?: number },
): Promise<Request | undefined> {
  const [row] = await tx.query<RequestRow>(
    `${REQUEST} where r.book_id = $1 and r.id = $2 and ($3::int is null or r.org_id = $3)`,
    [of.book, of.id, of.orgId ?? null],
  )
  return row === undefined ? undefined : requestOf(row)
}

export interface RequestFilter {
  readonly state?: RequestState
  readonly action?: string
  /** Made by this person. */
  readonly maker?: string
  /** Waiting for this person, who holds these permissions. */
  readonly waitingFor?: { readonly person: string; readonly permissions: readonly string[] }
  readonly after?: { readonly book: number; readonly id: Uuid }
  readonly limit: number
}

/** Requests of an organisation, the newest first; keyset paging, one statement. */
export async function listRequests(
  tx: Tx,
  of: RequestFilter & { readonly orgId: number; readonly now: Instant },
): Promise<Request[]> {
  const { waitingFor: waiting, after } = of
  const rows = await tx.query<RequestRow>(
    `${REQUEST}
     where r.org_id = $1 and ($2::text is null or r.state = $2)
       and ($3::text is null or r.action = $3) and ($4::text is null or r.maker_person = $4)
       and ($5::text is null or (r.state = 'requires_review' and r.expires_at > $7
         and r.maker_person <> $5 and r.permission = any ($6::text[])
         and not exists (select from approvals.decision t where t.book_id = r.book_id
           and t.request_id = r.id and t.checker_person = $5)))
       and ($8::int is null or (r.requested_at, r.book_id, r.id) <
         (select a.requested_at, a.book_id, a.id from approvals.request a
          where a.org_id = $1 and a.book_id = $8 and a.id = $9))
     order by r.requested_at desc, r.book_id desc, r.id desc limit $10`,
    [
      ...[of.orgId, of.state ?? null, of.action ?? null, of.maker ?? null],
      ...[waiting?.person ?? null, [...(waiting?.permissions ?? [])], new Date(of.now)],
      ...[after?.book ?? null, after?.id ?? null, of.limit],
    ],
  )
  return rows.map(requestOf)
}

/** The policies an organisation has put in force; `undefined` while it has those of the files. */
export async function findPolicies(
  tx: Tx,
  orgId: number,
): Promise<{ readonly version: number; readonly document: Policies } | undefined> {
  const [row] = await tx.query<{ version: number; document: Policies }>(
    `select version, document from approvals.policy where org_id = $1
     order by version desc limit 1`,
    [orgId],
  )
  return row
}

/** Puts policies in force after version `after`; `false` when another stands there by now. */
export async function insertPolicies(
  tx: Tx,
  of: {
    readonly orgId: number
    readonly after: number
    readonly document: Policies
    readonly approval: string
    readonly at: Instant
  },
): Promise<boolean> {
  const rows = await tx.query(
    `insert into approvals.policy (org_id, version, document, approval, made_at)
     select $1, $2 + 1, $3, $4, $5
     where $2 = (select coalesce(max(version), 0) from approvals.policy where org_id = $1)
     on conflict (org_id, version) do nothing returning 1`,
    [of.orgId, of.after, JSON.stringify(of.document), of.approval, new Date(of.at)],
  )
  return rows.length === 1
}

/** The version an approval put in force, if it did. */
export async function versionOf(tx: Tx, approval: string): Promise<number | undefined> {
  const [row] = await tx.query<{ version: number }>(
    'select version from approvals.policy where approval = $1',
    [approval],
  )
  return row?.version
}

/** An effect's row did not move: the tx is to be rolled back. */
export class Stale extends Error {
  override name = 'Stale'
}

/** Applies effects of the ground, such as planning due work, in a tx of configuration. */
export async function applyWithin(
  tx: Tx,
  at: { readonly book: number; readonly now: Instant },
  rows: readonly EffectRow[],
): Promise<void> {
  for (const { effect, row } of rows) {
    const params = [at.book, new Date(at.now), ...effect.columns([row])]
    const moved = await tx.query<{ moved: string }>(effect.sql, params)
    if (moved.length !== 1) throw new Stale(`${effect.name}: ${effect.key(row)}`)
    present(moved[0]?.moved, 'an effect returns what moved')
  }
}
