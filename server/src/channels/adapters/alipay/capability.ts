/** What Alipay can do for us, as the contract says; routing and the cashier read it. */
import type { Capability } from '../../capability.ts'

export function capability(channel: string): Capability {
  return {
    channel,
    title: { zh: '支付宝', en: 'Alipay' },
    currency: 'CNY',
    directions: ['collect', 'refund'],
    methods: ['alipay_qr', 'alipay_page'],
    notPermitted: [],
    accountTypes: ['personal'],
    banks: 'all',
    limits: [{ direction: 'collect', least: 1n, perPayment: 5_000_000n, perDay: 20_000_000n }],
    openHours: [],
    maintenance: [],
    refund: { windowDays: 365, countMost: 50, partial: true, gapMs: 0 },
    holdDays: 0,
    settlement: { days: 1, kind: 'net' },
    fees: [{ direction: 'collect', ppm: 6_000, fixed: 0n }],
  }
}
