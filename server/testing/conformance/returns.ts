/** Payouts that came back: a new entry, told by callback or list; the payout itself stays succeeded. */
import { describe, expect, it } from 'vitest'
import type { ConformanceSubject } from '../conformance.ts'
import { ask, carryOn, DAY, expectMovedOnce, newOrder, onStage, type Stage, send } from './stage.ts'

export function returnCases(subject: ConformanceSubject): void {
  describe('returned payouts', () => {
    it('are told as entries of their own', () =>
      onStage(subject, async (stage) => {
        if (subject.pay === undefined) {
          expect(subject.traits.returns).toEqual([])
          return
        }
        const sent = await newOrder(stage, subject, 'pay')
        await send(stage, sent)
        await carryOn(stage, sent)
        await stage.move(DAY)
        await stage.rail.admin.returnPayout(sent.order.reference)
        await stage.finish()
        const back = stage.rail.admin.movements().filter(({ kind }) => kind === 'payout_returned')
        expect(back.map(({ amount }) => amount)).toEqual([sent.order.amount])
        const told = [...fromCallbacks(stage), ...(await fromList(stage))]
        expect(told.length > 0).toBe(subject.traits.returns.length > 0)
        for (const returned of told) {
          expect(returned).toMatchObject({
            reference: sent.order.reference,
            amount: sent.order.amount,
            currency: sent.order.currency,
          })
        }
        expect(new Set(told.map(({ flow }) => flow)).size).toBe(told.length > 0 ? 1 : 0)
        expect(await ask(stage, sent)).toMatchObject({ result: 'succeeded' })
        expectMovedOnce(stage, sent)
      }))
  })
}

function fromCallbacks(stage: Stage) {
  return stage.received
    .map(({ request }) => stage.channel.parseCallback(request))
    .flatMap((one) => ('kind' in one && one.kind === 'payout_returned' ? [one.returned] : []))
}

async function fromList(stage: Stage) {
  const { channel, clock } = stage
  if (channel.listReturns === undefined) return []
  const date = (at: number) => channel.businessDate(at)
  return channel.listReturns(date(clock.now() - 2 * DAY), date(clock.now()))
}
