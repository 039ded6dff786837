/**
 * All five simulators of rails together, over HTTP, with keys of a test's own, and the file of channels
 * that tells a server how to reach them. The rails settle into our account at the bank among them.
 *
 * The one thing to get wrong: what a rail holds for us at the start. It is put there the day before the
 * first, so that no line of a day that is read tells of it.
 */
import { generateKeyPair, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { type Alipay, startAlipay } from '../../simulators/alipay/index.ts'
import {
  type BankDirectRail,
  newKeyPair,
  privatePem,
  publicPem,
  startBankDirect,
} from '../../simulators/bank-direct/index.ts'
import type { Rail, RailAdmin, RailSettlement } from '../../simulators/channel/index.ts'
import { type NetsunionRail, startNetsunion } from '../../simulators/netsunion/index.ts'
import { MER_ID, startUnionPay, testKeys } from '../../simulators/unionpay/index.ts'
import { startWechatPay, type WechatPayRail } from '../../simulators/wechat-pay/index.ts'

export const RAIL_NAMES = ['wechat-pay', 'alipay', 'unionpay', 'netsunion', 'bank-direct'] as const

export type RailName = (typeof RAIL_NAMES)[number]

const WECHAT = {
  appId: 'wx8888888888888888',
  mchId: '1900000109',
  serial: '5157F09EFDC096DE15EBE81A',
}
const ALIPAY = { appId: '2021000000000001', sellerId: '2088000000000001' }
const NETSUNION = {
  issuerId: 'Z2004944000010',
  reserveAccount: '991584000001',
  suite: 'rsa',
  signSerial: '4024838392',
  encryptSerial: '4025061174',
} as const
const BANK = { userId: 'U0021948', account: '755915678910999', bank: 'CMB' }

/** Bank accounts through which our balance at a rail is funded, and the one of our own money. */
export const FUNDING_ACCOUNTS = {
  'wechat-pay': '755900000000001',
  alipay: '755900000000002',
  unionpay: '755900000000003',
} as const
export const OWN_ACCOUNT = '755900000000099'

export interface TestRails {
  readonly 'wechat-pay': WechatPayRail
  readonly alipay: Alipay
  readonly unionpay: Rail
  readonly netsunion: NetsunionRail
  readonly 'bank-direct': BankDirectRail
  admins(): readonly RailAdmin[]
  /** Takes what has left our bank account for a rail's to the rail. Returns how many transfers. */
  forwardFunding(): Promise<number>
  /** Settlements that are under way arrive at our bank, on working days from 10:30 on. */
  deliverSettlements(now: number): Promise<number>
  /** When the next one arrives. */
  nextArrivalAt(): number | undefined
  /** The text of the file that TENON_CHANNELS names. */
  channelFile(options: ChannelFileOptions): string
  close(): Promise<void>
}

export interface ChannelFileOptions {
  readonly pool: string
  /** Instead of the pool, for some channels. */
  readonly pools?: Readonly<Partial<Record<RailName | 'offline-transfer', string>>>
  readonly ownBook: string
  /** Business date from which our bank account is read, `yyyymmdd`. */
  readonly firstDate: string
}

const HOUR_MS = 3_600_000

/** 10:30 of Shanghai's next working day, or of this one while it is earlier. */
function arrivalAfter(now: number): number {
  const day = 24 * HOUR_MS
  const midnight = Math.floor((now + 8 * HOUR_MS) / day) * day - 8 * HOUR_MS
  const weekday = (at: number) => new Date(at + 8 * HOUR_MS).getUTCDay()
  let at = midnight + 10.5 * HOUR_MS
  while (at < now || weekday(at) === 0 || weekday(at) === 6) at += day
  return at
}

const rsa = promisify(generateKeyPair)

async function pemPair() {
  const { privateKey, publicKey } = await rsa('rsa', { modulusLength: 2048 })
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

/** Starts the rails; callbacks go to `<callbacks>/v1/channels/<rail>/callbacks`. */
export async function testRails(callbacks: string): Promise<TestRails> {
  const [wechatOurs, wechatTheirs, alipayOurs, alipayTheirs, houseOurs, houseTheirs] =
    await Promise.all([pemPair(), pemPair(), pemPair(), pemPair(), pemPair(), pemPair()])
  const [bankOurs, bankTheirs] = [newKeyPair(), newKeyPair()]
  const apiV3Key = randomBytes(16).toString('hex')
  const sm4KeyHex = randomBytes(16).toString('hex')
  const callbackOf = (name: RailName) => `${callbacks}/v1/channels/${name}/callbacks`
  const common = (name: RailName) => ({
    callbackUrl: callbackOf(name),
    onError: (error: Error) => {
      throw error
    },
  })
  const bank = await startBankDirect({
    ...common('bank-direct'),
    ...BANK,
    clientPublicKeyPem: publicPem(bankOurs),
    sm4KeyHex,
    key: bankTheirs,
  })
  const underWay: { readonly at: number; readonly settlement: RailSettlement }[] = []
  const onSettlement = async (settlement: RailSettlement) => {
    underWay.push({ at: arrivalAfter(bank.admin.now()), settlement })
  }
  const wechat = await startWechatPay({
    ...common('wechat-pay'),
    ...WECHAT,
    onSettlement,
    merchantSerial: WECHAT.serial,
    merchantPublicKeyPem: wechatOurs.publicKeyPem,
    apiV3Key,
    platformKeyPem: wechatTheirs.privateKeyPem,
  })
  const alipay = await startAlipay({
    ...common('alipay'),
    ...ALIPAY,
    onSettlement,
    appPublicKeyPem: alipayOurs.publicKeyPem,
    privateKeyPem: alipayTheirs.privateKeyPem,
  })
  const unionKeys = testKeys()
  const unionpay = await startUnionPay({ ...common('unionpay'), onSettlement, keys: unionKeys })
  const netsunion = await startNetsunion({
    ...common('netsunion'),
    ...NETSUNION,
    onSettlement,
    clientPublicKeyPem: houseOurs.publicKeyPem,
    key: houseTheirs,
  })
  const rails = { 'wechat-pay': wechat, alipay, unionpay, netsunion, 'bank-direct': bank }
  let seen = 0
  return {
    ...rails,
    admins: () => RAIL_NAMES.map((name) => rails[name].admin),
    forwardFunding: async () => {
      const movements = bank.admin.movements()
      let forwarded = 0
      for (; seen < movements.length; seen += 1) {
        const movement = movements[seen]!
        if (movement.kind !== 'pay') continue
        const entry = bank.admin.entries().find((each) => each.movement === movement)
        const to = Object.entries(FUNDING_ACCOUNTS).find(
          ([, account]) => account === entry?.account,
        )
        if (to === undefined) continue
        await rails[to[0] as RailName].admin.fund(-movement.amount, movement.reference)
        forwarded += 1
      }
      return forwarded
    },
    nextArrivalAt: () => underWay[0]?.at,
    deliverSettlements: async (now) => {
      const arrived = underWay.filter(({ at }) => at <= now)
      underWay.splice(0, underWay.length, ...underWay.filter(({ at }) => at > now))
      for (const { settlement } of arrived) await bank.admin.receiveSettlement(settlement)
      return arrived.length
    },
    channelFile: ({ pool, pools = {}, ownBook, firstDate }) => {
      const settings = {
        'wechat-pay': {
          ...WECHAT,
          url: wechat.url,
          notifyUrl: callbackOf('wechat-pay'),
          scheme: 'rsa',
          privateKeyPem: wechatOurs.privateKeyPem,
          platformKeys: { [wechat.platformSerial]: wechat.platformPublicKeyPem },
          apiV3Key,
        },
        alipay: {
          ...ALIPAY,
          gateway: alipay.gateway,
          notifyUrl: callbackOf('alipay'),
          privateKeyPem: alipayOurs.privateKeyPem,
          alipayPublicKeyPem: alipay.publicKeyPem,
        },
        unionpay: {
          merId: MER_ID,
          url: unionpay.url,
          backUrl: callbackOf('unionpay'),
          signature: {
            method: '01',
            privateKeyPem: unionKeys.merchantKeyPem,
            certPem: unionKeys.merchantCertPem,
            encryptCertPem: unionKeys.encryptCertPem,
            rootPem: unionKeys.rootPem,
            middlePems: [unionKeys.middlePem],
          },
        },
        netsunion: {
          ...NETSUNION,
          url: netsunion.url,
          privateKeyPem: houseOurs.privateKeyPem,
          platformPublicKeyPem: houseTheirs.publicKeyPem,
        },
        'bank-direct': {
          ...BANK,
          url: bank.url,
          privateKeyPem: privatePem(bankOurs),
          bankPublicKeyPem: publicPem(bankTheirs),
          sm4KeyHex,
          firstDate,
        },
        'offline-transfer': {
          account: {
            name: '榫卯科技有限公司客户备付金',
            number: BANK.account,
            bank: '招商银行深圳分行',
            cnaps: '308584000013',
          },
        },
      } as const
      const names = [...RAIL_NAMES, 'offline-transfer'] as const
      const channels = names.map((name) => {
        const account = (FUNDING_ACCOUNTS as Readonly<Record<string, string>>)[name]
        const funding = { name: '支付机构备付金', account, bank: 'CMB' }
        return {
          ...{ kind: name, name, pool: pools[name] ?? pool, settings: settings[name] },
          ...(account === undefined ? {} : { funding }),
        }
      })
      return JSON.stringify({ own_book: ownBook, own_account: OWN_ACCOUNT, channels })
    },
    close: async () => {
      for (const name of [...RAIL_NAMES].reverse()) await rails[name].close()
    },
  }
}
