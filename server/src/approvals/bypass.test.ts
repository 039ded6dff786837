/**
 * Ways around the second person. Each is refused with its own reason, and nothing at all has changed:
 * no row of approvals, no due work, no audit entry, no event, no money, no configuration.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { applied, parsePublicId, publicId } from '#base'
import type { TestLedger } from '../../testing/book.ts'
import type { DecisionAsk } from './decide.ts'
import { type ApprovalRequest, type Asker, executedOnce, markExecuted } from './index.ts'
import type { Refused } from './refusals.ts'
import { type Ground, ground, ORG, policies, testLedger, user, without } from './testing/ground.ts'

let test: TestLedger
let place: Ground

beforeAll(async () => {
  test = await testLedger()
  place = await ground(test)
})
afterAll(() => test.stop())
beforeEach(() => place.reset())

const HOUR = 3_600_000
const of = (name: string, more: Partial<Asker> = {}) => user(test.world, name, more)

async function asked(ask = place.transfer(50_000), maker = of('mia')): Promise<ApprovalRequest> {
  const made = await place.approvals.request(maker, ask)
  if ('problem' in made) throw new Error(JSON.stringify(made))
  return made
}

function decision(
  { book, id, hash }: ApprovalRequest,
  more: Partial<DecisionAsk> = {},
): DecisionAsk {
  return { book, id, contentHash: hash, verdict: 'approve', note: '', ...more }
}

const approve = (asker: Asker, request: ApprovalRequest, more: Partial<DecisionAsk> = {}) =>
  place.approvals.decide(asker, decision(request, more))

/** Does, and fails on a refusal. */
async function done<T extends object>(work: Promise<T | Refused>): Promise<T> {
  const result = await work
  if ('problem' in result) throw new Error(JSON.stringify(result))
  return result
}

interface Attempt {
  readonly name: string
  readonly refused: string
  /** Prepares the ground; what it gives back is what the attempt is made on. */
  readonly given?: () => Promise<ApprovalRequest>
  readonly attempt: (request: ApprovalRequest) => Promise<object>
}

/** Two persons are needed for this one. */
const large = () => asked(place.transfer(200_000))

const withdrawal = ({ book, id, hash }: ApprovalRequest) => ({
  ...{ book, id, contentHash: hash, note: '' },
})

const attempts: Attempt[] = [
  {
    name: 'the maker approves his own request',
    refused: 'checker_is_maker',
    attempt: (request) => approve(of('mia'), request),
  },
  {
    name: 'the maker approves it with a second user of his',
    refused: 'checker_is_maker',
    attempt: (request) => approve(of('mia', { id: 'usr_0_second' }), request),
  },
  {
    name: 'the maker rejects it with a second user, to end it in the name of another',
    refused: 'checker_is_maker',
    attempt: (request) =>
      approve(of('mia', { id: 'usr_0_second' }), request, { verdict: 'reject', note: 'no' }),
  },
  {
    name: 'a key asks, and the person who made the key approves',
    refused: 'checker_is_maker',
    given: () => asked(place.transfer(50_000), of('mia', { kind: 'key', id: 'key_0_a' })),
    attempt: (request) => approve(of('mia'), request),
  },
  {
    name: 'the maker approves with a key he made',
    refused: 'only_users_decide',
    attempt: (request) => approve(of('mia', { kind: 'key', id: 'key_0_a', signed: true }), request),
  },
  {
    name: "another person's key approves, signed",
    refused: 'only_users_decide',
    attempt: (request) => approve(of('li', { kind: 'key', id: 'key_0_b', signed: true }), request),
  },
  {
    name: 'a key rejects',
    refused: 'only_users_decide',
    attempt: (request) =>
      approve(of('li', { kind: 'key' }), request, { verdict: 'reject', note: 'no' }),
  },
  {
    name: 'somebody on the machine itself approves, without sign-in',
    refused: 'only_users_decide',
    attempt: (request) => approve(of('operator', { kind: 'operator', id: 'operator' }), request),
  },
  {
    name: 'a user who never proved his presence approves',
    refused: 'step_up_stale',
    attempt: (request) => {
      const { steppedUpAt: _, ...asker } = of('li')
      return approve(asker, request)
    },
  },
  {
    name: 'a session approves whose proof of presence is five minutes old',
    refused: 'step_up_stale',
    attempt: (request) =>
      approve(of('li', { steppedUpAt: test.world.clock.now() - 5 * 60_000 }), request),
  },
  {
    name: 'a user approves who may not decide',
    refused: 'permission_missing',
    attempt: (request) => approve(of('li', without('approvals.decide')), request),
  },
  {
    name: 'a user approves who may decide, but lacks what this action takes',
    refused: 'permission_missing',
    given: () => asked(place.limit(500)),
    attempt: (request) => approve(of('li', without('users.manage')), request),
  },
  {
    name: 'a user of another organisation approves',
    refused: 'approval_not_found',
    attempt: (request) => approve(of('li', { orgId: 2 }), request),
  },
  {
    name: 'a user of another organisation withdraws it',
    refused: 'approval_not_found',
    attempt: (request) => place.approvals.cancel(of('mia', { orgId: 2 }), withdrawal(request)),
  },
  {
    name: "a merchant's user approves",
    refused: 'merchants_do_not_decide',
    attempt: (request) => approve(of('li', { merchant: 'mch_0_a' }), request),
  },
  {
    name: "a merchant's user asks",
    refused: 'merchants_do_not_decide',
    attempt: () =>
      place.approvals.request(of('mia', { merchant: 'mch_0_a' }), place.transfer(50_000)),
  },
  {
    name: 'the content shown was another than the content kept',
    refused: 'content_differs',
    attempt: (request) => approve(of('li'), request, { contentHash: 'ab'.repeat(32) }),
  },
  {
    name: 'the maker edits after the checker has read; the checker approves what he read',
    refused: 'approval_canceled',
    given: async () => {
      const old = await asked()
      const { content, reason } = place.transfer(90_000)
      await done(place.approvals.edit(of('mia'), { ...withdrawal(old), content, reason }))
      return old
    },
    attempt: (request) => approve(of('li'), request),
  },
  {
    name: 'the hash of the old content is used on the edited one',
    refused: 'content_differs',
    given: async () => {
      const old = await asked()
      const { content, reason } = place.transfer(90_000)
      const fresh = await done(
        place.approvals.edit(of('mia'), { ...withdrawal(old), content, reason }),
      )
      return { ...fresh, hash: old.hash }
    },
    attempt: (request) => approve(of('li'), request),
  },
  {
    name: 'the first approval of two is carried over an edit',
    refused: 'content_differs',
    given: async () => {
      const old = await large()
      await done(approve(of('li'), old))
      const { content, reason } = place.transfer(900_000)
      const fresh = await done(
        place.approvals.edit(of('mia'), { ...withdrawal(old), content, reason }),
      )
      expect(fresh.decisions).toEqual([])
      return { ...fresh, hash: old.hash }
    },
    attempt: (request) => approve(of('wang'), request),
  },
  {
    name: 'somebody approves after the end of its time, before the sweep',
    refused: 'approval_expired',
    given: async () => {
      const request = await asked()
      await test.world.clock.advanceTo(request.expiresAt)
      return request
    },
    attempt: (request) => approve(of('li'), request),
  },
  {
    name: 'somebody approves after the sweep has ended it',
    refused: 'approval_expired',
    given: async () => {
      const request = await asked()
      await place.runUntil(request.expiresAt)
      return request
    },
    attempt: (request) => approve(of('li'), request),
  },
  {
    name: 'the maker revives an expired one by an edit',
    refused: 'approval_expired',
    given: async () => {
      const request = await asked()
      await place.runUntil(request.expiresAt)
      return request
    },
    attempt: (request) =>
      place.approvals.edit(of('mia'), {
        ...{ ...withdrawal(request), ...place.transfer(60_000) },
      }),
  },
  {
    name: 'somebody approves what was withdrawn',
    refused: 'approval_canceled',
    given: async () => {
      const request = await asked()
      await done(place.approvals.cancel(of('mia'), withdrawal(request)))
      return request
    },
    attempt: (request) => approve(of('li'), request),
  },
  {
    name: 'another checker approves what was rejected',
    refused: 'approval_rejected',
    given: async () => {
      const request = await large()
      await done(approve(of('li'), request, { verdict: 'reject', note: 'no' }))
      return request
    },
    attempt: (request) => approve(of('wang'), request),
  },
  {
    name: 'somebody approves once more what is approved, to have it done twice',
    refused: 'approval_approved',
    given: async () => {
      const request = await asked()
      await done(approve(of('li'), request))
      return request
    },
    attempt: (request) => approve(of('wang'), request),
  },
  {
    name: 'somebody approves what has been carried out',
    refused: 'approval_executed',
    given: async () => {
      const request = await asked()
      await done(approve(of('li'), request))
      await place.run()
      return request
    },
    attempt: (request) => approve(of('wang'), request),
  },
  {
    name: 'somebody approves what could not be carried out',
    refused: 'approval_failed',
    given: async () => {
      const request = await asked(place.transfer(60_000))
      await done(approve(of('li'), request))
      await place.book.writer.transfer({
        ...{ type: 'post', id: test.world.ids.uuid() },
        legs: [{ debit: place.book.alice, credit: place.book.carol, amount: 999_999n }],
      })
      await place.run()
      return request
    },
    attempt: (request) => approve(of('wang'), request),
  },
  {
    name: 'one person decides twice where two are needed',
    refused: 'already_decided',
    given: async () => {
      const request = await large()
      await done(approve(of('li'), request))
      return request
    },
    attempt: (request) => approve(of('li'), request),
  },
  {
    name: 'one person decides twice, with two users',
    refused: 'already_decided',
    given: async () => {
      const request = await large()
      await done(approve(of('li'), request))
      return request
    },
    attempt: (request) => approve(of('li', { id: 'usr_0_other' }), request),
  },
  {
    name: 'the maker gave the checker his right an hour ago',
    refused: 'checker_appointed_by_maker',
    given: () => {
      place.appointments.push({ person: 'li', by: 'mia', agoMs: HOUR })
      return asked()
    },
    attempt: (request) => approve(of('li'), request),
  },
  {
    name: 'the maker gave a right to one who gave it to the checker',
    refused: 'delegate_loop',
    given: () => {
      place.appointments.push({ person: 'li', by: 'zhao', agoMs: HOUR })
      place.appointments.push({ person: 'zhao', by: 'mia', agoMs: 2 * HOUR })
      return asked()
    },
    attempt: (request) => approve(of('li'), request),
  },
  {
    name: 'two gave each other their rights, and one of them got it from the maker',
    refused: 'delegate_loop',
    given: () => {
      place.appointments.push({ person: 'li', by: 'zhao', agoMs: HOUR })
      place.appointments.push({ person: 'zhao', by: 'li', agoMs: HOUR })
      place.appointments.push({ person: 'zhao', by: 'mia', agoMs: 2 * HOUR })
      return asked()
    },
    attempt: (request) => approve(of('li'), request),
  },
  {
    name: 'the first checker gave the second one his right',
    refused: 'delegate_loop',
    given: async () => {
      const request = await large()
      await done(approve(of('li'), request))
      place.appointments.push({ person: 'wang', by: 'li', agoMs: HOUR })
      return request
    },
    attempt: (request) => approve(of('wang'), request),
  },
  {
    name: 'the second checker gave the first one his right',
    refused: 'delegate_loop',
    given: async () => {
      const request = await large()
      await done(approve(of('wang'), request))
      place.appointments.push({ person: 'wang', by: 'li', agoMs: HOUR })
      return request
    },
    attempt: (request) => approve(of('li'), request),
  },
  {
    name: 'the first checker has lost his rights before the second approves',
    refused: 'earlier_checker_lost_right',
    given: async () => {
      const request = await large()
      await done(approve(of('li'), request))
      place.disabled.add('usr_0_li')
      return request
    },
    attempt: (request) => approve(of('wang'), request),
  },
  {
    name: 'it was asked for before the policies began to ask for two persons',
    refused: 'policy_changed',
    given: async () => {
      const request = await asked()
      const [tiny, large, ...rest] = policies.rules
      const stricter = { ...large!, amount_from: '100' }
      place.restart({ ...policies, rules: [tiny!, stricter, ...rest] })
      return request
    },
    attempt: (request) => approve(of('li'), request),
  },
  {
    name: 'the effect is another than the one shown',
    refused: 'effect_changed',
    given: async () => {
      const request = await asked()
      await place.book.fund(place.book.alice, 7n)
      return request
    },
    attempt: async (request) => {
      const { effectHash } = await import('./preview.ts')
      return approve(of('li'), request, { effectHash: effectHash(request.preview) })
    },
  },
  {
    name: 'it cannot be done any more',
    refused: 'effect_refused',
    given: async () => {
      const request = await asked()
      await place.book.writer.transfer({
        ...{ type: 'post', id: test.world.ids.uuid() },
        legs: [{ debit: place.book.alice, credit: place.book.carol, amount: 999_999n }],
      })
      return request
    },
    attempt: (request) => approve(of('li'), request),
  },
  {
    name: 'another person withdraws it',
    refused: 'not_the_maker',
    attempt: (request) => place.approvals.cancel(of('li'), withdrawal(request)),
  },
  {
    name: 'another person edits it, and would be its maker',
    refused: 'not_the_maker',
    attempt: (request) =>
      place.approvals.edit(of('li'), { ...withdrawal(request), ...place.transfer(60_000) }),
  },
  {
    name: 'an edit that changes nothing, to begin its time again',
    refused: 'nothing_changed',
    attempt: (request) =>
      place.approvals.edit(of('mia'), { ...withdrawal(request), ...place.transfer(50_000) }),
  },
  {
    name: 'an action that no module carries out',
    refused: 'action_unknown',
    attempt: () =>
      place.approvals.request(of('mia'), { ...place.transfer(50_000), action: 'desk.steal' }),
  },
  {
    name: 'a field the action has no contract for',
    refused: 'contract_violated',
    attempt: () => place.approvals.request(of('mia'), place.transfer(50_000, { also: 'this' })),
  },
  {
    name: 'content that reads otherwise once it is kept',
    refused: 'content_not_canonical',
    attempt: () => place.approvals.request(of('mia'), place.transfer(50_000, { memo: '\ud83d' })),
  },
  {
    name: 'more content than anybody reads',
    refused: 'content_too_large',
    attempt: () =>
      place.approvals.request(of('mia'), place.transfer(50_000, { memo: 'x'.repeat(200_000) })),
  },
  {
    name: 'asking without the permission to ask',
    refused: 'permission_missing',
    attempt: () =>
      place.approvals.request(of('mia', without('approvals.request')), place.transfer(50_000)),
  },
  {
    name: 'asking for an action one may not take part in',
    refused: 'permission_missing',
    attempt: () =>
      place.approvals.request(of('mia', without('transfers.create')), place.transfer(50_000)),
  },
  {
    name: "asking for a transfer in another organisation's book",
    refused: 'book_not_here',
    attempt: () => place.approvals.request(of('mia'), place.transfer(50_000, { book: 999 })),
  },
  {
    name: 'asking for what cannot be done',
    refused: 'action_refused',
    attempt: () => place.approvals.request(of('mia'), place.transfer(9_000_000)),
  },
  {
    name: 'asking for what needs nobody, to have a request at hand',
    refused: 'no_review_needed',
    attempt: () => place.approvals.request(of('mia'), place.transfer(99)),
  },
  {
    name: 'another content under the id of a request',
    refused: 'key_reused',
    attempt: ({ id }) => place.approvals.request(of('mia'), { ...place.transfer(60_000), id }),
  },
  {
    name: "another person takes a request's id for the same content",
    refused: 'key_reused',
    attempt: ({ id }) => place.approvals.request(of('li'), { ...place.transfer(50_000), id }),
  },
]

it('there are enough of them, each with a name of its own', () => {
  expect(attempts.length).toBeGreaterThanOrEqual(25)
  expect(new Set(attempts.map(({ name }) => name)).size).toBe(attempts.length)
})

describe('through the module', () => {
  it.each(attempts)('$name: $refused', async ({ given, attempt, refused }) => {
    const request = await (given ?? asked)()
    const before = await place.snapshot()
    const result = (await attempt(request)) as { problem?: { code: string; detail: string } }
    expect(result.problem?.code).toBe(refused)
    expect(result.problem?.detail).toMatch(/^[A-Z].*[.]$/s)
    expect(await place.snapshot()).toEqual(before)
  })
})

describe('at the same moment', () => {
  it('two of whom one gave the other his right do not both approve', async () => {
    place.appointments.push({ person: 'wang', by: 'li', agoMs: HOUR })
    const request = await large()
    // Nobody had decided when the request was read; another does before this decision is written.
    place.meanwhile = async () => void (await done(approve(of('li'), request)))
    expect(await approve(of('wang'), request)).toMatchObject({ problem: { code: 'delegate_loop' } })
    const both = await large()
    const at = await Promise.all([approve(of('li'), both), approve(of('wang'), both)])
    expect(at.flatMap((one) => ('problem' in one ? [one.problem.code] : []))).toEqual([
      'delegate_loop',
    ])
  })

  it('one person with two users approves once', async () => {
    const request = await large()
    const both = await Promise.all([
      approve(of('li'), request),
      approve(of('li', { id: 'usr_0_other' }), request),
    ])
    const refused = both.flatMap((one) => ('problem' in one ? [one.problem.code] : []))
    expect(refused).toEqual(['already_decided'])
  })

  it('two who may are both counted', async () => {
    const request = await large()
    const both = await Promise.all([approve(of('li'), request), approve(of('wang'), request)])
    expect(both.map((one) => 'state' in one && one.state)).toContain('approved')
    await place.run()
    expect(await place.alice()).toBe(800_000n)
  })

  it('nobody approves by policies that a change of policies has just replaced', async () => {
    const orgId = 7
    const people = { permissions: of('mia').permissions, orgId }
    const anew = (document: object) =>
      place.approvals.request(of('mia', people), {
        ...{ action: 'approvals.change_policies', reason: 'Stricter' },
        content: { after: 0, document },
      })
    const [tiny, large, limits, rest] = policies.rules
    const change = await done(
      anew({ ...policies, rules: [tiny!, large!, { ...limits!, checkers: 2 }, rest!] }),
    )
    const request = await done(place.approvals.request(of('mia', people), place.limit(9)))
    place.meanwhile = async () => {
      await done(approve(of('li', people), change))
      await place.run()
    }
    expect(await approve(of('wang', people), request)).toMatchObject({
      problem: { code: 'policy_changed' },
    })
    expect(await place.approvals.policies(orgId)).toMatchObject({ version: 1 })
    expect(await place.approvals.view(of('mia', people), request)).toMatchObject({
      request: { state: 'requires_review', decisions: [] },
    })
  })
})

describe('past the module, with the rights of the server on the database', () => {
  const forged = (request: ApprovalRequest, more: { maker?: string; checker?: string } = {}) =>
    test.database.db.query(
      `insert into approvals.decision (book_id, request_id, org_id, content_hash, maker_person,
         checker_person, checker_id, verdict, note, stepped_up_at, came_from, at)
       values ($1, $2, $3, decode($4, 'hex'), $5, $6, 'usr_0_x', 'approve', '', $7, '', $7)`,
      [
        ...[request.book, request.id, ORG, request.hash, more.maker ?? 'mia', more.checker ?? 'li'],
        new Date(test.world.clock.now()),
      ],
    )
  const set = (request: ApprovalRequest, what: string, table = 'request', key = 'id') =>
    test.database.db.query(
      `update approvals.${table} set ${what} where book_id = $1 and ${key} = $2`,
      [request.book, request.id],
    )
  const approved = async () => {
    const request = await large()
    await done(approve(of('li'), request))
    await done(approve(of('wang'), request))
    return request
  }
  const rows: [
    string,
    RegExp,
    (request: ApprovalRequest) => Promise<unknown>,
    (() => Promise<ApprovalRequest>)?,
  ][] = [
    ['a decision of the maker', /maker_is_not_checker/, (r) => forged(r, { checker: 'mia' })],
    [
      'a decision that names another maker',
      /foreign key/,
      (r) => forged(r, { maker: 'x', checker: 'mia' }),
    ],
    ['a decision on other content', /foreign key/, (r) => forged({ ...r, hash: 'ab'.repeat(32) })],
    ['a decision without a person', /checker_person/, (r) => forged(r, { checker: '' })],
    ['other content', /never changes/, (r) => set(r, "bound = replace(bound, '50000', '90000')")],
    ['another hash', /never changes/, (r) => set(r, "content_hash = sha256('x')")],
    ['another maker', /never changes/, (r) => set(r, "maker_person = 'zhao'")],
    ['fewer checkers', /never changes/, (r) => set(r, 'needed = 1'), large],
    ['more checkers', /never changes/, (r) => set(r, 'needed = 2')],
    ['another permission', /never changes/, (r) => set(r, "permission = 'books.read'")],
    ['more time', /never changes/, (r) => set(r, "expires_at = expires_at + interval '1 day'")],
    ['another effect', /never changes/, (r) => set(r, `preview = '{"lines":[]}'`)],
    ['approved by nobody', /too few persons/, (r) => set(r, "state = 'approved', approvals = 2")],
    [
      'approved by one of two',
      /too few persons/,
      (r) => set(r, "state = 'approved', approvals = 2"),
      async () => {
        const request = await large()
        await done(approve(of('li'), request))
        return request
      },
    ],
    ['executed at once', /does not move/, (r) => set(r, "state = 'executed'")],
    [
      'executed without a trace',
      /carried out or refused/,
      (r) => set(r, "state = 'executed'"),
      approved,
    ],
    ['rejected by nobody', /too few persons/, (r) => set(r, "state = 'rejected'")],
    [
      'back from the dead',
      /does not move/,
      (r) => set(r, "state = 'requires_review'"),
      async () => {
        const request = await asked()
        await done(place.approvals.cancel(of('mia'), withdrawal(request)))
        return request
      },
    ],
    [
      'another verdict',
      /stay as they are/,
      (r) => set(r, "verdict = 'reject'", 'decision', 'request_id'),
      approved,
    ],
    [
      'a decision taken away',
      /stay as they are/,
      (r) => test.database.db.query('delete from approvals.decision where request_id = $1', [r.id]),
      approved,
    ],
    [
      'a request taken away',
      /stay as they are/,
      (r) => test.database.db.query('delete from approvals.request where id = $1', [r.id]),
    ],
    [
      'an execution nobody approved',
      /only what is approved/,
      (r) =>
        test.database.db.query(
          `insert into approvals.execution values ($1, $2, $3, decode($4, 'hex'), 'done', $5)`,
          [r.book, r.id, ORG, r.hash, new Date(0)],
        ),
    ],
    [
      'a request that begins approved',
      /begins unapproved/,
      (r) =>
        test.database.db.query(
          `insert into approvals.request select (jsonb_populate_record(r, $3::jsonb)).*
           from approvals.request r where book_id = $1 and id = $2`,
          [r.book, r.id, { id: test.world.ids.uuid(), state: 'approved', approvals: 2 }],
        ),
    ],
  ]
  it.each(rows)('%s', async (_, says, attempt, given) => {
    const request = await (given ?? asked)()
    const before = await place.snapshot()
    await expect(attempt(request)).rejects.toThrow(says)
    expect(await place.snapshot()).toEqual(before)
  })

  const command = (request: ApprovalRequest, hash = request.hash, orgId = ORG) =>
    place.book.writer.submit({
      roots: [],
      transfers: [
        {
          ...{ type: 'post', id: test.world.ids.uuid() },
          legs: [{ debit: place.book.alice, credit: place.book.bob, amount: 1n }],
        },
      ],
      effects: [applied(executedOnce, { orgId, approval: request.id, hash })],
    })

  it.each<
    [string, (r: ApprovalRequest) => ReturnType<typeof command>, () => Promise<ApprovalRequest>]
  >([
    ['for a request nobody approved', (r) => command(r), large],
    ['with other content', (r) => command(r, 'ab'.repeat(32)), approved],
    ['of another organisation', (r) => command(r, r.hash, 2), approved],
    [
      'for a request that was carried out',
      (r) => command(r),
      async () => {
        const request = await approved()
        await place.run()
        await place.reset()
        return request
      },
    ],
    [
      'for a request there is none of',
      (r) => command({ ...r, id: test.world.ids.uuid() }),
      approved,
    ],
  ])('a command that moves money %s is thrown out', async (_, attempt, given) => {
    const request = await given()
    const before = await place.snapshot()
    expect(await attempt(request)).toEqual({ status: 'stale', effect: 'approvals.mark_executed' })
    expect(await place.snapshot()).toEqual(before)
  })

  it('configuration is not changed without approval either', async () => {
    const request = await asked(place.limit(5))
    const { book, id, hash } = request
    const ref = { id: publicId('areq', book, id), hash, maker: '', checkers: [] }
    expect(parsePublicId(ref.id, 'areq')).toMatchObject({ book: 0 })
    const at = test.world.clock.now()
    const before = await place.snapshot()
    const mark = (other: object) =>
      test.database.db.tx((tx) => markExecuted(tx, at, ORG, { ...ref, ...other }))
    expect(await mark({})).toBe(false)
    await done(approve(of('li'), request))
    expect(await mark({ hash: 'ab'.repeat(32) })).toBe(false)
    expect(await mark({})).toBe(true)
    expect(await mark({})).toBe(false)
    expect(before).not.toEqual(await place.snapshot())
  })
})
