/** What a transfer by the payer's own bank can do: any amount, at any time the bank takes. */
import type { Capability } from '../../capability.ts'

export function capability(channel: string): Capability {
  return {
    channel,
    title: { zh: '银行转账', en: 'Bank transfer' },
    currency: 'CNY',
    directions: ['collect'],
    methods: ['bank_transfer'],
    notPermitted: [],
    accountTypes: ['personal', 'corporate'],
    banks: 'all',
    limits: [],
    openHours: [],
    maintenance: [],
    holdDays: 0,
    settlement: { days: 0, kind: 'gross' },
    fees: [],
  }
}
