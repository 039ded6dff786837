/** Seeds one after another, each on a database of its own, and what they add up to. */
import pg from 'pg'
import { createDb, createLog, migrate } from '../../../server/src/base/index.ts'
import type { CodeSet } from '../../../server/src/codes/index.ts'
import { codesOfCheckout } from '../../../server/src/codes/testing/index.ts'
import { startThrowawayCluster } from '../../../server/testing/throwaway.ts'
import { RAIL_FAULTS, type RailFault } from '../../../simulators/channel/index.ts'
import { newRailKeys } from '../../rails/keys.ts'
import { type Finding, judge } from './judge.ts'
import { planOf } from './plan.ts'
import { playSeed } from './play.ts'
import { openStage } from './stage.ts'
import { struck } from './storm.ts'

export interface Figures {
  seeds: number
  payments: number
  kills: number
  stopped_senders: number
  woken_sent: number
  late_success: number
  exceptions: number
  pending_past_deadline: number
  doubled: number
  unmatched: number
  faults_by_kind: Record<RailFault, number>
  seconds: number
}

export interface RunOptions {
  readonly seeds: readonly number[]
  readonly stopWhenFound: boolean
  print(line: string): void
}

const TEMPLATE = 'tenon_template'
/** 2026-03-02 09:00 in Shanghai, a Monday. */
const START = Date.UTC(2026, 2, 2, 1)
const HOUR_MS = 3_600_000
/** Seeds played side by side: while one waits for the database, another computes. */
const AT_ONCE = 2
/** Lines of the log shown with a finding. */
const LINES_MOST = 20

export async function runSeeds(options: RunOptions): Promise<Figures> {
  const began = performance.now()
  const cluster = await startThrowawayCluster()
  const admin = new pg.Client(cluster.url)
  const figures = none()
  try {
    await admin.connect()
    await admin.query(`create database ${TEMPLATE}`)
    await migrate({ url: urlOf(cluster.url, TEMPLATE) })
    const keys = newRailKeys()
    const codes = codesOfCheckout()
    const left = [...options.seeds]
    const line = async () => {
      for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
        const name = `seed_${seed}`
        await admin.query(`create database ${name} template ${TEMPLATE}`)
        const before = performance.now()
        const found = await oneSeed(figures, { seed, url: urlOf(cluster.url, name), keys, codes })
        await admin.query(`drop database ${name} with (force)`)
        const tookMs = Math.round(performance.now() - before)
        const { payments, kills } = figures
        options.print(`seed ${seed}: ${tookMs} ms; ${payments} payments, ${kills} kills so far`)
        for (const { kind, says } of found.findings) options.print(`  ${kind}: ${says}`)
        if (found.findings.length === 0) continue
        for (const said of found.lines.slice(0, LINES_MOST)) options.print(`  log: ${said.trim()}`)
        if (options.stopWhenFound) left.length = 0
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, line))
  } finally {
    await admin.end().catch(() => undefined)
    await cluster.stop()
  }
  figures.seconds = Math.round((performance.now() - began) / 1000)
  return figures
}

/** Whether a figure that must be zero is not. */
export function isFound(figures: Figures): boolean {
  const { pending_past_deadline, doubled, unmatched, woken_sent } = figures
  return pending_past_deadline + doubled + unmatched + woken_sent > 0
}

interface SeedEnd {
  readonly findings: readonly Finding[]
  /** What the platform logged as errors. */
  readonly lines: readonly string[]
}

interface Seed {
  readonly seed: number
  readonly url: string
  readonly keys: ReturnType<typeof newRailKeys>
  readonly codes: CodeSet
}

async function oneSeed(figures: Figures, { seed, url, keys, codes }: Seed): Promise<SeedEnd> {
  const db = createDb({ url, applicationName: 'chaos', checkoutMs: 10_000 })
  const start = START + (seed % 10) * HOUR_MS
  const lines: string[] = []
  const log = createLog({ level: 'error', plain: true, write: (line) => note(lines, line) })
  const stage = await openStage({ db, seed, start, keys, codes, log })
  try {
    const played = await playSeed(stage, planOf(seed))
    const judged = await judge(stage)
    figures.seeds += 1
    figures.payments += played.payments
    figures.kills += stage.kills
    figures.stopped_senders += played.stopped
    figures.woken_sent += played.wokenSent
    figures.late_success += judged.lateSuccess
    figures.exceptions += judged.exceptions
    for (const { kind } of judged.findings) figures[kind] += 1
    for (const [fault, times] of Object.entries(struck(stage))) {
      figures.faults_by_kind[fault as RailFault] += times
    }
    return { findings: judged.findings, lines }
  } finally {
    await stage.close()
    await db.close()
  }
}

/** What a killed platform complains of is no news. */
function note(lines: string[], line: string): void {
  if (!line.includes('the platform was killed')) lines.push(line)
}

function none(): Figures {
  const faults = Object.fromEntries(RAIL_FAULTS.map((fault) => [fault, 0]))
  return {
    ...{ seeds: 0, payments: 0, kills: 0, stopped_senders: 0, woken_sent: 0, late_success: 0 },
    ...{ exceptions: 0, pending_past_deadline: 0, doubled: 0, unmatched: 0, seconds: 0 },
    faults_by_kind: faults as Record<RailFault, number>,
  }
}

function urlOf(cluster: string, database: string): string {
  const url = new URL(cluster)
  url.pathname = `/${database}`
  return url.href
}
