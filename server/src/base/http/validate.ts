/**
 * Contracts checked: a fast validator that stops at the first fault for the many good requests, and
 * a slow one that lists them all for the others.
 *
 * The thing to get wrong is a union: the faults of every branch together tell the caller nothing. The
 * branch he meant is chosen by its literal field (`"type": "hold"`), else by the fields he sent, and
 * only its faults are shown.
 */
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from 'ajv'
import type { TSchema } from 'typebox'
import { PERSONAL_KEYWORD } from './mask-reply.ts'
import type { Violation } from './problem.ts'
import { inlineParts, type JsonSchema } from './schema.ts'
import { pointerToken } from './strict-json.ts'

/** More faults than this are not listed. */
const MOST_VIOLATIONS = 50

export interface Validator {
  /** The faults of a value; `undefined` when there are none. Query texts become numbers in place. */
  violations(value: unknown): Violation[] | undefined
}

export interface Validators {
  /** `place` leads every pointer: empty for a body, `/query` or `/path` for the other parts. */
  compile(schema: TSchema, place: '' | '/query' | '/path'): Validator
}

/** Builds the validators of one server. */
export function createValidators(): Validators {
  const exact = engines({ coerceTypes: false })
  const lenient = engines({ coerceTypes: true })
  return {
    compile: (schema, place) => {
      const { first, explain } = place === '' ? exact : lenient
      const inlined = inlineParts(schema)
      const check = first(inlined)
      return {
        violations: (value) => {
          if (check(value)) return undefined
          // A list that is too long is told by that alone: its items are not worth reading.
          const tooMany = check.errors?.find((error) => error.keyword === 'maxItems')
          const found = tooMany === undefined ? explain(inlined, value) : [violation(tooMany, '')]
          return found
            .slice(0, MOST_VIOLATIONS)
            .map((one) => ({ ...one, pointer: place + one.pointer }))
        },
      }
    },
  }
}

interface Engines {
  first(schema: JsonSchema): ValidateFunction
  explain(schema: JsonSchema, value: unknown): Violation[]
}

function engines(options: Options): Engines {
  // Patterns without the `u` flag match as ours are written, and faster.
  const common: Options = {
    strict: true,
    allowUnionTypes: true,
    unicodeRegExp: false,
    ...options,
  }
  const fast = new Ajv({ ...common, verbose: true })
  const whole = new Ajv({ ...common, allErrors: true, verbose: true })
  for (const engine of [fast, whole]) engine.addVocabulary([PERSONAL_KEYWORD])
  const compiled = new WeakMap<JsonSchema, ValidateFunction>()
  const every = (schema: JsonSchema): ValidateFunction => {
    let check = compiled.get(schema)
    if (check === undefined) {
      check = whole.compile(schema)
      compiled.set(schema, check)
    }
    return check
  }
  const explain = (schema: JsonSchema, value: unknown, place = ''): Violation[] => {
    const check = every(schema)
    if (check(value)) return []
    const errors = check.errors ?? []
    const unions = outermostUnions(errors)
    const plain = errors.filter((error) => !unions.some((union) => isUnder(error, union)))
    return [
      ...plain.map((error) => violation(error, place)),
      ...unions.flatMap((union) =>
        explainUnion(union.schema as JsonSchema[], union.data, place + union.instancePath, explain),
      ),
    ]
  }
  return { first: (schema) => fast.compile(schema), explain }
}

function outermostUnions(errors: ErrorObject[]): ErrorObject[] {
  const unions = errors.filter((error) => error.keyword === 'anyOf')
  return unions.filter((union) => !unions.some((other) => other !== union && isUnder(union, other)))
}

/** Whether an error is the union's own or was found inside one of its branches. */
function isUnder(error: ErrorObject, union: ErrorObject): boolean {
  if (error === union) return true
  const place = union.instancePath
  const within = error.instancePath === place || error.instancePath.startsWith(`${place}/`)
  return within && error.schemaPath.startsWith(`${union.schemaPath}/`)
}

type Explain = (schema: JsonSchema, value: unknown, place: string) => Violation[]

function explainUnion(
  nested: JsonSchema[],
  value: unknown,
  place: string,
  explain: Explain,
): Violation[] {
  const branches = nested.flatMap(flatten)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [{ pointer: place, code: 'wrong_type', detail: `Send ${kinds(branches)} here.` }]
  }
  const sent = value as Record<string, unknown>
  const literal = literals(branches).find(([field]) => Object.hasOwn(sent, field))
  let candidates = branches
  if (literal !== undefined) {
    const [field, values] = literal
    candidates = branches.filter((branch) => literalOf(branch, field) === sent[field])
    if (candidates.length === 0) {
      const pointer = `${place}/${pointerToken(field)}`
      return [{ pointer, code: 'not_one_of', detail: `Send one of ${list(values)} here.` }]
    }
  }
  const known = (branch: JsonSchema): number =>
    Object.keys(sent).filter((key) => Object.hasOwn(properties(branch), key)).length
  const tried = candidates
    .map((branch) => ({ known: known(branch), found: explain(branch, value, place) }))
    .sort((a, b) => b.known - a.known || (a.known === 0 ? 0 : a.found.length - b.found.length))
  return tried[0]!.found
}

/** The branches of a union, with those of unions inside it in their place. */
function flatten(branch: JsonSchema): JsonSchema[] {
  return branch.anyOf === undefined ? [branch] : (branch.anyOf as JsonSchema[]).flatMap(flatten)
}

function properties(schema: JsonSchema): Record<string, JsonSchema> {
  return (schema.properties ?? {}) as Record<string, JsonSchema>
}

function literalOf(schema: JsonSchema, field: string): unknown {
  return properties(schema)[field]?.const
}

/** Fields that are literal in some branch, with the values they may have. */
function literals(branches: JsonSchema[]): [string, unknown[]][] {
  const found = new Map<string, Set<unknown>>()
  for (const branch of branches) {
    for (const [field, schema] of Object.entries(properties(branch))) {
      if (schema.const === undefined) continue
      found.set(field, (found.get(field) ?? new Set()).add(schema.const))
    }
  }
  return [...found].map(([field, values]) => [field, [...values]])
}

function kinds(branches: JsonSchema[]): string {
  return [...new Set(branches.map((branch) => nameOf(branch.type)))].join(' or ')
}

function nameOf(type: unknown): string {
  if (type === 'object') return 'an object'
  if (type === 'array') return 'a list'
  if (type === 'string') return 'a string'
  if (type === 'integer') return 'a whole number'
  if (type === 'number') return 'a number'
  if (type === 'boolean') return 'true or false'
  return type === 'null' ? 'null' : 'another value'
}

/** Texts for people: at most a dozen values, quoted as JSON. */
function list(values: unknown[]): string {
  const shown = values.slice(0, 12).map((value) => JSON.stringify(value))
  return shown.join(', ') + (values.length > shown.length ? ' and others' : '')
}

/** One fault of the validator as a sentence that says what to do. */
function violation(error: ErrorObject, place: string): Violation {
  const at = place + error.instancePath
  const params = error.params as Record<string, unknown>
  const field = String(params.missingProperty ?? params.additionalProperty ?? '')
  const limit = String(params.limit ?? '')
  const say = (code: string, detail: string, pointer = at): Violation => ({ pointer, code, detail })
  switch (error.keyword) {
    case 'required':
      return say('missing', `Add the field "${field}".`, `${at}/${pointerToken(field)}`)
    case 'additionalProperties': {
      const pointer = `${at}/${pointerToken(field.slice(0, 100))}`
      return say('unknown_field', 'Remove this field; the contract has no such field.', pointer)
    }
    case 'type':
      return say('wrong_type', `Send ${nameOf(params.type)} here${inQuotes(error)}.`)
    case 'enum':
      return say('not_one_of', `Send one of ${list(params.allowedValues as unknown[])} here.`)
    case 'const':
      return say('not_one_of', `Send ${JSON.stringify(params.allowedValue)} here.`)
    case 'pattern':
      return say(
        'malformed',
        expected(error) ?? `Send a text that matches ${String(params.pattern)}.`,
      )
    case 'minLength':
      return say('too_short', `Send at least ${limit} characters.`)
    case 'maxLength':
      return say('too_long', `Send at most ${limit} characters.`)
    case 'minItems':
      return say('too_few', `Send at least ${limit} of them.`)
    case 'maxItems':
      return say('too_many', `Send at most ${limit} of them; split the request.`)
    case 'minimum':
      return say('too_small', `Send ${limit} or more.`)
    case 'maximum':
      return say('too_large', `Send ${limit} or less.`)
    default:
      return say('malformed', expected(error) ?? `This ${error.message ?? 'does not fit'}.`)
  }
}

function inQuotes(error: ErrorObject): string {
  const isNumber = typeof error.data === 'number'
  return error.params.type === 'string' && isNumber ? ', in quotes' : ''
}

/** The description of a schema is written as what to send. */
function expected(error: ErrorObject): string | undefined {
  const description = error.parentSchema?.description as string | undefined
  return description === undefined ? undefined : `Send this instead: ${description}.`
}
