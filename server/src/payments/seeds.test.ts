/** Random lives of pay-ins under faults: in the end the books hold what the rails have moved. */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { payId, type TestPayments, testPayments } from '../../testing/payments.ts'
import type { TestFault } from '../../testing/rail.ts'

let on: TestPayments

beforeAll(async () => {
  on = await testPayments()
})

afterAll(() => on.stop())

const FAULTS: readonly (TestFault | 'none')[] = [
  ...(['none', 'none', 'lost_request', 'lost_reply', 'refused_connection'] as const),
  ...(['fails', 'throws', 'hangs'] as const),
]

const eventOf = fc.oneof(
  fc.record({ do: fc.constant('open' as const), fault: fc.constantFrom(...FAULTS) }),
  fc.record({ do: fc.constant('again' as const), which: fc.nat(9) }),
  fc.record({
    do: fc.constantFrom(
      ...(['pays', 'pays', 'pays', 'callback', 'callback', 'close'] as const),
      ...(['question', 'attempt', 'restart'] as const),
    ),
    which: fc.nat(9),
  }),
  fc.record({ do: fc.constant('time' as const), ms: fc.integer({ min: 1, max: 1_200_000 }) }),
)

let keys = 0

test('whatever happens in whatever order, each payment counts once', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(eventOf, { minLength: 4, maxLength: 16 }), async (events) => {
      const ids: string[] = []
      const wanted = new Map<string, ReturnType<TestPayments['wanted']>>()
      const attempts = async (id: string) => on.payments.attempts(on.book, payId(on.book, id))
      for (const event of events) {
        if (event.do === 'time') {
          await on.sweeper.sweepUntil(on.world.clock.now() + event.ms)
          continue
        }
        if (event.do === 'open') {
          if (event.fault !== 'none') on.rail.faults.push(event.fault)
          keys += 1
          const one = on.wanted(`seed ${keys}`)
          ids.push(one.id)
          wanted.set(one.id, one)
          await settledOrHung(on.payments.openPayIn(one), one.id)
          on.rail.faults.length = 0
          continue
        }
        const id = ids[event.which % Math.max(1, ids.length)]
        if (id === undefined) continue
        const [attempt] = await attempts(id)
        const known = attempt !== undefined && on.rail.orders.has(attempt.reference)
        if (event.do === 'again') await on.payments.openPayIn(wanted.get(id)!)
        else if (event.do === 'restart') on.restart()
        else if (event.do === 'close') await on.payments.closePayIn({ book: on.book, id })
        else if (event.do === 'question' && attempt) {
          await on.payments.desk.askNow(on.book, attempt.id)
        } else if (event.do === 'attempt') {
          keys += 1
          const attemptId = keys.toString(16).padStart(32, '0')
          const pay = { methods: ['alipay_qr' as const], bank: '', accountType: '' as const }
          await on.payments.attemptPayIn({ book: on.book, id, attemptId }, pay)
        } else if (event.do === 'pays' && known) on.rail.finish(attempt.reference)
        else if (event.do === 'callback' && known) {
          await on.payments.takeCallback('rail', on.rail.callback(attempt.reference))
        }
      }
      // The faults are over: everything comes to an end, and what the rails moved is told.
      await on.sweeper.sweepUntil(on.world.clock.now() + 3 * 86_400_000)
      for (const rail of [on.rail, on.other]) {
        for (const { reference } of rail.movements) {
          await on.payments.takeCallback(rail.channel.name, rail.callback(reference))
        }
      }
      for (const id of ids) {
        expect((await on.payments.payIn(on.book, id))?.state).not.toBe('open')
        for (const each of await attempts(id)) {
          expect(['succeeded', 'failed']).toContain(each.state)
          const { arrivals } = each.channel === 'rail' ? on.rail : on.other
          expect(arrivals.get(each.reference) ?? 0).toBeLessThanOrEqual(1)
        }
      }
      const moved = [...on.rail.movements, ...on.other.movements]
      const rails = moved.reduce((sum, { amount }) => sum + amount, 0n)
      expect((await on.balance(on.destination)) + (await on.suspense())).toBe(rails)
    }),
    { numRuns: 30, seed: 7, endOnFailure: true },
  )
  expect(await on.proofs()).toEqual([])
  expect(on.rail.movements.length).toBeGreaterThan(5)
}, 60_000)

/** A sender that hangs is dead; its command has been committed. */
async function settledOrHung(opening: Promise<unknown>, id: string): Promise<void> {
  let done = false
  void opening.finally(() => {
    done = true
  })
  for (let turn = 0; !done; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve))
    if (turn > 50 && (await on.payments.payIn(on.book, id)) !== undefined) break
  }
}
