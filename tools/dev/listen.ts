/**
 * Listening: deliveries are fetched from the server as if this machine were an endpoint, sent on to a
 * local address byte for byte, and their outcome is told back.
 *
 * The easy mistake: reading the body to send it on. Its signature is over the bytes, so they are passed
 * as they came, and one delivery after the other, as an endpoint would get them.
 */
import { TenonProblem } from '../../sdk/index.ts'
import type { ListenedJson } from '../../server/src/webhooks/contract.ts'
import { type DevServer, isUnanswered } from './server.ts'

/** What became of one delivery. */
export interface Outcome {
  readonly listened: ListenedJson
  /** Of the local receiver; `null` when it did not answer. */
  readonly status: number | null
  readonly ms: number
  /** What it said, at most 4,096 characters. */
  readonly reply: string
  readonly error: string
}

export interface Session {
  readonly session: string
  readonly secret: string
}

export interface Listening {
  readonly server: DevServer
  /** Types of events, or patterns such as `payout.*`; all when there are none. */
  readonly events: readonly string[]
  /** Where deliveries go; without it each counts as received once it was shown. */
  readonly forwardTo: URL | undefined
  /** Ends it. */
  readonly signal: AbortSignal
  readonly sleep: (ms: number) => Promise<void>
  /** A session was opened: the first, or another after the server forgot one. */
  onSession(session: Session): void
  onOutcome(outcome: Outcome): void
  /** The server does not answer; it is asked again. */
  onTrouble(says: string): void
}

const WAIT_S = 25
const FORWARD_MS = 15_000
const AGAIN_MS = 1_000
const LONGEST_REPLY = 4_096
const LONGEST_ERROR = 500

/** Listens until the signal. Throws the problem when the server refuses. */
export async function listen(on: Listening): Promise<void> {
  let session: string | undefined
  let isTroubled = false
  while (!on.signal.aborted) {
    try {
      session ??= await open(on)
      const { data } = await on.server.get<{ data: ListenedJson[] }>(
        `/v1/webhooks/listen/${session}?wait=${WAIT_S}`,
        { signal: on.signal },
      )
      isTroubled = false
      for (const listened of data) {
        if (on.signal.aborted) return
        await receive(on, session, listened)
      }
    } catch (error) {
      if (on.signal.aborted) return
      if (isForgotten(error)) {
        session = undefined
        await on.sleep(AGAIN_MS)
        continue
      }
      if (!isUnanswered(error)) throw error
      if (!isTroubled) on.onTrouble((error as Error).message)
      isTroubled = true
      await on.sleep(AGAIN_MS)
    }
  }
}

async function open({ server, events, onSession }: Listening): Promise<string> {
  const session = await server.post<Session>(
    '/v1/webhooks/listen',
    events.length === 0 ? {} : { events },
  )
  onSession(session)
  return session.session
}

/** The server ended the session, as it does with one that was not asked for minutes. */
function isForgotten(error: unknown): boolean {
  return error instanceof TenonProblem && (error.status === 404 || error.status === 410)
}

async function receive(on: Listening, session: string, listened: ListenedJson): Promise<void> {
  const got: Omit<Outcome, 'listened'> =
    on.forwardTo === undefined
      ? { status: 200, ms: 0, reply: '', error: '' }
      : await forward(on.forwardTo, listened)
  on.onOutcome({ listened, ...got })
  const { status, ms, reply, error } = got
  await on.server.post(`/v1/webhooks/listen/${session}/results`, {
    ...{ delivery: listened.delivery, status, ms },
    ...(reply !== '' && { reply }),
    ...(error !== '' && { error }),
  })
}

/** Sends a delivery on; whatever happens there is an outcome. */
export async function forward(
  to: URL,
  { headers, body }: Pick<ListenedJson, 'headers' | 'body'>,
): Promise<Omit<Outcome, 'listened'>> {
  const began = performance.now()
  const ms = () => Math.round(performance.now() - began)
  try {
    const reply = await fetch(to, {
      ...{ method: 'POST', headers, body, redirect: 'manual' },
      signal: AbortSignal.timeout(FORWARD_MS),
    })
    const text = (await reply.text()).slice(0, LONGEST_REPLY)
    return { status: reply.status, ms: ms(), reply: text, error: '' }
  } catch (error) {
    return { status: null, ms: ms(), reply: '', error: reasonOf(error).slice(0, LONGEST_ERROR) }
  }
}

function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error & { cause?: Error & { code?: string } }
  if (name === 'TimeoutError') return `no answer within ${FORWARD_MS / 1000} s`
  return cause?.message || cause?.code || message
}
