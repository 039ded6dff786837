/**
 * `tenon pay`: one payment to the seeded order, told state by state until it is paid, has failed, or
 * the wait is over. The platform is asked only by its API; the rail only by what a payer could do.
 */
import { randomUUID } from 'node:crypto'
import type { Sandbox } from '../start/sandbox-file.ts'
import { type Api, type Attempt, openApi, type Payment } from './api.ts'
import { act, actionLines, PAYER } from './payer.ts'
import {
  ATTEMPT_SAYS,
  bookingLines,
  exceptionLines,
  exceptionsAbout,
  failureLines,
  linesAfter,
  newestLine,
  whyLines,
  yuan,
} from './print.ts'
import { magicOf, type Way } from './ways.ts'

const LOOK_MS = 200

export interface Collecting {
  readonly sandbox: Sandbox
  readonly way: Way
  readonly amount: bigint
  /** Of the payer who is debited, its short code. */
  readonly bank: string
  /** How long an outcome is waited for. */
  readonly waitMs: number
  say(line: string): void
}

/** Pays, and prints what happened. Gives the payment as it was last seen. */
export async function collect(on: Collecting): Promise<Payment> {
  const { sandbox, way, amount, say } = on
  const api = openApi(sandbox.api)
  const magic = magicOf(amount)
  say(`Paying ${yuan(amount)} by ${way.en} · ${way.zh}`)
  if (magic !== undefined && way.method !== 'bank_transfer') {
    const letter = magic.letter === undefined ? '' : `, class ${magic.letter}`
    say(`Expected of *.${magic.digits}: ${magic.en}${letter} · ${magic.zh}`)
  }
  const before = await newestLine(api, sandbox.order)
  const opened = await api.post<Payment>('/v1/payments', requestOf(on), randomUUID())
  say(`Payment ${opened.id} is open.`)
  const seen = new Set<string>()
  tell(on, opened, seen)
  const [first] = opened.attempts
  if (first?.status === 'accepted') {
    actionLines(first).forEach(say)
    await act(sandbox, api, { way, attempt: first })
  }
  const last = await follow(on, api, { id: opened.id, seen })
  await report(on, api, { payment: last, before })
  return last
}

function requestOf({ sandbox, way, amount, bank }: Collecting) {
  return {
    destination: sandbox.order,
    amount: { amount: amount.toString(), currency: 'CNY' },
    subject: '房屋交易意向金',
    methods: [way.method],
    ...(way.method === 'collection' ? { payer: { ...PAYER, bank } } : {}),
    payer_id: 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o',
    payer_ip: '203.0.113.7',
    expires_in_minutes: 30,
  }
}

/** Says each state of each attempt once. */
function tell({ say }: Collecting, { attempts }: Payment, seen: Set<string>): void {
  for (const attempt of attempts) {
    const { number, channel, status, reference, channel_code: code } = attempt
    const key = `${number} ${status}`
    if (seen.has(key)) continue
    if (![...seen].some((each) => each.startsWith(`${number} `))) {
      say(`Attempt ${number} goes over ${channel} under ${reference}.`)
    }
    seen.add(key)
    say(`  ${status}: ${ATTEMPT_SAYS[status]}${code === undefined ? '' : ` (${code})`}`)
  }
}

async function follow(
  on: Collecting,
  api: Api,
  { id, seen }: { readonly id: string; readonly seen: Set<string> },
): Promise<Payment> {
  const until = Date.now() + on.waitMs
  for (;;) {
    const payment = await api.get<Payment>(`/v1/payments/${id}`)
    tell(on, payment, seen)
    const failed = payment.attempts.every(({ status }) => status === 'failed')
    if (payment.status !== 'open' || failed || Date.now() > until) return payment
    await new Promise((wake) => setTimeout(wake, LOOK_MS))
  }
}

async function report(
  { sandbox, say, waitMs }: Collecting,
  api: Api,
  { payment, before }: { readonly payment: Payment; readonly before: bigint },
): Promise<void> {
  const last = payment.attempts.at(-1) as Attempt
  failureLines(last).forEach(say)
  say(outcome(payment, last, waitMs))
  const found = payment.status === 'succeeded' ? await linesAfter(api, sandbox.order, before) : []
  // Somebody else may be paying the same order.
  const lines = found.filter(({ amount }) => amount.amount === payment.amount.amount)
  for (const line of await bookingLines(api, sandbox.order, lines)) say(line)
  whyLines(last).forEach(say)
  const about = [payment.id, ...payment.attempts.flatMap(({ id, reference }) => [id, reference])]
  exceptionLines(await exceptionsAbout(api, sandbox.book, about)).forEach(say)
}

function outcome({ status, id }: Payment, last: Attempt, waitMs: number): string {
  if (status === 'succeeded') return 'The payment succeeded.'
  if (last.status === 'failed') {
    return 'The payment is still open: another attempt may be made until it expires.'
  }
  return `No outcome after ${waitMs / 1000} s; the platform goes on asking. Look again: GET /v1/payments/${id}`
}
