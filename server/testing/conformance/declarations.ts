/** What a channel says of itself: capability, methods, references, status tables, timing. */
import { describe, expect, it } from 'vitest'
import { ACCOUNT_TYPES, COLLECT_METHODS, DIRECTIONS } from '../../src/channels/index.ts'
import type { ConformanceSubject } from '../conformance.ts'
import { DAY, onStage } from './stage.ts'

const RESULTS = ['accepted', 'succeeded', 'failed', 'unknown', 'not_found']
const TIME = /^([01]\d|2[0-4]):[0-5]\d$/

export function declarationCases(subject: ConformanceSubject): void {
  describe('what it says of itself', () => {
    it('offers the methods its capability names, and no others', () =>
      onStage(subject, async ({ channel }) => {
        const { directions, methods, refund } = channel.capability
        expect(channel.capability.channel).toBe(channel.name)
        const offered = DIRECTIONS.filter((direction) => channel[direction] !== undefined)
        expect([...directions].sort()).toEqual([...offered].sort())
        expect(methods.length > 0).toBe(directions.includes('collect'))
        expect(refund !== undefined).toBe(directions.includes('refund'))
        expect(COLLECT_METHODS).toEqual(expect.arrayContaining([...methods]))
        expect(ACCOUNT_TYPES).toEqual(expect.arrayContaining([...channel.capability.accountTypes]))
        expect(subject.collect !== undefined).toBe(directions.includes('collect'))
        expect(subject.pay !== undefined).toBe(directions.includes('pay'))
        expect(directions).toEqual(expect.arrayContaining([...subject.traits.notices]))
        expect(channel.listReturns !== undefined).toBe(subject.traits.returns.includes('list'))
        for (const method of subject.traits.carriedByPayer) expect(methods).toContain(method)
      }))

    it('has a capability whose figures make sense', () =>
      onStage(subject, async ({ channel }) => {
        const { capability } = channel
        expect(capability.currency).toMatch(/^[A-Z]{3}$/)
        expect(capability.title.zh).not.toBe('')
        expect(capability.title.en).not.toBe('')
        const scopes = [
          ...capability.limits,
          ...capability.fees,
          ...capability.openHours,
          ...capability.maintenance,
          ...capability.notPermitted,
        ]
        for (const { direction } of scopes) {
          if (direction !== undefined) expect(capability.directions).toContain(direction)
        }
        for (const { least = 1n, perPayment = least, perDay = perPayment } of capability.limits) {
          expect(least > 0n && least <= perPayment && perPayment <= perDay).toBe(true)
        }
        for (const { from, to } of [...capability.openHours, ...capability.maintenance]) {
          expect(from).toMatch(TIME)
          expect(to).toMatch(TIME)
        }
        for (const { ppm, fixed, least = 0n, most = least } of capability.fees) {
          expect(ppm >= 0 && ppm <= 1_000_000 && fixed >= 0n && least <= most).toBe(true)
        }
        expect(capability.settlement.days).toBeGreaterThanOrEqual(0)
      }))

    it('waits sensibly', () =>
      onStage(subject, async ({ channel }) => {
        const { sendWithinMs, timeoutMs, notFoundAfterMs, askAfterMs } = channel.timing
        expect(Math.min(sendWithinMs, timeoutMs, notFoundAfterMs)).toBeGreaterThan(0)
        expect(askAfterMs.length).toBeGreaterThan(0)
        expect([...askAfterMs].sort((a, b) => a - b)).toEqual([...askAfterMs])
      }))

    it('numbers orders uniquely, so that the number carries the book and the rail takes it', () =>
      onStage(subject, async ({ channel, clock }) => {
        const at = clock.now()
        const all = new Set<string>()
        for (let i = 0; i < 5_000; i += 1) all.add(channel.reference(3, `attempt ${i}`, at))
        expect(all.size).toBe(5_000)
        for (const book of [1, 12, 46_655, 999_999_999]) {
          const reference = channel.reference(book, 'one attempt', at)
          expect(reference).toMatch(subject.traits.reference)
          expect(channel.bookOf(reference)).toBe(book)
          expect(channel.reference(book, 'one attempt', at)).toBe(reference)
          all.add(reference)
        }
        expect(all.size).toBe(5_004)
        for (const foreign of ['', 'PAY1', '测试', `${[...all][0]}0`, ' '.repeat(24)]) {
          expect(channel.bookOf(foreign)).toBeUndefined()
        }
      }))

    it('tells business dates', () =>
      onStage(subject, async ({ channel, clock }) => {
        const days = [0, 1, 2].map((n) => channel.businessDate(clock.now() + n * DAY))
        expect(days.every((date) => /^\d{8}$/.test(date))).toBe(true)
        expect(new Set(days).size).toBe(3)
        expect([...days].sort()).toEqual(days)
      }))

    it.each([...subject.statuses])('knows every listed code of $name, and no other', (table) => {
      expect(table.listed.length).toBeGreaterThan(0)
      expect(new Set(table.listed).size).toBe(table.listed.length)
      for (const code of table.listed) expect(RESULTS).toContain(table.resultOf(code))
      const listed = new Set(table.listed)
      const strange = [
        '',
        ' ',
        '0',
        'OK',
        'success',
        'NO_SUCH_CODE',
        '99999',
        'constructor',
        '__proto__',
      ]
      const near = table.listed.flatMap((code) => [
        `${code} `,
        `${code}0`,
        ` ${code}`,
        code.slice(0, -1),
      ])
      for (const code of [...strange, ...near]) {
        if (!listed.has(code))
          expect({ code, result: table.resultOf(code) }).toEqual({ code, result: 'unknown' })
      }
    })
  })
}
