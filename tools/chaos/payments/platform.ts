/**
 * The platform under test: payments, what leaves, and routing over six channels, as a server puts them
 * together, on a world that can be killed. Nothing of it is replaced; only the rules are its own, so
 * that payouts spread over all channels.
 */
import {
  createDueSweeper,
  createOutboxRelay,
  type DueSweeper,
  type OutboxRelay,
  type PersonalSeal,
  type SimulatedClock,
  type World,
  wallClock,
} from '../../../server/src/base/index.ts'
import {
  alipay,
  type BankParty,
  bankDirect,
  matchTransfer,
  netsunion,
  offlineTransfer,
  type PaymentChannel,
  unionpay,
  wechatPay,
} from '../../../server/src/channels/index.ts'
import {
  type Classification,
  type CodeKey,
  type CodeSet,
  openCodeTable,
} from '../../../server/src/codes/index.ts'
import { openLedger, type ServerLedger } from '../../../server/src/ledger/index.ts'
import {
  createOutflows,
  createPayments,
  type Outflows,
  type Payments,
  transfersOf,
} from '../../../server/src/payments/index.ts'
import { openRouting, parseRules } from '../../../server/src/routing/index.ts'
import type { channelSettings } from '../../rails/channel-file.ts'
import { Life } from './life.ts'

export interface Books {
  readonly pool: number
  readonly own: number
  /** Of our balance at a channel that settles into the pool. */
  readonly balances: Readonly<Record<string, number>>
}

export interface Platform {
  readonly life: Life
  readonly ledger: ServerLedger
  readonly payments: Payments
  readonly outflows: Outflows
  readonly sweeper: DueSweeper
  readonly relay: OutboxRelay
  readonly channels: readonly PaymentChannel[]
  /** Ends what a killed process's operating system would end. */
  close(): Promise<void>
}

export interface PlatformOptions {
  readonly world: World & { readonly clock: SimulatedClock }
  readonly seal: PersonalSeal
  readonly settings: ReturnType<typeof channelSettings>
  readonly books: Books
  /** Through which bank account a channel's balance is funded. */
  readonly funding: Readonly<Record<string, BankParty>>
  /** The lists of codes that ship. */
  readonly codes: CodeSet
  readonly orgId: number
}

/** Real time a call may take: rails are on this machine, and a reply that is late is later than this. */
export const CALL_MS = 400

const RULES = `
policy:
  value: { ppm: 1000, least: 100, most: 5000 }
  explore: { ppm: 20000, payoutMost: 500000 }
  permission: { refusals: 1, days: 7 }
rules:
  - id: spread-payouts
    title: { zh: 付款分流, en: Payouts over all channels }
    when: direction == "pay"
    then: { split: { netsunion: 400000, unionpay: 300000, bank-direct: 300000 } }
`

export async function openPlatform(options: PlatformOptions): Promise<Platform> {
  const { books, seal, funding, orgId } = options
  const life = new Life()
  const world = life.world(options.world)
  const { db, clock, rng, ids, log } = world
  const ledger = await openLedger({ world: options.world, partitionRows: 10_000 })
  const mortal = life.ledger(ledger)
  const channels = channelsOf(options, world)
  const codes = await openCodeTable(world, options.codes)
  const classify = (key: CodeKey): Classification => codes.current().classify(key)
  const rules = parseRules(RULES)
  const routing = await openRouting({
    ...{ world, classify, rules: rules as never },
    capabilities: channels.map(({ capability }) => capability),
    reaches: (_channel, book) => book === books.pool,
  })
  const payments = createPayments({
    ...{ db, clock, rng, ids, log, seal, orgId, classify },
    ...{ ledger: mortal, router: routing },
  })
  for (const channel of channels) payments.attach(channel)
  const outflows = createOutflows(payments.context, {
    places: {
      ownBook: (pool) => (pool === books.pool ? books.own : undefined),
      channelBook: (_pool, channel) => books.balances[channel],
      channelAccount: (channel) => funding[channel],
    },
    matchTransfer: transfersOf(payments.context, 'offline-transfer', matchTransfer),
  })
  const owned = () => [books.pool, books.own, ...Object.values(books.balances)]
  const handlers = { ...payments.handlers, ...outflows.handlers }
  const sweeper = createDueSweeper({ ...{ db, clock, rng, log, handlers }, books: owned })
  const relay = createOutboxRelay({
    // No other book says anything that somebody hears.
    ...{ db, clock, rng, log, books: () => [books.pool] },
    subscribers: [...outflows.subscribers, routing.subscriber],
  })
  return {
    ...{ life, ledger, payments, outflows, sweeper, relay, channels },
    close: async () => {
      life.kill()
      await relay.stop().catch(() => undefined)
      await ledger.close()
    },
  }
}

function channelsOf({ settings }: PlatformOptions, world: World): PaymentChannel[] {
  const ground = { ...world, wall: wallClock() }
  const timing = { timeoutMs: CALL_MS }
  return [
    wechatPay({ ...settings['wechat-pay'], timing }, ground),
    alipay({ ...settings.alipay, timing }, ground),
    unionpay({ ...settings.unionpay, timing }, ground),
    netsunion({ ...settings.netsunion, timing }, ground),
    bankDirect({ ...settings['bank-direct'], timing }, ground),
    offlineTransfer(settings['offline-transfer'], ground),
  ]
}
