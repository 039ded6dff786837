/**
 * A stage for one sale: a platform and a bank of its own on one database, each under a role of its
 * own. The bank is reached over HTTP alone, and so is our notice address.
 *
 * A running server is not disturbed: the stage has its own database, and the faults it arms are its
 * own bank's.
 */
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import {
  createDueSweeper,
  createPersonalSeal,
  type DueSweeper,
  newPersonalKeys,
  type PersonalSeal,
  parsePersonalKeys,
  type SimulatedClock,
  type World,
  wallClock,
} from '../../server/src/base/index.ts'
import { type ChannelTiming, custodyBank } from '../../server/src/channels/index.ts'
import {
  type Custody,
  createCustody,
  readScheme,
  type Scheme,
} from '../../server/src/custody/index.ts'
import { type Ledger, openLedger } from '../../server/src/ledger/index.ts'
import { type CustodyBank, startCustodyBank } from '../../simulators/custody-bank/index.ts'
import { newRailKeys, type RailKeys } from '../rails/keys.ts'
import { type BankAdmin, bankAdmin } from './bank-admin.ts'
import { createLegPayments, type LegPayments } from './leg-payments.ts'
import { type Pace, simulatedPace, wallPace } from './pace.ts'
import { openRailSide, type RailSide } from './rail-side.ts'
import { openReceiver } from './receiver.ts'

/** The bank and our notice address. They outlive the platform, which a test may kill. */
export interface BankSide {
  readonly bank: CustodyBank
  readonly admin: BankAdmin
  readonly privateKeyPem: string
  /** Where notices are taken; nowhere while no platform is up. */
  takeAt(platform: { custody: Custody; book: number } | undefined): void
  close(): Promise<void>
}

export interface Platform {
  readonly world: World
  readonly ledger: Ledger
  readonly custody: Custody
  readonly book: number
  readonly sweeper: DueSweeper
  /** Payments over channels; absent when the stage has no rails. */
  readonly legPayments?: LegPayments
  close(): Promise<void>
}

export interface Stage extends Platform {
  /** Where tranches are paid over rails, when the stage has them. */
  readonly rails?: RailSide
  readonly schemes: readonly Scheme[]
  readonly bank: BankAdmin
  readonly pace: Pace
}

export interface PlatformOptions {
  /** A world on a migrated database. */
  readonly world: World
  readonly schemes: readonly Scheme[]
  readonly seal: PersonalSeal
  readonly timing?: Partial<ChannelTiming>
  readonly listEveryMs?: number
  /** Stands between the modules and the ledger; tests cut it. */
  readonly around?: (ledger: Ledger) => Ledger
  /** The rails that tranches may be paid over. */
  readonly rails?: RailSide
}

export interface StageOptions extends Omit<PlatformOptions, 'schemes' | 'seal' | 'rails'> {
  /** With it business time is moved by the run. */
  readonly simulated?: SimulatedClock
  /** A url under which the bank may create its schema. */
  readonly bankDatabaseUrl: string
  /** The schemes that ship when absent. */
  readonly schemes?: readonly Scheme[]
  readonly keys?: StageKeys
  /** With rails: payers pay their tranches by legs over WeChat Pay, UnionPay and bank transfer. */
  readonly legs?: { readonly keys?: RailKeys }
}

/** Private keys, PEM, of the platform and the bank. Making them takes half a second each. */
export interface StageKeys {
  readonly platform: string
  readonly bank: string
}

export function newStageKeys(): StageKeys {
  const fresh = () =>
    generateKeyPairSync('rsa', { modulusLength: 2048 })
      .privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString()
  return { platform: fresh(), bank: fresh() }
}

/** The schemes that ship, read from the checkout. A mistake in one stops the start. */
export async function shippedSchemes(): Promise<Scheme[]> {
  const folder = new URL('../../schemes/', import.meta.url)
  const files = (await readdir(folder)).filter((name) => name.endsWith('.yaml')).sort()
  const schemes: Scheme[] = []
  for (const file of files) {
    const read = readScheme(await readFile(new URL(file, folder), 'utf8'))
    if (!('scheme' in read)) {
      const wrong = read.map(({ pointer, says }) => `${pointer}: ${says}`).join('\n')
      throw new Error(`schemes/${file} cannot be used:\n${wrong}`)
    }
    schemes.push(read.scheme)
  }
  return schemes
}

/** Starts the bank, and the address it sends notices to. */
export async function openBankSide(options: {
  readonly bankDatabaseUrl: string
  readonly keys: StageKeys
  readonly simulated?: SimulatedClock
}): Promise<BankSide> {
  const { keys, simulated } = options
  let platform: { custody: Custody; book: number } | undefined
  // As the server's route does: the signature is over the bytes as they came.
  const notices = await openReceiver(async (request) => {
    if (platform === undefined) throw new Error('no platform is up')
    const { taken } = await platform.custody.takeNotice(platform.book, request)
    return { status: taken ? 200 : 401 }
  })
  const publicKey = createPublicKey(keys.platform).export({ type: 'spki', format: 'pem' })
  const bank = await startCustodyBank({
    databaseUrl: options.bankDatabaseUrl,
    platformPublicKeyPem: publicKey.toString(),
    privateKeyPem: keys.bank,
    noticeUrl: `${notices.url}/v1/channels/custody-bank/notices`,
  })
  const admin = bankAdmin(bank.url)
  if (simulated === undefined) await admin.settings({ intradayFiles: true, withdrawalMs: 50 })
  else await admin.setClock(simulated.now())
  return {
    bank,
    admin,
    privateKeyPem: keys.platform,
    takeAt: (at) => {
      platform = at
    },
    close: async () => {
      await bank.close()
      await notices.close()
    },
  }
}

/** Starts the platform against a bank and opens its pool. Its sweeper waits to be run. */
export async function openPlatform(side: BankSide, options: PlatformOptions): Promise<Platform> {
  const { world, schemes, seal, timing, listEveryMs } = options
  const { bank } = side
  const opened = await openLedger({ world })
  const ledger = options.around?.(opened) ?? opened
  const close = async () => {
    side.takeAt(undefined)
    options.rails?.takeAt(undefined)
    await sweeper?.stop()
    await opened.close()
  }
  let sweeper: DueSweeper | undefined
  try {
    const onPlanned = () => sweeper?.wake()
    const legPayments =
      options.rails === undefined
        ? undefined
        : await createLegPayments({ world, ledger, seal, side: options.rails, onPlanned })
    const custody = createCustody({
      world,
      ledger,
      seal,
      schemes,
      onPlanned,
      ...(legPayments === undefined ? {} : { clearing: legPayments.clearing }),
      ...(listEveryMs === undefined ? {} : { listEveryMs }),
    })
    const settings = {
      url: bank.url,
      clientId: bank.clientId,
      mrchCode: bank.mrchCode,
      poolNo: bank.poolNo,
      privateKeyPem: side.privateKeyPem,
      bankPublicKeyPem: bank.publicKeyPem,
      ...(timing === undefined ? {} : { timing }),
    }
    const { net, rng, clock, db, log } = world
    const channel = custodyBank(settings, { net, rng, clock, wall: wallClock() })
    const name = 'Custody pool at the sample bank'
    const book = await custody.openPool({ orgId: 1, name, poolNo: bank.poolNo, channel })
    const handlers = { ...custody.handlers, ...legPayments?.payments.handlers }
    sweeper = createDueSweeper({ db, clock, rng, log, handlers })
    side.takeAt({ custody, book })
    legPayments?.begin(book)
    const platform = { world, ledger, custody, book, sweeper, close }
    return legPayments === undefined ? platform : { ...platform, legPayments }
  } catch (error) {
    await close()
    throw error
  }
}

/** Starts the bank and the platform, and opens the pool. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { simulated } = options
  const schemes = options.schemes ?? (await shippedSchemes())
  const side = await openBankSide({
    bankDatabaseUrl: options.bankDatabaseUrl,
    keys: options.keys ?? newStageKeys(),
    ...(simulated === undefined ? {} : { simulated }),
  })
  const seal = createPersonalSeal(parsePersonalKeys(newPersonalKeys(), 'the keys of a stage'))
  const bank = side.admin
  const rails = await railsFor(options, bank)
  const { legs: _, ...common } = options
  const platform = await openPlatform(side, {
    ...{ ...common, schemes, seal },
    ...(rails === undefined ? {} : { rails }),
  })
  const { sweeper, world } = platform
  if (simulated === undefined) void sweeper.run()
  const pace =
    simulated === undefined
      ? wallPace(world.clock)
      : simulatedPace(simulated, { sweeper, bank, ...(rails === undefined ? {} : { rails }) })
  const close = async () => {
    await platform.close()
    await rails?.close()
    await side.close()
  }
  const stage = { ...platform, schemes, bank, pace, close }
  return rails === undefined ? stage : { ...stage, rails }
}

async function railsFor(
  { legs, simulated }: StageOptions,
  bank: BankAdmin,
): Promise<RailSide | undefined> {
  if (legs === undefined) return undefined
  const now = simulated === undefined ? {} : { now: simulated.now() }
  return openRailSide({ keys: legs.keys ?? newRailKeys(), bank, ...now })
}
