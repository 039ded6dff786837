/**
 * The router in memory: it decides, and learns from how attempts end. Nothing here is written down;
 * `routing.ts` does that, and a replay of the past lets it be forgotten.
 */
import type { Instant } from '#base'
import type { Capability } from '#channels'
import type { Classification, CodeKey } from '#codes'
import type { AttemptFact } from '#quality'
import { type Dice, decide } from './decide.ts'
import type { RouteDecision, RouteRequest, Router } from './decision.ts'
import {
  createHealth,
  HEALTH_TERMS,
  type HealthRow,
  type HealthTerms,
  type Observation,
} from './health.ts'
import { createLessons, type LearntChange, type Lessons } from './learnt.ts'
import type { RuleSet } from './rule-set.ts'
import { verdictOf } from './verdict.ts'

export interface MemoryRouterOptions {
  readonly capabilities: readonly Capability[]
  readonly rules: RuleSet
  /** Whether the money a channel moves settles into or out of a book. */
  reaches(channel: string, book: number): boolean
  /** What a channel's code means. */
  classify(key: CodeKey): Classification
  readonly dice: Dice
  readonly health?: HealthTerms
}

export interface MemoryRouter extends Router {
  /** What would be decided, with nothing left to chance and nothing noted. */
  preview(request: RouteRequest): RouteDecision
  /** Takes the end of an attempt in; `undefined` when it was known or says nothing. */
  learn(
    fact: AttemptFact,
  ): { readonly observation: Observation; readonly change: LearntChange | undefined } | undefined
  /** Takes in what another server observed; its lessons come apart. */
  restore(observation: Observation): void
  readonly lessons: Lessons
  health(at: Instant): HealthRow[]
  rules(): RuleSet
  setRules(rules: RuleSet): void
}

/** Dice that never explore; a split that is not sticky shows its last channel by name. */
export const NO_CHANCE: Dice = { below: (bound) => bound - 1 }

export function createMemoryRouter(options: MemoryRouterOptions): MemoryRouter {
  const { capabilities, reaches, dice } = options
  const terms = options.health ?? HEALTH_TERMS
  const health = createHealth(terms)
  const lessons = createLessons(terms.probeMs)
  let { rules } = options
  const view = () => ({ capabilities, rules, health, lessons, reaches })
  return {
    lessons,
    rules: () => rules,
    setRules: (other) => {
      rules = other
    },
    health: (at) => health.rows(at),
    preview: (request) => decide(view(), request, NO_CHANCE).decision,
    decide: (request) => {
      const { decision, probe } = decide(view(), request, dice)
      if (probe !== undefined) {
        health.takeProbe(probe, request.at)
        lessons.takeProbe(probe, request.at)
      }
      return decision
    },
    restore: (observation) => void health.observe(observation),
    learn: (fact) => {
      const { attempt, channel, direction, bank, accountType, code, madeAt, at } = fact
      const verdict = verdictOf(fact, options.classify({ channel, direction, code }))
      if (verdict === undefined) return undefined
      const cell = { direction, channel, bank, accountType }
      const observation = { ...cell, attempt, verdict, code, madeAt, at }
      if (!health.observe(observation)) return undefined
      return { observation, change: lessons.observe(observation, rules.policy.permission) }
    },
  }
}
