/**
 * The rails of a sale: WeChat Pay and UnionPay, each with a book of its own. They settle into custody:
 * when a rail has closed a business day it pays each of the day's orders on, whole, to the virtual
 * number of whoever paid it, with the order's number in the text. Fees are billed apart.
 *
 * The one thing to get wrong: paying an order on twice. An order goes on once, by its number.
 */
import { toDecimal } from '../../server/src/money/index.ts'
import type { Rail, RailMovement } from '../../simulators/channel/index.ts'
import { startUnionPay, testKeys } from '../../simulators/unionpay/index.ts'
import { startWechatPay, type WechatPayRail } from '../../simulators/wechat-pay/index.ts'
import type { RailKeys } from '../rails/keys.ts'
import { OURS } from '../rails/rails.ts'
import type { BankAdmin } from './bank-admin.ts'
import { openReceiver, type Received } from './receiver.ts'

const DAY_MS = 86_400_000

/** Who sends the money a rail pays on. */
const PAYS_AS = {
  'wechat-pay': { name: '财付通支付科技有限公司', account: '755915678910001', bank: '招商银行' },
  unionpay: { name: '中国银联股份有限公司', account: '310066661018150001', bank: '交通银行' },
} as const

export type SaleRail = keyof typeof PAYS_AS

export const SALE_RAILS = Object.keys(PAYS_AS) as SaleRail[]

/** What takes the rails' callbacks and knows to which number at the bank an order is to go. */
export interface RailsPlatform {
  takeCallback(channel: string, request: Parameters<TakeRequest>[0]): Promise<Received>
  numberOf(reference: string): Promise<string | undefined>
}

type TakeRequest = Parameters<typeof openReceiver>[0]

/** What goes wrong when orders are paid on. */
export interface PayOnFault {
  /** Later than the rail's day, ms. */
  readonly lateMs?: number
  /** Minor units too little, at the first order paid on. */
  readonly short?: bigint
  /** The first order is paid on a second time. */
  readonly twice?: boolean
}

export interface RailSide {
  readonly rails: Readonly<Record<SaleRail, Rail>>
  readonly wechat: Pick<WechatPayRail, 'platformSerial' | 'platformPublicKeyPem'>
  readonly keys: RailKeys
  /** Where the rails send their callbacks, without the channel's path. */
  readonly callbacks: string
  takeAt(platform: RailsPlatform | undefined): void
  fault(fault: PayOnFault): void
  setClock(at: number): Promise<void>
  idle(): Promise<void>
  nextDueAt(): number | undefined
  /** Ends the rails' present business day, where days do not pass by themselves. */
  closeDay(): Promise<void>
  close(): Promise<void>
}

export interface RailSideOptions {
  readonly keys: RailKeys
  /** Where custody has its pool. */
  readonly bank: Pick<BankAdmin, 'pay'>
  /** Business time; the wall clock when absent. */
  readonly now?: number
}

interface PayOn {
  readonly at: number
  readonly rail: SaleRail
  readonly movement: RailMovement
}

/** Starts the rails, and the address they tell of payments at. */
export async function openRailSide(options: RailSideOptions): Promise<RailSide> {
  const { keys, bank, now } = options
  let platform: RailsPlatform | undefined
  let fault: PayOnFault = {}
  const waiting: PayOn[] = []
  const known = new Set<string>()
  const receiver = await openReceiver(async (request) => {
    const name = /^\/v1\/channels\/([a-z-]+)\/callbacks$/.exec(request.path)?.[1]
    if (platform === undefined) throw new Error('no platform is up')
    return name === undefined ? { status: 404 } : platform.takeCallback(name, request)
  })

  const payOn = async ({ rail, movement }: PayOn) => {
    const { reference, amount } = movement
    const to = await platform?.numberOf(reference)
    if (to === undefined) throw new Error(`nobody says where the order ${reference} is to go`)
    const { short = 0n, twice = false } = fault
    fault = { ...fault, short: 0n, twice: false }
    const from = PAYS_AS[rail]
    const transfer = {
      to,
      amount: toDecimal({ amount: amount - short, currency: 'CNY' }),
      payerAcctNo: from.account,
      payerName: from.name,
      payerBank: from.bank,
      remark: reference,
    }
    await bank.pay(transfer)
    if (twice) await bank.pay(transfer)
  }
  const payOnDue = async () => {
    const due = waiting.filter(({ at }) => at <= rails.unionpay.admin.now())
    for (const each of due) {
      waiting.splice(waiting.indexOf(each), 1)
      await payOn(each)
    }
  }
  const settling = (rail: SaleRail) => async () => {
    const { admin } = rails[rail]
    for (const movement of admin.movements()) {
      if (movement.kind !== 'collect' || known.has(movement.reference)) continue
      known.add(movement.reference)
      waiting.push({ at: admin.now() + (fault.lateMs ?? 0), rail, movement })
    }
    await payOnDue()
  }
  const common = (rail: SaleRail) => ({
    callbackUrl: `${receiver.url}/v1/channels/${rail}/callbacks`,
    onSettlement: settling(rail),
    magic: false,
  })
  const { appId, mchId, serial } = OURS['wechat-pay']
  const wechat = await startWechatPay({
    ...common('wechat-pay'),
    ...{ appId, mchId, merchantSerial: serial, settles: 'gross' },
    merchantPublicKeyPem: keys.wechat.ours.publicKeyPem,
    apiV3Key: keys.wechat.apiV3Key,
    platformKeyPem: keys.wechat.theirs.privateKeyPem,
  })
  const unionpay = await startUnionPay({ ...common('unionpay'), keys: testKeys() })
  const rails = { 'wechat-pay': wechat, unionpay }
  const each = async (work: (rail: Rail) => Promise<void>) => {
    for (const name of SALE_RAILS) await work(rails[name])
  }
  const setClock = async (at: number) => {
    await each(({ admin }) => admin.setClock(at))
    await payOnDue()
  }
  if (now !== undefined) await setClock(now)
  let closed = 0
  return {
    rails,
    wechat,
    keys,
    callbacks: receiver.url,
    takeAt: (at) => {
      platform = at
    },
    fault: (added) => {
      fault = { ...fault, ...added }
    },
    setClock,
    idle: async () => {
      await each(({ admin }) => admin.idle())
      await payOnDue()
    },
    nextDueAt: () => {
      const due = [
        ...waiting.map(({ at }) => at),
        ...SALE_RAILS.flatMap((name) => rails[name].admin.nextDueAt() ?? []),
      ]
      return due.length === 0 ? undefined : Math.min(...due)
    },
    closeDay: async () => {
      // A day that is closed stays closed, and what happens on it counts for the next one.
      const at = rails.unionpay.admin.now() + closed * DAY_MS
      closed += 1
      // UnionPay's day begins at 23:00.
      for (const date of new Set([at, at + 3_600_000].map(shanghaiDate))) {
        await each(({ admin }) => admin.closeDay(date))
      }
    },
    close: async () => {
      await each((rail) => rail.close())
      await receiver.close()
    },
  }
}

const shanghaiDate = (at: number) =>
  new Date(at + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '')
