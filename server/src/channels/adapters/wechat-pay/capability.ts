/**
 * What WeChat Pay can do, as data. Refund terms: pay.weixin.qq.com, domestic refunds. Limits and fee
 * are those of an ordinary contract; an installation's own stand in its settings.
 */
import type { Capability } from '../../capability.ts'
import { METHODS } from './spec.ts'

const MINUTE = 60_000

export function capabilityOf(channel: string): Capability {
  return {
    channel,
    title: { zh: '微信支付', en: 'WeChat Pay' },
    currency: 'CNY',
    directions: ['collect', 'refund'],
    methods: METHODS,
    notPermitted: [],
    accountTypes: ['personal'],
    banks: 'all',
    limits: [{ direction: 'collect', least: 1n, perPayment: 5_000_000n, perDay: 20_000_000n }],
    openHours: [],
    maintenance: [],
    refund: { windowDays: 365, countMost: 50, partial: true, gapMs: MINUTE },
    holdDays: 0,
    settlement: { days: 1, kind: 'net' },
    fees: [{ direction: 'collect', ppm: 6_000, fixed: 0n }],
  }
}
