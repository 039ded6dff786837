/** What UnionPay does for us: collection by agreement, refund along it, payout. */
import type { Capability } from '../../capability.ts'

const YUAN = 100n

export const CAPABILITY: Capability = {
  channel: 'unionpay',
  title: { zh: '银联全渠道', en: 'UnionPay' },
  currency: 'CNY',
  directions: ['collect', 'pay', 'refund'],
  methods: ['collection'],
  notPermitted: [],
  accountTypes: ['personal', 'corporate'],
  banks: 'all',
  limits: [
    {
      direction: 'collect',
      accountType: 'personal',
      perPayment: 1_000_000n * YUAN,
      perDay: 5_000_000n * YUAN,
    },
    { direction: 'collect', accountType: 'corporate', perPayment: 50_000_000n * YUAN },
    { direction: 'pay', accountType: 'personal', perPayment: 1_000_000n * YUAN },
    { direction: 'pay', accountType: 'corporate', perPayment: 5_000_000n * YUAN },
  ],
  openHours: [],
  // The clearing day changes at 23:00; for a few minutes orders may be turned away.
  maintenance: [{ from: '22:58', to: '23:02', direction: 'pay' }],
  refund: { windowDays: 330, countMost: 999, partial: true, gapMs: 0 },
  holdDays: 0,
  settlement: { days: 1, kind: 'gross' },
  fees: [
    { direction: 'collect', accountType: 'personal', ppm: 2_000, fixed: 0n, most: 2_000n },
    { direction: 'collect', accountType: 'corporate', ppm: 0, fixed: 1_000n },
    { direction: 'pay', ppm: 0, fixed: 150n },
  ],
}
