/**
 * Faults: armed one by one, or drawn by a storm. Whether a storm strikes depends on its seed, the
 * place, the order's reference and how often that place was struck there before, and on nothing else,
 * so that the same seed strikes the same orders however requests interleave.
 */
import { type FaultOrder, type OrderKind, RAIL_FAULTS, type RailFault } from './contract.ts'

/** Where a fault can strike. `request`: around acting. `made`: at an order's birth. `end`: at a failure or closing. */
export type FaultPoint = 'request' | 'made' | 'notice' | 'end'

const POINT_OF: Readonly<Record<RailFault, FaultPoint>> = {
  lost_request: 'request',
  lost_reply: 'request',
  late_reply: 'request',
  server_error_before: 'request',
  server_error_after: 'request',
  unknown_code: 'request',
  down: 'request',
  hidden_order: 'made',
  lost_notice: 'notice',
  duplicate_notice: 'notice',
  late_notice: 'notice',
  reordered_notice: 'notice',
  wrong_amount_notice: 'notice',
  forged_notice: 'notice',
  late_success: 'end',
}

export const DEFAULT_MS: Readonly<Partial<Record<RailFault, number>>> = {
  late_reply: 3_000,
  late_notice: 600_000,
  reordered_notice: 600_000,
  hidden_order: 60_000,
  late_success: 60_000,
  down: 1_000,
}

export const DEFAULT_FEN = 100

export interface Strike {
  readonly fault: RailFault
  readonly ms: number
  readonly fen: bigint
}

export interface Storm {
  readonly seed: number
  readonly perMillion: number
  readonly faults?: readonly RailFault[]
}

export interface Faults {
  arm(order: FaultOrder): void
  storm(storm: Storm): void
  calm(): void
  struck(): Readonly<Partial<Record<RailFault, number>>>
  /** The fault that strikes here, if one does; it is counted. */
  strike(point: FaultPoint, kind: OrderKind, reference: string): Strike | undefined
  /** Counts a fault that acts by itself. */
  count(fault: RailFault): void
}

interface Armed extends FaultOrder {
  left: number
  pass: number
}

/** FNV-1a with a final mix, over the text and a number. */
function hash(text: string, number: number): number {
  let value = (2_166_136_261 ^ number) >>> 0
  for (let at = 0; at < text.length; at += 1) {
    value = Math.imul(value ^ text.charCodeAt(at), 16_777_619)
  }
  value = Math.imul(value ^ (value >>> 16), 2_246_822_507)
  value = Math.imul(value ^ (value >>> 13), 3_266_489_909)
  return (value ^ (value >>> 16)) >>> 0
}

export function createFaults(): Faults {
  let armed: Armed[] = []
  let storm: (Storm & { byPoint: Record<FaultPoint, RailFault[]> }) | undefined
  let before = new Map<string, number>()
  const counts: Partial<Record<RailFault, number>> = {}

  const count = (fault: RailFault) => {
    counts[fault] = (counts[fault] ?? 0) + 1
  }
  const fromArmed = (point: FaultPoint, kind: OrderKind): Strike | undefined => {
    for (const fault of armed) {
      if (POINT_OF[fault.fault] !== point) continue
      if (fault.kind !== undefined && fault.kind !== kind) continue
      if (fault.pass > 0) {
        fault.pass -= 1
        continue
      }
      fault.left -= 1
      if (fault.left <= 0) armed = armed.filter((other) => other !== fault)
      const ms = fault.ms ?? DEFAULT_MS[fault.fault] ?? 0
      return { fault: fault.fault, ms, fen: BigInt(fault.fen ?? DEFAULT_FEN) }
    }
    return undefined
  }
  const fromStorm = (point: FaultPoint, reference: string): Strike | undefined => {
    if (storm === undefined) return undefined
    const faults = storm.byPoint[point]
    if (faults.length === 0) return undefined
    const place = `${point} ${reference}`
    const times = before.size === 0 ? 0 : (before.get(place) ?? 0)
    const seed = Math.imul(storm.seed, 2_654_435_761) + times
    if (hash(place, seed) % 1_000_000 >= storm.perMillion) return undefined
    before.set(place, times + 1)
    const fault = faults[hash(place, ~seed) % faults.length]!
    return { fault, ms: DEFAULT_MS[fault] ?? 0, fen: BigInt(DEFAULT_FEN) }
  }
  return {
    arm(fault) {
      armed.push({ ...fault, left: fault.count ?? 1, pass: fault.after ?? 0 })
    },
    storm(next) {
      const byPoint: Record<FaultPoint, RailFault[]> = {
        request: [],
        made: [],
        notice: [],
        end: [],
      }
      for (const fault of next.faults ?? RAIL_FAULTS) byPoint[POINT_OF[fault]].push(fault)
      storm = { ...next, byPoint }
      before = new Map()
    },
    calm() {
      armed = []
      storm = undefined
    },
    struck: () => ({ ...counts }),
    count,
    strike(point, kind, reference) {
      if (armed.length === 0 && storm === undefined) return undefined
      const strike = fromArmed(point, kind) ?? fromStorm(point, reference)
      if (strike !== undefined) count(strike.fault)
      return strike
    },
  }
}
