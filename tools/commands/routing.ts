/**
 * `tenon routing replay`: what the last days would have been under other rules. Reads only.
 *
 * A table for people, and as the last line (or with --json the only one) one JSON object.
 */
import { readFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { type Db, schemaProblem, seededRng, wallClock } from '../../server/src/base/index.ts'
import { openCodeTable } from '../../server/src/codes/index.ts'
import { codesOfCheckout } from '../../server/src/codes/testing/index.ts'
import { toDecimal } from '../../server/src/money/index.ts'
import { readRecordedAttempts } from '../../server/src/payments/index.ts'
import {
  createRuleSet,
  describe,
  parseRules,
  type Replay,
  readNotedChannels,
  replay,
} from '../../server/src/routing/index.ts'
import { table } from '../bench/figures.ts'
import { type Terminal, UsageProblem } from '../command.ts'
import { openDatabase } from './ledger.ts'

const DAY_MS = 86_400_000

export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      days: { type: 'string', default: '7' },
      rules: { type: 'string' },
      seed: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
    },
  })
  if (positionals.join(' ') !== 'replay' || values.rules === undefined) {
    throw new UsageProblem('Write: tenon routing replay --days 7 --rules draft.yaml [--json]')
  }
  const [days, seed] = [whole('days', values.days), whole('seed', values.seed)]
  const document = parseRules(await readFile(values.rules, 'utf8'))
  const { db, close } = await openDatabase(terminal)
  try {
    const wrong = await schemaProblem(db)
    if (wrong !== undefined) {
      terminal.complain(wrong)
      return 1
    }
    const now = wallClock().now()
    const result = await replayRules(db, { document, from: now - days * DAY_MS, to: now, seed })
    if ('problems' in result) {
      for (const { pointer, says } of result.problems) terminal.complain(`${pointer}: ${says}`)
      return 1
    }
    if (!values.json) {
      for (const line of result.says) terminal.say(line)
      terminal.say(written(result.replay))
    }
    terminal.say(JSON.stringify(figures(result.replay, days, seed)))
    return 0
  } finally {
    await close()
  }
}

function whole(name: string, text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) {
    throw new UsageProblem(`--${name} takes a whole number above zero, not "${text}".`)
  }
  return Number(text)
}

export interface ReplayOf {
  /** The draft, as parsed. */
  readonly document: unknown
  readonly from: number
  readonly to: number
  /** Of the dice that make the intervals. */
  readonly seed: number
}

/** Replays what a database recorded; or everything that is wrong with the draft. */
export async function replayRules(
  db: Db,
  { document, from, to, seed }: ReplayOf,
): Promise<
  { replay: Replay; says: string[] } | { problems: readonly { pointer: string; says: string }[] }
> {
  const capabilities = await readNotedChannels(db)
  const rules = createRuleSet(
    document,
    capabilities.map(({ channel }) => channel),
  )
  if ('problems' in rules) return rules
  const attempts = await readRecordedAttempts(db, from, to)
  const codes = await openCodeTable({ db, clock: wallClock() }, codesOfCheckout())
  const says = rules.document.rules.map((each) => `${each.id}: ${describe(each).en}`)
  const { classify } = codes.current()
  return {
    replay: replay({ attempts, rules, capabilities, classify, dice: seededRng(seed) }),
    says,
  }
}

function written(result: Replay): string {
  const { success, cost, breaches, recorded } = result
  const yuan = (amount: bigint) => toDecimal({ amount, currency: 'CNY' })
  const share = (ppm: bigint) => `${decimal(ppm)} pp`
  const row = (name: string, was: string, of: readonly string[]) => [name, was, ...of]
  const measures = table([
    ['', 'recorded', 'change', '95 % from', 'to'],
    row(
      'success',
      `${decimal(BigInt(recorded.successPpm))} %`,
      [success.change, success.low, success.high].map(share),
    ),
    row('cost, yuan', yuan(recorded.cost), [cost.change, cost.low, cost.high].map(yuan)),
    row(
      'limit breaches',
      String(recorded.breaches),
      [breaches.change, breaches.low, breaches.high].map(String),
    ),
  ])
  const channels = table([
    ['channel', 'recorded', 'draft'],
    ...result.channels.map((each) => [each.channel, String(each.recorded), String(each.draft)]),
  ])
  const notes =
    `${result.attempts} first attempts, ${result.counted} count for success; ` +
    `${result.moved} would go elsewhere, ${result.withoutChannel} nowhere, ` +
    `${result.unseen} where nothing was ever seen (taken as unchanged).`
  return `\n${measures}\n\n${channels}\n\n${notes}`
}

/** Parts per million as per cent: `-0.0250`. */
function decimal(ppm: bigint): string {
  const size = ppm < 0n ? -ppm : ppm
  return `${ppm < 0n ? '-' : ''}${size / 10_000n}.${String(size % 10_000n).padStart(4, '0')}`
}

function figures(result: Replay, days: number, seed: number): Record<string, unknown> {
  const three = (of: { change: bigint; low: bigint; high: bigint }) => ({
    change: of.change.toString(),
    low: of.low.toString(),
    high: of.high.toString(),
  })
  return {
    ...{ days, seed, attempts: result.attempts, counted: result.counted, moved: result.moved },
    ...{ without_channel: result.withoutChannel, unseen: result.unseen },
    success_ppm: { recorded: result.recorded.successPpm, ...three(result.success) },
    cost: { recorded: result.recorded.cost.toString(), ...three(result.cost) },
    limit_breaches: { recorded: result.recorded.breaches, ...three(result.breaches) },
    channels: result.channels,
  }
}
