/** An instruction: one call of a bank, from the intent to its final result. */
import type { Instant, Uuid } from '#base'
import type { Operation } from './port.ts'
import type { InstructionState } from './states.ts'

export interface Instruction {
  readonly book: number
  readonly orgId: number
  readonly id: Uuid
  readonly channel: string
  readonly operation: Operation
  readonly reference: string
  /** Public id of the aggregate it is for. */
  readonly owner: string
  readonly step: Uuid
  /** Minor units; 0 for a call that moves no money. */
  readonly amount: bigint
  readonly state: InstructionState
  readonly sends: number
  readonly validUntil: Instant
  readonly sendBefore?: Instant
  readonly notFound: number
  readonly notFoundAt?: Instant
  readonly code: string
  readonly message: string
  readonly bankReference: string
  readonly movedAt: Instant
}

/** What the aggregate decides; the rest follows. */
export interface Intent {
  readonly orgId: number
  readonly id: Uuid
  readonly operation: Operation
  readonly owner: string
  readonly step: Uuid
  readonly amount: bigint
}
