/**
 * Rules made ready for deciding: conditions compiled once, rules found by direction and bank so that
 * a decision looks only at those that may apply, and a version that follows from the content.
 */
import { createHash } from 'node:crypto'
import { DIRECTIONS } from '#channels'
import { checkRules, type ReadRule } from './check-rules.ts'
import type { Context } from './condition.ts'
import { closureOf } from './evaluate.ts'
import { textsNamed } from './reach.ts'
import type { Action, Policy, RuleDocument, RuleProblem } from './rule.ts'

export interface ReadyRule {
  readonly id: string
  readonly action: Action
  holds(context: Context): boolean
}

export interface RuleSet {
  /** SHA-256 of the document, hex. */
  readonly version: string
  readonly document: RuleDocument
  readonly policy: Policy
  /** Names of the attributes any rule asks for. */
  readonly attributes: readonly string[]
  /** The rules that may apply, in the order of the document. */
  candidates(direction: string, bank: string): readonly ReadyRule[]
}

/** Checks a document and makes it ready; or everything that is wrong with it. */
export function createRuleSet(
  value: unknown,
  channels: readonly string[],
): RuleSet | { problems: RuleProblem[] } {
  const read = checkRules(value, channels)
  if ('problems' in read) return read
  const rows = read.rules.map((each) => ({
    ready: { id: each.rule.id, action: each.rule.then, holds: closureOf(each.condition.ast) },
    directions: textsNamed(each.boxes, 'direction'),
    banks: textsNamed(each.boxes, 'bank'),
  }))
  const named = new Set(rows.flatMap(({ banks }) => [...(banks ?? [])]))
  const index = new Map<string, readonly ReadyRule[]>()
  for (const direction of DIRECTIONS) {
    const here = rows.filter((row) => row.directions?.has(direction) ?? true)
    for (const bank of [...named, undefined]) {
      const may = here.filter(
        ({ banks }) => banks === undefined || (bank !== undefined && banks.has(bank)),
      )
      index.set(
        keyOf(direction, bank),
        may.map(({ ready }) => ready),
      )
    }
  }
  return {
    version: ruleVersion(read.document),
    document: read.document,
    policy: read.document.policy,
    attributes: attributesOf(read.rules),
    candidates: (direction, bank) =>
      index.get(keyOf(direction, named.has(bank) ? bank : undefined)) ?? [],
  }
}

function keyOf(direction: string, bank: string | undefined): string {
  return bank === undefined ? direction : `${direction} ${bank}`
}

function attributesOf(rules: readonly ReadRule[]): readonly string[] {
  return [...new Set(rules.flatMap(({ condition }) => condition.attributes))]
}

/** The version of a document: the same content has the same one, however it was written down. */
export function ruleVersion(document: RuleDocument): string {
  return createHash('sha256')
    .update(JSON.stringify(ordered(document)))
    .digest('hex')
}

/** Keys in order, so that formatting does not make a version; lists keep theirs, it is the order of rules. */
function ordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(ordered)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, part]) => [key, ordered(part)]),
  )
}
