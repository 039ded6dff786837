/** What one replica says of a request to another, and what becomes of it when it is not as it was. */
import { Type } from 'typebox'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestDatabase, testDatabase } from '../../../testing/database.ts'
import { TEST_CALLER, testGuard } from '../../../testing/guards.ts'
import { simulatedClock, wallClock } from '../clock.ts'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { httpNet } from '../net.ts'
import { seededRng } from '../rng.ts'
import type { Instant } from '../world.ts'
import type { Caller } from './caller.ts'
import { createHttp, type Http } from './create-http.ts'
import { FORWARDED } from './forward.ts'
import { clusterKey, createReplicas, isBody, type Replicas, VOUCHED_MS } from './replicas.ts'
import { route } from './route.ts'

const START: Instant = Date.UTC(2026, 2, 2)
const KEY = seededRng(7).bytes(32)
const SENT = { method: 'POST', path: '/v1/things?of=1', key: 'k1' }
const CALLER: Caller = {
  ...{ kind: 'user', id: 'usr_1', person: '王', orgId: 3, signed: false, from: '10.0.0.7' },
  permissions: new Set(['plain.do', 'plain.read']),
  steppedUpAt: 1_000,
}
const BODY = Buffer.from('{"any":1}')
const SAID = { requestId: 'req_1', caller: CALLER, body: BODY }

const replicasAt = (at: Instant, key = KEY): Replicas =>
  createReplicas({ key, wall: { now: () => at } })

describe('what a replica vouches for', () => {
  const header = replicasAt(START).vouch(SENT, SAID)

  it('is believed by another one', () => {
    const vouched = replicasAt(START + 5).believe(SENT, header)
    expect(vouched).toMatchObject({ requestId: 'req_1', caller: CALLER })
    expect(isBody(vouched!, BODY)).toBe(true)
    expect(isBody(vouched!, Buffer.from('{"any":2}'))).toBe(false)
    expect(isBody(vouched!, undefined)).toBe(false)
  })

  it('is nothing about an operator, whom each server tells by his address', () => {
    const operator = { ...CALLER, kind: 'operator' as const }
    const said = replicasAt(START).vouch(SENT, { ...SAID, caller: operator })
    const believed = replicasAt(START).believe(SENT, said)
    expect(believed).toMatchObject({ requestId: 'req_1' })
    expect(believed).not.toHaveProperty('caller')
  })

  it.each<[string, Partial<typeof SENT>]>([
    ['method', { method: 'GET' }],
    ['path', { path: '/v1/things?of=2' }],
    ['key', { key: 'k2' }],
  ])('is not believed of another %s', (_name, other) => {
    expect(replicasAt(START).believe({ ...SENT, ...other }, header)).toBeUndefined()
  })

  it('is not believed of a request without its key', () => {
    expect(replicasAt(START).believe({ ...SENT, key: undefined }, header)).toBeUndefined()
  })

  it.each([
    ['30 s later', VOUCHED_MS, true],
    ['later than that', VOUCHED_MS + 1, false],
    ['by a clock 30 s behind', -VOUCHED_MS, true],
    ['by a clock further behind', -VOUCHED_MS - 1, false],
  ])('%s', (_name, by, believed) => {
    expect(replicasAt(START + by).believe(SENT, header) !== undefined).toBe(believed)
  })

  it('is not believed when any character of it differs', () => {
    for (let index = 0; index < header.length; index += 7) {
      const other = header[index] === 'A' ? 'B' : 'A'
      const altered = header.slice(0, index) + other + header.slice(index + 1)
      expect(replicasAt(START).believe(SENT, altered)).toBeUndefined()
    }
  })

  it.each([
    ['1'],
    [''],
    ['.'],
    [header.split('.')[0]],
    [undefined],
    [[header, header]],
    [replicasAt(START, seededRng(8).bytes(32)).vouch(SENT, SAID)],
  ])('is not believed when forged: %s', (forged) => {
    expect(replicasAt(START).believe(SENT, forged)).toBeUndefined()
  })
})

describe('the key of the replicas', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await testDatabase()
  })
  afterAll(() => database.drop())

  it('is made once, whoever asks first', async () => {
    const asked = [1, 2, 3, 4].map((seed) => clusterKey(database.db, seededRng(seed)))
    const keys = new Set((await Promise.all(asked)).map((key) => Buffer.from(key).toString('hex')))
    expect(keys.size).toBe(1)
    expect([...keys][0]).toHaveLength(64)
    const again = await clusterKey(database.db, seededRng(9))
    expect(keys).toContain(Buffer.from(again).toString('hex'))
  })
})

class Elsewhere extends Error {}

describe('a request sent on', () => {
  const running: Http[] = []
  afterAll(() => Promise.all(running.map((http) => http.close())))
  const wall = simulatedClock(START)
  const replicas = createReplicas({ key: KEY, wall })

  /** A server that answers by itself, or one that says another has to. */
  async function served(owner?: string) {
    const identified: string[] = []
    const seen: { id: string; caller: Caller }[] = []
    const real = testGuard({
      callers: { li: { permissions: ['plain.do'], orgId: 3 }, idle: { permissions: [] } },
    })
    const clock = wallClock()
    const http = await createHttp({
      log: createLog({ level: 'silent' }),
      ...{ clock, net: httpNet({ clock }), rng: seededRng(owner === undefined ? 1 : 2) },
      ...{ metrics: createMetrics(), replicas },
      guard: {
        ...real,
        identify: (knock) => {
          identified.push(String(knock.headers[TEST_CALLER]))
          return real.identify(knock)
        },
      },
      faults: [(error) => (error instanceof Elsewhere ? { forwardTo: owner } : undefined)],
      routes: [
        route({
          method: 'POST',
          path: '/v1/things',
          name: 'makeThing',
          summary: 'Makes a thing.',
          tags: ['test'],
          policy: { permission: 'plain.do' },
          body: Type.Object({ any: Type.Integer() }),
          replies: { 200: Type.Object({ who: Type.String() }) },
          handle: ({ caller, requestId }) => {
            if (owner !== undefined) throw new Elsewhere()
            seen.push({ id: requestId, caller })
            return { status: 200, body: { who: caller.id } }
          },
        }),
      ],
    })
    running.push(http)
    return { http, identified, seen }
  }

  it('is carried out for the caller whom the first server proved, and for nobody else', async () => {
    const owner = await served()
    const { url } = await owner.http.listen({ port: 0 })
    const first = await served(url)
    const post = (http: Http, headers: Record<string, string>) =>
      http.app.inject({
        ...{ method: 'POST', url: '/v1/things', headers, payload: { any: 1 } },
      })
    const reply = await post(first.http, { [TEST_CALLER]: 'li' })
    expect(reply.json()).toEqual({ who: 'usr_li' })
    expect(first.identified).toEqual(['li'])
    expect(owner.identified).toEqual([])
    expect(owner.seen).toMatchObject([{ id: reply.headers['request-id'], caller: { orgId: 3 } }])

    const sent = { method: 'POST', path: '/v1/things', key: undefined }
    const body = Buffer.from('{"any":1}')
    const said = { requestId: `req_${'z'.repeat(20)}`, caller: CALLER, body }
    const good = replicas.vouch(sent, said)
    const by = (header: string, host = 'elsewhere.example') =>
      owner.http.app.inject({
        ...{ method: 'POST', url: '/v1/things', payload: body },
        headers: { 'content-type': 'application/json', [FORWARDED]: header, host },
      })
    const believed = await by(good)
    expect(believed.json()).toEqual({ who: 'usr_1' })
    expect(believed.headers['request-id']).toBe(said.requestId)

    const altered = replicas.vouch(sent, { ...said, body: Buffer.from('{"any":2}') })
    expect((await by(altered)).statusCode).toBe(401)
    const forged = await by('1', '127.0.0.1')
    expect(forged.statusCode).toBe(401)
    expect(forged.headers['request-id']).not.toBe(said.requestId)
    const idle = replicas.vouch(sent, { ...said, caller: { ...CALLER, permissions: new Set() } })
    expect((await by(idle)).json()).toMatchObject({ code: 'permission_missing' })
    await wall.advance(VOUCHED_MS + 1)
    expect((await by(good, '127.0.0.1')).statusCode).toBe(401)
    expect((await by(good)).statusCode).toBe(421)
  })

  it('is not sent on once more', async () => {
    const last = await served('http://127.0.0.1:1')
    const { url } = await last.http.listen({ port: 0 })
    const first = await served(url)
    const reply = await first.http.app.inject({
      ...{ method: 'POST', url: '/v1/things', payload: { any: 1 } },
      headers: { [TEST_CALLER]: 'li' },
    })
    expect(reply.json()).toMatchObject({ status: 503, code: 'not_here' })
    expect(last.identified).toEqual([])
  })
})
