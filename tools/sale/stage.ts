/**
 * A stage for one sale: a platform and a bank of its own on one database, each under a role of its
 * own. The bank is reached over HTTP alone, and so is our notice address.
 *
 * A running server is not disturbed: the stage has its own database, and the faults it arms are its
 * own bank's.
 */
import { generateKeyPairSync } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createDueSweeper,
  createLog,
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
import { type BankAdmin, bankAdmin } from './bank-admin.ts'
import { type Pace, simulatedPace, wallPace } from './pace.ts'

export interface Stage {
  readonly world: World
  readonly ledger: Ledger
  readonly custody: Custody
  readonly book: number
  readonly schemes: readonly Scheme[]
  readonly bank: BankAdmin
  readonly pace: Pace
  readonly sweeper: DueSweeper
  close(): Promise<void>
}

export interface StageOptions {
  /** A world on a migrated database; with a `simulatedClock` business time is moved by the run. */
  readonly world: World
  readonly simulated?: SimulatedClock
  /** A url under which the bank may create its schema. */
  readonly bankDatabaseUrl: string
  readonly timing?: Partial<ChannelTiming>
  readonly listEveryMs?: number
  /** Stands between custody and the world; tests cut it. */
  readonly around?: (world: World) => World
}

/** The schemes that ship, read from the checkout. */
export async function shippedSchemes(): Promise<Scheme[]> {
  const path = new URL('../../schemes/resale-home.yaml', import.meta.url)
  const read = readScheme(await readFile(path, 'utf8'))
  if ('scheme' in read) return [read.scheme]
  throw new Error(read.map(({ pointer, says }) => `${pointer}: ${says}`).join('\n'))
}

/** Takes notices over HTTP as the server's route does: signature over the bytes as they came. */
async function noticeAddress(take: () => { custody: Custody; book: number } | undefined) {
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const at = take()
      const headers = Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [
          name,
          typeof value === 'string' ? value : undefined,
        ]),
      )
      const notice = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers,
        body: Buffer.concat(parts),
      }
      const taken = at?.custody.takeNotice(at.book, notice) ?? Promise.reject(new Error('closed'))
      taken.then(
        (result) => response.writeHead(result.taken ? 200 : 401).end(),
        () => response.writeHead(503).end(),
      )
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/v1/channels/custody-bank/notices`,
    close: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

/** Starts the bank and the platform, and opens the pool. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const world = options.around?.(options.world) ?? options.world
  const ours = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = (key: typeof ours.publicKey) => key.export({ type: 'spki', format: 'pem' }).toString()
  const at: { platform?: { custody: Custody; book: number } } = {}
  const notices = await noticeAddress(() => at.platform)
  const bank = await startCustodyBank({
    databaseUrl: options.bankDatabaseUrl,
    platformPublicKeyPem: pem(ours.publicKey),
    noticeUrl: notices.url,
  })
  const admin = bankAdmin(bank.url)
  if (options.simulated !== undefined) await admin.setClock(options.simulated.now())
  const ledger = await openLedger({ world })
  const schemes = await shippedSchemes()
  const wakes: { wake?: () => void } = {}
  const seal: PersonalSeal = createPersonalSeal(
    parsePersonalKeys(newPersonalKeys(), 'the keys of a stage'),
  )
  const custody = createCustody({
    world,
    ledger,
    seal,
    schemes,
    onPlanned: () => wakes.wake?.(),
    ...(options.listEveryMs === undefined ? {} : { listEveryMs: options.listEveryMs }),
  })
  const channel = custodyBank(
    {
      url: bank.url,
      clientId: bank.clientId,
      mrchCode: bank.mrchCode,
      poolNo: bank.poolNo,
      privateKeyPem: ours.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      bankPublicKeyPem: bank.publicKeyPem,
      ...(options.timing === undefined ? {} : { timing: options.timing }),
    },
    { net: world.net, rng: world.rng, clock: world.clock, wall: wallClock() },
  )
  const book = await custody.openPool({
    orgId: 1,
    name: 'Custody pool at the sample bank',
    poolNo: bank.poolNo,
    channel,
  })
  at.platform = { custody, book }
  const { db, clock, rng, log } = world
  const sweeper = createDueSweeper({ db, clock, rng, log, handlers: custody.handlers })
  wakes.wake = () => sweeper.wake()
  const { simulated } = options
  if (simulated === undefined) {
    void sweeper.run()
    await admin.settings({ intradayFiles: true, withdrawalMs: 50 })
  }
  const pace =
    simulated === undefined ? wallPace(clock) : simulatedPace(simulated, { sweeper, bank: admin })
  return {
    world,
    ledger,
    custody,
    book,
    schemes,
    bank: admin,
    pace,
    sweeper,
    close: () => closeAll({ sweeper, notices, bank, ledger }),
  }
}

async function closeAll(all: {
  sweeper: DueSweeper
  notices: { close(): Promise<void> }
  bank: CustodyBank
  ledger: Ledger
}): Promise<void> {
  await all.sweeper.stop()
  await all.bank.close()
  await all.notices.close()
  await all.ledger.close()
}

/** Says nothing; a sale prints by itself. */
export const quietLog = () => createLog({ level: 'silent' })
