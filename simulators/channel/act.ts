/** Acting on a request that makes an order, or what a fault or magic amount makes of it. */
import type { OrderKind } from './contract.ts'
import type { Faults } from './faults.ts'
import { CUT, type RailReply } from './http.ts'
import type { MagicEffect } from './magic.ts'

export interface ActParts {
  readonly faults: Faults
  magic(amount: bigint): MagicEffect | undefined
  goDown(ms: number): void
}

export interface AskedOrder {
  readonly kind: OrderKind
  readonly reference: string
  readonly amount: bigint
}

const SERVER_ERROR: RailReply = { status: 502, body: 'Bad Gateway' }

/** `perform` runs at most once; `unknownCode` spoils a good reply with a code nobody has seen. */
export function actUnderFaults(
  { faults, magic, goDown }: ActParts,
  { kind, reference, amount }: AskedOrder,
  perform: () => RailReply,
  unknownCode: (reply: RailReply) => RailReply,
): RailReply {
  const effect = magic(amount)
  if (effect === 'timeout_never') return CUT
  const strike = faults.strike('request', kind, reference)
  switch (strike?.fault) {
    case 'lost_request':
      return CUT
    case 'server_error_before':
      return SERVER_ERROR
    case 'down':
      goDown(strike.ms)
      return CUT
    default:
      break
  }
  const reply = perform()
  switch (strike?.fault) {
    case 'lost_reply':
      return CUT
    case 'server_error_after':
      return SERVER_ERROR
    case 'late_reply':
      return { ...reply, lateMs: strike.ms }
    case 'unknown_code':
      return unknownCode(reply)
    default:
      break
  }
  if (effect === 'timeout_then_success') return CUT
  return effect === 'unmapped_code' ? unknownCode(reply) : reply
}
