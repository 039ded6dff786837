/** A channel that sends nothing: the payer carries the order, and the money is learnt elsewhere. */
import { describe, expect, it } from 'vitest'
import type { ConformanceSubject } from '../conformance.ts'
import { DAY, inTime, newCollect, onStage } from './stage.ts'

export function unsentCases(subject: ConformanceSubject): void {
  describe('sending nothing', () => {
    it('tells the payer what to do, the same each time, and calls nobody', () =>
      onStage(subject, async (stage) => {
        expect(stage.channel.capability.directions).toEqual(['collect'])
        for (const method of stage.channel.capability.methods) {
          const order = newCollect(stage, subject, method)
          const first = await stage.channel.collect!(order, inTime(stage))
          expect(first).toMatchObject({ result: 'accepted' })
          expect(first).toHaveProperty('payerAction.value')
          expect(await stage.channel.collect!(order, inTime(stage))).toEqual(first)
        }
        expect(stage.tap.calls).toEqual([])
      }))

    it('past its time to send makes no order', () =>
      onStage(subject, async (stage) => {
        await stage.move(1_000)
        for (const method of stage.channel.capability.methods) {
          const order = newCollect(stage, subject, method)
          const late = { sendBeforeMono: stage.clock.mono() - 1 }
          expect(await stage.channel.collect!(order, late)).toMatchObject({ result: 'not_sent' })
        }
      }))

    it('never says by itself that money moved or will not', () =>
      onStage(subject, async (stage) => {
        for (const method of stage.channel.capability.methods) {
          const order = newCollect(stage, subject, method)
          const question = {
            direction: 'collect',
            reference: order.reference,
            at: order.at,
          } as const
          for (const days of [0, 1, 400]) {
            await stage.move(days * DAY)
            const { result } = await stage.channel.query(question)
            expect(['accepted', 'unknown']).toContain(result)
          }
        }
        expect(stage.tap.calls).toEqual([])
      }))

    it('takes no callbacks and has no file', () =>
      onStage(subject, async ({ channel, clock }) => {
        expect(subject.traits).toMatchObject({ notices: [], files: false, returns: [] })
        for (const body of ['', '{}', 'a=b', '<x/>', '\u0000']) {
          const request = { method: 'POST', path: '/', headers: {}, body: Buffer.from(body) }
          const callback = channel.parseCallback(request)
          expect('says' in callback && callback.says).toMatch(/^[A-Z].*\.$/s)
        }
        expect(channel.answerCallback(true).status).not.toBe(200)
        const file = await channel.downloadFile(channel.businessDate(clock.now()))
        expect(file).toMatchObject({ problem: 'refused', says: expect.stringMatching(/./) })
      }))
  })
}
