/** Amounts, currencies, rounding, splitting and their written forms. Pure; runs in a browser too. */
export { allocate, allocateMoney } from './allocate.ts'
export {
  add,
  compare,
  equal,
  LEAST_MINOR,
  MOST_MINOR,
  type Money,
  type MoneyJson,
  money,
  negate,
  subtract,
  sum,
  toMoneyJson,
  zero,
} from './amount.ts'
export { moneySchema } from './contract.ts'
export {
  type Currency,
  type CurrencyFacts,
  codesWithoutMinorUnit,
  currencies,
  currencyByNumeric,
  currencyFacts,
  exponentOf,
  ISO_4217_AS_OF,
  isCurrency,
} from './currency.ts'
export { formatCompact, formatMoney, type Language, toDecimal, UNKNOWN_AMOUNT } from './format.ts'
export {
  type DecimalOptions,
  type ParseOptions,
  parseCurrency,
  parseDecimal,
  parseMinor,
  parseMoney,
} from './parse.ts'
export {
  isMoneyRefusal,
  MoneyProblem,
  type MoneyRefusal,
  type MoneyRefusalCode,
  moneyRefusals,
} from './refusals.ts'
export { divide, PPM, portion, portionOf, type Rounding, roundings } from './rounding.ts'
export { readWords, writeVoucherWords, writeWords } from './words.ts'
