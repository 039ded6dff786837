/** Between the wire and payments: requests in the module's terms, and what stands as JSON. */
import {
  type Instant,
  isPersonalRefusal,
  Personal,
  type PersonalKind,
  type Problem,
  personal,
  publicId,
  writeInstant,
} from '#base'
import type { BankParty } from '#channels'
import type { Classification, CodeKey } from '#codes'
import type { Currency, MoneyJson } from '#money'
import type { RouteDecision } from '#routing'
import type { Attempt } from './attempt.ts'
import type { AttemptJson, ExceptionJson, PaymentJson, PayWithJson } from './contract.ts'
import type { PaymentException } from './exception-store.ts'
import { ACTION_TITLES, exceptionKind } from './exceptions.ts'
import type { PayIn, PayWith } from './pay-in.ts'
import { paymentProblem } from './refusals.ts'

/** The book number in a public id whose form is known to be right. */
export const bookOf = (id: string): number => Number(id.split('_')[1])

/** The uuid in a public id whose form is known to be right. */
export const uuidOf = (id: string): string => id.slice(-32)

export const moneyJson = (amount: bigint, currency: string): MoneyJson => ({
  amount: amount.toString(),
  currency: currency as Currency,
})

/**
 * How somebody wants to pay. `collection` debits the payer who is named, so without one it is not open;
 * refused when no other way is, or when the payer's data is not right.
 */
export function payWithOf(body: PayWithJson): PayWith | { readonly problem: Problem } {
  const { bank, account_type: accountType, payer } = body
  const party = payer === undefined ? undefined : partyOf(payer)
  if (party !== undefined && 'says' in party) {
    return { problem: paymentProblem('payer_malformed', party.says) }
  }
  const methods = body.methods.filter((method) => method !== 'collection' || party !== undefined)
  if (methods.length === 0) return { problem: paymentProblem('payer_missing') }
  return {
    methods,
    bank: bank ?? payer?.bank ?? '',
    accountType: accountType ?? payer?.account_type ?? '',
    ...(party === undefined ? {} : { payer: party }),
    ...(body.payer_id === undefined ? {} : { payerId: body.payer_id }),
    ...(body.payer_ip === undefined ? {} : { payerIp: body.payer_ip }),
  }
}

export function partyOf(
  payer: NonNullable<PayWithJson['payer']>,
): BankParty | { readonly says: string } {
  const says: string[] = []
  const read = (kind: PersonalKind, value: string): Personal => {
    const found = personal(kind, value)
    if (!isPersonalRefusal(found)) return found
    says.push(found.says)
    return new Personal(kind, '')
  }
  const { name, account, bank, account_type: accountType, id_number: idNumber, mobile } = payer
  const party: BankParty = {
    name: read('name', name),
    account: accountType === 'corporate' ? corporate(account, says) : read('card', account),
    bank,
    accountType,
    ...(idNumber === undefined ? {} : { idNumber: read('id_number', idNumber) }),
    ...(mobile === undefined ? {} : { mobile: read('phone', mobile) }),
  }
  return says.length === 0 ? party : { says: says.join(' ') }
}

/** Accounts of companies are numbered by each bank in its own way, without a check digit. */
function corporate(account: string, says: string[]): Personal {
  const plain = account.replaceAll(/[\s-]/g, '')
  if (!/^\d{6,32}$/.test(plain)) says.push('Send a corporate account of 6 to 32 digits.')
  return new Personal('card', plain)
}

interface PaymentJsonOptions {
  readonly classify: (key: CodeKey) => Classification
  /** With "why this channel". */
  readonly why?: boolean
}

export function paymentJson(
  payIn: PayIn,
  attempts: readonly Attempt[],
  options: PaymentJsonOptions,
): PaymentJson {
  const { book, id, amount, currency, state, subject, late, plan, leg } = payIn
  return {
    id: publicId('pay', book, id),
    destination: publicId('acc', book, payIn.destination),
    amount: moneyJson(amount, currency),
    status: state,
    subject,
    late,
    ...(plan === undefined ? {} : { plan: publicId('plan', book, plan) }),
    ...(leg === undefined ? {} : { leg }),
    attempts: attempts.map((attempt) => attemptJson(attempt, options)),
    expires_at: writeInstant(payIn.expiresAt),
    created_at: writeInstant(payIn.madeAt),
  }
}

function attemptJson(attempt: Attempt, { classify, why }: PaymentJsonOptions): AttemptJson {
  const { book, id, number, channel, method, state, payerAction, code, direction } = attempt
  const failed = state === 'failed' ? classify({ channel, direction, code }) : undefined
  return {
    id: publicId('att', book, id),
    number,
    channel,
    ...(method === '' ? {} : { method }),
    status: state,
    ...(payerAction === undefined ? {} : { payer_action: payerAction }),
    reference: attempt.reference,
    ...(attempt.channelReference === '' ? {} : { channel_reference: attempt.channelReference }),
    ...(code === '' ? {} : { channel_code: code }),
    ...(failed === undefined
      ? {}
      : { user_message: failed.text, class: failed.letter, retry: failed.retry }),
    ...(attempt.bookedTo === '' ? {} : { booked_to: attempt.bookedTo }),
    created_at: writeInstant(attempt.at),
    ...(why === true ? whyJson(attempt.route) : {}),
  }
}

/** "Why this channel", from the decision that was stored with the attempt. */
function whyJson(route: unknown): Pick<AttemptJson, 'why'> {
  if (typeof route !== 'object' || route === null || !('candidates' in route)) return {}
  const { candidates, rules } = route as RouteDecision
  return {
    why: {
      candidates: candidates.map(({ channel, eligible, why, cost, successPpm }) => ({
        ...{ channel, eligible, why, cost: cost.toString(), success_ppm: successPpm },
      })),
      rules,
    },
  }
}

export function exceptionJson(exception: PaymentException, now: Instant): ExceptionJson {
  const { book, id, kind, about, state, amount, evidence, seen, action, note } = exception
  const row = exceptionKind(kind)
  const open = state === 'open'
  const until = open ? now : exception.movedAt
  return {
    id: publicId('exc', book, id),
    kind,
    title: { zh: row.zh, en: row.en },
    about,
    status: state,
    owner: row.owner,
    amount: amount.toString(),
    evidence,
    seen,
    actions: open ? row.actions.map((each) => ({ action: each, title: ACTION_TITLES[each] })) : [],
    opened_at: writeInstant(exception.openedAt),
    age_seconds: Math.floor((until - exception.openedAt) / 1000),
    deadline: writeInstant(exception.deadline),
    overdue: exception.overdue || until >= exception.deadline,
    ...(action === '' ? {} : { action }),
    ...(note === '' ? {} : { note }),
    ...(exception.resolvedBy === '' ? {} : { resolved_by: exception.resolvedBy }),
  }
}
