/**
 * One stage: the rails with books of their own, our database, and the platform between them, which may
 * be killed and replaced. Rails reach us over HTTP at an address that outlives every platform.
 *
 * The rails settle into our bank; a payout to the bank account of a rail becomes our balance there.
 */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createPersonalSeal,
  type Db,
  type Instant,
  type Log,
  newPersonalKeys,
  Personal,
  parsePersonalKeys,
  type SimulatedClock,
  type Uuid,
  type World,
} from '../../../server/src/base/index.ts'
import type { BankParty } from '../../../server/src/channels/index.ts'
import type { CodeSet } from '../../../server/src/codes/index.ts'
import { openLedger, post } from '../../../server/src/ledger/index.ts'
import { testWorld } from '../../../server/testing/world.ts'
import type { RailAdmin, RailOrder } from '../../../simulators/channel/index.ts'
import { addressesOf, channelSettings } from '../../rails/channel-file.ts'
import type { RailKeys } from '../../rails/keys.ts'
import { RAIL_NAMES, type RailName } from '../../rails/names.ts'
import { type Rails, startRails } from '../../rails/rails.ts'
import { type Books, openPlatform, type Platform, type PlatformOptions } from './platform.ts'

export const ORG_ID = 1
const DAY_MS = 86_400_000

/** Bank accounts through which our balances at the rails are funded. */
export const FUNDED_RAILS = {
  'wechat-pay': '755900000000001',
  alipay: '755900000000002',
  unionpay: '755900000000003',
} as const

/** What the pool begins with, minor units: cash at the bank, and what two rails hold for payouts. */
export const OPENING = {
  'bank-direct': 40_000_000_00n,
  netsunion: 20_000_000_00n,
  unionpay: 20_000_000_00n,
} as const

export interface StageOptions {
  readonly db: Db
  readonly seed: number
  readonly start: Instant
  readonly keys: RailKeys
  readonly codes: CodeSet
  readonly log: Log
}

export interface Stage {
  readonly db: Db
  readonly world: World & { readonly clock: SimulatedClock }
  readonly rails: Rails
  readonly books: Books
  /** Accounts of customers in the pool: money comes in for `buyer`, payouts leave from `seller`. */
  readonly buyer: Uuid
  readonly seller: Uuid
  /** Kills so far. */
  readonly kills: number
  admin(name: RailName): RailAdmin
  admins(): readonly RailAdmin[]
  platform(): Platform
  /** Brings what was paid to the bank account of a rail to our balance there. */
  forwardFunding(): Promise<void>
  /** Ends the platform that is there and starts another on the same database. */
  takeOver(): Promise<void>
  /** Does `work` with the platform that is there; again with the next one when it is killed. */
  withPlatform<T>(work: (platform: Platform) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export async function openStage(options: StageOptions): Promise<Stage> {
  const { db, seed, start } = options
  const world = { ...testWorld({ db, seed, start }), log: options.log }
  const books = await openBooks(world)
  const here: { platform: Platform | undefined } = { platform: undefined }
  const server = await callbackAddress(() => here.platform)
  const { port } = server.address() as AddressInfo
  const callbacks = `http://127.0.0.1:${port}`
  const rails = await startRails({
    ...{ keys: options.keys, callbacks, seed },
    onError: (error) => {
      throw error
    },
  })
  await openingBalances(rails, start)
  const seen = new Map<string, number>()
  const firstDate = new Date(start + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '')
  const settings = channelSettings({
    ...{ addresses: addressesOf(rails), keys: options.keys, callbacks, firstDate },
  })
  const seal = createPersonalSeal(parsePersonalKeys(newPersonalKeys(), 'chaos'))
  const platformOptions: PlatformOptions = {
    ...{ world, seal, settings, books: books.numbers, codes: options.codes, orgId: ORG_ID },
    funding: fundingAccounts(),
  }
  let kills = 0
  let takingOver: Promise<void> | undefined
  const open = async () => {
    here.platform = await openPlatform(platformOptions)
  }
  await open()
  await beginDays(here.platform!, books.numbers.pool)
  const stage: Stage = {
    ...{ db, world, rails, books: books.numbers, buyer: books.buyer, seller: books.seller },
    get kills() {
      return kills
    },
    admin: (name) => rails[name].admin,
    admins: () => RAIL_NAMES.map((name) => rails[name].admin),
    platform: () => here.platform!,
    forwardFunding: () => forwardFunding(rails, seen),
    takeOver: () => {
      takingOver ??= (async () => {
        const old = here.platform
        here.platform = undefined
        kills += 1
        await old?.close()
        await open()
        takingOver = undefined
      })()
      return takingOver
    },
    withPlatform: async (work) => {
      for (;;) {
        await takingOver
        const platform = here.platform!
        try {
          return await work(platform)
        } catch (error) {
          if (!platform.life.dead) throw error
          if (here.platform === platform) await stage.takeOver()
        }
      }
    },
    close: async () => {
      await here.platform?.close()
      await rails.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  return stage
}

async function openBooks(world: World) {
  const ledger = await openLedger({ world, partitionRows: 10_000 })
  const open = async (name: string, chart: string) =>
    (await ledger.createBook({ orgId: ORG_ID, name, currency: 'CNY', chart })).number
  const pool = await open('Pool', 'custody_pool')
  const own = await open('Own money', 'own')
  const balances: Record<string, number> = {}
  for (const name of Object.keys(FUNDED_RAILS)) {
    balances[name] = await open(`Balance at ${name}`, 'channel')
  }
  const [buyer, seller] = [world.ids.uuid(), world.ids.uuid()]
  const writer = ledger.writer(pool)
  const opening = Object.values(OPENING).reduce((sum, amount) => sum + amount, 0n)
  const cash = writer.accountByCode('1012.02')!.id
  const done = await writer.submit({
    roots: [],
    open: [
      { id: buyer, code: '2241.02', name: 'Buyers' },
      { id: seller, code: '2241.03', name: 'Sellers' },
    ],
    transfers: [post(world.ids.uuid(), cash, seller, opening)],
  })
  if (done.status !== 'committed') throw new Error(`the opening was not booked: ${done.status}`)
  await ledger.close()
  return { numbers: { pool, own, balances }, buyer, seller }
}

/** What is there on the day before the first: no line of the days that are read tells of it. */
async function openingBalances(rails: Rails, start: Instant): Promise<void> {
  for (const name of RAIL_NAMES) {
    const { admin } = rails[name]
    await admin.setClock(start - DAY_MS)
    const opening = (OPENING as Partial<Record<RailName, bigint>>)[name]
    if (opening !== undefined) await admin.fund(opening, 'opening balance')
    await admin.setClock(start)
  }
}

/** Rails whose payouts may be to a rail's bank account. */
const PAYERS = ['bank-direct', 'netsunion', 'unionpay'] as const

/**
 * Brings what was paid to the bank account of a rail to our balance there. Each movement once: `seen`
 * counts those of each payer that were looked at.
 */
async function forwardFunding(rails: Rails, seen: Map<string, number>): Promise<void> {
  for (const payer of PAYERS) {
    const { admin } = rails[payer]
    const movements = admin.movements()
    const from = seen.get(payer) ?? 0
    seen.set(payer, movements.length)
    for (const { kind, reference, amount } of movements.slice(from)) {
      if (kind !== 'pay') continue
      const rail = fundedBy(admin.orders().find((each) => each.reference === reference))
      if (rail !== undefined) await rails[rail].admin.fund(-amount, reference)
    }
  }
}

/** The rail whose account an order pays; some rails note accounts with stars in the middle. */
function fundedBy(order: RailOrder | undefined): RailName | undefined {
  const { detail } = (order ?? {}) as { readonly detail?: Readonly<Record<string, string>> }
  const noted = detail?.crtAcc ?? detail?.account ?? ''
  const isAccount = ([, account]: [string, string]) =>
    noted.slice(0, 6) === account.slice(0, 6) && noted.slice(-4) === account.slice(-4)
  return Object.entries(FUNDED_RAILS).find(isAccount)?.[0] as RailName | undefined
}

function fundingAccounts(): Record<string, BankParty> {
  return Object.fromEntries(
    Object.entries(FUNDED_RAILS).map(([name, account]) => [
      name,
      {
        name: new Personal('name', '支付机构备付金'),
        account: new Personal('card', account),
        bank: 'CMB',
        accountType: 'corporate' as const,
      },
    ]),
  )
}

/** Plans the reading of the channels' days, as a server does when it begins. */
async function beginDays(platform: Platform, pool: number): Promise<void> {
  const writer = platform.ledger.writer(pool)
  for (const { name } of platform.channels) {
    if (name === 'offline-transfer') continue
    const effects = platform.outflows.start(name)
    await writer.submit({ roots: [`channel:${name}`], effects })
  }
}

/** Takes callbacks as the server's route does; while no platform is up, rails are told to come again. */
async function callbackAddress(platform: () => Platform | undefined): Promise<Server> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', async () => {
      const name = /^\/v1\/channels\/([a-z-]+)\/callbacks$/.exec(request.url ?? '')?.[1] ?? ''
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([key, value]) => [key, String(value)]),
      )
      try {
        const method = request.method ?? ''
        const body = Buffer.concat(parts)
        const path = request.url ?? ''
        const taken = await platform()?.payments.takeCallback(name, { method, path, headers, body })
        if (taken === undefined) return response.writeHead(503).end()
        const { status, contentType, body: said } = taken.reply
        return response.writeHead(status, { 'content-type': contentType }).end(said)
      } catch {
        return response.writeHead(503).end()
      }
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
