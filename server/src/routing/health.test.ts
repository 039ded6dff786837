import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createHealth, HEALTH_TERMS, type Observation } from './health.ts'
import { BREAKER_MOVES, nextState } from './states.ts'
import { classify, fact, MONDAY_TEN } from './testing/ground.ts'
import { verdictOf } from './verdict.ts'

const MINUTE = 60_000
const cell = {
  direction: 'pay',
  channel: 'netsunion',
  bank: 'ICBC',
  accountType: 'personal',
} as const
const other = { ...cell, bank: 'ABC' } as const

let number = 0
function end(verdict: Observation['verdict'], of: Partial<Observation> = {}): Observation {
  number += 1
  const at = of.at ?? MONDAY_TEN
  return { ...cell, attempt: `att_${number}`, verdict, code: '', madeAt: at, at, ...of }
}

describe('whose fault it was', () => {
  test.each([
    ['succeeded', '', 'pay', 'good'],
    ['failed', 'CHANNEL', 'pay', 'bad'],
    ['failed', 'NO_REPLY', 'pay', 'bad'],
    ['failed', 'USER', 'pay', 'none'],
    ['failed', 'BANK', 'pay', 'none'],
    ['failed', 'MERCHANT', 'pay', 'none'],
    ['failed', 'RISK', 'pay', 'none'],
    ['failed', 'NEVER_SEEN', 'pay', 'none'],
    ['failed', 'NO_PERMISSION', 'pay', 'permission'],
    ['overdue', 'NO_REPLY', 'collect', 'bad'],
    ['overdue', '', 'pay', 'bad'],
    ['overdue', '', 'collect', 'none'],
    ['overdue', 'USER', 'collect', 'none'],
    ['returned', 'BANK', 'pay', undefined],
  ] as const)('%s %s %s: %s', (result, code, direction, verdict) => {
    expect(verdictOf(fact({ result, code, direction }), classify({ code }))).toBe(verdict)
  })

  test('failures of others leave health as it was', () => {
    const health = createHealth()
    for (let n = 0; n < 50; n += 1) health.observe(end('good'))
    const before = health.successPpm(cell, MONDAY_TEN)
    for (let n = 0; n < 500; n += 1) health.observe(end('none'))
    expect(health.successPpm(cell, MONDAY_TEN)).toBe(before)
    expect(health.condition(cell, MONDAY_TEN)).toBe('well')
    health.observe(end('bad'))
    expect(health.successPpm(cell, MONDAY_TEN)).toBeLessThan(before)
  })
})

describe('counts', () => {
  test('one attempt counts once, and its last word stands', () => {
    const health = createHealth()
    const late = end('bad', { attempt: 'att_late' })
    expect(health.observe(late)).toBe(true)
    expect(health.observe(late)).toBe(false)
    const worse = health.successPpm(cell, MONDAY_TEN)
    expect(health.observe({ ...late, verdict: 'good', at: MONDAY_TEN + 1 })).toBe(true)
    expect(health.successPpm(cell, MONDAY_TEN)).toBeGreaterThan(worse)
    const [own] = health.rows(MONDAY_TEN).filter(({ bank }) => bank === 'ICBC')
    expect(own).toMatchObject({ good: 1, bad: 0 })
    // The earlier word, read again from what a neighbour wrote down, takes nothing back.
    expect(health.observe(late)).toBe(false)
    expect(health.rows(MONDAY_TEN).find(({ bank }) => bank === 'ICBC')).toMatchObject(own!)
  })

  test('a bank’s trouble lowers that bank most and its neighbours a little', () => {
    const health = createHealth()
    for (let n = 0; n < 300; n += 1) health.observe(end('good', other))
    for (let n = 0; n < 60; n += 1) health.observe(end(n % 2 ? 'bad' : 'good'))
    const [own, neighbour] = [
      health.successPpm(cell, MONDAY_TEN),
      health.successPpm(other, MONDAY_TEN),
    ]
    expect(own).toBeLessThan(650_000)
    expect(neighbour).toBeGreaterThan(980_000)
    expect(health.successPpm({ ...cell, channel: 'unionpay' }, MONDAY_TEN)).toBe(990_000)
    expect(health.successPpm({ ...cell, bank: 'CCB' }, MONDAY_TEN)).toBeLessThan(neighbour)
  })

  test('old failures fade and are gone with the window', () => {
    const health = createHealth()
    for (let n = 0; n < 40; n += 1) health.observe(end('bad'))
    const at = (minutes: number) => health.successPpm(cell, MONDAY_TEN + minutes * MINUTE)
    const [now, hour, later] = [at(0), at(60), at(180)]
    expect(now).toBeLessThan(hour)
    expect(hour).toBeLessThan(later)
    expect(at(6 * 60 + 5)).toBe(HEALTH_TERMS.priorPpm)
  })

  test('beyond so many new ones, older ones are left out', () => {
    const health = createHealth({ ...HEALTH_TERMS, most: 100 })
    for (let n = 0; n < 100; n += 1) health.observe(end('bad'))
    const at = MONDAY_TEN + 5 * MINUTE
    for (let n = 0; n < 100; n += 1) health.observe(end('good', { at }))
    expect(health.successPpm(cell, at)).toBeGreaterThan(990_000)
  })

  test('without an account type nothing counts twice', () => {
    const health = createHealth()
    health.observe(end('good', { accountType: '' }))
    expect(health.rows(MONDAY_TEN).map(({ good }) => good)).toEqual([1, 1])
  })

  test('any order and any repeats of the same ends give the same counts', () => {
    const verdicts = fc.array(fc.constantFrom('good', 'bad', 'none'), {
      minLength: 1,
      maxLength: 30,
    })
    fc.assert(
      fc.property(verdicts, fc.infiniteStream(fc.nat()), (list, picks) => {
        const ends = list.map((verdict, n) => end(verdict as never, { at: MONDAY_TEN + n }))
        const shuffled = [...ends, ...ends]
          .map((each) => [picks.next().value as number, each] as const)
          .sort(([a], [b]) => a - b)
        const [straight, mixed] = [createHealth(), createHealth()]
        for (const each of ends) straight.observe(each)
        for (const [, each] of shuffled) mixed.observe(each)
        const counts = (health: typeof straight) =>
          health
            .rows(MONDAY_TEN)
            .map(({ bank, good, bad, successPpm }) => `${bank} ${good} ${bad} ${successPpm}`)
            .sort()
        // `none` alone makes cells too, so only what was counted is compared.
        const counted = (rows: string[]) => rows.filter((row) => !row.includes(' 0 0 '))
        expect(counted(counts(mixed))).toEqual(counted(counts(straight)))
      }),
      { numRuns: 50 },
    )
  })
})

describe('breaker', () => {
  test('its moves are those of the table and no others', () => {
    expect(BREAKER_MOVES.map(([from, on]) => nextState(from, on))).toEqual(
      BREAKER_MOVES.map(([, , to]) => to),
    )
    expect(nextState('closed', 'recovered')).toBe('closed')
  })

  const tripped = () => {
    const health = createHealth()
    for (let n = 0; n < 4; n += 1) health.observe(end('bad'))
    expect(health.condition(cell, MONDAY_TEN)).toBe('well')
    health.observe(end('bad'))
    return health
  }

  test('five failures in a row open it; a success between them does not let it come to that', () => {
    expect(tripped().condition(cell, MONDAY_TEN)).toBe('down')
    const health = createHealth()
    for (let n = 0; n < 16; n += 1) health.observe(end(n % 4 === 3 ? 'good' : 'bad'))
    expect(health.condition(cell, MONDAY_TEN)).toBe('well')
    for (let n = 0; n < 3; n += 1) health.observe(end('bad', { attempt: `more_${n}` }))
    health.observe(end('good'))
    expect(health.condition(cell, MONDAY_TEN)).toBe('well')
    // Of twenty and more lately over half failed.
    health.observe(end('bad'))
    expect(health.condition(cell, MONDAY_TEN)).toBe('down')
  })

  test('trouble with one bank does not close the others, nor another direction', () => {
    const health = createHealth()
    for (let n = 0; n < 6; n += 1) {
      health.observe(end('bad'))
      health.observe(end('good', other))
    }
    expect(health.condition(cell, MONDAY_TEN)).toBe('down')
    expect(health.condition(other, MONDAY_TEN)).toBe('well')
    const wide = createHealth()
    for (let n = 0; n < 5; n += 1) wide.observe(end('bad', { bank: `BANK${n}` }))
    expect(wide.condition({ ...cell, bank: 'NEVER' }, MONDAY_TEN)).toBe('down')
    expect(wide.condition({ ...cell, direction: 'collect' }, MONDAY_TEN)).toBe('well')
  })

  test('after the wait one probe at a time, and two that work close it', () => {
    const health = tripped()
    const half = MONDAY_TEN + MINUTE
    expect(health.condition(cell, half - 1)).toBe('down')
    expect(health.condition(cell, half)).toBe('probe')
    health.takeProbe(cell, half)
    expect(health.condition(cell, half + 1)).toBe('down')
    // A success told late, of an attempt made before, proves nothing.
    health.observe(end('good', { madeAt: MONDAY_TEN - 1, at: half + 1 }))
    expect(health.condition(cell, half + 2)).toBe('down')
    health.observe(end('good', { madeAt: half, at: half + 2 }))
    expect(health.condition(cell, half + 3)).toBe('probe')
    health.takeProbe(cell, half + 3)
    health.observe(end('good', { madeAt: half + 3, at: half + 4 }))
    expect(health.condition(cell, half + 5)).toBe('well')
  })

  test('failures told late, of attempts made before the breaker closed, do not open it anew', () => {
    const health = tripped()
    const half = MONDAY_TEN + MINUTE
    for (let n = 1; n <= 2; n += 1) {
      health.takeProbe(cell, half + n)
      health.observe(end('good', { madeAt: half + n, at: half + n }))
    }
    expect(health.condition(cell, half + 3)).toBe('well')
    for (let n = 0; n < 5; n += 1) health.observe(end('bad', { madeAt: MONDAY_TEN, at: half + 4 }))
    expect(health.condition(cell, half + 5)).toBe('well')
    for (let n = 0; n < 5; n += 1) health.observe(end('bad', { at: half + 6 }))
    expect(health.condition(cell, half + 7)).toBe('down')
  })

  test('a probe that fails doubles the wait, and one nobody answers is not waited for for ever', () => {
    const health = tripped()
    const half = MONDAY_TEN + MINUTE
    health.takeProbe(cell, half)
    expect(health.condition(cell, half + HEALTH_TERMS.probeMs)).toBe('probe')
    health.observe(end('bad', { madeAt: half, at: half + 10 }))
    expect(health.condition(cell, half + 10 + 2 * MINUTE - 1)).toBe('down')
    expect(health.condition(cell, half + 10 + 2 * MINUTE)).toBe('probe')
  })
})
