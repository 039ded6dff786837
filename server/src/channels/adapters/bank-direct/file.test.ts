/**
 * Statements that are signed rightly and wrong all the same: a page that does not add up is refused
 * whole. Here we are our own bank, so that anything can be signed.
 */
import { expect, test } from 'vitest'
import { type NetRequest, seededRng } from '#base'
import { newKeyPair, privatePem, publicPem } from '../../../../../simulators/bank-direct/index.ts'
import { mutateBytes } from '../../../../testing/conformance/mutate.ts'
import { type BankDirectSettings, bankDirect, readBankDirectKeys } from './adapter.ts'
import { decryptText, encryptText, signText } from './signature.ts'

const pair = newKeyPair()
const userId = 'N003261207'
const sm4KeyHex = '0123456789abcdeffedcba9876543210'
const sm4Key = Buffer.from(sm4KeyHex, 'hex')
const settings: BankDirectSettings = {
  url: 'http://bank.example',
  userId,
  account: '755947919810515',
  bank: 'CMB',
  privateKeyPem: privatePem(pair),
  bankPublicKeyPem: publicPem(pair),
  sm4KeyHex,
  firstDate: '20260301',
}
const keys = readBankDirectKeys(settings)
const clock = { now: () => Date.UTC(2026, 2, 4, 2) }

const line = (n: number, amount: string, more: Record<string, string> = {}) => ({
  transDate: '20260303',
  transSequenceIdn: `C${n}`,
  loanCode: amount.startsWith('-') ? 'D' : 'C',
  transAmount: amount,
  currencyNbr: '10',
  textCode: 'TRPY',
  remarkTextClt: '房款  ',
  yurRef: `REF${n}     `,
  ...more,
})
const BODY = JSON.stringify({
  TRANSQUERYBYBREAKPOINT_Y1: [
    { acctNbr: '755947919810515', transDate: '20260303', expectNextSequence: '4' },
  ],
  TRANSQUERYBYBREAKPOINT_Z1: [
    {
      ctnFlag: 'N',
      debitNums: '2',
      debitAmount: '-30.00',
      creditNums: '1',
      creditAmount: '10.00',
      reserve: 'DAYEND',
    },
  ],
  TRANSQUERYBYBREAKPOINT_Z2: [
    line(1, '-10.00'),
    line(2, '-20.00'),
    line(3, '10.00', { textCode: 'TRRJ', yurRef: 'REF1' }),
  ],
})

/** Reads the day from a bank that says this. */
function download(body: string) {
  const call = async (request: NetRequest) => {
    const form = new URLSearchParams(String(request.body))
    const asked = decryptText(sm4Key, userId, form.get('DATA') ?? '') ?? ''
    const reqid = /"reqid":"(\w+)"/.exec(asked)?.[1]
    const head = `{"funcode":"trsQryByBreakPoint","userid":"${userId}","reqid":"${reqid}","resultcode":"SUC0000"}`
    const text = `{"response":{"head":${head},"body":${body}},"signature":{"sigdat":"__signature_sigdat__"}}`
    const sealed = encryptText(sm4Key, userId, signText(keys.ourKey, userId, text))
    return { kind: 'replied' as const, status: 200, headers: {}, body: Buffer.from(sealed) }
  }
  const world = { net: { call }, rng: seededRng(1), clock, wall: clock }
  return bankDirect(settings, world, keys).downloadFile('20260303')
}

test('a day that adds up is taken', async () => {
  expect(await download(BODY)).toMatchObject({
    date: '20260303',
    settled: 0n,
    rows: [
      { row: 1, direction: 'pay', reference: 'REF1', channelReference: 'C1', amount: 1_000n },
      { row: 2, direction: 'pay', reference: 'REF2', amount: 2_000n },
      { row: 3, direction: 'payout_returned', reference: 'REF1', amount: 1_000n },
    ],
  })
})

test.each<[string, string | RegExp, string, string]>([
  ['the day has not ended', 'DAYEND', '', 'has not ended'],
  ['an amount differs by a fen', '"-20.00"', '"-20.01"', 'debitAmount is not the sum'],
  ['an amount has no fen', '"-20.00"', '"-20"', 'row 2: the field transAmount'],
  ['an amount has lost its sign', '"-20.00"', '"20.00"', 'row 2: the field loanCode'],
  ['a count differs', '"creditNums":"1"', '"creditNums":"2"', 'creditNums is 2'],
  [
    'an entry is of another day',
    /20260303","transSequenceIdn":"C2/,
    '20260302","transSequenceIdn":"C2',
    'an entry of 20260302',
  ],
  ['an entry stands twice', '"C2"', '"C1"', 'an entry twice'],
  ['there is no summary', 'BREAKPOINT_Z1', 'BREAKPOINT_Z9', 'one summary'],
  [
    'there is no cursor',
    '"expectNextSequence":"4"',
    '"expectNextSequence":"x"',
    'cursor is malformed',
  ],
  ['nobody knows whether there is more', '"ctnFlag":"N"', '"ctnFlag":""', 'neither Y nor N'],
  ['the list does not end', '"ctnFlag":"N"', '"ctnFlag":"Y"', 'does not end'],
])('it is refused whole when %s', async (_, from, to, says) => {
  const file = await download(BODY.replace(from, to))
  expect('problem' in file && file.says).toContain(says)
})

test('damaged in 200 ways and signed all the same: never other money, always a reason', async () => {
  const rng = seededRng(31)
  const genuine = await download(BODY)
  if ('problem' in genuine) throw new Error(genuine.says)
  const money = (file: typeof genuine) =>
    file.rows.map(({ direction, amount }) => `${direction} ${amount}`).sort()
  let refused = 0
  for (let i = 0; i < 200; i += 1) {
    const damaged = Buffer.from(mutateBytes(Buffer.from(BODY), rng)).toString()
    const file = await download(damaged)
    if ('problem' in file) {
      refused += 1
      expect(file.says).toMatch(/\w/)
      // A damaged kind or reference takes a row out of the payouts; none comes in, none changes.
    } else expect(money(genuine)).toEqual(expect.arrayContaining(money(file)))
  }
  expect(refused).toBeGreaterThan(120)
})
