/** Due work of lanes: planned when a delivery is made, moved on as deliveries end. */
import { type Effect, type Instant, type PlannedDue, planDue, type Tx, type Uuid } from '#base'
import { DELIVER, type Lane } from './context.ts'
import type { Addressed } from './delivery-store.ts'

/** Applies an effect in a tx of configuration. Returns the keys of the rows that moved. */
export async function apply<Row>(
  tx: Tx,
  { effect, book, at }: { effect: Effect<Row>; book: number; at: Instant },
  rows: readonly Row[],
): Promise<string[]> {
  if (rows.length === 0) return []
  const params = [book, new Date(at), ...effect.columns(rows)]
  const moved = await tx.query<{ moved: string }>(effect.sql, params)
  return moved.map((row) => row.moved)
}

/** The key of a lane's due work. An endpoint enabled again has lanes of a new epoch. */
const keyOf = ({ endpoint, epoch, aggregate, replay }: Lane) =>
  `${endpoint} ${epoch} ${replay ? 'replay' : 'first'} ${aggregate}`

const plannedOf = (lane: Lane, dueAt: Instant): PlannedDue => ({
  orgId: lane.orgId,
  kind: DELIVER,
  key: keyOf(lane),
  dueAt,
  payload: lane,
})

/** Plans the next delivery of lanes; where it is planned already, it stays as it is. */
export async function planLanes(tx: Tx, lanes: readonly Lane[], dueAt: Instant): Promise<void> {
  const books = new Map<number, Map<string, PlannedDue>>()
  for (const lane of lanes) {
    const rows = books.get(lane.book) ?? new Map<string, PlannedDue>()
    books.set(lane.book, rows)
    rows.set(keyOf(lane), plannedOf(lane, dueAt))
  }
  for (const [book, rows] of books) {
    await apply(tx, { effect: planDue, book, at: dueAt }, [...rows.values()])
  }
}

/** The lanes of deliveries just made; listeners ask by themselves. */
export function lanesOf(
  made: readonly Addressed[],
  of: { readonly orgId: number; readonly replay: boolean },
): Lane[] {
  return made
    .filter(({ kind }) => kind === 'url')
    .map(({ endpoint, epoch, book, aggregate }) => ({ ...of, endpoint, epoch, book, aggregate }))
}

/** Reads the lane back from the payload of its due work. */
export function laneOf(work: { readonly book: number; readonly payload: unknown }): Lane {
  const { orgId, endpoint, epoch, aggregate, replay } = work.payload as Lane & { endpoint: Uuid }
  return { book: work.book, orgId, endpoint, epoch, aggregate, replay }
}
