/**
 * `tenon start`, which is `npm start`: a database, a server, a bank simulator, one sale through both
 * from first yuan to last, and then it stays up.
 *
 * Nothing it starts may outlive it: the server runs in this process, the simulator ends with it, and
 * PostgreSQL is stopped in the end, or adopted by the next start when this one was killed.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { defaultDataFolder, launchPostgres } from '../../server/src/base/postgres/index.ts'
import type { RunningServer } from '../../server/src/main.ts'
import type { Terminal } from '../command.ts'
import { RAIL_NAMES } from '../rails/names.ts'
import { type BankProcess, forkBank } from '../start/bank.ts'
import { bankDatabase, openDatabase, type StartDatabase, takeBackRoles } from '../start/database.ts'
import type { BankKeys } from '../start/keys.ts'
import { StartProblem } from '../start/problem.ts'
import { forkRails, type RailsProcess } from '../start/rails.ts'
import { type Sandbox, writeSandbox } from '../start/sandbox-file.ts'
import { createStops, type Stops } from '../start/stops.ts'

const API_PORT = 4000
const BANK_PORT = 7301
/** The first of five: WeChat Pay, Alipay, UnionPay, NetsUnion, our own bank. */
const RAIL_PORT = 7311
const READY_MS = 30_000
const LOOK_MS = 50
/** The simulator makes a day's files on the day itself, and pays out at once. */
const BANK_SETTINGS = { intradayFiles: true, withdrawalMs: 50 }

export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { watch: { type: 'boolean' }, 'no-sale': { type: 'boolean' } },
  })
  const stops = createStops(terminal.complain)
  try {
    if (values.watch === true) return await watch(terminal, stops)
    await start({ terminal, stops, plays: values['no-sale'] !== true })
    return await stops.untilSignal()
  } catch (error) {
    await stops.stop()
    // Ctrl-C in the middle of a start makes its parts fail; that is no error.
    if (stops.signalled) return 0
    throw error
  }
}

async function watch(terminal: Terminal, stops: Stops): Promise<number> {
  const { say, env } = terminal
  if ((env.DATABASE_URL ?? '') === '') {
    const postgres = await launchPostgres({ dataFolder: defaultDataFolder(env), onLine: say })
    stops.add('PostgreSQL', () => postgres.stop())
  }
  const { startAndWatch } = await import('../start/watch.ts')
  await startAndWatch({ args: [], env, say }, stops.signal)
  await stops.stop()
  return 0
}

interface Start {
  readonly terminal: Terminal
  readonly stops: Stops
  readonly plays: boolean
}

async function start({ terminal, stops, plays }: Start): Promise<void> {
  const { say, env } = terminal
  const began = performance.now()
  // Loads while the database comes up.
  const loading = Promise.all([
    import('../../server/src/main.ts'),
    import('../start/first-sale.ts'),
    import('../start/keys.ts'),
    import('../start/only-one.ts'),
    import('../start/ports.ts'),
    import('../start/sandbox.ts'),
  ])
  loading.catch(() => undefined)
  const bank = forkBank(say)
  stops.add('bank simulator', () => bank.close())
  const rails = forkRails(say)
  stops.add('rail simulators', () => rails.close())
  const database = await openDatabase(terminal, stops)
  // Once more: its database must not go before it does.
  stops.add('bank simulator', () => bank.close())
  const [
    { startServer },
    { firstSale },
    { bankKeys },
    { onlyOne },
    { choosePorts },
    { seedOrder },
  ] = await loading
  stops.throwIfStopping()

  const claim = await onlyOne(database.url)
  stops.add('claim', () => claim.release())
  const [port = API_PORT, bankPort = BANK_PORT, ...railPorts] = await choosePorts(
    [
      { what: 'the API', usual: API_PORT, variable: 'TENON_PORT', asked: env.TENON_PORT },
      { what: 'the bank simulator', usual: BANK_PORT, variable: 'BANK_PORT', asked: env.BANK_PORT },
      ...RAIL_NAMES.map((name, index) => ({
        what: `the simulator of ${name}`,
        usual: RAIL_PORT + index,
        variable: 'RAIL_PORT',
        asked: portAfter(env.RAIL_PORT, index),
      })),
    ],
    say,
  )
  const bankUrl = `http://127.0.0.1:${bankPort}`
  const apiUrl = `http://127.0.0.1:${port}`
  const keys = await bankKeys(database.keysFolder, join(database.keysFolder, 'bank-simulator'))
  stops.throwIfStopping()
  const bankUp = openBank(bank, { database, keys, port: bankPort, apiUrl })
  bankUp.catch(() => undefined)
  const channels = await openRails(rails, { database, ports: railPorts, apiUrl })
  const server = await startServer({
    env: {
      ...env,
      DATABASE_URL: database.url,
      TENON_PORT: String(port),
      TENON_KEYS: database.keysFolder,
      TENON_CUSTODY_BANK_URL: bankUrl,
      TENON_CHANNELS: env.TENON_CHANNELS || channels.file,
      TENON_LOG_LEVEL: env.TENON_LOG_LEVEL || 'warn',
      // All of it is simulated: whoever sits at this machine may try everything.
      TENON_MODE: env.TENON_MODE || 'test',
      TENON_SIGN_IN: env.TENON_SIGN_IN || 'this-machine',
    },
  })
  stops.add('server', () => server.close())
  await takeBackRoles(database)
  await bankUp
  const book = await readyBook(server)
  await claim.nowAt(server.url)
  const ownChannels = (env.TENON_CHANNELS ?? '') !== ''
  const sandbox: Sandbox | undefined = ownChannels
    ? undefined
    : { api: server.url, ...(await seedOrder(server)), rails: channels.rails }
  if (sandbox !== undefined) await writeSandbox(database.railsFolder, sandbox)
  const seconds = () => Math.round((performance.now() - began) / 100) / 10
  say(`Tenon is up after ${seconds()} s.`)
  say('')
  if (plays) {
    await firstSale({ server, book, bankUrl, say }).catch((error: Error) => {
      if (!stops.signalled) terminal.complain(error.message)
    })
    say(`From the command to the end of the sale: ${seconds()} s.`)
    say('')
  }
  if (stops.signalled) return
  say(`API               ${server.url}/v1   (its pages: ${server.url}/docs)`)
  say(`Health            ${server.url}/readyz, ${server.url}/metrics`)
  say(`Bank simulator    ${bankUrl}/admin/proof   (its own book, proved)`)
  say(`Rail simulators   ${Object.values(channels.rails).join(' ')}`)
  say('                  (each with its own book at /admin/orders)')
  if (sandbox !== undefined) {
    say(`Order to pay      ${sandbox.order}   (tenon pay --list, tenon pay --amount 100.51)`)
  }
  say(`Database          ${database.says}`)
  say(`Keys              ${database.keysFolder}`)
  say('Press Ctrl-C to stop.')
}

interface OpenBank {
  readonly database: StartDatabase
  readonly keys: BankKeys
  readonly port: number
  readonly apiUrl: string
}

async function openBank(bank: BankProcess, on: OpenBank): Promise<string> {
  return bank.open({
    databaseUrl: await bankDatabase(on.database),
    platformPublicKeyPem: on.keys.ourPublic,
    privateKeyPem: on.keys.bankPrivate,
    noticeUrl: `${on.apiUrl}/v1/channels/custody-bank/notices`,
    port: on.port,
    settings: BANK_SETTINGS,
  })
}

interface OpenRails {
  readonly database: StartDatabase
  readonly ports: readonly number[]
  readonly apiUrl: string
}

/** The rails' ports follow the one that is asked for; 0 asks for any. */
function portAfter(asked: string | undefined, index: number): string | undefined {
  return asked === undefined || !/^[1-9]\d*$/.test(asked) ? asked : String(Number(asked) + index)
}

/** Starts the rails; gives their addresses and the file of channels that names them. */
async function openRails(rails: RailsProcess, { database, ports, apiUrl }: OpenRails) {
  const file = join(database.keysFolder, 'channels.json')
  const { urls } = await rails.open({
    ports,
    port: ports[0] ?? RAIL_PORT,
    callbacks: apiUrl,
    folder: database.railsFolder,
    keysFile: join(database.keysFolder, 'rails.json'),
    channelFile: file,
  })
  const origins = RAIL_NAMES.map((name) => [name, new URL(urls[name]).origin] as const)
  return { file, rails: Object.fromEntries(origins) as Sandbox['rails'] }
}

/** Waits until the server can work, and gives the pool's book. */
async function readyBook(server: RunningServer): Promise<number> {
  const { clock } = server.world
  const until = clock.mono() + READY_MS
  for (;;) {
    const waits = await server.ready()
    const book = server.pool?.book()
    if (waits.length === 0 && book !== undefined) return book
    if (clock.mono() > until) {
      const why = waits[0]?.says ?? 'Another server writes the book of the custody pool.'
      throw new StartProblem(`The server is not ready after ${READY_MS / 1000} s. ${why}`)
    }
    await clock.sleep(LOOK_MS, 'ready')
  }
}
