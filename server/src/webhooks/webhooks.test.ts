import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openStage, payoutEvent, type Stage } from './testing/stage.ts'

let on: Stage
beforeEach(async () => {
  on = await openStage()
})
afterEach(() => on.close())

const header = (value: string | string[] | undefined) => String(value)

describe('a delivery', () => {
  test('tells what happened, signed so that the standard library verifies it', async () => {
    const { secret } = await on.endpoint({ events: ['payout.*'] })
    await on.record([payoutEvent('pout_12_a', 'succeeded', '680000000')])
    await on.settle()
    expect(on.received).toHaveLength(1)
    const { headers, body } = on.received[0]!
    const told = new Webhook(secret).verify(body, headers as Record<string, string>)
    expect(told).toEqual({
      id: header(headers['webhook-id']),
      type: 'payout.succeeded',
      created: '2026-03-02T01:00:00.000Z',
      data: {
        payout: 'pout_12_a',
        amount: { amount: '680000000', currency: 'CNY' },
        purpose: 'payout',
        about: null,
      },
      org: 'org_0_7',
      api_version: '2026-11-01',
    })
    expect(header(headers['webhook-id'])).toMatch(/^evt_12_[0-9a-f]{32}$/)
    expect(() => new Webhook(secret).verify(`${body} `, headers as Record<string, string>)).toThrow(
      'No matching signature',
    )
    expect(await on.rows('select state, attempts from webhooks.delivery')).toEqual([
      { state: 'delivered', attempts: 1 },
    ])
    expect(await on.sweeper.nextDueAt()).toBeUndefined()
  })
})
