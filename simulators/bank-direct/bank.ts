/**
 * A bank in the shape of 招商银行云直联 that keeps the platform's own account: it pays out on request,
 * takes what comes from outside, and tells all of it by statement, receipt and notice.
 *
 * The one thing to get wrong is to say more than is sure: a request that cannot be read or verified
 * gets one and the same sentence, whatever is wrong with it.
 */
import {
  createRailGround,
  DAY_MS,
  type Rail,
  type RailAdmin,
  type RailGround,
  type RailOptions,
  type RailReply,
  type RailRequest,
  type RailSettlement,
  RETURNING_BANK,
  shanghai,
  startOfDate,
  type Told,
  wallNow,
  yuan,
} from '../channel/index.ts'
import { WHY } from './codes.ts'
import { type Entry, enter, entriesOf, type OutsideEntry } from './entries.ts'
import { openEnvelope, sealed } from './envelope.ts'
import { answers, type BankState } from './functions.ts'
import { type KeyPair, newKeyPair, pointOf, publicPem, signText } from './signature.ts'

export interface BankDirectOptions extends RailOptions {
  readonly userId: string
  /** The platform's account. */
  readonly account: string
  /** The platform's public key of SM2, PEM. */
  readonly clientPublicKeyPem: string
  /** 16 bytes, hex. */
  readonly sm4KeyHex: string
  /** The bank's key pair; a fresh one when absent. */
  readonly key?: KeyPair
}

export interface BankDirectAdmin extends RailAdmin {
  /** Something happens to the account that the platform did not ask for; the entry's number. */
  enter(entry: OutsideEntry): Promise<string>
  /** Another rail's settlement arrives; a negative one is debited. */
  receiveSettlement(settlement: RailSettlement): Promise<string>
  /** Gives or takes the user's right to pay (N02030). */
  permitPayments(permitted: boolean): void
  /** The statement, whole. */
  entries(): readonly Entry[]
}

export interface BankDirectRail extends Rail {
  readonly admin: BankDirectAdmin
  readonly bankPublicKeyPem: string
}

/** Waits before a notice is sent again. */
const RETRY_SECONDS = [15, 60, 300, 1_800, 3_600, 7_200, 21_600] as const

/** Starts the bank on a port of this machine. */
export async function startBankDirect(options: BankDirectOptions): Promise<BankDirectRail> {
  const key = options.key ?? newKeyPair()
  const stranger = newKeyPair()
  const ground = createRailGround(options, {
    retrySeconds: RETRY_SECONDS,
    settles: 'gross',
    numberOf: (_at, sequence) => `C${String(sequence).padStart(14, '0')}`,
    print: (told) => printNotice(options, told.forged ? stranger : key, told),
    isTaken: (status, body) => status === 200 && body.includes('"SUC0000"'),
    dayClosesAt: (date) => startOfDate(date)! + DAY_MS,
    settlementMemo: (date) => `BANK-DIRECT-${date}`,
    returnsAt: ({ detail, movedAt }) =>
      detail.crtBnk === RETURNING_BANK ? movedAt + DAY_MS : undefined,
  })
  const state: BankState = {
    ground,
    account: options.account,
    entries: entriesOf(ground.book),
    mayPay: true,
    tasks: new Map(),
  }
  const seen = new Set<string>()
  const rail = await ground.listen((request) => {
    if (request.method === 'POST' && request.path === '/outside') return outside(ground, request)
    const opened = openEnvelope(options, pointOf(options.clientPublicKeyPem), request)
    if (opened === undefined) return { status: 200, body: 'CDCServer:ErrMsg=请求无法处理' }
    return answers(state, opened, seen, (content) => sealed(options, key, opened, content))
  })
  const admin: BankDirectAdmin = {
    ...rail.admin,
    enter: async (entry) => enter(ground.book, entry, ground.clock.now()),
    receiveSettlement: async ({ amount, memo }) => {
      const kind = amount < 0n ? 'unknown_debit' : 'incoming'
      const size = amount < 0n ? -amount : amount
      return enter(ground.book, { kind, amount: size, memo, name: '支付机构' }, ground.clock.now())
    },
    permitPayments: (permitted) => {
      state.mayPay = permitted
    },
    entries: () => state.entries(),
  }
  return { url: rail.url, admin, close: () => rail.close(), bankPublicKeyPem: publicPem(key) }
}

/** `POST /outside` with an entry as JSON, for tools: what `admin.enter` does. */
function outside(ground: RailGround, { body }: RailRequest): RailReply {
  try {
    const entry = JSON.parse(body.toString('utf8')) as OutsideEntry & { amount: string | bigint }
    const flow = enter(ground.book, { ...entry, amount: BigInt(entry.amount) }, ground.clock.now())
    return { status: 200, body: JSON.stringify({ flow }) }
  } catch (error) {
    return { status: 400, body: error instanceof Error ? error.message : 'not readable' }
  }
}

function printNotice(options: BankDirectOptions, key: KeyPair, told: Told) {
  const { order, event, amount, id, movement } = told
  if (order.kind !== 'pay' || event === 'closed' || event === 'chargeback') return undefined
  const done = shanghai(order.movedAt)
  const about = {
    dbtAcc: options.account,
    yurRef: order.reference,
    reqNbr: order.number,
    trsAmt: yuan(amount),
    ccyNbr: '10',
    crtAcc: order.detail.crtAcc,
    oprDat: done.slice(0, 8),
    oprTim: done.slice(8),
  }
  const returned = event === 'returned'
  const notdat = returned
    ? {
        ...about,
        trxSeq: movement?.number,
        rtnDat: shanghai(movement?.at ?? 0).slice(0, 8),
        ...WHY,
      }
    : {
        ...about,
        reqSts: 'FIN',
        rtnFlg: event === 'succeeded' ? 'S' : 'F',
        errCod: event === 'succeeded' ? 'SUC0000' : order.code,
        rtnNar: '',
      }
  const text = JSON.stringify({
    sigtim: shanghai(wallNow()),
    sigdat: '__signature_sigdat__',
    nottyp: returned ? 'YQN02040' : 'YQN02030',
    notkey: id,
    usrnbr: options.userId,
    notdat,
  })
  const headers = { 'content-type': 'application/json' }
  return { headers, body: signText(key, options.userId, text) }
}
