/** Routes of somebody else's protocol: his bytes come to the handler as he signed them. */
import { Type } from 'typebox'
import { afterEach, expect, it } from 'vitest'
import { wallClock } from '../clock.ts'
import { createLog } from '../log.ts'
import { createMetrics } from '../metrics.ts'
import { httpNet } from '../net.ts'
import { seededRng } from '../rng.ts'
import { createHttp, type Http, type HttpOptions } from './create-http.ts'
import { rawRoute, route } from './route.ts'

interface Seen {
  readonly path: string
  readonly body: string
  readonly headers: Readonly<Record<string, unknown>>
}

const running: Http[] = []
afterEach(async () => {
  for (const http of running.splice(0)) await http.close()
})

class Elsewhere extends Error {}

/** A server with one raw route and one of our own; `fail` is thrown by the raw one. */
async function served(more: Partial<HttpOptions> = {}, fail?: Error) {
  const seen: Seen[] = []
  const clock = wallClock()
  const http = await createHttp({
    log: createLog({ level: 'silent' }),
    clock,
    rng: seededRng(1),
    net: httpNet({ clock }),
    metrics: createMetrics(),
    routes: [
      rawRoute({
        path: '/v1/callbacks/{rail}',
        name: 'takeCallback',
        summary: 'Takes what a rail tells.',
        tags: ['test'],
        policy: 'loopback',
        params: Type.Object({ rail: Type.String() }),
        handle: async ({ params, received }) => {
          if (fail !== undefined) throw fail
          const { path, headers, body = [] } = received
          seen.push({ path, headers, body: Buffer.from(body).toString('latin1') })
          return { status: 202, contentType: 'text/plain', body: `${params.rail}: success` }
        },
      }),
      route({
        method: 'POST',
        path: '/v1/ours',
        name: 'takeOurs',
        summary: 'Takes JSON.',
        tags: ['test'],
        policy: 'loopback',
        body: Type.Object({}),
        replies: { 200: Type.Object({}) },
        handle: () => ({ status: 200, body: {} }),
      }),
    ],
    ...more,
  })
  running.push(http)
  const post = (url: string, type: string | undefined, payload: string) =>
    http.app.inject({
      method: 'POST',
      url,
      headers: { ...(type !== undefined && { 'content-type': type }), 'rail-signature': 'abc' },
      payload: Buffer.from(payload, 'latin1'),
    })
  return { http, seen, post }
}

it.each([
  ['application/json', '{"a":1,"a":2}'],
  ['application/json', 'no JSON'],
  ['application/x-www-form-urlencoded', 'a=1&a=2'],
  ['text/xml; charset=gbk', '<a>\xd6\xd0</a>'],
  [undefined, 'bytes'],
])('of type %s come as they are, under any query: %s', async (type, body) => {
  const { seen, post } = await served()
  const reply = await post('/v1/callbacks/swift?any=1&any=2', type, body)
  expect(reply).toMatchObject({ statusCode: 202, body: 'swift: success' })
  expect(reply.headers['content-type']).toContain('text/plain')
  expect(seen).toMatchObject([{ body, headers: { 'rail-signature': 'abc' } }])
})

it('are taken nowhere else', async () => {
  const { post } = await served()
  expect((await post('/v1/ours', 'text/xml', '<a/>')).json()).toMatchObject({
    code: 'content_type_wrong',
  })
  expect((await post('/v1/ours', 'application/json', '{"a":1,"a":2}')).statusCode).toBe(422)
})

it('come to the server that writes the book with every field that may be signed', async () => {
  const owner = await served()
  const { url } = await owner.http.listen({ port: 0 })
  const faults = [(error: unknown) => (error instanceof Elsewhere ? { forwardTo: url } : undefined)]
  const first = await served({ faults }, new Elsewhere())
  const reply = await first.post('/v1/callbacks/swift?any=1', 'text/xml', '<a>\xd6\xd0</a>')
  expect(reply).toMatchObject({ statusCode: 202, body: 'swift: success' })
  expect(owner.seen).toMatchObject([
    {
      body: '<a>\xd6\xd0</a>',
      headers: { 'rail-signature': 'abc', 'content-type': 'text/xml', host: new URL(url).host },
    },
  ])
  expect(owner.seen[0]!.path).toContain('/v1/callbacks/swift')
})
