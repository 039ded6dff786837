/**
 * The HTTP server: Fastify under our own rules for parsing, contracts, problems and idempotency.
 *
 * Fastify's own validation is switched off: contracts are checked in `answer` below, in one order for
 * every route (path, query, key, body), so that a problem always has our form. Nothing is logged
 * per request; metrics count them, and a 5xx is logged with its request id.
 */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { Clock, Net, Rng } from '../world.ts'
import { checkListenHost, policies, refuseForeign } from './access.ts'
import { documentRoutes } from './document.ts'
import { type Faults, problemOf, rawProblem } from './faults.ts'
import { FORWARDED, forward, isRaw } from './forward.ts'
import { type Answers, createOnce, keyedRequest, type Once, readKey } from './idempotency.ts'
import { type OperationsOptions, operationRoutes } from './operations.ts'
import {
  HTTP_PROBLEMS,
  HttpProblem,
  httpProblem,
  type Problem,
  type ProblemRow,
  problemBody,
} from './problem.ts'
import type { AnyAnswer, AnyReply, Call, Route } from './route.ts'
import { inlineParts, type JsonSchema } from './schema.ts'
import { parseStrictJson } from './strict-json.ts'
import { createValidators, type Validator, type Validators } from './validate.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as received, for forwarding. */
    rawBody: Buffer | undefined
  }
}

/** Bodies over this many bytes are refused. */
const BODY_BYTES_MAX = 1_048_576
const REQUEST_TIMEOUT_MS = 30_000

export interface HttpOptions {
  readonly log: Log
  readonly clock: Clock
  readonly rng: Rng
  readonly net: Net
  readonly metrics: Metrics
  readonly routes: readonly Route[]
  /** Stored answers of keyed requests; without them a route that stores answers is refused. */
  readonly answers?: Answers
  /** What modules throw, as problems or as the server to ask instead. */
  readonly faults?: readonly Faults[]
  /** The modules' refusals, explained under `/errors`. */
  readonly refusals?: readonly ProblemRow[]
  readonly ready?: OperationsOptions['ready']
  /** The tenant whose keys these are. */
  readonly orgId?: number
}

export interface Http {
  /** Begins to accept; loopback only. Port 0 takes a free one. */
  listen(at: { host?: string; port: number }): Promise<{ url: string; port: number }>
  /** The OpenAPI 3.1 document. */
  openapi(): object
  /** Stops accepting, lets running requests end, and past the deadline cuts them off. */
  close(deadlineMs?: number): Promise<void>
  /** The server below, for tests that send a request without a socket. */
  readonly app: FastifyInstance
}

/** Builds the server with its routes; nothing is listened on yet. */
export async function createHttp(options: HttpOptions): Promise<Http> {
  const { default: fastify } = await import('fastify')
  let stopping = false
  const app = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    routerOptions: { maxParamLength: 200 },
    exposeHeadRoutes: false,
    genReqId: requestIds(options.rng),
    frameworkErrors: (error, request, reply) => {
      reply.header('request-id', request.id)
      void sendProblem(reply, request, problemOf(error))
    },
    clientErrorHandler: (error, socket) => {
      if (socket.writable) socket.end(rawProblem(error))
      else socket.destroy()
    },
  })
  app.decorateRequest('rawBody', undefined)
  acceptStrictJson(app)
  app.setValidatorCompiler(() => () => true)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('request-id', request.id)
    const problem = refuseForeign(request)
    if (problem === undefined) done()
    else void sendProblem(reply, request, problem)
  })
  const times = options.metrics.histogram(
    'tenon_http_request_seconds',
    'Time from the request line to the last byte of the reply.',
    { labels: ['method', 'route', 'status'] },
  )
  app.addHook('onResponse', (request, reply, done) => {
    const { method, url: path = 'none' } = request.routeOptions
    const status = `${Math.trunc(reply.statusCode / 100)}xx`
    times.observe({ method: String(method), route: path, status }, reply.elapsedTime / 1000)
    done()
  })
  handleErrors(app, options)
  const routes = [
    ...options.routes,
    ...operationRoutes({
      metrics: options.metrics,
      ready: async () => {
        if (stopping) return [{ name: 'accepting', says: httpProblem('shutting_down').detail }]
        return (await options.ready?.()) ?? []
      },
      problems: [...HTTP_PROBLEMS, ...(options.refusals ?? [])],
    }),
  ]
  const docs = await documentRoutes(app)
  addRoutes(app, routes, { options, schemaOf: docs.schemaOf })
  await docs.serve()
  await app.ready()
  return {
    app,
    openapi: docs.document,
    listen: async ({ host = '127.0.0.1', port }) => {
      checkListenHost(host)
      await app.listen({ host, port })
      const bound = app.addresses()[0] as AddressInfo
      const name = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address
      return { url: `http://${name}:${bound.port}`, port: bound.port }
    },
    close: async (deadlineMs = 10_000) => {
      stopping = true
      const closed = app.close()
      const ended = new AbortController()
      const late = options.clock.sleep(deadlineMs, 'http close', ended.signal).then(() => {
        if (!ended.signal.aborted) app.server.closeAllConnections()
      })
      await closed
      ended.abort()
      await late
    },
  }
}

/** A request keeps the id that the server which forwarded it gave; nobody else chooses one. */
function requestIds(rng: Rng): (raw: { headers: NodeJS.Dict<string | string[]> }) => string {
  const run = Buffer.from(rng.bytes(8)).toString('hex')
  let count = 0
  return ({ headers }) => {
    const given = headers['request-id']
    if (headers[FORWARDED] !== undefined && typeof given === 'string') {
      if (/^req_[0-9a-z]{17,30}$/.test(given)) return given
    }
    count += 1
    return `req_${run}${count.toString(36).padStart(8, '0')}`
  }
}

function acceptStrictJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer
    request.rawBody = bytes
    if (isRaw(request)) return done(null, undefined)
    try {
      done(null, parseStrictJson(bytes))
    } catch (error) {
      done(error as Error)
    }
  })
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    request.rawBody = body as Buffer
    if (isRaw(request)) return done(null, undefined)
    done(Object.assign(new Error('not JSON'), { code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' }))
  })
}

function handleErrors(app: FastifyInstance, { faults = [], log, net }: HttpOptions): void {
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0]!.slice(0, 200)
    const words = { method: request.method, path }
    return sendProblem(reply, request, httpProblem('route_not_found', words))
  })
  app.setErrorHandler(async (error, request, reply) => {
    for (const translate of faults) {
      const outcome = await translate(error)
      if (outcome === undefined) continue
      if ('problem' in outcome) return sendProblem(reply, request, outcome.problem)
      const forwarded = await forward(net, request, outcome.forwardTo)
      if ('code' in forwarded) return sendProblem(reply, request, forwarded)
      return reply.code(forwarded.status).headers(forwarded.headers).send(forwarded.body)
    }
    const problem = problemOf(error)
    if (problem.status >= 500) {
      log.error({ error, requestId: request.id, path: request.routeOptions.url }, 'request failed')
    }
    return sendProblem(reply, request, problem)
  })
}

const PROBLEM_JSON = 'application/problem+json'

function sendProblem(reply: FastifyReply, request: FastifyRequest, problem: Problem): FastifyReply {
  if (problem.retryAfterS !== undefined) reply.header('retry-after', problem.retryAfterS)
  const instance = request.url.split('?')[0]!.slice(0, 200)
  const body = JSON.stringify(problemBody(problem, instance, request.id))
  return reply.code(problem.status).type(PROBLEM_JSON).serializer(same).send(body)
}

const same = (text: unknown): string => text as string

interface Registration {
  readonly options: HttpOptions
  readonly schemaOf: (route: Route) => JsonSchema
}

function addRoutes(app: FastifyInstance, routes: readonly Route[], with_: Registration): void {
  const validators = createValidators()
  const { answers, orgId = 1 } = with_.options
  const once = answers === undefined ? undefined : createOnce(answers)
  for (const route of routes) {
    if (route.idempotency?.kind === 'stored' && once === undefined) {
      throw new Error(`${route.method} ${route.path} stores answers; give createHttp \`answers\`.`)
    }
    const checks = checksOf(route, validators)
    const allowed = policies[route.policy]
    const inlined = new WeakMap<object, JsonSchema>()
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{([a-z_]+)\}/g, ':$1'),
      schema: with_.schemaOf(route),
      config: { raw: route.raw === true },
      handler: async (request, reply) => {
        const problem = allowed(request)
        if (problem !== undefined) return sendProblem(reply, request, problem)
        const answer = await answerOf({ route, checks, once, orgId }, request)
        if ('problem' in answer) {
          if (answer.headers !== undefined) reply.headers(answer.headers)
          return sendProblem(reply, request, answer.problem)
        }
        return sendReply(reply, answer, inlined)
      },
    })
  }
}

function sendReply(
  reply: FastifyReply,
  answer: AnyReply,
  inlined: WeakMap<object, JsonSchema>,
): FastifyReply {
  reply.statusCode = answer.status
  if (answer.headers !== undefined) reply.headers(answer.headers)
  if (answer.as !== undefined) {
    let schema = inlined.get(answer.as)
    if (schema === undefined) {
      schema = inlineParts(answer.as)
      inlined.set(answer.as, schema)
    }
    reply.serializer(reply.compileSerializationSchema(schema) as (payload: unknown) => string)
    reply.type('application/json; charset=utf-8')
  }
  return reply.send(answer.body)
}

interface Checks {
  readonly params?: Validator
  readonly query: Validator
  readonly body?: Validator
}

function checksOf(route: Route, validators: Validators): Checks {
  const nothing = { type: 'object', additionalProperties: false }
  return {
    query: validators.compile(route.query ?? nothing, '/query'),
    ...(route.params && { params: validators.compile(route.params, '/path') }),
    ...(route.method === 'POST' && { body: validators.compile(route.body ?? nothing, '') }),
  }
}

interface Prepared {
  readonly route: Route
  readonly checks: Checks
  readonly once: Once | undefined
  readonly orgId: number
}

/** Checks a request against its route's contract and has it carried out. */
function answerOf(prepared: Prepared, request: FastifyRequest): AnyAnswer | Promise<AnyAnswer> {
  const { route, checks } = prepared
  const errors =
    checks.params?.violations(request.params) ??
    (route.raw ? undefined : checks.query.violations(request.query)) ??
    (route.raw ? undefined : bodyViolations(prepared, request))
  if (errors !== undefined) return { problem: { ...httpProblem('contract_violated'), errors } }
  const call = { ...callOf(request), keyed: undefined } as Call<never, never, never>
  const { idempotency } = route
  if (idempotency === undefined) return route.handle(call)
  const header = request.headers['idempotency-key']
  if (header === undefined && idempotency.unless?.(call.body) === true) return route.handle(call)
  const key = readKey(header)
  if (typeof key !== 'string') return { problem: key }
  const path = request.url.split('?')[0]!
  const { orgId } = prepared
  const keyed = keyedRequest({ orgId, method: request.method, path, key, body: call.body })
  const keyedCall = { ...call, keyed }
  if (idempotency.kind === 'passed') return route.handle(keyedCall)
  const book = idempotency.book?.(call) ?? 0
  return prepared.once!.run({ book, keyed }, () => route.handle(keyedCall))
}

function callOf(request: FastifyRequest): Omit<Call<unknown, unknown, unknown>, 'keyed'> {
  const { params, query, body, id, method, url: path, headers, rawBody } = request
  const received = { method, path, headers, body: rawBody }
  return { params, query, body, requestId: id, received }
}

/** A route without a body contract takes no body or `{}`. */
function bodyViolations({ route, checks }: Prepared, request: FastifyRequest) {
  if (checks.body === undefined) return undefined
  if (request.body !== undefined) return checks.body.violations(request.body)
  if (route.body === undefined) return undefined
  throw new HttpProblem(httpProblem('body_missing'))
}
