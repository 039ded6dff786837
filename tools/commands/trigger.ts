/** `tenon trigger`: a sample of an event, with your own data, to every endpoint and listener. */
import { parseArgs } from 'node:util'
import { isMoneyRefusal, parseDecimal } from '../../server/src/money/index.ts'
import { type Terminal, UsageProblem } from '../command.ts'
import { openDevServer } from '../dev/server.ts'

interface EventTypes {
  readonly data: readonly { readonly type: string; readonly title: { readonly en: string } }[]
}

interface Triggered {
  readonly event: { readonly id: string; readonly type: string; readonly data: unknown }
  readonly deliveries: number
}

export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      set: { type: 'string', multiple: true, default: [] },
      list: { type: 'boolean', default: false },
      url: { type: 'string' },
    },
  })
  const { say } = terminal
  const [type, ...more] = positionals
  if ((type === undefined) !== values.list || more.length > 0) {
    throw new UsageProblem('Name one event: tenon trigger payment.succeeded; --list shows all.')
  }
  const set = Object.fromEntries(values.set.map(changeOf))
  const server = await openDevServer({ env: terminal.env, url: values.url })
  if (type === undefined) {
    const { data } = await server.get<EventTypes>('/v1/webhooks/event-types')
    const width = Math.max(...data.map((each) => each.type.length))
    for (const each of data) say(`${each.type.padEnd(width)}  ${each.title.en}`)
    return 0
  }
  const { event, deliveries } = await server.post<Triggered>('/v1/webhooks/trigger', {
    type,
    ...(values.set.length > 0 && { set }),
  })
  say(`${event.type} ${event.id}`)
  say(JSON.stringify(event.data))
  say(sentTo(deliveries))
  return 0
}

/** What a number of deliveries means. */
export function sentTo(deliveries: number): string {
  if (deliveries === 0) {
    return 'Nobody wants it: no endpoint is enabled for this type, and nobody listens.'
  }
  return `On its way to ${deliveries} ${deliveries === 1 ? 'receiver' : 'receivers'}.`
}

/**
 * `payout.purpose=rent` sets a text, `count=3` a text too: amounts are texts. `{…}`, `[…]`, true, false
 * and null are JSON. An amount may be written in yuan: `amount=500.51`.
 */
export function changeOf(text: string): [path: string, value: unknown] {
  const at = text.indexOf('=')
  const [path, value] = [text.slice(0, at), text.slice(at + 1)]
  if (at < 1 || !/^[a-z_]+(\.[a-z_]+)*$/.test(path)) {
    throw new UsageProblem(`--set takes field=value, such as amount=500.51, not "${text}".`)
  }
  if (path === 'amount') {
    const minor = parseDecimal(value, 'CNY')
    if (isMoneyRefusal(minor) || minor < 0n) {
      throw new UsageProblem(`"${value}" is no amount in yuan; write it like amount=500.51.`)
    }
    return ['amount.amount', String(minor)]
  }
  if (!/^(?:[[{].*|true|false|null)$/s.test(value)) return [path, value]
  try {
    return [path, JSON.parse(value)]
  } catch {
    throw new UsageProblem(`The value of ${path} is no JSON: ${value}`)
  }
}
