/** Money nobody is owed goes back by itself; the payer is the one who had paid twice or too late. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { payId, type TestPayments, testPayments } from '../../testing/payments.ts'

let on: TestPayments

beforeAll(async () => {
  on = await testPayments({ refunds: true })
})

afterAll(() => on.stop())

const open = async (key: string) => {
  const wanted = on.wanted(key)
  const opened = await on.payments.openPayIn(wanted)
  if ('refused' in opened) throw new Error(opened.refused)
  return { id: wanted.id, attempt: opened.attempts[0]! }
}

const refundsOf = (reference: string) =>
  on.rail.movements.filter(
    (each) => each.kind === 'refund' && on.rail.orders.get(each.reference)?.original === reference,
  )

test('paid twice: the second payment goes back over the channel it came by, once', async () => {
  const { id, attempt: first } = await open('twice')
  const pay = { methods: ['alipay_qr' as const], bank: '', accountType: '' as const }
  const at = { book: on.book, id, attemptId: 'a'.repeat(32) }
  await on.payments.attemptPayIn(at, pay)
  const [, second] = await on.payments.attempts(on.book, payId(on.book, id))
  on.rail.finish(first.reference)
  on.other.finish(second!.reference)
  await on.payments.takeCallback('other', on.other.callback(second!.reference))
  await on.payments.takeCallback('rail', on.rail.callback(first.reference))
  expect(await on.suspense()).toBe(10_000n)
  await on.sweeper.sweepUntil(on.world.clock.now() + 60_000)
  await on.payments.takeCallback('rail', on.rail.callback(first.reference))
  await on.sweeper.sweepUntil(on.world.clock.now() + 600_000)
  expect(refundsOf(first.reference).map(({ amount }) => amount)).toEqual([10_000n])
  expect(await on.suspense()).toBe(0n)
  expect(await on.transit('rail')).toBe(0n)
  expect(await on.transit('other')).toBe(10_000n)
  expect(await on.proofs()).toEqual([])
})

test('paid after closing: the money goes back, once', async () => {
  const { id, attempt } = await open('late')
  await on.payments.closePayIn({ book: on.book, id })
  on.rail.finish(attempt.reference)
  for (let again = 0; again < 3; again += 1) {
    await on.payments.takeCallback('rail', on.rail.callback(attempt.reference))
    await on.sweeper.sweepUntil(on.world.clock.now() + 60_000)
  }
  expect(refundsOf(attempt.reference)).toHaveLength(1)
  expect(await on.suspense()).toBe(0n)
  expect(await on.transit('rail')).toBe(0n)
})
