/**
 * The payment channels of an installation, read from the file that TENON_CHANNELS names: which rails
 * there are, how each is reached, the files of its keys, and the pool it settles into.
 *
 * The one thing to get wrong: a mistake in this file found only when money is about to move. So the
 * whole file is checked at the start, with every mistake named, and every key is read then.
 */
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { parse } from 'yaml'
import { type Files, Personal, type World, wallClock } from './base/index.ts'
import {
  alipay,
  type BankParty,
  bankDirect,
  netsunion,
  offlineTransfer,
  type PaymentChannel,
  unionpay,
  wechatPay,
} from './channels/index.ts'
import { StartProblem } from './settings.ts'

type Make = (settings: never, world: Ground) => PaymentChannel

interface Ground extends Pick<World, 'net' | 'rng' | 'clock'> {
  readonly wall: Pick<World['clock'], 'now'>
}

interface Kind {
  readonly make: Make
  /** Texts without which the adapter cannot work; `a.b` is a field of a field. */
  readonly needs: readonly string[]
}

const KINDS: Readonly<Record<string, Kind>> = {
  'wechat-pay': {
    make: wechatPay,
    needs: ['url', 'appId', 'mchId', 'notifyUrl', 'scheme', 'serial', 'privateKeyPem', 'apiV3Key'],
  },
  alipay: {
    make: alipay,
    needs: ['gateway', 'appId', 'sellerId', 'privateKeyPem', 'alipayPublicKeyPem', 'notifyUrl'],
  },
  unionpay: { make: unionpay, needs: ['url', 'merId', 'backUrl', 'signature.method'] },
  netsunion: {
    make: netsunion,
    needs: [
      'url',
      'issuerId',
      'reserveAccount',
      'suite',
      'signSerial',
      'encryptSerial',
      'privateKeyPem',
      'platformPublicKeyPem',
    ],
  },
  'bank-direct': {
    make: bankDirect,
    needs: [
      'url',
      'userId',
      'account',
      'bank',
      'privateKeyPem',
      'bankPublicKeyPem',
      'sm4KeyHex',
      'firstDate',
    ],
  },
  'offline-transfer': {
    make: offlineTransfer,
    needs: ['account.name', 'account.number', 'account.bank', 'account.cnaps'],
  },
}

const Entry = Type.Object(
  {
    kind: Type.String(),
    name: Type.String({ pattern: '^[a-z][a-z0-9-]{0,40}$' }),
    /** The pool it settles into and pays from, by its name. */
    pool: Type.String({ minLength: 1 }),
    settings: Type.Record(Type.String(), Type.Unknown()),
    /** The bank account through which our balance at the rail is funded, where refunds need one. */
    funding: Type.Optional(
      Type.Object(
        { name: Type.String(), account: Type.String(), bank: Type.String() },
        { additionalProperties: false },
      ),
    ),
    /** Settings that are read from files in the folder of keys. */
    keys: Type.Optional(Type.Record(Type.String(), Type.String())),
  },
  { additionalProperties: false },
)

const Document = Type.Object(
  {
    /** The book of our own money: owes the channels' fees. */
    own_book: Type.String({ minLength: 1 }),
    /** Our own bank account elsewhere: what comes from there pays what our own book owes. */
    own_account: Type.Optional(Type.String({ minLength: 1 })),
    channels: Type.Array(Entry, { minItems: 1 }),
  },
  { additionalProperties: false },
)

export interface ConfiguredChannel {
  readonly channel: PaymentChannel
  readonly pool: string
  readonly funding?: BankParty
}

export interface ChannelSet {
  readonly ownBook: string
  readonly ownAccount?: string
  readonly channels: readonly ConfiguredChannel[]
}

export interface ChannelFiles {
  /** The file's text, and what it is called in a message. */
  readonly text: string
  readonly name: string
  readonly keys: Files
  readonly keysFolder: string
}

/** Reads the file and builds the channels. Throws a `StartProblem` that names every mistake. */
export async function readChannelSet(
  files: ChannelFiles,
  world: Pick<World, 'net' | 'rng' | 'clock'>,
): Promise<ChannelSet> {
  const document = read(files)
  const ground = { ...world, wall: wallClock() }
  const mistakes: string[] = []
  const channels: ConfiguredChannel[] = []
  for (const [index, entry] of document.channels.entries()) {
    const at = `/channels/${index}`
    if (channels.some(({ channel }) => channel.name === entry.name)) {
      mistakes.push(`${at}/name: there is another channel ${entry.name}; names are unique.`)
      continue
    }
    const made = await make(entry, files, ground).catch((error: Error) => error.message)
    if (typeof made === 'string') mistakes.push(`${at}: ${made}`)
    else channels.push({ channel: made, pool: entry.pool, ...fundingOf(entry) })
  }
  const { own_book: ownBook, own_account: ownAccount } = document
  const own = { ownBook, ...(ownAccount === undefined ? {} : { ownAccount }) }
  if (mistakes.length === 0) return { ...own, channels }
  throw new StartProblem(`Correct ${files.name}:\n- ${mistakes.join('\n- ')}`)
}

function fundingOf({ funding }: Static<typeof Entry>): { funding?: BankParty } {
  if (funding === undefined) return {}
  const name = new Personal('name', funding.name)
  const account = new Personal('card', funding.account)
  return { funding: { name, account, bank: funding.bank, accountType: 'corporate' } }
}

function read({ text, name }: ChannelFiles): Static<typeof Document> {
  let document: unknown
  try {
    document = parse(text)
  } catch (error) {
    throw new StartProblem(`${name} is not YAML: ${(error as Error).message}`)
  }
  if (Value.Check(Document, document)) return document
  const errors = [...Value.Errors(Document, document)].slice(0, 10)
  const says = errors.map(({ instancePath, message }) => `${instancePath || '/'}: ${message}`)
  throw new StartProblem(`Correct ${name}:\n- ${says.join('\n- ')}`)
}

async function make(
  entry: Static<typeof Entry>,
  files: ChannelFiles,
  ground: Ground,
): Promise<PaymentChannel> {
  const kind = KINDS[entry.kind]
  if (kind === undefined) {
    throw new Error(`there is no kind ${entry.kind}; use one of ${Object.keys(KINDS).join(', ')}.`)
  }
  const settings: Record<string, unknown> = { ...structuredClone(entry.settings), name: entry.name }
  for (const [path, file] of Object.entries(entry.keys ?? {})) {
    const bytes = await files.keys.read(file).catch(() => undefined)
    if (bytes === undefined) {
      throw new Error(`the key ${join(files.keysFolder, file)} is missing. Put it there.`)
    }
    put(settings, path.split('.'), Buffer.from(bytes).toString('utf8').trim())
  }
  const given = (path: string) => get(settings, path.split('.'))
  const missing = kind.needs.filter((path) => given(path) === undefined)
  if (missing.length > 0) throw new Error(`set ${missing.join(', ')} in settings or keys.`)
  // YAML reads bare digits as a number, which never equals what the rail tells of itself.
  const numbers = kind.needs.filter((path) => typeof given(path) !== 'string')
  if (numbers.length > 0) throw new Error(`put quotes around ${numbers.join(', ')}.`)
  return kind.make(settings as never, ground)
}

function put(into: Record<string, unknown>, [first = '', ...rest]: string[], value: string): void {
  if (rest.length === 0) {
    into[first] = value
    return
  }
  const inner = into[first]
  const next = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {}
  into[first] = next
  put(next, rest, value)
}

function get(from: unknown, [first = '', ...rest]: string[]): unknown {
  if (typeof from !== 'object' || from === null) return undefined
  const value = (from as Record<string, unknown>)[first]
  return rest.length === 0 ? value : get(value, rest)
}
