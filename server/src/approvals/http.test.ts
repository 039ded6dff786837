/** The routes, with a guard that knows people by a header. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { createHttp, createMetrics, type Guard, type Http, type Route } from '#base'
import type { TestLedger } from '../../testing/book.ts'
import { APPROVAL_PROBLEMS, approvalRoutes } from './index.ts'
import { type Ground, ground, ORG, testLedger, user } from './testing/ground.ts'

let test: TestLedger
let place: Ground
let http: Http
let routes: Route[]

beforeAll(async () => {
  test = await testLedger()
  place = await ground(test)
  const { log, clock, rng, net } = test.world
  routes = approvalRoutes(place.approvals)
  const guard: Guard = {
    identify: async ({ headers }) => user(test.world, String(headers['x-user'] ?? 'nobody')),
    admit: async () => undefined,
    orgOf: () => ORG,
    isFresh: () => true,
  }
  http = await createHttp({
    ...{ log, clock, rng, net, guard, metrics: createMetrics() },
    ...{ refusals: APPROVAL_PROBLEMS, routes },
  })
})
afterAll(() => test.stop())
beforeEach(() => place.reset())

let keys = 0
async function send(who: string, method: 'GET' | 'POST', url: string, body?: object) {
  keys += 1
  const headers = {
    ...{ host: 'localhost', 'x-user': who, 'idempotency-key': `key-${keys}` },
    ...(body && { 'content-type': 'application/json' }),
  }
  const reply = await http.app.inject({
    ...{ method, url, headers },
    ...(body && { payload: JSON.stringify(body) }),
  })
  return { status: reply.statusCode, body: JSON.parse(reply.body) }
}

const ask = async (amount = 50_000, who = 'mia') => {
  const made = await send(who, 'POST', '/v1/approvals', place.transfer(amount))
  expect(made.status).toBe(201)
  return made.body as { id: string; content_hash: string }
}

it('a transfer by hand from the asking to what was done', async () => {
  const made = await ask(200_000)
  expect(made).toMatchObject({
    ...{ status: 'requires_review', action: 'desk.transfer', title: { zh: '手工转账' } },
    ...{ requested_by: 'usr_0_mia', checkers_needed: 2, rule: 'large', break_glass: false },
    content: place.transfer(200_000).content,
    effect_at_request: [{ after: { amount: '800000', currency: 'CNY' } }],
  })
  const path = `/v1/approvals/${made.id}`
  const seen = await send('li', 'GET', path)
  expect(seen.body.effect_now).toMatchObject({
    changed: [],
    lines: [{ amount: { amount: '200000' } }],
  })
  const body = { content_hash: made.content_hash, effect_hash: seen.body.effect_now.hash }
  expect((await send('li', 'POST', `${path}/approve`, body)).status).toBe(200)
  const last = await send('wang', 'POST', `${path}/approve`, { ...body, note: 'Agreed' })
  expect(last.body).toMatchObject({ status: 'approved' })
  await place.run()
  const after = await send('mia', 'GET', path)
  expect(after.body).toMatchObject({
    ...{ status: 'executed', effect_now: null, result: { done: { transfer: expect.any(String) } } },
    decisions: [{ by: 'usr_0_li' }, { by: 'usr_0_wang', note: 'Agreed', verdict: 'approve' }],
  })
  expect(after.body.history.map(({ what }: { what: string }) => what)).toEqual([
    ...['requested', 'approved', 'approved', 'executed'],
  ])
  expect(await place.alice()).toBe(800_000n)
  expect(JSON.stringify(after.body)).not.toContain('person')
})

it('edit, cancel and reject', async () => {
  const made = await ask()
  const path = `/v1/approvals/${made.id}`
  const { content, reason } = place.transfer(60_000)
  const edited = await send('mia', 'POST', `${path}/edit`, {
    ...{ content_hash: made.content_hash, content, reason },
  })
  expect(edited).toMatchObject({ status: 201, body: { replaces: made.id } })
  expect((await send('mia', 'GET', path)).body).toMatchObject({
    ...{ status: 'canceled', replaced_by: edited.body.id },
  })
  const fresh = `/v1/approvals/${edited.body.id}`
  const hash = { content_hash: edited.body.content_hash }
  expect((await send('mia', 'POST', `${fresh}/cancel`, hash)).body.status).toBe('canceled')
  const other = await ask(70_000)
  const no = await send('li', 'POST', `/v1/approvals/${other.id}/reject`, {
    ...{ content_hash: other.content_hash, note: 'Wrong account' },
  })
  expect(no.body).toMatchObject({ status: 'rejected', note: 'Wrong account' })
})

it('lists page by page, and by whose they are', async () => {
  const made = [await ask(), await ask(60_000), await ask(70_000, 'li')]
  const list = async (who: string, query: string) =>
    (await send(who, 'GET', `/v1/approvals?action=desk.transfer&${query}`)).body
  const first = await list('mia', 'limit=2')
  expect(first).toMatchObject({ has_more: true, data: { length: 2 } })
  const rest = await list('mia', `limit=200&starting_after=${first.data[1].id}`)
  const ids = [...first.data, ...rest.data].map(({ id }: { id: string }) => id)
  expect(ids.filter((id) => made.some((one) => one.id === id))).toHaveLength(3)
  expect(new Set(ids).size).toBe(ids.length)
  const mine = await list('li', 'whose=mine')
  expect(mine.data.map(({ id }: { id: string }) => id)).toEqual([made[2]!.id])
  const waiting = await list('li', 'whose=for_me&status=requires_review&limit=2')
  expect(waiting.data.map(({ id }: { id: string }) => id).sort()).toEqual(
    [made[0]!.id, made[1]!.id].sort(),
  )
})

it.each([
  ['GET', '/v1/approvals?status=lost', undefined, 422, 'contract_violated'],
  ['GET', '/v1/approvals?starting_after=x', undefined, 422, 'contract_violated'],
  ['GET', `/v1/approvals/areq_0_${'0'.repeat(32)}`, undefined, 404, 'approval_not_found'],
  ['POST', '/v1/approvals', { action: 'desk.transfer', content: {} }, 422, 'contract_violated'],
  ['POST', '/v1/approvals', { action: 'a.b', content: 1, reason: 'x' }, 422, 'action_unknown'],
  [
    ...(['POST', '/v1/approvals', { action: 'desk.transfer', content: {}, reason: 'x' }] as const),
    ...([422, 'contract_violated'] as const),
  ],
] as const)('%s %s %j is refused', async (method, url, body, status, code) => {
  const answer = await send('mia', method, url, body)
  expect(answer).toMatchObject({ status, body: { code } })
})

it('what is wrong with the content is told by its place', async () => {
  const { content, ...rest } = place.transfer(50_000)
  const wrong = { ...rest, content: { ...content, debit: 'alice' } }
  const answer = await send('mia', 'POST', '/v1/approvals', wrong)
  expect(answer.body.errors).toMatchObject([{ pointer: '/content/debit' }])
})

it('a key sent twice gives the same request', async () => {
  const headers = { host: 'localhost', 'x-user': 'mia', 'idempotency-key': 'same' }
  const post = (amount: number) =>
    http.app.inject({
      ...{ method: 'POST', url: '/v1/approvals' },
      headers: { ...headers, 'content-type': 'application/json' },
      payload: JSON.stringify(place.transfer(amount)),
    })
  const [one, two] = [await post(50_000), await post(50_000)]
  expect(JSON.parse(two.body).id).toBe(JSON.parse(one.body).id)
  expect(JSON.parse((await post(60_000)).body).code).toBe('key_reused')
})

it('the policies in force are a document and sentences', async () => {
  const { body } = await send('mia', 'GET', '/v1/approval-policies')
  expect(body).toMatchObject({ version: 0, document: { appointment_hours: 24 } })
  expect(body.says).toHaveLength(body.document.rules.length + 2)
})

it('approving asks for a proof of presence, and every route for a permission', () => {
  const policies = routes.map(({ name, policy }) => [name, policy])
  expect(Object.fromEntries(policies)).toEqual({
    listApprovals: { permission: 'approvals.read' },
    getApproval: { permission: 'approvals.read' },
    getApprovalPolicies: { permission: 'approvals.read' },
    requestApproval: { permission: 'approvals.request' },
    editApproval: { permission: 'approvals.request' },
    cancelApproval: { permission: 'approvals.request' },
    approveApproval: { permission: 'approvals.decide', stepUp: true },
    rejectApproval: { permission: 'approvals.decide' },
  })
})
