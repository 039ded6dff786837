/** Facts delivered, folded and asked about, on a real database: repeats, order, windows, codes. */
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { AttemptFact } from './attempt-fact.ts'
import { type AttemptState, applyFact } from './attempt-state.ts'
import { DAY_MS, HOUR_MS, startOfDay } from './maturity.ts'
import { readFact } from './read-fact.ts'
import { eventsOf, type FactOptions, factOf } from './testing/facts.ts'
import { qualityStage, type Stage } from './testing/stage.ts'

/** 2026-03-02 00:00 in Shanghai, a Monday. */
const MONDAY = Date.parse('2026-03-02T00:00:00+08:00')
const WEEK = { from: MONDAY, to: MONDAY + 7 * DAY_MS }
let stage: Stage

beforeAll(async () => {
  stage = await qualityStage({ now: MONDAY + 30 * DAY_MS })
})
afterAll(() => stage.close())
beforeEach(async () => {
  await stage.database.db.query(
    'truncate quality.attempt, quality.day, quality.day_moved, quality.hour, quality.arrival',
  )
  await stage.database.db.query('truncate codes.inbox, codes.entry, codes.version')
})

const deliver = (...facts: FactOptions[]) =>
  stage.deliver(facts.map((fact) => factOf({ madeAt: MONDAY + HOUR_MS, ...fact })))

async function total(question = WEEK) {
  const rows = await stage.quality.ask(question)
  expect(rows.length).toBeLessThanOrEqual(1)
  return rows[0]
}

describe('the worked example', () => {
  it('1000 attempts, 820 good, 120 user, 40 bank, 15 channel, 5 system', async () => {
    const ends: [number, FactOptions['result'], string][] = [
      [820, 'succeeded', 'SUCCESS'],
      [120, 'failed', 'NOT_ENOUGH'],
      [40, 'failed', 'PAYERROR'],
      [15, 'failed', 'FREQUENCY_LIMITED'],
      [5, 'failed', 'SIGN_ERROR'],
    ]
    let order = 0
    const facts = ends.flatMap(([count, result, code]) =>
      Array.from({ length: count }, () => {
        order += 1
        return { order, result: result!, code, madeAt: MONDAY + order * 60_000 }
      }),
    )
    await deliver(...facts)
    const row = (await total())!
    expect(row.counts).toMatchObject({ attempts: 1000n, succeeded: 820n, user: 120n, bank: 40n })
    expect(row.counts).toMatchObject({ channel: 15n, system: 5n, unmapped: 0n, orders: 1000n })
    expect(row.rates.raw.ppm).toBe(820_000)
    expect(row.rates.effective).toMatchObject({ numerator: 820n, denominator: 880n, ppm: 931_818 })
  })
})

describe('a fact counts once', () => {
  it('delivered again, at its position or at another', async () => {
    const facts = [1, 2, 3].map((order) => factOf({ order, madeAt: MONDAY }))
    const events = eventsOf(facts, 100)
    for (const event of [...events, ...events]) await stage.quality.subscriber.deliver(event)
    expect(await stage.quality.fold()).toBe(3)
    for (const event of [...events, ...eventsOf(facts, 500)])
      await stage.quality.subscriber.deliver(event)
    await stage.quality.fold()
    expect((await total())!.counts).toMatchObject({ attempts: 3n, succeeded: 3n, orders: 3n })
  })

  it('when many fold at once', async () => {
    await deliver(...Array.from({ length: 300 }, (_, order) => ({ order: order + 1 })))
    await Promise.all(Array.from({ length: 6 }, () => stage.quality.fold()))
    expect((await total())!.counts.attempts).toBe(300n)
    const [cube] = await stage.database.db.query<{ day: string; hour: string }>(
      `select (select sum(n) from quality.day) as day, (select sum(n) from quality.hour) as hour`,
    )
    expect([Number(cube!.day), Number(cube!.hour)]).toEqual([300, 300])
  })

  it('and is refused whole when it is none', async () => {
    const good = factOf({ order: 1, madeAt: MONDAY })
    const [event] = eventsOf([good])
    const wrong: Partial<Record<keyof AttemptFact, unknown>>[] = [
      { attempt: 'pay_1_00' },
      { attempt: good.order },
      { order: good.order.replace('_1_', '_2_') },
      { number: 0 },
      { number: 2 ** 31 },
      { direction: 'sideways' },
      { channel: '' },
      { accountType: 'secret' },
      { amount: { amount: '1.5', currency: 'CNY' } },
      { madeAt: 'today' },
      { at: -1 },
      { madeAt: Number.MAX_SAFE_INTEGER },
      { at: Date.parse('9999-12-31T23:59:59.999Z') + 1 },
      { result: 'maybe' },
      { code: 7 },
      { bank: 'x'.repeat(201) },
    ]
    for (const change of wrong) {
      const delivered = stage.quality.subscriber.deliver({
        ...event!,
        payload: { ...good, ...change },
      })
      await expect(delivered, JSON.stringify(change)).rejects.toThrow('no readable')
    }
    await expect(stage.quality.subscriber.deliver({ ...event!, payload: null })).rejects.toThrow(
      'fact',
    )
    expect(await stage.quality.fold()).toBe(0)
  })
})

describe('how an attempt ends', () => {
  const code = 'NO_REPLY'
  const over = { order: 1, result: 'overdue', code } as const

  it('overdue counts as a failure of the channel until it ends, which is a reclassification', async () => {
    await deliver(over)
    expect((await total())!.counts).toMatchObject({ attempts: 1n, overdue: 1n, channel: 1n })
    await deliver({ order: 1, at: MONDAY + 5 * HOUR_MS }, over)
    expect((await total())!.counts).toMatchObject({ attempts: 1n, overdue: 0n, channel: 0n })
    expect((await total())!.counts).toMatchObject({ succeeded: 1n, reclassified: 1n })
  })

  it('a late success replaces a failure; the failure that comes after it does not', async () => {
    const failed = { order: 1, result: 'failed', code: 'PAYERROR' } as const
    await deliver(failed)
    await deliver(
      { order: 1, at: MONDAY + HOUR_MS + 10 * 60_000 },
      { ...failed, at: MONDAY + DAY_MS },
    )
    expect((await total())!.counts).toMatchObject({ succeeded: 1n, bank: 0n, reclassified: 0n })
    await deliver({ order: 1, at: MONDAY + 9 * HOUR_MS })
    expect((await total())!.counts).toMatchObject({ succeeded: 1n, reclassified: 1n })
  })

  it('a payout that comes back stays succeeded, and is taken off the net rate for seven days', async () => {
    const paid = { direction: 'pay', channel: 'netsunion', at: MONDAY + HOUR_MS } as const
    const back = { ...paid, result: 'returned', code: 'R01' } as const
    await deliver(
      { order: 1, ...paid },
      { order: 2, ...paid },
      { order: 3, ...paid },
      { order: 1, ...back, at: MONDAY + HOUR_MS + 7 * DAY_MS },
      { order: 2, ...back, at: MONDAY + HOUR_MS + 7 * DAY_MS + 1 },
    )
    const { counts, rates } = (await total())!
    expect(counts).toMatchObject({ succeeded: 3n, returned: 1n, converted: 3n })
    expect(rates.effective.ppm).toBe(1_000_000)
    expect(rates.net_payout).toMatchObject({ numerator: 2n, denominator: 3n })
  })

  it('an order is its first attempt, and converted by any; its end is that of its last', async () => {
    const pay = { direction: 'pay', channel: 'netsunion', madeAt: MONDAY + HOUR_MS } as const
    const no = { result: 'failed', code: 'PB511027' } as const
    const ours = { result: 'failed', code: 'PB030X01' } as const
    await deliver(
      { order: 1, ...pay },
      { order: 2, ...pay, ...ours },
      { order: 2, ...pay, number: 2, channel: 'unionpay', code: '00' },
      { order: 3, ...pay, ...ours },
      { order: 3, ...pay, ...no, number: 2 },
      { order: 4, ...pay, ...no },
    )
    const { counts, rates } = (await total())!
    expect(counts).toMatchObject({ attempts: 6n, orders: 4n, firstSucceeded: 1n, converted: 2n })
    expect(counts).toMatchObject({ user: 2n, system: 2n, firstUser: 1n, ordersUser: 2n })
    expect(rates.effective_first_attempt).toMatchObject({ numerator: 1n, denominator: 3n })
    expect(rates.effective_by_order).toMatchObject({ numerator: 2n, denominator: 2n })
  })

  it('the state does not depend on the order of the facts, nor on repeats', () => {
    const fact = fc.record({
      result: fc.constantFrom('overdue', 'failed', 'succeeded', 'returned'),
      at: fc.integer({ min: 1, max: 5 }),
      code: fc.constantFrom('A', 'B'),
    })
    fc.assert(
      fc.property(fc.array(fact, { minLength: 1, maxLength: 6 }), fc.nat(), (facts, seed) => {
        const read = facts.map((one) =>
          readFact(factOf({ order: 1, madeAt: 0, ...one } as FactOptions)),
        )
        const fold = (all: typeof read) =>
          all.reduce<AttemptState | undefined>(applyFact, undefined)
        const turned = [...read.slice(seed % read.length), ...read.slice(0, seed % read.length)]
        expect(fold([...turned.reverse(), ...turned])).toEqual(fold(read))
      }),
    )
  })
})

describe('codes', () => {
  it('one nobody classified counts against us, waits in the inbox, and rewrites the past', async () => {
    await deliver(
      ...[1, 2, 3].map((order) => ({ order })),
      { order: 4, result: 'failed', code: 'QUITE_NEW', at: MONDAY + 2 * HOUR_MS },
      { order: 5, result: 'failed', code: 'QUITE_NEW', at: MONDAY + 3 * HOUR_MS },
    )
    await deliver({ order: 5, result: 'failed', code: 'QUITE_NEW', at: MONDAY + 3 * HOUR_MS })
    expect((await total())!.counts).toMatchObject({ system: 2n, unmapped: 2n, user: 0n })
    expect((await total())!.rates.mapped).toMatchObject({ numerator: 0n, denominator: 2n })
    expect(await stage.codes.inbox()).toMatchObject([
      { channel: 'wechat-pay', direction: 'collect', code: 'QUITE_NEW', count: 2n },
    ])
    const key = { channel: 'wechat-pay', direction: 'collect', code: 'QUITE_NEW' } as const
    const means = { cause: 'user', reason: 'limit_exceeded', certainty: 'failed' } as const
    await stage.codes.classifyLater({ ...key, ...means, retry: 'by_user' }, 'li')
    expect((await total())!.counts).toMatchObject({ system: 0n, unmapped: 0n, user: 2n })
    expect((await total())!.rates.effective.ppm).toBe(1_000_000)
    const [before] = await stage.quality.ask(WEEK, { codesVersion: 0 })
    expect(before!.counts).toMatchObject({ system: 2n, unmapped: 2n, user: 0n })
  })

  it('an attempt that is overdue without any code has nothing to classify', async () => {
    await deliver({ order: 1, result: 'overdue', code: '' })
    expect((await total())!.counts).toMatchObject({ overdue: 1n, system: 1n })
    expect(await stage.codes.inbox()).toEqual([])
  })

  it('groups by what they mean', async () => {
    await deliver(
      { order: 1 },
      { order: 2, result: 'failed', code: 'NOT_ENOUGH' },
      { order: 3, result: 'failed', code: 'PAYERROR' },
      { order: 4, result: 'failed', code: 'QUITE_NEW' },
    )
    const rows = await stage.quality.ask({ ...WEEK, by: ['cause', 'reason', 'letter', 'mapped'] })
    expect(rows.map(({ group }) => group.join(' '))).toEqual([
      ' succeeded S yes',
      'bank issuer_declined B yes',
      'system unmapped U no',
      'user insufficient_funds F yes',
    ])
    const [user] = await stage.quality.ask({ ...WEEK, where: { cause: ['user'] } })
    expect(user!.counts).toMatchObject({ attempts: 1n, user: 1n })
  })
})

describe('maturity', () => {
  it('attempts that are not mature are told apart and not in the rates', async () => {
    const fresh = await qualityStage({ now: MONDAY + 12 * HOUR_MS })
    try {
      const half = 30 * 60_000
      const made = (direction: 'collect' | 'pay', madeAt: number, order: number) =>
        factOf({ order, direction, madeAt, at: madeAt })
      await fresh.deliver([
        made('collect', MONDAY + 12 * HOUR_MS - half, 1),
        made('collect', MONDAY + 12 * HOUR_MS - half + 1, 2),
        made('pay', MONDAY - 1, 3),
        made('pay', MONDAY, 4),
      ])
      const rows = await fresh.quality.ask({
        from: MONDAY - DAY_MS,
        to: MONDAY + DAY_MS,
        by: ['direction'],
      })
      expect(
        rows.map(({ group, counts, immature }) => [group[0], counts.attempts, immature]),
      ).toEqual([
        ['collect', 1n, { attempts: 1n, succeeded: 1n }],
        ['pay', 1n, { attempts: 1n, succeeded: 1n }],
      ])
      await fresh.world.clock.advance(DAY_MS)
      const later = await fresh.quality.ask({ from: MONDAY - DAY_MS, to: MONDAY + DAY_MS })
      expect(later[0]).toMatchObject({ counts: { attempts: 4n }, immature: { attempts: 0n } })
    } finally {
      await fresh.close()
    }
  })
})

describe('any slice and window', () => {
  const CHANNELS = ['wechat-pay', 'alipay', 'netsunion'] as const
  const BANKS = ['ICBC', 'CCB', ''] as const
  /** Three days of attempts, some at the very edges of hours and days. */
  const facts = Array.from({ length: 600 }, (_, i) => {
    const edge = startOfDay(Math.floor(MONDAY / DAY_MS) + 1 + (i % 4)) + ((i * 7) % 24) * HOUR_MS
    return factOf({
      ...{ order: i + 1, channel: CHANNELS[i % 3]!, bank: BANKS[(i >> 2) % 3]! },
      accountType: i % 5 === 0 ? 'corporate' : 'personal',
      direction: i % 2 === 0 ? 'collect' : 'pay',
      madeAt: edge + [0, -1, 1, 1_234_567][i % 4]!,
      amount: BigInt(10 ** (3 + (i % 7))),
      ...(i % 11 === 0 ? { result: 'failed', code: 'PROBLEM' } : {}),
    } as FactOptions)
  })
  const naive = (from: number, to: number, wanted: (fact: AttemptFact) => boolean) => {
    const found = facts.filter((one) => one.madeAt >= from && one.madeAt < to && wanted(one))
    const failed = found.filter(({ result }) => result === 'failed').length
    return { attempts: BigInt(found.length), system: BigInt(failed) }
  }

  it('counts the attempts of the window, whatever it cuts through', async () => {
    await stage.deliver(facts)
    const at = fc.oneof(
      fc.integer({ min: MONDAY - DAY_MS, max: MONDAY + 5 * DAY_MS }),
      fc.integer({ min: -24, max: 120 }).map((hour) => MONDAY + hour * HOUR_MS),
      fc.integer({ min: -1, max: 5 }).map((day) => MONDAY + day * DAY_MS),
    )
    const where = fc.record(
      {
        channel: fc.subarray([...CHANNELS], { minLength: 1 }),
        bank: fc.subarray([...BANKS], { minLength: 1 }),
        account_type: fc.constant(['corporate']),
        direction: fc.constant(['pay']),
      },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(at, at, where, async (a, b, slice) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)]
        const given = JSON.parse(JSON.stringify(slice)) as Record<string, string[]>
        const rows = await stage.quality.ask({ from, to, where: given })
        const expected = naive(
          from,
          to,
          (one) =>
            (given.channel?.includes(one.channel) ?? true) &&
            (given.bank?.includes(one.bank) ?? true) &&
            (given.account_type?.includes(one.accountType) ?? true) &&
            (given.direction?.includes(one.direction) ?? true),
        )
        const { attempts, system } = rows[0]?.counts ?? { attempts: 0n, system: 0n }
        expect({ attempts, system }).toEqual(expected)
      }),
      { numRuns: 120 },
    )
  })

  it('of more days than are kept in memory', async () => {
    const days = 810
    const old = Array.from({ length: days }, (_, i) => ({
      order: i + 1,
      madeAt: MONDAY - i * DAY_MS,
    }))
    await deliver(...old)
    const question = { from: MONDAY - days * DAY_MS, to: MONDAY + DAY_MS }
    expect((await total(question))!.counts.attempts).toBe(BigInt(days))
    expect((await total(question))!.counts.attempts).toBe(BigInt(days))
  })

  it.each(['day', 'hour'] as const)('adds up over %ss and groups', async (time) => {
    await stage.deliver(facts)
    for (const by of [
      ['channel'],
      ['bank', 'channel'],
      ['band'],
      ['direction', 'account_type'],
    ] as const) {
      const from = MONDAY - 1_000
      const to = MONDAY + 3 * DAY_MS + 1_234
      const rows = await stage.quality.ask({ from, to, by, time })
      expect(rows.length).toBeGreaterThan(5)
      const sum = rows.reduce((all, one) => all + one.counts.attempts, 0n)
      expect(sum).toBe(naive(from, to, () => true).attempts)
      const unit = time === 'day' ? DAY_MS : HOUR_MS
      const [some] = rows
      const within = (one: AttemptFact) => one.madeAt >= some!.at! && one.madeAt < some!.at! + unit
      const value = (one: AttemptFact, dimension: string) =>
        dimension === 'account_type' ? one.accountType : String(one[dimension as 'channel'])
      const same = (one: AttemptFact) =>
        by.every((dimension, i) => dimension === 'band' || value(one, dimension) === some!.group[i])
      if (by[0] !== 'band') {
        expect(some!.counts.attempts).toBe(
          naive(from, to, (one) => within(one) && same(one)).attempts,
        )
      }
    }
  })
})

it('endings and segments are numbered without gaps, however often they come back', async () => {
  const most = async (of: 'ending' | 'segment') => {
    const sql = `select max(id) - count(*) as gaps from quality.${of}`
    return (await stage.database.db.query<{ gaps: bigint }>(sql))[0]!.gaps
  }
  const before = [await most('ending'), await most('segment')]
  for (const bank of ['GAP1', 'GAP2', 'GAP3']) {
    const known = Array.from({ length: 20 }, (_, n) => ({ order: n + 1, code: 'SUCCESS' }))
    await deliver(...known, { order: 100, bank, code: bank })
    await stage.quality.fold()
  }
  expect([await most('ending'), await most('segment')]).toEqual(before)
})

it('the loop counts by itself, and wakes before its time when much has come', async () => {
  const running = stage.quality.run()
  await deliver(...Array.from({ length: 500 }, (_, i) => ({ order: i + 1 })))
  const left = async () =>
    (await stage.database.db.query<{ n: bigint }>('select count(*) as n from quality.arrival'))[0]!
      .n
  await expect.poll(left, { timeout: 10_000 }).toBe(0n)
  await stage.quality.stop()
  await running
  expect((await total())!.counts.attempts).toBe(500n)
})
