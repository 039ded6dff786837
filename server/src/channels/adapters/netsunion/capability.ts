/** What the clearing house does for us: payouts from our reserve account, round the clock. */
import type { Capability } from '../../capability.ts'

const YUAN = 100n

export const CAPABILITY: Capability = {
  channel: 'netsunion',
  title: { zh: '网联付款', en: 'NetsUnion payout' },
  currency: 'CNY',
  directions: ['pay'],
  methods: [],
  // Which banks take no payouts to corporate accounts is not published: routing learns it.
  notPermitted: [],
  accountTypes: ['personal', 'corporate'],
  banks: 'all',
  limits: [
    { direction: 'pay', accountType: 'personal', perPayment: 500_000n * YUAN },
    { direction: 'pay', accountType: 'corporate', perPayment: 5_000_000n * YUAN },
  ],
  openHours: [],
  maintenance: [{ from: '02:30', to: '02:40' }],
  holdDays: 0,
  // Payouts are prefunded; fees are billed apart by month.
  settlement: { days: 0, kind: 'gross' },
  fees: [{ direction: 'pay', ppm: 0, fixed: 50n }],
}
