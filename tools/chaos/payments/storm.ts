/**
 * The faults of a seed: a storm over every rail, and some that a storm does not know, such as a notice
 * 26 hours late, an order hidden for hours, a rail that is down.
 */
import { type Rng, seededRng } from '../../../server/src/base/index.ts'
import { RAIL_FAULTS, type RailAdmin, type RailFault } from '../../../simulators/channel/index.ts'
import { RAIL_NAMES, type RailName } from '../../rails/names.ts'
import { CALL_MS } from './platform.ts'
import type { Stage } from './stage.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Struck by the storm; the others are armed with times of their own. */
const STORMY = RAIL_FAULTS.filter((fault) => fault !== 'down' && fault !== 'late_reply')

/** Of a million chances so many are struck. */
const PER_MILLION = 130_000

/** Begins the storm of a seed. */
export function beginStorm(stage: Stage, seed: number): void {
  const rng = seededRng(seed * 104_729 + 7)
  for (const [index, name] of RAIL_NAMES.entries()) {
    const admin = stage.admin(name)
    admin.storm({ seed: seed * 8 + index, perMillion: PER_MILLION, faults: STORMY })
    arm(admin, rng, name)
  }
}

const COLLECTS: readonly RailName[] = ['wechat-pay', 'alipay', 'unionpay']

function arm(admin: RailAdmin, rng: Rng, name: RailName): void {
  const after = () => rng.below(5)
  const notices = COLLECTS.includes(name) || name === 'bank-direct'
  if (notices) admin.arm({ fault: 'late_notice', ms: longWait(rng), after: after() })
  if (name === 'wechat-pay' || name === 'alipay') {
    const ms = 10_000 + rng.below(26 * HOUR_MS)
    admin.arm({ fault: 'late_success', kind: 'collect', ms, after: 1 + rng.below(2) })
    admin.arm({ fault: 'late_success', kind: 'collect', ms: 1, after: 3 })
  }
  if (notices) admin.arm({ fault: 'forged_notice', after: after() })
  if (notices) admin.arm({ fault: 'wrong_amount_notice', after: after() })
  if (rng.below(2) === 0) {
    admin.arm({ fault: 'hidden_order', ms: 5 * MINUTE_MS + rng.below(4 * HOUR_MS), after: after() })
  }
  if (rng.below(5) === 0) admin.arm({ fault: 'late_reply', ms: CALL_MS * 2, after: after() })
}

/** Mostly minutes, sometimes the longest there is. */
function longWait(rng: Rng): number {
  return rng.below(3) === 0 ? 26 * HOUR_MS : 20 * MINUTE_MS + rng.below(8 * HOUR_MS)
}

/** A rail refuses every connection for a while. */
export function goDown(stage: Stage, rng: Rng): void {
  const name = RAIL_NAMES[rng.below(RAIL_NAMES.length)]!
  stage.admin(name).arm({ fault: 'down', ms: 30_000 + rng.below(25 * MINUTE_MS) })
}

export function calm(stage: Stage): void {
  for (const admin of stage.admins()) admin.calm()
}

/** Faults that struck, by kind, over all rails. */
export function struck(stage: Stage): Record<RailFault, number> {
  const counts = Object.fromEntries(RAIL_FAULTS.map((fault) => [fault, 0]))
  for (const admin of stage.admins()) {
    for (const [fault, times] of Object.entries(admin.struck())) counts[fault]! += times
  }
  return counts as Record<RailFault, number>
}
