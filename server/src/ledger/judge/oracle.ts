/**
 * The oracle: the ledger decided by ordinary SQL on the ledger's own tables, for a book of its own
 * beside the engine's. The rules stand in `oracle.sql`; here is only the way in and out.
 *
 * Each request is one call and one database tx of its own, so the oracle is slow, and that is its
 * worth: it shares no line and no memory with the writer it judges.
 */
import { readFile } from 'node:fs/promises'
import type { Db, Instant, Uuid } from '#base'
import type { AccountOpening } from '../account.ts'
import { CHARTS } from '../charts.ts'
import type { TransferResult } from '../command.ts'
import type { RefusalCode } from '../refusals.ts'
import { readEnd, readPicture, readRows } from './read-rows.ts'
import type { Candidate, HoldPicture, Picture, Step, StepResult } from './step.ts'

/** Creates the functions in the schema `judge`; once for a database. */
export async function installOracle(db: Db): Promise<void> {
  await db.query(await readFile(new URL('oracle.sql', import.meta.url), 'utf8'))
}

/** Opens book number `book` of the chart `plain`, which no writer may own, and answers for it. */
export async function openOracle(db: Db, book: number, at: Instant): Promise<Candidate> {
  await db.query('select judge.open_book($1, $2, $3)', [book, 'plain', new Date(at)])
  return {
    name: 'oracle',
    open: async (accounts, clock) => {
      const openings = json(accounts.map(withChart))
      await db.query('select judge.open_accounts($1, $2, $3), judge.seal($1, $3)', [
        book,
        openings,
        new Date(clock),
      ])
    },
    run: async (steps, scene) => {
      const results: StepResult[] = []
      let seen: PictureRow | undefined
      for (const step of steps) {
        const ran = await run(db, { book, step, ...scene })
        results.push(ran.result)
        seen = ran.picture
      }
      return { results, picture: picture(seen) }
    },
    picture: (accounts, holds) => readPicture(db, book, { accounts, holds }),
    rows: (after) => readRows(db, book, after),
    end: () => readEnd(db, book),
  }
}

/** An opening with the side and limit its chart code gives. */
export function withChart(opening: AccountOpening) {
  const row = CHARTS.plain?.find(({ code }) => code === opening.code)
  if (row === undefined) throw new Error(`the chart "plain" has no code ${opening.code}`)
  const creditLimit = opening.creditLimit === undefined ? row.creditLimit : opening.creditLimit
  return { ...opening, side: row.side, creditLimit }
}

interface Answer {
  status: 'accepted' | 'refused'
  replayed: boolean
  number: string
  bookedAt: string
  code: RefusalCode
  /** Which transfer of the command was refused. */
  at: number
}

interface Scene {
  readonly book: number
  readonly step: Step
  readonly clock: Instant
  readonly accounts: readonly Uuid[]
  readonly holds: readonly Uuid[]
}

/** One call: the step in a tx of its own, and the picture after it. */
async function run(
  db: Db,
  { book, step, clock, accounts, holds }: Scene,
): Promise<{ result: StepResult; picture: PictureRow | undefined }> {
  const [row] = await db.query<{ answers: Answer[]; picture: PictureRow }>(
    'select judge.step($1, $2, $3) as answers, judge.picture($1, $4, $5) as picture',
    [book, json(step), new Date(clock), accounts, holds],
  )
  return { result: stepResult(step, row?.answers ?? []), picture: row?.picture }
}

function stepResult(step: Step, answers: readonly Answer[]): StepResult {
  const results = answers.map(result)
  if (step.do === 'transfer') return { do: 'transfer', result: results[0]! }
  if (step.do !== 'command') return { do: 'done' }
  const [first] = answers
  if (first?.status === 'refused') {
    return { do: 'command', status: 'refused', code: first.code, transfer: first.at }
  }
  const replayed = results.every((each) => each.replayed)
  return { do: 'command', status: replayed ? 'replayed' : 'committed', transfers: results }
}

function result(answer: Answer): TransferResult {
  const { status, replayed } = answer
  if (status === 'refused') return { status, replayed, code: answer.code }
  return {
    status,
    replayed,
    number: BigInt(answer.number),
    bookedAt: Number(answer.bookedAt),
  }
}

interface PictureRow {
  balances: [string, string, string, string][]
  holds: [Uuid, string, HoldPicture['state'], boolean][]
}

function picture(row: PictureRow | undefined): Picture {
  if (row === undefined) throw new Error('the oracle ran no step')
  return {
    balances: row.balances.map((sums) => ({
      debitsPosted: BigInt(sums[0]),
      creditsPosted: BigInt(sums[1]),
      debitsPending: BigInt(sums[2]),
      creditsPending: BigInt(sums[3]),
    })),
    holds: row.holds.map(([id, remaining, state, pinned]) => ({
      id,
      remaining: BigInt(remaining),
      state,
      pinned,
    })),
  }
}

/** Amounts, limits and instants as text: they pass JSON without losing a digit. */
function json(value: unknown): string {
  const asText = (_: string, item: unknown) =>
    typeof item === 'bigint' || typeof item === 'number' ? String(item) : item
  return JSON.stringify(value, asText)
}
