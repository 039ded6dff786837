/**
 * Planted faults: does the judge look? Each takes one protection out of a copy of the source tree and
 * plays seeds there until a figure that must be zero is not; a run that stays green has looked away.
 */
import { type Edit, runPlanted } from '../planted-copy.ts'

export interface PaymentPlant {
  readonly name: string
  readonly says: string
  readonly edits: readonly Edit[]
}

const OWNER = 'server/src/payments/payout-owner.ts'

export const PAYMENT_PLANTS: readonly PaymentPlant[] = [
  {
    name: 'blind resend',
    says: 'a payout nobody answered for is sent again over another channel without asking',
    edits: [
      {
        file: OWNER,
        from: 'if (!isFinal(event.to)) return { roots: [payoutRoot(payout.id)] }',
        to: `if (event.to === 'unknown') return failed(context, payout, { attempt, event })
      if (!isFinal(event.to)) return { roots: [payoutRoot(payout.id)] }`,
      },
      {
        file: OWNER,
        from: "if (certainty !== 'failed') return attempt.notFound > 0",
        to: "if (certainty !== 'failed') return true",
      },
    ],
  },
  {
    name: 'no guard',
    says: 'a pay-in is paid whatever state it has by then',
    edits: [
      {
        file: 'server/src/payments/pay-in-store.ts',
        from: `p.state = u.from_state and p.state <> 'succeeded'
      and p.attempts = u.attempts`,
        to: 'u.from_state is not null and u.attempts is not null',
      },
    ],
  },
  {
    name: 'amount unchecked',
    says: 'a callback is believed whatever amount it tells',
    edits: [
      {
        file: 'server/src/payments/agreement.ts',
        from: 'outcome.amount !== undefined && outcome.amount !== amount',
        to: 'outcome.amount !== undefined && outcome.amount < 0n',
      },
    ],
  },
]

/** Seeds a plant is given to be found in. */
const SEEDS = 4

/** Plays seeds with a planted fault; whether a figure that must be zero was not. */
export async function playPaymentPlant(
  plant: PaymentPlant,
  seed: number,
  print: (line: string) => void,
): Promise<boolean> {
  const args = ['payments', '--seeds', String(SEEDS), '--first', String(seed)]
  const figures = await runPlanted({
    plant,
    folders: ['simulators', 'schemes'],
    args: [...args, '--no-plants', '--stop-when-found'],
    print,
  })
  return ['pending_past_deadline', 'doubled', 'unmatched'].some((name) => figures[name]! > 0)
}
