/**
 * A clearing house in the shape of 网联 (EPCC-like) for payouts: it keeps the institution's prefunded
 * reserve, pays out of it to accounts at banks, clears in windows several times a day, and tells by
 * reply, notice and clearing file.
 *
 * The one thing to get wrong: a bank may take payouts to personal accounts and refuse corporate ones.
 * Which banks do is not published; the platform meets it as a code of its own.
 */
import {
  createRailGround,
  DAY_MS,
  type Rail,
  type RailAdmin,
  type RailOptions,
  RETURNING_BANK,
  shanghai,
  shanghaiTime,
  startOfDate,
  type Told,
  yuan,
} from '../channel/index.ts'
import { BUSINESS } from './codes.ts'
import { cryptoOf, newPlatformKey, type PlatformKey, type SuiteName } from './keys.ts'
import { openMessage, printMessage, reply } from './message.ts'
import { answer, batchIdOf, type House, permissionKey } from './payouts.ts'

export interface NetsunionOptions extends RailOptions {
  readonly issuerId: string
  readonly reserveAccount: string
  readonly suite: SuiteName
  readonly signSerial: string
  readonly encryptSerial: string
  /** The institution's public key, PEM. */
  readonly clientPublicKeyPem: string
  /** The clearing house's own key; a fresh one when absent. */
  readonly key?: PlatformKey
  /** Combinations that banks take no payouts for. */
  readonly notPermitted?: readonly Permission[]
}

export interface Permission {
  /** The bank's short code. */
  readonly bank: string
  readonly accountType: 'personal' | 'corporate'
}

export interface NetsunionAdmin extends RailAdmin {
  /** Opens or closes a bank to payouts to accounts of a kind. */
  permit(permission: Permission, permitted: boolean): void
}

export interface NetsunionRail extends Rail {
  readonly admin: NetsunionAdmin
  readonly platformPublicKeyPem: string
}

/** Waits before a notice is sent again. */
const RETRY_SECONDS = [30, 60, 300, 900, 1_800, 3_600, 7_200] as const

/** Starts the clearing house on a port of this machine. */
export async function startNetsunion(options: NetsunionOptions): Promise<NetsunionRail> {
  const { suite, clientPublicKeyPem } = options
  const key = options.key ?? newPlatformKey(suite)
  const crypto = cryptoOf(suite, key, clientPublicKeyPem)
  // A stranger's key is made when the first forged notice is sent: making one takes a while.
  let stranger: ReturnType<typeof cryptoOf> | undefined
  const signer = (forged: boolean) => {
    if (!forged) return crypto
    stranger ??= cryptoOf(suite, newPlatformKey(suite), clientPublicKeyPem)
    return stranger
  }
  const ground = createRailGround(options, {
    retrySeconds: RETRY_SECONDS,
    settles: 'gross',
    print: (told) => printNotice(options, signer(told.forged), told),
    // The code itself: at midnight the numbers a reply repeats hold eight zeros too.
    isTaken: (status, body) => status === 200 && /<SysRtnCd>0{8}<\/SysRtnCd>/.test(body),
    dayClosesAt: (date) => startOfDate(date)! + DAY_MS,
    settlementMemo: (date) => `EPCC-${options.issuerId}-${date}`,
    returnsAt: ({ detail, movedAt }) =>
      detail.bank === RETURNING_BANK ? movedAt + DAY_MS : undefined,
  })
  const refused = (options.notPermitted ?? []).map(({ bank, accountType }) =>
    permissionKey(bank, accountType),
  )
  const house: House = {
    ground,
    crypto,
    reserveAccount: options.reserveAccount,
    notPermitted: new Set(refused),
    batches: new Set(ground.book.orders().flatMap(({ detail }) => detail.file ?? [])),
  }
  const rail = await ground.listen((request) => {
    if (request.method !== 'POST' || request.path !== '/preSvr') return { status: 404, body: '' }
    const opened = openMessage(crypto, options, request)
    return opened === undefined
      ? reply(
          printMessage(
            crypto,
            { MsgTp: 'epcc.900.001.01', RltdMsgId: '' },
            { SysRtnInf: { SysRtnCd: 'PS500002', SysRtnDesc: '验签失败' } },
          ),
        )
      : answer(house, opened)
  })
  const admin: NetsunionAdmin = {
    ...rail.admin,
    permit({ bank, accountType }, permitted) {
      const name = permissionKey(bank, accountType)
      if (permitted) house.notPermitted.delete(name)
      else house.notPermitted.add(name)
    },
  }
  return {
    url: rail.url,
    admin,
    close: () => rail.close(),
    platformPublicKeyPem: key.publicKeyPem,
  }
}

function printNotice(options: NetsunionOptions, crypto: House['crypto'], told: Told) {
  const { order, event, amount, id, movement } = told
  if (order.kind !== 'pay' || event === 'closed' || event === 'chargeback') return undefined
  const returned = event === 'returned'
  const envelope = crypto.envelope()
  const code = event === 'failed' ? order.code : '00000000'
  const at = movement?.at ?? order.movedAt
  const body = {
    SysRtnInf: { SysRtnCd: '00000000' },
    TrxInf: {
      TrxId: order.reference,
      TrxAmt: `CNY${yuan(amount)}`,
      TrxCtgy: returned ? '0222' : '0221',
    },
    BizInf: {
      PltfrmSeqNo: returned ? movement?.number : order.number,
      BizStsCd: returned ? 'RJ000001' : code,
      BizStsDesc: returned ? '收款账户异常退回' : (BUSINESS[code as keyof typeof BUSINESS] ?? ''),
      BizDt: shanghai(at).slice(0, 8),
      BizTm: shanghaiTime(at),
    },
    PyeeInf: { PyeeAcctId: envelope.hide(order.detail.account ?? '') },
    ResfdInf: { InstgId: options.issuerId, InstgAcctId: options.reserveAccount },
    BatchInf: { BatchId: batchIdOf(at) },
  }
  const header = { MsgTp: 'epcc.207.001.01', MsgId: id, DgtlEnvlp: envelope.text }
  const headers = { 'content-type': 'application/xml; charset=utf-8', msgtp: 'epcc.207.001.01' }
  return { headers, body: printMessage(crypto, header, body) }
}
