/**
 * Payouts that look like another one: the same payee and amount within a day, under another key. The
 * second waits for a second person, who is told of the first; what became of the first does not matter.
 *
 * The one thing to get wrong: to compare and then write. Two at once would both find nothing, so the
 * one that passes claims the row of payee and amount in its own command, and the other is decided again.
 * Books are claimed one by one: of two payouts that two books take in the same instant both may pass.
 */
import { applied, type EffectRow } from '#base'
import type { PaymentsContext } from './context.ts'
import { claimPayeeAmount, lastOfAmount } from './payee-amount-store.ts'
import { payoutPublicId } from './payout.ts'
import type { Payout } from './payout-store.ts'

const DAY_MS = 86_400_000

/** What payments do by themselves, and what is paid again after it came back, is not compared. */
const isCompared = ({ purpose, about }: Payout) => purpose === 'payout' && about === ''

/** The public id of the payout it looks like; `undefined` when there is none. */
export async function nearDuplicate(
  context: PaymentsContext,
  payout: Payout,
): Promise<string | undefined> {
  const { nearDuplicateMs = DAY_MS, db, clock } = context
  if (nearDuplicateMs === 0 || !isCompared(payout)) return undefined
  const { orgId, payeeIndex: payee, amount } = payout
  const after = clock.now() - nearDuplicateMs
  const last = await lastOfAmount(db, { orgId, payee, amount, after })
  return last && payoutPublicId(last.book, last.payout)
}

/**
 * The effect that makes it the last of its amount to its payee. `unreviewed` moves only while no other
 * one was within the time; `reviewed` always, for a second person looks at it.
 */
export function claimed(
  context: PaymentsContext,
  payout: Payout,
  as: 'unreviewed' | 'reviewed',
): EffectRow[] {
  const { nearDuplicateMs = DAY_MS, clock } = context
  if (nearDuplicateMs === 0 || !isCompared(payout)) return []
  const { orgId, payeeIndex: payee, amount, id } = payout
  const before = clock.now() - nearDuplicateMs
  const always = as === 'reviewed' ? 1 : 0
  return [applied(claimPayeeAmount, { orgId, payee, amount, payout: id, before, always })]
}

/** The code of a payout that waits because it looks like another. */
export const NEAR_DUPLICATE = 'near_duplicate'
