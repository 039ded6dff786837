/**
 * Everything that is wrong with a document of rules, at once: its form, its conditions, the channels
 * it names, and rules that can never do anything or leave no channel. A document with a problem is
 * not kept.
 */
import { type Condition, createConditions } from './condition.ts'
import { type Box, boxesOf, implies } from './reach.ts'
import { type Action, type Rule, type RuleDocument, type RuleProblem, readForm } from './rule.ts'

/** A rule with its condition read. */
export interface ReadRule {
  readonly rule: Rule
  readonly condition: Condition
  /** `undefined`: too many to tell. */
  readonly boxes: readonly Box[] | undefined
}

export interface ReadRules {
  readonly document: RuleDocument
  readonly rules: readonly ReadRule[]
}

/** Reads a document. `channels` are the names of those attached. */
export function checkRules(
  value: unknown,
  channels: readonly string[],
): ReadRules | { problems: RuleProblem[] } {
  const document = readForm(value)
  if ('problems' in document) return document
  const problems: RuleProblem[] = []
  const add = (pointer: string, code: string, says: string) =>
    problems.push({ pointer, code, says })
  if (document.policy.value.least > document.policy.value.most) {
    add('/policy/value/least', 'bounds', 'Make "least" at most as large as "most".')
  }
  const read = createConditions()
  const rules: (ReadRule & { at: string })[] = []
  const ids = new Set<string>()
  for (const [index, rule] of document.rules.entries()) {
    const at = `/rules/${index}`
    if (ids.has(rule.id))
      add(`${at}/id`, 'id_taken', `Another rule has the id ${rule.id}; choose one of its own.`)
    ids.add(rule.id)
    for (const name of new Set(namesOf(rule.then))) {
      if (channels.includes(name)) continue
      const known = channels.join(', ')
      add(
        `${at}/then`,
        'unknown_channel',
        `There is no channel ${name}. The channels are ${known}.`,
      )
    }
    if ('split' in rule.then) {
      const total = Object.values(rule.then.split).reduce((sum, share) => sum + share, 0)
      if (total !== 1_000_000) {
        add(`${at}/then/split`, 'shares', `Let the shares add up to 1000000; these make ${total}.`)
      }
    }
    const condition = read(rule.when)
    if ('problem' in condition) {
      add(`${at}/when`, condition.problem.code, condition.problem.says)
      continue
    }
    const boxes = boxesOf(condition.ast)
    if (boxes?.length === 0) {
      add(
        `${at}/when`,
        'never_applies',
        'No payment can meet this condition; correct it or take the rule out.',
      )
      continue
    }
    rules.push({ rule, condition, boxes, at })
  }
  for (const [index, later] of rules.entries()) {
    const problem = rules
      .slice(0, index)
      .map((earlier) => clash(earlier, later))
      .find(Boolean)
    if (problem !== undefined) add(later.at, problem.code, problem.says)
  }
  return problems.length > 0 ? { problems } : { document, rules }
}

/** The channels an action names. */
export function namesOf(action: Action): readonly string[] {
  if ('prefer' in action) return action.prefer
  if ('exclude' in action) return action.exclude
  if ('only' in action) return action.only
  return Object.keys('weigh' in action ? action.weigh : action.split)
}

const orders = (action: Action) => 'prefer' in action || 'split' in action

/** What an earlier rule does to a later one. */
function clash(earlier: ReadRule, later: ReadRule): { code: string; says: string } | undefined {
  if (earlier.boxes === undefined || later.boxes === undefined) return undefined
  const always = implies(later.boxes, earlier.boxes)
  const sometimes = always || implies(earlier.boxes, later.boxes)
  const [first, second] = [earlier.rule.then, later.rule.then]
  const id = earlier.rule.id
  if (always && orders(first) && orders(second)) {
    return {
      code: 'shadowed',
      says: `Rule ${id} always comes first and orders the channels already; narrow it or put this one before it.`,
    }
  }
  if (always && 'exclude' in first && 'exclude' in second) {
    if (second.exclude.every((name) => first.exclude.includes(name))) {
      return { code: 'shadowed', says: `Rule ${id} excludes these already; take this one out.` }
    }
  }
  if (!sometimes) return undefined
  const left = leftBy(first, second)
  if (left !== undefined && left.length === 0) {
    return {
      code: 'contradictory',
      says: `Together with rule ${id} it leaves no channel; let the two conditions exclude each other.`,
    }
  }
  if (!always) return undefined
  const named = orders(second) ? namesOf(second) : []
  const gone = named.filter((name) => isGone(first, name))
  if (named.length > 0 && gone.length === named.length) {
    return {
      code: 'contradictory',
      says: `Rule ${id} always takes ${gone.join(', ')} away; this rule can never choose it.`,
    }
  }
  return undefined
}

/** What two limiting rules leave together; `undefined` when that cannot be told from them. */
function leftBy(first: Action, second: Action): readonly string[] | undefined {
  if ('only' in first && 'only' in second) {
    return first.only.filter((name) => second.only.includes(name))
  }
  if ('only' in first && 'exclude' in second) {
    return first.only.filter((name) => !second.exclude.includes(name))
  }
  if ('exclude' in first && 'only' in second) {
    return second.only.filter((name) => !first.exclude.includes(name))
  }
  return undefined
}

function isGone(action: Action, name: string): boolean {
  if ('exclude' in action) return action.exclude.includes(name)
  return 'only' in action && !action.only.includes(name)
}
