/**
 * `tenon pay --settle`: ends the running day of the rails that collect, as their nights would, and has
 * the platform read their files and the lines of its bank account at once.
 */
import type { RailName } from '../rails/names.ts'
import type { Sandbox } from '../start/sandbox-file.ts'
import { type Account, type Api, openApi, PayProblem, type Reading } from './api.ts'
import { readLines } from './payer.ts'
import { yuan } from './print.ts'

export const SETTLING = ['wechat-pay', 'alipay', 'unionpay'] as const satisfies readonly RailName[]

const HOUR_MS = 3_600_000
const SHANGHAI_MS = 8 * HOUR_MS

export interface Settling {
  readonly sandbox: Sandbox
  readonly rails: readonly RailName[]
  say(line: string): void
}

export interface Settled {
  readonly rail: RailName
  readonly date: string
  readonly rows: number
  /** Minor units. */
  readonly settled: bigint
}

/** Settles each rail's running day, and prints what came in and what is still under way. */
export async function settle({ sandbox, rails, say }: Settling): Promise<Settled[]> {
  const api = openApi(sandbox.api)
  const all: Settled[] = []
  for (const rail of rails) {
    for (const date of runningDays(rail, Date.now())) {
      const day = await settleDay(sandbox, api, { rail, date })
      if (day === undefined) {
        say(`${rail} has closed ${date} already; what came since is in the next day's file`)
        continue
      }
      all.push(day)
      const { rows, settled } = day
      say(`${rail} closes ${date}: ${rows} rows in its file, ${yuan(settled)} to our bank account`)
    }
  }
  const { lines = 0 } = await readLines(sandbox, api)
  say(`Our bank account has ${lines} new ${lines === 1 ? 'line' : 'lines'}.`)
  for (const line of await balances(api, sandbox.book)) say(line)
  return all
}

/** UnionPay's day ends at 23:00; then the one before and the one begun are both closed. */
export function runningDays(rail: RailName, now: number): string[] {
  const ends = rail === 'unionpay' ? HOUR_MS : 0
  return [...new Set([dateOf(now), dateOf(now + ends)])]
}

/** Closes a day and has its file taken; `undefined` when it was taken before. */
async function settleDay(
  sandbox: Sandbox,
  api: Api,
  { rail, date }: { readonly rail: RailName; readonly date: string },
): Promise<Settled | undefined> {
  const read = () =>
    api.post<Reading>(`/v1/channels/${rail}/readings`, { book: sandbox.book, date })
  const before = await read()
  if (before.file?.status === 'not_ready') {
    await openApi(sandbox.rails[rail]).post('/admin/close-day', { date })
  }
  const { file } = before.file?.status === 'not_ready' ? await read() : before
  if (file?.status === 'known') return undefined
  if (file?.status !== 'taken') {
    throw new PayProblem(`The file of ${rail} for ${date} is ${file?.status}: ${file?.says ?? ''}`)
  }
  return { rail, date, rows: file.rows ?? 0, settled: BigInt(file.settled ?? 0) }
}

const dateOf = (at: number) =>
  new Date(at + SHANGHAI_MS).toISOString().slice(0, 10).replaceAll('-', '')

/** What the book holds: its cash, and what is in transit with each channel. */
async function balances(api: Api, book: string): Promise<string[]> {
  const { data } = await api.get<{ data: Account[] }>(`/v1/accounts?book=${book}&limit=200`)
  const shown = data.filter(({ code }) => code === '1012.02' || code === '1221.01')
  const rows = await Promise.all(
    shown.map(async ({ id, code, name }) => {
      const { balances: held } = await api.get<
        Account & { balances: { posted: { amount: string } } }
      >(`/v1/accounts/${id}`)
      return `  ${`${code} ${name}`.padEnd(44)} ${yuan(held.posted.amount).padStart(16)}`
    }),
  )
  return ['In the book', ...rows]
}
