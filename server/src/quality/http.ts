/** Routes of success rates: any slice and time, and what each slice did to a change. */
import { type Static, type TSchema, Type } from 'typebox'
import { type Instant, type Problem, parseInstant, type Route, route, writeInstant } from '#base'
import {
  DIMENSIONS,
  type Dimension,
  FINE_HOURS_MS,
  type RateQuestion,
  type RateRow,
} from './ask.ts'
import type { ChangePart } from './change.ts'
import { DAY_MS } from './maturity.ts'
import type { Quality } from './quality.ts'
import { SEGMENT_DIMENSIONS } from './question-store.ts'
import { COUNT_NAMES, RATE_NAMES, type Rate, type RateName } from './rates.ts'
import { qualityProblem } from './refusals.ts'

const closed = { additionalProperties: false }
const read = { permission: 'quality.read' }
const tags = ['success rates']
const Time = Type.String({
  maxLength: 40,
  description: 'RFC 3339, such as 2026-03-02T00:00:00+08:00.',
})
const List = Type.Optional(
  Type.String({ maxLength: 400, description: 'Values with commas between.' }),
)
const filters = Object.fromEntries(DIMENSIONS.map((name) => [name, List])) as Record<
  Dimension,
  typeof List
>
const By = Type.Optional(
  Type.String({ maxLength: 200, description: `Of ${DIMENSIONS.join(', ')}.` }),
)
const Version = Type.Optional(Type.Integer({ minimum: 0, maximum: 2_147_483_647 }))

const RatesQuery = Type.Object(
  {
    ...{ from: Time, to: Time, by: By, codes_version: Version, ...filters },
    time: Type.Optional(Type.Union([Type.Literal('day'), Type.Literal('hour')])),
  },
  closed,
)
const ChangesQuery = Type.Object(
  {
    ...{ rate: Type.String({ maxLength: 40 }), from: Time, to: Time, before_from: Time },
    ...{ before_to: Time, by: By, codes_version: Version, ...filters },
  },
  closed,
)
const Count = Type.String({ pattern: '^-?[0-9]+$' })
const orNull = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()])
const RatePart = Type.Object(
  {
    numerator: Count,
    denominator: Count,
    ppm: orNull(Type.Integer()),
    low_ppm: orNull(Type.Integer()),
    high_ppm: orNull(Type.Integer()),
    low_sample: Type.Boolean(),
  },
  { ...closed, $id: 'SuccessRate' },
)
const RowPart = Type.Object(
  {
    group: Type.Record(Type.String(), Type.String()),
    at: orNull(Type.String()),
    counts: Type.Record(Type.String(), Count),
    rates: Type.Record(Type.String(), RatePart),
    immature: Type.Object({ attempts: Count, succeeded: Count }, closed),
  },
  { ...closed, $id: 'SuccessRateRow' },
)
const RatesReply = Type.Object({ data: Type.Array(RowPart) }, closed)
const ChangePartSchema = Type.Object(
  {
    group: Type.Record(Type.String(), Type.String()),
    ...{ before: RatePart, after: RatePart, mix_ppb: Count, rate_ppb: Count },
  },
  { ...closed, $id: 'SuccessRateChangePart' },
)
const ChangesReply = Type.Object(
  { before: RatePart, after: RatePart, change_ppb: Count, parts: Type.Array(ChangePartSchema) },
  closed,
)

/** The routes under `/v1/success-rates`. */
export function qualityRoutes(quality: Quality): Route[] {
  return [
    route({
      method: 'GET',
      path: '/v1/success-rates',
      name: 'readSuccessRates',
      summary:
        'Counts and rates of attempts made in a window, of any slice, by any of its dimensions.',
      tags,
      policy: read,
      query: RatesQuery,
      replies: { 200: RatesReply },
      handle: async ({ query }) => {
        const question = readQuestion(query)
        if ('problem' in question) return question
        const rows = await quality.ask(question, versionOf(query))
        const by = question.by ?? []
        return { status: 200, body: { data: rows.map((row) => rowJson(row, by)) } }
      },
    }),
    changesRoute(quality),
  ]
}

function changesRoute(quality: Quality): Route {
  return route({
    method: 'GET',
    path: '/v1/success-rates/changes',
    name: 'explainSuccessRate',
    summary:
      'What each slice did to a change of a rate between two windows; it adds up to the change.',
    tags,
    policy: read,
    query: ChangesQuery,
    replies: { 200: ChangesReply },
    handle: async ({ query }) => {
      const after = readQuestion(query)
      if ('problem' in after) return after
      const before = readWindow(query.before_from, query.before_to)
      if ('problem' in before) return before
      const rate = RATE_NAMES.find((name) => name === query.rate)
      if (rate === undefined) {
        return { problem: qualityProblem('rate_unknown', { rates: RATE_NAMES.join(', ') }) }
      }
      const { from, to, by = [], where } = after
      const asked = { rate: rate as RateName, before, after: { from, to }, by }
      const change = await quality.explain(
        { ...asked, ...(where !== undefined && { where }) },
        versionOf(query),
      )
      if (change === undefined) return { problem: qualityProblem('nothing_to_compare') }
      const body = {
        ...{ before: rateJson(change.before), after: rateJson(change.after) },
        change_ppb: change.changePpb.toString(),
        parts: change.parts.map((part) => partJson(part, by)),
      }
      return { status: 200, body }
    },
  })
}

function versionOf({ codes_version: version }: { codes_version?: number }) {
  return version === undefined ? {} : { codesVersion: version }
}

function readWindow(
  fromText: string,
  toText: string,
): { from: Instant; to: Instant } | { problem: Problem } {
  const from = parseInstant(fromText)
  const to = parseInstant(toText)
  if (from === undefined || to === undefined || from >= to) {
    return { problem: qualityProblem('window_empty') }
  }
  if (to - from > 400 * DAY_MS) return { problem: qualityProblem('window_too_long') }
  return { from, to }
}

type Asked = Partial<Record<Dimension, string>> & {
  from: string
  to: string
  by?: string
  time?: Static<typeof RatesQuery>['time']
}

function readQuestion(query: Asked): RateQuestion | { problem: Problem } {
  const window = readWindow(query.from, query.to)
  if ('problem' in window) return window
  const by = query.by === undefined ? [] : query.by.split(',')
  const known = by.filter((one): one is Dimension =>
    (DIMENSIONS as readonly string[]).includes(one),
  )
  if (known.length < by.length || new Set(by).size < by.length) {
    const dimensions = DIMENSIONS.join(', ')
    return { problem: qualityProblem('dimension_unknown', { dimensions }) }
  }
  const where = Object.fromEntries(
    DIMENSIONS.flatMap((name) => {
      const values = query[name]
      return values === undefined ? [] : [[name, values.split(',')]]
    }),
  )
  const isFine = SEGMENT_DIMENSIONS.some((name) => known.includes(name) || name in where)
  if (query.time === 'hour' && isFine && window.to - window.from > FINE_HOURS_MS) {
    return { problem: qualityProblem('hours_too_many') }
  }
  return { ...window, by: known, where, ...(query.time !== undefined && { time: query.time }) }
}

function groupJson(group: readonly string[], by: readonly Dimension[]): Record<string, string> {
  return Object.fromEntries(by.map((dimension, i) => [dimension, group[i] ?? '']))
}

function rateJson({ numerator, denominator, ppm, lowPpm, highPpm, lowSample }: Rate) {
  return {
    ...{ numerator: numerator.toString(), denominator: denominator.toString() },
    ...{ ppm: ppm ?? null, low_ppm: lowPpm ?? null, high_ppm: highPpm ?? null },
    low_sample: lowSample,
  }
}

function rowJson({ group, at, counts, rates, immature }: RateRow, by: readonly Dimension[]) {
  const snake = (name: string) => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
  return {
    ...{ group: groupJson(group, by), at: at === undefined ? null : writeInstant(at) },
    counts: Object.fromEntries(COUNT_NAMES.map((name) => [snake(name), counts[name].toString()])),
    rates: Object.fromEntries(RATE_NAMES.map((name) => [name, rateJson(rates[name])])),
    immature: {
      attempts: immature.attempts.toString(),
      succeeded: immature.succeeded.toString(),
    },
  }
}

function partJson({ group, before, after, mixPpb, ratePpb }: ChangePart, by: readonly Dimension[]) {
  return {
    ...{ group: groupJson(group, by), before: rateJson(before), after: rateJson(after) },
    ...{ mix_ppb: mixPpb.toString(), rate_ppb: ratePpb.toString() },
  }
}
