/**
 * Planted faults: is the harness any good? Each takes one protection out of a copy of the source tree
 * and plays a few rounds there; a run that stays green has looked away.
 */
import type { Fault } from './plan.ts'
import { type Edit, runPlanted } from './planted-copy.ts'

export interface Plant {
  readonly name: string
  readonly says: string
  readonly edits: readonly Edit[]
  /** The faults that bring it out. */
  readonly faults: readonly Fault[]
  readonly rounds: number
}

export const PLANTS: readonly Plant[] = [
  {
    name: 'no fence',
    says: 'the head moves whoever writes, whatever epoch and batch came before',
    edits: [
      {
        file: 'server/src/ledger/writer/store.ts',
        from: 'where book_id = $1::int4 and epoch = $3::int8 and seq = $4::int8 - 1',
        to: 'where book_id = $1::int4 and $3::int8 is not null',
      },
    ],
    faults: ['takeover_alive'],
    rounds: 2,
  },
  {
    name: 'no undo',
    says: 'balances in memory keep what the database did not take',
    edits: [
      {
        file: 'server/src/ledger/writer/memory.ts',
        from: 'memory.counters[this.counter[at]!]![account]! -= this.amount[at]!',
        to: 'memory.counters[this.counter[at]!]![account]! -= 0n',
      },
    ],
    faults: ['cut_commit_before', 'kill_postgres'],
    rounds: 2,
  },
  {
    name: 'blind resend',
    says: 'a batch whose COMMIT was not answered is written again without asking',
    edits: [
      {
        file: 'server/src/ledger/writer/recovery.ts',
        from: 'this.deliverUpTo(Number(row.seq))',
        to: 'this.deliverUpTo(this.head.seq)',
      },
    ],
    faults: ['cut_commit_after'],
    rounds: 2,
  },
]

const MUST_BE_ZERO = [
  ...(['lost', 'doubled', 'wrong_balances', 'torn', 'wrong_answers', 'verify_failed'] as const),
]

/** Plays a few rounds with a planted fault; whether a figure that must be zero was not. */
export async function playPlant(
  plant: Plant,
  seed: number,
  print: (line: string) => void,
): Promise<boolean> {
  const args = ['ledger', '--rounds', String(plant.rounds), '--seed', String(seed), '--no-plants']
  const only = ['--short', '--faults', plant.faults.join(','), '--stop-when-found']
  const figures = await runPlanted({ plant, args: [...args, ...only], print })
  return MUST_BE_ZERO.some((name) => figures[name]! > 0)
}
