/**
 * Runs one staged history through all candidates and stops at the first thing they disagree on:
 * an answer, a balance, a hold, or a row. The model runs first, because it also says which steps
 * are in the rules at all; what a caller may not ask is left out for everyone.
 *
 * The books went different ways before, so numbers are compared from where this history began.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Instant, Uuid } from '#base'
import type { Staged } from './commands.ts'
import type { ModelBook } from './model.ts'
import { openModel } from './model-candidate.ts'
import type { Candidate, Picture, Step, StepResult, TransferRow } from './step.ts'

/** Steps that are sent at once, to be answered one by one. */
interface Burst {
  readonly steps: Step[]
  readonly clock: Instant
  readonly results: StepResult[]
  picture: Picture
}

/** Counts what a run has met: refusal codes, accepted types, replays. */
export type Tally = Map<string, number>

/** Runs the history; throws with the whole of it when two candidates differ. */
export async function agree(
  candidates: readonly Candidate[],
  staged: Staged,
  options: { together: boolean; tally: Tally; world?: { moveTo(at: Instant): void } },
): Promise<void> {
  const { openings, steps, accounts } = staged
  const begins = await Promise.all(candidates.map((candidate) => candidate.end()))
  const model = openModel({ transfer: 0n, account: 0 })
  const first = steps[0]?.clock ?? 0
  options.world?.moveTo(first)
  await Promise.all([model, ...candidates].map((candidate) => candidate.open(openings, first)))
  const holds = holdIds(steps.map(({ step }) => step))
  const bursts = await runModel(model, staged, { holds, ...options })

  for (const burst of bursts) {
    options.world?.moveTo(burst.clock)
    const ran = await Promise.all(
      candidates.map(async (candidate) => ({
        results: await candidate.run(burst.steps, burst.clock),
        picture: await candidate.picture(accounts, holds),
      })),
    )
    for (const [at, candidate] of candidates.entries()) {
      const begin = begins[at]!
      const results = ran[at]!.results.map((result) => relativeResult(result, begin.transfer))
      const place = { staged, bursts, candidate: candidate.name, burst }
      for (const [step, expected] of burst.results.entries()) {
        same(expected, results[step], { ...place, step, what: 'answer' })
      }
      same(burst.picture, ran[at]!.picture, { ...place, what: 'balances and holds after it' })
    }
  }

  const expected = await model.rows(0n)
  for (const [at, candidate] of candidates.entries()) {
    const begin = begins[at]!
    const rows = await candidate.rows(begin.transfer)
    const relative = rows.map((row) => relativeRow(row, begin))
    const place = { staged, bursts, candidate: candidate.name, what: 'rows' }
    for (let row = 0; row < Math.max(expected.length, relative.length); row += 1) {
      same(expected[row], relative[row], place)
    }
  }
}

/** The model's answers, cut where the clock moves, or after each step. */
async function runModel(
  model: ReturnType<typeof openModel>,
  { steps, accounts }: Staged,
  options: { together: boolean; tally: Tally; holds: readonly Uuid[] },
): Promise<Burst[]> {
  const bursts: Burst[] = []
  for (const { step, clock } of steps) {
    if (step.do === 'clock' || !makesSense(step, model.book())) continue
    const results = await model.run([step], clock)
    count(options.tally, step, results)
    const picture = await model.picture(accounts, options.holds)
    const last = bursts.at(-1)
    if (options.together && last !== undefined && last.clock === clock) {
      last.steps.push(step)
      last.results.push(...results)
      last.picture = picture
    } else {
      bursts.push({ steps: [step], clock, results, picture })
    }
  }
  return bursts
}

/** What no caller may ask: a period opened again, a closed account changed, an ended hold pinned. */
function makesSense(step: Step, book: ModelBook): boolean {
  switch (step.do) {
    case 'change':
      return book.accounts.get(step.account)?.state !== 'closed'
    case 'close':
      return book.closedBefore === undefined || step.before > book.closedBefore
    case 'pin':
      return book.holds.get(step.hold)?.state === 'open'
    default:
      return true
  }
}

function holdIds(steps: readonly Step[]): Uuid[] {
  const requests = steps.flatMap((step) => {
    if (step.do === 'transfer') return [step.request]
    return step.do === 'command' ? step.transfers : []
  })
  return [...new Set(requests.filter(({ type }) => type === 'hold').map(({ id }) => id))]
}

function count(tally: Tally, step: Step, results: readonly StepResult[]): void {
  const add = (what: string) => tally.set(what, (tally.get(what) ?? 0) + 1)
  for (const result of results) {
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

// --- Saying what was wrong ---

interface Place {
  readonly staged: Staged
  readonly bursts: readonly Burst[]
  readonly candidate: string
  readonly what: string
  readonly burst?: Burst
  readonly step?: number
}

function same(expected: unknown, found: unknown, place: Place): void {
  if (isDeepStrictEqual(expected, found)) return
  const { staged, bursts, candidate, what, burst } = place
  const at = burst?.steps[place.step ?? burst.steps.length - 1]
  const lines = bursts.flatMap(({ steps, results }) =>
    steps.map((step, n) => {
      const mark = step === at ? '>' : ' '
      return `${mark} ${show(step, staged)}  →  ${show(results[n], staged)}`
    }),
  )
  throw new Error(
    [
      `The ${candidate} and the model differ: ${what}.`,
      `  model:  ${show(expected, staged)}`,
      `  ${candidate}: ${show(found, staged)}`,
      "The history and the model's answers:",
      ...lines,
    ].join('\n'),
  )
}

/** Anything as one line in which ids carry their short names. */
export function show(value: unknown, { names }: Pick<Staged, 'names'>): string {
  const plain = (_: string, item: unknown) => {
    if (typeof item === 'bigint') return `${item}n`
    return typeof item === 'string' ? (names.get(item) ?? item) : item
  }
  return (JSON.stringify(value, plain) ?? 'nothing').replaceAll('"', '')
}
