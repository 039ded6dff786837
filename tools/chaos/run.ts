/**
 * One chaos run: rounds of load, fault, recovery, and judgement. Whatever happens to the processes,
 * the callers' journal and the ledger have to agree afterwards.
 */
import pg from 'pg'
import { clientConfig, createDb, migrate } from '../../server/src/base/index.ts'
import { type Balance, openLedger, verifyBook } from '../../server/src/ledger/index.ts'
import { percentile } from '../bench/figures.ts'
import { realWorld } from '../real-world.ts'
import { judge, newVerdict, type Verdict } from './check.ts'
import { Clients } from './clients.ts'
import { type ChaosCluster, startCluster } from './cluster.ts'
import { pause, type Stage, strike } from './faults.ts'
import { type Host, startHost } from './host.ts'
import { Journal } from './journal.ts'
import { CHAOS_BOOK, CHAOS_TABLES } from './messages.ts'
import {
  CUSTOMER_FUNDING,
  chaosId,
  customers,
  type Fault,
  faultPlan,
  type Round,
  SOURCE,
  Workload,
} from './plan.ts'

export interface RunOptions {
  readonly rounds: number
  readonly seed: number
  readonly callers: number
  readonly faults: readonly Fault[]
  /** Ends after the first round that finds something: for planted faults. */
  readonly stopWhenFound: boolean
  /** What each round must have accepted before its load ends. */
  readonly acksPerRound: number
  /** How long nothing may be accepted after a fault, and how long the last answers may take. */
  readonly patienceMs: number
  readonly print: (line: string) => void
}

export interface RunFigures {
  readonly rounds: number
  readonly acked: number
  readonly refused: number
  readonly kills_mid_batch: number
  readonly unknowns_resolved: number
  readonly lost: number
  readonly doubled: number
  readonly wrong_balances: number
  readonly torn: number
  readonly wrong_answers: number
  /** Rounds after which `tenon ledger verify` named a wrong row. */
  readonly verify_failed: number
  readonly recovery_ms_p50: number
  readonly recovery_ms_p99: number
  /** Why the run ended before its time; absent when it did not. */
  readonly stuck?: string
}

/** How long a host may take to start or to answer. */
const HOST_MS = 30_000

/** Runs all rounds. Findings are counted, not thrown; only a broken harness rejects. */
export async function runChaos(options: RunOptions): Promise<RunFigures> {
  const { print, rounds, seed, callers, faults } = options
  const plan = faultPlan(rounds, seed, faults)
  print(`seed ${seed}, ${callers} callers; the plan by round:`)
  for (const [i, { fault, loadMs, delayMs }] of plan.entries()) {
    print(`  ${i + 1}. after ${loadMs} ms of load ${fault}, ${delayMs} ms into a batch`)
  }
  const cluster = await startCluster(print)
  const play = new Play(cluster, options)
  try {
    await fill(cluster.url())
    await play.begin()
    for (const [i, round] of plan.entries()) {
      await play.round(round, `${i + 1}/${rounds} ${round.fault}`)
      if (play.over) break
    }
    return play.figures()
  } finally {
    await play.end()
    await cluster.stop()
  }
}

/** Migrates and opens one book with funded customers. */
async function fill(url: string): Promise<void> {
  await migrate({ url })
  const world = realWorld({ url })
  const ledger = await openLedger({ world })
  try {
    await world.db.query(CHAOS_TABLES)
    const book = await ledger.createBook({
      orgId: 1,
      name: 'chaos',
      currency: 'CNY',
      chart: 'plain',
    })
    if (book.number !== CHAOS_BOOK) throw new Error(`the first book has number ${book.number}`)
    const result = await ledger.writer(CHAOS_BOOK).submit({
      roots: [],
      open: [
        { id: SOURCE, code: 'A-open', name: 'Source' },
        ...customers.map((id, n) => ({ id, code: 'L', name: `Customer ${n}` })),
      ],
      transfers: [
        {
          type: 'post',
          id: FUNDING,
          legs: customers.map((credit) => ({ debit: SOURCE, credit, amount: CUSTOMER_FUNDING })),
        },
      ],
    })
    if (result.status !== 'committed') throw new Error(`not funded: ${JSON.stringify(result)}`)
  } finally {
    await ledger.close()
    await world.db.close()
  }
}

const FUNDING = chaosId('funding')

class Play {
  readonly #journal = new Journal()
  readonly #recoveries: number[] = []
  readonly #options: RunOptions
  readonly #cluster: ChaosCluster
  readonly #hosts = new Set<Host>()
  #stage!: Stage
  #verdict: Verdict = newVerdict()
  #kills = 0
  #verifyFailed = 0
  #rounds = 0
  #stuck: string | undefined
  #started = 0

  constructor(cluster: ChaosCluster, options: RunOptions) {
    this.#cluster = cluster
    this.#options = options
  }

  /** Whether the run has seen enough: stuck, or a planted fault found. */
  get over(): boolean {
    const { lost, doubled, wrongBalances, torn, wrongAnswers } = this.#verdict
    const found = lost + doubled + wrongBalances + torn + wrongAnswers + this.#verifyFailed > 0
    return this.#stuck !== undefined || (found && this.#options.stopWhenFound)
  }

  async begin(): Promise<void> {
    const owner = await this.#host()
    await owner.owning(AbortSignal.timeout(HOST_MS))
    const standby = await this.#host()
    const clients = new Clients({
      journal: this.#journal,
      workload: new Workload(this.#options.seed),
      callers: this.#options.callers,
    })
    this.#stage = {
      cluster: this.#cluster,
      clients,
      owner,
      standby,
      replace: async (host) => {
        await this.#dispose(host)
        return this.#host()
      },
    }
  }

  /** One round; a ledger that does not come back ends the run with `stuck`. */
  async round(round: Round, title: string): Promise<void> {
    const { print, patienceMs } = this.#options
    const stage = this.#stage
    const { clients } = stage
    await this.#findOwner()
    clients.sendTo(stage.owner, stage.standby)
    const atFirst = this.#journal.count('accepted')
    clients.start()
    await pause(round.loadMs)
    const before = this.#journal.count('accepted')
    try {
      const struck = await strike(stage, round)
      if (round.fault.startsWith('kill_') && struck.inFlight > 0) this.#kills += 1
      const recovered = await clients.acceptedAfter(struck.at, patienceMs)
      this.#recoveries.push(recovered - struck.at)
      await this.#enough(atFirst)
      await clients.drain(AbortSignal.timeout(patienceMs))
      this.#rounds += 1
      await this.#findOwner()
      this.#verdict = await this.#judge()
      const acked = this.#journal.count('accepted')
      print(
        `round ${title}: ${struck.inFlight} in flight, back after ` +
          `${Math.round(recovered - struck.at)} ms, ${acked} accepted so far ` +
          `(${acked - before} since the fault), ${this.#journal.unknownsResolved} unknowns ` +
          `resolved; ${words(this.#verdict)}`,
      )
      for (const finding of this.#verdict.findings) print(`  ${finding}`)
    } catch (error) {
      this.#stuck = `round ${title}: ${error instanceof Error ? error.message : String(error)}`
      print(this.#stuck)
      this.#verdict = await this.#judge().catch(() => this.#verdict)
      for (const finding of this.#verdict.findings) print(`  ${finding}`)
    }
  }

  figures(): RunFigures {
    const { lost, doubled, wrongBalances, torn, wrongAnswers } = this.#verdict
    const recoveries = this.#recoveries.length === 0 ? [0] : this.#recoveries
    return {
      rounds: this.#rounds,
      acked: this.#journal.count('accepted'),
      refused: this.#journal.count('refused'),
      kills_mid_batch: this.#kills,
      unknowns_resolved: this.#journal.unknownsResolved,
      lost,
      doubled,
      wrong_balances: wrongBalances,
      torn,
      wrong_answers: wrongAnswers,
      verify_failed: this.#verifyFailed,
      recovery_ms_p50: Math.round(percentile(recoveries, 0.5)),
      recovery_ms_p99: Math.round(percentile(recoveries, 0.99)),
      ...(this.#stuck === undefined ? {} : { stuck: this.#stuck }),
    }
  }

  async end(): Promise<void> {
    this.#stage?.clients.abandon()
    await Promise.all([...this.#hosts].map((host) => this.#dispose(host)))
  }

  async #host(): Promise<Host> {
    this.#started += 1
    const host = await startHost(`server ${this.#started}`, this.#cluster, {
      answer: (from, n, answer) => this.#stage.clients.answered(from, n, answer),
      gone: (from) => this.#stage?.clients.lost(from),
    })
    this.#hosts.add(host)
    return host
  }

  async #dispose(host: Host): Promise<void> {
    this.#hosts.delete(host)
    await host.dispose()
  }

  async #judge(): Promise<Verdict> {
    const client = new pg.Client(clientConfig(this.#cluster.url()))
    client.on('error', () => undefined)
    await client.connect()
    try {
      const verdict = await judge({
        client,
        entries: this.#journal.entries,
        known: new Set([FUNDING]),
        inMemory: await this.#inMemory(),
      })
      await this.#verify(verdict)
      return verdict
    } finally {
      await client.end()
    }
  }

  /** The ledger's own verification has to agree. */
  async #verify(verdict: Verdict): Promise<void> {
    const db = createDb({ url: this.#cluster.url(), max: 1, checkoutMs: HOST_MS })
    try {
      const { wrong } = await verifyBook(db, CHAOS_BOOK)
      if (wrong === undefined) return
      this.#verifyFailed += 1
      verdict.findings.unshift(
        `verify: ${wrong.table} ${wrong.number} ${wrong.field}: expected ${wrong.expected}`,
      )
    } finally {
      await db.close()
    }
  }

  /** Load goes on until the round has had its share. */
  async #enough(atFirst: number): Promise<void> {
    const { acksPerRound, patienceMs } = this.#options
    const late = performance.now() + patienceMs
    while (this.#journal.count('accepted') < atFirst + acksPerRound) {
      if (performance.now() > late) throw new Error(`fewer than ${acksPerRound} accepted in time`)
      await pause(50)
    }
  }

  /** After PostgreSQL was killed either host may have been the quicker one. */
  async #findOwner(): Promise<void> {
    const stage = this.#stage
    const late = performance.now() + HOST_MS
    while (!(await stage.owner.owns())) {
      if (performance.now() > late) throw new Error('no host writes the book')
      const { owner, standby } = stage
      stage.owner = standby
      stage.standby = owner
      await pause(20)
    }
  }

  async #inMemory(): Promise<Map<string, Balance>> {
    const ids = [SOURCE, ...customers]
    const balances = await this.#stage.owner.balances(ids, AbortSignal.timeout(HOST_MS))
    const known = new Map<string, Balance>()
    for (const [i, id] of ids.entries()) {
      const balance = balances[i]
      if (balance !== undefined) known.set(id, balance)
    }
    return known
  }
}

function words({ lost, doubled, wrongBalances, torn, wrongAnswers }: Verdict): string {
  return (
    `${lost} lost, ${doubled} doubled, ${wrongBalances} wrong balances, ${torn} torn, ` +
    `${wrongAnswers} wrong answers`
  )
}
