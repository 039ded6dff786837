/** What browsers may import: the types, the schema of money on a wire, and the pure functions. */
export type { Money, MoneyJson } from './amount.ts'
export type { Currency, CurrencyFacts } from './currency.ts'
export { formatCompact, formatMoney, type Language, toDecimal, UNKNOWN_AMOUNT } from './format.ts'
export { parseDecimal, parseMinor, parseMoney } from './parse.ts'
export {
  isMoneyRefusal,
  type MoneyRefusal,
  type MoneyRefusalCode,
  moneyRefusals,
} from './refusals.ts'
export { readWords, writeVoucherWords, writeWords } from './words.ts'

/**
 * JSON Schema of money on a wire. A first fence: the parser after it knows the currencies and the
 * bounds, and answers with a sentence.
 */
export const moneySchema = {
  type: 'object',
  additionalProperties: false,
  required: ['amount', 'currency'],
  properties: {
    amount: {
      type: 'string',
      description: 'Minor units as digits: "680000000" is ¥6,800,000.00',
      pattern: '^(0|[1-9][0-9]{0,18})$',
    },
    currency: { type: 'string', description: 'ISO 4217 code', pattern: '^[A-Z]{3}$' },
  },
} as const
