/**
 * Whatever two checkers, an edit, a cancel, the end of time and two servers that carry out do in
 * whatever order and at once: money moves at most once per request, and only with enough decisions.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { TestLedger } from '../../testing/book.ts'
import type { ApprovalRequest } from './index.ts'
import { type Ground, ground, testLedger, user } from './testing/ground.ts'

let test: TestLedger
let place: Ground

beforeAll(async () => {
  test = await testLedger()
  place = await ground(test)
  place.freshIds = true
})
afterAll(() => test.stop())

const STEPS = [
  'li_approves',
  'li_approves_again',
  'wang_approves',
  'zhao_rejects',
  'mia_approves',
  'mia_edits',
  'mia_cancels',
  'time_passes',
  'sweep',
  'sweep_dies_before',
  'sweep_dies_after',
] as const

/** Groups run one after another; the steps of a group all at once. */
const schedule = fc.array(fc.array(fc.constantFrom(...STEPS), { minLength: 1, maxLength: 5 }), {
  minLength: 1,
  maxLength: 6,
})

interface Play {
  /** The request in force as its parties know it; an edit changes it. */
  now: ApprovalRequest
  readonly all: ApprovalRequest[]
}

async function step(name: (typeof STEPS)[number], play: Play): Promise<void> {
  const { clock } = test.world
  const { book, id, hash: contentHash } = play.now
  const decide = (who: string, verdict: 'approve' | 'reject') =>
    place.approvals.decide(user(test.world, who), { book, id, contentHash, verdict, note: 'n' })
  const mia = user(test.world, 'mia')
  switch (name) {
    case 'li_approves':
    case 'li_approves_again':
      await decide('li', 'approve')
      return
    case 'wang_approves':
      await decide('wang', 'approve')
      return
    case 'zhao_rejects':
      await decide('zhao', 'reject')
      return
    case 'mia_approves':
      await decide('mia', 'approve')
      return
    case 'mia_cancels':
      await place.approvals.cancel(mia, { book, id, contentHash, note: '' })
      return
    case 'mia_edits': {
      const { content } = place.transfer(100_000 + play.all.length)
      const ask = { book, id, contentHash, note: '', content, reason: 'r' }
      const made = await place.approvals.edit(mia, ask)
      if ('problem' in made) return
      play.all.push(made)
      play.now = made
      return
    }
    case 'time_passes':
      await clock.advanceTo(Math.max(clock.now(), play.now.expiresAt))
      return
    case 'sweep':
      await place.run()
      return
    case 'sweep_dies_before':
    case 'sweep_dies_after': {
      const moment = name === 'sweep_dies_before' ? 'before' : 'after'
      place[moment] = async () => {
        place[moment] = undefined
        throw new Error('the server dies')
      }
      await place.run()
      place[moment] = undefined
      return
    }
  }
}

/** Two servers at once try to carry everything out, as after a lease that ran over. */
async function settle(play: Play): Promise<void> {
  await test.world.clock.advance(2 * 3_600_000)
  await Promise.all([place.run(), place.run()])
  for (const { book, id } of play.all) {
    await test.database.db.query(
      `insert into base.due (book_id, org_id, kind, key, due_at, payload)
       select $1, 1, 'approvals.execute_request', $2, $3, '{}' on conflict do nothing`,
      [book, `areq_${book}_${id}`, new Date(test.world.clock.now())],
    )
  }
  await Promise.all([place.run(), place.run()])
  await place.runUntil(test.world.clock.now() + 3_600_000)
}

it('moves money at most once, and never without enough decisions', async () => {
  const ends = new Map<string, number>()
  await fc.assert(
    fc.asyncProperty(schedule, async (groups) => {
      const before = await place.alice()
      await place.book.fund(place.book.alice, 1_000_000n)
      const first = await place.approvals.request(user(test.world, 'mia'), place.transfer(100_000))
      if ('problem' in first) throw new Error(JSON.stringify(first))
      const play: Play = { now: first, all: [first] }
      for (const group of groups) await Promise.all(group.map((name) => step(name, play)))
      await settle(play)
      let moved = 0n
      for (const { book, id } of play.all) {
        const view = await place.approvals.view(user(test.world, 'mia'), { book, id })
        if ('problem' in view) throw new Error(JSON.stringify(view))
        const { request } = view
        ends.set(request.state, (ends.get(request.state) ?? 0) + 1)
        expect(['executed', 'canceled', 'rejected', 'expired', 'requires_review']).toContain(
          request.state,
        )
        const persons = new Set(
          request.decisions.flatMap(({ verdict, person }) =>
            verdict === 'approve' ? [person] : [],
          ),
        )
        expect(persons.has('mia')).toBe(false)
        if (request.state !== 'executed') continue
        expect(persons.size).toBe(2)
        const [line] = request.preview.lines
        moved += BigInt((line!.amount as { amount: string }).amount)
      }
      expect(before + 1_000_000n - (await place.alice())).toBe(moved)
      const executed = play.all.length > 0 ? moved > 0n : false
      if (executed) expect(moved).toBeLessThan(200_000n)
    }),
    { numRuns: 50, seed: 7 },
  )
  // Runs in which nothing was carried out, or everything was, would prove little.
  expect([...ends.keys()].sort()).toEqual(
    expect.arrayContaining(['canceled', 'executed', 'expired', 'rejected']),
  )
})
