/**
 * Deals: who the parties of one sale are and which amounts they agreed on. A deal is refused whole,
 * with every mistake in it at once, each by the JSON pointer of its field and a sentence.
 *
 * Amounts are checked by the money parser and not by the schema: it alone tells a float from digits,
 * full-width from ASCII, and says so.
 */
import { Ajv, type ErrorObject } from 'ajv'
import { isPersonalRefusal, personal } from '#base'
import { type Currency, isMoneyRefusal, parseMoney, toDecimal } from '#money'
import { evaluate } from './plan.ts'
import { escaped, type Problem, schemaProblems } from './problem.ts'
import type { Scheme } from './scheme.ts'

export interface Party {
  readonly role: string
  readonly name: string
  /** Resident ID number of a person, unified social credit code of a company. */
  readonly idNumber: string
  readonly mobile: string
  readonly bankAccount: { readonly number: string; readonly bank: string }
}

export interface Deal {
  /** The caller's own number for the deal. */
  readonly deal: string
  readonly scheme: string
  readonly parties: readonly Party[]
  /** The amounts the deal states, minor units by name. */
  readonly given: Readonly<Record<string, bigint>>
  /** Those and what the scheme computes from them. */
  readonly amounts: Readonly<Record<string, bigint>>
}

const word = (most: number) => ({
  type: 'string',
  minLength: 1,
  maxLength: most,
  pattern: '^[^\\s\\p{Cc}\\p{Cf}](?:[^\\p{Cc}\\p{Cf}]*[^\\s\\p{Cc}\\p{Cf}])?$',
})

/** JSON Schema of a deal document. */
export const dealSchema = {
  type: 'object',
  additionalProperties: false,
  required: ['deal', 'scheme', 'parties', 'amounts'],
  properties: {
    deal: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' },
    scheme: { type: 'string' },
    parties: {
      type: 'array',
      maxItems: 20,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['role', 'name', 'id_number', 'mobile', 'bank_account'],
        properties: {
          role: { type: 'string' },
          name: word(60),
          id_number: { type: 'string', pattern: '^[0-9A-Z]{18}$' },
          mobile: { type: 'string', pattern: '^1[3-9][0-9]{9}$' },
          bank_account: {
            type: 'object',
            additionalProperties: false,
            required: ['number', 'bank'],
            properties: { number: { type: 'string', pattern: '^[0-9]{8,30}$' }, bank: word(60) },
          },
        },
      },
    },
    amounts: { type: 'object' },
  },
} as const

const validate = new Ajv({ allErrors: true, strict: false }).compile(dealSchema)

interface DealJson {
  deal: string
  scheme: string
  parties: {
    role: string
    name: string
    id_number: string
    mobile: string
    bank_account: { number: string; bank: string }
  }[]
  amounts: Record<string, unknown>
}

export type ReadDeal = { readonly deal: Deal } | readonly Problem[]

/** Reads a deal from JSON text or an already parsed value, for the scheme it names. */
export function readDeal(input: unknown, schemes: readonly Scheme[]): ReadDeal {
  let value = input
  if (typeof input === 'string') {
    try {
      value = JSON.parse(input)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      return [{ pointer: '', code: 'not_readable', says: `The deal is not JSON: ${why}.` }]
    }
  }
  if (!validate(value)) return schemaProblems(validate.errors as ErrorObject[], 'deal')
  const json = value as DealJson
  const scheme = schemes.find((each) => each.scheme === json.scheme)
  if (scheme === undefined) {
    const known = schemes.map((each) => each.scheme).join(', ')
    return [{ pointer: '/scheme', code: 'scheme_unknown', says: `Name one of: ${known}.` }]
  }
  const problems = partyProblems(json, scheme)
  const given = readAmounts(json, scheme, problems)
  if (problems.length > 0) return problems
  const amounts = evaluate(scheme, given)
  const wrong = amountProblems(scheme, amounts)
  if (wrong.length > 0) return wrong
  const parties = json.parties.map(({ role, name, id_number, mobile, bank_account }) => ({
    role,
    name,
    idNumber: id_number,
    mobile,
    bankAccount: bank_account,
  }))
  return { deal: { deal: json.deal, scheme: json.scheme, parties, given, amounts } }
}

function partyProblems(json: DealJson, scheme: Scheme): Problem[] {
  const problems: Problem[] = []
  const roles = new Set<string>()
  const accounts = new Map<string, string>()
  json.parties.forEach((party, i) => {
    const at = `/parties/${i}`
    const report = (pointer: string, code: string, says: string) =>
      problems.push({ pointer: `${at}${pointer}`, code, says })
    const role = Object.hasOwn(scheme.roles, party.role) ? scheme.roles[party.role] : undefined
    if (role === undefined) {
      const known = Object.keys(scheme.roles).join(', ')
      report('/role', 'role_unknown', `The scheme has no such role; use one of: ${known}.`)
      return
    }
    if (roles.has(party.role)) {
      report('/role', 'party_twice', `There is one ${party.role}; remove the second or its role.`)
    }
    roles.add(party.role)
    const wrong = idNumberProblem(role.kind, party.id_number)
    if (wrong !== undefined) report('/id_number', 'id_number_wrong', wrong)
    const other = accounts.get(party.bank_account.number)
    if (other !== undefined) {
      const says = `The ${other} has the same bank account; give each party its own.`
      report('/bank_account/number', 'bank_account_twice', says)
    }
    accounts.set(party.bank_account.number, party.role)
  })
  for (const role of Object.keys(scheme.roles)) {
    if (roles.has(role)) continue
    const says = `The ${role} is missing; add a party with this role.`
    problems.push({ pointer: '/parties', code: 'party_missing', says })
  }
  return problems
}

/** Reads the amounts the scheme asks for; what is wrong goes to `problems`. */
function readAmounts(
  json: DealJson,
  scheme: Scheme,
  problems: Problem[],
): Readonly<Record<string, bigint>> {
  const given: Record<string, bigint> = {}
  for (const name of Object.keys(json.amounts)) {
    const formula = Object.hasOwn(scheme.amounts, name) ? scheme.amounts[name] : undefined
    if (formula === 'given') continue
    const says =
      formula === undefined
        ? 'The scheme has no such amount; remove it.'
        : 'The scheme computes this amount; remove it.'
    problems.push({ pointer: `/amounts/${escaped(name)}`, code: 'amount_unknown', says })
  }
  for (const [name, formula] of Object.entries(scheme.amounts)) {
    if (formula !== 'given') continue
    const pointer = `/amounts/${name}`
    if (!Object.hasOwn(json.amounts, name)) {
      problems.push({ pointer, code: 'amount_missing', says: 'The deal must state this amount.' })
      continue
    }
    const read = parseMoney(json.amounts[name])
    if (isMoneyRefusal(read)) {
      problems.push({
        pointer: pointer + fieldOf(read.refused),
        code: read.refused,
        says: read.says,
      })
    } else if (read.currency !== scheme.currency) {
      const says = `The scheme is in ${scheme.currency}; state the amount in it.`
      problems.push({ pointer: `${pointer}/currency`, code: 'currency_differs', says })
    } else if (read.amount === 0n) {
      const says = 'The amount must be at least one minor unit.'
      problems.push({ pointer: `${pointer}/amount`, code: 'amount_zero', says })
    } else {
      given[name] = read.amount
    }
  }
  return given
}

/** Which field of a money object a refusal of the money parser is about. */
function fieldOf(code: string): string {
  if (code.startsWith('amount')) return '/amount'
  return code.startsWith('currency') ? '/currency' : ''
}

function amountProblems(scheme: Scheme, amounts: Readonly<Record<string, bigint>>): Problem[] {
  const problems: Problem[] = []
  const written = (name: string) =>
    toDecimal({ amount: amounts[name] ?? 0n, currency: scheme.currency as Currency })
  for (const { equal, at, says } of scheme.rules) {
    const [left, right] = equal as [string, string]
    if (amounts[left] === amounts[right]) continue
    problems.push({
      pointer: `/amounts/${at}`,
      code: 'amounts_differ',
      says: `${says} ${left} is ${written(left)}, ${right} is ${written(right)}.`,
    })
  }
  if (problems.length > 0) return problems
  for (const name of Object.keys(scheme.amounts)) {
    if ((amounts[name] ?? 0n) > 0n) continue
    const says = `These amounts leave ${written(name)} for ${name}; nothing may be zero or less.`
    problems.push({ pointer: '/amounts', code: 'amount_not_positive', says })
  }
  return problems.length > 0 ? problems : balanceProblems(scheme, amounts, written)
}

/** Plays all movements: no account may fall below zero, and nothing may be left at the end. */
function balanceProblems(
  scheme: Scheme,
  amounts: Readonly<Record<string, bigint>>,
  written: (name: string) => string,
): Problem[] {
  const balances = new Map<string, bigint>()
  for (const { name: milestone, movements } of scheme.milestones) {
    for (const { verb, from, to, amount } of movements) {
      const left = (balances.get(from) ?? 0n) - amounts[amount]!
      if (Object.hasOwn(scheme.accounts, from)) balances.set(from, left)
      balances.set(to, (balances.get(to) ?? 0n) + amounts[amount]!)
      if (Object.hasOwn(scheme.accounts, from) && left < 0n) {
        const says = `At ${milestone}, ${from} cannot ${verb} ${written(amount)}: it holds too little.`
        return [{ pointer: `/amounts/${amount}`, code: 'account_short', says }]
      }
    }
  }
  for (const [name, { purpose }] of Object.entries(scheme.accounts)) {
    if (purpose === 'payable' || (balances.get(name) ?? 0n) === 0n) continue
    const says = `Money would be left on ${name} at the end; the amounts must use up all that comes in.`
    return [{ pointer: '/amounts', code: 'money_left_over', says }]
  }
  return []
}

/** What is wrong with a resident ID number or a unified social credit code. */
function idNumberProblem(kind: 'person' | 'company', text: string): string | undefined {
  if (kind === 'company') {
    const wrong = 'The unified social credit code has a wrong check digit; correct it.'
    return creditCode(text) ? undefined : wrong
  }
  const read = personal('id_number', text)
  return isPersonalRefusal(read) ? read.says : undefined
}

const CREDIT_ALPHABET = '0123456789ABCDEFGHJKLMNPQRTUWXY'

/** The check digit of a unified social credit code (GB 32100). */
function creditCode(text: string): boolean {
  let total = 0
  let weight = 1
  for (const digit of text.slice(0, 17)) {
    const value = CREDIT_ALPHABET.indexOf(digit)
    if (value < 0) return false
    total += value * weight
    weight = (weight * 3) % 31
  }
  return text[17] === CREDIT_ALPHABET[(31 - (total % 31)) % 31]
}
