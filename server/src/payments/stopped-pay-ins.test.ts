import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type PaymentsServer, startPaymentsServer } from '../../testing/payments.ts'
import type { Opened, Refused } from './pay-ins.ts'
import { STOPPED, type TestGate, testGate } from './testing/gate.ts'

let server: PaymentsServer
let gate: TestGate
let number = 0

beforeAll(async () => {
  gate = testGate()
  server = await startPaymentsServer({ stops: gate })
})
beforeEach(() => gate.resume())
afterAll(() => server.stop())

const opened = (result: Opened | Refused): Opened => {
  if ('refused' in result) throw new Error(`refused: ${result.refused}`)
  return result
}

/** A pay-in that both rails can take. */
const wanted = (more: Parameters<typeof server.test.wanted>[1] = {}) => {
  number += 1
  return server.test.wanted(`stopped ${number}`, more)
}
const open = (asked = wanted()) => server.test.payments.openPayIn(asked)
const ordersAt = (rail: 'rail' | 'other') => server.test[rail].orders.size

describe('a collection that is paused', () => {
  it('is not opened, and under the same key it is when it was resumed', async () => {
    const asked = wanted()
    gate.pause(({ direction }) => direction === 'collect')
    expect(await open(asked)).toEqual({ refused: 'stopped', stopped: STOPPED })
    gate.resume()
    expect(opened(await open(asked)).replayed).toBe(false)
    gate.pause()
    expect(opened(await open(asked)).replayed).toBe(true)
  })

  it('goes over a channel that is not paused', async () => {
    gate.pause(({ channel }) => channel === 'rail')
    const [attempt] = opened(await open()).attempts
    expect(attempt).toMatchObject({ channel: 'other', state: 'accepted' })
  })

  it('over every channel that could take it is refused as paused, not for want of a channel', async () => {
    gate.pause(({ channel }) => channel === 'rail')
    const asked = wanted({ methods: ['collection'], bank: 'ICBC', accountType: 'personal' })
    expect(await open(asked)).toEqual({ refused: 'stopped', stopped: STOPPED })
    expect(await open(wanted({ methods: ['union_pay' as never] }))).toMatchObject({
      refused: 'no_channel',
    })
  })

  it('between its command and its send does not leave', async () => {
    const before = ordersAt('rail') + ordersAt('other')
    let asks = 0
    // Asked without a channel, then of both channels; from then on it is paused.
    gate.pause(({ channel }) => {
      if (channel !== undefined) asks += 1
      return asks > 2
    })
    const { payIn, attempts } = opened(await open())
    expect(attempts.map(({ state, code }) => [state, code])).toEqual([['failed', 'NEVER_SENT']])
    expect(ordersAt('rail') + ordersAt('other')).toBe(before)
    gate.resume()
    const at = { book: payIn.book, id: payIn.id, attemptId: server.test.world.ids.uuid() }
    const again = opened(await server.test.payments.attemptPayIn(at, wanted()))
    expect(again.attempts.at(-1)).toMatchObject({ state: 'accepted' })
  })

  it('gets no further attempt', async () => {
    const { payIn } = opened(await open())
    gate.pause()
    const at = { book: payIn.book, id: payIn.id, attemptId: server.test.world.ids.uuid() }
    expect(await server.test.payments.attemptPayIn(at, wanted())).toEqual({
      refused: 'stopped',
      stopped: STOPPED,
    })
  })

  it('and was paid all the same is booked', async () => {
    const { test } = server
    const { payIn, attempts } = opened(await open())
    const before = await test.balance(test.destination)
    gate.pause()
    const { reference, channel } = attempts[0]!
    const rail = channel === 'rail' ? test.rail : test.other
    rail.finish(reference)
    expect(await test.payments.takeCallback(channel, rail.callback(reference))).toMatchObject({
      taken: true,
    })
    expect((await test.balance(test.destination)) - before).toBe(10_000n)
    expect((await test.payments.payIn(payIn.book, payIn.id))?.state).toBe('succeeded')
    expect(await test.proofs()).toEqual([])
  })
})
