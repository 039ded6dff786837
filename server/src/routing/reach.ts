/**
 * What a condition can hold for, as boxes: a box is a set of allowed texts or a span of whole numbers
 * for each variable, and a condition is any of its boxes. Enough to tell that a condition never
 * holds, or that one holds whenever another does.
 *
 * It errs on one side only: when it says "implies" or "never" that is so; when it cannot tell, it
 * says no. A condition with too many boxes is not told.
 */
import type { ASTNode } from '@marcbachmann/cel-js'
import { literal, OPPOSITE, rangeOf, subject, type Variable, WORDS } from './condition.ts'

interface Texts {
  /** Absent: any. */
  readonly among?: ReadonlySet<string>
  readonly not: ReadonlySet<string>
}

interface Span {
  readonly least?: bigint
  readonly most?: bigint
}

export interface Box {
  readonly texts: ReadonlyMap<string, Texts>
  readonly spans: ReadonlyMap<string, Span>
  /** Tests taken as they stand, negated ones after `!`. */
  readonly tests: ReadonlySet<string>
}

const MOST_BOXES = 200
const ANY: Box = { texts: new Map(), spans: new Map(), tests: new Set() }

/** The boxes of a condition that are not empty; `undefined` when there are too many to tell. */
export function boxesOf(ast: ASTNode): readonly Box[] | undefined {
  return expand(ast, true)
}

function expand(node: ASTNode, positive: boolean): readonly Box[] | undefined {
  switch (node.op) {
    case 'value':
      return (node.args === true) === positive ? [ANY] : []
    case '!_':
      return expand(node.args, !positive)
    case '&&':
    case '||': {
      const [left, right] = node.args
      const [a, b] = [expand(left, positive), expand(right, positive)]
      if (a === undefined || b === undefined) return undefined
      if ((node.op === '||') === positive) {
        return a.length + b.length > MOST_BOXES ? undefined : [...a, ...b]
      }
      if (a.length * b.length > MOST_BOXES) return undefined
      return a.flatMap((one) => b.flatMap((other) => meet(one, other) ?? []))
    }
    default:
      return atom(node, positive)
  }
}

function atom(node: ASTNode, positive: boolean): readonly Box[] {
  if (node.op === 'in' && node.args[1].op === 'list') {
    const name = subject(node.args[0])
    const values = node.args[1].args.map(literal)
    if (name !== undefined && values.every((value) => typeof value === 'string')) {
      return textBox(name, positive, values as string[])
    }
    if (name !== undefined && positive && values.every((value) => typeof value === 'bigint')) {
      return (values as bigint[]).flatMap((value) => spanBox(name, { least: value, most: value }))
    }
  }
  const compared = comparison(node, positive)
  if (compared !== undefined) return compared
  const text = node.input.slice(node.start, node.end)
  return [{ ...ANY, tests: new Set([positive ? text : `!${text}`]) }]
}

function comparison(node: ASTNode, positive: boolean): readonly Box[] | undefined {
  const opposite = OPPOSITE[node.op]
  if (opposite === undefined) return undefined
  const op = positive ? node.op : opposite
  const [left, right] = node.args as [ASTNode, ASTNode]
  const [name, value] = [subject(left), literal(right)]
  if (name === undefined || value === undefined) return undefined
  if (typeof value === 'string') {
    return op === '==' || op === '!=' ? textBox(name, op === '==', [value]) : undefined
  }
  if (op === '==') return spanBox(name, { least: value, most: value })
  if (op === '>=') return spanBox(name, { least: value })
  if (op === '>') return spanBox(name, { least: value + 1n })
  if (op === '<=') return spanBox(name, { most: value })
  if (op === '<') return spanBox(name, { most: value - 1n })
  return [...spanBox(name, { most: value - 1n }), ...spanBox(name, { least: value + 1n })]
}

function textBox(name: string, among: boolean, values: readonly string[]): readonly Box[] {
  const words = WORDS[name as Variable]
  const given = new Set(values)
  const texts: Texts = among
    ? { among: given, not: new Set() }
    : words === undefined
      ? { not: given }
      : { among: new Set(words.filter((word) => !given.has(word))), not: new Set() }
  return texts.among?.size === 0 ? [] : [{ ...ANY, texts: new Map([[name, texts]]) }]
}

/** The span within what the variable can be at all; nothing when it lies outside. */
function spanBox(name: string, span: Span): readonly Box[] {
  const met = meetSpans(rangeOf(name), span)
  return isEmpty(met) ? [] : [{ ...ANY, spans: new Map([[name, met]]) }]
}

function isEmpty({ least, most }: Span): boolean {
  return least !== undefined && most !== undefined && least > most
}

/** Where both hold; nothing when that is nowhere. */
function meet(a: Box, b: Box): Box | undefined {
  const texts = new Map(a.texts)
  for (const [name, other] of b.texts) {
    const met = meetTexts(texts.get(name), other)
    if (met.among?.size === 0) return undefined
    texts.set(name, met)
  }
  const spans = new Map(a.spans)
  for (const [name, other] of b.spans) {
    const met = meetSpans(spans.get(name), other)
    if (isEmpty(met)) return undefined
    spans.set(name, met)
  }
  const tests = new Set([...a.tests, ...b.tests])
  if ([...tests].some((test) => tests.has(`!${test}`))) return undefined
  return { texts, spans, tests }
}

function meetTexts(a: Texts | undefined, b: Texts): Texts {
  if (a === undefined) return b
  const not = new Set([...a.not, ...b.not])
  if (a.among === undefined && b.among === undefined) return { not }
  const base = [...(a.among ?? b.among!)].filter(
    (word) => b.among === undefined || b.among.has(word),
  )
  return { among: new Set(base.filter((word) => !not.has(word))), not: new Set() }
}

function meetSpans(a: Span | undefined, b: Span): Span {
  const least = larger(a?.least, b.least)
  const most = smaller(a?.most, b.most)
  return { ...(least !== undefined && { least }), ...(most !== undefined && { most }) }
}

function larger(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  return a === undefined ? b : b === undefined || a > b ? a : b
}

function smaller(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  return a === undefined ? b : b === undefined || a < b ? a : b
}

/** Whether the second surely holds wherever the first does. */
export function implies(first: readonly Box[], second: readonly Box[]): boolean {
  return first.every((box) => second.some((other) => lies(box, other)))
}

function lies(box: Box, inside: Box): boolean {
  for (const [name, wanted] of inside.texts) {
    const has = box.texts.get(name)
    if (has === undefined) return false
    if (wanted.among !== undefined) {
      if (has.among === undefined) return false
      for (const word of has.among) if (!wanted.among.has(word)) return false
    } else {
      for (const word of wanted.not) {
        const out = has.among === undefined ? has.not.has(word) : !has.among.has(word)
        if (!out) return false
      }
    }
  }
  for (const [name, wanted] of inside.spans) {
    const has = box.spans.get(name) ?? {}
    if (wanted.least !== undefined && !(has.least !== undefined && has.least >= wanted.least)) {
      return false
    }
    if (wanted.most !== undefined && !(has.most !== undefined && has.most <= wanted.most)) {
      return false
    }
  }
  for (const test of inside.tests) if (!box.tests.has(test)) return false
  return true
}

/** The texts a variable must be one of for any box to hold; `undefined`: any. */
export function textsNamed(
  boxes: readonly Box[] | undefined,
  name: string,
): ReadonlySet<string> | undefined {
  if (boxes === undefined) return undefined
  const named = new Set<string>()
  for (const box of boxes) {
    const among = box.texts.get(name)?.among
    if (among === undefined) return undefined
    for (const word of among) named.add(word)
  }
  return named
}
