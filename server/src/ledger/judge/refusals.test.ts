/**
 * One row and more for every refusal, in the order of the checks. A row's last line must be refused
 * with the code, by the engine, the oracle and the model alike; where two refusals apply, the row
 * shows which one is said.
 */
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { REFUSALS } from '../refusals.ts'
import { agree } from './agree.ts'
import { type Court, openCourt } from './court.ts'
import { LINE_ACCOUNTS, readLine } from './line.ts'
import { emptyBook, instant, open } from './model-book.ts'
import { runStep } from './model-steps.ts'
import { withChart } from './oracle.ts'
import type { Staged } from './stage.ts'

// biome-ignore format: the columns are the table
const ROWS: readonly (readonly [given: string, does: string, expect: string])[] = [
  // given                                          do                                expect
  ['t1 post AO>L 5',                                't1 hold AO>L 5',                 'exists_with_different_type'],
  ['t1 post AO>L 5',                                't1 void t1',                     'exists_with_different_type'],
  ['t1 post AO>L 0',                                't1 hold AO>L 5',                 'exists_with_different_type'],
  ['t1 post AO>L 5',                                't1 post AO>L 5 + AO>M 5',        'exists_with_different_legs'],
  ['t1 post AO>L 5 + AO>M 5',                       't1 post A>L 6',                  'exists_with_different_legs'],
  ['h hold AO>L 5; t1 release h 2 + 3',             't1 release h 2',                 'exists_with_different_legs'],
  ['t1 post AO>L 5',                                't1 post A>M 6',                  'exists_with_different_debit_account'],
  ['h hold AO>L 5',                                 'h hold A>L 6 until +9',          'exists_with_different_debit_account'],
  ['t1 post AO>L 5 + AO>M 5',                       't1 post AO>L 5 + A>M 6',         'exists_with_different_debit_account'],
  ['t1 post AO>L 5',                                't1 post AO>M 6',                 'exists_with_different_credit_account'],
  ['h hold AO>L 5; t1 release h 2',                 't1 release h M 2',               'exists_with_different_credit_account'],
  ['t1 post AO>L 5 + AO>M 5',                       't1 post AO>M 5 + AO>L 5',        'exists_with_different_credit_account'],
  ['h hold AO>L 5; g hold AO>M 5; t1 release h 2',  't1 release g 2',                 'exists_with_different_credit_account'],
  ['t1 post AO>L 5',                                't1 post AO>L 6 at -1',           'exists_with_different_amount'],
  ['h hold AO>L 5',                                 'h hold AO>L 6 until +9',         'exists_with_different_amount'],
  ['h hold AO>L 5; t1 release h',                   't1 release h 4',                 'exists_with_different_amount'],
  ['h hold AO>L 5; g hold AO>L 5; t1 release h 2',  't1 release g 2 at -1',           'exists_with_different_hold'],
  ['h hold AO>L 5; g hold AO>L 5; t1 void h',       't1 void g for fee',              'exists_with_different_hold'],
  ['t1 expire h',                                   't1 expire g',                    'exists_with_different_hold'],
  ['t1 post AO>L 5; t2 post AO>L 5; t3 reverse t1', 't3 reverse t2 at -1',            'exists_with_different_subject'],
  ['t3 reverse t1',                                 't3 reverse t2',                  'exists_with_different_subject'],
  ['t1 post AO>L 5',                                't1 post AO>L 5 at -1 for fee',   'exists_with_different_effective_at'],
  ['t1 post AO>L 5 at -1',                          't1 post AO>L 5',                 'exists_with_different_effective_at'],
  ['h hold AO>L 5; t1 void h',                      't1 void h at -1',                'exists_with_different_effective_at'],
  ['h hold AO>L 5 until +8',                        'h hold AO>L 5 until +9 for fee', 'exists_with_different_expires_at'],
  ['h hold AO>L 5 until +8',                        'h hold AO>L 5',                  'exists_with_different_expires_at'],
  ['t1 post AO>L 5 for fee',                        't1 post AO>L 5',                 'exists_with_different_purpose'],
  ['t1 post AO>L 0 for fee',                        't1 post AO>L 0 for tip',         'exists_with_different_purpose'],
  ['',                                              't1 post none',                   'legs_out_of_range'],
  ['',                                              't1 post AO>L 1 x1001 at +9',     'legs_out_of_range'],
  ['',                                              't1 release h none at +9',        'legs_out_of_range'],
  ['h hold AO>L 5',                                 't1 release h 1 x1001',           'legs_out_of_range'],
  ['',                                              't1 post A>A 0',                  'amount_not_positive'],
  ['',                                              't1 hold X>A -1',                 'amount_not_positive'],
  ['',                                              't1 release h 1 + 0 at +9',       'amount_not_positive'],
  ['',                                              't1 post A>A max+1',              'amount_too_large'],
  ['',                                              't1 hold X>A max+1',              'amount_too_large'],
  ['',                                              't1 release h max+1 at +9',       'amount_too_large'],
  ['',                                              't1 post X>X 1',                  'accounts_are_the_same'],
  ['',                                              't1 hold L>L 1 at +9',            'accounts_are_the_same'],
  ['h hold AO>L 5',                                 't1 release h AO 9',              'accounts_are_the_same'],
  ['',                                              't1 post AO>L 1 + X>Y 1',         'debit_account_not_found'],
  ['',                                              't1 hold X>A 1 at +9',            'debit_account_not_found'],
  ['',                                              't1 post AO>X 1 + A>A 1',         'credit_account_not_found'],
  ['',                                              't1 hold AO>X 1 at +9',           'credit_account_not_found'],
  ['h hold AO>L 5',                                 't1 release h M 1 + X 9',         'credit_account_not_found'],
  ['period +1',                                     't1 post AO>L 1 at +1',           'effective_at_in_future'],
  ['',                                              't1 hold AO>L 1 until +0 at +1',  'effective_at_in_future'],
  ['',                                              't1 release h at +1',             'effective_at_in_future'],
  ['',                                              't1 void h at +1',                'effective_at_in_future'],
  ['',                                              't1 expire h at +1',              'effective_at_in_future'],
  ['',                                              't1 reverse t2 at +1',            'effective_at_in_future'],
  ['period +0; close L',                            't1 post AO>L 1 at -1',           'period_closed'],
  ['period +1',                                     't1 post AO>L 1',                 'period_closed'],
  ['period +1',                                     't1 hold AO>L 1 until +0',        'period_closed'],
  ['period +1',                                     't1 release h',                   'period_closed'],
  ['period +1',                                     't1 void h',                      'period_closed'],
  ['period +1',                                     't1 expire h',                    'period_closed'],
  ['period +1',                                     't1 reverse t2',                  'period_closed'],
  ['',                                              't1 release h X 1',               'hold_not_found'],
  ['h hold AO>L 0',                                 't1 void h',                      'hold_not_found'],
  ['h post AO>L 5',                                 't1 expire h',                    'hold_not_found'],
  ['h hold AO>L 5; t1 release h',                   't2 release h AO 1',              'hold_already_released'],
  ['h hold AO>L 5 until +1; t1 release h; clock +2', 't2 void h',                     'hold_already_released'],
  ['h hold AO>L 5; t1 release h 2 + 3',             't2 expire h',                    'hold_already_released'],
  ['h hold AO>L 5; t1 void h',                      't2 release h 9',                 'hold_already_voided'],
  ['h hold AO>L 5 until +1; t1 void h; clock +2',   't2 void h',                      'hold_already_voided'],
  ['h hold AO>L 5; t1 void h',                      't2 expire h',                    'hold_already_voided'],
  ['close L',                                       't1 hold AO>L 5 until +0',        'hold_expired'],
  ['',                                              't1 hold AO>L 5 until -1 pinned', 'hold_expired'],
  ['h hold AO>L 5 until +2; clock +2',              't1 release h AO 9',              'hold_expired'],
  ['h hold AO>L 5 until +2; clock +2',              't1 void h',                      'hold_expired'],
  ['h hold AO>L 5 until +2; clock +2; t1 expire h', 't2 expire h',                    'hold_expired'],
  ['h hold AO>L 5 until +2 pinned; clock +2; unpin h', 't1 release h',                'hold_expired'],
  ['h hold AO>L 5',                                 't1 expire h',                    'hold_not_expired'],
  ['h hold AO>L 5 until +2; clock +1',              't1 expire h',                    'hold_not_expired'],
  ['h hold AO>L 5 until +2 pinned; clock +9',       't1 expire h',                    'hold_not_expired'],
  ['h hold AO>L 5 until +2; pin h; clock +9',       't1 expire h',                    'hold_not_expired'],
  ['h hold AO>L 5; freeze A',                       't1 release h 3 + A 3',           'release_exceeds_hold'],
  ['h hold AO>L 5; t1 release h 3',                 't2 release h 3',                 'release_exceeds_hold'],
  ['',                                              't1 reverse t2',                  'transfer_not_found'],
  ['t2 post AO>L 0',                                't1 reverse t2',                  'transfer_not_found'],
  ['',                                              't1 reverse t1',                  'transfer_not_found'],
  ['h hold AO>L 5',                                 't1 reverse h',                   'transfer_not_reversible'],
  ['h hold AO>L 5; t2 void h',                      't1 reverse t2',                  'transfer_not_reversible'],
  ['t1 post AO>L 5; t2 reverse t1',                 't3 reverse t2',                  'transfer_not_reversible'],
  ['t1 post AO>L 5; t2 reverse t1; close L',        't3 reverse t1',                  'already_reversed'],
  ['h hold AO>L 5; t1 release h; t2 reverse t1',    't3 reverse t1',                  'already_reversed'],
  ['close L; close AO',                             't1 post L>AO 1',                 'debit_account_closed'],
  ['close AO',                                      't1 hold AO>L 5',                 'debit_account_closed'],
  ['t1 post AO>L 5; t2 post L>AO 5; close L',       't3 reverse t1',                  'debit_account_closed'],
  ['freeze L; close AO',                            't1 post L>AO 1',                 'credit_account_closed'],
  ['close L',                                       't1 hold AO>L 5',                 'credit_account_closed'],
  ['h hold LO>M 5; freeze LO; close L',             't1 release h L 1 + M 1',         'credit_account_closed'],
  ['freeze L; freeze AO',                           't1 post L>AO 1',                 'debit_account_frozen'],
  ['freeze LO',                                     't1 hold LO>L 5',                 'debit_account_frozen'],
  ['h hold LO>AO 5; freeze LO; freeze AO',          't1 release h',                   'debit_account_frozen'],
  ['h hold LO>M 5; freeze LO; close L',             't1 release h M 1 + L 1',         'debit_account_frozen'],
  ['h hold LO>M 5 pinned; unpin h; freeze LO',      't1 release h',                   'debit_account_frozen'],
  ['freeze AO; t1 post AO>L 9',                     't2 post L>AO 10',                'credit_account_frozen'],
  ['freeze A',                                      't1 post L>A 1',                  'credit_account_frozen'],
  ['freeze A',                                      't1 hold LO>A 5',                 'credit_account_frozen'],
  ['h hold LO>L 5; freeze A',                       't1 release h A 1',               'credit_account_frozen'],
  ['h hold LO>L 5 pinned; freeze LO; freeze A',     't1 release h A 1',               'credit_account_frozen'],
  ['t1 post AO>L 5',                                't2 post L>A 6',                  'insufficient_funds'],
  ['t1 post AO>L 5; h hold L>M 3',                  't2 post L>M 3',                  'insufficient_funds'],
  ['t1 post AO>L 5',                                't2 post L>M 3 + L>M 3',          'insufficient_funds'],
  ['t1 post AO>L 5; h hold L>M 3',                  't2 hold L>M 3',                  'insufficient_funds'],
  ['t1 post AO>L 5; t2 post L>M 1',                 't3 reverse t1',                  'insufficient_funds'],
  ['t1 post A>LO 5',                                't2 post LO>A 6',                 'credit_account_overdrawn'],
  ['t1 post A>LO 5; h hold LO>A 3',                 't2 hold LO>A 3',                 'credit_account_overdrawn'],
  ['t1 post A>LO 5; t2 post LO>A 1',                't3 reverse t1',                  'credit_account_overdrawn'],
  ['h hold LO>L 5',                                 't1 release h A 1',               'credit_account_overdrawn'],
  ['t1 post AO>LO max',                             't2 post AO>L 1',                 'balance_too_large'],
  ['t1 post AO>LO max',                             't2 post A>LO 1',                 'balance_too_large'],
  ['t1 hold AO>LO max',                             't2 hold AO>L 1',                 'balance_too_large'],
  ['t1 hold AO>LO max',                             't2 post AO>L 1',                 'balance_too_large'],
  ['t1 post AO>LO max; t2 reverse t1',              't3 post LO>AO 1',                'balance_too_large'],
]

/** What is not refused although it stands at the edge of a refusal. */
// biome-ignore format: the columns are the table
const ACCEPTED: readonly (readonly [given: string, does: string])[] = [
  ['',                                              't1 post AO>L 1 x1000'],
  ['t1 post AO>L 5',                                't2 post L>AO 1 at -1 for fee'],
  ['h hold AO>L 5; t1 release h 2',                 't1 release h'],
  ['h hold AO>L 5',                                 'h hold AO>L 5 pinned'],
  ['',                                              't1 post AO>LO max'],
  ['period +0',                                     't1 post AO>L 1 at +0'],
  ['h hold AO>L 5 until +2; clock +1',              't1 release h'],
  ['h hold AO>L 5 until +2 pinned; clock +9',       't1 release h'],
  ['h hold AO>L 5 until +2; clock +2',              't1 expire h'],
  ['h hold LO>AO 5; freeze LO; freeze AO',          't1 void h'],
  ['h hold LO>AO 5; freeze AO',                     't1 release h M 5'],
  ['h hold LO>M 5 pinned; freeze LO',               't1 release h'],
  ['h hold LO>M 5; pin h; freeze LO',               't1 release h 2 + L 3'],
  ['t1 hold AO>LO max',                             't2 release t1'],
  ['freeze L',                                      't1 post AO>L 1'],
  ['freeze A',                                      't1 post A>LO 1'],
  ['t1 post AO>L 5; h hold L>M 5',                  't2 release h'],
  ['t1 post AO>L 5',                                't2 post L>M 5'],
  ['t1 post A>LO 5',                                't2 post LO>A 5'],
  ['h hold AO>L 5; t1 release h M 2 + L 3',         't2 reverse t1'],
]

let court: Court
let start: number
beforeAll(async () => {
  court = await openCourt()
  start = court.start
})
afterAll(() => court.close())

/** Reads the lines of a row into a history of their own. */
function staged(lines: readonly string[], seed: string): Staged {
  const names = new Map<string, string>()
  const id = (name: string) => {
    const uuid = createHash('sha256').update(`${seed} ${name}`).digest('hex').slice(0, 32)
    names.set(uuid, name)
    return uuid
  }
  const openings = LINE_ACCOUNTS.map((account) => ({ ...account, id: id(account.name) }))
  let clock = start
  const steps = lines.map((line) => {
    const step = readLine(line, clock, id)
    if (step.do === 'clock') clock = step.to
    return { step, clock }
  })
  start = clock + 100
  return { openings, steps, accounts: openings.map((account) => account.id), end: start, names }
}

const lines = (given: string, does: string) => [...given.split('; ').filter(Boolean), does]

/** The model's answer to the last line; the others are held to the model by `agree`. */
function answerTo({ openings, steps }: Staged) {
  let book = openings.map(withChart).reduce(open, emptyBook())
  let answer: unknown
  for (const { step, clock } of steps) {
    const ran = runStep(book, step, instant(book, clock))
    book = ran.book
    answer = ran.result.do === 'transfer' ? ran.result.result : undefined
  }
  return answer
}

function agreeOn(history: Staged, together: boolean): Promise<void> {
  return agree(history, { ...court, together, tally: new Map() })
}

describe('refusals', () => {
  it('has rows for every code, in the order of the checks', () => {
    const order = REFUSALS.map(([code]) => code as string)
    expect([...new Set(ROWS.map(([, , code]) => code))]).toEqual(order)
    const ranks = ROWS.map(([, , code]) => order.indexOf(code))
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b))
  })

  it.each(ROWS)('%s | %s | %s', async (given, does, code) => {
    const history = staged(lines(given, does), `${given} ${does}`)
    expect(answerTo(history)).toMatchObject({ status: 'refused', replayed: false, code })
    await agreeOn(history, false)
  })

  it.each(ROWS)('again: %s | %s | %s', async (given, does, code) => {
    const history = staged([...lines(given, does), does], `again ${given} ${does}`)
    const replayed = !code.startsWith('exists_with')
    expect(answerTo(history)).toEqual({ status: 'refused', replayed, code })
    await agreeOn(history, true)
  })

  it.each(ACCEPTED)('%s | %s | accepted', async (given, does) => {
    const history = staged(lines(given, does), `${given} ${does}`)
    expect(answerTo(history)).toMatchObject({ status: 'accepted' })
    await agreeOn(history, false)
  })
})
