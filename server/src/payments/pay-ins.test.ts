import { afterAll, beforeAll, expect, test } from 'vitest'
import { payId, type TestPayments, testPayments } from '../../testing/payments.ts'
import type { Opened, Refused } from './pay-ins.ts'

let on: TestPayments

beforeAll(async () => {
  on = await testPayments()
})

afterAll(() => on.stop())

const opened = (result: Opened | Refused): Opened => {
  if ('refused' in result) throw new Error(`refused: ${result.refused}`)
  return result
}

test('a payer pays: one transfer to the destination, one fact', async () => {
  const wanted = on.wanted('plain')
  const before = await on.balance(on.destination)
  const { payIn, attempts } = opened(await on.payments.openPayIn(wanted))
  expect(payIn.state).toBe('open')
  const [attempt] = attempts
  expect(attempt).toMatchObject({ state: 'accepted', channel: 'rail', method: 'wechat_native' })
  expect(attempt?.payerAction).toEqual({ kind: 'qr_code', value: `rail://${attempt!.reference}` })
  on.rail.finish(attempt!.reference)
  const callback = on.rail.callback(attempt!.reference)
  expect(await on.payments.takeCallback('rail', callback)).toMatchObject({ taken: true })
  expect(await on.payments.payIn(on.book, wanted.id)).toMatchObject({
    state: 'succeeded',
    paidBy: attempt!.id,
    openAttempts: 0,
  })
  expect((await on.balance(on.destination)) - before).toBe(10_000n)
  expect(await on.transit()).toBe(10_000n)
  const facts = await on.events('payments.attempt_ended')
  expect(facts).toEqual([
    expect.objectContaining({
      order: payId(on.book, wanted.id),
      result: 'succeeded',
      amount: { amount: '10000', currency: 'CNY' },
    }),
  ])
  expect(await on.sweeper.nextDueAt()).toBeUndefined()
  expect(await on.proofs()).toEqual([])
})
