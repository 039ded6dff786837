/**
 * The composition root: reads the settings, builds the World, and puts the modules together. It is
 * the only file that may import all of them, and it holds no rule of any.
 *
 * What is started last is stopped first. A server that comes up listens before it has its books:
 * until then it answers 503, and `/readyz` says what it waits for.
 */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ACCESS_PROBLEMS, type AccessParts, createAccessParts } from './access-parts.ts'
import { CONFIGURATION_BOOK } from './audit/index.ts'
import { bankChannel, createPool, loadSchemes, type Pool } from './bank.ts'
import {
  type Answers,
  clusterKey,
  createDb,
  createDueSweeper,
  createHttp,
  createIds,
  createLog,
  createMetrics,
  createOutboxRelay,
  createPersonalSeal,
  createReplicas,
  createShutdown,
  cryptoRng,
  type DueHandler,
  diskFiles,
  findAnswer,
  type Http,
  httpNet,
  type Log,
  loadPersonalKeys,
  type Metrics,
  migrate,
  type NotReady,
  type PersonalSeal,
  printConfig,
  type Shutdown,
  type World,
  wallClock,
} from './base/index.ts'
import { checkServer, defaultDataFolder } from './base/postgres/index.ts'
import { CHANNEL_PROBLEMS, channelRoutes } from './channels/index.ts'
import { type Clearing, createCustody } from './custody/index.ts'
import {
  createReads,
  EXPIRE_HOLD,
  expireHolds,
  LEDGER_PROBLEMS,
  ledgerFaults,
  ledgerRoutes,
  ServerLedger,
} from './ledger/index.ts'
import { ledgerMetrics, notReady } from './operations.ts'
import { createPaymentParts, PAYMENT_PART_PROBLEMS, type PaymentParts } from './payment-parts.ts'
import {
  type Environment,
  readServerConfig,
  type ServerConfig,
  StartProblem,
  serverSettings,
} from './settings.ts'
import type { StopGate } from './stops/index.ts'
import { createWebhooks, WEBHOOK_PROBLEMS, webhookRoutes } from './webhooks/index.ts'

export { BANK_PUBLIC_KEY, OUR_PRIVATE_KEY } from './bank.ts'
export { StartProblem, serverSettings } from './settings.ts'

/** The one tenant there is until tenants are told apart. */
const ORG_ID = 1
/** Its name until somebody gives it another. */
const ORGANISATION = 'Tenon'
/** Of events of the configuration, which name no amount. */
const CURRENCY = 'CNY'
const SCHEMES = fileURLToPath(new URL('../../schemes', import.meta.url))

export interface ServerOptions {
  /** The settings by their names; `docs/reference/config.md` lists them. */
  readonly env: Environment
  /** Instead of the one that TENON_LOG_LEVEL describes. */
  readonly log?: Log
}

export interface RunningServer {
  /** Where it listens. */
  readonly url: string
  readonly world: World
  readonly ledger: ServerLedger
  /** The pool at the custody bank; absent when none is configured. */
  readonly pool: Pool | undefined
  /** Payments over channels; absent when none are configured. */
  readonly parts: PaymentParts | undefined
  /** Users, keys, approvals, what is paused. */
  readonly access: AccessParts
  /** What it still waits for before it can do its work; empty when it is ready. */
  ready(): Promise<readonly NotReady[]>
  /** Stops everything in order. Returns the exit code, 0 when all ended cleanly. */
  close(reason?: string): Promise<number>
}

/**
 * Starts a server on the database of DATABASE_URL, which is migrated first. Throws an Error whose
 * message says what to change; whatever was started by then has been stopped.
 */
export async function startServer({ env, log: given }: ServerOptions): Promise<RunningServer> {
  const config = readServerConfig(env)
  const log = given ?? createLog({ level: config.logLevel })
  for (const line of printConfig(serverSettings, env)) log.debug({}, line)
  const shutdown = createShutdown({ log, deadlineMs: config.shutdownMs })
  try {
    return await start({ config, env, log, shutdown })
  } catch (error) {
    await shutdown.stop('the start failed')
    throw error
  }
}

interface Start {
  readonly config: ServerConfig
  readonly env: Environment
  readonly log: Log
  readonly shutdown: Shutdown
}

async function start({ config, env, log, shutdown }: Start): Promise<RunningServer> {
  const folders = foldersOf(config, env)
  const url = config.databaseUrl.reveal()
  await checkServer(url)
  await migrate({ url, log })
  const world = buildWorld({ config, url, log, files: folders.files })
  shutdown.add('database', () => world.db.close())

  const metrics = createMetrics({ process: true })
  const here = { url: '' }
  const ledger: ServerLedger = new ServerLedger({
    world,
    // Read whenever a book is taken; by then the server listens.
    get ownUrl() {
      return here.url
    },
    onBatch: ledgerMetrics(metrics, () => ledger),
    isFrozen: (orgId, holder) => access.stops.isFrozen(orgId, holder),
  })
  shutdown.add('ledger', () => ledger.close())

  const seal = await openSeal(config, world, folders.keys)
  const common = { config, world, ledger, shutdown, folders, seal }
  const access = await startAccess({ ...common, ownUrl: () => here.url })
  const stops = access.stops.gate
  const parts = await startPayments({ ...common, metrics, stops })
  const { pool, wake } = await startCustody({ ...common, stops, clearing: parts?.clearing })
  const ready = async (): Promise<readonly NotReady[]> => {
    const waits = await notReady(world.db, ledger)
    if (waits.length > 0) return waits
    if (access.stops.isBlind()) {
      const says = 'What is paused cannot be read, so nothing is sent; look at the database.'
      return [{ name: 'stops', says }]
    }
    const pools: NotReady[] = []
    if (pool?.isKnown() === false) {
      pools.push({ name: 'pool', says: 'The custody pool is not open yet; wait until it is.' })
    }
    if (parts?.isKnown() === false) {
      const says = 'The books of the payment channels are not known yet; wait until they are.'
      pools.push({ name: 'channels', says })
    }
    return pools
  }
  const subscribers = [...access.subscribers, ...(parts?.subscribers ?? [])]
  const relay = createOutboxRelay({
    ...{ db: world.db, clock: world.clock, rng: world.rng, log, subscribers },
    books: () => [CONFIGURATION_BOOK, ...ledger.owned()],
  })
  shutdown.add('outbox relay', () => relay.stop())
  const http = await buildHttp({ world, metrics, ledger, pool, parts, access, ready })
  shutdown.add('http', () => http.close())
  here.url = (await listen(http, config.port)).url
  // Before a book is written it is known what is paused and frozen.
  await access.run()
  await ledger.open()
  wake()
  void relay.run()
  void parts?.run()
  log.info({ url: here.url, books: ledger.owned().length }, 'the server is up')
  return {
    url: here.url,
    world,
    ledger,
    pool,
    parts,
    access,
    ready,
    close: (reason = 'asked to') => shutdown.stop(reason),
  }
}

/** Where files and keys lie. The keys of a database of one's own do not lie in our database's folder. */
function foldersOf(config: ServerConfig, env: Environment) {
  const data = defaultDataFolder(env)
  return { files: join(data, 'files'), keys: config.keysFolder ?? `${data}-keys` }
}

function buildWorld(on: { config: ServerConfig; url: string; log: Log; files: string }): World {
  const { config, url, log } = on
  const clock = wallClock()
  const rng = cryptoRng()
  return {
    clock,
    rng,
    ids: createIds(clock, rng),
    db: createDb({ url, log, max: config.databaseConnections, applicationName: 'tenon server' }),
    net: httpNet({ clock }),
    files: diskFiles(on.files),
    log,
  }
}

async function openSeal(config: ServerConfig, world: World, keys: string): Promise<PersonalSeal> {
  const { db, clock } = world
  const text = config.personalKeys?.reveal()
  const file = join(keys, 'personal.key')
  return createPersonalSeal(await loadPersonalKeys({ text, file, db, now: clock.now() }))
}

interface Parts {
  readonly config: ServerConfig
  readonly world: World
  readonly ledger: ServerLedger
  readonly shutdown: Shutdown
  readonly folders: { readonly keys: string }
  readonly seal: PersonalSeal
}

/**
 * Who may do what, and the webhooks that tell of what was done. Their due work is of configuration too,
 * so any server does it; each piece is taken by one.
 */
async function startAccess(start: Parts & { readonly ownUrl: () => string }) {
  const { config, world, ledger, shutdown, folders, seal, ownUrl } = start
  const { db, clock, rng, log } = world
  const wakes = { sweeper: () => {} }
  const onPlanned = () => wakes.sweeper()
  const parts = await createAccessParts({
    ...{ config, world, ledger, seal, ownUrl, onPlanned, orgId: ORG_ID },
    ...{ keysFolder: folders.keys, schemes: diskFiles(SCHEMES), organisation: ORGANISATION },
  })
  shutdown.add('access', () => parts.stop())
  const webhooks = createWebhooks({
    ...{ world, wall: wallClock(), seal, onPlanned, sandbox: config.mode === 'test' },
    currencyOf: async (book) => (await ledger.book(book))?.currency ?? CURRENCY,
    orgName: () => parts.organisation,
  })
  shutdown.add('listeners', async () => webhooks.stop())
  const sweeper = createDueSweeper({
    ...{ db, clock, rng, log, handlers: { ...parts.handlers, ...webhooks.handlers } },
    books: () => [CONFIGURATION_BOOK, ...ledger.owned()],
  })
  wakes.sweeper = () => sweeper.wake()
  shutdown.add('due work of access', () => sweeper.stop())
  return {
    ...parts,
    routes: [...parts.routes, ...webhookRoutes(webhooks)],
    subscribers: [...parts.subscribers, webhooks.subscriber],
    run: async () => {
      await parts.run()
      await webhooks.start()
      void sweeper.run()
    },
  }
}

/** Payments over the configured channels, with their due work in every book this server writes. */
async function startPayments(
  start: Parts & { readonly metrics: Metrics; readonly stops: StopGate },
) {
  const { config, world, ledger, shutdown, folders, seal, metrics, stops } = start
  const wakes = { sweeper: () => {} }
  const parts = await createPaymentParts({
    ...{ config, world, ledger, seal, metrics, stops, orgId: ORG_ID },
    ...{ keys: diskFiles(folders.keys), keysFolder: folders.keys, schemes: diskFiles(SCHEMES) },
    onPlanned: () => wakes.sweeper(),
  })
  if (parts === undefined) return undefined
  const { db, clock, rng, log } = world
  const sweeper = createDueSweeper({
    ...{ db, clock, rng, log, handlers: parts.handlers },
    books: () => (parts.isKnown() ? ledger.owned() : []),
  })
  wakes.sweeper = () => sweeper.wake()
  shutdown.add('due work of payments', () => sweeper.stop())
  shutdown.add('payment channels', () => parts.stop())
  const run = () => {
    void sweeper.run()
    void parts.run()
  }
  return { ...parts, run: async () => run() }
}

/**
 * Custody, its pool, and due work of both. Custody's due work runs
 * only where its pool is open; that of the ledger in every book this server writes.
 */
async function startCustody(
  start: Parts & { readonly stops: StopGate; readonly clearing: Clearing | undefined },
) {
  const { config, world, ledger, shutdown, folders, seal, stops, clearing } = start
  const { db, clock, rng, log } = world
  const sweep = (name: string, handlers: Record<string, DueHandler>, books: () => number[]) => {
    const sweeper = createDueSweeper({ db, clock, rng, log, handlers, books })
    shutdown.add(name, () => sweeper.stop())
    return sweeper
  }
  const holds = sweep('due work of the ledger', { [EXPIRE_HOLD]: expireHolds(ledger) }, () => [
    ...ledger.owned(),
  ])
  const keys = diskFiles(folders.keys)
  const channel = await bankChannel(config, { world, keys, keysFolder: folders.keys })
  const runs = [() => holds.run()]
  if (channel === undefined) return { pool: undefined, wake: () => runAll(runs) }

  const schemes = await loadSchemes(diskFiles(SCHEMES))
  const wakes = { sweeper: () => {} }
  const custody = createCustody({
    ...{ world, ledger, seal, schemes, stops },
    ...(clearing === undefined ? {} : { clearing }),
    onPlanned: () => wakes.sweeper(),
  })
  const poolNo = config.custodyBankPool
  const pool = createPool({ world, ledger, custody, channel, poolNo, orgId: ORG_ID })
  const sweeper = sweep('due work of custody', { ...custody.handlers }, () => {
    const book = pool.book()
    return book === undefined ? [] : [book]
  })
  wakes.sweeper = () => sweeper.wake()
  shutdown.add('custody pool', () => pool.stop())
  return { pool, wake: () => runAll([...runs, () => sweeper.run(), () => pool.run()]) }
}

function runAll(runs: readonly (() => Promise<void>)[]): void {
  for (const run of runs) void run()
}

interface HttpParts {
  readonly world: World
  readonly metrics: Metrics
  readonly ledger: ServerLedger
  readonly pool: Pool | undefined
  readonly parts: PaymentParts | undefined
  readonly access: AccessParts
  readonly ready: () => Promise<readonly NotReady[]>
}

async function buildHttp(on: HttpParts): Promise<Http> {
  const { world, metrics, ledger, pool, parts, access, ready } = on
  const { clock, rng, net, log, db } = world
  const answers: Answers = { find: (book, keyHash) => findAnswer(db, book, keyHash) }
  const takeNotice = pool === undefined ? () => undefined : pool.takeNotice
  return createHttp({
    ...{ log, clock, rng, net, metrics, answers, ready },
    guard: access.guard,
    replicas: createReplicas({ key: await clusterKey(db, rng), wall: wallClock() }),
    faults: [ledgerFaults(ledger)],
    refusals: [
      ...[...LEDGER_PROBLEMS, ...CHANNEL_PROBLEMS, ...PAYMENT_PART_PROBLEMS],
      ...[...ACCESS_PROBLEMS, ...WEBHOOK_PROBLEMS],
    ],
    routes: [
      ...ledgerRoutes({ ledger, reads: createReads(db) }),
      ...channelRoutes({ takeNotice }),
      ...(parts?.routes ?? []),
      ...access.routes,
    ],
  })
}

async function listen(http: Http, port: number): Promise<{ url: string }> {
  try {
    return await http.listen({ port })
  } catch (error) {
    const { code } = error as { code?: string }
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    const why = code === 'EADDRINUSE' ? 'is taken by another program' : 'may not be used here'
    throw new StartProblem(`Port ${port} ${why}. Set TENON_PORT to another one, or 0 for any.`)
  }
}

/** `node --import tsx server/src/main.ts`: one server until SIGTERM or SIGINT. */
async function runAlone(): Promise<void> {
  try {
    const server = await startServer({ env: process.env })
    process.stdout.write(`Tenon listens on ${server.url}\n`)
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => void server.close(signal).then((code) => process.exit(code)))
    }
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    const isSaid = /(Problem|Refused|Unavailable)$/.test((error as Error).name)
    if (!isSaid) process.stderr.write(`${(error as Error).stack}\n`)
    process.exitCode = 1
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runAlone()
