/** Who owns instructions and incoming money: the module that decides what they mean. */
import type { Command } from '#ledger'
import type { Instruction } from './instruction.ts'
import type { ChannelCall, Inbound, Outcome } from './port.ts'
import type { RecordedInbound } from './store.ts'

/** The parts of a command its owner contributes; it is decided anew when the command was stale. */
export type Parts = Omit<Command, 'answer' | 'refused'>

/** What owns instructions and incoming money: decides what they mean. */
export interface ChannelOwner {
  /** The call of an instruction, with the personal data it needs. */
  call(instruction: Instruction): Promise<ChannelCall>
  /** What it causes that an instruction moved to `event.to`. */
  moved(
    instruction: Instruction,
    event: { readonly to: Instruction['state']; readonly outcome: Outcome },
  ): Promise<Parts>
  /** The bank said of a final instruction what its state does not allow. */
  contradicted(instruction: Instruction, outcome: Outcome): Promise<Parts | undefined>
  /** Nobody could say for long what became of it. */
  doubtful(instruction: Instruction, why: string): Promise<Parts | undefined>
  /** Money came in. `held`: nobody expects this, wait for the bank's list. */
  received(
    book: number,
    inbound: Inbound,
    options: { readonly confirmed: boolean },
  ): Promise<{ readonly state: 'booked' | 'held'; readonly parts: Parts }>
  /** Two ways of the bank tell different things of one entry. */
  toldDifferently(
    book: number,
    first: RecordedInbound,
    inbound: Inbound,
  ): Promise<Parts | undefined>
}
