/** A ledger behind HTTP on a database of its own, for the tests of routes and of the client. */
import {
  type Answers,
  createHttp,
  createMetrics,
  findAnswer,
  type Guard,
  type Http,
  operatorOnly,
} from '../src/base/index.ts'
import {
  createReads,
  LEDGER_PROBLEMS,
  type LedgerOptions,
  ledgerFaults,
  ledgerRoutes,
  openLedger,
  type ServerLedger,
} from '../src/ledger/index.ts'
import { type TestDatabase, testDatabase } from './database.ts'
import { type TestWorld, testWorld } from './world.ts'

export interface LedgerServer {
  readonly url: string
  readonly http: Http
  readonly ledger: ServerLedger
  readonly world: TestWorld
  readonly database: TestDatabase
  /** Stops the server; drops the database when it is this server's own. */
  stop(): Promise<void>
}

/** Starts a server; on the database of another one it is that one's neighbour. */
export async function startLedgerServer(
  options: {
    database?: TestDatabase
    queueMax?: number
    seed?: number
    guard?: Guard
    isFrozen?: LedgerOptions['isFrozen']
  } = {},
): Promise<LedgerServer> {
  const database = options.database ?? (await testDatabase())
  const world = testWorld({ db: database.db, seed: options.seed ?? 1 })
  const port = await freePort()
  const ledger = await openLedger({
    world,
    ownUrl: `http://127.0.0.1:${port}`,
    partitionRows: 10_000,
    ...(options.queueMax !== undefined && { queueMax: options.queueMax }),
    ...(options.isFrozen && { isFrozen: options.isFrozen }),
  })
  const answers: Answers = { find: (book, keyHash) => findAnswer(database.db, book, keyHash) }
  const http = await createHttp({
    log: world.log,
    clock: world.clock,
    rng: world.rng,
    net: world.net,
    metrics: createMetrics(),
    answers,
    faults: [ledgerFaults(ledger)],
    guard: options.guard ?? operatorOnly(),
    refusals: LEDGER_PROBLEMS,
    routes: ledgerRoutes({ ledger, reads: createReads(database.db) }),
  })
  const { url } = await http.listen({ port })
  return {
    url,
    http,
    ledger,
    world,
    database,
    stop: async () => {
      await http.close()
      await ledger.close()
      if (options.database === undefined) await database.drop()
    },
  }
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}
