/** Sending and asking in each direction, judged by the rail's book. */
import { describe, expect, it } from 'vitest'
import type { FaultOrder, RailFault } from '../../../simulators/channel/contract.ts'
import { seededRng } from '../../src/base/index.ts'
import { DIRECTIONS, type Direction } from '../../src/channels/index.ts'
import type { ConformanceSubject } from '../conformance.ts'
import { mutateBytes } from './mutate.ts'
import {
  ask,
  carryOn,
  DAY,
  expectMovedOnce,
  MINUTE,
  moved,
  newCollect,
  newOrder,
  onStage,
  plain,
  type SendOrder,
  type Stage,
  send,
} from './stage.ts'

/** Orders sent into a storm of faults. */
const STORMED = 25

export function orderCases(subject: ConformanceSubject): void {
  for (const direction of DIRECTIONS) directionCases(subject, direction)
  if (subject.collect !== undefined) collectCases(subject)
}

const offers = (stage: Stage, direction: Direction) =>
  stage.channel.capability.directions.includes(direction)

/** Runs a test on a stage where the direction is offered; where it is not, checks that it is absent. */
function inDirection(
  subject: ConformanceSubject,
  direction: Direction,
  test: (stage: Stage) => Promise<void>,
): Promise<void> {
  return onStage(subject, async (stage) => {
    if (offers(stage, direction)) await test(stage)
    else expect(stage.channel[direction]).toBeUndefined()
  })
}

function directionCases(subject: ConformanceSubject, direction: Direction): void {
  const run = (test: (stage: Stage) => Promise<void>) => inDirection(subject, direction, test)
  const arm = (stage: Stage, fault: RailFault, more: Partial<FaultOrder> = {}) =>
    stage.rail.admin.arm({ fault, kind: direction, ...more })
  const struck = (stage: Stage, fault: RailFault) =>
    expect(stage.rail.admin.struck()[fault] ?? 0).toBeGreaterThan(0)

  describe(direction, () => {
    it('succeeds, and the rail moved the amount once', () =>
      run(async (stage) => {
        const sent = await newOrder(stage, subject, direction)
        const outcome = await send(stage, sent)
        expect(['accepted', 'succeeded']).toContain(outcome.result)
        await carryOn(stage, sent, 'payerAction' in outcome ? outcome : undefined)
        const answer = await ask(stage, sent)
        expect(answer).toMatchObject({ result: 'succeeded' })
        if ('amount' in answer && answer.amount !== undefined) {
          expect(answer.amount).toBe(sent.order.amount)
        }
        expectMovedOnce(stage, sent)
      }))

    it('sent twice under one reference moves once, and the second is never called failed', () =>
      run(async (stage) => {
        const sent = await newOrder(stage, subject, direction)
        const first = await send(stage, sent)
        const second = await send(stage, sent)
        expect(['accepted', 'succeeded', 'unknown']).toContain(second.result)
        await carryOn(stage, sent, 'payerAction' in first ? first : undefined)
        const third = await send(stage, sent)
        expect(['accepted', 'succeeded', 'unknown']).toContain(third.result)
        await stage.finish()
        expectMovedOnce(stage, sent)
      }))

    it('lost on the way there: not sent or unknown, then not found', () =>
      run(async (stage) => {
        const sent = await newOrder(stage, subject, direction)
        arm(stage, 'lost_request')
        expect(['not_sent', 'unknown']).toContain((await send(stage, sent)).result)
        struck(stage, 'lost_request')
        await stage.finish()
        expect(await ask(stage, sent)).toMatchObject({ result: 'not_found' })
        expect(moved(stage, sent)).toEqual([])
      }))

    it.each(['lost_reply', 'late_reply', 'server_error_after', 'unknown_code'] as const)(
      '%s: unknown, and the question says what the rail did',
      (fault) =>
        run(async (stage) => {
          const sent = await newOrder(stage, subject, direction)
          arm(stage, fault, { ms: stage.channel.timing.timeoutMs * 3 })
          expect(await send(stage, sent)).toMatchObject({ result: 'unknown' })
          struck(stage, fault)
          stage.rail.admin.calm()
          if (!known(stage, sent)) {
            // A code nobody has seen may also come from a rail that did not act.
            expect(fault).toBe('unknown_code')
            expect(await ask(stage, sent)).toMatchObject({ result: 'not_found' })
            return
          }
          await carryOn(stage, sent)
          expect(await ask(stage, sent)).toMatchObject({ result: 'succeeded' })
          expectMovedOnce(stage, sent)
        }),
    )

    it('server_error_before: unknown all the same, then not found', () =>
      run(async (stage) => {
        const sent = await newOrder(stage, subject, direction)
        arm(stage, 'server_error_before')
        expect(await send(stage, sent)).toMatchObject({ result: 'unknown' })
        struck(stage, 'server_error_before')
        await stage.finish()
        expect(await ask(stage, sent)).toMatchObject({ result: 'not_found' })
        expect(moved(stage, sent)).toEqual([])
      }))

    it('down: not sent, a question unknown, and the same order goes through when the rail is back', () =>
      run(async (stage) => {
        const sent = await newOrder(stage, subject, direction)
        stage.rail.admin.arm({ fault: 'down', ms: 5 * MINUTE })
        await stage.rail.admin.idle()
        const first = await send(stage, sent)
        expect(first).toMatchObject({ result: 'not_sent' })
        expect(await ask(stage, sent)).toMatchObject({ result: 'unknown' })
        await stage.move(6 * MINUTE)
        stage.rail.admin.calm()
        const again = await send(stage, sent)
        expect(['accepted', 'succeeded']).toContain(again.result)
        await carryOn(stage, sent, 'payerAction' in again ? again : undefined)
        expectMovedOnce(stage, sent)
      }))

    it('past its time to send: not sent, and nothing at the rail', () =>
      run(async (stage) => {
        const sent = await newOrder(stage, subject, direction)
        await stage.move(1_000)
        const calls = stage.tap.calls.length
        const late = { sendBeforeMono: stage.clock.mono() - 1 }
        expect(await send(stage, sent, late)).toMatchObject({ result: 'not_sent' })
        expect(stage.tap.calls.length).toBe(calls)
        expect(known(stage, sent)).toBe(false)
      }))

    it('hidden from questions: not found, later found', () =>
      run(async (stage) => {
        const sent = await newOrder(stage, subject, direction)
        arm(stage, 'hidden_order', { ms: 20 * MINUTE })
        const outcome = await send(stage, sent)
        await carryOn(stage, sent, 'payerAction' in outcome ? outcome : undefined)
        expect(await ask(stage, sent)).toMatchObject({ result: 'not_found' })
        await stage.move(21 * MINUTE)
        expect(await ask(stage, sent)).toMatchObject({ result: 'succeeded' })
        expectMovedOnce(stage, sent)
      }))

    it('asked about a number the rail never saw: not found', () =>
      run(async (stage) => {
        const sent = await newOrder(stage, subject, direction)
        expect(await ask(stage, sent)).toMatchObject({ result: 'not_found' })
      }))

    it('after a storm of faults every answer agrees with the rail’s book', () =>
      run(async (stage) => {
        const all: SendOrder[] = []
        for (let i = 0; i < STORMED; i += 1) all.push(await newOrder(stage, subject, direction))
        stage.rail.admin.storm({ seed: 7, perMillion: 400_000 })
        const first: string[] = []
        for (const sent of all) {
          const outcome = await send(stage, sent)
          first.push(outcome.result)
          await stage.move(2_000)
          // The payer of an order that never came, or while the rail is down, can do nothing.
          await carryOn(stage, sent, 'payerAction' in outcome ? outcome : undefined).catch(() => {})
        }
        stage.rail.admin.calm()
        await stage.move(DAY)
        await stage.finish()
        expect(Object.keys(stage.rail.admin.struck()).length).toBeGreaterThan(3)
        for (const [at, sent] of all.entries()) {
          const { length: movements } = moved(stage, sent)
          const { result } = await ask(stage, sent)
          expect(movements).toBeLessThanOrEqual(1)
          expect({ succeeded: result === 'succeeded' }).toEqual({ succeeded: movements === 1 })
          if (first[at] === 'not_sent') expect(known(stage, sent)).toBe(false)
        }
      }))

    it('an answer damaged on its way means the same or nothing', () =>
      run(async (stage) => {
        const sent = await newOrder(stage, subject, direction)
        const outcome = await send(stage, sent)
        await carryOn(stage, sent, 'payerAction' in outcome ? outcome : undefined)
        const genuine = plain(await ask(stage, sent))
        const rng = seededRng(23)
        stage.tap.bend = (_, reply) =>
          reply.kind === 'replied' ? { ...reply, body: mutateBytes(reply.body, rng) } : reply
        let refused = 0
        for (let i = 0; i < 60; i += 1) {
          const answer = await ask(stage, sent)
          if (plain(answer) === genuine) continue
          refused += 1
          expect(answer).toMatchObject({ result: 'unknown', code: expect.stringMatching(/./) })
        }
        expect(refused).toBeGreaterThan(30)
      }))
  })
}

/** Whether the rail's book has the order. */
function known(stage: Stage, { direction, order }: SendOrder): boolean {
  return stage.rail.admin
    .orders()
    .some(({ kind, reference }) => kind === direction && reference === order.reference)
}

function collectCases(subject: ConformanceSubject): void {
  describe('collecting', () => {
    it('works by every method of the capability', () =>
      onStage(subject, async (stage) => {
        for (const method of stage.channel.capability.methods) {
          const sent: SendOrder = {
            direction: 'collect',
            order: newCollect(stage, subject, method),
          }
          const calls = stage.tap.calls.length
          const outcome = await send(stage, sent)
          expect(['accepted', 'succeeded']).toContain(outcome.result)
          const carried = subject.traits.carriedByPayer.includes(method)
          expect(stage.tap.calls.length - calls > 0).toBe(!carried)
          if (method !== 'collection') expect(outcome).toHaveProperty('payerAction.value')
          await carryOn(stage, sent, 'payerAction' in outcome ? outcome : undefined)
          expect(await ask(stage, sent)).toMatchObject({ result: 'succeeded' })
          expectMovedOnce(stage, sent)
        }
      }))

    it('no method makes an order past its time to send', () =>
      onStage(subject, async (stage) => {
        await stage.move(1_000)
        for (const method of stage.channel.capability.methods) {
          const order = newCollect(stage, subject, method)
          const late = { sendBeforeMono: stage.clock.mono() - 1 }
          const outcome = await stage.channel.collect!(order, late)
          expect({ method, result: outcome.result }).toEqual({ method, result: 'not_sent' })
        }
        expect(stage.tap.calls).toHaveLength(0)
      }))

    it('a closed order is not paid; if the rail pays it all the same, the question tells', () =>
      onStage(subject, async (stage) => {
        const { channel, rail } = stage
        const sent: SendOrder = { direction: 'collect', order: newCollect(stage, subject) }
        if (channel.close === undefined || sent.order.method === 'collection') {
          expect(channel.close === undefined || sent.order.method === 'collection').toBe(true)
          return
        }
        const question = {
          direction: 'collect' as const,
          reference: sent.order.reference,
          at: sent.order.at,
        }
        const outcome = await send(stage, sent)
        await stage.open?.(
          sent.order.reference,
          'payerAction' in outcome ? outcome.payerAction : undefined,
        )
        expect(await channel.close(question)).toMatchObject({ result: 'accepted' })
        expect(['failed', 'not_found']).toContain((await ask(stage, sent)).result)
        await rail.admin.payOrder(sent.order.reference).catch(() => undefined)
        await stage.finish()
        expect(moved(stage, sent)).toEqual([])

        rail.admin.arm({ fault: 'late_success', kind: 'collect' })
        const late: SendOrder = { direction: 'collect', order: newCollect(stage, subject) }
        const second = await send(stage, late)
        await stage.open?.(
          late.order.reference,
          'payerAction' in second ? second.payerAction : undefined,
        )
        await channel.close({ ...question, reference: late.order.reference })
        await rail.admin.payOrder(late.order.reference).catch(() => undefined)
        await stage.finish()
        await stage.move(31 * MINUTE)
        await stage.finish()
        expect(await ask(stage, late)).toMatchObject({ result: 'succeeded' })
        expectMovedOnce(stage, late)
      }))

    it('closing what the rail does not know is not called closed while a payer could still pay', () =>
      onStage(subject, async (stage) => {
        if (stage.channel.close === undefined) return
        const { reference, at } = newCollect(stage, subject)
        const outcome = await stage.channel.close({ direction: 'collect', reference, at })
        expect(['unknown', 'failed']).toContain(outcome.result)
      }))
  })
}
