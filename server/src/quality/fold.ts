/**
 * Folds arrived facts into the counts: each attempt is taken out of the cell it was in and put into the
 * one it belongs to now, so a repeated fact moves nothing. One folds at a time, and a batch is one
 * database tx: facts leave the arrivals in the tx that counts them.
 */
import { type Db, publicId, type Tx } from '#base'
import { type Codes, noteUnmapped, type UnmappedCode } from '#codes'
import {
  type AttemptState,
  applyFact,
  type Ending,
  endingOf,
  type ReadFact,
} from './attempt-state.ts'
import { dayOf, HOUR_MS } from './maturity.ts'
import { readFact } from './read-fact.ts'
import {
  attemptsOfOrders,
  type CellChange,
  endingIds,
  type KnownAttempt,
  lockFold,
  moveCounts,
  putAttempts,
  segmentIds,
  takeArrivals,
} from './store.ts'

/** Facts in one tx. */
const BATCH = 1_000

/** Folds all that has arrived. Returns how many facts that were. */
export async function foldArrivals(db: Db, codes: Codes): Promise<number> {
  let folded = 0
  for (;;) {
    const taken = await db.tx(async (tx) => {
      const number = await lockFold(tx)
      const arrivals = await takeArrivals(tx, BATCH)
      if (arrivals.length > 0) {
        await foldFacts(
          tx,
          arrivals.map(({ fact }) => readFact(fact)),
          { codes, number },
        )
      }
      return arrivals.length
    })
    folded += taken
    if (taken < BATCH) return folded
  }
}

interface Entry {
  before?: KnownAttempt
  state: AttemptState
}

/** A fold under way: its number, and what codes mean now. */
interface Fold {
  readonly codes: Codes
  readonly number: bigint
}

async function foldFacts(tx: Tx, facts: readonly ReadFact[], fold: Fold): Promise<void> {
  const orders = new Map<string, Map<string, Entry>>()
  const orderOf = (of: { book: number; order: string }) => {
    const key = `${of.book} ${of.order}`
    const found = orders.get(key) ?? new Map<string, Entry>()
    orders.set(key, found)
    return found
  }
  for (const fact of facts) orderOf(fact)
  const wanted = [...new Map(facts.map((fact) => [`${fact.book} ${fact.order}`, fact])).values()]
  for (const before of await attemptsOfOrders(tx, wanted)) {
    orderOf(before.state).set(before.state.id, { before, state: before.state })
  }
  for (const fact of facts) {
    const attempts = orderOf(fact)
    const entry = attempts.get(fact.id)
    if (entry === undefined) attempts.set(fact.id, { state: applyFact(undefined, fact) })
    else entry.state = applyFact(entry.state, fact)
  }
  await writeOrders(tx, [...orders.values()], fold)
}

async function writeOrders(
  tx: Tx,
  orders: readonly Map<string, Entry>[],
  { codes, number }: Fold,
): Promise<void> {
  const entries = orders.flatMap((attempts) => {
    const states = [...attempts.values()].map(({ state }) => state)
    return [...attempts.values()].map((entry) => ({
      ...entry,
      ending: endingOf(entry.state, states),
    }))
  })
  const endings = await endingIds(
    tx,
    entries.map(({ ending }) => ending),
  )
  const segments = await segmentIds(
    tx,
    entries.map(({ state }) => state),
  )
  const after = entries.map(
    ({ state }, i): KnownAttempt => ({ state, ending: endings[i]!, segment: segments[i]! }),
  )
  await putAttempts(tx, after)
  await moveCounts(
    tx,
    entries.flatMap(({ before }, i) => cellChanges(before, after[i]!)),
    number,
  )
  await noteUnmapped(
    tx,
    entries.flatMap(({ before, state, ending }) => unmapped(codes, before, state, ending)),
  )
}

function cellChanges(before: KnownAttempt | undefined, after: KnownAttempt): CellChange[] {
  if (before?.ending === after.ending && before.segment === after.segment) return []
  const { madeAt } = after.state
  const at = { madeAt, day: dayOf(madeAt), hour: Math.floor(madeAt / HOUR_MS) }
  const cell = ({ ending, segment }: KnownAttempt, n: number) => ({ ...at, ending, segment, n })
  return before === undefined ? [cell(after, 1)] : [cell(before, -1), cell(after, 1)]
}

/** A failure that has now a code nobody has classified, and had not before; without a code, none. */
function unmapped(
  codes: Codes,
  before: KnownAttempt | undefined,
  state: AttemptState,
  { direction, channel, code, outcome }: Ending,
): UnmappedCode[] {
  const failed = code !== '' && (outcome === 'failed' || outcome === 'overdue')
  const noted = before?.state.code === code && before.state.result !== 'succeeded'
  if (!failed || noted || codes.classify({ channel, direction, code }).mapped) return []
  const sample = publicId('att', state.book, state.id)
  return [{ channel, direction, code, count: 1, at: state.at, sample }]
}
