/**
 * What channels have taught by refusing: that a kind of account at a bank may not be paid through
 * them. Learnt after so many refusals, believed until it expires; then one attempt tries again, and
 * a refusal teaches it anew while a success forgets it.
 */
import type { Instant } from '#base'
import { type Cell, cellOf, keyOf, type Observation } from './health.ts'

export interface Learnt extends Cell {
  readonly refusals: number
  /** When it was believed; absent while there are too few refusals. */
  readonly learntAt?: Instant
  /** From then on one attempt may try. */
  readonly expiresAt?: Instant
  /** The attempts that were refused, the last ones first, and the channel's codes. */
  readonly evidence: readonly {
    readonly attempt: string
    readonly code: string
    readonly at: Instant
  }[]
}

/** What an observation changed, for the store. */
export type LearntChange =
  | { readonly kind: 'kept'; readonly learnt: Learnt }
  | { readonly kind: 'forgotten'; readonly cell: Cell }

export interface LearntTerms {
  readonly refusals: number
  readonly days: number
}

export interface Lessons {
  observe(observation: Observation, terms: LearntTerms): LearntChange | undefined
  /** `refused`: known to lack permission. `probe`: it was known, and one attempt may try again. */
  condition(cell: Cell, at: Instant): 'open' | 'refused' | 'probe'
  takeProbe(cell: Cell, at: Instant): void
  forget(cell: Cell): boolean
  /** Puts back what was stored, in place of all there is. */
  restore(rows: readonly Learnt[]): void
  rows(): Learnt[]
}

const DAY_MS = 86_400_000
const EVIDENCE_MOST = 10

/** `probeMs`: how long a probe that nobody answered keeps others back. */
export function createLessons(probeMs: number): Lessons {
  const lessons = new Map<string, Learnt>()
  const probes = new Map<string, Instant>()
  const endProbe = (key: string, madeAt: Instant) => {
    const probe = probes.get(key)
    if (probe !== undefined && madeAt >= probe) probes.delete(key)
  }
  return {
    observe: (observation, terms) => {
      const key = keyOf(observation)
      endProbe(key, observation.madeAt)
      const before = lessons.get(key)
      if (observation.verdict === 'permission') {
        const learnt = refused(before, observation, terms)
        lessons.set(key, learnt)
        return { kind: 'kept', learnt }
      }
      // A success of an attempt made before the refusal proves nothing about now.
      const newer = observation.madeAt >= (before?.evidence[0]?.at ?? 0)
      if (observation.verdict !== 'good' || before === undefined || !newer) return undefined
      lessons.delete(key)
      return { kind: 'forgotten', cell: cellOf(observation) }
    },
    condition: (cell, at) => {
      if (lessons.size === 0) return 'open'
      const key = keyOf(cell)
      const expiresAt = lessons.get(key)?.expiresAt
      if (expiresAt === undefined) return 'open'
      if (at < expiresAt) return 'refused'
      const probe = probes.get(key)
      return probe === undefined || at >= probe + probeMs ? 'probe' : 'refused'
    },
    takeProbe: (cell, at) => void probes.set(keyOf(cell), at),
    forget: (cell) => {
      probes.delete(keyOf(cell))
      return lessons.delete(keyOf(cell))
    },
    restore: (rows) => {
      lessons.clear()
      for (const row of rows) lessons.set(keyOf(row), row)
    },
    rows: () => [...lessons.values()],
  }
}

function refused(
  before: Learnt | undefined,
  { attempt, code, at, ...rest }: Observation,
  terms: LearntTerms,
): Learnt {
  const refusals = (before?.refusals ?? 0) + 1
  const evidence = [{ attempt, code, at }, ...(before?.evidence ?? [])].slice(0, EVIDENCE_MOST)
  const believed = refusals >= terms.refusals
  return {
    ...cellOf(rest),
    refusals,
    evidence,
    ...(believed && { learntAt: at, expiresAt: at + terms.days * DAY_MS }),
  }
}
