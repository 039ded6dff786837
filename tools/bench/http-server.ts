/**
 * The server of the HTTP bench, a process of its own: the ledger's routes as they are served, and
 * beside them one that takes the same body, checks it by the same contract, and does nothing.
 *
 * Argument: the url of the database.
 */
import {
  createHttp,
  createLog,
  createMetrics,
  findAnswer,
  operatorOnly,
  type Route,
} from '../../server/src/base/index.ts'
import { createReads, ledgerRoutes } from '../../server/src/ledger/index.ts'
import { BOOK, openEngine } from './engine.ts'

const url = process.argv[2]!
const { ledger, world } = await openEngine(url)
const routes = ledgerRoutes({ ledger, reads: createReads(world.db) })
const created = routes.find(({ method, path }) => method === 'POST' && path === '/v1/transfers')
if (created === undefined) throw new Error('the ledger has no route POST /v1/transfers')

/** What the real route answers to a single transfer, byte for byte as long. */
const ANSWER = {
  id: `tr_${BOOK}_00000000000000000000000000000000`,
  type: 'post',
  status: 'accepted',
  replayed: false,
  number: '1234567',
  booked_at: '2026-01-01T00:00:00.000Z',
}
const noop: Route = {
  ...created,
  path: '/bench/noop',
  name: 'benchNoop',
  summary: 'Checks the body and answers.',
  handle: () => ({ status: 201, body: ANSWER }),
}

const http = await createHttp({
  log: createLog({ level: 'error' }),
  clock: world.clock,
  rng: world.rng,
  net: world.net,
  metrics: createMetrics(),
  answers: { find: (book, keyHash) => findAnswer(world.db, book, keyHash) },
  routes: [...routes, noop],
  guard: operatorOnly(),
})
const { url: address } = await http.listen({ port: 0 })
process.send!({ address })

process.on('disconnect', () => process.exit())
