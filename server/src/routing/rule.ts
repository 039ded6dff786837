/**
 * Routing rules as data: the document and its schema. A rule says when it applies (`when`, in CEL)
 * and what follows (`then`). All rules that apply do so, in the order of the document; of those that
 * put channels in an order (`prefer`, `split`) the first one wins.
 *
 * Amounts are fen, shares parts per million, times of day Shanghai's.
 */
import { Ajv, type ErrorObject } from 'ajv'
import { parse } from 'yaml'

export type Action =
  /** These first, in this order, as long as they are well. */
  | { readonly prefer: readonly string[] }
  /** Never these. */
  | { readonly exclude: readonly string[] }
  /** None but these. */
  | { readonly only: readonly string[] }
  /** What a success there is worth, times this; 1,000,000 changes nothing. */
  | { readonly weigh: Readonly<Record<string, number>> }
  /** Shares of the volume, together 1,000,000; the same `sticky` always goes the same way. */
  | { readonly split: Readonly<Record<string, number>> }

export interface Rule {
  readonly id: string
  readonly title: { readonly zh: string; readonly en: string }
  readonly when: string
  readonly then: Action
}

/** What decisions weigh beside the rules. */
export interface Policy {
  /** What a success at the first attempt is worth to us: a share of the amount within bounds, fen. */
  readonly value: { readonly ppm: number; readonly least: number; readonly most: number }
  /** How much goes elsewhere to learn, and the largest payout that may, fen. */
  readonly explore: { readonly ppm: number; readonly payoutMost: number }
  /** How many refusals for lack of permission teach it, and for how long. */
  readonly permission: { readonly refusals: number; readonly days: number }
}

export interface RuleDocument {
  readonly policy: Policy
  readonly rules: readonly Rule[]
}

/** A mistake in a document: where, and what to do. */
export interface RuleProblem {
  /** JSON pointer. */
  readonly pointer: string
  readonly code: string
  readonly says: string
}

const closed = { additionalProperties: false } as const
const whole = (minimum: number, maximum: number) => ({ type: 'integer', minimum, maximum })
const channels = {
  type: 'array',
  minItems: 1,
  maxItems: 50,
  uniqueItems: true,
  items: { type: 'string', pattern: '^[a-z][a-z0-9-]{0,40}$' },
}
const shares = (maximum: number) => ({
  type: 'object',
  minProperties: 1,
  maxProperties: 50,
  propertyNames: { pattern: '^[a-z][a-z0-9-]{0,40}$' },
  additionalProperties: whole(0, maximum),
})
const action = (name: string, value: object) => ({
  type: 'object',
  ...closed,
  required: [name],
  properties: { [name]: value },
})
const title = { type: 'string', minLength: 1, maxLength: 100 }

/** JSON Schema of a document. */
const RULE_SCHEMA = {
  type: 'object',
  ...closed,
  required: ['policy', 'rules'],
  properties: {
    policy: {
      type: 'object',
      ...closed,
      required: ['value', 'explore', 'permission'],
      properties: {
        value: {
          type: 'object',
          ...closed,
          required: ['ppm', 'least', 'most'],
          properties: {
            ppm: whole(0, 1_000_000),
            least: whole(0, 1_000_000_000),
            most: whole(1, 1_000_000_000),
          },
        },
        explore: {
          type: 'object',
          ...closed,
          required: ['ppm', 'payoutMost'],
          properties: { ppm: whole(0, 300_000), payoutMost: whole(0, 1_000_000_000) },
        },
        permission: {
          type: 'object',
          ...closed,
          required: ['refusals', 'days'],
          properties: { refusals: whole(1, 100), days: whole(1, 365) },
        },
      },
    },
    rules: {
      type: 'array',
      maxItems: 1000,
      items: {
        type: 'object',
        ...closed,
        required: ['id', 'title', 'when', 'then'],
        properties: {
          id: { type: 'string', pattern: '^[a-z][a-z0-9-]{0,60}$' },
          title: {
            type: 'object',
            ...closed,
            required: ['zh', 'en'],
            properties: { zh: title, en: title },
          },
          when: { type: 'string', minLength: 1, maxLength: 1000 },
          // biome-ignore lint/suspicious/noThenProperty: a field of the document.
          then: {
            oneOf: [
              action('prefer', channels),
              action('exclude', channels),
              action('only', channels),
              action('weigh', shares(10_000_000)),
              action('split', shares(1_000_000)),
            ],
          },
        },
      },
    },
  },
} as const

const validate = new Ajv({ allErrors: true, strict: true }).compile<RuleDocument>(RULE_SCHEMA)

/** Reads a document's text, YAML or JSON. Throws `RuleTextRefused`. */
export function parseRules(text: string): unknown {
  try {
    return parse(text)
  } catch (error) {
    throw new RuleTextRefused(`The rules cannot be read: ${(error as Error).message}`)
  }
}

/** The text is neither YAML nor JSON. */
export class RuleTextRefused extends Error {
  override name = 'RuleTextRefused'
}

/** The document, or where its form is wrong. */
export function readForm(value: unknown): RuleDocument | { problems: RuleProblem[] } {
  if (validate(value)) return value
  return { problems: formProblems(validate.errors ?? []) }
}

/** One problem per place: of a failed choice of actions the reasons of each branch only confuse. */
function formProblems(errors: readonly ErrorObject[]): RuleProblem[] {
  const seen = new Map<string, RuleProblem>()
  const choices = errors
    .filter(({ keyword }) => keyword === 'oneOf')
    .map(({ instancePath }) => instancePath)
  for (const error of errors) {
    const choice = choices.find((path) => error.instancePath.startsWith(path))
    const pointer = choice ?? error.instancePath
    const says =
      choice === undefined
        ? `This part ${error.message ?? 'is not as it should be'}${details(error)}.`
        : 'Write one action: prefer, exclude or only with a list of channels, weigh or split with shares in parts per million.'
    if (!seen.has(pointer)) seen.set(pointer, { pointer, code: 'form', says })
  }
  return [...seen.values()]
}

function details({ keyword, params }: ErrorObject): string {
  const extra = (params as { additionalProperty?: string }).additionalProperty
  return keyword === 'additionalProperties' && extra !== undefined ? `: take "${extra}" out` : ''
}
