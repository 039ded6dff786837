/**
 * Policies as data: which action takes how many checkers, with what permission, for how long.
 *
 * The easy mistake: a rule that fails open. The first rule that applies decides, so the last one must
 * take everything; and an amount that is missing, malformed or in another currency than CNY counts as
 * a large one: it meets every `amount_from` and no `amount_under`.
 */
import { type Static, Type } from 'typebox'
import { Value } from 'typebox/value'
import { parse } from 'yaml'

const closed = { additionalProperties: false }
const Fen = Type.String({ pattern: '^[1-9][0-9]{0,17}$', description: 'an amount in fen, as text' })
const Hours = Type.Integer({ minimum: 1, maximum: 720 })
const PermissionName = Type.String({ pattern: '^[a-z]+\\.[a-z]+$' })

const RulePart = Type.Object(
  {
    name: Type.String({ pattern: '^[a-z][a-z0-9_]{0,60}$' }),
    /** `payouts.pay`, `payouts.*` or `*`. */
    action: Type.String({ pattern: '^(?:\\*|[a-z][a-z0-9_]*\\.(?:\\*|[a-z][a-z0-9_]*))$' }),
    /** At least this much. */
    amount_from: Type.Optional(Fen),
    /** Less than this. */
    amount_under: Type.Optional(Fen),
    checkers: Type.Integer({ minimum: 0, maximum: 2 }),
    permission: Type.Optional(PermissionName),
    expires_hours: Type.Optional(Hours),
    /** Who may decide is reminded after so long. */
    remind_hours: Type.Optional(Hours),
  },
  closed,
)

/** The document, as in schemes/approvals. */
export const PoliciesPart = Type.Object(
  {
    appointment_hours: Type.Integer({ minimum: 0, maximum: 720 }),
    break_glass: Type.Object(
      {
        checkers: Type.Literal(2),
        permission: PermissionName,
        expires_hours: Type.Integer({ minimum: 1, maximum: 24 }),
      },
      closed,
    ),
    rules: Type.Array(RulePart, { minItems: 1, maxItems: 200 }),
  },
  closed,
)

export type Policies = Static<typeof PoliciesPart>
export type PolicyRule = Static<typeof RulePart>

/** What a request must meet. */
export interface Policy {
  readonly rule: string
  /** 0: nobody has to agree, and there is nothing to ask for. */
  readonly checkers: 0 | 1 | 2
  readonly permission: string
  readonly expiresHours: number
  readonly remindHours?: number
}

export interface PolicyFault {
  /** JSON pointer into the document. */
  readonly pointer: string
  readonly says: string
}

/** The document holds mistakes; nothing of it was taken. */
export class PoliciesRefused extends Error {
  override name = 'PoliciesRefused'
  readonly faults: readonly PolicyFault[]
  constructor(faults: readonly PolicyFault[]) {
    const lines = faults.map(({ pointer, says }) => `- ${pointer || '/'}: ${says}`)
    super(`Correct the approval policies:\n${lines.join('\n')}`)
    this.faults = faults
  }
}

/** The policies of a YAML or JSON text. Throws `PoliciesRefused` with every mistake. */
export function readPolicies(text: string): Policies {
  let document: unknown
  try {
    document = parse(text)
  } catch (error) {
    throw new PoliciesRefused([{ pointer: '', says: (error as Error).message.split('\n')[0]! }])
  }
  const faults = policyFaults(document)
  if (faults.length > 0) throw new PoliciesRefused(faults)
  return document as Policies
}

/** What is wrong with a document; empty when it can be put in force. */
export function policyFaults(document: unknown): PolicyFault[] {
  if (!Value.Check(PoliciesPart, document)) {
    return [...Value.Errors(PoliciesPart, document)]
      .slice(0, 50)
      .map(({ instancePath, message }) => ({ pointer: instancePath, says: `${message}.` }))
  }
  const { rules } = document
  const faults = rules.flatMap((rule, n) => ruleFaults(rule, n, rules))
  const last = rules[rules.length - 1]!
  if (last.action !== '*' || isConditional(last)) {
    const pointer = `/rules/${rules.length - 1}`
    faults.push({ pointer, says: 'The last rule takes every action, on no condition.' })
  }
  return faults
}

function ruleFaults(rule: PolicyRule, n: number, rules: readonly PolicyRule[]): PolicyFault[] {
  const faults: PolicyFault[] = []
  const say = (field: string, says: string) =>
    faults.push({ pointer: `/rules/${n}${field === '' ? '' : `/${field}`}`, says })
  const earlier = rules.slice(0, n)
  if (earlier.some(({ name }) => name === rule.name)) say('name', 'Another rule has this name.')
  const shadow = earlier.find((one) => !isConditional(one) && covers(one.action, rule.action))
  if (shadow !== undefined) say('', `${shadow.name} stands before it and decides everything here.`)
  const { amount_from: from, amount_under: under } = rule
  if (from !== undefined && under !== undefined && BigInt(from) >= BigInt(under)) {
    say('amount_under', 'No amount is at least the one and less than the other.')
  }
  if (rule.checkers === 0) {
    if (under === undefined) say('checkers', 'Only amounts under a limit may go unchecked.')
    if (rule.action.includes('*')) say('action', 'Name each action that may go unchecked.')
    return faults
  }
  if (rule.permission === undefined) say('permission', 'Say which permission a checker holds.')
  if (rule.expires_hours === undefined) say('expires_hours', 'Say after how long a request ends.')
  const { remind_hours: remind, expires_hours: expires = 0 } = rule
  if (remind !== undefined && remind >= expires) say('remind_hours', 'Remind before the end.')
  return faults
}

const isConditional = (rule: PolicyRule): boolean =>
  rule.amount_from !== undefined || rule.amount_under !== undefined

/** Whether a pattern takes every action that another one takes. */
function covers(pattern: string, other: string): boolean {
  if (pattern === '*') return true
  if (pattern.endsWith('.*')) return other.startsWith(pattern.slice(0, -1))
  return pattern === other
}

/** The policy for an action with this content, under `content.amount` where it moves money. */
export function policyFor(policies: Policies, action: string, content: unknown): Policy {
  const amount = fenOf(content)
  // The last rule takes everything: `policyFaults` has seen to it.
  const rule = policies.rules.find((one) => applies(one, action, amount))!
  return {
    rule: rule.name,
    checkers: rule.checkers as 0 | 1 | 2,
    permission: rule.permission ?? 'approvals.decide',
    expiresHours: rule.expires_hours ?? 24,
    ...(rule.remind_hours !== undefined && { remindHours: rule.remind_hours }),
  }
}

/** The policy of a request made because nobody who may decide by the rules is there. */
export function breakGlassPolicy({ break_glass: { permission, expires_hours } }: Policies): Policy {
  return { rule: 'break_glass', checkers: 2, permission, expiresHours: expires_hours }
}

function applies(rule: PolicyRule, action: string, amount: bigint | undefined): boolean {
  if (!covers(rule.action, action)) return false
  if (rule.amount_under !== undefined) {
    if (amount === undefined || amount >= BigInt(rule.amount_under)) return false
  }
  return (
    rule.amount_from === undefined || amount === undefined || amount >= BigInt(rule.amount_from)
  )
}

/** The amount in fen; `undefined` when it cannot be told. */
function fenOf(content: unknown): bigint | undefined {
  if (typeof content !== 'object' || content === null || !('amount' in content)) return undefined
  const { amount: money } = content
  if (typeof money !== 'object' || money === null) return undefined
  const { amount, currency } = money as { amount?: unknown; currency?: unknown }
  if (currency !== 'CNY' || typeof amount !== 'string' || !/^[0-9]{1,18}$/.test(amount)) {
    return undefined
  }
  return BigInt(amount)
}
