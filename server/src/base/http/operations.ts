/** Routes for whoever runs the server: is it up, is it ready, its metrics, and what a code means. */
import { type TSchema, Type } from 'typebox'
import type { Metrics } from '../metrics.ts'
import { httpProblem, type ProblemRow, problemTitle, problemType } from './problem.ts'
import { type Route, route } from './route.ts'

/** What keeps the server from being ready. */
export interface NotReady {
  readonly name: string
  /** A sentence: what is wrong and what to do. */
  readonly says: string
}

export interface OperationsOptions {
  readonly metrics: Metrics
  /** What keeps the server from being ready; empty when nothing does. */
  readonly ready: () => Promise<readonly NotReady[]>
  readonly problems: readonly ProblemRow[]
}

const Text = (description: string): TSchema => Type.String({ description })

const Health = Type.Object({ status: Type.Literal('up') }, { additionalProperties: false })

const Readiness = Type.Object(
  {
    status: Type.Enum(['ready', 'not_ready']),
    checks: Type.Array(Type.Object({ name: Type.String(), says: Type.String() })),
  },
  { additionalProperties: false },
)

const ErrorCode = Type.Object(
  {
    type: Text('The type a problem with this code carries'),
    code: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Text('What to do'),
  },
  { additionalProperties: false, $id: 'ErrorCode' },
)

/** The routes of the server itself. */
export function operationRoutes({ metrics, ready, problems }: OperationsOptions): Route[] {
  const tags = ['operations']
  const explained = new Map(problems.map((row) => [row.code, explain(row)]))
  return [
    route({
      method: 'GET',
      path: '/healthz',
      name: 'getHealth',
      summary: 'Whether the process is up.',
      tags,
      policy: 'always',
      replies: { 200: Health },
      handle: () => ({ status: 200, body: { status: 'up' as const } }),
    }),
    route({
      method: 'GET',
      path: '/readyz',
      name: 'getReadiness',
      summary: 'Whether the server can do its work, and if not, why.',
      tags,
      policy: 'loopback',
      replies: { 200: Readiness, 503: Readiness },
      handle: async () => {
        const checks = [...(await ready())]
        return checks.length === 0
          ? { status: 200, body: { status: 'ready' as const, checks } }
          : { status: 503, body: { status: 'not_ready' as const, checks } }
      },
    }),
    route({
      method: 'GET',
      path: '/metrics',
      name: 'getMetrics',
      summary: 'Metrics in the text format of Prometheus.',
      tags,
      policy: 'loopback',
      replies: { 200: Type.String() },
      handle: async () => {
        const { contentType, body } = await metrics.page()
        return { status: 200, body, headers: { 'content-type': contentType } }
      },
    }),
    route({
      method: 'GET',
      path: '/errors',
      name: 'listErrorCodes',
      summary: 'Every code a problem may carry, with its status and what to do.',
      tags,
      policy: 'public',
      replies: { 200: Type.Object({ data: Type.Array(ErrorCode) }) },
      handle: () => ({ status: 200, body: { data: [...explained.values()] } }),
    }),
    route({
      method: 'GET',
      path: '/errors/{code}',
      name: 'getErrorCode',
      summary: 'What a code means; the `type` of every problem leads here.',
      tags,
      policy: 'public',
      params: Type.Object({ code: Type.String() }),
      replies: { 200: ErrorCode },
      handle: ({ params }) => {
        const found = explained.get(params.code)
        if (found === undefined) return { problem: httpProblem('error_code_not_found') }
        return { status: 200, body: found }
      },
    }),
  ]
}

function explain({ code, status, says }: ProblemRow) {
  return { type: problemType(code), code, title: problemTitle(code), status, detail: says }
}
