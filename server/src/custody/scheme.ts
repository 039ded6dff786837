/**
 * Schemes: a custody product as a document. Roles, amounts, accounts, milestones with a condition
 * each, and movements made of five verbs; `schemes/resale-home.yaml` explains the words.
 *
 * A running case keeps the document it was opened with, so nothing here may depend on the files of
 * today. The text of a scheme is read once; what passes `readScheme` can be run by the interpreter
 * without further questions.
 */
import { createHash } from 'node:crypto'
import { Ajv, type ErrorObject } from 'ajv'
import { type Static, Type } from 'typebox'
import { parse } from 'yaml'
import { type Problem, schemaProblems } from './problem.ts'

const closed = { additionalProperties: false } as const
const Name = Type.String({ pattern: '^[a-z][a-z0-9_]{0,39}$' })
const Title = Type.Object({ en: Type.String(), zh: Type.String() }, closed)
const Rounding = Type.Union(
  (['half_up', 'half_even', 'down', 'up', 'floor', 'ceiling'] as const).map((r) => Type.Literal(r)),
)

const Formula = Type.Union([
  Type.Literal('given'),
  Type.Object(
    { sum: Type.Array(Name, { minItems: 1 }), less: Type.Optional(Type.Array(Name)) },
    closed,
  ),
  Type.Object(
    {
      part_of: Name,
      ppm: Type.Integer({ minimum: 0, maximum: 1_000_000 }),
      rounding: Rounding,
    },
    closed,
  ),
])

const Movement = Type.Object(
  {
    verb: Type.Union([
      Type.Literal('collect'),
      Type.Literal('hold'),
      Type.Literal('release'),
      Type.Literal('charge'),
      Type.Literal('return'),
    ]),
    from: Name,
    to: Name,
    amount: Name,
  },
  closed,
)

const Milestone = Type.Object(
  {
    name: Name,
    title: Title,
    after: Type.Optional(Type.Array(Name, { minItems: 1 })),
    when: Type.Optional(Type.Object({ fact: Name, is: Name, not: Type.Optional(Name) }, closed)),
    if_not: Type.Optional(Type.Literal('everything_returns')),
    deadline: Type.Optional(
      Type.Object({ days: Type.Integer({ minimum: 1, maximum: 3650 }), after: Name }, closed),
    ),
    if_late: Type.Optional(Type.Array(Movement, { minItems: 1 })),
    movements: Type.Array(Movement, { minItems: 1 }),
  },
  closed,
)

const SchemeDocument = Type.Object(
  {
    scheme: Type.String({ pattern: '^[a-z][a-z0-9-]{0,39}$' }),
    version: Type.Integer({ minimum: 1 }),
    currency: Type.String({ pattern: '^[A-Z]{3}$' }),
    title: Title,
    roles: Type.Record(
      Name,
      Type.Object(
        { kind: Type.Union([Type.Literal('person'), Type.Literal('company')]), title: Title },
        closed,
      ),
    ),
    amounts: Type.Record(Name, Formula),
    rules: Type.Array(
      Type.Object(
        { equal: Type.Array(Name, { minItems: 2, maxItems: 2 }), at: Name, says: Type.String() },
        closed,
      ),
    ),
    accounts: Type.Record(
      Name,
      Type.Object(
        {
          holder: Name,
          purpose: Type.Union([
            Type.Literal('received'),
            Type.Literal('guarantee'),
            Type.Literal('payable'),
          ]),
        },
        closed,
      ),
    ),
    milestones: Type.Array(Milestone, { minItems: 1 }),
  },
  closed,
)

export type Scheme = Static<typeof SchemeDocument>
export type SchemeMilestone = Static<typeof Milestone>
export type SchemeMovement = Static<typeof Movement>
export type Formula = Static<typeof Formula>
export type Verb = SchemeMovement['verb']
export type Purpose = 'received' | 'guarantee' | 'payable'

/** JSON Schema of a scheme document. */
export const schemeSchema = SchemeDocument

const validate = new Ajv({ allErrors: true, strict: false }).compile(SchemeDocument)

export type ReadScheme = { readonly scheme: Scheme; readonly hash: string } | readonly Problem[]

/** Reads a scheme from YAML or JSON text. Answers the scheme, or every mistake in it. */
export function readScheme(text: string): ReadScheme {
  let value: unknown
  try {
    value = parse(text)
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error)
    return [{ pointer: '', code: 'not_readable', says: `The scheme is not YAML: ${why}.` }]
  }
  if (!validate(value)) return schemaProblems(validate.errors as ErrorObject[], 'scheme')
  const scheme = value as Scheme
  const problems = lintScheme(scheme)
  return problems.length > 0 ? problems : { scheme, hash: schemeHash(scheme) }
}

/** Binds a case to the very document it runs by: SHA-256 of its JSON, hex. */
export function schemeHash(scheme: Scheme): string {
  return createHash('sha256').update(JSON.stringify(scheme)).digest('hex')
}

/** What of an account a verb may take from, and give to. */
const PATHS: Record<Verb, readonly [Purpose | 'role', Purpose | 'role', 'same holder' | 'any']> = {
  collect: ['role', 'received', 'same holder'],
  hold: ['received', 'guarantee', 'same holder'],
  release: ['guarantee', 'payable', 'any'],
  charge: ['guarantee', 'payable', 'any'],
  return: ['guarantee', 'role', 'same holder'],
}

function lintScheme(scheme: Scheme): Problem[] {
  const problems: Problem[] = []
  const report = (pointer: string, says: string) =>
    problems.push({ pointer, code: 'scheme_inconsistent', says })
  lintAmounts(scheme, report)
  for (const [name, { holder }] of Object.entries(scheme.accounts)) {
    if (!Object.hasOwn(scheme.roles, holder)) {
      report(`/accounts/${name}/holder`, `"${holder}" is not one of the roles; name one.`)
    }
  }
  const seen = new Set<string>()
  scheme.milestones.forEach((milestone, i) => {
    const at = `/milestones/${i}`
    if (seen.has(milestone.name)) report(`${at}/name`, 'Another milestone has this name; rename.')
    for (const name of [...(milestone.after ?? []), ...deadlineAfter(milestone)]) {
      if (!seen.has(name))
        report(at, `"${name}" is not a milestone above this one; move or rename.`)
    }
    if (milestone.when?.not !== undefined && milestone.if_not === undefined) {
      report(at, `Say with if_not what happens when ${milestone.when.fact} does not come true.`)
    }
    if ((milestone.deadline === undefined) !== (milestone.if_late === undefined)) {
      report(at, 'A deadline and if_late belong together; give both or neither.')
    }
    for (const list of ['movements', 'if_late'] as const) {
      milestone[list]?.forEach((movement, j) => {
        const wrong = lintMovement(scheme, movement)
        if (wrong !== undefined) report(`${at}/${list}/${j}`, wrong)
      })
    }
    seen.add(milestone.name)
  })
  return problems
}

const deadlineAfter = (milestone: SchemeMilestone) =>
  milestone.deadline === undefined ? [] : [milestone.deadline.after]

function lintAmounts(scheme: Scheme, report: (pointer: string, says: string) => void): void {
  const known = new Set<string>()
  for (const [name, formula] of Object.entries(scheme.amounts)) {
    for (const used of usedBy(formula)) {
      if (!known.has(used)) {
        report(`/amounts/${name}`, `"${used}" is not an amount above this one; move or rename it.`)
      }
    }
    known.add(name)
  }
  scheme.rules.forEach((rule, i) => {
    for (const name of [...rule.equal, rule.at]) {
      if (!known.has(name)) report(`/rules/${i}`, `"${name}" is not one of the amounts.`)
    }
  })
}

function usedBy(formula: Formula): string[] {
  if (formula === 'given') return []
  return 'sum' in formula ? [...formula.sum, ...(formula.less ?? [])] : [formula.part_of]
}

function lintMovement(scheme: Scheme, { verb, from, to, amount }: SchemeMovement) {
  if (!Object.hasOwn(scheme.amounts, amount)) return `"${amount}" is not one of the amounts.`
  const [wantedFrom, wantedTo, holders] = PATHS[verb]
  const ends = [
    { name: from, wanted: wantedFrom, word: 'from' },
    { name: to, wanted: wantedTo, word: 'to' },
  ]
  for (const { name, wanted, word } of ends) {
    const found = Object.hasOwn(scheme.accounts, name)
      ? scheme.accounts[name]!.purpose
      : Object.hasOwn(scheme.roles, name)
        ? 'role'
        : undefined
    if (found !== wanted) {
      const what = wanted === 'role' ? 'a role' : `an account of purpose ${wanted}`
      return `"${verb}" moves ${word} ${what}; "${name}" is ${found ?? 'unknown'}.`
    }
  }
  if (holders === 'same holder' && holderOf(scheme, from) !== holderOf(scheme, to)) {
    return `"${verb}" stays with one role; "${from}" and "${to}" belong to two.`
  }
  return undefined
}

/** The role behind an account's or a role's name. */
export function holderOf(scheme: Scheme, name: string): string {
  return scheme.accounts[name]?.holder ?? name
}
