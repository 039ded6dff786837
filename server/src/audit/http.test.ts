/** The audit log over HTTP: only one's own organisation, by object, actor, person and time, page by page. */
import { generateKeyPairSync } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { applied, createHttp, createMetrics, type Http } from '#base'
import { type TestDatabase, testDatabase } from '../../testing/database.ts'
import { applyEffects } from '../../testing/effects.ts'
import { TEST_CALLER, testGuard } from '../../testing/guards.ts'
import { TEST_START, testWorld } from '../../testing/world.ts'
import { publicKeyText } from './checkpoint.ts'
import {
  AUDIT_PROBLEMS,
  type AuditEntry,
  auditEffect,
  auditReads,
  auditRoutes,
  createCheckpointer,
  recordChange,
} from './index.ts'
import { memoryJournal } from './testing/ground.ts'

const HOUR = 3_600_000
const entry = (n: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
  orgId: 1,
  actor: { kind: 'user', id: `usr_0_${n % 3}`, person: `per_0_${n % 2}` },
  from: '192.0.2.7',
  action: n % 2 === 0 ? 'identity.grant_role' : 'identity.revoke_role',
  object: `usr_0_${100 + (n % 4)}`,
  after: { n },
  ...more,
})

const { privateKey: key } = generateKeyPairSync('ed25519')
let database: TestDatabase
let http: Http
beforeAll(async () => {
  database = await testDatabase()
  const world = testWorld({ db: database.db })
  const { db, log, clock, rng, net } = world
  const journal = memoryJournal()
  const checkpointer = createCheckpointer({ ...world, key, journal })
  for (let n = 0; n < 12; n += 1) {
    const of = n === 5 ? { orgId: 2, object: 'usr_0_101' } : {}
    await db.tx((tx) => recordChange(tx, clock.now(), { entries: [entry(n, of)] }))
    await checkpointer.once()
    await clock.advance(HOUR)
  }
  const paid = entry(12, { action: 'payments.resolve', approval: 'areq_7_1', requestId: 'req_9' })
  await applyEffects(db, { book: 7, now: clock.now() }, [applied(auditEffect, paid)])
  http = await createHttp({
    ...{ log, clock, rng, net, metrics: createMetrics() },
    refusals: AUDIT_PROBLEMS,
    guard: testGuard({
      callers: {
        auditor: { permissions: ['audit.read'] },
        other: { orgId: 2, permissions: ['audit.read'] },
        viewer: { permissions: ['payments.read'] },
      },
      books: { 0: 1, 7: 1 },
    }),
    routes: auditRoutes({ reads: auditReads(db), journal }),
  })
})
afterAll(async () => {
  await http?.close()
  await database?.drop()
})

async function get(path: string, caller = 'auditor') {
  const headers = { host: '127.0.0.1', [TEST_CALLER]: caller }
  const reply = await http.app.inject({ method: 'GET', url: `/v1/audit${path}`, headers })
  const body = reply.json() as {
    data: { id: string; after: { n: number } }[]
    has_more: boolean
    code: string
  }
  return { status: reply.statusCode, body }
}
const numbers = async (path: string, caller?: string) =>
  (await get(path, caller)).body.data.map(({ after }) => after.n)

describe('GET /v1/audit', () => {
  it('tells who did what, the newest first', async () => {
    const { status, body } = await get('?limit=1')
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        data: [
          {
            id: '7-1',
            at: new Date(TEST_START + 12 * HOUR).toISOString(),
            actor: { kind: 'user', id: 'usr_0_0', person: 'per_0_0' },
            from: '192.0.2.7',
            action: 'payments.resolve',
            object: 'usr_0_100',
            after: { n: 12 },
            approval: 'areq_7_1',
            request_id: 'req_9',
          },
        ],
        has_more: true,
      },
    })
    expect(body.data[0]).not.toHaveProperty('before')
  })

  it.each([
    ['?object=usr_0_101', [9, 1]],
    ['?actor=usr_0_1', [10, 7, 4, 1]],
    ['?person=per_0_1', [11, 9, 7, 3, 1]],
    ['?action=payments.resolve', [12]],
    ['?action=identity.grant_role&actor=usr_0_1', [10, 4]],
    [`?since=${new Date(TEST_START + 10 * HOUR).toISOString()}`, [12, 11, 10]],
    [`?until=${new Date(TEST_START + 2 * HOUR).toISOString()}`, [1, 0]],
    ['?object=usr_0_999', []],
  ])('finds %s', async (query, found) => {
    expect(await numbers(query)).toEqual(found)
  })

  it('goes through all of one’s own by pages, each once', async () => {
    const seen: number[] = []
    let after = ''
    for (;;) {
      const { body } = await get(`?limit=5${after}`)
      seen.push(...body.data.map((each) => each.after.n))
      if (!body.has_more) break
      after = `&starting_after=${body.data.at(-1)!.id}`
    }
    expect(seen).toEqual([12, 11, 10, 9, 8, 7, 6, 4, 3, 2, 1, 0])
    expect(await numbers('', 'other')).toEqual([5])
  })

  it.each([
    ['?starting_after=0-6', 'auditor', 404, 'audit_entry_not_found'],
    ['?since=yesterday', 'auditor', 422, 'audit_time_malformed'],
    ['?until=2026-02-30T00:00:00Z', 'auditor', 422, 'audit_time_malformed'],
    ['?starting_after=seven', 'auditor', 422, 'contract_violated'],
    ['', 'viewer', 403, 'permission_missing'],
    ['/checkpoints', 'viewer', 403, 'permission_missing'],
  ])('refuses %s of %s', async (query, caller, status, code) => {
    expect(await get(query, caller)).toMatchObject({ status, body: { code } })
  })
})

describe('GET /v1/audit/checkpoints', () => {
  it('tells the last ones, and nothing of the chains', async () => {
    const { status, body } = await get('/checkpoints?limit=11')
    expect(status).toBe(200)
    expect(body.data).toHaveLength(11)
    expect(body.data[0]).toEqual({
      number: 12,
      at: new Date(TEST_START + 11 * HOUR).toISOString(),
      root: expect.stringMatching(/^[0-9a-f]{64}$/),
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      key: publicKeyText(key),
    })
  })
})
