/** The lists as data: the files stand, each rule refuses what it must, look-ups prefer the nearest row. */
import { describe, expect, it } from 'vitest'
import { CAUSES, letterOf } from './classification.ts'
import type { CodeRow } from './code-row.ts'
import { createCodes, UNMAPPED } from './codes.ts'
import { CodesRefused, readCodes } from './read-codes.ts'
import { codeFiles, codesOfCheckout } from './testing/index.ts'

const HEAD = 'direction,code,alias,cause,reason,certainty,retry,text_zh,text_en,meaning,source\n'
const REASONS = {
  name: 'reasons.csv',
  text:
    'reason,direction,text_zh,text_en\nbusy,any,请稍后再试,Try again later.\n' +
    'busy,pay,没有付出,Nothing was paid out.\nasking,any,正在确认,Confirming.\ndone,any,完成,Done.\n',
}
const GOOD = 'any,E1,,channel,busy,failed,other_channel,,,,a source\n'

function faultsOf(lines: string, more: { name: string; text: string }[] = []) {
  try {
    readCodes([{ name: 'rail.csv', text: HEAD + lines }, REASONS, ...more])
    return []
  } catch (error) {
    if (!(error instanceof CodesRefused)) throw error
    return error.faults.map(({ file, row, column }) => `${file} ${row} ${column}`)
  }
}

describe('the lists of the checkout', () => {
  const set = codesOfCheckout()

  it('are read whole, with every channel in it', () => {
    const lists = new Set(set.rows.map((row) => row.list))
    for (const list of ['wechat-pay', 'alipay', 'unionpay', 'netsunion', 'bank-direct']) {
      expect(lists, list).toContain(list)
    }
    expect(set.rows.length).toBeGreaterThan(280)
  })

  it('never lead from unknown to a retry, and blame somebody for every failure', () => {
    const codes = createCodes(set)
    let unknown = 0
    for (const { list, direction, code } of set.rows) {
      const key = { channel: list, direction: direction === 'any' ? 'collect' : direction, code }
      const found = codes.classify(key as Parameters<typeof codes.classify>[0])
      expect(found.mapped, `${list} ${code}`).toBe(true)
      if (found.certainty === 'unknown') {
        unknown += 1
        expect(found.retry, `${list} ${code}`).toBe('none')
      }
      if (found.certainty === 'failed') expect(CAUSES, `${list} ${code}`).toContain(found.cause)
    }
    expect(unknown).toBeGreaterThan(30)
  })

  it('use every reason that has a sentence, and no other', () => {
    const reasons = codeFiles().find(({ name }) => name === 'reasons.csv')!
    const written = new Set(
      reasons.text
        .split('\n')
        .slice(1)
        .map((line) => line.split(',')[0]!)
        .filter((reason) => reason !== ''),
    )
    const used = new Set(set.rows.map((row) => row.reason))
    // Two reasons are for people who classify later.
    for (const reason of ['own_account_mismatch', 'own_rule']) used.add(reason)
    expect([...written].sort()).toEqual([...used].sort())
  })

  it.each([
    ['unionpay', 'pay', '66', 'user', 'identity_mismatch'],
    ['unionpay', 'collect', '64', 'user', 'insufficient_funds'],
    ['unionpay', 'pay', '64', 'merchant', 'merchant_balance'],
    ['wechat-pay', 'collect', 'NOT_ENOUGH', 'user', 'insufficient_funds'],
    ['wechat-pay', 'refund', 'NOT_ENOUGH', 'merchant', 'merchant_balance'],
    ['netsunion', 'collect', 'PB511027', 'user', 'wrong_credential'],
    ['bank-direct', 'pay', 'NEVER_SENT', 'system', 'never_sent'],
  ] as const)('%s %s %s is of the cause %s: %s', (channel, direction, code, cause, reason) => {
    expect(createCodes(set).classify({ channel, direction, code })).toMatchObject({ cause, reason })
  })

  it('take a repeated number for unknown: the first message may have moved the money', () => {
    const repeated = set.rows.filter((row) => row.reason === 'duplicate')
    expect(repeated.length).toBeGreaterThan(4)
    for (const row of repeated) expect(row.certainty, `${row.list} ${row.code}`).toBe('unknown')
  })
})

describe('a file is read whole or not at all', () => {
  it.each([
    ['a direction nobody knows', GOOD.replace('any', 'sideways'), 'rail.csv 2 direction'],
    ['no code', GOOD.replace('E1', ''), 'rail.csv 2 code'],
    ['a code with blanks around it', GOOD.replace('E1', ' E1'), 'rail.csv 2 code'],
    ['a cause nobody knows', GOOD.replace('channel,', 'weather,'), 'rail.csv 2 cause'],
    ['a failure without a cause', GOOD.replace('channel,', ','), 'rail.csv 2 cause'],
    ['a reason that is no word', GOOD.replace('busy', 'B!'), 'rail.csv 2 reason'],
    ['a certainty nobody knows', GOOD.replace('failed', 'likely'), 'rail.csv 2 certainty'],
    ['a retry nobody knows', GOOD.replace('other_channel', 'pray'), 'rail.csv 2 retry'],
    [
      'an unknown that leads to a retry',
      'any,E1,,,asking,unknown,other_channel,,,,a source\n',
      'rail.csv 2 retry',
    ],
    [
      'a success with a cause',
      'any,E1,,bank,done,succeeded,none,,,,a source\n',
      'rail.csv 2 cause',
    ],
    ['a reason without a sentence', GOOD.replace('busy', 'idle'), 'rail.csv 2 text_zh'],
    [
      'a sentence with the code in it',
      'any,E1,,channel,busy,failed,other_channel,错误E1,Try again later.,,a source\n',
      'rail.csv 2 text_zh',
    ],
    [
      "a sentence in the channel's words",
      'any,E1,,channel,busy,failed,other_channel,请稍后,SYSTEM_ERROR,,a source\n',
      'rail.csv 2 text_en',
    ],
    ['a code that stands twice', GOOD + GOOD, 'rail.csv 3 code'],
    [
      'a code that is another alias',
      `${GOOD}any,E2,E1,channel,busy,failed,none,,,,s\n`,
      'rail.csv 3 code',
    ],
    ['no source', GOOD.replace('a source', ''), 'rail.csv 2 source'],
    ['a line that is too short', 'any,E1\n', 'rail.csv 2 line'],
  ])('refused: %s', (_, lines, fault) => {
    expect(faultsOf(GOOD)).toEqual([])
    expect(faultsOf(lines)).toContain(fault)
  })

  it('refuses other columns, another name, and a reason that stands twice or for no direction', () => {
    const other = { name: 'other.csv', text: 'code,text\nE1,x\n' }
    expect(faultsOf(GOOD, [other])).toEqual(['other.csv 1 columns'])
    expect(faultsOf(GOOD, [{ name: 'Other.csv', text: HEAD }])).toEqual(['Other.csv 1 name'])
    const twice = REASONS.text + 'done,any,完成,Done.\n'
    const nowhere = REASONS.text.replace('busy,pay', 'busy,payout')
    expect(() => readCodes([{ name: 'reasons.csv', text: nowhere }])).toThrow('row 3, direction')
    expect(() => readCodes([{ name: 'reasons.csv', text: twice }])).toThrow('stands above already')
    expect(() => readCodes([{ name: 'rail.csv', text: HEAD }])).toThrow('reasons.csv')
  })

  it('takes aliases, and the text of the direction', () => {
    const set = readCodes([
      REASONS,
      { name: 'rail.csv', text: `${HEAD}pay,E1,E-1 E01,channel,busy,failed,none,,,,s\n` },
    ])
    expect(set.rows.map((row) => row.code)).toEqual(['E1', 'E-1', 'E01'])
    expect(set.rows[0]!.text.en).toBe('Nothing was paid out.')
  })
})

describe('look-ups', () => {
  const text = { zh: '请稍后再试', en: 'Try again later.' }
  const row = (of: Partial<CodeRow>): CodeRow => ({
    ...{ list: 'rail', direction: 'any', code: 'E1', cause: 'channel', reason: 'busy', text },
    ...{ certainty: 'failed', retry: 'other_channel', ...of },
  })
  const codes = createCodes({
    version: 'v',
    rows: [
      row({ reason: 'any' }),
      row({ direction: 'pay', reason: 'of_pay' }),
      row({ list: 'platform', code: 'NO_REPLY', reason: 'ours' }),
      row({ list: 'platform', reason: 'ours_too' }),
      row({ code: 'E2', reason: 'first' }),
      row({ code: 'E2', reason: 'later' }),
    ],
  })

  it.each([
    ['rail', 'pay', 'E1', 'of_pay'],
    ['rail', 'collect', 'E1', 'any'],
    ['rail', 'pay', 'NO_REPLY', 'ours'],
    ['other', 'pay', 'E1', 'ours_too'],
    ['rail', 'refund', 'E2', 'later'],
    ['other', 'pay', 'E9', 'unmapped'],
  ] as const)('%s %s %s is %s', (channel, direction, code, reason) => {
    expect(codes.classify({ channel, direction, code }).reason).toBe(reason)
  })

  it('leave what nobody classified as unknown, on us, without a retry', () => {
    expect(codes.classify({ channel: 'rail', direction: 'pay', code: '?' })).toBe(UNMAPPED)
    expect(UNMAPPED).toMatchObject({ cause: 'system', certainty: 'unknown', retry: 'none' })
    expect(UNMAPPED).toMatchObject({ letter: 'U', mapped: false })
  })
})

describe('the letter follows from cause, reason and certainty', () => {
  it.each([
    ['user', 'cancelled', 'failed', 'A'],
    ['user', 'awaiting_payer', 'unknown', 'A'],
    ['user', 'insufficient_funds', 'failed', 'F'],
    ['user', 'limit_exceeded', 'failed', 'L'],
    ['user', 'identity_mismatch', 'failed', 'V'],
    ['user', 'card_invalid', 'failed', 'I'],
    ['bank', 'issuer_declined', 'failed', 'B'],
    ['bank', 'bank_unavailable', 'failed', 'T'],
    ['channel', 'channel_declined', 'failed', 'T'],
    ['merchant', 'permission', 'failed', 'M'],
    ['system', 'signature', 'failed', 'M'],
    ['system', 'duplicate', 'unknown', 'T'],
    ['risk', 'channel_risk', 'failed', 'R'],
    [undefined, 'processing', 'unknown', 'T'],
    [undefined, 'succeeded', 'succeeded', 'S'],
  ] as const)('%s %s %s: %s', (cause, reason, certainty, letter) => {
    expect(letterOf({ ...(cause !== undefined && { cause }), reason, certainty })).toBe(letter)
  })
})
