/** The report's week: its figures to three decimals, and their reasons, all counted from facts. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createHttp, createMetrics, type Http, operatorOnly } from '#base'
import { qualityRoutes } from './http.ts'
import { DAY_MS } from './maturity.ts'
import type { RateName } from './rates.ts'
import { QUALITY_PROBLEMS } from './refusals.ts'
import { qualityStage, type Stage } from './testing/stage.ts'
import { NEW_CODES, QUIET_WEEK, REFUSING_BANK, REPORT_WEEK, seededWeeks } from './testing/week.ts'

let stage: Stage
let http: Http

beforeAll(async () => {
  stage = await qualityStage({ now: REPORT_WEEK.to + 2 * DAY_MS })
  await stage.deliver(seededWeeks())
  const { log, clock, rng, net } = stage.world
  http = await createHttp({
    ...{ log, clock, rng, net, metrics: createMetrics() },
    refusals: QUALITY_PROBLEMS,
    guard: operatorOnly(),
    routes: qualityRoutes(stage.quality),
  })
})
afterAll(() => stage.close())

/** Parts per million as per cent with three decimals. */
async function percent(direction: 'collect' | 'pay', rate: RateName, window = REPORT_WEEK) {
  const [row] = await stage.quality.ask({ ...window, where: { direction: [direction] } })
  const ppm = row!.rates[rate].ppm!
  const thousandths = Math.round(ppm / 10)
  return `${Math.floor(thousandths / 1_000)}.${String(thousandths % 1_000).padStart(3, '0')}`
}

const weeks = { before: QUIET_WEEK, after: REPORT_WEEK }

it('pay-ins: 99.975 % effective, because of codes nobody had classified', async () => {
  expect(await percent('collect', 'effective')).toBe('99.975')
  const change = await stage.quality.explain({
    ...{ ...weeks, rate: 'effective', where: { direction: ['collect'] } },
    by: ['channel', 'code', 'mapped'],
  })
  expect(change!.changePpb).toBeLessThan(0n)
  const [worst, second] = change!.parts
  expect([worst!.group, second!.group]).toEqual([
    ['wechat-pay', NEW_CODES[0], 'no'],
    ['wechat-pay', NEW_CODES[1], 'no'],
  ])
  // The two took more than the whole change: everything else went the other way.
  expect(worst!.ratePpb + second!.ratePpb).toBeLessThan(change!.changePpb)
  const inbox = await stage.codes.inbox()
  expect(inbox.map(({ code, count }) => [code, count])).toEqual([
    [NEW_CODES[0], 3n],
    [NEW_CODES[1], 1n],
  ])
})

it('classifying them as the user’s raises the rate and rewrites the week', async () => {
  const before = await stage.codes.refresh()
  for (const code of NEW_CODES) {
    await stage.codes.classifyLater(
      {
        ...{ channel: 'wechat-pay', direction: 'collect', code, cause: 'user' },
        ...{ reason: 'limit_exceeded', certainty: 'failed', retry: 'by_user' },
      },
      'operator',
    )
  }
  expect(await percent('collect', 'effective')).toBe('99.995')
  const change = await stage.quality.explain({
    ...{ ...weeks, rate: 'effective', where: { direction: ['collect'] }, by: ['code'] },
  })
  expect(change!.changePpb).toBeGreaterThan(0n)
  // The week as it was reported can still be had.
  expect(before.version.endsWith('+0')).toBe(true)
  const asReported = { ...REPORT_WEEK, where: { direction: ['collect'] } }
  const [row] = await stage.quality.ask(asReported, { codesVersion: 0 })
  expect(row!.rates.effective.ppm).toBe(999_750)
})

it('payouts: 99.975 % effective, 99.276 % at the first attempt', async () => {
  expect(await percent('pay', 'effective_by_order')).toBe('99.975')
  expect(await percent('pay', 'first_attempt')).toBe('99.276')
})

it('the first attempts fell at one bank, corporate accounts, one channel, for lack of permission', async () => {
  const question = { ...weeks, rate: 'first_attempt' as const, where: { direction: ['pay'] } }
  const by = ['channel', 'bank', 'account_type'] as const
  const change = (await stage.quality.explain({ ...question, by }))!
  const [worst] = change.parts
  expect(worst!.group).toEqual(['netsunion', REFUSING_BANK, 'corporate'])
  const pulled = worst!.ratePpb + worst!.mixPpb
  const total = change.parts.reduce((sum, part) => sum + part.mixPpb + part.ratePpb, 0n)
  expect(total).toBe(change.changePpb)
  // More than nine tenths of all that pulled the rate down.
  const down = change.parts
    .map((part) => part.mixPpb + part.ratePpb)
    .filter((one) => one < 0n)
    .reduce((sum, one) => sum + one, 0n)
  expect(pulled * 10n).toBeLessThan(down * 9n)
  const [channel, bank, accountType] = worst!.group as [string, string, string]
  const why = await stage.quality.explain({
    ...question,
    where: { direction: ['pay'], channel: [channel], bank: [bank], account_type: [accountType] },
    by: ['reason', 'cause'],
  })
  expect(why!.parts[0]!.group).toEqual(['permission', 'merchant'])
})

const path = (query: Record<string, string>) => `/v1/success-rates?${new URLSearchParams(query)}`
const window = { from: '2024-01-29T00:00:00+08:00', to: '2024-02-05T00:00:00+08:00' }
const get = async (url: string) => {
  const reply = await http.app.inject({ method: 'GET', url })
  return { status: reply.statusCode, body: reply.json() }
}

it('HTTP answers with counts and rates of a slice', async () => {
  const { status, body } = await get(
    path({ ...window, direction: 'pay', by: 'account_type,channel' }),
  )
  expect(status).toBe(200)
  expect(body.data.map((row: { group: object }) => row.group)).toContainEqual({
    account_type: 'corporate',
    channel: 'netsunion',
  })
  const all = await get(path({ ...window, direction: 'pay' }))
  expect(all.body.data).toHaveLength(1)
  expect(all.body.data[0]).toMatchObject({
    counts: { orders: '12018', first_succeeded: '11931', converted: '12015' },
    rates: { first_attempt: { ppm: 992_761, low_sample: false } },
    immature: { attempts: '0' },
  })
})

it('HTTP explains a change', async () => {
  const query = new URLSearchParams({
    ...{ ...window, rate: 'first_attempt', direction: 'pay', by: 'bank,account_type' },
    ...{ before_from: '2024-01-22T00:00:00+08:00', before_to: '2024-01-29T00:00:00+08:00' },
  })
  const { status, body } = await get(`/v1/success-rates/changes?${query}`)
  expect(status).toBe(200)
  expect(body.parts[0].group).toEqual({ bank: REFUSING_BANK, account_type: 'corporate' })
  const sum = body.parts.reduce(
    (all: bigint, part: { mix_ppb: string; rate_ppb: string }) =>
      all + BigInt(part.mix_ppb) + BigInt(part.rate_ppb),
    0n,
  )
  expect(sum.toString()).toBe(body.change_ppb)
})

it.each([
  ['window_empty', { ...window, to: window.from }],
  ['window_empty', { ...window, from: '2024-02-30T00:00:00+08:00' }],
  ['window_too_long', { ...window, from: '2022-01-01T00:00:00+08:00' }],
  ['hours_too_many', { ...window, time: 'hour', by: 'bank' }],
  ['hours_too_many', { ...window, time: 'hour', band: 'under_1k' }],
  ['dimension_unknown', { ...window, by: 'channel,weather' }],
  ['dimension_unknown', { ...window, by: 'channel,channel' }],
])('HTTP refuses: %s', async (code, query) => {
  const { status, body } = await get(path(query as Record<string, string>))
  expect([status, body.code]).toEqual([422, code])
})

it.each([
  ['rate_unknown', 422, { rate: 'best' }],
  ['window_empty', 422, { before_to: '2024-01-22T00:00:00+08:00' }],
  ['nothing_to_compare', 404, { channel: 'alipay' }],
])('HTTP refuses a change: %s', async (code, status, change) => {
  const query = new URLSearchParams({
    ...{ ...window, rate: 'effective', by: 'bank' },
    ...{
      before_from: '2024-01-22T00:00:00+08:00',
      before_to: '2024-01-29T00:00:00+08:00',
      ...change,
    },
  })
  const reply = await get(`/v1/success-rates/changes?${query}`)
  expect([reply.status, reply.body.code]).toEqual([status, code])
})
