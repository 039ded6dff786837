/**
 * All rails of the sandbox together: five simulators with books of their own, and the platform's bank
 * account at one of them, into which the others settle. An offline transfer has no simulator of its
 * own: a payer's transfer arrives at that bank.
 */
import { join } from 'node:path'
import { type Alipay, startAlipay } from '../../simulators/alipay/index.ts'
import { type BankDirectRail, startBankDirect } from '../../simulators/bank-direct/index.ts'
import type { RailOptions, RailSettlement } from '../../simulators/channel/index.ts'
import { type NetsunionRail, startNetsunion } from '../../simulators/netsunion/index.ts'
import { MER_ID, startUnionPay, testKeys } from '../../simulators/unionpay/index.ts'
import { startWechatPay, type WechatPayRail } from '../../simulators/wechat-pay/index.ts'
import type { RailKeys } from './keys.ts'
import { RAIL_NAMES, type RailName } from './names.ts'

/** Who we are at each rail. */
export const OURS = {
  'wechat-pay': {
    appId: 'wx8888888888888888',
    mchId: '1900000109',
    serial: '5157F09EFDC096DE15EBE81A',
  },
  alipay: { appId: '2021000000000001', sellerId: '2088000000000001' },
  unionpay: { merId: MER_ID },
  netsunion: {
    issuerId: 'Z2004944000010',
    reserveAccount: '991584000001',
    suite: 'rsa',
    signSerial: '4024838392',
    encryptSerial: '4025061174',
  },
  'bank-direct': { userId: 'U0021948', account: '755915678910999', bank: 'CMB' },
} as const

export interface Rails {
  readonly 'wechat-pay': WechatPayRail
  readonly alipay: Alipay
  readonly unionpay: Awaited<ReturnType<typeof startUnionPay>>
  readonly netsunion: NetsunionRail
  readonly 'bank-direct': BankDirectRail
  close(): Promise<void>
}

export interface RailsOptions
  extends Omit<RailOptions, 'callbackUrl' | 'journal' | 'port' | 'onSettlement'> {
  readonly keys: RailKeys
  /** What becomes of money a rail settles; it comes to our bank account at once when absent. */
  readonly settle?: (settlement: RailSettlement, bank: BankDirectRail) => Promise<void>
  /** Callbacks go to `<callbacks>/v1/channels/<rail>/callbacks`; nowhere when absent. */
  readonly callbacks?: string
  /** A folder for the journals of their books; in memory only when absent. */
  readonly folder?: string
  /** In the order of `RAIL_NAMES`; any free ones when absent. */
  readonly ports?: readonly number[]
}

/** Starts all rails. What was started is stopped when one does not start. */
export async function startRails(options: RailsOptions): Promise<Rails> {
  const { keys, callbacks, folder, ports, settle = settleAtOnce, ...common } = options
  const of = (name: RailName): RailOptions => ({
    ...common,
    ...(callbacks === undefined
      ? {}
      : { callbackUrl: `${callbacks}/v1/channels/${name}/callbacks` }),
    ...(folder === undefined ? {} : { journal: join(folder, `${name}.jsonl`) }),
    port: ports?.[RAIL_NAMES.indexOf(name)] ?? 0,
  })
  const started: { close(): Promise<void> }[] = []
  const up = async <R extends { close(): Promise<void> }>(rail: Promise<R>): Promise<R> => {
    const one = await rail
    started.push(one)
    return one
  }
  const close = async () => {
    for (const rail of started.splice(0).reverse()) await rail.close()
  }
  try {
    const bank = await up(startBank(of('bank-direct'), keys))
    const onSettlement = (settlement: RailSettlement) => settle(settlement, bank)
    const settling = (name: RailName) => ({ ...of(name), onSettlement })
    const [wechat, alipay, unionpay, netsunion] = [
      await up(startWechat(settling('wechat-pay'), keys)),
      await up(
        startAlipay({
          ...settling('alipay'),
          ...OURS.alipay,
          appPublicKeyPem: keys.alipay.ours.publicKeyPem,
          privateKeyPem: keys.alipay.theirs.privateKeyPem,
        }),
      ),
      await up(startUnionPay({ ...settling('unionpay'), keys: testKeys() })),
      await up(
        startNetsunion({
          ...settling('netsunion'),
          ...OURS.netsunion,
          clientPublicKeyPem: keys.netsunion.ours.publicKeyPem,
          key: keys.netsunion.theirs,
        }),
      ),
    ]
    return { 'wechat-pay': wechat, alipay, unionpay, netsunion, 'bank-direct': bank, close }
  } catch (error) {
    await close()
    throw error
  }
}

async function settleAtOnce(settlement: RailSettlement, { admin }: BankDirectRail): Promise<void> {
  await admin.receiveSettlement(settlement)
}

function startBank(options: RailOptions, { bankDirect }: RailKeys): Promise<BankDirectRail> {
  const { userId, account } = OURS['bank-direct']
  return startBankDirect({
    ...options,
    userId,
    account,
    clientPublicKeyPem: bankDirect.ours.publicKeyPem,
    sm4KeyHex: bankDirect.sm4KeyHex,
    key: bankDirect.theirs,
  })
}

function startWechat(options: RailOptions, { wechat }: RailKeys): Promise<WechatPayRail> {
  const { appId, mchId, serial } = OURS['wechat-pay']
  return startWechatPay({
    ...options,
    appId,
    mchId,
    merchantSerial: serial,
    merchantPublicKeyPem: wechat.ours.publicKeyPem,
    apiV3Key: wechat.apiV3Key,
    platformKeyPem: wechat.theirs.privateKeyPem,
  })
}
