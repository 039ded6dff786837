/** `tenon pay --out` and `--refund`: money to somebody's bank account, and back the way it came. */
import { randomUUID } from 'node:crypto'
import type { Sandbox } from '../start/sandbox-file.ts'
import { openApi, type Payment, type Payout, PayProblem, type Refund } from './api.ts'
import { bookingLines, linesAfter, newestLine, yuan } from './print.ts'
import { magicOf } from './ways.ts'

const LOOK_MS = 200

export interface PayingOut {
  readonly sandbox: Sandbox
  readonly amount: bigint
  readonly waitMs: number
  say(line: string): void
}

export interface PayeeChoice {
  /** A bank's short code. */
  readonly bank: string
  readonly accountType: 'personal' | 'corporate'
}

const PAYOUT_SAYS: Readonly<Record<string, string>> = {
  waiting_for_cash:
    'the owner has the money, but its cash has not come in yet (close a day: --settle)',
  waiting_for_approval: 'a second person has to approve it',
  processing: 'reserved, and on its way',
  succeeded: 'the payee has the money',
  failed: 'it was not paid; the money is its owner’s again',
  cancelled: 'it was given up; the money is its owner’s again',
}

/** Pays from the seeded order to a payee's bank account. */
export async function payOut(on: PayingOut, { bank, accountType }: PayeeChoice): Promise<Payout> {
  const { sandbox, amount, say } = on
  const api = openApi(sandbox.api)
  const magic = magicOf(amount)
  say(`Paying out ${yuan(amount)} to a ${accountType} account at ${bank}`)
  if (magic !== undefined) say(`Expected of *.${magic.digits}: ${magic.en} · ${magic.zh}`)
  const before = await newestLine(api, sandbox.order)
  const made = await api.post<Payout>(
    '/v1/payouts',
    {
      source: sandbox.order,
      amount: { amount: amount.toString(), currency: 'CNY' },
      payee: payeeOf(bank, accountType),
      memo: '房屋交易款',
      requested_by: 'sandbox',
    },
    randomUUID(),
  )
  say(`Payout ${made.id}`)
  const seen = new Set<string>()
  const last = await until(on, async () => {
    const payout = await api.get<Payout>(`/v1/payouts/${made.id}`)
    tell(say, payout, seen)
    const over = payout.status !== 'processing'
    return over ? payout : undefined
  })
  const payout = last ?? (await api.get<Payout>(`/v1/payouts/${made.id}`))
  const lines = await linesAfter(api, sandbox.order, before)
  for (const line of await bookingLines(api, sandbox.order, lines)) say(line)
  return payout
}

function payeeOf(bank: string, accountType: PayeeChoice['accountType']) {
  return accountType === 'corporate'
    ? {
        name: '深圳市安居房产经纪有限公司',
        account: '44250100003400009999',
        bank,
        account_type: accountType,
      }
    : { name: '李强', account: '6228480402564890018', bank, account_type: accountType }
}

function tell(say: (line: string) => void, payout: Payout, seen: Set<string>): void {
  const once = (key: string, line: string) => {
    if (!seen.has(key)) say(line)
    seen.add(key)
  }
  for (const { number, channel, status, reference, channel_code: code } of payout.attempts) {
    const said = code === undefined ? '' : ` (${code})`
    once(
      `${number} ${status}`,
      `  attempt ${number} over ${channel}, ${reference}: ${status}${said}`,
    )
  }
  const why = payout.code === undefined ? '' : ` (${payout.code})`
  once(payout.status, `  ${payout.status}: ${PAYOUT_SAYS[payout.status]}${why}`)
}

/** Looks until something is found, or the wait is over. */
async function until<T>(
  { waitMs }: Pick<PayingOut, 'waitMs'>,
  look: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const end = Date.now() + waitMs
  for (;;) {
    const found = await look()
    if (found !== undefined || Date.now() > end) return found
    await new Promise((wake) => setTimeout(wake, LOOK_MS))
  }
}

/** Gives a payment back, whole or in part. */
export async function giveBack(
  on: Omit<PayingOut, 'amount'> & { readonly amount: bigint | undefined },
  paymentId: string,
): Promise<Refund> {
  const { sandbox, say } = on
  const api = openApi(sandbox.api)
  const payment = await api.get<Payment>(`/v1/payments/${paymentId}`)
  if (payment.status !== 'succeeded') {
    throw new PayProblem(`Payment ${paymentId} is ${payment.status}; name one that succeeded.`)
  }
  const amount = on.amount ?? BigInt(payment.amount.amount)
  say(`Giving back ${yuan(amount)} of ${paymentId}`)
  const before = await newestLine(api, sandbox.order)
  const made = await api.post<Refund>('/v1/refunds', refundOf(paymentId, amount), randomUUID())
  say(`Refund ${made.id}`)
  const seen = new Set<string>()
  const last = await until(on, async () => {
    const refund = await api.get<Refund>(`/v1/refunds/${made.id}`)
    for (const { number, route, status, channel, code } of refund.parts) {
      const key = `${number} ${route} ${status}`
      if (!seen.has(key)) {
        const said = code === undefined ? '' : ` (${code})`
        say(`  part ${number} by ${route}, over ${channel}: ${status}${said}`)
      }
      seen.add(key)
    }
    const waits = refund.parts.every(({ status }) => status.startsWith('waiting'))
    return refund.status !== 'processing' || waits ? refund : undefined
  })
  const refund = last ?? (await api.get<Refund>(`/v1/refunds/${made.id}`))
  say(`The refund is ${refund.status}; ${yuan(refund.succeeded.amount)} has reached the payer.`)
  const lines = await linesAfter(api, sandbox.order, before)
  for (const line of await bookingLines(api, sandbox.order, lines)) say(line)
  return refund
}

function refundOf(payment: string, amount: bigint) {
  return {
    payments: [payment],
    amount: { amount: amount.toString(), currency: 'CNY' },
    reason: '交易取消',
    requested_by: 'sandbox',
  }
}
