/**
 * Magic amounts, names and banks, on every rail alike: the last two digits of the fen decide what
 * happens, and payouts to these payees end as told. A rail maps each effect to its own codes.
 */

export const MAGIC_AMOUNTS = {
  '03': 'merchant_error',
  '05': 'bank_refused',
  '13': 'duplicate_notice',
  '34': 'risk_hold',
  '51': 'insufficient_funds',
  '65': 'over_count',
  '68': 'lost_notice',
  '77': 'unmapped_code',
  '96': 'timeout_then_success',
  '99': 'timeout_never',
} as const

export type MagicEffect = (typeof MAGIC_AMOUNTS)[keyof typeof MAGIC_AMOUNTS]

/** Effects by which the rail refuses the order for good. */
export type MagicRefusal = Extract<
  MagicEffect,
  'merchant_error' | 'bank_refused' | 'risk_hold' | 'insufficient_funds' | 'over_count'
>

/** How long after it was sent an order of `timeout_then_success` succeeds. */
export const MAGIC_DELAY_MS = 20_000

/** What the amount, in fen, makes happen. */
export function magicEffect(amount: bigint): MagicEffect | undefined {
  const digits = String(amount % 100n).padStart(2, '0')
  return (MAGIC_AMOUNTS as Readonly<Record<string, MagicEffect>>)[digits]
}

/** The holder's name at the bank never equals this one. */
export const MISMATCHED_NAME = '测试不符'
/** A payee's bank that sends the money back the next day. */
export const RETURNING_BANK = 'MOCKBANK-RETURN'
/** A payee's bank that takes nothing from 17:00 on. */
export const CUTOFF_BANK = 'MOCKBANK-CUTOFF'
