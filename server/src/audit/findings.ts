/** What verification can find, and the sentence for each. */

/** What is wrong. Every kind has a row in `SAYS`. */
export type FindingKind = keyof typeof SAYS

export interface Finding {
  readonly kind: FindingKind
  /** The chain it concerns; absent for checkpoints. */
  readonly book?: number
  /** The first and last number it concerns: of entries, or of checkpoints. */
  readonly from: number
  readonly to: number
  /** More than the kind says, such as where a checkpoint lies; '' when there is nothing. */
  readonly detail: string
}

const SAYS = {
  edited: 'does not have the content its hash was made from',
  missing: 'is missing from the middle of the chain',
  truncated: 'was written once and is gone from the end of the chain',
  reordered: 'stands at a number it was not written under',
  unlinked: 'does not follow from the entry before it: one of the two was put in its place',
  extra: 'was put in without the chain',
  forked: 'was written anew: a checkpoint holds another hash',
  head_moved: 'lies behind the end the chain names: the end was moved back',
  head_replaced: 'has another hash than the end of the chain names',
  head_missing: 'has no end of its chain: the row of the head is gone',
  checkpoint_forged: 'is not as it was signed',
  checkpoint_missing: 'is missing',
  checkpoint_cut: 'was written once and is gone from the end',
  checkpoint_reordered: 'does not stand where it was written',
  checkpoint_back: 'shows a chain that was longer before: entries were taken away by then',
} as const

/** The finding as a sentence. */
export function sayFinding({ kind, book, from, to, detail }: Finding): string {
  const what = book === undefined ? 'checkpoint' : `book ${book}: entry`
  const which = from === to ? `${what} ${from}` : `${what} ${from} to ${to}, each:`
  return `${which} ${SAYS[kind]}${detail === '' ? '' : ` (${detail})`}.`
}
