/** Every statement on pauses and on orders to freeze. What books acknowledge is in `freeze-store.ts`. */
import { type Instant, publicId, type Tx, type Uuid } from '#base'
import type { PauseScope } from './scope.ts'
import type { FreezeState, PauseState, StopDirection } from './states.ts'

/** A change of what stands is told on it, so that replicas need not wait for their next look. */
export const STOPS_CHANNEL = 'tenon_stops'

export interface Pause {
  readonly orgId: number
  readonly id: Uuid
  readonly scope: PauseScope
  readonly reason: string
  readonly state: PauseState
  readonly pausedBy: string
  readonly pausedAt: Instant
  /** The approval that ended it. */
  readonly approval?: string
  readonly resumedAt?: Instant
}

export interface Freeze {
  readonly orgId: number
  readonly id: Uuid
  /** Public id of the party or merchant, as accounts name their holder. */
  readonly holder: string
  readonly orderNumber: string
  readonly authority: string
  readonly reason: string
  readonly state: FreezeState
  /** It ends by itself then. */
  readonly until?: Instant
  readonly orderedBy: string
  readonly orderedAt: Instant
  readonly approval?: string
  readonly liftedAt?: Instant
}

export const pauseId = (id: Uuid) => publicId('stop', 0, id)
export const freezeId = (id: Uuid) => publicId('frz', 0, id)

/** Whether money of its party is to be frozen now. */
export const isInForce = ({ state, until }: Pick<Freeze, 'state' | 'until'>, now: Instant) =>
  state === 'ordered' && (until === undefined || now < until)

interface PauseRow {
  readonly org_id: number
  readonly id: Uuid
  readonly channel: string | null
  readonly direction: StopDirection | null
  readonly book: number | null
  readonly merchant: string | null
  readonly reason: string
  readonly state: PauseState
  readonly paused_by: string
  readonly paused_at: Date
  readonly approval: string | null
  readonly resumed_at: Date | null
}

function pauseOf(row: PauseRow): Pause {
  const { channel, direction, book, merchant, approval } = row
  return {
    orgId: row.org_id,
    id: row.id,
    scope: {
      ...(channel !== null && { channel }),
      ...(direction !== null && { direction }),
      ...(book !== null && { book }),
      ...(merchant !== null && { merchant }),
    },
    reason: row.reason,
    state: row.state,
    pausedBy: row.paused_by,
    pausedAt: row.paused_at.getTime(),
    ...(approval !== null && { approval }),
    ...(row.resumed_at !== null && { resumedAt: row.resumed_at.getTime() }),
  }
}

/** What a statement needs: a tx, a pool, or one connection of the driver. */
export interface Asks {
  query<T extends object>(sql: string, params?: readonly unknown[]): Promise<T[]>
}

export async function standingPauses(on: Asks): Promise<Pause[]> {
  const rows = await on.query<PauseRow>(
    `select * from stops.pause where state = 'paused' order by paused_at, id`,
  )
  return rows.map(pauseOf)
}

/** False when one stands under this id already. */
export async function insertPause(tx: Tx, pause: Pause): Promise<boolean> {
  const { channel, direction, book, merchant } = pause.scope
  const rows = await tx.query(
    `insert into stops.pause (org_id, id, channel, direction, book, merchant, reason, state, paused_by,
       paused_at)
     values ($1, $2, $3, $4, $5, $6, $7, 'paused', $8, $9)
     on conflict (id) do nothing returning 1`,
    [
      ...[pause.orgId, pause.id, channel ?? null, direction ?? null, book ?? null],
      ...[merchant ?? null, pause.reason, pause.pausedBy, new Date(pause.pausedAt)],
    ],
  )
  return rows.length === 1
}

export async function findPause(tx: Tx, orgId: number, id: Uuid): Promise<Pause | undefined> {
  const sql = 'select * from stops.pause where org_id = $1 and id = $2'
  const [row] = await tx.query<PauseRow>(sql, [orgId, id])
  return row && pauseOf(row)
}

/** Pauses of an organisation, the newest first; those that stand only, unless `all`. */
export async function listPauses(
  tx: Tx,
  of: { readonly orgId: number; readonly all: boolean; readonly limit: number },
): Promise<Pause[]> {
  const rows = await tx.query<PauseRow>(
    `select * from stops.pause where org_id = $1 and ($2 or state = 'paused')
     order by paused_at desc, id desc limit $3`,
    [of.orgId, of.all, of.limit],
  )
  return rows.map(pauseOf)
}

/** Ends a pause; false when it does not stand. */
export async function endPause(
  tx: Tx,
  of: {
    readonly orgId: number
    readonly id: Uuid
    readonly approval: string
    readonly at: Instant
  },
): Promise<boolean> {
  const rows = await tx.query(
    `update stops.pause set state = 'resumed', approval = $3, resumed_at = $4
     where org_id = $1 and id = $2 and state = 'paused' returning 1`,
    [of.orgId, of.id, of.approval, new Date(of.at)],
  )
  return rows.length === 1
}

/** Tells every replica, when the tx commits, that something stands or stands no more. */
export async function tellReplicas(tx: Tx): Promise<void> {
  await tx.query('select pg_notify($1, $2)', [STOPS_CHANNEL, ''])
}

interface FreezeRow {
  readonly org_id: number
  readonly id: Uuid
  readonly holder: string
  readonly order_number: string
  readonly authority: string
  readonly reason: string
  readonly state: FreezeState
  readonly until: Date | null
  readonly ordered_by: string
  readonly ordered_at: Date
  readonly approval: string | null
  readonly lifted_at: Date | null
}

function freezeOf(row: FreezeRow): Freeze {
  const { until, approval } = row
  return {
    orgId: row.org_id,
    id: row.id,
    holder: row.holder,
    orderNumber: row.order_number,
    authority: row.authority,
    reason: row.reason,
    state: row.state,
    ...(until !== null && { until: until.getTime() }),
    orderedBy: row.ordered_by,
    orderedAt: row.ordered_at.getTime(),
    ...(approval !== null && { approval }),
    ...(row.lifted_at !== null && { liftedAt: row.lifted_at.getTime() }),
  }
}

/** Orders in force. */
export async function standingFreezes(on: Asks, now: Instant): Promise<Freeze[]> {
  const rows = await on.query<FreezeRow>(
    `select * from stops.freeze_order
     where state = 'ordered' and (until is null or until > $1) order by ordered_at, id`,
    [new Date(now)],
  )
  return rows.map(freezeOf)
}

/** False when the authority's order freezes the party already. */
export async function insertFreeze(tx: Tx, freeze: Freeze): Promise<boolean> {
  const { orgId, id, holder, orderNumber, authority, reason, until, orderedBy } = freeze
  const rows = await tx.query(
    `insert into stops.freeze_order (org_id, id, holder, order_number, authority, reason, state, until,
       ordered_by, ordered_at)
     values ($1, $2, $3, $4, $5, $6, 'ordered', $7, $8, $9) on conflict do nothing returning 1`,
    [
      ...[orgId, id, holder, orderNumber, authority, reason],
      ...[until === undefined ? null : new Date(until), orderedBy, new Date(freeze.orderedAt)],
    ],
  )
  return rows.length === 1
}

export async function findFreeze(tx: Tx, orgId: number, id: Uuid): Promise<Freeze | undefined> {
  const sql = 'select * from stops.freeze_order where org_id = $1 and id = $2'
  const [row] = await tx.query<FreezeRow>(sql, [orgId, id])
  return row && freezeOf(row)
}

/** Ends an order before its time; false when it does not stand. */
export async function endFreeze(
  tx: Tx,
  of: {
    readonly orgId: number
    readonly id: Uuid
    readonly approval: string
    readonly at: Instant
  },
): Promise<boolean> {
  const rows = await tx.query(
    `update stops.freeze_order set state = 'lifted', approval = $3, lifted_at = $4
     where org_id = $1 and id = $2 and state = 'ordered' returning 1`,
    [of.orgId, of.id, of.approval, new Date(of.at)],
  )
  return rows.length === 1
}
