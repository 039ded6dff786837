/** What the platform's own bank does for us: payouts from our bank account to any bank account. */
import type { Capability } from '../../capability.ts'

const YUAN = 100n

export const CAPABILITY: Capability = {
  channel: 'bank-direct',
  title: { zh: '银企直连', en: 'Bank direct' },
  currency: 'CNY',
  directions: ['pay'],
  methods: [],
  notPermitted: [],
  accountTypes: ['personal', 'corporate'],
  banks: 'all',
  limits: [
    { direction: 'pay', accountType: 'personal', perPayment: 5_000_000n * YUAN },
    { direction: 'pay', accountType: 'corporate', perPayment: 1_000_000_000n * YUAN },
  ],
  // Up to a million yuan goes by a system that is always open; more goes by the large-value one.
  openHours: [
    {
      direction: 'pay',
      accountType: 'corporate',
      over: 1_000_000n * YUAN,
      weekdays: [1, 2, 3, 4, 5],
      from: '08:30',
      to: '17:00',
    },
  ],
  maintenance: [{ weekdays: [7], from: '02:00', to: '03:00' }],
  holdDays: 0,
  // Nothing is collected here; fees are debited apart, as entries of the statement.
  settlement: { days: 0, kind: 'gross' },
  fees: [
    { direction: 'pay', accountType: 'personal', ppm: 0, fixed: 200n },
    { direction: 'pay', accountType: 'corporate', ppm: 20, fixed: 0n, least: 500n, most: 20_000n },
  ],
}
