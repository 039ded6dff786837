/**
 * The contracts of routing on the wire. Amounts are minor units as text, shares parts per million.
 * Browsers read this file too, so it spells the words of the port and does not import its module.
 */
import { Type } from 'typebox'
import { type Currency, moneySchema } from '#money'
import { BREAKER_STATES } from './states.ts'

const closed = { additionalProperties: false }
const literals = <const T extends string>(values: readonly T[]) =>
  Type.Unsafe<T>(Type.Union(values.map((value) => Type.Literal(value))))

const DirectionWord = literals(['collect', 'pay', 'refund'])
const AccountTypeWord = literals(['personal', 'corporate'])
const ChannelName = Type.String({ pattern: '^[a-z][a-z0-9-]{0,40}$' })
const Bank = Type.String({ pattern: '^[A-Z0-9]{0,20}$', description: 'Short code, such as ICBC' })
const Ppm = Type.Integer({ minimum: 0 })
const Sentences = Type.Object({ zh: Type.String(), en: Type.String() }, closed)
const Money = Type.Unsafe<{ amount: string; currency: Currency }>(moneySchema)

const RulePart = Type.Object(
  {
    id: Type.String(),
    title: Sentences,
    when: Type.String(),
    // biome-ignore lint/suspicious/noThenProperty: a field of the document.
    then: Type.Object({}, { additionalProperties: true }),
    says: Sentences,
  },
  { ...closed, $id: 'RoutingRule' },
)
const VersionPart = Type.Object(
  {
    version: Type.String(),
    note: Type.String(),
    made_at: Type.String(),
    activated_at: Type.Union([Type.String(), Type.Null()]),
  },
  { ...closed, $id: 'RoutingRuleVersion' },
)
export const RulesPage = Type.Object(
  {
    version: Type.String({ description: 'The version in force: SHA-256 of its content.' }),
    policy: Type.Object({}, { additionalProperties: true }),
    rules: Type.Array(RulePart),
    versions: Type.Array(VersionPart),
  },
  closed,
)

export const CheckBody = Type.Object(
  {
    document: Type.Object(
      {},
      { additionalProperties: true, description: 'Policy and rules, as in schemes/routing.' },
    ),
  },
  closed,
)
export const CheckPart = Type.Object(
  {
    problems: Type.Array(
      Type.Object(
        { pointer: Type.String(), code: Type.String(), says: Type.String() },
        { ...closed, $id: 'RoutingRuleProblem' },
      ),
    ),
    says: Type.Array(Sentences, {
      description: 'What each rule does, in its order; empty when there are problems.',
    }),
  },
  closed,
)

export const DecisionBody = Type.Object(
  {
    direction: DirectionWord,
    amount: Money,
    book: Type.String({ pattern: '^book_[1-9][0-9]{0,8}$' }),
    bank: Type.Optional(Bank),
    account_type: Type.Optional(AccountTypeWord),
    methods: Type.Optional(
      Type.Array(
        literals([
          'wechat_native',
          'wechat_h5',
          'wechat_jsapi',
          'alipay_qr',
          'alipay_page',
          'collection',
          'bank_transfer',
        ]),
        { maxItems: 10 },
      ),
    ),
    at: Type.Optional(Type.String({ description: 'RFC 3339; now when absent.' })),
    tried: Type.Optional(Type.Array(ChannelName, { maxItems: 50 })),
    attributes: Type.Optional(
      Type.Record(Type.String({ maxLength: 50 }), Type.String({ maxLength: 200 })),
    ),
    sticky: Type.Optional(Type.String({ maxLength: 100 })),
  },
  closed,
)
const CandidatePart = Type.Object(
  {
    channel: Type.String(),
    eligible: Type.Boolean(),
    why: Type.String(),
    says: Sentences,
    cost: Type.String({ description: 'Minor units.' }),
    success_ppm: Ppm,
  },
  { ...closed, $id: 'RouteCandidate' },
)
export const DecisionPart = Type.Object(
  {
    channel: Type.Union([Type.String(), Type.Null()]),
    method: Type.Union([Type.String(), Type.Null()]),
    says: Sentences,
    rules: Type.String(),
    applied: Type.Array(Type.String()),
    candidates: Type.Array(CandidatePart),
  },
  closed,
)

const cell = {
  direction: Type.String(),
  channel: Type.String(),
  bank: Type.String({ description: '"*": all banks together.' }),
  account_type: Type.String(),
}
export const HealthPage = Type.Object(
  {
    data: Type.Array(
      Type.Object(
        {
          ...cell,
          good: Type.Integer(),
          bad: Type.Integer({ description: 'Failures the channel itself caused.' }),
          success_ppm: Ppm,
          breaker: literals(BREAKER_STATES),
          since: Type.Union([Type.String(), Type.Null()]),
        },
        { ...closed, $id: 'ChannelHealth' },
      ),
    ),
  },
  closed,
)

export const LearntPage = Type.Object(
  {
    data: Type.Array(
      Type.Object(
        {
          ...cell,
          refusals: Type.Integer(),
          learnt_at: Type.Union([Type.String(), Type.Null()]),
          expires_at: Type.Union([Type.String(), Type.Null()]),
          evidence: Type.Array(
            Type.Object({ attempt: Type.String(), code: Type.String(), at: Type.String() }, closed),
          ),
        },
        { ...closed, $id: 'LearntPermission' },
      ),
    ),
  },
  closed,
)
export const ForgetBody = Type.Object(
  {
    direction: DirectionWord,
    channel: ChannelName,
    bank: Bank,
    account_type: Type.Union([AccountTypeWord, Type.Literal('')]),
  },
  closed,
)
export const Forgotten = Type.Object({ forgotten: Type.Literal(true) }, closed)
