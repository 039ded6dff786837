/**
 * What may keep a developer from working, looked at one by one: the server, the clock, the key, its
 * signature, the endpoints of webhooks.
 *
 * The easy mistake: taking a good answer for a good key. A server that believes its own machine answers
 * anybody there, so the same is asked once without the key.
 */
import { problemOf, type TenonProblem } from '../../sdk/index.ts'
import type { EndpointJson } from '../../server/src/webhooks/contract.ts'
import type { DevServer } from './server.ts'

export interface Finding {
  readonly name: string
  /** `open`: it could not be told, or needs no telling. */
  readonly state: 'well' | 'wrong' | 'open'
  readonly says: string
}

export interface Examined {
  readonly server: DevServer
  /** Without a key. */
  readonly fetch: (url: string) => Promise<Response>
  /** The wall clock, ms. */
  readonly now: () => number
}

/** What a request shows of who sent it. */
const PROBE = '/v1/books?limit=1'
/** Signatures of the client live this long, so a clock may be that far behind. */
const MOST_BEHIND_S = 60
/** What the server takes at most, either way. */
const MOST_AHEAD_S = 300
const HARDLY_S = 2

/** Examines one after the other; stops at a server that does not answer. */
export async function* examine(on: Examined): AsyncGenerator<Finding> {
  const began = on.now()
  const reply = await on.fetch(`${on.server.url}/healthz`).catch(() => undefined)
  const ended = on.now()
  const { url } = on.server
  if (reply === undefined) {
    yield wrong('server', `Nothing answers at ${url}; start it, or name another with --url.`)
    return
  }
  await reply.body?.cancel()
  yield reply.ok
    ? well('server', `${url} answers in ${ended - began} ms.`)
    : wrong('server', `${url} answers ${reply.status}; is that Tenon, and may you ask it?`)
  yield clock(reply.headers.get('date'), began, ended)
  const [key, isAsked] = await keyFinding(on)
  yield key
  yield await signature(on, key.state === 'well' && isAsked)
  yield* await endpoints(on.server)
}

/** The server's `Date` names a second; it was written between our two looks at the clock. */
function clock(date: string | null, began: number, ended: number): Finding {
  const second = Date.parse(date ?? '')
  if (Number.isNaN(second)) return open('clock', 'The server does not say what time it is.')
  // The least that our clock can be off by: behind when above zero.
  const behind = second - ended
  const ahead = began - (second + 999)
  const off = Math.round(Math.max(behind, ahead, 0) / 1000)
  if (off <= HARDLY_S) return well('clock', 'Yours and the server’s agree.')
  const says = `Your clock is ${off} s ${behind > ahead ? 'behind' : 'ahead of'} the server’s`
  const most = behind > ahead ? MOST_BEHIND_S : MOST_AHEAD_S
  return off >= most
    ? wrong('clock', `${says}, so every signature is refused; set it right.`)
    : open('clock', `${says}; signatures pass up to ${most} s.`)
}

async function keyFinding({ server, fetch }: Examined): Promise<[Finding, isAsked: boolean]> {
  const bare = await fetch(`${server.url}${PROBE}`)
  await bare.body?.cancel()
  const isAsked = bare.status === 401
  if (server.key === 'none') {
    const says = isAsked
      ? 'None is set; put one into TENON_KEY, or name its file with TENON_KEY_FILE.'
      : 'None is set, and this server asks its own machine for none.'
    return [isAsked ? wrong('key', says) : open('key', says), isAsked]
  }
  const problem = await refusal(server, PROBE)
  const from = `The key from ${server.keyFrom}`
  if (problem?.status === 401 || problem?.status === 400) {
    return [wrong('key', `${from} is refused (${problem.code}): ${problem.message}`), isAsked]
  }
  if (!isAsked) return [open('key', `${from} was not tried: the server asks for none.`), isAsked]
  const may = problem === undefined ? '' : ` It may not list books (${problem.code}).`
  return [well('key', `${from} is accepted.${may}`), isAsked]
}

/** A request with a body and an Idempotency-Key, which the contract refuses after the signature. */
async function signature({ server }: Examined, isTold: boolean): Promise<Finding> {
  if (server.key !== 'signing') {
    return open('signature', 'Requests are not signed: there is no key that signs.')
  }
  if (!isTold) return open('signature', 'Nothing can be said of it without a key that is accepted.')
  const problem = await refusal(server, '/v1/webhooks/trigger', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  return problem?.status === 401
    ? wrong('signature', `It is refused (${problem.code}): ${problem.message}`)
    : well('signature', 'One over method, address, body and Idempotency-Key is accepted.')
}

async function refusal(
  server: DevServer,
  path: string,
  init: RequestInit = {},
): Promise<TenonProblem | undefined> {
  const reply = await server.tenon.fetch(path, init)
  if (!reply.ok) return problemOf(reply)
  await reply.body?.cancel()
  return undefined
}

async function endpoints(server: DevServer): Promise<Finding[]> {
  const name = 'webhooks'
  const reply = await server.tenon.fetch('/v1/webhooks/endpoints?limit=100')
  if (!reply.ok) {
    const { code, message } = await problemOf(reply)
    return [open(name, `Endpoints cannot be seen (${code}): ${message}`)]
  }
  const { data } = (await reply.json()) as { data: EndpointJson[] }
  if (data.length === 0) {
    return [open(name, 'No endpoint is there; "tenon listen" needs none.')]
  }
  return data.map((endpoint) => endpointFinding(name, endpoint))
}

function endpointFinding(name: string, endpoint: EndpointJson): Finding {
  const { id, url, state, health, disabled_because: because } = endpoint
  const which = `${id} at ${url}`
  const waiting = `${health.waiting} waiting, ${health.dead} dead`
  if (state === 'disabled') {
    const why = { gone: 'it answered 410', failing: 'it failed for days', person: 'by a person' }
    const says = `${which} is disabled (${why[because as keyof typeof why] ?? 'no reason given'})`
    return because === 'person'
      ? open(name, `${says}.`)
      : wrong(name, `${says}; mend it and enable it again. ${waiting}.`)
  }
  if (health.failures > 0) {
    return wrong(
      name,
      `${which} has failed ${health.failures} times since ${health.failing_since}; ${waiting}. ` +
        `Its attempts are at GET /v1/webhooks/deliveries?endpoint=${id}.`,
    )
  }
  if (health.last_success === null) {
    return open(name, `${which} was never sent anything; try "tenon trigger payment.succeeded".`)
  }
  return well(name, `${which} took its last delivery at ${health.last_success}.`)
}

const well = (name: string, says: string): Finding => ({ name, state: 'well', says })
const wrong = (name: string, says: string): Finding => ({ name, state: 'wrong', says })
const open = (name: string, says: string): Finding => ({ name, state: 'open', says })
