/** What the rail tells by itself: the signature on the bytes first, then the fields, then whose it is. */
import { describe, expect, it } from 'vitest'
import { seededRng } from '../../src/base/index.ts'
import { type CallbackRequest, DIRECTIONS, type Direction } from '../../src/channels/index.ts'
import type { ConformanceSubject } from '../conformance.ts'
import { mutateCallback } from './mutate.ts'
import {
  callbacksOf,
  carryOn,
  DAY,
  MINUTE,
  newOrder,
  onStage,
  plain,
  type SendOrder,
  type Stage,
  send,
} from './stage.ts'

const MUTATIONS = 200

export function callbackCases(subject: ConformanceSubject): void {
  describe('callbacks', () => {
    for (const direction of DIRECTIONS) {
      it(`${direction}: tell the outcome, where the rail tells it`, () =>
        onStage(subject, async (stage) => {
          if (!stage.channel.capability.directions.includes(direction)) {
            expect(subject.traits.notices).not.toContain(direction)
            return
          }
          const sent = await done(stage, subject, direction)
          const told = outcomesOf(stage, sent)
          expect(told.length > 0).toBe(subject.traits.notices.includes(direction))
          for (const callback of told) {
            expect(callback).toMatchObject({ direction, outcome: { result: 'succeeded' } })
            expect(callback.id).not.toBe('')
          }
        }))
    }

    it('of nobody are refused with a reason', () =>
      onStage(subject, async ({ channel }) => {
        for (const body of ['', '{}', '[]', 'null', 'a=b', '<x/>', '\u0000', '{"id":', '%%%']) {
          for (const headers of [{}, { 'content-type': 'application/json' }]) {
            const request = { method: 'POST', path: '/', headers, body: Buffer.from(body) }
            const callback = channel.parseCallback(request)
            expect(callback).toMatchObject({ refused: expect.any(String) })
            expect('says' in callback && callback.says).toMatch(/^[A-Z].*\.$/s)
          }
        }
      }))
  })

  for (const direction of subject.traits.notices) noticeCases(subject, direction)
}

function noticeCases(subject: ConformanceSubject, direction: Direction): void {
  const told = (test: (stage: Stage) => Promise<void>) => onStage(subject, test)

  describe(`callbacks about ${direction}`, () => {
    it('hand on the amount the rail names, right or wrong', () =>
      told(async (stage) => {
        const sent = await newOrder(stage, subject, direction)
        stage.rail.admin.arm({ fault: 'wrong_amount_notice', kind: direction, fen: 100 })
        await finishOrder(stage, sent)
        expect(stage.rail.admin.struck().wrong_amount_notice).toBeGreaterThan(0)
        const amounts = outcomesOf(stage, sent).map(({ outcome }) => outcome.amount)
        const isNamed = !(subject.traits.amountless ?? []).includes(direction)
        const wrong = isNamed ? sent.order.amount + 100n : undefined
        expect(new Set(amounts)).toEqual(new Set([wrong]))
      }))

    it('signed with another key are refused as forged, and the true one is taken', () =>
      told(async (stage) => {
        const sent = await newOrder(stage, subject, direction)
        stage.rail.admin.arm({ fault: 'forged_notice', kind: direction })
        stage.reply = stage.channel.answerCallback(true)
        await finishOrder(stage, sent)
        const parsed = stage.received.map(({ request }) => stage.channel.parseCallback(request))
        expect(parsed.some((one) => 'refused' in one && one.refused === 'forged')).toBe(true)
        expect(outcomesOf(stage, sent).length).toBeGreaterThan(0)
      }))

    it('sent three times parse to one id', () =>
      told(async (stage) => {
        const sent = await newOrder(stage, subject, direction)
        stage.rail.admin.arm({ fault: 'duplicate_notice', kind: direction })
        await finishOrder(stage, sent)
        const all = outcomesOf(stage, sent)
        expect(all.length).toBeGreaterThanOrEqual(3)
        expect(new Set(all.map(({ id }) => id)).size).toBe(1)
        expect(new Set(all.map(plain)).size).toBe(1)
      }))

    it('in another order each tell of their own', () =>
      told(async (stage) => {
        const first = await newOrder(stage, subject, direction)
        const second = await newOrder(stage, subject, direction)
        stage.rail.admin.arm({ fault: 'reordered_notice', kind: direction, ms: 120 * MINUTE })
        await finishOrder(stage, first)
        await finishOrder(stage, second)
        await stage.move(DAY)
        await stage.finish()
        const ids = [first, second].map((sent) => outcomesOf(stage, sent).map(({ id }) => id))
        expect(ids[0]!.length).toBeGreaterThan(0)
        expect(ids[1]!.length).toBeGreaterThan(0)
        expect(ids[0]!.some((id) => ids[1]!.includes(id))).toBe(false)
        const [firstHeard] = stage.received
          .map(({ request }) => referenceIn(stage, request))
          .filter((reference) => [first, second].some(({ order }) => order.reference === reference))
        expect(firstHeard).toBe(second.order.reference)
      }))

    it('lost, never come; the others do', () =>
      told(async (stage) => {
        const sent = await newOrder(stage, subject, direction)
        stage.rail.admin.arm({ fault: 'lost_notice', kind: direction })
        await finishOrder(stage, sent)
        await stage.move(DAY)
        expect(outcomesOf(stage, sent)).toEqual([])
      }))

    it('about another merchant are refused', () =>
      told(async (stage) => {
        const sent = await done(stage, subject, direction)
        for (const request of callbacksOf(stage, sent.order.reference)) {
          const callback = stage.otherMerchant.parseCallback(request)
          expect(['other_pool', 'forged']).toContain('refused' in callback && callback.refused)
        }
      }))

    it('of an hour ago are stale where the rail signs the time', () =>
      told(async (stage) => {
        const sent = await done(stage, subject, direction)
        const requests = callbacksOf(stage, sent.order.reference)
        expect(requests.length).toBeGreaterThan(0)
        stage.wall.shift(60 * MINUTE)
        for (const request of requests) {
          const callback = stage.channel.parseCallback(request)
          expect('refused' in callback && callback.refused).toBe(
            subject.traits.signsTime ? 'stale' : false,
          )
        }
      }))

    it('with headers in capitals, doubled, or a body written anew mean the same or nothing', () =>
      told(async (stage) => {
        const sent = await done(stage, subject, direction)
        const [request] = callbacksOf(stage, sent.order.reference)
        const genuine = plain(stage.channel.parseCallback(request!))
        const entries = Object.entries(request!.headers)
        const capitals = Object.fromEntries(entries.map(([k, v]) => [k.toUpperCase(), v]))
        const variants: CallbackRequest[] = [
          { ...request!, headers: capitals },
          ...entries.map(([k, v]) => ({
            ...request!,
            headers: { ...request!.headers, [k]: `${v}, ${v}` },
          })),
          ...rewritten(request!.body).map((body) => ({ ...request!, body })),
        ]
        expect(variants.length).toBeGreaterThan(1)
        for (const variant of variants) expectSameOrRefused(stage, variant, genuine)
      }))

    it(`damaged in ${MUTATIONS} ways mean the same or are refused with a reason`, () =>
      told(async (stage) => {
        const sent = await done(stage, subject, direction)
        const [request] = callbacksOf(stage, sent.order.reference)
        const genuine = plain(stage.channel.parseCallback(request!))
        const rng = seededRng(200)
        let refused = 0
        for (let i = 0; i < MUTATIONS; i += 1) {
          const taken = expectSameOrRefused(stage, mutateCallback(request!, rng), genuine)
          if (!taken) refused += 1
        }
        expect(refused).toBeGreaterThan(MUTATIONS / 3)
      }))

    it('come until the rail hears that one was taken', () =>
      told(async (stage) => {
        stage.reply = stage.channel.answerCallback(false)
        const sent = await done(stage, subject, direction)
        let refused = callbacksOf(stage, sent.order.reference).length
        // A rail may give up within half an hour: ask no more of it than that it came again.
        if (refused < 2) {
          await stage.move(30 * MINUTE)
          await stage.finish()
          refused = callbacksOf(stage, sent.order.reference).length
        }
        expect(refused).toBeGreaterThan(1)
        stage.reply = stage.channel.answerCallback(true)
        await stage.move(DAY)
        await stage.finish()
        const taken = callbacksOf(stage, sent.order.reference).length
        expect(taken).toBe(refused + 1)
      }))
  })
}

async function finishOrder(stage: Stage, sent: SendOrder): Promise<void> {
  const outcome = await send(stage, sent)
  await carryOn(stage, sent, 'payerAction' in outcome ? outcome : undefined)
}

/** An order of a direction, made and done. */
async function done(
  stage: Stage,
  subject: ConformanceSubject,
  direction: Direction,
): Promise<SendOrder> {
  const sent = await newOrder(stage, subject, direction)
  await finishOrder(stage, sent)
  return sent
}

function outcomesOf(stage: Stage, { direction, order }: SendOrder) {
  return callbacksOf(stage, order.reference)
    .map((request) => stage.channel.parseCallback(request))
    .flatMap((one) =>
      'kind' in one && one.kind === 'outcome' && one.direction === direction ? [one] : [],
    )
}

function referenceIn(stage: Stage, request: CallbackRequest): string | undefined {
  const callback = stage.channel.parseCallback(request)
  return 'kind' in callback && callback.kind === 'outcome' ? callback.reference : undefined
}

/** True when the changed request was taken for the genuine one; anything else must be a refusal. */
function expectSameOrRefused(stage: Stage, changed: CallbackRequest, genuine: string): boolean {
  const callback = stage.channel.parseCallback(changed)
  if ('refused' in callback) {
    expect(callback.says).toMatch(/^[A-Z].*\.$/s)
    return false
  }
  expect(plain(callback)).toBe(genuine)
  return true
}

/** The same content in other bytes: what a proxy that parses and prints would send. */
function rewritten(body: Uint8Array): Uint8Array[] {
  const text = Buffer.from(body).toString('utf8')
  const texts = [`${text}\n`, ` ${text}`]
  try {
    texts.push(JSON.stringify(JSON.parse(text), null, 2))
  } catch {
    texts.push(new URLSearchParams([...new URLSearchParams(text)].reverse()).toString())
  }
  return texts.map((one) => Buffer.from(one))
}
