/** What a call is worth that got no reply an adapter could read: the same at every bank and rail. */
import type { NotSent, Outcome } from './port.ts'

export type Unreplied =
  | { readonly kind: 'not_sent'; readonly why: string }
  /** It may have arrived. `code` is a word of ours in capitals. */
  | { readonly kind: 'unknown'; readonly code: string; readonly why: string }

type Unknown = Outcome & { readonly result: 'unknown' }

/** Of a call that changes something: only what never left may be sent again. */
export function unsettled(reply: Unreplied): Unknown | NotSent {
  return reply.kind === 'not_sent'
    ? { result: 'not_sent', message: reply.why }
    : { result: 'unknown', code: reply.code, message: reply.why }
}

/** Of a question: whether it left or not, nothing was learnt. */
export function unanswered(reply: Unreplied): Unknown {
  const code = reply.kind === 'unknown' ? reply.code : 'NOT_SENT'
  return { result: 'unknown', code, message: reply.why }
}
