/** The sandbox's rails as the server's file of channels, and as channels for who runs in one process. */
import { publicPem } from '../../simulators/bank-direct/index.ts'
import { testKeys } from '../../simulators/unionpay/index.ts'
import type { RailKeys } from './keys.ts'
import type { RailName } from './names.ts'
import { OURS, type Rails } from './rails.ts'

export const OWN_BOOK = 'Own money'
export const COLLECTION_POOL = 'Collection pool'

/** What the server needs to know of the rails where they stand now. */
export interface RailAddresses {
  readonly urls: Readonly<Record<RailName, string>>
  readonly wechatSerial: string
  readonly wechatPublicKeyPem: string
  readonly alipayPublicKeyPem: string
}

export function addressesOf(rails: Rails): RailAddresses {
  return {
    urls: {
      'wechat-pay': rails['wechat-pay'].url,
      alipay: rails.alipay.gateway,
      unionpay: rails.unionpay.url,
      netsunion: rails.netsunion.url,
      'bank-direct': rails['bank-direct'].url,
    },
    wechatSerial: rails['wechat-pay'].platformSerial,
    wechatPublicKeyPem: rails['wechat-pay'].platformPublicKeyPem,
    alipayPublicKeyPem: rails.alipay.publicKeyPem,
  }
}

export interface ChannelFileOptions {
  readonly addresses: RailAddresses
  readonly keys: RailKeys
  /** The server's own address, for callbacks. */
  readonly callbacks: string
  /** Business date from which our bank account is read, `yyyymmdd`. */
  readonly firstDate: string
}

/** The settings of each sandbox channel, by its name. */
export function channelSettings(options: ChannelFileOptions) {
  const { addresses, keys, callbacks, firstDate } = options
  const { urls } = addresses
  const callbackOf = (name: RailName) => `${callbacks}/v1/channels/${name}/callbacks`
  const unionpay = testKeys()
  const { account } = OURS['bank-direct']
  return {
    'wechat-pay': {
      ...OURS['wechat-pay'],
      url: urls['wechat-pay'],
      notifyUrl: callbackOf('wechat-pay'),
      scheme: 'rsa',
      privateKeyPem: keys.wechat.ours.privateKeyPem,
      platformKeys: { [addresses.wechatSerial]: addresses.wechatPublicKeyPem },
      apiV3Key: keys.wechat.apiV3Key,
    },
    alipay: {
      ...OURS.alipay,
      gateway: urls.alipay,
      notifyUrl: callbackOf('alipay'),
      privateKeyPem: keys.alipay.ours.privateKeyPem,
      alipayPublicKeyPem: addresses.alipayPublicKeyPem,
    },
    unionpay: {
      ...OURS.unionpay,
      url: urls.unionpay,
      backUrl: callbackOf('unionpay'),
      signature: {
        method: '01',
        privateKeyPem: unionpay.merchantKeyPem,
        certPem: unionpay.merchantCertPem,
        encryptCertPem: unionpay.encryptCertPem,
        rootPem: unionpay.rootPem,
        middlePems: [unionpay.middlePem],
      },
    },
    netsunion: {
      ...OURS.netsunion,
      url: urls.netsunion,
      privateKeyPem: keys.netsunion.ours.privateKeyPem,
      platformPublicKeyPem: keys.netsunion.theirs.publicKeyPem,
    },
    'bank-direct': {
      ...OURS['bank-direct'],
      url: urls['bank-direct'],
      privateKeyPem: keys.bankDirect.ours.privateKeyPem,
      bankPublicKeyPem: publicPem(keys.bankDirect.theirs),
      sm4KeyHex: keys.bankDirect.sm4KeyHex,
      firstDate,
    },
    'offline-transfer': {
      account: {
        name: '榫卯科技有限公司客户备付金',
        number: account,
        bank: '招商银行深圳分行',
        cnaps: '308584000013',
      },
    },
  } as const
}

/** The text of the file that TENON_CHANNELS names. JSON is YAML. */
export function channelFile(options: ChannelFileOptions): string {
  const channels = Object.entries(channelSettings(options)).map(([name, settings]) => ({
    kind: name,
    name,
    pool: COLLECTION_POOL,
    settings,
  }))
  return `${JSON.stringify({ own_book: OWN_BOOK, channels }, undefined, 2)}\n`
}
