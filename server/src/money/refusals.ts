/**
 * Everything this module refuses, in the order the checks run. `says` tells the caller what to do;
 * words in braces are filled in. Docs are generated from this table, and every row has a test.
 */

interface RefusalRow {
  /** The HTTP status a route answers with when this refusal reaches it. */
  readonly http: 400 | 422
  readonly says: string
}

export const moneyRefusals = {
  money_not_object: {
    http: 422,
    says: 'Money is an object such as {"amount":"680000000","currency":"CNY"}; send one instead of {got}.',
  },
  money_field_missing: { http: 422, says: 'Money needs the field "{field}"; add it.' },
  money_field_unknown: {
    http: 422,
    says: 'Money has only "amount" and "currency"; remove the field "{field}".',
  },
  currency_unknown: {
    http: 422,
    says: 'Use a current ISO 4217 code in capitals, such as CNY; {got} is not one.',
  },
  currency_without_minor_unit: {
    http: 422,
    says: 'ISO 4217 gives {currency} no minor unit, so no amount can be kept in it; use a currency that has one.',
  },
  amount_is_number: {
    http: 422,
    says: 'Send the amount as a string of digits in quotes; a JSON number loses digits on the way.',
  },
  amount_not_text: { http: 422, says: 'Send the amount as a string of digits, not as {got}.' },
  amount_empty: {
    http: 422,
    says: 'The amount is empty; write at least one digit, "0" for nothing.',
  },
  amount_too_long: {
    http: 422,
    says: 'The amount has {length} characters; no amount needs more than {most}.',
  },
  amount_has_space: { http: 422, says: 'Remove the blanks and line ends from the amount.' },
  amount_full_width: {
    http: 422,
    says: 'Write the amount with the ASCII characters 0-9; it holds full-width or other digits.',
  },
  amount_has_separator: { http: 422, says: 'Write the amount without thousands separators.' },
  amount_has_exponent: { http: 422, says: 'Write the amount out in digits, without an exponent.' },
  amount_has_plus: { http: 422, says: 'Leave the plus sign away; an unsigned amount is positive.' },
  amount_negative: {
    http: 422,
    says: 'A negative amount is not allowed here; the direction is told by the operation.',
  },
  amount_has_point: {
    http: 422,
    says: 'Write the amount in minor units, without a decimal point: ¥1.00 is "100".',
  },
  amount_decimal_places: {
    http: 422,
    says: 'Write the amount with {wanted} decimal places for {currency}; it has {got}.',
  },
  amount_malformed: {
    http: 422,
    says: 'The amount holds something other than a number; write digits only.',
  },
  amount_leading_zero: { http: 422, says: 'Remove the leading zeros from the amount.' },
  amount_negative_zero: { http: 422, says: 'Write zero as "0", without a sign.' },
  amount_over_int8: {
    http: 422,
    says: 'The amount is beyond 9223372036854775807 minor units, the most that can be kept; split it.',
  },
  currency_mismatch: {
    http: 422,
    says: 'Amounts in {left} and {right} cannot be taken together; exchange one of them first.',
  },
  division_by_zero: { http: 422, says: 'The divisor is zero; give one that is not.' },
  rate_not_whole: {
    http: 422,
    says: 'A rate is a whole number of parts per million, zero or more; {got} is not.',
  },
  weights_unusable: {
    http: 422,
    says: 'Weights must be zero or more with at least one above zero; correct them before splitting.',
  },
  words_other_currency: {
    http: 422,
    says: 'Capital words are written for CNY only, not for {currency}.',
  },
  words_negative: { http: 422, says: 'Capital words are written for amounts of zero or more.' },
  words_too_large: {
    http: 422,
    says: 'Capital words reach up to 9999999999999999.99 yuan; write a larger amount in digits.',
  },
  words_malformed: {
    http: 422,
    says: 'The words are not an amount in capital characters as notes require; for example 壹佰元零伍分.',
  },
} as const satisfies Record<string, RefusalRow>

export type MoneyRefusalCode = keyof typeof moneyRefusals

/** A refusal as a value: what a parser returns instead of a guess. */
export interface MoneyRefusal {
  readonly refused: MoneyRefusalCode
  /** A sentence that tells the caller what to do. */
  readonly says: string
}

/** Thrown where a wrong argument is a mistake of the calling code, not of the outside. */
export class MoneyProblem extends Error {
  override name = 'MoneyProblem'
  readonly refused: MoneyRefusalCode

  constructor(refusal: MoneyRefusal) {
    super(refusal.says)
    this.refused = refusal.refused
  }
}

/** Builds the refusal of one row, filling the words in braces. */
export function refuse(
  code: MoneyRefusalCode,
  details: Readonly<Record<string, string | number>> = {},
): MoneyRefusal {
  const says = moneyRefusals[code].says.replace(/\{([a-z]+)\}/g, (whole, name: string) =>
    name in details ? String(details[name]) : whole,
  )
  return { refused: code, says }
}

/** Tells a refusal from a parsed value. */
export function isMoneyRefusal(value: unknown): value is MoneyRefusal {
  return typeof value === 'object' && value !== null && 'refused' in value && 'says' in value
}
