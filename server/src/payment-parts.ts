/**
 * Puts payments together for a server: the channels that are configured, what their codes mean, the
 * routing between them, the books they settle into, and the success rates counted from it all.
 *
 * The one thing to get wrong: work of a book another server writes. Books are opened or found by name
 * under a lock; what begins to read a channel's days is a command of the pool's own writer, submitted
 * by whoever writes it.
 */
import { basename, dirname } from 'node:path'
import {
  type DueHandler,
  diskFiles,
  type Files,
  type Metrics,
  type Personal,
  type PersonalSeal,
  type Route,
  type Subscriber,
  type World,
} from './base/index.ts'
import { type ChannelSet, readChannelSet } from './channel-set.ts'
import { matchTransfer } from './channels/index.ts'
import {
  type Classification,
  CODE_PROBLEMS,
  type CodeKey,
  CodesRefused,
  type CodeTable,
  codeRoutes,
  openCodeTable,
  readCodes,
} from './codes/index.ts'
import { NotOwner, type ServerLedger } from './ledger/index.ts'
import {
  type Clearing,
  createClearing,
  createOutflows,
  createPayments,
  type Outflows,
  PAYMENT_PROBLEMS,
  type Payments,
  paymentRoutes,
  payoutRoutes,
  planRoutes,
  readingRoutes,
  refundRoutes,
  transfersOf,
} from './payments/index.ts'
import { lockingPools, poolNotKnown } from './pool-store.ts'
import { openQuality, QUALITY_PROBLEMS, type Quality, qualityRoutes } from './quality/index.ts'
import {
  openRouting,
  parseRules,
  ROUTING_PROBLEMS,
  type Routing,
  type Rule,
  type RuleDocument,
  routingRoutes,
} from './routing/index.ts'
import { type ServerConfig, StartProblem } from './settings.ts'
import type { StopGate } from './stops/index.ts'

export interface PaymentPartsOptions {
  readonly config: ServerConfig
  readonly world: World
  readonly ledger: ServerLedger
  readonly seal: PersonalSeal
  readonly metrics: Metrics
  readonly keys: Files
  readonly keysFolder: string
  /** The folder of the documents that ship. */
  readonly schemes: Files
  readonly orgId: number
  /** What is paused. */
  readonly stops: StopGate
  /** Work may be due at once. */
  onPlanned(): void
}

export interface PaymentParts {
  readonly payments: Payments
  readonly outflows: Outflows
  /** For custody: which of its bank's entries channels have paid on. */
  readonly clearing: Clearing
  readonly routing: Routing
  readonly quality: Quality
  readonly codes: CodeTable
  readonly handlers: Readonly<Record<string, DueHandler>>
  readonly subscribers: readonly Subscriber[]
  readonly routes: readonly Route[]
  /** The book of a pool, by its name, once it is known. */
  poolBook(name: string): number | undefined
  /** Whether the books of all channels are known. Until then nothing is decided and no work is due. */
  isKnown(): boolean
  /** Finds or opens the books of the channels, and begins to read the channels' days, until `stop`. */
  run(): Promise<void>
  stop(): Promise<void>
}

export const PAYMENT_PART_PROBLEMS = [
  ...PAYMENT_PROBLEMS,
  ...CODE_PROBLEMS,
  ...QUALITY_PROBLEMS,
  ...ROUTING_PROBLEMS,
]

const LOOK_AGAIN_MS = 500
const REFRESH_MS = 60_000

/** The parts, when channels are configured; `undefined` when none are. */
export async function createPaymentParts(
  options: PaymentPartsOptions,
): Promise<PaymentParts | undefined> {
  const { config, world, ledger, seal, metrics, orgId, schemes } = options
  const file = config.channelsFile
  if (file === undefined) return undefined
  const set = await readChannelSet(
    { text: await textOf(file), name: file, keys: options.keys, keysFolder: options.keysFolder },
    world,
  )
  const books = new Books(options, set)
  const codes = await openCodeTable(world, await codeFiles(schemes))
  const classify: (key: CodeKey) => Classification = (key) => codes.current().classify(key)
  const routing = await openRouting({
    world,
    capabilities: set.channels.map(({ channel }) => channel.capability),
    reaches: (channel, book) => {
      // Without the books every channel would seem to settle elsewhere, and the payment to have none.
      if (!books.areKnown) throw poolNotKnown()
      return books.ofChannel(channel) === book
    },
    classify,
    rules: await shippedRules(schemes, set),
  })
  const quality = openQuality(world, codes)
  const { db, clock, rng, ids, log } = world
  const payments = createPayments({
    ...{ db, clock, rng, ids, log, seal, ledger, metrics, orgId, classify },
    router: routing,
    poolOf: (channel) => books.ofChannel(channel),
    onPlanned: options.onPlanned,
    stops: options.stops,
  })
  for (const { channel } of set.channels) payments.attach(channel)
  const places = {
    ownBook: () => books.known(set.ownBook),
    isOwnAccount: (account: Personal) =>
      account.reveal('payments: recognise our own money') === set.ownAccount,
    channelBook: (_pool: number, channel: string) => books.known(balanceName(channel)),
    channelAccount: (channel: string) =>
      set.channels.find((each) => each.channel.name === channel)?.funding,
  }
  const offline = set.channels.find(({ channel }) =>
    channel.capability.methods.includes('bank_transfer'),
  )
  const transfers =
    offline === undefined
      ? undefined
      : transfersOf(payments.context, offline.channel.name, matchTransfer)
  const outflows = createOutflows(payments.context, {
    places,
    ...(transfers === undefined ? {} : { matchTransfer: transfers }),
  })
  const clearing = createClearing(payments.context, transfers === undefined ? {} : { transfers })
  const work = new Work(options, { set, books, outflows, routing, quality })
  return {
    ...{ payments, outflows, clearing, routing, quality, codes },
    handlers: { ...payments.handlers, ...outflows.handlers },
    subscribers: [...outflows.subscribers, routing.subscriber, quality.subscriber],
    routes: [
      ...paymentRoutes(payments),
      ...planRoutes(payments),
      ...payoutRoutes(payments.context, outflows),
      ...refundRoutes(payments.context, outflows),
      ...readingRoutes(payments.context, outflows),
      ...codeRoutes(codes),
      ...qualityRoutes(quality),
      ...routingRoutes({ routing, clock }),
    ],
    poolBook: (name) => books.known(name),
    isKnown: () => books.areKnown,
    run: () => work.run(),
    stop: () => work.stop(),
  }
}

const balanceName = (channel: string) => `Balance at ${channel}`

/** The books of the configured channels, found or opened by their names. */
class Books {
  private readonly options: PaymentPartsOptions
  private readonly set: ChannelSet
  private readonly numbers = new Map<string, number>()
  areKnown = false

  constructor(options: PaymentPartsOptions, set: ChannelSet) {
    this.options = options
    this.set = set
  }

  known(name: string): number | undefined {
    return this.numbers.get(name)
  }

  ofChannel(name: string): number | undefined {
    const found = this.set.channels.find(({ channel }) => channel.name === name)
    return found === undefined ? undefined : this.known(found.pool)
  }

  /** Finds all, and opens what is missing; under a lock, so that servers open each once. */
  async open(): Promise<void> {
    const { world, ledger, orgId } = this.options
    const wanted = new Map<string, string>([[this.set.ownBook, 'own']])
    for (const { pool, channel, funding } of this.set.channels) {
      wanted.set(pool, 'custody_pool')
      if (funding !== undefined) wanted.set(balanceName(channel.name), 'channel')
    }
    await lockingPools(world.db, async () => {
      for (let after = 0; ; ) {
        const page = await ledger.books(after, 500)
        for (const book of page) {
          const fits = book.orgId === orgId && wanted.get(book.name) === book.chart
          if (fits && !this.numbers.has(book.name)) this.numbers.set(book.name, book.number)
        }
        const last = page.at(-1)
        if (last === undefined) break
        after = last.number
      }
      for (const [name, chart] of wanted) {
        if (this.numbers.has(name)) continue
        const book = await ledger.createBook({ orgId, name, currency: 'CNY', chart })
        this.numbers.set(name, book.number)
      }
    })
    this.areKnown = true
  }
}

interface Working {
  readonly set: ChannelSet
  readonly books: Books
  readonly outflows: Outflows
  readonly routing: Routing
  readonly quality: Quality
}

/** What goes on by itself beside due work: books found, days begun, what others taught taken in. */
class Work {
  private readonly options: PaymentPartsOptions
  private readonly parts: Working
  private readonly stopping = new AbortController()
  private readonly begun = new Set<string>()
  /** A server that writes no pool looks for its chance often; what others taught can wait. */
  private refreshAt = 0
  private loop: Promise<void> | undefined

  constructor(options: PaymentPartsOptions, parts: Working) {
    this.options = options
    this.parts = parts
  }

  run(): Promise<void> {
    void this.parts.quality.run()
    this.loop ??= this.rounds()
    return this.loop
  }

  async stop(): Promise<void> {
    this.stopping.abort()
    await this.loop
    await this.parts.quality.stop()
    await this.parts.routing.flush()
  }

  private async rounds(): Promise<void> {
    const { clock, log } = this.options.world
    const { set, books } = this.parts
    while (!this.stopping.signal.aborted) {
      await this.round().catch((error: unknown) => {
        log.error({ error }, 'the payment channels could not be looked after; trying again')
      })
      const ready = books.areKnown && this.begun.size === set.channels.length
      const waitMs = ready ? REFRESH_MS : LOOK_AGAIN_MS
      await clock.sleep(waitMs, 'payment channels', this.stopping.signal)
    }
  }

  private async round(): Promise<void> {
    const { set, books, routing } = this.parts
    if (!books.areKnown) {
      await books.open()
      this.options.onPlanned()
    }
    for (const { channel } of set.channels) await this.begin(channel.name)
    const now = this.options.world.clock.now()
    if (now < this.refreshAt) return
    await routing.refresh()
    await routing.flush()
    this.refreshAt = now + REFRESH_MS
  }

  /** Plans the reading of a channel's days in its pool's book; planned before, it stays as it is. */
  private async begin(channel: string): Promise<void> {
    const book = this.parts.books.ofChannel(channel)
    if (book === undefined || this.begun.has(channel)) return
    try {
      const writer = this.options.ledger.writer(book)
      for (const effect of this.parts.outflows.start(channel)) {
        await writer.submit({ roots: [`channel:${channel}`], effects: [effect] })
      }
    } catch (error) {
      // Whoever writes the book begins; this server looks again in case it takes over.
      if (!(error instanceof NotOwner)) throw error
      return
    }
    this.begun.add(channel)
    this.options.onPlanned()
  }
}

async function textOf(path: string): Promise<string> {
  try {
    return Buffer.from(await diskFiles(dirname(path)).read(basename(path))).toString('utf8')
  } catch (error) {
    throw new StartProblem(
      `TENON_CHANNELS names ${path}, which cannot be read: ${(error as Error).message}. ` +
        'Name a file that is there, or unset it to work without payment channels.',
    )
  }
}

const schemeText = async (schemes: Files, name: string) =>
  Buffer.from(await schemes.read(name)).toString('utf8')

/**
 * The rules that ship, without those that prefer or exclude channels this installation does not have.
 * Rules of other kinds would mean something else with a channel less, and are refused as they stand.
 */
async function shippedRules(schemes: Files, { channels }: ChannelSet): Promise<RuleDocument> {
  const document = parseRules(await schemeText(schemes, 'routing/default.yaml')) as RuleDocument
  const names = channels.map(({ channel }) => channel.name)
  const applies = ({ then }: Rule): boolean => {
    const named = 'prefer' in then ? then.prefer : 'exclude' in then ? then.exclude : []
    return named.every((name) => names.includes(name))
  }
  return { ...document, rules: document.rules.filter(applies) }
}

async function codeFiles(schemes: Files) {
  const names = (await schemes.list('codes')).filter((name) => name.endsWith('.csv'))
  const files = await Promise.all(
    names.map(async (name) => ({ name, text: await schemeText(schemes, `codes/${name}`) })),
  )
  try {
    return readCodes(files)
  } catch (error) {
    if (!(error instanceof CodesRefused)) throw error
    throw new StartProblem(error.message)
  }
}
