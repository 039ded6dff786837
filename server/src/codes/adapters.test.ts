/**
 * The lists against the adapters: what a code means here must agree with what its adapter makes of it.
 * The adapters are read from their folder, so one that is added without a list, or with a table of
 * codes nobody compares, turns this red.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Certainty } from './classification.ts'
import { createCodes } from './codes.ts'
import { DIRECTIONS, type Direction } from './direction.ts'
import { codesOfCheckout } from './testing/index.ts'

const FOLDER = new URL('../channels/adapters/', import.meta.url)
const codes = createCodes(codesOfCheckout())

type Exports = Readonly<Record<string, unknown>>

/** What an adapter says a code is worth, in one of its tables. */
interface Listed {
  readonly list: string
  readonly directions: readonly Direction[]
  readonly code: string
  readonly result: string
}

const RESULTS = new Set(['succeeded', 'failed', 'accepted', 'unknown', 'not_found'])

/** Tables of codes by what their exported name says: which way, and what listing means. */
function tablesOf(channel: string, exports: Exports): Listed[] {
  return Object.entries(exports).flatMap(([name, table]) => {
    const directions = /COLLECT|TRADE/.test(name)
      ? (['collect'] as const)
      : /REFUND_/.test(name)
        ? (['refund'] as const)
        : DIRECTIONS
    const listed = (code: string, result: string): Listed[] =>
      RESULTS.has(result) ? [{ list: channel, directions, code: code.split(' ')[0]!, result }] : []
    if (table instanceof Map) {
      return [...table].flatMap(([code, value]) =>
        listed(code, /REFUSALS$/.test(name) ? 'failed' : name === 'UNDER_WAY' ? 'accepted' : value),
      )
    }
    if (table instanceof Set) return [...table].flatMap((code) => listed(code, 'accepted'))
    return []
  })
}

/** Tables an adapter shows by functions only. */
function shownTables(channel: string, exports: Exports): Listed[] {
  const {
    STATUS_NAMES: names,
    listedCodes,
    resultOf,
  } = exports as {
    STATUS_NAMES?: readonly string[]
    listedCodes?: (table: string) => readonly string[]
    resultOf?: (table: string, code: string) => string
  }
  if (names === undefined || listedCodes === undefined || resultOf === undefined) return []
  return names.flatMap((name) =>
    listedCodes(name).map((code) => ({
      list: name.startsWith('share') ? `${channel}-split` : channel,
      directions: name.startsWith('refund')
        ? (['refund'] as const)
        : name.startsWith('share')
          ? DIRECTIONS
          : (['collect'] as const),
      ...{ code, result: name === 'query_error' ? 'not_found' : resultOf(name, code) },
    })),
  )
}

/** What a code is for certain: failed or succeeded where any table says so, else unknown. */
function expected(results: readonly string[]): readonly Certainty[] {
  const final = (['failed', 'succeeded'] as const).filter((one) => results.includes(one))
  return final.length > 0 ? final : ['unknown']
}

const adapters = readdirSync(FOLDER).filter((name) =>
  existsSync(new URL(`${name}/status.ts`, FOLDER)),
)

it('every channel with codes has an adapter to compare with, or is named here', () => {
  const lists = new Set(codes.rows.map((row) => row.list))
  const without = [...lists].filter((list) => !adapters.includes(list)).sort()
  expect(without).toEqual(['platform', 'unionpay-pos', 'wechat-pay-split'])
  expect(adapters.filter((name) => !lists.has(name) && name !== 'offline-transfer')).toEqual([])
})

describe.each(adapters.filter((name) => name !== 'offline-transfer'))('%s', (channel) => {
  it('agrees with its list on every code', async () => {
    const exports = (await import(new URL(`${channel}/status.ts`, FOLDER).href)) as Exports
    const listed = [...tablesOf(channel, exports), ...shownTables(channel, exports)]
    expect(listed.length).toBeGreaterThan(10)
    const results = new Map<string, string[]>()
    for (const { list, directions, code, result } of listed) {
      for (const direction of directions) {
        const key = `${list} ${direction} ${code}`
        results.set(key, [...(results.get(key) ?? []), result])
      }
    }
    const wrong = [...results].flatMap(([key, all]) => {
      const [list, direction, code] = key.split(' ') as [string, Direction, string]
      const found = codes.classify({ channel: list, direction, code })
      const fits = found.mapped && expected(all).includes(found.certainty)
      return fits ? [] : [`${key}: ${all.join('/')}, listed as ${found.reason} ${found.certainty}`]
    })
    expect(wrong).toEqual([])
  })
})

it('every word of our own that code answers with stands in the list of the platform', () => {
  const folders = ['../channels/', '../channels/adapters/', '../payments/']
  const sources = folders.flatMap((folder) => filesUnder(new URL(folder, import.meta.url)))
  const words = new Set(
    sources.flatMap((text) =>
      [...text.matchAll(/\b(?:code: |unknown\(|failed\()'([A-Z]{2,}(?:_[A-Z]+)+)'/g)].map(
        (match) => match[1]!,
      ),
    ),
  )
  expect(words.size).toBeGreaterThan(15)
  const known = (code: string) =>
    [...adapters, 'platform'].some((channel) =>
      DIRECTIONS.some((direction) => codes.classify({ channel, direction, code }).mapped),
    )
  expect([...words].filter((word) => !known(word) && !NO_CODES.has(word))).toEqual([])
})

/** Fields called `code` that are no answers. */
const NO_CODES = new Set(['FAST_INSTANT_TRADE_PAY'])

function filesUnder(folder: URL): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.isDirectory()) {
      return entry.name === 'fixtures' ? [] : filesUnder(new URL(`${entry.name}/`, folder))
    }
    const isSource = entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts')
    return isSource ? [readFileSync(new URL(entry.name, folder), 'utf8')] : []
  })
}
