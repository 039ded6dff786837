/** The states of an instruction and how it moves. Checks in SQL and diagrams follow from this table. */
import type { Result } from './port.ts'

export const INSTRUCTION_STATES = [
  'intended',
  'sending',
  'accepted',
  'unknown',
  'succeeded',
  'failed',
] as const

export type InstructionState = (typeof INSTRUCTION_STATES)[number]

export type InstructionEvent =
  /** The next byte may leave. */
  | 'sending_began'
  /** Nothing left this machine. */
  | 'not_sent'
  /** Its time was over before anything was sent. */
  | 'expired'
  /** The bank knows no such call, and had time enough to. */
  | 'never_acted'
  | Result

interface Move {
  readonly from: InstructionState
  readonly on: InstructionEvent
  readonly to: InstructionState
}

export const INSTRUCTION_MOVES = [
  { from: 'intended', on: 'sending_began', to: 'sending' },
  { from: 'intended', on: 'expired', to: 'failed' },
  { from: 'sending', on: 'not_sent', to: 'intended' },
  { from: 'sending', on: 'accepted', to: 'accepted' },
  { from: 'sending', on: 'succeeded', to: 'succeeded' },
  { from: 'sending', on: 'failed', to: 'failed' },
  { from: 'sending', on: 'unknown', to: 'unknown' },
  { from: 'accepted', on: 'succeeded', to: 'succeeded' },
  { from: 'accepted', on: 'failed', to: 'failed' },
  { from: 'unknown', on: 'accepted', to: 'accepted' },
  { from: 'unknown', on: 'succeeded', to: 'succeeded' },
  { from: 'unknown', on: 'failed', to: 'failed' },
  { from: 'unknown', on: 'never_acted', to: 'failed' },
] as const satisfies readonly Move[]

/** Where an event leads; `undefined` when it changes nothing. */
export function next(
  state: InstructionState,
  event: InstructionEvent,
): InstructionState | undefined {
  return INSTRUCTION_MOVES.find((move) => move.from === state && move.on === event)?.to
}

/** Nothing more can be learnt that would move it. */
export function isFinal(state: InstructionState): boolean {
  return state === 'succeeded' || state === 'failed'
}

export const INBOUND_STATES = [
  /** Told by a notice alone, with an amount nobody waited for: booked once the bank's list agrees. */
  'held',
  'booked',
] as const

export type InboundState = (typeof INBOUND_STATES)[number]

export const INBOUND_KINDS = ['credited', 'suspense', 'returned'] as const

/** By which way we were told first. */
export const INBOUND_WAYS = ['notice', 'list', 'file'] as const

export type InboundWay = (typeof INBOUND_WAYS)[number]
