/** The tables and figures of the payments bench. */
import { type Figure, figure, number, percentile, rounded, show, table } from '../figures.ts'
import { column, type Measurement, type Measurements, of, ratio } from '../measure.ts'
import type { RsaCost } from './rsa-cost.ts'

const more = (found: Measurements, name: string, key: string): Figure =>
  figure(of(found, name).map((one) => one.more[key]!))

/** CPU µs a payment of server and PostgreSQL together. */
const ours = (found: Measurements, name: string): Figure => figure(of(found, name).map(cpuOf))

const cpuOf = ({ more, postgresCpu = 0 }: Measurement) => more.server_cpu! + postgresCpu

const waited = (found: Measurements, name: string, share: number): Figure =>
  figure(of(found, name).map(({ latencies }) => percentile(latencies, share)))

const rate = (found: Measurements, name: string) => column(found, name, (one) => one.perSecond)!

/** A row for each design that goes over HTTP. */
export function ratesTable(found: Measurements, designs: readonly string[]): string {
  const row = (name: string) => [
    name,
    show(rate(found, name)),
    show(ours(found, name)),
    number(more(found, name, 'server_cpu').median),
    number(column(found, name, (one) => one.postgresCpu)?.median ?? 0),
    number(more(found, name, 'rail_cpu').median),
    number(more(found, name, 'load_cpu').median),
    `${number(waited(found, name, 0.5).median)} / ${number(waited(found, name, 0.99).median)}`,
    `${number(more(found, name, 'booked_p50').median)} / ${number(more(found, name, 'booked_p99').median)}`,
  ]
  return table([
    [
      ...['design', 'payments per second', 'CPU µs, ours', 'server', 'PostgreSQL', 'rail', 'load'],
      ...['p50 / p99 ms', 'booked p50 / p99 ms'],
    ],
    ...designs.map(row),
  ])
}

/** Of the CPU µs of a payment over RSA, those that RSA itself takes; ours alone, and of all sides. */
function rsaShares(found: Measurements, cost: RsaCost): { ours: Figure; all: Figure } {
  const runs = of(found, 'rsa')
  return {
    ours: figure(runs.map((one) => cost.server / cpuOf(one))),
    all: figure(
      runs.map(
        (one) => (cost.server + cost.rail) / (cpuOf(one) + one.more.rail_cpu! + one.more.load_cpu!),
      ),
    ),
  }
}

/** `below`: the goal is reached under the gate, not over it. */
type Row = readonly [name: string, value: Figure, digits: number, gate?: number, below?: boolean]

function rows(found: Measurements, cost: RsaCost): Row[] {
  const shares = rsaShares(found, cost)
  return [
    ['payments_per_s', rate(found, 'uniform'), 0, 1_000],
    ['cpu_us_per_payment', ours(found, 'uniform'), 0, 600, true],
    ['hot_vs_uniform', ratio(found, 'hot', 'uniform'), 2, 0.9],
    ['vs_ledger', ratio(found, 'uniform', 'ledger'), 4],
    ['vs_naive', ratio(found, 'uniform', 'naive'), 2],
    ['payments_per_s_rsa', rate(found, 'rsa'), 0],
    ['rsa_cpu_share', shares.ours, 3],
    ['rsa_cpu_share_all', shares.all, 3],
    ['p50_ms', waited(found, 'uniform', 0.5), 1],
    ['p99_ms', waited(found, 'uniform', 0.99), 1],
    ['booked_p50_ms', more(found, 'uniform', 'booked_p50'), 1],
    ['booked_p99_ms', more(found, 'uniform', 'booked_p99'), 1],
  ]
}

const isReached = (value: Figure, gate: number, below: boolean | undefined) =>
  below === true ? value.median <= gate : value.median >= gate

export function figuresTable(found: Measurements, cost: RsaCost): string {
  return table([
    ['figure', 'measured', 'goal', ''],
    ...rows(found, cost).map(([name, value, digits, gate, below]) => [
      name,
      show(value, digits),
      gate === undefined ? '' : `${below === true ? '≤' : '≥'} ${number(gate, gate < 1 ? 2 : 0)}`,
      gate === undefined ? '' : isReached(value, gate, below) ? 'reached' : 'MISSED',
    ]),
  ])
}

/** The most disk used at any time, GB. */
export const diskGb = (found: Measurements, designs: readonly string[]): number =>
  Math.max(...designs.map((name) => more(found, name, 'disk').max)) / 1e9

export function figures(
  found: Measurements,
  designs: readonly string[],
  cost: RsaCost,
): Record<string, number> {
  const parts = (name: string) =>
    [
      [`cpu_us_server_${name}`, more(found, name, 'server_cpu').median],
      [`cpu_us_postgres_${name}`, column(found, name, (one) => one.postgresCpu)?.median ?? 0],
      [`cpu_us_rail_${name}`, more(found, name, 'rail_cpu').median],
      [`cpu_us_load_${name}`, more(found, name, 'load_cpu').median],
    ] as const
  return Object.fromEntries([
    ...rows(found, cost).map(([name, value]) => [name, rounded(value.median)] as const),
    ...[...designs, 'ledger'].map((name) => {
      return [`${name}_per_s`, Math.round(rate(found, name).median)] as const
    }),
    ...designs.flatMap(parts).map(([name, value]) => [name, rounded(value)] as const),
    ['rsa_us_server', rounded(cost.server)],
    ['rsa_us_rail', rounded(cost.rail)],
  ])
}
