/**
 * Routes put on the server, each behind the same steps in one order: who calls and whether he may,
 * the body read, the contract, whose the named things are, the key, the handler, and what of its
 * answer this caller may see.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller, Guard, Knock } from './caller.ts'
import { type Answers, createOnce, keyedRequest, type Once, readKey } from './idempotency.ts'
import { type Mask, maskOf, PERSONAL_PERMISSION } from './mask-reply.ts'
import { permit, refuseForeignObjects } from './permit.ts'
import { HttpProblem, httpProblem, type Problem } from './problem.ts'
import { isBody, type Vouched } from './replicas.ts'
import type { AnyAnswer, AnyReply, Call, Route } from './route.ts'
import { inlineParts, type JsonSchema } from './schema.ts'
import { sendProblem } from './send-problem.ts'
import { parseStrictJson } from './strict-json.ts'
import { createValidators, type Validator, type Validators } from './validate.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** The body as received. */
    rawBody: Buffer | undefined
    /** What another replica says of it. */
    vouched: Vouched | undefined
    /** Who was let in. */
    caller: Caller | undefined
  }
}

export interface Serving {
  readonly answers: Answers | undefined
  readonly guard: Guard | undefined
  readonly schemaOf: (route: Route) => JsonSchema
}

/** Puts the routes on the server. Throws for one that could not be answered as it says. */
export function serveRoutes(
  app: FastifyInstance,
  routes: readonly Route[],
  { answers, guard, schemaOf }: Serving,
): void {
  const validators = createValidators()
  const once = answers === undefined ? undefined : createOnce(answers)
  for (const route of routes) {
    const name = `${route.method} ${route.path}`
    if (route.idempotency?.kind === 'stored' && once === undefined) {
      throw new Error(`${name} stores answers; give createHttp \`answers\`.`)
    }
    if (typeof route.policy === 'object' && guard === undefined) {
      throw new Error(
        `${name} asks for ${route.policy.permission}; give createHttp a \`guard\`, or ` +
          '`operatorOnly()` for this machine alone.',
      )
    }
    const prepared = { route, checks: checksOf(route, validators), once, guard }
    const send = sender(route)
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{([a-z_]+)\}/g, ':$1'),
      schema: schemaOf(route),
      config: { raw: route.raw === true, policy: true },
      handler: async (request, reply) => {
        const permitted = await permit(route.policy, guard, knockOf(request), trusted(request))
        if ('refused' in permitted) return sendProblem(reply, request, permitted.refused)
        request.caller = permitted.caller
        const answer = await answerOf(prepared, request)
        if ('problem' in answer) {
          if (answer.headers !== undefined) reply.headers(answer.headers)
          return sendProblem(reply, request, answer.problem)
        }
        return send(reply, answer, request.caller)
      },
    })
  }
}

/** A request as the guard sees it. */
export function knockOf(request: FastifyRequest): Knock {
  const { method, url: path, headers, rawBody, ip: from, routeOptions } = request
  const route = (routeOptions.url ?? '').replaceAll(/:([a-z_]+)/g, '{$1}')
  return { method, path, headers, body: rawBody, from, route }
}

/** What another replica says of a request, if the body is the one it spoke of. */
function trusted({ vouched, rawBody }: FastifyRequest): Vouched | undefined {
  return vouched !== undefined && isBody(vouched, rawBody) ? vouched : undefined
}

type Send = (reply: FastifyReply, answer: AnyReply, caller: Caller | undefined) => FastifyReply

/** Writes a route's answers, each branch by its own schema, masked where the caller asks for it. */
function sender(route: Route): Send {
  const inlined = new WeakMap<object, JsonSchema>()
  const masks = new Map<number, Mask>()
  for (const [status, schema] of Object.entries(route.replies)) {
    const mask = maskOf(schema)
    if (mask !== undefined) masks.set(Number(status), mask)
  }
  return (reply, answer, caller) => {
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
    if (masks.size === 0 || caller?.permissions.has(PERSONAL_PERMISSION) === true) {
      return reply.send(answer.body)
    }
    const mask = masks.get(answer.status)
    return reply.send(mask === undefined ? answer.body : mask(answer.body))
  }
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
  readonly guard: Guard | undefined
}

/** Checks a permitted request against its route's contract and has it carried out. */
function answerOf(prepared: Prepared, request: FastifyRequest): AnyAnswer | Promise<AnyAnswer> {
  const { route, checks } = prepared
  const body = route.raw ? undefined : readBody(request)
  const errors =
    checks.params?.violations(request.params) ??
    (route.raw ? undefined : checks.query.violations(request.query)) ??
    (route.raw ? undefined : bodyViolations(prepared, body))
  if (errors !== undefined) return { problem: { ...httpProblem('contract_violated'), errors } }
  const foreign = refuseForeign(prepared, request, body)
  if (foreign !== undefined) return { problem: foreign }
  const call = { ...callOf(request, body), keyed: undefined } as Call<never, never, never>
  const { idempotency } = route
  if (idempotency === undefined) return route.handle(call)
  const header = request.headers['idempotency-key']
  if (header === undefined && idempotency.unless?.(call.body) === true) return route.handle(call)
  const key = readKey(header)
  if (typeof key !== 'string') return { problem: key }
  const path = request.url.split('?')[0]!
  const keyed = keyedRequest({ caller: request.caller, method: request.method, path, key, body })
  const keyedCall = { ...call, keyed }
  if (idempotency.kind === 'passed') return route.handle(keyedCall)
  const book = idempotency.book?.(call) ?? 0
  return prepared.once!.run({ book, keyed }, () => route.handle(keyedCall))
}

function refuseForeign(
  { guard }: Prepared,
  { caller, params, query }: FastifyRequest,
  body: unknown,
): Problem | undefined {
  if (caller === undefined || guard === undefined || guard.loopbackOnly === true) return undefined
  return refuseForeignObjects({ params, query, body }, caller.orgId, guard.orgOf)
}

function callOf(
  request: FastifyRequest,
  body: unknown,
): Omit<Call<unknown, unknown, unknown>, 'keyed'> {
  const { params, query, id, method, url: path, headers, rawBody, ip: from } = request
  const received = { method, path, headers, body: rawBody, from }
  // On a route that asks for no permission nobody is there, and its handler has no use for him.
  return { params, query, body, requestId: id, received, caller: request.caller as Caller }
}

const JSON_TYPE = /^application\/json *(;|$)/i

/** Reads the body, once whoever sent it was let in. */
function readBody({ rawBody, headers }: FastifyRequest): unknown {
  if (rawBody === undefined) return undefined
  if (!JSON_TYPE.test(headers['content-type'] ?? '')) {
    throw new HttpProblem(httpProblem('content_type_wrong'))
  }
  return parseStrictJson(rawBody)
}

/** A route without a body contract takes no body or `{}`. */
function bodyViolations({ route, checks }: Prepared, body: unknown) {
  if (checks.body === undefined) return undefined
  if (body !== undefined) return checks.body.violations(body)
  if (route.body === undefined) return undefined
  throw new HttpProblem(httpProblem('body_missing'))
}
