/**
 * Connects the custody bank that is configured: its keys from the folder of keys, its pool to its book.
 *
 * The one thing to get wrong: a server may not write the pool's book when it starts, and may take it
 * over at any time. So the pool is opened as soon as the book is ours, and its due work runs only then.
 */
import { join } from 'node:path'
import { type Files, type World, wallClock } from './base/index.ts'
import {
  type CustodyChannel,
  custodyBank,
  type NoticeRequest,
  type NoticeTaken,
} from './channels/index.ts'
import { type Custody, readScheme, type Scheme } from './custody/index.ts'
import { NotOwner, type ServerLedger } from './ledger/index.ts'
import { lockingPools, poolNotKnown } from './pool-store.ts'
import { type ServerConfig, StartProblem } from './settings.ts'

/** Ours, PEM, in the folder of keys. */
export const OUR_PRIVATE_KEY = 'custody-bank/our-private.pem'
/** The bank's, PEM, in the folder of keys. */
export const BANK_PUBLIC_KEY = 'custody-bank/bank-public.pem'

const POOL_NAME = 'Custody pool'
const LOOK_AGAIN_MS = 500

/** The channel of the settings; `undefined` when no bank is configured. */
export async function bankChannel(
  config: ServerConfig,
  { world, keys, keysFolder }: { world: World; keys: Files; keysFolder: string },
): Promise<CustodyChannel | undefined> {
  const { custodyBankUrl: url } = config
  if (url === undefined) return undefined
  const read = async (name: string): Promise<string> => {
    const bytes = await keys.read(name).catch(() => undefined)
    if (bytes !== undefined) return Buffer.from(bytes).toString('utf8')
    throw new StartProblem(
      `TENON_CUSTODY_BANK_URL is set, and the key ${join(keysFolder, name)} is missing. Put it ` +
        'there, or unset TENON_CUSTODY_BANK_URL to work without a bank.',
    )
  }
  const settings = {
    url: url.replace(/\/$/, ''),
    clientId: config.custodyBankClient,
    mrchCode: config.custodyBankMerchant,
    poolNo: config.custodyBankPool,
    privateKeyPem: await read(OUR_PRIVATE_KEY),
    bankPublicKeyPem: await read(BANK_PUBLIC_KEY),
  }
  const { net, rng, clock } = world
  try {
    return custodyBank(settings, { net, rng, clock, wall: wallClock() })
  } catch (error) {
    throw new StartProblem(
      `The keys of the custody bank in ${keysFolder} cannot be read as PEM: ` +
        `${(error as Error).message}. Put the right files there.`,
    )
  }
}

/** All schemes of a folder. Throws a `StartProblem` that names every mistake. */
export async function loadSchemes(files: Files): Promise<Scheme[]> {
  const names = (await files.list('.')).filter((name) => name.endsWith('.yaml'))
  const mistakes: string[] = []
  const schemes: Scheme[] = []
  for (const name of names) {
    const read = readScheme(Buffer.from(await files.read(name)).toString('utf8'))
    if ('scheme' in read) schemes.push(read.scheme)
    else mistakes.push(...read.map(({ pointer, says }) => `${name} ${pointer}: ${says}`))
  }
  if (mistakes.length === 0) return schemes
  throw new StartProblem(`Correct the custody schemes:\n- ${mistakes.join('\n- ')}`)
}

export interface PoolOptions {
  readonly world: World
  readonly ledger: ServerLedger
  readonly custody: Custody
  readonly channel: CustodyChannel
  readonly poolNo: string
  readonly orgId: number
}

/** The pool of the configured bank. */
export interface Pool {
  readonly custody: Custody
  /** The pool's book while this server writes it. */
  book(): number | undefined
  /** Whether it is known which book it is, here or at another server. */
  isKnown(): boolean
  takeNotice(channel: string, request: NoticeRequest): Promise<NoticeTaken> | undefined
  /** Opens the pool once its book is ours, until `stop`. */
  run(): Promise<void>
  stop(): Promise<void>
}

export function createPool(options: PoolOptions): Pool {
  const { world, ledger, custody, channel, poolNo, orgId } = options
  const stopping = new AbortController()
  /** The book, whoever writes it. */
  let book: number | undefined
  let open = false
  let loop: Promise<void> | undefined

  const tryOpen = async (): Promise<void> => {
    try {
      book = await lockingPools(world.db, () =>
        custody.openPool({ orgId, name: POOL_NAME, poolNo, channel }),
      )
      open = true
    } catch (error) {
      if (!(error instanceof NotOwner)) throw error
      book = error.book
    }
  }

  return {
    custody,
    isKnown: () => book !== undefined,
    book: () => (open && book !== undefined && ledger.owned().includes(book) ? book : undefined),
    takeNotice: (name, request) => {
      if (name !== channel.name) return undefined
      if (book === undefined) throw poolNotKnown()
      // Throws NotOwner when another server writes the book: the notice goes there as it came.
      ledger.writer(book)
      if (!open) throw poolNotKnown()
      return custody.takeNotice(book, request)
    },
    run: () => {
      loop ??= (async () => {
        while (!open && !stopping.signal.aborted) {
          await tryOpen().catch((error: unknown) => {
            world.log.error({ error }, 'the custody pool cannot be opened; trying again')
          })
          if (!open) await world.clock.sleep(LOOK_AGAIN_MS, 'open pool', stopping.signal)
        }
      })()
      return loop
    },
    stop: async () => {
      stopping.abort()
      await loop
    },
  }
}
