/**
 * The client's own record: every request, every sending of it, every answer. What the ledger is
 * judged by is here, not in the ledger.
 */
import type { Answer, Work } from './messages.ts'

/** How a request ended for its caller. */
export type Ending =
  | { readonly kind: 'accepted'; readonly number: bigint }
  | { readonly kind: 'refused'; readonly code: string }
  | { readonly kind: 'stale' }
  | { readonly kind: 'data' }

export interface Entry {
  readonly n: number
  readonly work: Work
  /** Milliseconds of the run's clock at the last sending. */
  sentAt: number
  sendings: number
  /** When the first definite answer came. */
  endedAt: number
  /** How often a sending came to nothing that could be known. */
  unknowns: number
  /** The first definite answer. */
  ending: Ending | undefined
  /** Answers that do not agree with the first. */
  readonly contradictions: Ending[]
}

/** The definite answer in what a host said; `undefined` when the request has to be sent again. */
export function endingOf(answer: Answer): Ending | undefined {
  switch (answer.outcome) {
    case 'result':
      return answer.result.status === 'accepted'
        ? { kind: 'accepted', number: answer.result.number }
        : { kind: 'refused', code: answer.result.code }
    case 'stale':
    case 'data':
      return { kind: answer.outcome }
    default:
      return undefined
  }
}

const same = (a: Ending, b: Ending): boolean =>
  a.kind === b.kind &&
  (a.kind !== 'accepted' || a.number === (b as typeof a).number) &&
  (a.kind !== 'refused' || a.code === (b as typeof a).code)

export class Journal {
  readonly entries: Entry[] = []

  add(work: Work): Entry {
    const entry: Entry = {
      n: this.entries.length,
      work,
      sentAt: 0,
      sendings: 0,
      endedAt: 0,
      unknowns: 0,
      ending: undefined,
      contradictions: [],
    }
    this.entries.push(entry)
    return entry
  }

  /** Notes a definite answer. A later one, from a host that was thought dead, must agree with it. */
  note(entry: Entry, ending: Ending): void {
    if (entry.ending === undefined) {
      entry.ending = ending
      entry.endedAt = performance.now()
    } else if (!same(entry.ending, ending)) entry.contradictions.push(ending)
  }

  /** When the first acceptance came of a request sent after `time`; `undefined` while none did. */
  acceptedAfter(time: number): number | undefined {
    let first: number | undefined
    for (const { ending, sentAt, endedAt } of this.entries) {
      if (ending?.kind !== 'accepted' || sentAt <= time) continue
      if (first === undefined || endedAt < first) first = endedAt
    }
    return first
  }

  count(kind: Ending['kind']): number {
    return this.entries.filter(({ ending }) => ending?.kind === kind).length
  }

  /** Requests whose outcome was unknown once and is known now. */
  get unknownsResolved(): number {
    return this.entries.filter(({ unknowns, ending }) => unknowns > 0 && ending !== undefined)
      .length
  }
}
