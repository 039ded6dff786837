/** `tenon listen`: what an endpoint would be sent, here and at a local address. */
import { parseArgs } from 'node:util'
import { type Terminal, UsageProblem } from '../command.ts'
import { type Listening, listen, type Outcome } from '../dev/listen.ts'
import { openDevServer } from '../dev/server.ts'

const SHOWN_REPLY = 120

/** Runs until Ctrl-C, or until `signal` says so. */
export async function run(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal = untilInterrupted(),
): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'forward-to': { type: 'string' },
      events: { type: 'string' },
      'print-secret': { type: 'boolean', default: false },
      format: { type: 'string', default: 'text' },
      url: { type: 'string' },
    },
  })
  const { format } = values
  if (format !== 'text' && format !== 'json') {
    throw new UsageProblem(`--format takes text or json, not "${format}".`)
  }
  const forwardTo = values['forward-to'] === undefined ? undefined : addressOf(values['forward-to'])
  const server = await openDevServer({ env: terminal.env, url: values.url })
  const say = format === 'json' ? terminal.complain : terminal.say
  const listening: Listening = {
    ...{ server, forwardTo, signal },
    events: (values.events ?? '').split(',').filter((each) => each !== ''),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    onSession: ({ session, secret }) => {
      say(`Listening at ${server.url} as ${session}.`)
      if (forwardTo !== undefined) say(`Each delivery goes to ${forwardTo.href}.`)
      say(
        values['print-secret']
          ? `Signed with ${secret}`
          : 'Signed with a secret of this session; --print-secret shows it.',
      )
    },
    onOutcome: (outcome) => terminal.say(format === 'json' ? asJson(outcome) : asText(outcome)),
    onTrouble: (says) => terminal.complain(`${says} Asking again.`),
  }
  await listen(listening)
  say('Stopped listening.')
  return 0
}

function addressOf(text: string): URL {
  const address = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url?.protocol === 'http:' || url?.protocol === 'https:') return url
  throw new UsageProblem(
    `"${text}" is no address to forward to; write it like http://localhost:3000/hook.`,
  )
}

function asText({ listened, status, ms, reply, error }: Outcome): string {
  const { headers, body } = listened
  const isReplay = headers['webhook-replay'] === 'true'
  const answered = status === null ? `no answer: ${error}` : `${status} in ${ms} ms`
  const [line = ''] = reply.split('\n')
  const said =
    status === null || (status >= 200 && status < 300) ? '' : `: ${line.slice(0, SHOWN_REPLY)}`
  const what = `${typeOf(body)} ${headers['webhook-id'] ?? listened.delivery}`
  return `${what}${isReplay ? ' (replay)' : ''} → ${answered}${said}`
}

function asJson({ listened, status, ms, error }: Outcome): string {
  const { headers, body, delivery } = listened
  const replay = headers['webhook-replay'] === 'true'
  return JSON.stringify({ delivery, status, ms, error, replay, event: parsed(body) })
}

const typeOf = (body: string) => (parsed(body) as { type?: string } | undefined)?.type ?? '?'

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

function untilInterrupted(): AbortSignal {
  const stop = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => stop.abort())
  return stop.signal
}
