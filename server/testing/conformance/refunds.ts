/** Refunds of one collection in parts: the rail's sum never passes what was collected. */
import { describe, expect, it } from 'vitest'
import type { ConformanceSubject } from '../conformance.ts'
import {
  ask,
  expectMovedOnce,
  moved,
  newRefund,
  onStage,
  paidCollection,
  type SendOrder,
  type Stage,
  send,
} from './stage.ts'

export function refundCases(subject: ConformanceSubject): void {
  describe('refunds in parts', () => {
    it('add up to the collection and no further', () =>
      onStage(subject, async (stage) => {
        const { capability } = stage.channel
        if (capability.refund === undefined) {
          expect(stage.channel.refund).toBeUndefined()
          return
        }
        const original = await paidCollection(stage, subject)
        await stage.rail.admin.fund(original.amount * 2n, '备付金')
        const part = capability.refund.partial ? (original.amount * 2n) / 5n : original.amount
        const parts = capability.refund.partial ? [part, original.amount - part] : [part]
        for (const amount of parts) {
          const sent = await refunded(stage, subject, original, amount)
          expect(await ask(stage, sent)).toMatchObject({ result: 'succeeded' })
          expectMovedOnce(stage, sent)
        }
        // Paid back whole, it was paid all the same: the collection keeps its result.
        const collected = { reference: original.reference, at: original.at }
        expect(await stage.channel.query({ direction: 'collect', ...collected })).toMatchObject({
          result: 'succeeded',
        })
        const over = await refunded(stage, subject, original, 100n)
        const outcome = await send(stage, over)
        expect(outcome).toMatchObject({ result: 'failed' })
        expect(['failed', 'not_found']).toContain((await ask(stage, over)).result)
        expect(moved(stage, over)).toEqual([])
        const sum = stage.rail.admin
          .movements()
          .filter(({ kind }) => kind === 'refund')
          .reduce((total, { amount }) => total + amount, 0n)
        expect(sum).toBe(-original.amount)
      }))

    it('of a collection the rail never saw fail for good, or are unknown', () =>
      onStage(subject, async (stage) => {
        if (stage.channel.refund === undefined) return
        const original = {
          reference: stage.channel.reference(7, 'never sent', stage.clock.now()),
          channelReference: '2026030322001400001000000001',
          at: stage.clock.now(),
          amount: 1_000n,
        }
        const sent: SendOrder = {
          direction: 'refund',
          order: newRefund(stage, subject, original),
        }
        expect(['failed', 'unknown']).toContain((await send(stage, sent)).result)
        await stage.finish()
        expect(moved(stage, sent)).toEqual([])
      }))
  })
}

/** Sends a part after the rail's pause between refunds, and lets it finish. */
async function refunded(
  stage: Stage,
  subject: ConformanceSubject,
  original: Parameters<typeof newRefund>[2],
  amount: bigint,
): Promise<SendOrder> {
  await stage.move((stage.channel.capability.refund?.gapMs ?? 0) + 1)
  const order = newRefund(stage, subject, original, amount)
  const sent: SendOrder = { direction: 'refund', order }
  await send(stage, sent)
  await stage.finish()
  return sent
}
