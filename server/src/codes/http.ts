/** Routes of response codes: the inbox of those nobody has classified, and classifying one. */
import { Type } from 'typebox'
import { type Route, route, type Violation, violated, writeInstant } from '#base'
import { CAUSES, CERTAINTIES, type Classification, RETRIES } from './classification.ts'
import type { CodeTable } from './code-table.ts'
import { DIRECTIONS } from './direction.ts'
import { codeProblem } from './refusals.ts'
import type { InboxItem } from './store.ts'

const closed = { additionalProperties: false }
const words = <T extends string>(values: readonly T[]) =>
  Type.Union(values.map((value) => Type.Literal(value)))
const Text = Type.Object(
  {
    zh: Type.String({ minLength: 1, maxLength: 200 }),
    en: Type.String({ minLength: 1, maxLength: 200 }),
  },
  closed,
)
const InboxQuery = Type.Object(
  {
    state: Type.Optional(
      Type.Union([Type.Literal('open'), Type.Literal('all')], {
        description: '`open`: what waits to be classified. `all`: those classified since, too.',
      }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  },
  closed,
)
const InboxPart = Type.Object(
  {
    channel: Type.String(),
    direction: Type.String(),
    code: Type.String(),
    count: Type.String({ description: 'Attempts that ended with it while it was unmapped.' }),
    first_seen: Type.String(),
    last_seen: Type.String(),
    sample: Type.String({ description: 'The attempt that met it last.' }),
    classified_in: Type.Union([Type.Integer(), Type.Null()]),
  },
  { ...closed, $id: 'UnmappedCode' },
)
const InboxPage = Type.Object({ data: Type.Array(InboxPart), version: Type.String() }, closed)
const Params = Type.Object(
  {
    channel: Type.String({ pattern: '^[a-z][a-z0-9-]{0,40}$' }),
    direction: words(DIRECTIONS),
    code: Type.String({ minLength: 1, maxLength: 100 }),
  },
  closed,
)
const Body = Type.Object(
  {
    cause: Type.Optional(words(CAUSES)),
    reason: Type.String({ pattern: '^[a-z][a-z0-9_]{1,40}$' }),
    certainty: words(CERTAINTIES),
    retry: words(RETRIES),
    every_direction: Type.Optional(Type.Boolean()),
    text: Type.Optional(Text),
    note: Type.Optional(Type.String({ maxLength: 500 })),
  },
  closed,
)
const ClassificationPart = Type.Object(
  {
    version: Type.Integer(),
    cause: Type.Union([Type.String(), Type.Null()]),
    reason: Type.String(),
    certainty: Type.String(),
    retry: Type.String(),
    letter: Type.String(),
    text: Text,
  },
  { ...closed, $id: 'CodeClassification' },
)

/** The routes under `/v1/codes`. The caller's person is noted with a version. */
export function codeRoutes(table: CodeTable): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/codes/inbox',
      name: 'listUnmappedCodes',
      summary: 'Response codes that came and stand in no list, the most frequent first.',
      tags: ['codes'],
      policy: { permission: 'codes.read' },
      query: InboxQuery,
      replies: { 200: InboxPage },
      handle: async ({ query }) => {
        const items = await table.inbox({ all: query.state === 'all', limit: query.limit ?? 100 })
        const { version } = await table.refresh()
        return { status: 200, body: { data: items.map(itemJson), version } }
      },
    }),
    classifyRoute(table),
  ]
}

function classifyRoute(table: CodeTable): Route {
  return route({
    method: 'POST',
    path: '/v1/codes/inbox/{channel}/{direction}/{code}/classification',
    name: 'classifyCode',
    summary: 'Says what a code means. Success rates follow at once, those of the past too.',
    tags: ['codes'],
    policy: { permission: 'codes.propose' },
    params: Params,
    body: Body,
    replies: { 201: ClassificationPart },
    handle: async ({ params, body, caller }) => {
      const key = { channel: params.channel, direction: params.direction, code: params.code }
      if ((await table.refresh()).classify(key).mapped) {
        return { problem: codeProblem('code_is_classified') }
      }
      if (!(await table.wasMet(key))) return { problem: codeProblem('code_never_met') }
      const { every_direction: every, cause, text, note, ...rest } = body
      const made = await table.classifyLater(
        {
          ...{ ...key, ...rest, direction: every === true ? 'any' : key.direction },
          ...(cause !== undefined && { cause }),
          ...(text !== undefined && { text }),
          ...(note !== undefined && { note }),
        },
        caller.person,
      )
      if ('refused' in made) return { problem: codeProblem(made.refused) }
      if ('faults' in made) return { problem: violated(made.faults.map(violation)) }
      return {
        status: 201,
        body: { version: made.version, ...classificationJson(made.classification) },
      }
    },
  })
}

function violation({ column, says }: { column: string; says: string }): Violation {
  const pointer = `/${column.replace(/^text_/, 'text/')}`
  return { pointer, code: 'code_row_wrong', detail: `${says[0]!.toUpperCase()}${says.slice(1)}.` }
}

function itemJson(item: InboxItem) {
  return {
    ...{ channel: item.channel, direction: item.direction, code: item.code },
    count: item.count.toString(),
    ...{ first_seen: writeInstant(item.firstSeen), last_seen: writeInstant(item.lastSeen) },
    ...{ sample: item.sample, classified_in: item.classifiedIn ?? null },
  }
}

function classificationJson({ cause, reason, certainty, retry, letter, text }: Classification) {
  return { cause: cause ?? null, reason, certainty, retry, letter, text: { ...text } }
}
