/**
 * All five simulators of rails together, over HTTP, with keys of a test's own, and the file of channels
 * that tells a server how to reach them. The rails settle into our account at the bank among them.
 *
 * The one thing to get wrong: what a rail holds for us at the start. It is put there the day before the
 * first, so that no line of a day that is read tells of it.
 */
import type { RailAdmin, RailSettlement } from '../../simulators/channel/index.ts'
import { addressesOf, channelSettings } from '../../tools/rails/channel-file.ts'
import { newRailKeysAtOnce, type RailKeys } from '../../tools/rails/keys.ts'
import { RAIL_NAMES, type RailName } from '../../tools/rails/names.ts'
import { type Rails, startRails } from '../../tools/rails/rails.ts'

/** Bank accounts through which our balance at a rail is funded, and the one of our own money. */
export const FUNDING_ACCOUNTS = {
  'wechat-pay': '755900000000001',
  alipay: '755900000000002',
  unionpay: '755900000000003',
} as const
export const OWN_ACCOUNT = '755900000000099'

export interface TestRails extends Rails {
  admins(): readonly RailAdmin[]
  /** Takes what has left our bank account for a rail's to the rail. Returns how many transfers. */
  forwardFunding(): Promise<number>
  /** Settlements that are under way arrive at our bank, on working days from 10:30 on. */
  deliverSettlements(now: number): Promise<number>
  /** When the next one arrives. */
  nextArrivalAt(): number | undefined
  /** The text of the file that TENON_CHANNELS names. */
  channelFile(options: ChannelFileOptions): string
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

/** One set for all tests of a process. */
let keys: Promise<RailKeys> | undefined

/** Starts the rails; callbacks go to `<callbacks>/v1/channels/<rail>/callbacks`. */
export async function testRails(callbacks: string): Promise<TestRails> {
  keys ??= newRailKeysAtOnce()
  const railKeys = await keys
  const underWay: { readonly at: number; readonly settlement: RailSettlement }[] = []
  const rails = await startRails({
    ...{ keys: railKeys, callbacks, seed: 1 },
    settle: async (settlement, bank) => {
      underWay.push({ at: arrivalAfter(bank.admin.now()), settlement })
    },
    onError: (error) => {
      throw error
    },
  })
  const bank = rails['bank-direct']
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
      const addresses = addressesOf(rails)
      const settings = channelSettings({ addresses, keys: railKeys, callbacks, firstDate })
      const channels = ([...RAIL_NAMES, 'offline-transfer'] as const).map((name) => {
        const account = (FUNDING_ACCOUNTS as Readonly<Record<string, string>>)[name]
        const funding = { name: '支付机构备付金', account, bank: 'CMB' }
        return {
          ...{ kind: name, name, pool: pools[name] ?? pool, settings: settings[name] },
          ...(account === undefined ? {} : { funding }),
        }
      })
      return JSON.stringify({ own_book: ownBook, own_account: OWN_ACCOUNT, channels })
    },
  }
}
