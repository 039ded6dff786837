/**
 * The server of the payments bench, a process of its own: ledger, payments, routing over UnionPay's
 * channel, callbacks, due work and outbox as they run in the platform, over the routes as they are
 * served. With `naive` the same routes are answered by the naive design instead.
 *
 * Argument: `ServerSettings` as JSON. To any message it answers when each payment was booked.
 */
import {
  createDueSweeper,
  createHttp,
  createLog,
  createMetrics,
  createOutboxRelay,
  createPersonalSeal,
  operatorOnly,
  type World,
} from '../../../server/src/base/index.ts'
import {
  type PaymentChannel,
  type UnionPaySettings,
  unionpay,
} from '../../../server/src/channels/index.ts'
import { openCodeTable, readCodes } from '../../../server/src/codes/index.ts'
import {
  createReads,
  ledgerFaults,
  ledgerRoutes,
  openLedger,
} from '../../../server/src/ledger/index.ts'
import { createPayments, type Payments, paymentRoutes } from '../../../server/src/payments/index.ts'
import {
  openRouting,
  parseRules,
  type Routing,
  type RuleDocument,
} from '../../../server/src/routing/index.ts'
import { realWorld } from '../../real-world.ts'
import { naivePayments } from './naive-payments.ts'
import { wallMs } from './processes.ts'
import { readScheme, schemeNames } from './schemes.ts'

export interface ServerSettings {
  readonly url: string
  readonly port: number
  readonly naive: boolean
  readonly channel: UnionPaySettings
}

/** When the rail's callback of each payment was answered as taken: it was committed then. */
export interface Booked {
  readonly references: readonly string[]
  readonly at: Float64Array
}

const CONNECTIONS = 32
const ORG_ID = 1

const settings = JSON.parse(process.argv[2]!) as ServerSettings
const world = realWorld({ url: settings.url, max: CONNECTIONS })
const channel = unionpay(settings.channel, {
  net: world.net,
  clock: world.clock,
  wall: world.clock,
})
const booked = { references: [] as string[], at: [] as number[] }

/** Notes when a callback was taken, by the order it names. */
function noting(take: Payments['takeCallback']): Payments['takeCallback'] {
  return async (name, request) => {
    const answer = await take(name, request)
    const text = Buffer.from(request.body).toString('latin1')
    const reference = /(?:^|&)orderId=([0-9A-Z]+)/.exec(text)?.[1]
    if (answer?.taken === true && reference !== undefined) {
      booked.references.push(reference)
      booked.at.push(wallMs())
    }
    return answer
  }
}

/** The rules that ship, without those about channels that are not here. */
async function rulesOf(channel: string): Promise<RuleDocument> {
  const document = parseRules(await readScheme('routing/default.yaml')) as RuleDocument
  const rules = document.rules.filter(({ then }) => {
    const named = 'prefer' in then ? then.prefer : 'exclude' in then ? then.exclude : []
    return named.every((name) => name === channel)
  })
  return { ...document, rules }
}

async function openParts(world: World, channel: PaymentChannel) {
  const { db, clock, rng, ids, log } = world
  const ledger = await openLedger({ world })
  const names = (await schemeNames('codes')).filter((name) => name.endsWith('.csv'))
  const files = await Promise.all(
    names.map(async (name) => ({ name, text: await readScheme(`codes/${name}`) })),
  )
  const codes = await openCodeTable(world, readCodes(files))
  const classify: Payments['context']['classify'] = (key) => codes.current().classify(key)
  const routing = await openRouting({
    world,
    capabilities: [channel.capability],
    reaches: () => true,
    classify,
    rules: await rulesOf(channel.name),
  })
  const metrics = createMetrics()
  const wakes = { sweeper: () => {} }
  const payments = createPayments({
    ...{ db, clock, rng, ids, log, ledger, metrics, classify, orgId: ORG_ID, router: routing },
    seal: createPersonalSeal({
      active: 'k1',
      keys: new Map([['k1', rng.bytes(32)]]),
      index: rng.bytes(32),
    }),
    onPlanned: () => wakes.sweeper(),
  })
  payments.attach(channel)
  return { ledger, payments, routing, metrics, wakes }
}

/** Due work and events, as beside every server. */
function startBackground(
  {
    payments,
    routing,
    wakes,
  }: { payments: Payments; routing: Routing; wakes: { sweeper(): void } },
  books: () => number[],
): void {
  const { db, clock, rng, log } = world
  const { handlers } = payments
  const sweeper = createDueSweeper({ db, clock, rng, log, handlers, books })
  wakes.sweeper = () => sweeper.wake()
  const subscribers = [...payments.subscribers, routing.subscriber]
  const relay = createOutboxRelay({ db, clock, rng, log, subscribers, books })
  void sweeper.run()
  void relay.run()
}

const parts = await openParts(world, channel)
const { ledger, payments, metrics } = parts
const { naive, url } = settings
const measured = naive ? { ...payments, ...naivePayments({ url, world, channel }) } : payments
if (!naive) startBackground(parts, () => [...ledger.owned()])
const routes = paymentRoutes({ ...measured, takeCallback: noting(measured.takeCallback) })

const http = await createHttp({
  log: createLog({ level: 'error' }),
  ...{ clock: world.clock, rng: world.rng, net: world.net, metrics },
  guard: operatorOnly({ orgId: ORG_ID }),
  answers: { find: async () => undefined },
  faults: [ledgerFaults(ledger)],
  routes: [...ledgerRoutes({ ledger, reads: createReads(world.db) }), ...routes],
})
await http.listen({ port: settings.port })
process.send!({ ready: true })

process.on('message', () => {
  const { references, at } = booked
  process.send!({ references, at: Float64Array.from(at) } satisfies Booked)
})
process.on('disconnect', () => process.exit())
