/**
 * The clearing file, signed rightly and wrong all the same: a file that does not add up is refused
 * whole. Here we are our own clearing house, so that anything can be signed.
 */
import { describe, expect, test } from 'vitest'
import { type NetRequest, seededRng } from '#base'
import { newPlatformKey } from '../../../../../simulators/netsunion/index.ts'
import { mutateBytes } from '../../../../testing/conformance/mutate.ts'
import { netsunion } from './adapter.ts'
import { openSuite, signMessage } from './signature.ts'

const key = newPlatformKey('rsa')
const suite = openSuite('rsa', key.privateKeyPem, key.publicKeyPem)
const clock = { now: () => Date.UTC(2026, 2, 4, 2) }

const ID = '2026030300000000712345678900001'
const SUMMARY = `<SumryInf><ClrDt>20260303</ClrDt><TrxCnt>2</TrxCnt><TrxAmt>CNY30.00</TrxAmt><RtnCnt>1</RtnCnt><RtnAmt>CNY10.00</RtnAmt></SumryInf><BatchList><Row><BatchId>B202603030004</BatchId><TrxCnt>2</TrxCnt><TrxAmt>CNY30.00</TrxAmt><RtnCnt>1</RtnCnt><RtnAmt>CNY10.00</RtnAmt></Row></BatchList>`
const row = (n: number, amount: string, category: string, id = ID) =>
  `<Row><TrxId>${id}</TrxId><PltfrmSeqNo>N${n}</PltfrmSeqNo><TrxAmt>${amount}</TrxAmt><TrxCtgy>${category}</TrxCtgy><BizStsCd>00000000</BizStsCd></Row>`
const DETAIL = `<FileInf><BatchId>B202603030004</BatchId><PageNo>1</PageNo></FileInf><TrxList>${row(1, 'CNY10.00', '0221')}${row(2, 'CNY20.00', '0221', ID.replace(/1$/, '2'))}${row(3, 'CNY10.00', '0222')}</TrxList>`

/** Reads the file of a clearing house that says these things. */
function download(summary: string, detail: string, system = '00000000') {
  const call = async ({ body, headers }: NetRequest) => {
    const id = /<MsgId>(\w+)</.exec(String(body))?.[1]
    const asksSummary = headers?.msgtp === 'epcc.601.001.01'
    const type = asksSummary ? 'epcc.602.001.01' : 'epcc.604.001.01'
    const said = asksSummary ? summary : detail
    const xml = `<?xml version="1.0" encoding="UTF-8"?><root><MsgHeader><MsgTp>${type}</MsgTp><RltdMsgId>${id}</RltdMsgId></MsgHeader><MsgBody><SysRtnInf><SysRtnCd>${system}</SysRtnCd></SysRtnInf>${said}</MsgBody></root>`
    const reply = Buffer.from(signMessage(suite, xml))
    return { kind: 'replied' as const, status: 200, headers: {}, body: reply }
  }
  const settings = {
    url: 'http://house.example',
    issuerId: 'Z2004944000010',
    reserveAccount: '991584000001',
    suite: 'rsa' as const,
    signSerial: '1',
    encryptSerial: '2',
    privateKeyPem: key.privateKeyPem,
    platformPublicKeyPem: key.publicKeyPem,
  }
  const world = { net: { call }, rng: seededRng(1), clock, wall: clock }
  return netsunion(settings, world, suite).downloadFile('20260303')
}

test('a file that adds up is taken', async () => {
  const file = await download(SUMMARY, DETAIL)
  expect(file).toMatchObject({
    date: '20260303',
    currency: 'CNY',
    settled: 0n,
    rows: [
      { row: 1, direction: 'pay', reference: ID, channelReference: 'N1', amount: 1_000n },
      { row: 2, direction: 'pay', amount: 2_000n, result: 'succeeded' },
      { row: 3, direction: 'payout_returned', reference: ID, amount: 1_000n },
    ],
  })
})

test('a day not cleared yet is not ready, any other code a refusal', async () => {
  expect(await download('', '', 'PS500071')).toMatchObject({ problem: 'not_ready' })
  expect(await download('', '', 'PS999999')).toMatchObject({ problem: 'refused' })
})

describe('is refused whole when', () => {
  test.each<[string, string, string, string]>([
    ['the summary is of another day', 'ClrDt>20260303', 'ClrDt>20260302', 'another day'],
    ['a batch is of another day', '<BatchId>B20260303', '<BatchId>B20260302', 'another day'],
    [
      'the summary counts otherwise',
      '<SumryInf><ClrDt>20260303</ClrDt><TrxCnt>2',
      '<SumryInf><ClrDt>20260303</ClrDt><TrxCnt>3',
      'do not add up',
    ],
    ['the batch counts returns otherwise', '<RtnCnt>1', '<RtnCnt>0', 'do not add up'],
    ['the summary is of other money', 'CNY30.00', 'USD30.00', 'not an amount'],
    ['a count is none', '<TrxCnt>2', '<TrxCnt>-2', 'not a number'],
  ])('%s', async (_, from, to, says) => {
    const file = await download(SUMMARY.replace(from, to), DETAIL)
    expect(file).toMatchObject({ problem: 'refused', says: expect.stringContaining(says) })
  })

  test.each<[string, string, string, string]>([
    ['an amount differs by a fen', 'CNY20.00', 'CNY20.01', 'do not add up'],
    ['an amount is in another currency', 'CNY20.00', 'USD20.00', 'row 2, column TrxAmt'],
    ['an amount has no fen', 'CNY20.00', 'CNY20', 'row 2, column TrxAmt'],
    ['a row is missing', row(3, 'CNY10.00', '0222'), '', 'do not add up'],
    ['a row stands twice', '<PltfrmSeqNo>N2', '<PltfrmSeqNo>N1', 'stands twice'],
    ['a number is too short', `<TrxId>${ID}`, '<TrxId>123', 'row 1, column TrxId'],
    ['a category is unknown', '<TrxCtgy>0222', '<TrxCtgy>0223', 'row 3, column TrxCtgy'],
    ['a payout is not final', 'BizStsCd>00000000', 'BizStsCd>PB000001', 'row 1, column BizStsCd'],
    ['the page is another one', '<PageNo>1', '<PageNo>2', 'another one'],
    ['the batch is another one', 'B202603030004', 'B202603030005', 'another one'],
  ])('%s', async (_, from, to, says) => {
    const file = await download(SUMMARY, DETAIL.replace(from, to))
    expect(file).toMatchObject({ problem: 'refused', says: expect.stringContaining(says) })
  })

  test('damaged in 200 ways and signed all the same: never other money, always a reason', async () => {
    const rng = seededRng(31)
    const genuine = await download(SUMMARY, DETAIL)
    if ('problem' in genuine) throw new Error(genuine.says)
    const money = (file: typeof genuine) =>
      file.rows.map(({ direction, amount }) => `${direction} ${amount}`).sort()
    let refused = 0
    for (let i = 0; i < 200; i += 1) {
      const inSummary = i % 2 === 0
      const damaged = Buffer.from(
        mutateBytes(Buffer.from(inSummary ? SUMMARY : DETAIL), rng),
      ).toString()
      const file = await (inSummary ? download(damaged, DETAIL) : download(SUMMARY, damaged))
      if ('problem' in file) {
        refused += 1
        expect(file.says).toMatch(/\w/)
      } else expect(money(file)).toEqual(money(genuine))
    }
    expect(refused).toBeGreaterThan(120)
  })
})
