/**
 * Runs one staged history through the engine, the oracle and the model, and stops at the first thing
 * they disagree on: an answer, a balance, a hold, or a row.
 *
 * Requests sent at once may be decided in any order, and the engine does put off those that need a
 * look into the database. So its answers to a burst must be those of *some* order: the model is pure
 * and searches for one. The oracle then runs the burst in that order.
 *
 * The books went different ways before, so numbers are compared from where this history began.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Instant, Uuid } from '#base'
import { Disagreement, type Told } from './disagreement.ts'
import { emptyBook, instant, type ModelBook, open } from './model-book.ts'
import { picture, runStep } from './model-steps.ts'
import { withChart } from './oracle.ts'
import type { Staged } from './stage.ts'
import type { Candidate, Step, StepResult, TransferRow } from './step.ts'

/** Counts what a run has met: refusal codes, accepted types, replays. */
export type Tally = Map<string, number>

export interface AgreeOptions {
  readonly engine: Candidate
  readonly oracle: Candidate
  readonly world: { moveTo(at: Instant): Promise<void> }
  /** Whether transfers between two other steps are sent at once. */
  readonly together: boolean
  readonly tally: Tally
}

/** How long the engine may take for one burst before it counts as hanging. */
const PATIENCE_MS = 20_000

/** Runs the history; throws with the whole of it when two candidates differ. */
export async function agree(staged: Staged, options: AgreeOptions): Promise<void> {
  const { engine, oracle, world, together, tally } = options
  const { openings, steps, accounts } = staged
  const begins = { engine: await engine.end(), oracle: await oracle.end() }
  const first = steps[0]?.clock ?? 0
  // Opening accounts is written too: time does not run back behind it.
  let book: ModelBook = { ...openings.map(withChart).reduce(open, emptyBook()), sealedAt: first }
  await world.moveTo(first)
  await Promise.all([engine, oracle].map((candidate) => candidate.open(openings, first)))
  const holds = holdIds(steps.map(({ step }) => step))
  const told: Told[] = []

  for (const asked of bursts(staged, together)) {
    const burst = { ...asked, steps: asked.steps.filter((step) => makesSense(step, book)) }
    if (burst.steps.length === 0) continue
    await world.moveTo(burst.clock)
    const scene = { clock: burst.clock, accounts, holds }
    const ran = await patiently(engine.run(burst.steps, scene), { staged, told, burst })
    const found = ran.results.map((result) => relativeResult(result, begins.engine.transfer))
    const order = findOrder(book, burst, found)
    if (order === undefined) {
      const expected = inOrder(book, burst)
      throw new Disagreement('engine', { staged, told, expected, found, steps: burst.steps })
    }
    book = order.book
    count(tally, order.told)
    told.push(...order.told)
    const ordered = order.told.map(({ step }) => step)
    const judged = await oracle.run(ordered, scene)
    const answers = judged.results.map((result) => relativeResult(result, begins.oracle.transfer))
    const expected = order.told.map(({ result }) => result)
    same(expected, answers, { candidate: 'oracle', staged, told, steps: ordered })
    const after = picture(book, accounts, holds)
    same(after, ran.picture, { candidate: 'engine', staged, told })
    same(after, judged.picture, { candidate: 'oracle', staged, told })
  }

  for (const candidate of [engine, oracle] as const) {
    const resting = await candidate.picture(accounts, holds)
    same(picture(book, accounts, holds), resting, { candidate: candidate.name, staged, told })
    const begin = candidate === engine ? begins.engine : begins.oracle
    const rows = (await candidate.rows(begin.transfer)).map((row) => relativeRow(row, begin))
    for (let at = 0; at < Math.max(book.rows.length, rows.length); at += 1) {
      same(book.rows[at], rows[at], { candidate: candidate.name, staged, told })
    }
  }
}

interface Burst {
  readonly steps: Step[]
  readonly clock: Instant
}

/** Transfers and commands that are sent at once; every other step stands alone. */
function bursts({ steps }: Staged, together: boolean): Burst[] {
  const all: Burst[] = []
  let open: Burst | undefined
  for (const { step, clock } of steps) {
    const bare = step.do === 'transfer' || step.do === 'command'
    if (bare && open !== undefined) open.steps.push(step)
    else {
      const burst = { steps: [step], clock }
      if (step.do !== 'clock') all.push(burst)
      open = bare && together ? burst : undefined
    }
  }
  return all
}

/**
 * What no caller may ask: a period opened again, a closed account changed, an account closed that
 * holds something, an ended hold pinned, a command that reverses what it books itself.
 */
function makesSense(step: Step, book: ModelBook): boolean {
  switch (step.do) {
    case 'change': {
      const account = book.accounts.get(step.account)
      if (account === undefined || account.state === 'closed') return false
      const net = account.debitsPosted - account.creditsPosted
      const empty = net === 0n && account.debitsPending + account.creditsPending === 0n
      return step.state !== 'closed' || empty
    }
    case 'close':
      return book.closedBefore === undefined || step.before > book.closedBefore
    case 'pin':
      return book.holds.get(step.hold)?.state === 'open'
    case 'command': {
      const own = step.transfers.map(({ id }) => id)
      return !step.transfers.some((each) => each.type === 'reverse' && own.includes(each.subject))
    }
    case 'transfer':
    case 'clock':
      return true
  }
}

// --- The order in which a burst was decided ---

interface Order {
  readonly book: ModelBook
  readonly told: readonly Told[]
}

/** An order of the burst in which the model gives exactly these answers. */
function findOrder(
  book: ModelBook,
  { steps, clock }: Burst,
  found: readonly StepResult[],
): Order | undefined {
  const search = (
    at: ModelBook,
    left: readonly number[],
    told: readonly Told[],
  ): Order | undefined => {
    if (left.length === 0) return { book: at, told }
    for (const index of left) {
      const step = steps[index]!
      const ran = runStep(at, step, instant(at, clock))
      if (!isDeepStrictEqual(ran.result, found[index])) continue
      const rest = left.filter((other) => other !== index)
      const order = search(ran.book, rest, [...told, { step, result: ran.result }])
      if (order !== undefined) return order
    }
    return undefined
  }
  return search(book, [...steps.keys()], [])
}

function inOrder(book: ModelBook, { steps, clock }: Burst): StepResult[] {
  let at = book
  return steps.map((step) => {
    const ran = runStep(at, step, instant(at, clock))
    at = ran.book
    return ran.result
  })
}

/** An engine that never answers is a disagreement too. */
async function patiently<T>(
  work: Promise<T>,
  place: { staged: Staged; told: readonly Told[]; burst: Burst },
): Promise<T> {
  const enough = new AbortController()
  const late = sleep(PATIENCE_MS, 'late' as const, { signal: enough.signal }).catch(
    () => 'late' as const,
  )
  const first = await Promise.race([work, late])
  enough.abort()
  if (first !== 'late') return first
  const { staged, told, burst } = place
  throw new Disagreement('engine', {
    staged,
    told,
    expected: 'an answer',
    found: `none for ${PATIENCE_MS} ms`,
    steps: burst.steps,
  })
}

function holdIds(steps: readonly Step[]): Uuid[] {
  const requests = steps.flatMap((step) => {
    if (step.do === 'transfer') return [step.request]
    return step.do === 'command' ? step.transfers : []
  })
  return [...new Set(requests.filter(({ type }) => type === 'hold').map(({ id }) => id))]
}

function count(tally: Tally, told: readonly Told[]): void {
  const add = (what: string) => tally.set(what, (tally.get(what) ?? 0) + 1)
  for (const { step, result } of told) {
    if (result.do === 'command') {
      add(`command ${result.status}`)
      if (result.status === 'refused') add(result.code)
    }
    if (result.do !== 'transfer' || step.do !== 'transfer') continue
    if (result.result.replayed) add(`${result.result.status} again`)
    else if (result.result.status === 'accepted') add(step.request.type)
    else add(result.result.code)
  }
}

// --- Comparing books that began at different places ---

function relativeResult(result: StepResult, begin: bigint): StepResult {
  if (result.do === 'transfer') return { do: 'transfer', result: relativeOne(result.result, begin) }
  if (result.do !== 'command' || result.status === 'refused') return result
  return { ...result, transfers: result.transfers.map((each) => relativeOne(each, begin)) }
}

function relativeOne<T extends { status: string }>(result: T, begin: bigint): T {
  if (!('number' in result) || typeof result.number !== 'bigint') return result
  return { ...result, number: result.number - begin }
}

function relativeRow(row: TransferRow, begin: { transfer: bigint; account: number }): TransferRow {
  const from = (number: bigint) => (number === 0n ? 0n : number - begin.transfer)
  return {
    ...row,
    number: from(row.number),
    debit: row.debit - begin.account,
    credit: row.credit - begin.account,
    debitPrev: from(row.debitPrev),
    creditPrev: from(row.creditPrev),
    subject: row.subject === undefined ? undefined : from(row.subject),
  }
}

interface Place {
  readonly candidate: string
  readonly staged: Staged
  readonly told: readonly Told[]
  readonly steps?: readonly Step[]
}

function same(expected: unknown, found: unknown, { candidate, ...place }: Place): void {
  if (isDeepStrictEqual(expected, found)) return
  throw new Disagreement(candidate, { ...place, expected, found })
}
