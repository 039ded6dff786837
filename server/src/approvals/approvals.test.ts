/** The life of requests: a transfer by hand and a limit, from the asking to what was done. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listDead } from '#base'
import type { TestLedger } from '../../testing/book.ts'
import { CHANGE_POLICIES } from './change-policies.ts'
import { type ApprovalRequest, type Ask, type Asker, createApprovals } from './index.ts'
import { changesBetween, effectHash } from './preview.ts'
import type { Refused } from './refusals.ts'
import { defaults, type Ground, ground, ORG, policies, testLedger, user } from './testing/ground.ts'

let test: TestLedger
let place: Ground

beforeAll(async () => {
  test = await testLedger()
})
afterAll(() => test.stop())
beforeEach(async () => {
  place = await ground(test)
})

const HOUR = 3_600_000
const of = (name: string, more: Partial<Asker> = {}) => user(test.world, name, more)

async function done<T extends object>(work: Promise<T | Refused>): Promise<T> {
  const result = await work
  if ('problem' in result) throw new Error(JSON.stringify(result))
  return result
}

const asked = (ask: Ask = place.transfer(50_000), maker = of('mia')) =>
  done(place.approvals.request(maker, ask))
const decide = (
  name: string,
  { book, id, hash }: ApprovalRequest,
  verdict: 'approve' | 'reject' = 'approve',
) =>
  done(
    place.approvals.decide(of(name), { book, id, contentHash: hash, verdict, note: `by ${name}` }),
  )
const view = ({ book, id }: ApprovalRequest) => done(place.approvals.view(of('mia'), { book, id }))
const stateOf = async (request: ApprovalRequest) => (await view(request)).request.state
/** What was noted since, in order. */
const since = async (list: () => Promise<string[]>, before: string[]) =>
  (await list()).slice(before.length)

describe('a transfer by hand', () => {
  it('moves after two other persons have agreed to it, once', async () => {
    const [entries, events] = [await place.audit(), await place.events()]
    const request = await asked(place.transfer(200_000))
    expect(request).toMatchObject({ state: 'requires_review', needed: 2, rule: 'large' })
    expect(request.preview.lines[0]).toMatchObject({
      before: { amount: '1000000', currency: 'CNY' },
      after: { amount: '800000', currency: 'CNY' },
    })
    expect(await decide('li', request)).toMatchObject({ state: 'requires_review' })
    await place.run()
    expect(await place.alice()).toBe(1_000_000n)
    expect(await decide('wang', request)).toMatchObject({ state: 'approved' })
    await place.run()
    await place.run()
    expect(await place.alice()).toBe(800_000n)
    const { request: after, now } = await view(request)
    expect(after).toMatchObject({
      ...{ state: 'executed', result: { done: { transfer: expect.any(String) } } },
      decisions: [
        { checker: 'usr_0_li', verdict: 'approve', note: 'by li' },
        { checker: 'usr_0_wang', verdict: 'approve', note: 'by wang' },
      ],
    })
    expect(now).toBeUndefined()
    expect(await since(place.audit, entries)).toEqual([
      'approvals.make_request',
      'approvals.approve_request',
      'approvals.approve_request',
      'approvals.execute_request',
    ])
    expect((await since(place.events, events)).sort()).toEqual([
      'approvals.approved',
      'approvals.decided',
      'approvals.executed',
      'approvals.requested',
    ])
    const due = await test.database.db.query('select kind from base.due where book_id = $1', [
      place.book.number,
    ])
    expect(due).toEqual([])
  })

  it('leaves an entry in the chain of its book that names the approval', async () => {
    const request = await asked()
    await decide('li', request)
    await place.run()
    const rows = await test.database.db.query(
      'select action, approval, actor_kind from audit.entry where book_id = $1',
      [place.book.number],
    )
    const approval = `areq_${request.book}_${request.id}`
    expect(rows).toEqual([{ action: 'desk.post_transfer', approval, actor_kind: 'platform' }])
  })

  it('under the limit of the policies needs nobody, and the module is told so', async () => {
    const small = place.transfer(99)
    const policy = (content: object) => place.approvals.policyFor(ORG, 'desk.transfer', content)
    expect(await policy(small.content)).toMatchObject({ rule: 'tiny', checkers: 0 })
    expect(await policy(place.transfer(100).content)).toMatchObject({ checkers: 1 })
  })

  it('does not move when one of two rejects it', async () => {
    const request = await asked(place.transfer(200_000))
    await decide('li', request)
    expect(await decide('wang', request, 'reject')).toMatchObject({
      ...{ state: 'rejected', endedBy: 'usr_0_wang', note: 'by wang' },
    })
    await place.runUntil(request.expiresAt + HOUR)
    expect(await place.alice()).toBe(1_000_000n)
    expect(await stateOf(request)).toBe('rejected')
  })

  it('asked for twice under one id is one request', async () => {
    const id = test.world.ids.uuid()
    const both = [1, 2].map(() => asked({ ...place.transfer(50_000), id }))
    const [one, two] = await Promise.all(both)
    expect(two).toEqual(one)
  })

  it('shows what has changed since it was asked for', async () => {
    const request = await asked()
    expect((await view(request)).now).toMatchObject({ changed: [] })
    await place.book.fund(place.book.alice, 100n)
    const { now } = await view(request)
    expect(now).toMatchObject({
      effect: { lines: [{ before: { amount: '1000100' } }] },
      changed: [
        {
          before: { before: { amount: '1000000' }, after: { amount: '950000' } },
          after: { before: { amount: '1000100' }, after: { amount: '950100' } },
        },
      ],
    })
    if (now === undefined || 'problem' in now) throw new Error('the effect is shown')
    const { book, id, hash: contentHash } = request
    const ask = { ...{ book, id, contentHash }, verdict: 'approve' as const, note: '' }
    await done(place.approvals.decide(of('li'), { ...ask, effectHash: now.hash }))
    const [decision] = (await view(request)).request.decisions
    expect(effectHash(decision!.seen!)).toBe(now.hash)
  })

  it('that cannot be done any more is shown with the reason', async () => {
    const request = await asked(place.transfer(900_000))
    await place.book.writer.transfer({
      ...{ type: 'post', id: test.world.ids.uuid() },
      legs: [{ debit: place.book.alice, credit: place.book.carol, amount: 200_000n }],
    })
    expect((await view(request)).now).toMatchObject({
      problem: { code: 'effect_refused', detail: expect.stringContaining('Alice has less') },
    })
  })
})

describe('carrying out', () => {
  it('is tried again after a crash between the command and the note of it', async () => {
    const request = await asked()
    await decide('li', request)
    place.after = async () => {
      place.after = undefined
      throw new Error('the server dies')
    }
    await place.run()
    expect(await place.alice()).toBe(950_000n)
    expect((await view(request)).request).toMatchObject({ state: 'executed', result: null })
    await place.runUntil(test.world.clock.now() + HOUR)
    expect(place.tries).toBe(2)
    expect(await place.alice()).toBe(950_000n)
    expect((await view(request)).request).toMatchObject({
      ...{ state: 'executed', result: { done: { transfer: expect.any(String) } } },
    })
  })

  it('is tried again after a crash before the command', async () => {
    const request = await asked()
    await decide('li', request)
    place.before = async () => {
      place.before = undefined
      throw new Error('the book is not here')
    }
    await place.run()
    expect(await stateOf(request)).toBe('approved')
    expect(await place.alice()).toBe(1_000_000n)
    await place.runUntil(test.world.clock.now() + HOUR)
    expect(await stateOf(request)).toBe('executed')
    expect(await place.alice()).toBe(950_000n)
  })

  it('ends as failed with the reason of the module, for good', async () => {
    const entries = await place.audit()
    const request = await asked(place.transfer(60_000))
    await decide('li', request)
    await place.book.writer.transfer({
      ...{ type: 'post', id: test.world.ids.uuid() },
      legs: [{ debit: place.book.alice, credit: place.book.carol, amount: 999_999n }],
    })
    await place.run()
    expect((await view(request)).request).toMatchObject({
      ...{ state: 'failed', result: { refused: expect.any(String), detail: expect.any(String) } },
    })
    expect(await since(place.audit, entries)).toContain('approvals.fail_request')
    await place.book.fund(place.book.alice, 1_000_000n)
    await place.runUntil(test.world.clock.now() + 48 * HOUR)
    expect(await place.alice()).toBe(1_000_001n)
    expect(await stateOf(request)).toBe('failed')
  })

  it('keeps a late first try from committing once a second one was refused', async () => {
    const request = await asked(place.transfer(60_000))
    await decide('li', request)
    place.freshIds = true
    // The first try hangs before its command; meanwhile a second one finds the account empty.
    place.before = async () => {
      place.before = undefined
      await place.book.writer.transfer({
        ...{ type: 'post', id: test.world.ids.uuid() },
        legs: [{ debit: place.book.alice, credit: place.book.carol, amount: 999_999n }],
      })
      await test.world.clock.advance(61_000)
      await place.run()
      await place.book.fund(place.book.alice, 1_000_000n)
    }
    await place.run()
    expect(place.tries).toBe(2)
    expect(await stateOf(request)).toBe('failed')
    expect(await place.alice()).toBe(1_000_001n)
  })

  it('does not take the word of a module whose command carried no approval', async () => {
    const { world } = test
    const [action] = [...place.approvals.actions.values()]
    const careless = createApprovals({
      ...{ world, policies, isFresh: () => true, orgOf: () => ORG },
      people: { may: async () => true, appointersOf: async () => [] },
      actions: [{ ...action!, action: 'desk.careless', execute: async () => ({ done: 'yes' }) }],
    })
    const usual = place.approvals
    place.approvals = careless
    const request = await asked({ ...place.transfer(200), action: 'desk.careless' })
    await decide('li', request)
    await place.runUntil(world.clock.now() + 24 * HOUR)
    expect(await stateOf(request)).toBe('approved')
    const [dead] = await listDead(test.database.db, { book: place.book.number })
    expect(dead).toMatchObject({ kind: 'approvals.execute_request' })
    expect(dead?.lastError).toContain('nothing it committed carried the approval')
    place.approvals = usual
  })

  it('waits for a server that knows the action', async () => {
    const request = await asked()
    await decide('li', request)
    const usual = place.approvals
    const { world } = test
    place.approvals = createApprovals({
      ...{ world, policies, isFresh: () => true, orgOf: () => ORG, actions: [] },
      people: { may: async () => true, appointersOf: async () => [] },
    })
    await place.run()
    expect(await stateOf(request)).toBe('approved')
    place.approvals = usual
    await place.runUntil(world.clock.now() + HOUR)
    expect(await stateOf(request)).toBe('executed')
  })
})

describe('time', () => {
  it('reminds once and then ends a request that nobody decided on', async () => {
    const events = await place.events()
    const request = await asked(place.transfer(200_000))
    await place.runUntil(request.requestedAt + 4 * HOUR - 1)
    expect(await since(place.events, events)).toEqual(['approvals.requested'])
    await place.runUntil(request.expiresAt - 1)
    expect(await since(place.events, events)).toEqual(['approvals.requested', 'approvals.reminder'])
    expect(await stateOf(request)).toBe('requires_review')
    await place.runUntil(request.expiresAt)
    expect(await stateOf(request)).toBe('expired')
    expect((await since(place.events, events)).at(-1)).toBe('approvals.expired')
    expect((await place.audit()).at(-1)).toBe('approvals.expire_request')
  })

  it('neither reminds of nor ends what was decided', async () => {
    const request = await asked(place.transfer(200_000))
    await decide('li', request)
    await decide('wang', request)
    const events = await place.events()
    await place.runUntil(request.expiresAt + HOUR)
    expect(await since(place.events, events)).toEqual(['approvals.executed'])
    expect(await stateOf(request)).toBe('executed')
  })
})

describe('an edit', () => {
  it('voids the request and its approvals, and asks anew', async () => {
    const old = await asked(place.transfer(200_000))
    await decide('li', old)
    const { content } = place.transfer(300_000)
    const { book, id, hash: contentHash } = old
    const fresh = await done(
      place.approvals.edit(of('mia'), {
        ...{ book, id, contentHash, content, reason: 'More', note: 'A slip' },
      }),
    )
    expect(fresh).toMatchObject({
      ...{ state: 'requires_review', decisions: [], replaces: `areq_${book}_${id}` },
    })
    expect((await view(old)).request).toMatchObject({
      ...{ state: 'canceled', replacedBy: `areq_${book}_${fresh.id}`, note: 'A slip' },
    })
    await decide('li', fresh)
    await decide('wang', fresh)
    await place.run()
    expect(await place.alice()).toBe(700_000n)
  })
})

describe('breaking the glass', () => {
  it('takes two persons within the hour, and alarms when asked for and when approved', async () => {
    const events = await place.events()
    const request = await asked({ ...place.limit(77), breakGlass: true })
    expect(request).toMatchObject({ needed: 2, rule: 'break_glass', breakGlass: true })
    expect(request.expiresAt - request.requestedAt).toBe(HOUR)
    await decide('li', request)
    await decide('wang', request)
    await place.run()
    expect(await place.limits()).toBe('77')
    const alarms = (await since(place.events, events)).filter((kind) => kind.endsWith('glass'))
    expect(alarms).toEqual(['approvals.break_glass', 'approvals.break_glass'])
  })
})

describe('configuration', () => {
  it('changes once another person has agreed', async () => {
    const request = await asked(place.limit(500))
    expect(request).toMatchObject({ book: 0, needed: 1, permission: 'users.manage' })
    await decide('li', request)
    await place.run()
    expect(await place.limits()).toBe('500')
    expect((await view(request)).request).toMatchObject({
      ...{ state: 'executed', result: { done: { amount: '500' } } },
    })
    const [entry] = await test.database.db.query<{ approval: string }>(
      `select approval from audit.entry where action = 'desk.change_limit' order by seq desc`,
    )
    expect(entry?.approval).toBe(`areq_0_${request.id}`)
  })

  const anew = (after: number, document: object) => ({
    ...{ action: CHANGE_POLICIES, content: { after, document }, reason: 'Fewer steps' },
  })

  it('of the policies themselves follows the policies', async () => {
    const [first] = policies.rules
    const looser = { ...policies, rules: [first!, policies.rules[3]!] }
    const { approvals } = place
    const ask = (after: number, document: object) =>
      approvals.request(of('mia'), anew(after, document))
    const request = await done(ask(0, looser))
    expect(request.preview.lines.map(({ what }) => what.en)).toEqual([
      expect.stringMatching(/^No longer: desk.transfer of at least/),
      expect.stringMatching(/^No longer: desk.limit/),
    ])
    const rival = await done(ask(0, { ...looser, appointment_hours: 0 }))
    expect(await decide('li', request)).toMatchObject({ state: 'approved' })
    await place.run()
    expect(await approvals.policies(ORG)).toEqual({ version: 1, document: looser })
    expect((await view(request)).request).toMatchObject({
      ...{ state: 'executed', result: { done: { version: 1 } } },
    })
    expect(await approvals.policyFor(ORG, 'desk.transfer', {})).toMatchObject({ checkers: 1 })
    expect(await approvals.policyFor(2, 'desk.transfer', {})).toMatchObject({ checkers: 2 })
    const { book, id, hash: contentHash } = rival
    const late = { ...{ book, id, contentHash }, verdict: 'approve' as const, note: '' }
    expect(await approvals.decide(of('li'), late)).toMatchObject({
      problem: { code: 'effect_refused', detail: expect.stringContaining('number 1') },
    })
    const broken = { ...looser, rules: [{ ...looser.rules[1]!, action: 'a.b' }] }
    expect(await ask(1, broken)).toMatchObject({
      problem: { code: 'action_refused', detail: expect.stringContaining('/rules/0') },
    })
  })

  it('of the policies takes two in the files that come with it', () => {
    const rule = defaults.rules.find(({ action }) => action === CHANGE_POLICIES)
    expect(rule?.checkers).toBe(2)
  })
})

it('lists are pages of one statement each, and know whose they are', async () => {
  const org = { orgId: 3, permissions: of('mia').permissions }
  place.restart(policies)
  const made: ApprovalRequest[] = []
  for (let n = 1; n <= 5; n += 1) {
    const maker = n === 3 ? of('li', org) : of('mia', org)
    made.push(await done(place.approvals.request(maker, place.limit(n))))
    if (n !== 4) await test.world.clock.advance(1)
  }
  const [first, , third, , fifth] = made
  const ids = (list: readonly ApprovalRequest[]) => list.map(({ id }) => id)
  const list = (more: object, asker = of('mia', org)) =>
    place.approvals.list(asker, { limit: 10, ...more })
  const all = await list({})
  expect(ids(all).sort()).toEqual(ids(made).sort())
  expect(all.map(({ requestedAt }) => requestedAt)).toEqual(
    made.map(({ requestedAt }) => requestedAt).sort((a, b) => b - a),
  )
  const paged: ApprovalRequest[] = []
  for (let page = await list({ limit: 2 }); page.length > 0; ) {
    paged.push(...page)
    page = await list({ limit: 2, after: page.at(-1)! })
  }
  expect(ids(paged)).toEqual(ids(all))
  expect(ids(await list({ mine: true }, of('li', org)))).toEqual([third!.id])
  expect(ids(await list({ forMe: true }))).toEqual([third!.id])
  expect(await list({ forMe: true }, of('mia', { ...org, permissions: new Set() }))).toEqual([])
  const { book, id, hash: contentHash } = first!
  const no = { ...{ book, id, contentHash }, verdict: 'reject' as const, note: 'no' }
  await done(place.approvals.decide(of('wang', org), no))
  expect(ids(await list({ state: 'rejected' }))).toEqual([first!.id])
  expect(await list({ action: 'desk.transfer' })).toEqual([])
  expect(await list({}, of('mia', { ...org, orgId: 4 }))).toEqual([])
  expect(await list({ after: fifth! }, of('mia', { ...org, orgId: 4 }))).toEqual([])
  await test.world.clock.advanceTo(fifth!.expiresAt)
  expect(await list({ forMe: true })).toEqual([])
})

it('lines are compared by what they say and where', () => {
  const line = (en: string, account: string, after: string) => ({
    ...{ what: { en, zh: en }, account, after },
  })
  const before = { lines: [line('a', 'x', '1'), line('a', 'x', '2'), line('b', 'x', '3')] }
  const after = { lines: [line('a', 'x', '1'), line('a', 'x', '4'), line('b', 'y', '3')] }
  expect(changesBetween(before, before)).toEqual([])
  expect(changesBetween(before, after)).toEqual([
    { before: line('a', 'x', '2'), after: line('a', 'x', '4') },
    { before: line('b', 'x', '3') },
    { after: line('b', 'y', '3') },
  ])
})
