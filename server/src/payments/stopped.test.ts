import { afterEach, describe, expect, it } from 'vitest'
import type { Movement } from '#channels'
import { listAttempts } from './attempt-store.ts'
import { payoutPublicId } from './payout.ts'
import { findPayout } from './payout-store.ts'
import { STOPPED, type TestGate, testGate } from './testing/gate.ts'
import { type OutflowWorld, outflowWorld, PAYEE } from './testing/outflows.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const MERCHANT = 'mch_0_0190a0b0c0d070e080900a0b0c0d0e0f'

let on: OutflowWorld
let gate: TestGate

afterEach(() => on.stop())

const started = async (options: Parameters<typeof outflowWorld>[0] = {}) => {
  gate = testGate()
  on = await outflowWorld({ ...options, stops: gate })
  await on.fund(1_000_00n)
}

const pause: TestGate['pause'] = (stops) => gate.pause(stops)

const order = (more: { source?: string; requestedBy?: string; approval?: boolean } = {}) => ({
  id: on.world.ids.uuid(),
  requestHash: '00',
  source: on.owner,
  amount: 100_00n,
  payee: PAYEE,
  memo: 'commission',
  requestedBy: 'anna',
  ...more,
})

const create = (asked: ReturnType<typeof order>) => on.flows.payouts.create(on.pool, asked)
const stateOf = async (id: string) => (await findPayout(on.context.db, on.pool, id))?.state
const attemptsOf = (id: string) => listAttempts(on.context.db, on.pool, payoutPublicId(on.pool, id))
const sentTo = (rail: 'a' | 'b') => [...on.rails[rail].orders.values()].map(({ asked }) => asked)
const REFUSED = { refused: 'stopped', stopped: STOPPED }

describe('what is paused', () => {
  it('is not opened, and under the same key it is when it was resumed', async () => {
    await started()
    pause()
    const asked = order()
    expect(await create(asked)).toEqual(REFUSED)
    expect(await on.available(on.pool, on.owner)).toBe(1_000_00n)
    gate.resume()
    expect(await create(asked)).toMatchObject({ created: true })
    await on.settle()
    expect(await stateOf(asked.id)).toBe('succeeded')
  })

  it('answers what was made before the pause', async () => {
    await started()
    const asked = order()
    await create(asked)
    pause()
    expect(await create(asked)).toMatchObject({ created: false })
  })

  it('goes over a channel that is not paused, where there is one', async () => {
    await started()
    pause(({ channel }) => channel === 'b')
    const asked = order()
    await create(asked)
    await on.settle()
    expect(await stateOf(asked.id)).toBe('succeeded')
    expect([sentTo('a'), sentTo('b')]).toEqual([[1], []])
    pause(({ channel }) => channel !== undefined)
    expect(await create(order())).toEqual(REFUSED)
  })

  it.each([
    ['another direction', ({ direction }: Movement) => direction !== 'pay'],
    ['another book', ({ book }: Movement) => book !== on.pool],
    ['a merchant whose account it is not', ({ merchant }: Movement) => merchant === MERCHANT],
  ])('is only what it names: %s', async (_, stops) => {
    await started()
    pause(stops)
    expect(await create(order())).toMatchObject({ created: true })
  })

  it('is all that leaves the accounts of a merchant it names', async () => {
    await started()
    const account = on.world.ids.uuid()
    const holder = MERCHANT
    const open = [{ id: account, code: '2241.03', name: 'Merchant', holder }]
    await on.ledger.writer(on.pool).submit({ roots: [], open })
    await on.fund(500_00n, account)
    pause(({ merchant }) => merchant === MERCHANT)
    expect(await create(order({ source: account }))).toEqual(REFUSED)
    gate.resume()
    const asked = order({ source: account })
    await create(asked)
    pause(({ merchant }) => merchant === MERCHANT)
    await on.pass(MINUTE)
    expect(sentTo('b')).toEqual([])
    gate.resume()
    await on.pass(MINUTE)
    expect(sentTo('b')).toEqual([1])
  })

  it('is not approved', async () => {
    await started()
    const asked = order({ approval: true })
    await create(asked)
    pause()
    expect(await on.flows.payouts.approve(on.pool, asked.id, 'boris')).toEqual(REFUSED)
    expect(await stateOf(asked.id)).toBe('waiting_for_approval')
    gate.resume()
    expect(await on.flows.payouts.approve(on.pool, asked.id, 'boris')).toMatchObject({
      payout: { state: 'processing' },
    })
  })

  it('was reserved before and not sent: it stays intended, and is sent once after the resume', async () => {
    await started()
    const asked = order()
    await create(asked)
    pause()
    await on.pass(2 * MINUTE)
    expect((await attemptsOf(asked.id)).map(({ state }) => state)).toEqual(['intended'])
    expect(sentTo('b')).toEqual([])
    gate.resume()
    await on.pass(MINUTE)
    expect(await stateOf(asked.id)).toBe('succeeded')
    expect(sentTo('b')).toEqual([1])
    expect(await on.unproven()).toEqual([])
  })

  it('is never sent when its time is over before the resume', async () => {
    await started()
    const asked = { ...order(), validUntil: on.world.clock.now() + 2 * MINUTE }
    await create(asked)
    pause()
    await on.pass(3 * MINUTE)
    expect(await stateOf(asked.id)).toBe('failed')
    gate.resume()
    await on.pass(MINUTE)
    expect(sentTo('b')).toEqual([])
    expect(await on.available(on.pool, on.owner)).toBe(1_000_00n)
  })

  it('while it is marked as sending is put back, and sent once after the resume', async () => {
    await started()
    const asked = order()
    await create(asked)
    // The first to ask is who decides whether it may be marked; the pause comes after that.
    let asks = 0
    pause(() => {
      asks += 1
      return asks > 1
    })
    await on.settle()
    expect(asks).toBe(2)
    expect(await attemptsOf(asked.id)).toMatchObject([{ state: 'intended', sends: 1 }])
    expect(sentTo('b')).toEqual([])
    await on.pass(2 * MINUTE)
    gate.resume()
    await on.pass(MINUTE)
    expect(await stateOf(asked.id)).toBe('succeeded')
    expect(sentTo('b')).toEqual([1])
    expect(await on.unproven()).toEqual([])
  })

  it('has left before the pause: it is asked about, recorded, and never sent again', async () => {
    await started()
    on.rails.b.next.push('lost_reply')
    const asked = order()
    await create(asked)
    await on.settle()
    pause()
    expect(await attemptsOf(asked.id)).toMatchObject([{ state: 'unknown' }])
    await on.pass(HOUR)
    expect(await stateOf(asked.id)).toBe('succeeded')
    gate.resume()
    await on.pass(HOUR)
    expect(sentTo('b')).toEqual([1])
    expect(await on.balance(on.pool, on.owner)).toBe(900_00n)
  })
})

describe('a refund that is paused', () => {
  const refund = (of: { id: string; collection: string; requestedBy?: string }) =>
    on.flows.refund(on.pool, {
      ...{ id: of.id, requestHash: '00', amount: 100_00n, reason: 'called off' },
      ...{ requestedBy: of.requestedBy ?? 'anna', source: on.owner, collections: [of.collection] },
    })

  it('is not opened; what was opened waits, and goes once', async () => {
    await started()
    const { id: collection } = await on.collected(300_00n)
    const [first, second] = [on.world.ids.uuid(), on.world.ids.uuid()]
    pause(({ direction }) => direction === 'refund')
    expect(await refund({ id: first, collection })).toEqual(REFUSED)
    gate.resume()
    await refund({ id: second, collection })
    pause(({ direction }) => direction === 'refund')
    await on.pass(3 * MINUTE)
    expect(on.rails.a.moved('refund')).toBe(0n)
    gate.resume()
    await on.pass(3 * MINUTE)
    expect(on.rails.a.moved('refund')).toBe(100_00n)
    const orders = [...on.rails.a.orders.values()].filter((each) => each.direction === 'refund')
    expect(orders.map(({ asked }) => asked)).toEqual([1])
  })

  it('and given back by the platform itself is opened, and waits', async () => {
    await started()
    const { id: collection } = await on.collected(300_00n)
    pause(({ direction }) => direction === 'refund')
    const made = await refund({ id: on.world.ids.uuid(), collection, requestedBy: 'platform' })
    expect('refund' in made).toBe(true)
    await on.pass(3 * MINUTE)
    expect(on.rails.a.moved('refund')).toBe(0n)
    gate.resume()
    await on.pass(3 * MINUTE)
    expect(on.rails.a.moved('refund')).toBe(100_00n)
  })
})

describe('a payout from an account that was frozen since', () => {
  it('and has not left does not leave; its money stays', async () => {
    await started()
    const asked = order()
    await create(asked)
    const change = [{ account: on.owner, state: 'frozen' as const }]
    await on.ledger.writer(on.pool).submit({ roots: [], change })
    await on.settle()
    expect(await stateOf(asked.id)).toBe('failed')
    expect([sentTo('a'), sentTo('b')]).toEqual([[], []])
    expect(await on.available(on.pool, on.owner)).toBe(1_000_00n)
    expect(await on.unproven()).toEqual([])
  })

  it('and has left is booked when the rail says so', async () => {
    await started()
    on.rails.b.next.push('lost_reply')
    const asked = order()
    await create(asked)
    await on.settle()
    const change = [{ account: on.owner, state: 'frozen' as const }]
    await on.ledger.writer(on.pool).submit({ roots: [], change })
    await on.pass(HOUR)
    expect(await stateOf(asked.id)).toBe('succeeded')
    expect(await on.balance(on.pool, on.owner)).toBe(900_00n)
    expect(await on.unproven()).toEqual([])
  })
})
