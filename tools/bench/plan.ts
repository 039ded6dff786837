/** What all designs are loaded with: how many accounts, how they are funded, which pairs are chosen. */
import { Dice } from './random-pool.ts'

/** Numbered from 1. */
export const ACCOUNTS = 10_000

/** What each account holds at first, minor units: enough that no limit stops a run. */
export const FUNDING = 1_000_000_000_000n

/** `uniform`: two random accounts. `hot`: account 1 is the credit side of every transfer. */
export type Spread = 'uniform' | 'hot'

/** Chooses debit and credit, account numbers from 1, never the same twice in a pair. */
export function pairs(
  spread: Spread,
  accounts: number = ACCOUNTS,
): () => readonly [number, number] {
  const dice = new Dice(11)
  if (spread === 'hot') return () => [2 + dice.below(accounts - 1), 1]
  return () => {
    const debit = 1 + dice.below(accounts)
    const credit = 1 + dice.below(accounts - 1)
    return [debit, credit < debit ? credit : credit + 1]
  }
}
