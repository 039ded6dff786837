/**
 * A table's language: one short line for a step, so that *given, do, expect* stand beside each other.
 *
 *   t1 post AO>L 5 + L>M 3        a post of two legs; `x1001` repeats the last leg
 *   t1 hold L>M 5 until +10       `pinned` may follow; times are milliseconds from the clock
 *   t2 release t1                 all that is left; `release t1 M 3 + 2` in parts; `release t1 none`
 *   t3 void t1 · t3 expire t1 · t3 reverse t2
 *   … at -5 · … for fee           effective time and purpose, after any request
 *   freeze L · thaw L · close L · period +0 · pin t1 · unpin t1 · clock +5
 *
 * Accounts: A and L may not fall below zero, AO and LO may; M is another L. X does not exist.
 */
import type { Instant, Uuid } from '#base'
import type { AccountOpening, AccountState } from '../account.ts'
import type { Leg, ReleasePart, TransferRequest } from '../transfer.ts'
import { LARGEST } from './model-book.ts'
import type { Step } from './step.ts'

export const LINE_ACCOUNTS: readonly Omit<AccountOpening, 'id'>[] = [
  { code: 'A', name: 'A' },
  { code: 'A-open', name: 'AO' },
  { code: 'L', name: 'L' },
  { code: 'L-open', name: 'LO' },
  { code: 'L', name: 'M' },
]

/** Reads one line; `id` gives the uuid of a name. */
export function readLine(line: string, clock: Instant, id: (name: string) => Uuid): Step {
  const words = line.trim().split(/\s+/)
  const [first = '', second = ''] = words
  const states: Record<string, AccountState> = { freeze: 'frozen', thaw: 'open', close: 'closed' }
  const state = states[first]
  if (state !== undefined) return { do: 'change', account: id(second), state }
  if (first === 'period') return { do: 'close', before: clock + Number(second) }
  if (first === 'pin') return { do: 'pin', hold: id(second), pinned: true }
  if (first === 'unpin') return { do: 'pin', hold: id(second), pinned: false }
  if (first === 'clock') return { do: 'clock', to: clock + Number(second) }
  return { do: 'transfer', request: readRequest(words, clock, id) }
}

function readRequest(
  words: readonly string[],
  clock: Instant,
  id: (name: string) => Uuid,
): TransferRequest {
  const [name = '', type = '', ...rest] = words
  const after = (word: string) => {
    const at = rest.indexOf(word)
    return at === -1 ? undefined : rest[at + 1]
  }
  const effective = after('at')
  const purpose = after('for')
  const until = after('until')
  const common = {
    id: id(name),
    ...(effective !== undefined && { effectiveAt: clock + Number(effective) }),
    ...(purpose !== undefined && { purpose }),
  }
  const ends = rest.findIndex((word) => ['at', 'for', 'until', 'pinned'].includes(word))
  const body = rest.slice(0, ends === -1 ? undefined : ends)
  const target = id(body[0] ?? '')
  switch (type) {
    case 'post':
      return { type, ...common, legs: readLegs(body, id) }
    case 'hold': {
      const [leg] = readLegs(body, id)
      if (leg === undefined) throw new Error(`a hold needs a leg: ${words.join(' ')}`)
      const expiry = until === undefined ? {} : { expiresAt: clock + Number(until) }
      return {
        type,
        ...common,
        ...leg,
        ...expiry,
        ...(rest.includes('pinned') && { pinned: true }),
      }
    }
    case 'release': {
      const parts = readParts(body.slice(1), id)
      return { type, ...common, hold: target, ...(parts !== undefined && { parts }) }
    }
    case 'void':
    case 'expire':
      return { type, ...common, hold: target }
    case 'reverse':
      return { type, ...common, subject: target }
    default:
      throw new Error(`no such request: ${words.join(' ')}`)
  }
}

function readAmount(word: string): bigint {
  if (word === 'max') return LARGEST
  return word === 'max+1' ? LARGEST + 1n : BigInt(word)
}

/** `AO>L 5 + L>M 3 x10`; `none` for no leg at all. */
function readLegs(words: readonly string[], id: (name: string) => Uuid): Leg[] {
  const legs: Leg[] = []
  for (const group of words.join(' ').split(' + ')) {
    const [sides = '', amount = '', times = 'x1'] = group.split(' ')
    if (sides === 'none') continue
    const [debit = '', credit = ''] = sides.split('>')
    const leg = { debit: id(debit), credit: id(credit), amount: readAmount(amount) }
    for (let count = Number(times.slice(1)); count > 0; count -= 1) legs.push(leg)
  }
  return legs
}

/** `M 3 + 2 x4`: a part names its account, or goes to the hold's own. */
function readParts(
  words: readonly string[],
  id: (name: string) => Uuid,
): ReleasePart[] | undefined {
  if (words.length === 0) return undefined
  const parts: ReleasePart[] = []
  for (const group of words.join(' ').split(' + ')) {
    if (group === 'none') continue
    const inner = group.split(' ')
    const times = /^x\d+$/.test(inner.at(-1) ?? '') ? Number(inner.pop()?.slice(1)) : 1
    const amount = readAmount(inner.pop() ?? '')
    const [credit] = inner
    const part = { ...(credit !== undefined && { credit: id(credit) }), amount }
    for (let count = times; count > 0; count -= 1) parts.push(part)
  }
  return parts
}
