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

const DAY_MS = 86_400_000
const SHANGHAI_MS = 8 * 3_600_000
/** A rail whose days were closed ahead counts on; so many days are looked at. */
const DAYS_AHEAD = 30

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
    const day = await settleRail(sandbox, api, rail)
    all.push(day)
    const { date, rows, settled } = day
    say(`${rail} closes ${date}: ${rows} rows in its file, ${yuan(settled)} to our bank account`)
  }
  const { lines = 0 } = await readLines(sandbox, api)
  say(`Our bank account has ${lines} new ${lines === 1 ? 'line' : 'lines'}.`)
  for (const line of await balances(api, sandbox.book)) say(line)
  return all
}

/** Closes the first day that the platform has not read yet; a day may have been closed before it ended. */
async function settleRail(sandbox: Sandbox, api: Api, rail: RailName): Promise<Settled> {
  const admin = openApi(sandbox.rails[rail])
  for (let ahead = 0; ahead < DAYS_AHEAD; ahead += 1) {
    const date = dateOf(Date.now() + ahead * DAY_MS)
    const read = () =>
      api.post<Reading>(`/v1/channels/${rail}/readings`, { book: sandbox.book, date })
    const before = await read()
    if (before.file?.status === 'known') continue
    if (before.file?.status === 'not_ready') await admin.post('/admin/close-day', { date })
    const { file } = before.file?.status === 'not_ready' ? await read() : before
    if (file?.status !== 'taken') {
      throw new PayProblem(
        `The file of ${rail} for ${date} is ${file?.status}: ${file?.says ?? ''}`,
      )
    }
    // UnionPay's day ends at 23:00: what came after it is in the next one's file.
    const isEmpty = file.rows === 0 && ahead === 0
    if (isEmpty) continue
    return { rail, date, rows: file.rows ?? 0, settled: BigInt(file.settled ?? 0) }
  }
  throw new PayProblem(`The next ${DAYS_AHEAD} days of ${rail} are closed already.`)
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
