/**
 * Payments on the platform of a sale: WeChat Pay, UnionPay and the payer's own bank transfer, all into
 * the custody pool's book.
 */
import {
  type PersonalSeal,
  parsePublicId,
  type Uuid,
  type World,
  wallClock,
} from '../../server/src/base/index.ts'
import {
  matchTransfer,
  offlineTransfer,
  type PaymentChannel,
  unionpay,
  wechatPay,
} from '../../server/src/channels/index.ts'
import { openCodeTable } from '../../server/src/codes/index.ts'
import { codesOfCheckout } from '../../server/src/codes/testing/index.ts'
import type { Ledger } from '../../server/src/ledger/index.ts'
import {
  type Clearing,
  createClearing,
  createPayments,
  findAttempt,
  type Payments,
  transfersOf,
} from '../../server/src/payments/index.ts'
import { createMemoryRouter, createRuleSet, parseRules } from '../../server/src/routing/index.ts'
import { testKeys } from '../../simulators/unionpay/index.ts'
import { OURS } from '../rails/rails.ts'
import type { RailSide } from './rail-side.ts'

export const BANK_TRANSFER = 'offline-transfer'

export interface LegPayments {
  readonly payments: Payments
  readonly clearing: Clearing
  /** The number at the bank that the money of a ledger account is to go to. */
  sendTo(account: Uuid, number: string): void
  /** Says where the pool is, and lets the rails' callbacks in. */
  begin(book: number): void
}

export interface LegPaymentsOptions {
  readonly world: World
  readonly ledger: Ledger
  readonly seal: PersonalSeal
  readonly side: RailSide
  onPlanned(): void
}

const ORG_ID = 1

/** Puts payments together; they work once `begin` has named the pool's book. */
export async function createLegPayments(options: LegPaymentsOptions): Promise<LegPayments> {
  const { world, ledger, seal, side, onPlanned } = options
  const { db, clock, rng, ids, log } = world
  const channels = channelsOf(world, side)
  const codes = await openCodeTable(world, codesOfCheckout())
  const classify = codes.current().classify
  let pool: number | undefined
  const router = createMemoryRouter({
    capabilities: channels.map(({ capability }) => capability),
    rules: await rulesFor(channels),
    reaches: (_channel, book) => book === pool,
    classify,
    dice: rng,
  })
  const payments = createPayments({
    ...{ db, clock, rng, ids, log, seal, ledger, router, classify, orgId: ORG_ID, onPlanned },
  })
  for (const channel of channels) payments.attach(channel)
  const numbers = new Map<Uuid, string>()
  const numberOf = async (reference: string) => {
    const attempt = pool === undefined ? undefined : await findAttempt(db, pool, { reference })
    const id = attempt && parsePublicId(attempt.owner, 'pay')
    const payIn = id && (await payments.payIn(id.book, id.uuid))
    return payIn && numbers.get(payIn.destination)
  }
  return {
    payments,
    clearing: createClearing(payments.context, {
      transfers: transfersOf(payments.context, BANK_TRANSFER, matchTransfer),
    }),
    sendTo: (account, number) => void numbers.set(account, number),
    begin: (book) => {
      pool = book
      side.takeAt({
        numberOf,
        takeCallback: async (channel, request) => {
          const taken = await payments.takeCallback(channel, request)
          return taken?.reply ?? { status: 404 }
        },
      })
    },
  }
}

function channelsOf(world: World, side: RailSide): PaymentChannel[] {
  const { net, clock, rng } = world
  const ground = { net, clock, rng, wall: wallClock() }
  const callbackOf = (name: string) => `${side.callbacks}/v1/channels/${name}/callbacks`
  const wechat = wechatPay(
    {
      ...OURS['wechat-pay'],
      url: side.rails['wechat-pay'].url,
      notifyUrl: callbackOf('wechat-pay'),
      scheme: 'rsa',
      privateKeyPem: side.keys.wechat.ours.privateKeyPem,
      platformKeys: { [side.wechat.platformSerial]: side.wechat.platformPublicKeyPem },
      apiV3Key: side.keys.wechat.apiV3Key,
    },
    ground,
  )
  const keys = testKeys()
  const collection = unionpay(
    {
      ...OURS.unionpay,
      url: side.rails.unionpay.url,
      backUrl: callbackOf('unionpay'),
      signature: {
        method: '01',
        privateKeyPem: keys.merchantKeyPem,
        certPem: keys.merchantCertPem,
        encryptCertPem: keys.encryptCertPem,
        rootPem: keys.rootPem,
        middlePems: [keys.middlePem],
      },
    },
    ground,
  )
  const account = { name: '资金存管专户', number: '0', bank: '存管银行', cnaps: '000000000000' }
  const transfer = offlineTransfer({ name: BANK_TRANSFER, account }, { clock })
  // Into custody it settles gross: its fee is owed by our own book and billed apart.
  const gross = { ...wechat.capability, settlement: { days: 1, kind: 'gross' as const } }
  return [{ ...wechat, capability: gross }, collection, transfer]
}

const RULES = `
policy:
  value: { ppm: 1000, least: 100, most: 5000 }
  explore: { ppm: 0, payoutMost: 0 }
  permission: { refusals: 1, days: 7 }
rules: []
`

async function rulesFor(channels: readonly PaymentChannel[]) {
  const parsed = parseRules(RULES)
  const names = channels.map(({ name }) => name)
  const rules = createRuleSet(parsed as Parameters<typeof createRuleSet>[0], names)
  if ('problems' in rules) throw new Error(JSON.stringify(rules.problems))
  return rules
}
