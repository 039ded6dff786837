/** Entries whose ids are stored already: they get the first answer again, or hear what differs. */
import type { TransferResult } from '../command.ts'
import type { TransferRequest } from '../transfer.ts'
import type { Entry } from './entry.ts'
import { answerAgain } from './look-up.ts'
import type { Memory } from './memory.ts'

/** The answers of an entry whose ids are stored, or `undefined` when they are free. */
export function storedAnswers(memory: Memory, entry: Entry): readonly TransferResult[] | undefined {
  if (entry.looked === undefined) return undefined
  const answers: TransferResult[] = []
  for (const request of entry.requests) {
    const stored = entry.looked.stored.get(request.id)
    if (stored === undefined) continue
    answers.push(answerAgain(request, stored, holdCredit(memory, entry, request)))
  }
  if (answers.length === 0) return undefined
  // A command books all of its transfers or none; some of them stored is another command.
  if (
    answers.length < entry.requests.length &&
    answers.every((each) => each.status !== 'refused')
  ) {
    return [{ status: 'refused', replayed: false, code: 'exists_with_different_legs' }]
  }
  return answers
}

function holdCredit(memory: Memory, entry: Entry, request: TransferRequest): string | undefined {
  if (request.type !== 'release') return undefined
  const hold = memory.holds.get(request.hold) ?? entry.looked?.holds.get(request.hold)
  return hold === undefined || hold === null ? undefined : memory.idOf(hold.credit)
}

/** Answers an entry from what is stored; nothing is written for it. */
export function answerFromStored(entry: Entry, answers: readonly TransferResult[]): void {
  if (entry.command === undefined) {
    entry.resolve(answers[0]!)
    return
  }
  const at = answers.findIndex((answer) => answer.status === 'refused')
  const refused = answers[at]
  if (refused?.status === 'refused') {
    const stored = entry.requests.flatMap(({ id }, index) =>
      entry.looked?.stored.has(id) === true ? [index] : [],
    )
    const transfer = stored[at] ?? 0
    entry.resolve({ status: 'refused', code: refused.code, transfer })
  } else entry.resolve({ status: 'replayed', transfers: answers })
}
