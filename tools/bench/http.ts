/**
 * `npm run bench -- http`: what a transfer costs from the wire to the disk and back, beside a route
 * that does nothing with the same body, and beside the floor. Server and load generator are two
 * processes; together with PostgreSQL they share the machine's cores.
 */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import autocannon from 'autocannon'
import pg from 'pg'
import { one, runSql } from './database.ts'
import { accountId, BOOK, fillLedger, sealRest } from './engine.ts'
import { type Figure, figure, number, rounded, show, table } from './figures.ts'
import { FLOOR_TABLE, floor } from './floor.ts'
import type { Bench } from './main.ts'
import { column, type Design, type Measurements, of, ratio } from './measure.ts'
import { ACCOUNTS, pairs } from './plan.ts'
import { processTime } from './processor-time.ts'
import { RandomPool } from './random-pool.ts'
import { measureSideBySide, type Repeats, sideBySideOptions, termsOf } from './side-by-side.ts'

const PROGRAM = fileURLToPath(new URL('./http-server.ts', import.meta.url))

interface Load {
  readonly name: string
  readonly path: string
  readonly connections: number
  /** Transfers in one request. */
  readonly transfers: number
  /** Whether what is answered must be in the ledger. */
  readonly booked: boolean
}

const LOADS: readonly Load[] = [
  { name: 'noop', path: '/bench/noop', connections: 64, transfers: 1, booked: false },
  { name: 'single', path: '/v1/transfers', connections: 64, transfers: 1, booked: true },
  { name: 'batch100', path: '/v1/transfers', connections: 16, transfers: 100, booked: true },
]

const RATIOS = [
  ['single_vs_noop', 'single', 'noop', 0.2],
  ['batch100_vs_floor', 'batch100', 'floor', 0.1],
] as const

const REPEATS: Repeats = [5, 2]

export const httpBench: Bench = {
  says: 'Transfers over HTTP beside a route that does nothing, and beside the floor.',
  options: sideBySideOptions(REPEATS),
  run: async (options, print) => {
    const terms = termsOf(options, REPEATS)
    const { found, says } = await measureSideBySide({
      ...{ designs: [floor, ...LOADS.map(design)], terms },
      fill: async (url) => {
        await fillLedger(url)
        await runSql(url, FLOOR_TABLE)
      },
    })
    print(says)
    print('')
    print(ratesTable(found))
    print('')
    print(ratiosTable(found))
    return { ...terms, ...figures(found) }
  },
}

function design(load: Load): Design {
  return {
    name: load.name,
    open: async (url) => {
      const server = await startServer(url)
      const client = new pg.Client({ connectionString: url })
      await client.connect()
      const rows = async () =>
        Number(await one<string>(client, 'select count(*) as value from ledger.transfer'))
      const before = await rows()
      return {
        load: async (seconds) => {
          const used = processTime(server.pid) ?? 0
          const result = await fire(server.address, load, seconds)
          if (load.booked) await sealRest(client)
          return {
            count: result['2xx'] * load.transfers,
            latencies: [result.latency.p50, result.latency.p99],
            otherCpu: (processTime(server.pid) ?? 0) - used,
          }
        },
        check: async ({ count }) => {
          // Requests under way when the time was over are booked, and counted by nobody.
          const most = load.connections * load.transfers
          const extra = (await rows()) - before - (load.booked ? count : 0)
          if (extra < 0 || extra > (load.booked ? most : 0)) {
            throw new Error(`${load.name}: ${count} answered, ${count + extra} booked`)
          }
        },
        close: async () => {
          await client.end()
          await server.stop()
        },
      }
    },
  }
}

async function fire(address: string, load: Load, seconds: number) {
  const pool = new RandomPool()
  const next = pairs('uniform')
  const ids = Array.from({ length: ACCOUNTS }, (_, i) => `acc_${BOOK}_${accountId(i + 1)}`)
  const one = () => {
    const [debit, credit] = next()
    return (
      `{"type":"post","id":"tr_${BOOK}_${pool.hex()}","debit_account":"${ids[debit - 1]}",` +
      `"credit_account":"${ids[credit - 1]}","amount":{"amount":"1","currency":"CNY"}}`
    )
  }
  const body =
    load.transfers === 1
      ? one
      : () => `{"transfers":[${Array.from({ length: load.transfers }, one).join(',')}]}`
  const result = await autocannon({
    url: address,
    connections: load.connections,
    duration: seconds,
    requests: [
      {
        method: 'POST',
        path: load.path,
        headers: { 'content-type': 'application/json' },
        setupRequest: (request) => ({ ...request, body: body() }),
      },
    ],
  })
  const { non2xx, errors, timeouts } = result
  if (non2xx + errors + timeouts > 0) {
    throw new Error(`${load.name}: ${non2xx} refused, ${errors} errors, ${timeouts} timeouts`)
  }
  return result
}

interface Server {
  readonly pid: number
  readonly address: string
  stop(): Promise<void>
}

async function startServer(url: string): Promise<Server> {
  const child = fork(PROGRAM, [url], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const heard = () =>
    new Promise<unknown>((resolve, reject) => {
      child.once('message', resolve)
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
    })
  const { address } = (await heard()) as { address: string }
  return {
    pid: child.pid!,
    address,
    stop: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

function ratesTable(found: Measurements): string {
  const cpu = (value: Figure | undefined) => (value === undefined ? 'not known' : show(value, 1))
  return table([
    ['design', 'per second', 'CPU µs PostgreSQL', 'CPU µs Node, both', 'p50 ms', 'p99 ms'],
    ...['floor', ...LOADS.map(({ name }) => name)].map((name) => [
      name,
      show(column(found, name, (one) => one.perSecond)!),
      cpu(column(found, name, (one) => one.postgresCpu)),
      cpu(column(found, name, (one) => one.nodeCpu)),
      ...(name === 'floor' ? ['', ''] : [0, 1].map((at) => show(latency(found, name, at)))),
    ]),
  ])
}

/** p50 (`at` 0) or p99 (`at` 1) of a design's requests. */
function latency(found: Measurements, name: string, at: number): Figure {
  return figure(of(found, name).map(({ latencies }) => latencies[at]!))
}

function ratiosTable(found: Measurements): string {
  return table([
    ['figure', 'measured', 'gate', ''],
    ...RATIOS.map(([name, above, below, gate]) => {
      const value = ratio(found, above, below)
      const reached = value.median >= gate ? 'reached' : 'MISSED'
      return [name, show(value, 3), `≥ ${number(gate, 2)}`, reached]
    }),
    ['p99_ms_single', show(latency(found, 'single', 1)), '', ''],
  ])
}

function figures(found: Measurements): Record<string, number> {
  const rates = ['floor', ...LOADS.map(({ name }) => name)].map((name) => {
    return [`${name}_per_s`, Math.round(column(found, name, (one) => one.perSecond)!.median)]
  })
  return Object.fromEntries([
    ...RATIOS.map(([name, above, below]) => [name, rounded(ratio(found, above, below).median)]),
    ['p99_ms_single', latency(found, 'single', 1).median],
    ['p50_ms_single', latency(found, 'single', 0).median],
    ['p99_ms_batch100', latency(found, 'batch100', 1).median],
    ...rates,
  ])
}
