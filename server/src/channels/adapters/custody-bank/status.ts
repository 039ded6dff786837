/**
 * The bank's codes and what each is worth. A code that is not in here is `unknown`, whatever its text
 * says: only a listed refusal proves that the bank did not act.
 */
import type { Operation, Result } from '../../port.ts'

export const ACCEPTED = '000000'
export const NO_SUCH_FLOW = 'ERR070'
export const FILE_NOT_READY = 'ERR071'
/** A member's sub-account: no such one. */
export const NO_SUB_ACCOUNT = 'ERR030'

/** Codes by which the bank says it refused and did nothing. */
export const REFUSALS: ReadonlyMap<string, string> = new Map([
  ['ERR001', 'signature missing or wrong'],
  ['ERR002', 'timestamp outside the window'],
  ['ERR003', 'nonce seen before'],
  ['ERR010', 'field missing or malformed'],
  ['ERR011', 'no such operation'],
  ['ERR012', 'merchant or pool is not ours'],
  ['ERR030', 'no such sub-account'],
  ['ERR031', 'member code and sub-account differ'],
  ['ERR032', 'name differs from the one on record'],
  ['ERR033', 'bank account is not bound to the member'],
  ['ERR041', 'no such order of this member'],
  ['ERR050', 'available balance too small'],
  ['ERR051', 'withdrawable balance too small'],
  ['ERR052', 'more than is frozen'],
  ['ERR060', 'outside the hours for withdrawals'],
  ['ERR090', 'the bank refuses'],
])

/**
 * What `000000` means for each call. Money calls are only taken by it: the status query says whether
 * they were done. Opening and binding are done when answered.
 */
export const WHEN_TAKEN: Record<Operation, Result> = {
  open_sub_account: 'succeeded',
  bind_account: 'succeeded',
  freeze: 'accepted',
  unfreeze: 'accepted',
  pay: 'accepted',
  withdraw: 'accepted',
}

/** The result of a reply code to a call. */
export function resultOf(operation: Operation, code: string): Result {
  if (code === ACCEPTED) return WHEN_TAKEN[operation]
  return REFUSALS.has(code) ? 'failed' : 'unknown'
}

/** TranStatus of the status query: 0 and 1 are final; 2, 5 and 6 are on their way. */
export function resultOfStatus(tranStatus: string): Result {
  switch (tranStatus) {
    case '0':
      return 'succeeded'
    case '1':
      return 'failed'
    case '2':
    case '5':
    case '6':
      return 'accepted'
    default:
      return 'unknown'
  }
}
