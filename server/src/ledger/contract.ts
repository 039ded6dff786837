/**
 * The ledger's contracts on the wire. The browser's door: only money and this module's own names.
 *
 * A description of a text is written so that it can follow "Send this instead:", because it does.
 * Descriptions, patterns and limits here are what the OpenAPI document and the client are made of.
 */
import { type Static, type TProperties, type TSchema, Type } from 'typebox'
import { type Currency, currencies } from '#money'

const closed = { additionalProperties: false }
const Part = <P extends TProperties>(id: string, properties: P) =>
  Type.Object(properties, { ...closed, $id: id })

const id = (prefix: string, what: string) =>
  Type.String({
    pattern: `^${prefix}_[1-9][0-9]{0,8}_[0-9a-f]{32}$`,
    description: `the id of ${what}, such as ${prefix}_7_019a2b3c4d5e7f708192a3b4c5d6e7f8`,
  })

export const BookId = Type.String({
  pattern: '^book_[1-9][0-9]{0,8}$',
  description: 'the id of a book, such as book_7',
})
export const AccountId = id('acc', 'an account')
export const TransferId = id('tr', 'a transfer')
export const HoldId = id('hold', 'a hold')

/** Checked by `parseInstant` too: a pattern cannot know how long February is. */
export const InstantText = Type.String({
  pattern:
    '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,3})?(Z|[+-][0-9]{2}:[0-9]{2})$',
  description:
    'a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00',
})

export const CurrencyCode = Type.Unsafe<Currency>({
  $id: 'Currency',
  type: 'string',
  enum: [...currencies],
  description: 'an ISO 4217 code, such as CNY',
})

export const MoneyPart = Part('Money', {
  amount: Type.String({
    pattern: '^(0|[1-9][0-9]{0,18})$',
    description: 'minor units as digits: "680000000" is ¥6,800,000.00',
  }),
  currency: CurrencyCode,
})

/** A balance, which may be overdrawn. */
export const SignedMoneyPart = Part('SignedMoney', {
  amount: Type.String({
    pattern: '^(0|-?[1-9][0-9]{0,18})$',
    description: 'minor units as digits, with a minus when below zero',
  }),
  currency: CurrencyCode,
})

const name = (what: string, most: number) =>
  Type.String({
    minLength: 1,
    maxLength: most,
    pattern: '^[^\\u0000-\\u001f\\u007f]+$',
    description: `${what} without control characters`,
  })

const oneOf = <const V extends string[]>(values: V, description?: string) =>
  Type.Enum(values, { type: 'string', ...(description !== undefined && { description }) })

/** A whole number of any size, as digits. */
const Digits = Type.String({ pattern: '^(0|[1-9][0-9]{0,18})$', description: 'a number as digits' })

const pageOf = <T extends TSchema>(id: string, item: T) =>
  Part(id, { data: Type.Array(item), has_more: Type.Boolean() })

export const Limit = Type.Integer({
  minimum: 1,
  maximum: 200,
  default: 50,
  description: 'How many items a page has at most',
})

/* Books */

export const NewBookBody = Part('NewBook', {
  name: name('a name', 120),
  currency: CurrencyCode,
  chart: Type.String({
    pattern: '^[a-z][a-z0-9_]{0,39}$',
    description: 'the name of a chart template, such as custody_pool',
  }),
})

export const BookPart = Part('Book', {
  id: BookId,
  name: Type.String(),
  currency: CurrencyCode,
  chart: Type.String(),
  closed_before: Type.Optional(InstantText),
})

export const BookPage = pageOf('BookPage', BookPart)

export const ClosePeriodBody = Part('ClosePeriod', { before: InstantText })

/* Accounts */

export const AccountState = oneOf(['open', 'frozen', 'closed'])

export const NewAccountBody = Part('NewAccount', {
  book: BookId,
  /** Chosen by the caller; it then does the work of an Idempotency-Key. */
  id: Type.Optional(AccountId),
  code: Type.String({
    minLength: 1,
    maxLength: 40,
    pattern: '^[A-Za-z0-9._-]+$',
    description: "a code of the book's chart, such as 2241.02",
  }),
  name: name('a name', 120),
  holder: Type.Optional(name('the public id of the holder', 80)),
  /** How far below zero it may fall; null without limit; the chart's when absent. */
  credit_limit: Type.Optional(Type.Union([MoneyPart, Type.Null()])),
})

const Side = oneOf(['debit', 'credit'])

const accountFields = {
  id: AccountId,
  book: BookId,
  code: Type.String(),
  name: Type.String(),
  holder: Type.Optional(Type.String()),
  side: Side,
  state: AccountState,
  /** Absent when it may fall without limit. */
  credit_limit: Type.Optional(MoneyPart),
}

export const BalancesPart = Part('Balances', {
  /** What has moved, counted on the account's normal side. */
  posted: SignedMoneyPart,
  /** Posted less what holds reserve. */
  available: SignedMoneyPart,
  /** Promised or reserved by open holds, debit and credit side. */
  pending_debits: MoneyPart,
  pending_credits: MoneyPart,
})

export const AccountPart = Part('Account', accountFields)
export const AccountPage = pageOf('AccountPage', AccountPart)
export const AccountWithBalances = Part('AccountWithBalances', {
  ...accountFields,
  balances: BalancesPart,
  /** The time the balances are of, when one was asked for. */
  at: Type.Optional(InstantText),
})

/* Transfers */

const legFields = { debit_account: AccountId, credit_account: AccountId, amount: MoneyPart }
export const LegPart = Part('Leg', legFields)

const common = {
  /** Chosen by the caller: the idempotency key. Its book is the book of the transfer. */
  id: TransferId,
  /** When it counts for the books; the booking time when absent. */
  effective_at: Type.Optional(InstantText),
  /** A word for the statement. */
  purpose: Type.Optional(name('a word of at most 64 characters', 64)),
}

export const PostBody = Part('PostTransfer', {
  type: Type.Literal('post'),
  ...common,
  ...legFields,
})
export const LinkedPostBody = Part('LinkedPostTransfer', {
  type: Type.Literal('post'),
  ...common,
  /** All move, or none. */
  legs: Type.Array(LegPart, { minItems: 1, maxItems: 1000 }),
})
export const HoldBody = Part('HoldTransfer', {
  type: Type.Literal('hold'),
  ...common,
  ...legFields,
  expires_at: Type.Optional(InstantText),
})
export const ReverseBody = Part('ReverseTransfer', {
  type: Type.Literal('reverse'),
  ...common,
  /** The transfer to undo. */
  subject: TransferId,
})
export const TransferBody = Type.Union([PostBody, LinkedPostBody, HoldBody, ReverseBody], {
  $id: 'TransferRequest',
})
export const TransferBatchBody = Part('TransferBatch', {
  /** Each is booked or refused on its own. */
  transfers: Type.Array(TransferBody, { minItems: 1, maxItems: 1000 }),
})
export const TransfersBody = Type.Union([TransferBody, TransferBatchBody])

export const TransferType = oneOf(['post', 'hold', 'release', 'void', 'expire', 'reverse'])

export const TransferPart = Part('Transfer', {
  id: TransferId,
  type: TransferType,
  status: Type.Literal('accepted'),
  replayed: Type.Boolean({
    description: 'True when this id was booked before and nothing was booked now',
  }),
  /** The number of its first leg inside the book. */
  number: Digits,
  booked_at: InstantText,
  /** The hold that a transfer of type hold has opened. */
  hold: Type.Optional(HoldId),
})

export const TransferItemPart = Part('TransferItem', {
  id: TransferId,
  status: oneOf(
    ['accepted', 'refused', 'not_taken'],
    '`not_taken`: nothing was decided; send this one again',
  ),
  replayed: Type.Boolean(),
  number: Type.Optional(Digits),
  booked_at: Type.Optional(InstantText),
  code: Type.Optional(
    Type.String({ description: 'Why it was refused or not taken, as in a problem' }),
  ),
  detail: Type.Optional(Type.String()),
})
export const TransferBatchPart = Part('TransferBatchResult', {
  transfers: Type.Array(TransferItemPart),
})

export const TransferRecordPart = Part('TransferRecord', {
  id: TransferId,
  type: TransferType,
  status: oneOf(['accepted', 'refused']),
  code: Type.Optional(Type.String({ description: 'Why it was refused' })),
  number: Type.Optional(Digits),
  booked_at: Type.Optional(InstantText),
  effective_at: Type.Optional(InstantText),
  legs: Type.Array(LegPart),
  /** The hold it released, voided or ended. */
  hold: Type.Optional(HoldId),
  /** The transfer it reversed. */
  subject: Type.Optional(TransferId),
  purpose: Type.Optional(Type.String()),
})

/* Holds */

export const HoldPart = Part('Hold', {
  id: HoldId,
  debit_account: AccountId,
  credit_account: AccountId,
  amount: MoneyPart,
  /** What is neither released, voided nor expired. */
  remaining: MoneyPart,
  state: oneOf(['open', 'released', 'voided', 'expired']),
  expires_at: Type.Optional(InstantText),
  pinned: Type.Boolean({
    description: 'Whether it backs an instruction that is not final, and so does not expire',
  }),
})

const onHold = {
  /** The id of the transfer; made from the Idempotency-Key when absent. */
  id: Type.Optional(TransferId),
  effective_at: common.effective_at,
  purpose: common.purpose,
}
export const ReleaseBody = Part('ReleaseHold', {
  ...onHold,
  /** All that is left, to the hold's own credit account, when absent. */
  parts: Type.Optional(
    Type.Array(
      Part('ReleasePart', {
        /** The hold's own credit account when absent. */
        credit_account: Type.Optional(AccountId),
        amount: MoneyPart,
      }),
      { minItems: 1, maxItems: 1000 },
    ),
  ),
})
export const VoidBody = Part('VoidHold', onHold)

/* Reads */

export const StatementLinePart = Part('StatementLine', {
  /** Number of the leg inside the book: the key for `starting_after`. */
  number: Digits,
  transfer: TransferId,
  leg: Type.Integer(),
  type: TransferType,
  side: Side,
  counterpart: AccountId,
  amount: MoneyPart,
  /** Posted balance on the account's normal side after this line. */
  balance_after: SignedMoneyPart,
  booked_at: InstantText,
  effective_at: InstantText,
  purpose: Type.Optional(Type.String()),
})
export const StatementPage = pageOf('StatementPage', StatementLinePart)

export const TrialBalancePart = Part('TrialBalance', {
  book: BookId,
  at: Type.Optional(InstantText),
  rows: Type.Array(
    Part('TrialBalanceRow', {
      account: AccountId,
      code: Type.String(),
      name: Type.String(),
      side: Side,
      debits: MoneyPart,
      credits: MoneyPart,
      balance: SignedMoneyPart,
    }),
  ),
  debits: MoneyPart,
  credits: MoneyPart,
})

export const ProofsPart = Part('Proofs', {
  book: BookId,
  holds: Type.Boolean({ description: 'Whether all of them hold' }),
  proofs: Type.Array(
    Part('Proof', {
      name: Type.String(),
      left: Type.String({ description: 'minor units' }),
      right: Type.String({ description: 'minor units' }),
      holds: Type.Boolean(),
      detail: Type.Optional(Type.String({ description: 'What to look at when it does not hold' })),
    }),
  ),
})

export type TransferJson = Static<typeof TransferBody>
export type TransfersJson = Static<typeof TransfersBody>
export type LegJson = Static<typeof LegPart>
export type ReleaseJson = Static<typeof ReleaseBody>
export type VoidJson = Static<typeof VoidBody>
export type NewAccountJson = Static<typeof NewAccountBody>
export type AccountJson = Static<typeof AccountPart>
export type BalancesJson = Static<typeof BalancesPart>
export type TransferResultJson = Static<typeof TransferPart>
export type TransferItemJson = Static<typeof TransferItemPart>
