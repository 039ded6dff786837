/** The replay as an operator calls it, over a database of its own with a week of payouts. */
import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { seededRng, wallClock } from '../../server/src/base/index.ts'
import { openRouting, parseRules } from '../../server/src/routing/index.ts'
import { type TestDatabase, testDatabase } from '../../server/testing/database.ts'
import { testWorld } from '../../server/testing/world.ts'
import { run } from './routing.ts'

const RULES = `policy:
  value: { ppm: 1000, least: 100, most: 5000 }
  explore: { ppm: 0, payoutMost: 500000 }
  permission: { refusals: 1, days: 7 }
rules:
  - id: companies
    title: { zh: 对公, en: Companies }
    when: account_type == "corporate"
    then: { only: [bank-direct] }
`
const COUNT = 400

let database: TestDatabase

beforeAll(async () => {
  database = await testDatabase()
  const world = testWorld({ db: database.db })
  await openRouting({
    world,
    capabilities: ['netsunion', 'bank-direct'].map((channel, n) => ({
      ...{ channel, title: { zh: channel, en: channel }, currency: 'CNY', directions: ['pay'] },
      ...{ methods: [], notPermitted: [], accountTypes: ['personal', 'corporate'], banks: 'all' },
      ...{ limits: [], openHours: [], maintenance: [], holdDays: 0 },
      ...{
        settlement: { days: 0, kind: 'gross' },
        fees: [{ ppm: 0, fixed: n === 0 ? 20n : 200n }],
      },
    })),
    reaches: () => true,
    classify: () => {
      throw new Error('nothing is learnt here')
    },
    rules: { ...(parseRules(RULES) as Parameters<typeof openRouting>[0]['rules']), rules: [] },
  })
  const rng = seededRng(5)
  const now = wallClock().now()
  for (let n = 0; n < COUNT; n += 1) {
    const company = n % 4 === 0
    const direct = n % 8 === 0
    const ok = direct || !company || rng.below(10) < 4
    const at = new Date(now - (COUNT - n) * 60_000)
    await database.db.query(
      `insert into payments.attempt (book_id, org_id, id, direction, owner, number, channel, method,
         bank, account_type, reference, amount, currency, state, made_at, valid_until, code, moved_at)
       values (1, 1, $1, 'pay', $2, 1, $3, '', 'SPDB', $4, $5, 100000, 'CNY', $6, $7, $7, $8, $7)`,
      [
        ...[world.ids.uuid(), `pout_1_${n}`, direct ? 'bank-direct' : 'netsunion'],
        ...[company ? 'corporate' : 'personal', `ref-${n}`, ok ? 'succeeded' : 'failed', at],
        ok ? '00000000' : 'PB520005',
      ],
    )
  }
})

afterAll(() => database.drop())

async function call(args: readonly string[]) {
  const lines: string[] = []
  const complaints: string[] = []
  const code = await run(args, {
    env: { DATABASE_URL: database.url },
    say: (line) => void lines.push(line),
    complain: (line) => void complaints.push(line),
    ask: () => Promise.resolve(undefined),
  })
  return { code, lines, complaints }
}

async function draft(text: string): Promise<string> {
  const path = join(tmpdir(), `tenon-routing-test-${process.pid}.yaml`)
  await writeFile(path, text)
  return path
}

test('prints a table and a line of JSON', async () => {
  const { code, lines } = await call(['replay', '--rules', await draft(RULES)])
  expect(code).toBe(0)
  expect(lines[0]).toBe('companies: When the account is corporate, use only bank-direct.')
  expect(lines[1]).toMatch(/success .* pp/)
  const figures = JSON.parse(lines.at(-1)!) as Record<string, Record<string, string>>
  // Every company over netsunion moves: one in eight of all, at 1.80 more each.
  expect(figures).toMatchObject({ attempts: COUNT, counted: COUNT, moved: 50, unseen: 0 })
  expect(figures.cost?.change).toBe(String(50 * 180))
  expect(figures.channels).toEqual([
    { channel: 'bank-direct', recorded: 50, draft: 100 },
    { channel: 'netsunion', recorded: 350, draft: 300 },
  ])
  const [low, high] = [Number(figures.success_ppm?.low), Number(figures.success_ppm?.high)]
  // 0.6 of one in eight: 75,000 ppm.
  expect(low).toBeGreaterThan(35_000)
  expect(low).toBeLessThan(75_000)
  expect(high).toBeGreaterThan(75_000)
  expect(high).toBeLessThan(115_000)
  const json = await call(['replay', '--rules', await draft(RULES), '--json', '--days', '1'])
  expect(json.lines).toHaveLength(1)
})

test('a draft with mistakes is refused with each of them', async () => {
  const wrong = RULES.replace('account_type', 'acount_type').replace('bank-direct', 'bank-dirct')
  const { code, complaints, lines } = await call(['replay', '--rules', await draft(wrong)])
  expect(code).toBe(1)
  expect(lines).toEqual([])
  expect(complaints).toEqual([
    '/rules/0/then: There is no channel bank-dirct. The channels are bank-direct, netsunion.',
    expect.stringMatching(/^\/rules\/0\/when: Unknown variable: acount_type\./),
  ])
})

test('a wrong command line says what to write', async () => {
  await expect(call(['replay'])).rejects.toThrow('tenon routing replay --days 7')
  const rules = await draft(RULES)
  await expect(call(['replay', '--rules', rules, '--days', 'x'])).rejects.toThrow('--days takes')
})
