/**
 * The conditions of rules: CEL over a fixed set of typed variables, checked before a rule is kept.
 *
 * Only what can be said in a sentence may be written: and, or, not, comparisons, membership, text
 * beginnings and ends. An attribute the caller did not send is the empty text; CEL by itself would
 * stop with an error, so the names used are collected here and filled in at every decision.
 */
import {
  type ASTNode,
  type TypeError as CelTypeError,
  Environment,
  type ParseError,
} from '@marcbachmann/cel-js'
import { ACCOUNT_TYPES, COLLECT_METHODS, DIRECTIONS } from '#channels'

/** Variables a condition may use. `amount` is fen, `hour` 0–23, `weekday` 1 Monday – 7 Sunday. */
export const VARIABLES = {
  direction: 'string',
  amount: 'int',
  currency: 'string',
  bank: 'string',
  account_type: 'string',
  methods: 'list<string>',
  book: 'int',
  hour: 'int',
  weekday: 'int',
  attributes: 'map<string, string>',
} as const

export type Variable = keyof typeof VARIABLES

/** The texts a variable can hold, where they are few. */
export const WORDS: Readonly<Partial<Record<Variable, readonly string[]>>> = {
  direction: DIRECTIONS,
  account_type: ['', ...ACCOUNT_TYPES],
  methods: COLLECT_METHODS,
}

/** The whole numbers a variable can be; `most` is absent when there is none. */
export function rangeOf(name: string): { readonly least: bigint; readonly most?: bigint } {
  if (name === 'hour') return { least: 0n, most: 23n }
  return name === 'weekday' ? { least: 1n, most: 7n } : { least: 0n }
}

export type Context = Readonly<Record<Variable, unknown>>

export interface Condition {
  readonly text: string
  readonly ast: ASTNode
  /** Names of the attributes it asks for. */
  readonly attributes: readonly string[]
  /** What CEL itself says; deciding uses the closure of `evaluate.ts`. */
  holds(context: Context): boolean
}

export interface ConditionProblem {
  readonly code:
    | 'syntax'
    | 'unknown_variable'
    | 'wrong_type'
    | 'not_a_condition'
    | 'no_sentence'
    | 'unknown_word'
  readonly says: string
}

/** Parser and checker of conditions; one may be kept for ever. */
export function createConditions(): (text: string) => Condition | { problem: ConditionProblem } {
  const environment = new Environment({ limits: { maxAstNodes: 200, maxDepth: 20 } })
  for (const [name, type] of Object.entries(VARIABLES)) environment.registerVariable(name, type)
  return (text) => {
    let parsed: ReturnType<Environment['parse']>
    try {
      parsed = environment.parse(text)
    } catch (error) {
      return wrong('syntax', `Correct the condition: ${summary(error as ParseError)}.`)
    }
    const checked = parsed.check()
    if (!checked.valid) return mistyped(checked.error)
    if (checked.type !== 'bool') {
      return wrong(
        'not_a_condition',
        `Write a condition that is true or false, not ${checked.type}.`,
      )
    }
    const attributes = new Set<string>()
    const problem = walk(parsed.ast, attributes)
    if (problem !== undefined) return { problem }
    return {
      text,
      ast: parsed.ast,
      attributes: [...attributes],
      holds: (context) => parsed(context) === true,
    }
  }
}

function wrong(code: ConditionProblem['code'], says: string): { problem: ConditionProblem } {
  return { problem: { code, says } }
}

function summary(error: { summary?: string; message: string }): string {
  return (error.summary ?? error.message.split('\n')[0] ?? '').replace(/\.$/, '')
}

function mistyped(error: ParseError | CelTypeError | undefined): { problem: ConditionProblem } {
  if (error === undefined) return wrong('wrong_type', 'Correct the types of this condition.')
  if (error.code === 'unknown_variable') {
    const known = Object.keys(VARIABLES).join(', ')
    return wrong('unknown_variable', `${summary(error)}. The variables are ${known}.`)
  }
  return wrong('wrong_type', `Compare like with like: ${summary(error)}.`)
}

/** The comparison that holds where another does not. */
export const OPPOSITE: Readonly<Record<string, string>> = {
  '==': '!=',
  '!=': '==',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
}

/** Finds what has no sentence or can never be, and collects the attributes. */
function walk(node: ASTNode, attributes: Set<string>): ConditionProblem | undefined {
  const both = (pair: readonly ASTNode[]) => {
    for (const part of pair) {
      const problem = walk(part, attributes)
      if (problem !== undefined) return problem
    }
    return undefined
  }
  switch (node.op) {
    case '&&':
    case '||':
      return both(node.args)
    case '!_':
      return walk(node.args, attributes)
    case 'value':
      return typeof node.args === 'boolean' ? undefined : unsayable(node)
    case '==':
    case '!=':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return comparison(node.args, attributes)
    case 'in':
      return membership(node.args, attributes)
    case 'rcall':
      return textTest(node, attributes)
    default:
      return unsayable(node)
  }
}

function comparison(
  [left, right]: readonly [ASTNode, ASTNode],
  attributes: Set<string>,
): ConditionProblem | undefined {
  const name = subject(left, attributes)
  const value = literal(right)
  if (name === undefined || value === undefined) return unsayable(left)
  return knownWord(name, [value])
}

function membership(
  [left, right]: readonly [ASTNode, ASTNode],
  attributes: Set<string>,
): ConditionProblem | undefined {
  const word = literal(left)
  if (word !== undefined && right.op === 'id' && right.args === 'methods') {
    return knownWord('methods', [word])
  }
  const name = subject(left, attributes)
  if (name === undefined || right.op !== 'list') return unsayable(left)
  const values = right.args.map(literal)
  if (values.length === 0 || values.some((value) => value === undefined)) return unsayable(right)
  return knownWord(name, values as Literal[])
}

function textTest(
  node: ASTNode & { op: 'rcall' },
  attributes: Set<string>,
): ConditionProblem | undefined {
  const [name, receiver, args] = node.args
  const tests = ['startsWith', 'endsWith', 'contains']
  const value = args[0] === undefined ? undefined : literal(args[0])
  const known = subject(receiver, attributes) !== undefined && typeof value === 'string'
  return tests.includes(name) && known ? undefined : unsayable(node)
}

function knownWord(name: string, values: readonly Literal[]): ConditionProblem | undefined {
  const words = WORDS[name as Variable]
  const odd = values.find((value) => words !== undefined && !words.includes(value as string))
  if (odd !== undefined) {
    const list = words!.filter((word) => word !== '').join(', ')
    return { code: 'unknown_word', says: `${name} is never "${odd}"; it is one of ${list}.` }
  }
  const { least, most } = rangeOf(name)
  const far = values.find(
    (value) => typeof value === 'bigint' && (value < least || (most !== undefined && value > most)),
  )
  if (far === undefined) return undefined
  const range = most === undefined ? 'never below 0' : `from ${least} to ${most}`
  return { code: 'unknown_word', says: `${name} is ${range}; ${far} never happens.` }
}

export type Literal = string | bigint

/** The value of a literal text or whole number. */
export function literal(node: ASTNode): Literal | undefined {
  if (node.op !== 'value') return undefined
  return typeof node.args === 'string' || typeof node.args === 'bigint' ? node.args : undefined
}

/** The variable or `attributes.<name>` a node stands for. */
export function subject(node: ASTNode, attributes?: Set<string>): string | undefined {
  if (node.op === 'id' && node.args !== 'methods' && node.args !== 'attributes') return node.args
  const name =
    node.op === '.' && node.args[0].op === 'id' && node.args[0].args === 'attributes'
      ? node.args[1]
      : undefined
  if (name === undefined) return undefined
  attributes?.add(name)
  return `attributes.${name}`
}

function unsayable(node: ASTNode): ConditionProblem {
  const part = node.input.slice(node.start, node.end)
  return {
    code: 'no_sentence',
    says: `Write "${part}" as a variable compared with a value, with in […], startsWith, endsWith or contains, joined by &&, || and !.`,
  }
}
