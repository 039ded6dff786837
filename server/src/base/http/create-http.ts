/**
 * The HTTP server: Fastify under our own rules for parsing, contracts, problems and idempotency.
 *
 * Fastify's own validation and body parsing are switched off: `serve-route.ts` reads the body once the
 * caller was let in and checks the contract in one order for every route, so that a problem always has
 * our form. Nothing is logged per request; metrics count them, and a 5xx is logged with its request id.
 */
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Log } from '../log.ts'
import type { Metrics } from '../metrics.ts'
import type { Clock, Net, Rng } from '../world.ts'
import { checkListenHost, foreignness, type Names, securityHeaders } from './access.ts'
import type { Guard } from './caller.ts'
import { documentRoutes } from './document.ts'
import { type Faults, problemOf, rawProblem } from './faults.ts'
import { FORWARDED, forward, sentOn } from './forward.ts'
import type { Answers } from './idempotency.ts'
import { type OperationsOptions, operationRoutes } from './operations.ts'
import { HTTP_PROBLEMS, httpProblem, type ProblemRow } from './problem.ts'
import type { Replicas } from './replicas.ts'
import type { Route } from './route.ts'
import { sendProblem } from './send-problem.ts'
import { knockOf, serveRoutes } from './serve-route.ts'

/** Bodies over this many bytes are refused. */
const BODY_BYTES_MAX = 1_048_576
const REQUEST_TIMEOUT_MS = 30_000

export interface HttpOptions extends Names {
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
  /** Who calls; a route that asks for a permission needs one. `operatorOnly()` is for development. */
  readonly guard?: Guard
  /** The other servers of the same database, so that they believe who sent what is sent on. */
  readonly replicas?: Replicas
  /** Addresses of proxies in front, whose word on the client's address is taken. */
  readonly proxies?: readonly string[]
  /** Whether browsers reach it by TLS, and are to do so ever after. */
  readonly tls?: boolean
}

export interface Http {
  /** Begins to accept; beyond loopback only where callers sign in. Port 0 takes a free one. */
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
    genReqId: requestIds(options),
    ...(options.proxies !== undefined && { trustProxy: [...options.proxies] }),
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
  app.decorateRequest('vouched', undefined)
  app.decorateRequest('caller', undefined)
  keepBodies(app)
  app.setValidatorCompiler(() => () => true)
  guardDoor(app, options)
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
  const { answers, guard } = options
  serveRoutes(app, routes, { answers, guard, schemaOf: docs.schemaOf })
  await docs.serve()
  await app.ready()
  return {
    app,
    openapi: docs.document,
    listen: async ({ host = '127.0.0.1', port }) => {
      checkListenHost(host, guard)
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
function requestIds({ rng, replicas }: HttpOptions) {
  const run = Buffer.from(rng.bytes(8)).toString('hex')
  let count = 0
  return (raw: Pick<IncomingMessage, 'method' | 'url' | 'headers'>) => {
    const forwarded = raw.headers[FORWARDED]
    if (forwarded !== undefined) {
      const given = replicas?.believe(sentOn(raw), forwarded)?.requestId
      const named = replicas === undefined ? raw.headers['request-id'] : given
      if (typeof named === 'string' && /^req_[0-9a-z]{17,30}$/.test(named)) return named
    }
    count += 1
    return `req_${run}${count.toString(36).padStart(8, '0')}`
  }
}

/** Bodies are kept as bytes; they are read when their sender is known. */
function keepBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    request.rawBody = body as Buffer
    done(null, undefined)
  })
}

/** What holds for every request, found or not: names, pages, headers, and the rate of strangers. */
function guardDoor(app: FastifyInstance, options: HttpOptions): void {
  const { guard, replicas, tls = false } = options
  const refuseForeign = foreignness(options)
  const limits = guard === undefined || guard.loopbackOnly === true ? undefined : guard
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('request-id', request.id)
    reply.headers(securityHeaders(request.url, tls))
    const forwarded = request.headers[FORWARDED]
    if (forwarded !== undefined) request.vouched = replicas?.believe(sentOn(request), forwarded)
    // Another replica calls by an address of its own.
    const foreign = request.vouched === undefined ? refuseForeign(request) : undefined
    if (foreign !== undefined) return void sendProblem(reply, request, foreign)
    // Pages of the documents, and what was not found, have no route that asks.
    const { policy } = request.routeOptions.config as { policy?: true }
    if (limits === undefined || policy === true) return done()
    limits.admit(knockOf(request)).then((refused) => {
      if (refused === undefined) done()
      else void sendProblem(reply, request, refused)
    }, done)
  })
}

function handleErrors(app: FastifyInstance, options: HttpOptions): void {
  const { faults = [], log, net, replicas } = options
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
      const forwarded = await forward({ net, replicas }, request, outcome.forwardTo)
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
