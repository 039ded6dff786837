/**
 * `npm run bench -- quality`: questions about success rates over ten million attempts of ninety days.
 *
 * Attempts are loaded by COPY and the counts made of them by two statements, because folding ten million
 * facts one batch after another would take most of an hour; what folding costs is measured apart, over
 * `--facts` facts delivered one by one. Budget: five minutes and 10 GB.
 */
import { once } from 'node:events'
import { cpus } from 'node:os'
import pg from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { migrate, simulatedClock } from '../../server/src/base/index.ts'
import { openCodeTable } from '../../server/src/codes/index.ts'
import { codesOfCheckout } from '../../server/src/codes/testing/index.ts'
import {
  type Ending,
  openQuality,
  type Quality,
  type RateQuestion,
} from '../../server/src/quality/index.ts'
import { eventsOf, factOf } from '../../server/src/quality/testing/index.ts'
import { realWorld } from '../real-world.ts'
import { BANKS, traffic } from './attempts.ts'
import { one, startBenchServer } from './database.ts'
import { number, percentile, rounded, table } from './figures.ts'
import type { Bench } from './main.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const FROM = Date.parse('2026-01-01T00:00:00+08:00')
const DAYS = 90
const END = FROM + DAYS * DAY_MS
const GATE_MS = 300

export const qualityBench: Bench = {
  says: 'Questions about success rates over ten million attempts of ninety days.',
  options: {
    attempts: { says: 'how many attempts are loaded (10000000)' },
    questions: { says: 'how many questions are asked (200)' },
    facts: { says: 'how many facts are delivered and folded (20000)' },
    seed: { says: 'of the traffic and the questions (1)' },
    quick: { says: 'a hundredth of it all: proves that it runs', flag: true },
  },
  run: async (options, print) => {
    const quick = options.flag('quick')
    const attempts = options.number('attempts', quick ? 100_000 : 10_000_000)
    const questions = options.number('questions', quick ? 50 : 200)
    const facts = options.number('facts', quick ? 2_000 : 20_000)
    const seed = options.number('seed', 1)
    const progress = (line: string) => console.error(line)
    progress('starting a throw-away PostgreSQL, durable in every respect')
    const server = await startBenchServer({ settings: { max_wal_size: '4GB' } })
    try {
      const { url } = await server.empty()
      await migrate({ url })
      const loaded = await load(url, { attempts, seed, progress })
      const world = { ...realWorld({ url }), clock: simulatedClock(END + 3 * DAY_MS) }
      const codes = await openCodeTable(world, codesOfCheckout())
      const quality = openQuality(world, codes)
      const { asked, firstMs } = await askAll(quality, { questions, seed, progress })
      const folding = await foldSome(quality, facts)
      await world.db.close()
      print(
        `${server.version}, Node ${process.versions.node}, ${cpus().length} cores, ` +
          `${number(attempts)} attempts over ${DAYS} days, seed ${seed}.`,
      )
      print('')
      print(questionsTable(asked))
      print('')
      const all = asked.flatMap(({ ms }) => ms)
      const p95 = percentile(all, 0.95)
      const disk = loaded.bytes / 1e9
      print(
        table([
          ['figure', 'measured', 'gate', ''],
          ['query_p95_ms', number(p95, 1), `< ${GATE_MS}`, p95 < GATE_MS ? 'reached' : 'MISSED'],
          ['query_p50_ms', number(percentile(all, 0.5), 1), '', ''],
          ['query_max_ms', number(percentile(all, 1), 1), '', ''],
          // The days are read into memory by the first question that needs them.
          ['first_question_ms', number(firstMs), '', ''],
          ['load_s', number(loaded.seconds, 1), '', ''],
          ['disk_gb', number(disk, 2), '< 10', disk < 10 ? 'reached' : 'MISSED'],
          ['cells_per_day', number(loaded.cells / DAYS), '', ''],
          [
            'facts_per_s',
            number(folding.perSecond),
            '≥ 1,000',
            folding.perSecond >= 1_000 ? 'reached' : 'MISSED',
          ],
        ]),
      )
      return {
        ...{ attempts, questions: all.length, seed, query_p95_ms: rounded(p95) },
        query_p50_ms: rounded(percentile(all, 0.5)),
        query_max_ms: rounded(percentile(all, 1)),
        first_question_ms: rounded(firstMs),
        ...{ load_s: rounded(loaded.seconds), disk_gb: rounded(disk) },
        facts_per_s: Math.round(folding.perSecond),
        cells: loaded.cells,
      }
    } finally {
      await server.stop()
    }
  },
}

interface Loaded {
  readonly seconds: number
  readonly bytes: number
  readonly cells: number
}

/** Fills the tables; keys and indexes are built after the rows, as for any bulk load. */
async function load(
  url: string,
  of: { attempts: number; seed: number; progress: (line: string) => void },
): Promise<Loaded> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const begun = performance.now()
    const since = () => `${((performance.now() - begun) / 1_000).toFixed(0)} s`
    const made = traffic({ count: of.attempts, days: DAYS, from: FROM, seed: of.seed })
    await client.query(DROP_INDEXES)
    of.progress(`copying ${number(of.attempts)} attempts`)
    await copy(client, 'quality.attempt', made.lines())
    await copy(client, `quality.segment (id, bank, account_type, band)`, [
      made.segments.map((s, i) => `${i + 1}\t${s.bank}\t${s.accountType}\t${s.band}\n`).join(''),
    ])
    await copy(client, `quality.ending (id, ${ENDING_COLUMNS})`, [
      made.endings.map((ending, i) => endingLine(i + 1, ending)).join(''),
    ])
    of.progress(`${since()}: building keys and indexes`)
    await client.query("set maintenance_work_mem = '512MB'; set work_mem = '256MB'")
    for (const statement of [...BUILD_INDEXES, ...MAKE_COUNTS]) await client.query(statement)
    await client.query('reset work_mem')
    of.progress(`${since()}: vacuum, analyze`)
    await client.query(
      'vacuum (analyze) quality.attempt, quality.day, quality.hour, quality.ending, quality.segment',
    )
    await client.query('checkpoint')
    const seconds = (performance.now() - begun) / 1_000
    const rows = Number(await one<string>(client, 'select sum(n) as value from quality.day'))
    const hours = Number(await one<string>(client, 'select sum(n) as value from quality.hour'))
    if (rows !== of.attempts || hours !== of.attempts) {
      throw new Error(`${of.attempts} attempts copied, ${rows} and ${hours} counted`)
    }
    return {
      seconds,
      bytes: Number(
        await one<string>(client, 'select pg_database_size(current_database()) as value'),
      ),
      cells: Number(await one<string>(client, 'select count(*) as value from quality.day')),
    }
  } finally {
    await client.end()
  }
}

async function copy(client: pg.Client, into: string, pieces: Iterable<string>): Promise<void> {
  const stream = client.query(copyFrom(`copy ${into} from stdin`))
  const done = once(stream, 'finish')
  for (const piece of pieces) {
    if (!stream.write(piece)) await once(stream, 'drain')
  }
  stream.end()
  await done
}

const ENDING_COLUMNS =
  'direction, channel, code, outcome, first, converted, last_channel, last_code, reclassified'

function endingLine(id: number, e: Ending): string {
  const values = [e.direction, e.channel, e.code, e.outcome, e.first, e.converted]
  return `${[id, ...values, e.lastChannel, e.lastCode, e.reclassified].join('\t')}\n`
}

const DROP_INDEXES = `
  alter table quality.attempt drop constraint attempt_pkey;
  drop index quality.attempt_order;
  drop index quality.attempt_made`

const BUILD_INDEXES = [
  'alter table quality.attempt add primary key (book_id, id)',
  'create index attempt_order on quality.attempt (book_id, order_id)',
  'create index attempt_made on quality.attempt (made_at) include (ending, segment)',
]

const MAKE_COUNTS = [
  `insert into quality.day (day, ending, segment, n)
   select floor((extract(epoch from made_at) + 28800) / 86400)::int, ending, segment, count(*)
   from quality.attempt group by 1, 2, 3`,
  `insert into quality.hour (hour, ending, n)
   select floor(extract(epoch from made_at) / 3600)::int, ending, count(*)
   from quality.attempt group by 1, 2`,
  'insert into quality.day_moved select distinct day, 0 from quality.day',
  `select setval(pg_get_serial_sequence('quality.ending', 'id'), (select max(id) from quality.ending))`,
  `select setval(pg_get_serial_sequence('quality.segment', 'id'), (select max(id) from quality.segment))`,
]

interface Asked {
  readonly says: string
  readonly ms: number[]
}

type Kind = readonly [says: string, question: Omit<RateQuestion, 'from' | 'to'>]

/** What people ask; each over windows of every length. */
const KINDS: readonly Kind[] = [
  ['all', {}],
  ['by direction', { by: ['direction'] }],
  ['by channel, per day', { by: ['channel'], time: 'day' }],
  ['by channel and cause', { by: ['channel', 'cause'] }],
  ['one channel by code', { where: { channel: ['netsunion'] }, by: ['code', 'reason'] }],
  ['by bank', { by: ['bank'] }],
  ['by channel, bank, account type', { by: ['channel', 'bank', 'account_type'] }],
  ['one bank per day', { where: { bank: [BANKS[2]!] }, time: 'day' }],
  ['one bank by channel and code', { where: { bank: [BANKS[0]!] }, by: ['channel', 'code'] }],
  ['by amount and account type', { by: ['band', 'account_type'] }],
  [
    'corporate payouts by bank',
    { where: { direction: ['pay'], account_type: ['corporate'] }, by: ['bank'] },
  ],
]

const LENGTHS = [
  90 * DAY_MS,
  90 * DAY_MS - 5 * HOUR_MS - 1_234_567,
  30 * DAY_MS,
  7 * DAY_MS + 9_876_543,
]

async function askAll(
  quality: Quality,
  of: { questions: number; seed: number; progress: (line: string) => void },
): Promise<{ asked: Asked[]; firstMs: number }> {
  of.progress(`asking ${of.questions} questions`)
  const asked = KINDS.map(([says]) => ({ says, ms: [] as number[] }))
  const turn = (n: number) => {
    const [, question] = KINDS[n % KINDS.length]!
    const length = LENGTHS[(Math.floor(n / KINDS.length) + of.seed) % LENGTHS.length]!
    // Windows end at the end of the traffic or some hours and minutes before it.
    const to = length >= 89 * DAY_MS ? END : END - ((n * 7_919) % 500) * 1_000_003
    return { ...question, from: to - length, to }
  }
  const begun = performance.now()
  await quality.ask({ from: FROM, to: END })
  const firstMs = performance.now() - begun
  for (let n = 0; n < of.questions; n += 1) {
    const begun = performance.now()
    const rows = await quality.ask(turn(n))
    asked[n % KINDS.length]!.ms.push(performance.now() - begun)
    if (rows.length === 0) throw new Error(`${KINDS[n % KINDS.length]![0]}: nothing was answered`)
  }
  return { asked, firstMs }
}

/** Facts delivered one by one, as the relay does, over eight books at once, and folded. */
async function foldSome(quality: Quality, count: number): Promise<{ perSecond: number }> {
  const streams = Array.from({ length: 8 }, (_, stream) =>
    Array.from({ length: Math.floor(count / 8) }, (_, i) =>
      factOf({
        ...{ order: 1_000_000_000 + stream * count + i, book: 100 + stream },
        ...{ bank: BANKS[i % 40]!, accountType: 'personal', madeAt: END + i * 1_000 },
      }),
    ),
  )
  const running = quality.run()
  const begun = performance.now()
  await Promise.all(
    streams.map(async (facts) => {
      for (const event of eventsOf(facts)) await quality.subscriber.deliver(event)
    }),
  )
  await quality.fold()
  const seconds = (performance.now() - begun) / 1_000
  await quality.stop()
  await running
  const [row] = await quality.ask({ from: END, to: END + DAY_MS })
  const counted = (row?.counts.attempts ?? 0n) + (row?.immature.attempts ?? 0n)
  const delivered = streams.reduce((sum, facts) => sum + facts.length, 0)
  if (counted !== BigInt(delivered)) throw new Error(`${delivered} delivered, ${counted} counted`)
  return { perSecond: delivered / seconds }
}

function questionsTable(asked: readonly Asked[]): string {
  return table([
    ['question', 'asked', 'p50 ms', 'p95 ms', 'max ms'],
    ...asked
      .filter(({ ms }) => ms.length > 0)
      .map(({ says, ms }) => [
        says,
        String(ms.length),
        ...[0.5, 0.95, 1].map((share) => number(percentile(ms, share), 1)),
      ]),
  ])
}
