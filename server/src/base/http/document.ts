/**
 * The OpenAPI 3.1 document, read from the routes, and its pages under `/docs` with assets of our own.
 *
 * Named parts of contracts become components. The hidden trap is that Fastify names references by
 * itself (`def-0`) unless told to keep our names.
 */
import type { FastifyInstance } from 'fastify'
import { Type } from 'typebox'
import type { Route } from './route.ts'
import { type JsonSchema, referToParts } from './schema.ts'

export interface Documentation {
  /** The Fastify schema of a route; its named parts are added to the server. */
  schemaOf(route: Route): JsonSchema
  /** Adds `/openapi.json` and `/docs`. Call after all routes are added. */
  serve(): Promise<void>
  /** The document. */
  document(): object
}

const ProblemPart = Type.Object(
  {
    type: Type.String({ description: 'Path that explains the code' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'A sentence that says what to do' }),
    instance: Type.String({ description: 'Path of the request' }),
    code: Type.String({ description: 'Lower snake case; listed under /errors' }),
    request_id: Type.String(),
    retryable: Type.Boolean({ description: 'Whether the same request may be answered later' }),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          pointer: Type.String({ description: 'JSON pointer to the failing field' }),
          code: Type.String(),
          detail: Type.String({ description: 'A sentence that says what to do' }),
        }),
      ),
    ),
  },
  { $id: 'Problem', description: 'A problem as RFC 9457 describes it' },
)

const KEY_HEADER = {
  type: 'string',
  minLength: 1,
  maxLength: 255,
  description:
    'A fresh key for each new request, the same one when it is sent again: the same body gets the ' +
    'first answer with `Idempotency-Replayed: true`, another body is refused.',
}

/** Prepares the server for documented routes; call before the first is added. */
export async function documentRoutes(app: FastifyInstance): Promise<Documentation> {
  const [{ default: swagger }, { default: swaggerUi }] = await Promise.all([
    import('@fastify/swagger'),
    import('@fastify/swagger-ui'),
  ])
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tenon',
        version: '0.1.0',
        description:
          'Books, accounts, transfers and holds. Money is an object of minor units and a ' +
          'currency: `{"amount":"680000000","currency":"CNY"}` is ¥6,800,000.00.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: 'http://127.0.0.1:4000', description: 'This machine' }],
    },
    refResolver: {
      buildLocalReference: (json, _base, _fragment, index) =>
        typeof json.$id === 'string' ? json.$id : `Part${index}`,
    },
  })
  const parts = new Map<string, JsonSchema>()
  const added = new Set<string>()
  const refer = (schema: Parameters<typeof referToParts>[0]): JsonSchema => {
    const referred = referToParts(schema, parts)
    for (const [id, part] of parts) {
      if (!added.has(id)) app.addSchema(part)
      added.add(id)
    }
    return referred
  }
  const problem = { 'application/problem+json': { schema: refer(ProblemPart) } }
  return {
    schemaOf: (route) => fastifySchema(route, refer, problem),
    document: () => app.swagger(),
    serve: async () => {
      app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger())
      await app.register(swaggerUi, {
        routePrefix: '/docs',
        uiConfig: { validatorUrl: null, deepLinking: true, tryItOutEnabled: true },
      })
    },
  }
}

const RAW_BODY = { type: 'string', format: 'binary', description: 'The bytes as they were signed' }

type Refer = (schema: NonNullable<Route['body']>) => JsonSchema

function fastifySchema(route: Route, refer: Refer, problem: object): JsonSchema {
  const response: JsonSchema = {}
  for (const [status, schema] of Object.entries(route.replies)) {
    const description = status === '201' ? 'Done now.' : 'Done.'
    response[status] = { description, ...refer(schema) }
  }
  // An answer with a problem of another status has no contract but this one.
  response['4xx'] = { description: 'Refused; the problem says what to do.', content: problem }
  response['5xx'] = {
    description: 'Not answered; the problem says when to retry.',
    content: problem,
  }
  return {
    operationId: route.name,
    summary: route.summary,
    tags: [...route.tags],
    ...(route.params && { params: refer(route.params) }),
    ...(route.query && { querystring: refer(route.query) }),
    ...(route.body && { body: refer(route.body) }),
    ...(route.raw && { body: { content: { '*/*': { schema: RAW_BODY } } } }),
    ...(route.idempotency && { headers: keyHeader(route) }),
    response,
  }
}

function keyHeader({ idempotency }: Route): JsonSchema {
  const required = idempotency?.unless === undefined ? ['Idempotency-Key'] : []
  return { type: 'object', properties: { 'Idempotency-Key': KEY_HEADER }, required }
}
