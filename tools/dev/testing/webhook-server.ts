/**
 * A small server that speaks the contract of webhooks, keys and health over real HTTP, for the tests of
 * the commands. It holds every request to the server's own contracts, and believes one key: a secret,
 * or signatures as an independent implementation reads them.
 */
import { createPublicKey, type KeyObject } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { httpbis } from 'http-message-signatures'
import { Webhook } from 'standardwebhooks'
import type { TSchema } from 'typebox'
import Value from 'typebox/value'
import { verifierOf } from '../../../sdk/testing/verifier.ts'
import {
  type EndpointJson,
  type EventJson,
  EventsQuery,
  ListenBody,
  type ListenedJson,
  ListenQuery,
  ReplayBody,
  ResultBody,
  TriggerBody,
} from '../../../server/src/webhooks/contract.ts'

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
/** How long a poll waits when there is nothing; the real server waits up to 25 s. */
const POLL_MS = 20
export const hex = (n: number) => n.toString(16).padStart(32, '0')

export interface Result {
  readonly delivery: string
  readonly status: number | null
  readonly reply?: string
  readonly error?: string
}

export interface WebhookServer {
  readonly url: string
  readonly events: EventJson[]
  readonly endpoints: EndpointJson[]
  /** What listeners posted back. */
  readonly results: Result[]
  /** Method, path and body of what came, in order. */
  readonly seen: { readonly method: string; readonly path: string; readonly body: string }[]
  readonly sessions: string[]
  /** The events that sessions asked for. */
  readonly wanted: (readonly string[] | undefined)[]
  /** Who is let in; everybody while it is not set. */
  /** `publicKey`: a key object, for SM2 the hex of its point. */
  believes: { readonly secret?: string; readonly publicKey?: KeyObject | string }
  /** How far its `Date` is from now, ms. */
  clockOff: number
  /** Hands an event to whoever listens. */
  send(event: EventJson, replay?: boolean): void
  /** Ends all sessions. */
  forget(): void
  /** Answers the next requests with 503. */
  fail(times: number): void
  close(): Promise<void>
}

interface State extends Omit<WebhookServer, 'url' | 'close' | 'send' | 'forget' | 'fail'> {
  readonly queue: ListenedJson[]
  failing: number
  count: number
}

export async function startWebhookServer(): Promise<WebhookServer> {
  const state: State = {
    ...{ events: [], endpoints: [], results: [], seen: [], sessions: [], wanted: [], queue: [] },
    ...{ believes: {}, clockOff: 0, failing: 0, count: 0 },
  }
  const http = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => void chunks.push(chunk))
    request.on('end', () => {
      answer(state, request, Buffer.concat(chunks).toString())
        .then((reply) => write(state, response, reply))
        .catch((error: Error) => write(state, response, problem(500, error.message)))
    })
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const { port } = http.address() as { port: number }
  return Object.assign(state, {
    url: `http://127.0.0.1:${port}`,
    send: (event: EventJson, replay = false) =>
      void state.queue.push(listened(state, event, replay)),
    forget: () => void state.sessions.splice(0),
    fail: (times: number) => {
      state.failing = times
    },
    close: () =>
      new Promise<void>((resolve) => {
        http.close(() => resolve())
        http.closeAllConnections()
      }),
  })
}

interface Reply {
  readonly status: number
  readonly body: unknown
}

const problem = (status: number, code: string): Reply => ({
  status,
  body: { type: 'about:blank', title: code, status, code, detail: `Refused: ${code}.` },
})
const ok = (body: unknown, status = 200): Reply => ({ status, body })

function write(state: State, response: ServerResponse, { status, body }: Reply): void {
  response.sendDate = false
  response.setHeader('date', new Date(Date.now() + state.clockOff).toUTCString())
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

async function answer(state: State, request: IncomingMessage, body: string): Promise<Reply> {
  const { method = '', url = '' } = request
  const { pathname, searchParams } = new URL(url, 'http://x')
  state.seen.push({ method, path: url, body })
  if (state.failing > 0) {
    state.failing -= 1
    return problem(503, 'restarting')
  }
  if (pathname === '/healthz') return ok({ status: 'up' })
  const refused = await refuseCaller(state, request)
  if (refused !== undefined) return problem(401, refused)
  const query = Object.fromEntries(searchParams)
  const sent: unknown = body === '' ? undefined : JSON.parse(body)
  const isPoll = method === 'GET' && pathname.startsWith('/v1/webhooks/listen/')
  if (isPoll && state.queue.length === 0) await sleep(POLL_MS)
  return routes(state, `${method} ${pathname}`, query, sent) ?? problem(404, 'route_not_found')
}

async function refuseCaller(state: State, request: IncomingMessage): Promise<string | undefined> {
  const { secret, publicKey } = state.believes
  if (secret === undefined && publicKey === undefined) return undefined
  const { authorization, host } = request.headers
  if (authorization !== undefined) {
    return authorization === `Bearer ${secret}` ? undefined : 'key_not_accepted'
  }
  if (request.headers['signature-input'] === undefined) return 'credentials_missing'
  const isRight = await httpbis.verifyMessage(
    {
      keyLookup: async ({ keyid, alg }) => ({
        ...{ id: keyid!, algs: [alg!] },
        verify: verifierOf(alg!, publicKey!),
      }),
    },
    {
      method: request.method!,
      url: `http://${host}${request.url}`,
      headers: request.headers as Record<string, string>,
    },
  )
  return isRight === true ? undefined : 'signature_wrong'
}

function routes(
  state: State,
  route: string,
  query: Record<string, string>,
  body: unknown,
): Reply | undefined {
  const [, evt = ''] = /^POST \/v1\/events\/(evt_\w+)\/resend$/.exec(route) ?? []
  const [, session = '', results] =
    /^(?:GET|POST) \/v1\/webhooks\/listen\/(whk_\w+)(\/results)?$/.exec(route) ?? []
  if (route === 'POST /v1/keys') return makeKey(state, body)
  if (route === 'GET /v1/books') return ok({ data: [], has_more: false })
  if (route === 'GET /v1/webhooks/endpoints') return ok({ data: state.endpoints, next: null })
  if (route === 'GET /v1/webhooks/event-types') {
    const title = { en: 'A payment was paid', zh: '支付成功' }
    return ok({ data: [{ type: 'payment.succeeded', version: 1, title }] })
  }
  if (route === 'GET /v1/events') return held(EventsQuery, numbers(query), () => page(state, query))
  if (route === 'POST /v1/webhooks/trigger')
    return held(TriggerBody, body, () => trigger(state, body))
  if (route.endsWith('/replays')) return held(ReplayBody, body, () => ok({ deliveries: 3 }))
  if (route === 'POST /v1/webhooks/listen') return held(ListenBody, body, () => open(state, body))
  if (evt !== '') {
    const event = state.events.find((each) => each.id === evt)
    if (event === undefined) return problem(404, 'event_not_found')
    state.queue.push(listened(state, event, true))
    return ok({ deliveries: state.sessions.length })
  }
  if (session === '') return undefined
  if (!state.sessions.includes(session)) return problem(404, 'listener_not_found')
  if (results === undefined) {
    return held(ListenQuery, numbers(query), () => ok({ data: state.queue.splice(0) }))
  }
  return held(ResultBody, body, () => {
    state.results.push(body as Result)
    return ok({ taken: true })
  })
}

const numbers = (query: Record<string, string>) =>
  Object.fromEntries(
    Object.entries(query).map(([name, text]) => [name, /^\d+$/.test(text) ? Number(text) : text]),
  )

/** Answers what fits the contract of the real server, and refuses the rest as it would. */
function held(schema: TSchema, given: unknown, answerIt: () => Reply): Reply {
  return Value.Check(schema, given) ? answerIt() : problem(400, 'contract_violated')
}

/** The key it makes is the one believed from now on. */
function makeKey(state: State, body: unknown): Reply {
  const { name, role, algorithm, public_key: pem } = body as Record<string, string>
  const id = `key_0_${hex(1)}`
  if (pem !== undefined) state.believes = { publicKey: createPublicKey(pem) }
  const secret = pem === undefined ? 'tk_test_made' : null
  if (secret !== null) state.believes = { secret }
  const expires_at = '2027-03-01T00:00:00.000Z'
  return ok({ key: { id, name, role, state: 'live', algorithm, expires_at }, secret }, 201)
}

/** Two events a page, the newest first. */
function page({ events }: State, query: Record<string, string>): Reply {
  const fits = events
    .filter((each) => query.type === undefined || each.type === query.type)
    .filter((each) => query.since === undefined || each.created >= query.since)
    .sort((a, b) => b.created.localeCompare(a.created))
  const from = query.after === undefined ? 0 : fits.findIndex(({ id }) => id === query.after) + 1
  const data = fits.slice(from, from + 2)
  return ok({ data, next: from + 2 < fits.length ? data.at(-1)!.id : null })
}

function trigger(state: State, body: unknown): Reply {
  const { type, set = {} } = body as { type: string; set?: Record<string, unknown> }
  if (type !== 'payment.succeeded') return problem(404, 'event_type_not_found')
  const amount = { amount: set['amount.amount'] ?? '680000000', currency: 'CNY' }
  const event = { ...eventOf(state.count, type, { amount }), test: true as const }
  state.events.push(event)
  state.queue.push(listened(state, event, false))
  return ok({ event, deliveries: state.sessions.length }, 201)
}

function open(state: State, body: unknown): Reply {
  const session = `whk_0_${hex(state.sessions.length + state.wanted.length + 1)}`
  state.sessions.push(session)
  state.wanted.push((body as { events?: string[] }).events)
  return ok({ session, secret: SECRET, idle_seconds: 300 }, 201)
}

export function eventOf(number: number, type: string, data: unknown = {}): EventJson {
  const created = new Date(Date.parse('2026-03-01T00:00:00Z') + number * 60_000).toISOString()
  const org = 'org_0_1'
  return { id: `evt_1_${hex(number)}`, type, created, data, org, api_version: '2026-03-01' }
}

function listened(state: State, event: EventJson, replay: boolean): ListenedJson {
  state.count += 1
  const body = JSON.stringify(event)
  const at = new Date()
  const headers: Record<string, string> = {
    'content-type': 'application/json; charset=utf-8',
    'webhook-id': event.id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(SECRET).sign(event.id, at, body),
    ...(replay && { 'webhook-replay': 'true' }),
  }
  return { delivery: `whd_1_${hex(state.count)}`, headers, body }
}
