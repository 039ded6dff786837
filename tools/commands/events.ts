/** `tenon events`: what happened, and sending it again, to endpoints and to whoever listens. */
import { parseArgs } from 'node:util'
import type { EventJson } from '../../server/src/webhooks/contract.ts'
import { type Terminal, UsageProblem } from '../command.ts'
import { type DevServer, openDevServer } from '../dev/server.ts'
import { sentTo } from './trigger.ts'

const OPTIONS = {
  type: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  limit: { type: 'string', default: '20' },
  endpoint: { type: 'string' },
  failed: { type: 'boolean', default: false },
  format: { type: 'string', default: 'text' },
  url: { type: 'string' },
} as const

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values']

/** Replaying more at a time is asked of one endpoint, which the server does by itself. */
const MOST_RESENT = 1_000
const PAGE = 100

interface Deliveries {
  readonly deliveries: number
}

export async function run(args: readonly string[], terminal: Terminal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: OPTIONS,
    allowPositionals: true,
  })
  const [verb, ...rest] = positionals
  const server = () => openDevServer({ env: terminal.env, url: values.url })
  if (verb === 'list' && rest.length === 0) return list(await server(), values, terminal)
  if (verb === 'resend' && rest.length > 0) return resend(await server(), rest, terminal)
  if (verb === 'replay' && rest.length === 0) {
    if (values.since === undefined) throw new UsageProblem('Name the time to replay from, --since.')
    if (values.failed && values.endpoint === undefined) {
      throw new UsageProblem('--failed looks at one endpoint; name it with --endpoint whk_….')
    }
    return replay(await server(), values, terminal)
  }
  throw new UsageProblem('Write: tenon events list, tenon events resend <evt_…> or replay --since.')
}

async function list(server: DevServer, values: Values, terminal: Terminal): Promise<number> {
  if (!/^[1-9]\d{0,3}$/.test(values.limit)) {
    throw new UsageProblem(`--limit takes a whole number up to 9999, not "${values.limit}".`)
  }
  let shown = 0
  for await (const event of walk(server, values)) {
    terminal.say(
      values.format === 'json'
        ? JSON.stringify(event)
        : `${event.created}  ${event.type.padEnd(28)}  ${event.id}`,
    )
    shown += 1
    if (shown >= Number(values.limit)) break
  }
  return 0
}

/** The events that fit, as the server orders them: the newest first. */
async function* walk(server: DevServer, { type, since, until }: Values): AsyncGenerator<EventJson> {
  const query = new URLSearchParams({ limit: String(PAGE) })
  for (const [name, value] of Object.entries({ type, since, until })) {
    if (value !== undefined) query.set(name, value)
  }
  for (;;) {
    const page = await server.get<{ data: EventJson[]; next: string | null }>(`/v1/events?${query}`)
    yield* page.data
    if (page.next === null) return
    query.set('after', page.next)
  }
}

async function resend(server: DevServer, ids: string[], { say }: Terminal): Promise<number> {
  let reached = 0
  for (const id of ids) {
    const { deliveries } = await server.post<Deliveries>(
      `/v1/events/${encodeURIComponent(id)}/resend`,
    )
    reached += deliveries
    say(`${id}: ${sentTo(deliveries)}`)
  }
  return reached > 0 ? 0 : 1
}

async function replay(server: DevServer, values: Values, terminal: Terminal): Promise<number> {
  const { since, until, type, endpoint, failed } = values
  if (endpoint !== undefined) {
    const { deliveries } = await server.post<Deliveries>(
      `/v1/webhooks/endpoints/${encodeURIComponent(endpoint)}/replays`,
      {
        ...{ since, until },
        ...(type !== undefined && { events: [type] }),
        ...(failed && { failed_only: true }),
      },
    )
    terminal.say(`${deliveries} deliveries are on their way to ${endpoint}.`)
    return 0
  }
  const events: EventJson[] = []
  for await (const event of walk(server, values)) {
    if (events.length === MOST_RESENT) {
      terminal.complain(
        `More than ${MOST_RESENT} events fit; narrow them with --until or --type, or name an --endpoint.`,
      )
      return 1
    }
    events.push(event)
  }
  // As they happened: receivers read one state after the other.
  const ids = events.reverse().map((event) => event.id)
  if (ids.length > 0) return resend(server, ids, terminal)
  terminal.say('No event fits; nothing was sent.')
  return 0
}
