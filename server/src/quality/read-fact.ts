import { parsePublicId } from '#base'
import { DIRECTIONS } from '#codes'
import type { AttemptFact } from './attempt-fact.ts'
import { RESULTS, type ReadFact } from './attempt-state.ts'
import { bandOf } from './bands.ts'

/** An event holds no fact: nothing is counted, and the event is parked for a person to see. */
export class FactRefused extends Error {
  override name = 'FactRefused'
}

/** What the columns hold: a fact beyond them would hold up the folding of all others. */
const MOST_INT4 = 2_147_483_647
const LAST_INSTANT = Date.parse('9999-12-31T23:59:59.999Z')

/** Reads the payload of an event. Throws `FactRefused` and names the field. */
export function readFact(payload: unknown): ReadFact {
  const fact = payload as Partial<AttemptFact> | null
  if (typeof fact !== 'object' || fact === null) throw wrong('fact')
  const attempt = parsePublicId(asText(fact.attempt, 'attempt'), 'att')
  const order = parsePublicId(asText(fact.order, 'order'))
  if (attempt === undefined) throw wrong('attempt')
  if (order === undefined || order.book !== attempt.book) throw wrong('order')
  const amount = asText(fact.amount?.amount, 'amount')
  if (!/^\d{1,18}$/.test(amount)) throw wrong('amount')
  return {
    ...{ book: attempt.book, id: attempt.uuid, order: order.uuid, band: bandOf(BigInt(amount)) },
    number: asWhole(fact.number, 'number', 1, MOST_INT4),
    direction: asOneOf(DIRECTIONS, fact.direction, 'direction'),
    channel: asText(fact.channel, 'channel'),
    bank: asText(fact.bank, 'bank', true),
    accountType: asOneOf(['', 'personal', 'corporate'], fact.accountType, 'accountType'),
    madeAt: asWhole(fact.madeAt, 'madeAt', 0, LAST_INSTANT),
    at: asWhole(fact.at, 'at', 0, LAST_INSTANT),
    result: asOneOf(RESULTS, fact.result, 'result'),
    code: asText(fact.code, 'code', true),
  }
}

function wrong(field: string): FactRefused {
  return new FactRefused(`The fact of an attempt has no readable ${field}; send it as AttemptFact.`)
}

function asText(value: unknown, field: string, mayBeEmpty = false): string {
  if (typeof value !== 'string' || value.length > 200 || (value === '' && !mayBeEmpty)) {
    throw wrong(field)
  }
  return value
}

function asWhole(value: unknown, field: string, least: number, most: number): number {
  if (!Number.isSafeInteger(value)) throw wrong(field)
  const whole = value as number
  if (whole < least || whole > most) throw wrong(field)
  return whole
}

function asOneOf<T extends string>(values: readonly T[], value: unknown, field: string): T {
  const found = values.find((one) => one === value)
  if (found === undefined) throw wrong(field)
  return found
}
